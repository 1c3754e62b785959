/** Letters that tell people what happened to their account, and to their API keys. */
import type { Clock } from '../base/clock.ts'
import type { Letter, WhyTold } from '../mail/letters.ts'
import { type Apis, scopeInWords } from '../permissions/apis.ts'
import type { Account } from '../store/store.ts'
import type { ApiKeys, KeyNews, WhyEnded } from '../tokens/api-keys.ts'

/** Where somebody who has no password that works asks for a link to choose another. */
export const recoveryPath = '/recovery'

export async function passwordChanged(
  { id, email, name }: Account,
  { apiKeys, issuer, now }: { apiKeys: Pick<ApiKeys, 'list'>; issuer: string; now: Clock },
  { endKeys }: { endKeys: boolean },
): Promise<Letter> {
  const keys = endKeys ? 0 : (await apiKeys.list({ account: id })).length
  return { kind: 'password-changed', to: email, model: { name, at: now(), link: issuer + recoveryPath, keys } }
}

/** Where people see their API keys. */
export const keysPath = '/account/keys'

/** Nobody is told by a letter of what they have just done themselves; that an account is gone says another. */
const isTold = (why: WhyEnded): why is WhyTold => why !== 'person' && why !== 'deleted' && why !== 'client' && why !== 'machine'

/** @returns nothing for what its reader knows already */
export function keyLetter(
  news: KeyNews,
  { apis, issuer, now }: { apis: Pick<Apis, 'find'>; issuer: string; now: number },
): Letter | undefined {
  const { email: to, name } = news.account
  const link = issuer + keysPath
  const nameOf = (audience: string) => apis.find(audience)?.name ?? audience
  if ('added' in news) {
    const { name: key, audience, scopes: names, createdAt: at, expiresAt } = news.added
    const scopes = names.map((scope) => scopeInWords(apis.find(audience), scope))
    return { kind: 'api-key-added', to, model: { name, key, api: nameOf(audience), scopes, at, expiresAt, link } }
  }
  const { ended, why } = news
  if (!isTold(why)) return undefined
  const keys = ended.map((row) => ({ key: row.name, api: nameOf(row.audience) }))
  return { kind: 'api-key-ended', to, model: { name, keys, why, at: now, link } }
}
