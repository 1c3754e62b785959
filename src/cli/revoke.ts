/** `signet revoke`: says that something ended, to this server and to whoever reads its list of revocations (docs/revocation.md). */
import { Refusal } from '../base/errors.ts'
import { digest } from '../crypto/derive.ts'
import type { Parts } from '../main/parts.ts'
import type { AccessTokenClaims } from '../oauth/tokens/access-tokens.ts'
import type { ApiKeyRow } from '../store/store.ts'
import { keysClientId } from '../tokens/api-key.ts'
import { endBound } from '../tokens/bonds.ts'
import { deadApi, deadEverything, deadToken, longestLifeSeconds, sayDead, skewSeconds } from '../tokens/revocation.ts'
import { dateOf } from './client-words.ts'
import { answer, textFromInput, typedByPerson, withParts } from './run.ts'
import { secondOf } from './times.ts'

interface Output {
  json?: boolean
}

/** How far what was said has come. */
const reach = 'This server refuses it from now on, and so does, within a second, whoever reads the list of revocations.'
const pause = `What is issued within the next ${skewSeconds} seconds is dead too; ask again after them.`

export async function revokeToken({ jti, until, json }: Output & { jti?: string; until?: string }): Promise<void> {
  if ((jti === undefined) !== (until === undefined))
    throw new Refusal('invalid_option', '--jti and --until belong together; without them the token is read from standard input.')
  await withParts(async (parts) => {
    if (jti !== undefined) {
      const exp = endOf(until as string, parts.now())
      const row = await parts.store.keys.find(jti)
      return row ? endKey(parts, row, json) : endToken(parts, { jti, exp }, json)
    }
    const text = (await textFromInput('Token')).trim()
    const key = await parts.apiKeys.findLiving(text)
    return key ? endKey(parts, key.row, json) : endToken(parts, await readToken(parts, text), json)
  })
}

async function endKey({ apiKeys }: Parts, { jti, name, expiresAt: until }: ApiKeyRow, json?: boolean): Promise<void> {
  await apiKeys.end('operator', jti, 'operator', {})
  answer(json, { revoked: 'api_key', jti, until }, [`The API key "${name}" is dead. ${reach}`])
}

async function endToken(
  { audit, store, now }: Parts,
  { jti, exp, client_id: client, grant }: Token,
  json?: boolean,
): Promise<void> {
  await Promise.all([
    audit.record('token.revoked', { client, detail: { jti } }),
    sayDead(store.revocations, [deadToken(jti, exp)], now()),
  ])
  answer(json, { revoked: 'token', jti, until: exp, ...(grant !== undefined && { grant }) }, [
    `The token ${jti} is dead. ${reach}`,
    ...(grant === undefined ? [] : [`Its app can get another: signet revoke grant ${grant} ends what it hangs on.`]),
  ])
}

/** @throws Refusal `invalid_option` */
function endOf(until: string, now: number): number {
  const at = secondOf('--until', until, 'from now', now)
  if (at > now && at <= now + longestLifeSeconds) return at
  throw new Refusal('invalid_option', '--until is when the token expires: later than now, and within 366 days.')
}

/** @throws Refusal `no_token`: what is signed by no key of ours is refused anyway, and a sentence about it would say nothing */
async function readToken({ settings, secrets, vault, now }: Parts, text: string): Promise<Token> {
  const [{ openRing }, { createAccessTokenReader }, { createEncryptedTokens }] = await Promise.all([
    import('../main/ring.ts'),
    import('../oauth/tokens/access-tokens.ts'),
    import('../oauth/tokens/encrypted-tokens.ts'),
  ])
  const ring = await openRing(settings, vault, now)
  const encrypted = createEncryptedTokens(secrets, settings.issuer)
  const reader = createAccessTokenReader({ ring, issuer: settings.issuer, encrypted, now })
  const claims = await reader.read(text)
  if (claims) return claims
  throw new Refusal(
    'no_token',
    `That is no access token and no API key of ${settings.issuer}, or its time is over already: it is refused as it is. --jti and --until end one without it.`,
  )
}

type Token = Pick<AccessTokenClaims, 'jti' | 'exp'> & Partial<Pick<AccessTokenClaims, 'client_id' | 'grant'>>

