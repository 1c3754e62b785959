/** What is asked for in an API key, judged: for which API, how it is called, what it may do, until when. */
import { Refusal } from '../base/errors.ts'
import type { Api, Apis } from '../permissions/apis.ts'
import { longestLifeSeconds } from './revocation.ts'

export interface AskedKey {
  name: string
  /** The identifier of an API. */
  audience: string
  scopes: readonly string[]
  /** Seconds since the epoch. */
  expiresAt: number
}

const daySeconds = 86_400
const longestName = 80

/** @throws Refusal `no_such_api`: there is none of this identifier that takes API keys */
export function apiOfKey(apis: Pick<Apis, 'find'>, audience: string): Api {
  const api = apis.find(audience)
  if (api?.apiKeys) return api
  throw no('no_such_api', `There is no API ${audience} that takes API keys: apis in the settings has those that do (apiKeys).`, {
    audience,
  })
}

/**
 * @param allowed scopes of that API that its owner may have
 * @returns it, its name without blanks around it, each scope once and in the order of the API's
 * @throws Refusal `invalid_key_name`, `no_scope`, `scope_not_allowed`, `invalid_key_end`, all 422
 */
export function judgedKey(
  { name, audience, scopes, expiresAt }: AskedKey,
  allowed: readonly string[],
  { now, longestDays }: { now: number; longestDays: number },
): AskedKey & { scopes: string[] } {
  if (scopes.length === 0) throw no('no_scope', 'Please choose what the key may do.')
  const denied = scopes.filter((scope) => !allowed.includes(scope))
  if (denied.length > 0) throw no('scope_not_allowed', notAllowed(denied, allowed), { denied })
  // The day that somebody names as the last counts as a whole.
  const latest = now + Math.min((longestDays + 1) * daySeconds, longestLifeSeconds)
  if (!Number.isInteger(expiresAt) || expiresAt <= now || expiresAt > latest)
    throw no('invalid_key_end', `Please choose an end later than now, ${longestDays} days from now at most.`)
  return { name: keyName(name), audience, scopes: allowed.filter((scope) => scopes.includes(scope)), expiresAt }
}

const notAllowed = (denied: readonly string[], allowed: readonly string[]): string =>
  `The owner of this key may not have ${denied.join(', ')} there; ${allowed.length > 0 ? `what they may: ${allowed.join(', ')}` : 'they may have nothing'}.`

/**
 * @param day as its owner says it, such as `2027-03-31`: it counts as a whole, in UTC
 * @returns its last second, since the epoch; undefined for what is no day of the calendar
 */
export function endOfDay(day: string): number | undefined {
  // What is no day of the calendar comes out as another one.
  const at = /^\d{4}-\d\d-\d\d$/.test(day) ? new Date(`${day}T23:59:59Z`) : undefined
  const isDay = at && !Number.isNaN(at.valueOf()) && at.toISOString().startsWith(day)
  return isDay ? Math.floor(at.valueOf() / 1_000) : undefined
}

/** @returns as it is kept: one blank at most between words, and none around them. @throws Refusal `invalid_key_name` 422 */
export function keyName(typed: string): string {
  const name = typed.normalize('NFC').replace(/\s+/gu, ' ').trim()
  // What turns the direction of a line turns what a terminal or a log shows beside the name.
  const isShown = !/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u.test(name) && /[^\p{C}\p{Z}]/u.test(name)
  if (isShown && [...name].length <= longestName) return name
  throw no('invalid_key_name', `Please give the key a name by which you recognise it, of ${longestName} characters at most.`)
}

const no = (code: string, sentence: string, detail: Record<string, unknown> = {}): Refusal =>
  new Refusal(code, sentence, { status: 422, detail })
