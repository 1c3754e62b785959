/** `signet key`: the API keys of people and of machines. The keys by which this server signs are those of `signet keys`. */
import { Refusal } from '../base/errors.ts'
import type { Parts } from '../main/parts.ts'
import type { Account, ApiKeyRow } from '../store/store.ts'
import { isApiKey } from '../tokens/api-key.ts'
import { endOfDay } from '../tokens/asked-key.ts'
import { pagesOfKeys } from '../tokens/key-endings.ts'
import { dateOf } from './client-words.ts'
import { answer, withParts } from './run.ts'

interface OwnerOptions {
  account?: string
  client?: string
}

interface NewKeyOptions extends OwnerOptions {
  api: string
  scope: string[]
  name: string
  days?: string
  until?: string
  json?: boolean
}

const daySeconds = 86_400

export async function addKey({ api, scope, name, days, until, json, ...whose }: NewKeyOptions): Promise<void> {
  const { key, row } = await withParts(async (parts) => {
    const owner = await namedOwner(parts, whose)
    if (!owner) throw new Refusal('invalid_option', 'Say whose key it is: --account or --client.')
    const expiresAt = endOf({ days, until }, parts.now())
    return parts.apiKeys.mint(owner, { name, audience: api, scopes: scope, expiresAt }, {})
  })
  answer(json, { key, ...shown(row) }, [
    `key   ${key}   (shown once; only what follows is kept)`,
    `id    ${row.jti}   (signet key end ends it)`,
    `good  at ${row.audience} for ${row.scopes.join(' ')}, until ${dateOf(row.expiresAt)}`,
  ])
}

export async function listApiKeys({ json, ...whose }: OwnerOptions & { json?: boolean }): Promise<void> {
  const keys = await withParts(async (parts) => {
    const owner = await namedOwner(parts, whose)
    if (!owner) return withAddresses(parts, (await Array.fromAsync(pagesOfKeys(parts.store.keys))).flat())
    return withAddresses(parts, await parts.apiKeys.list('client' in owner ? owner : { account: owner.account.id }))
  })
  const lines = keys.map(
    ({ id, email, client, name, audience, scopes, expiresAt }) =>
      `${id}  ${client === undefined ? email : `client ${client}`}  ${audience}  ${scopes.join(' ')}  until ${dateOf(expiresAt)}  ${JSON.stringify(name)}`,
  )
  answer(json, keys, lines.length > 0 ? lines : ['There are no API keys.'])
}

export async function endKey(jti: string, { json }: { json?: boolean }): Promise<void> {
  // Said without the key: what a terminal shows is kept by logs.
  if (isApiKey(jti))
    throw new Refusal(
      'invalid_option',
      'That is a key, and its id is wanted: signet key list shows it. signet revoke token takes the key itself, from standard input.',
    )
  const ended = await withParts(({ apiKeys }) => apiKeys.end('operator', jti, 'operator', {}))
  if (!ended) throw new Refusal('unknown_api_key', `There is no API key ${jti}, or none any more.`, { status: 404 })
  answer(json, { ended: jti }, [
    `Ended ${jti} for good. This server takes it no more, and an API that reads the list of revocations neither.`,
  ])
}

/** @returns undefined where nobody is named. @throws Refusal `unknown_account`, `unknown_client` */
async function namedOwner(
  { accounts, clients }: Parts,
  { account: email, client }: OwnerOptions,
): Promise<{ account: Account } | { client: string } | undefined> {
  if (client !== undefined) return { client: (await clients.show(client)).registration.id }
  if (email === undefined) return undefined
  const account = await accounts.findByEmail(email)
  if (!account) throw new Refusal('unknown_account', `There is no account ${email}.`, { status: 404 })
  return { account }
}

/** A person says days. @throws Refusal `invalid_option` */
function endOf({ days, until }: Pick<NewKeyOptions, 'days' | 'until'>, now: number): number {
  if (until !== undefined) {
    const at = endOfDay(until)
    if (at !== undefined) return at
    throw new Refusal('invalid_option', `--until is a date such as 2027-01-31, not ${JSON.stringify(until)}.`)
  }
  if (days === undefined) throw new Refusal('invalid_option', 'Say how long it is good: --days or --until.')
  if (/^[1-9]\d{0,3}$/.test(days)) return now + Number(days) * daySeconds
  throw new Refusal('invalid_option', `--days is a whole number such as 90, not ${JSON.stringify(days)}.`)
}

/** People as the other commands name them. */
async function withAddresses({ store }: Parts, rows: ApiKeyRow[]) {
  const ids = new Set(rows.flatMap(({ account }) => account ?? []))
  const people = new Map<string | undefined, Account | undefined>()
  for (const id of ids) people.set(id, await store.accounts.find(id))
  return rows.map((row) => ({ ...shown(row), email: people.get(row.account)?.email, client: row.client }))
}

const shown = ({ jti, account, client, ...facts }: ApiKeyRow) => ({
  id: jti,
  ...(client === undefined ? { subject: account } : { client }),
  ...facts,
})
