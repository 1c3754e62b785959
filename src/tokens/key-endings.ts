/** How API keys end: one by one, all of an owner, those that hold more than is allowed by now, those of a signing key that is out. */
import type { Audit, What } from '../audit/audit.ts'
import type { Clock } from '../base/clock.ts'
import { scopesOfRoles } from '../permissions/allowed.ts'
import type { Api, Apis } from '../permissions/apis.ts'
import type { Condition } from '../store/audit.ts'
import type { Account, ApiKeyRow, KeyOwner, Store } from '../store/store.ts'
import { deadApiKey, sayDead } from './revocation.ts'

/** Why a key ended, as the audit log and letters say it. */
export type WhyEnded =
  | 'person'
  | 'machine'
  | 'operator'
  | 'leaked'
  | 'disabled'
  | 'deleted'
  | 'role'
  | 'password'
  | 'address'
  | 'client'

/** Who did it; see `What`. `foundAt` is where a key that leaked was found, as they say. */
export type Who = Pick<What, 'actor' | 'from'> & { foundAt?: string | undefined }

/** What a person is told of. */
export type KeyNews = { account: Account; added: ApiKeyRow } | { account: Account; ended: ApiKeyRow[]; why: WhyEnded }

export interface KeyEndings {
  /** @param by an owner ends their own alone. @returns false when it is no key of theirs (any more) */
  end(by: KeyOwner | 'operator', jti: string, why: WhyEnded, who: Who): Promise<boolean>
  /** All of an owner. To be asked for once whatever ends them is durable: then none is made behind it. @returns how many */
  endAll(owner: KeyOwner, why: WhyEnded, who: Who): Promise<number>
  /** Those of a person that hold more than these roles allow. When to ask: as `endAll`. @returns how many */
  endBeyond(account: string, roles: string[], who: Who): Promise<number>
  /** Those of everybody that are so; reads every key that is alive. @returns how many */
  endWhere(isSo: (row: ApiKeyRow) => boolean | Promise<boolean>, why: WhyEnded, who: Who): Promise<number>
  /** Those that a signing key made which is out: they are good nowhere any more. @returns how many */
  endSigned(kid: string, who: Who): Promise<number>
}

export interface KeyEndingParts {
  apis: Pick<Apis, 'find'>
  store: Pick<Store, 'accounts' | 'keys' | 'revocations'>
  audit: Pick<Audit, 'record'>
  /** By a letter that is owed if the condition holds; begun in the turn of what it tells of. */
  tell(news: KeyNews, ifThere: Condition): Promise<unknown>
  now: Clock
}

/** More than anybody ever has (`apiKeys.mostPerPerson`), also where that was lowered since. */
export const mostEver = 1_000
const atOnce = 500

/** Every key that is alive, whoever's it is. */
export async function* pagesOfKeys(keys: Pick<Store['keys'], 'list'>): AsyncGenerator<ApiKeyRow[]> {
  for (let page = await keys.list(atOnce); page.length > 0; page = await keys.list(atOnce, page.at(-1)?.jti)) yield page
}

/** @param allowed scopes of the key's API */
export const isBeyond = ({ scopes }: ApiKeyRow, allowed: readonly string[]): boolean =>
  scopes.some((scope) => !allowed.includes(scope))

export function createKeyEndings({ apis, store, audit, tell, now }: KeyEndingParts): KeyEndings {
  /** The sentences first: a key whose row is gone is known to nobody who could say that it is dead. */
  async function endRows(rows: ApiKeyRow[], why: WhyEnded, { foundAt, ...who }: Who): Promise<number> {
    if (rows.length === 0) return 0
    await sayDead(store.revocations, rows.flatMap(deadApiKey), now())
    const [{ account: id }] = rows as [ApiKeyRow]
    const account = id === undefined ? undefined : await store.accounts.find(id)
    const keys = rows.map(({ jti }) => jti)
    // One turn, so that one commit holds them all; the rows last, since the others are written if they are there.
    const told = account && why !== 'person' ? tell({ account, ended: rows, why }, { keys }) : undefined
    const entries = rows.map(({ jti, account, client, name, audience }) => {
      const detail = { jti, why, name, audience, ...(foundAt !== undefined && { foundAt }) }
      return audit.record('api_key.ended', { ...who, account, client, detail, ifThere: { keys: [jti] } })
    })
    const [removed] = await Promise.all([Promise.all(keys.map((jti) => store.keys.remove(jti))), told, ...entries])
    return removed.filter(Boolean).length
  }

  async function endWhere(isSo: (row: ApiKeyRow) => boolean | Promise<boolean>, why: WhyEnded, who: Who): Promise<number> {
    let ended = 0
    for await (const page of pagesOfKeys(store.keys)) {
      const chosen: ApiKeyRow[] = []
      for (const row of page) if (await isSo(row)) chosen.push(row)
      const byOwner = Map.groupBy(chosen, ({ account, client }) => account ?? `client ${client}`)
      for (const rows of byOwner.values()) ended += await endRows(rows, why, who)
    }
    return ended
  }

  return {
    async end(by, jti, why, who) {
      const row = await store.keys.find(jti)
      if (!row || (by !== 'operator' && !isOf(row, by))) return false
      return (await endRows([row], why, who)) === 1
    },
    async endAll(owner, why, who) {
      let ended = 0
      let rows = await store.keys.of(owner, atOnce)
      while (rows.length > 0) {
        ended += await endRows(rows, why, who)
        rows = await store.keys.of(owner, atOnce)
      }
      return ended
    },
    async endBeyond(account, roles, who) {
      const allowedAt = (api: Api | undefined) => (api ? scopesOfRoles(api, roles) : [])
      const rows = await store.keys.of({ account }, mostEver)
      return endRows(
        rows.filter((row) => isBeyond(row, allowedAt(apis.find(row.audience)))),
        'role',
        who,
      )
    },
    endWhere,
    endSigned: (kid, who) => endWhere((row) => row.kid === kid, 'operator', who),
  }
}

const isOf = (row: ApiKeyRow, by: KeyOwner): boolean => ('account' in by ? row.account === by.account : row.client === by.client)
