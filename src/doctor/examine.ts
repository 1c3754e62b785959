/** An installation, from the ground up: what it runs on, what lies here, what is seen of it from outside. Nothing is written anywhere. */
import type { Clock } from '../base/clock.ts'
import { InvalidSettings, said } from '../settings/invalid.ts'
import { loadSettings, type Settings } from '../settings/load.ts'
import { allowanceCheck } from './allowance.ts'
import { type Check, fail, ok } from './check.ts'
import { keyChecks } from './keys.ts'
import { mailCheck } from './mail.ts'
import { outsideChecks } from './outside.ts'
import { sealedCheck } from './sealed.ts'
import { anyClient } from './sign-in.ts'
import { databaseChecks, demoCheck, peopleIn, redisChecks } from './store.ts'
import { certificateCheck, httpCheck, proxiesCheck } from './transport.ts'

/** What no look from here showed, said so that nobody takes it for checked. */
export function unseen(checks: readonly Check[]): string[] {
  const isThere = (name: string) => checks.some((check) => check.name === name)
  return [
    ...(isThere('large-answers')
      ? []
      : ['whether answers with long headers come through, since no sign-in could be begun (nginx: proxy_buffer_size 16k)']),
    'whether the proxy sets X-Forwarded-For to the address of whoever asks, instead of handing on what it was sent',
    ...(isThere('redis') ? ['whether what lies sealed in Redis can be opened: signet secrets list does'] : []),
    'whether a signer that holds keys answers: the log says signer.away when it does not',
    'whether letters that the mail server took arrive: signet mail test ADDRESS sends one',
    'whether backups are made, and whether one can be put back',
  ]
}

export interface Examined {
  now: Clock
  /** Where the server is asked, when not at its issuer. */
  url?: string | undefined
  /** @throws InvalidSettings */
  load?: () => Settings
  /** Of the process that looks. */
  uid?: number | undefined
}

export async function* examine({
  now,
  url,
  load = loadSettings,
  uid = process.geteuid?.() ?? 0,
}: Examined): AsyncGenerator<Check> {
  yield nodeCheck(process.versions.node)
  const settings = settled(load)
  if ('status' in settings) return yield settings
  yield ok('settings', `${settings.issuer}, ${settings.development ? 'development' : 'production'}.`)
  const keys = await keyChecks(settings, now, uid)
  yield* keys.checks
  yield* databaseChecks(settings)
  yield* present(sealedCheck(settings, now), allowanceCheck(settings))
  const people = peopleIn(settings)
  yield demoCheck(settings, people)
  yield* redisChecks(settings)
  yield clockCheck(Math.max(keys.newestAt ?? 0, people.newestAt ?? 0), now())
  yield await mailCheck(settings, now)
  yield proxiesCheck(settings)
  const base = url?.replace(/\/$/, '') ?? settings.issuer
  yield* present(await certificateCheck(base, now()), await httpCheck(settings.issuer))
  const client = anyClient(settings, people.registrations)
  yield* outsideChecks({ issuer: settings.issuer, base, published: keys.published, client, now })
}

function* present(...checks: (Check | undefined)[]): Generator<Check> {
  for (const check of checks) if (check) yield check
}

export function nodeCheck(version: string): Check {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major > 24 || (major === 24 && minor >= 7)) return ok('node', `Node ${version}.`)
  return fail('node', `Node ${version} is too old.`, 'Run Node 24.7 or later; 26 is what npm run brings along.')
}

function settled(load: () => Settings): Settings | Check {
  try {
    return load()
  } catch (cause) {
    if (!(cause instanceof InvalidSettings)) throw cause
    const [first] = cause.faults
    const more = cause.faults.length > 1 ? ` and ${cause.faults.length - 1} more: signet settings check says all` : ''
    return fail(
      'settings',
      first ? `${cause.file}: ${said(first)}${more}.` : cause.message,
      first?.mend ?? 'signet settings check',
    )
  }
}

/** What was written in the future was written by another clock, or by this one before it was set back. */
export function clockCheck(newestAt: number, now: number): Check {
  const ahead = newestAt - now
  if (ahead <= 60) return ok('clock', 'Nothing here was written in the future.')
  return fail(
    'clock',
    `What was written last here was written ${ahead} s in the future.`,
    'Set the clock by NTP, and wait until it has passed that time.',
  )
}