export async function revokeGrant(grant: string, { json }: Output): Promise<void> {
  await withParts(async (parts) => {
    const { store, audit, now } = parts
    const value = digest(grant)
    const row = await store.artifacts.find('Grant', value)
    // It stands in a grant's place in what was got for it in exchange.
    const key = row ? undefined : await store.keys.find(grant)
    if (key) return endKey(parts, key, json)
    if (!row)
      throw new Refusal('unknown_grant', `There is no grant ${grant}: it ended before, or it is spelled otherwise in the token.`)
    await Promise.all([
      audit.record('grant.ended', { account: row.account, client: row.client, detail: { by: 'operator' } }),
      endBound(store, { grant: value }, now()),
    ])
    answer(json, { revoked: 'grant', grant }, [`The grant ${grant} is ended, with its refresh tokens. ${reach}`])
  })
}

export async function revokeAccount(who: string, { json }: Output): Promise<void> {
  const { account, keys } = await withParts(({ accounts }) => accounts.endAccess(who))
  const { id, email } = account
  answer(json, { revoked: 'account', subject: id, email, apiKeys: keys }, [
    `Whatever ${email} had is ended: sessions, what they allowed apps, tokens, API keys (${keys}). They can sign in again. ${reach}`,
  ])
}

export async function revokeClient(id: string, { json }: Output): Promise<void> {
  const keys = await withParts(({ clients }) => clients.endAccess(id))
  const ended =
    id === keysClientId
      ? `The API keys of all people are ended (${keys}), with what was got in exchange for them.`
      : `Whatever ${id} was issued until now is ended, API keys too (${keys}), and what people allowed it.`
  answer(json, { revoked: 'client', client: id, apiKeys: keys }, [`${ended} ${reach}`, pause])
}

export async function revokeApi(identifier: string, { json }: Output): Promise<void> {
  const { api, keys } = await withParts(async ({ apis, apiKeys, store, audit, now }) => {
    const known = apis.find(identifier)
    if (!known) throw new Refusal('unknown_api', `There is no API ${identifier} in the settings.`)
    const { identifier: api } = known
    await Promise.all([
      audit.record('api.tokens_revoked', { detail: { api } }),
      sayDead(store.revocations, [deadApi(api, now())], now()),
    ])
    return { api, keys: await apiKeys.endWhere(({ audience }) => audience === api, 'operator', {}) }
  })
  answer(json, { revoked: 'api', api, apiKeys: keys }, [
    `Whatever was issued for ${api} until now is ended, API keys too (${keys}). ${reach}`,
    pause,
  ])
}

/** A person at a terminal types the issuer, since this reaches everybody. */
export async function revokeEverything({
  before,
  yes = false,
  json,
}: Output & { before?: string; yes?: boolean }): Promise<void> {
  await withParts(async ({ settings: { issuer }, store, audit, apiKeys, now }) => {
    const at = before === undefined ? now() + skewSeconds : secondOf('--before', before, 'ago', now())
    if (before !== undefined && at > now()) throw new Refusal('invalid_option', '--before is not later than now.')
    const question = `EVERY access token and API key of ${issuer} that was issued until ${dateOf(at)} will be dead, for good.\nType ${issuer} to go on: `
    if (!yes && (await typedByPerson(question)) !== issuer)
      throw new Refusal('not_confirmed', 'Nothing was revoked: the issuer was not typed. Without a terminal, say --yes.')
    await Promise.all([
      audit.record('tokens.revoked', { detail: { before: at } }),
      sayDead(store.revocations, [deadEverything(at, now())], now()),
    ])
    const keys = await apiKeys.endWhere(({ createdAt }) => createdAt <= at, 'operator', {})
    answer(json, { revoked: 'everything', before: at, apiKeys: keys }, [
      `Every access token and API key of ${issuer} that was issued until ${dateOf(at)} is dead. Whoever reads the list of revocations knows within a second.`,
      'Sessions and refresh tokens go on: apps ask for new tokens. signet revoke account and signet revoke client end those too.',
      ...(before === undefined ? [pause] : []),
    ])
  })
}
