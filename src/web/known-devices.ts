/**
 * Which accounts have signed in at a browser: a signed cookie that the browser keeps, and nothing anywhere else. It holds a random name, and a digest
 * for each account, of its credentials as well, so that a new password, or another address, makes every browser a new one.
 *
 * It proves nothing: whoever copies it is spared a letter, and guesses in the counter of whom they copied it from.
 */
import { randomBytes } from 'node:crypto'
import type { Context } from 'koa'
import type { Clock } from '../base/clock.ts'
import { Refusal } from '../base/errors.ts'
import { keyedDigest } from '../crypto/derive.ts'
import type { Secrets } from '../crypto/secrets.ts'
import { createSigning } from '../crypto/signing.ts'
import type { Account } from '../store/store.ts'

type Known = Pick<Account, 'id' | 'credentialsVersion'>

export interface KnownDevices {
  /** @returns the name of this browser, as it says, if this account has signed in at it */
  nameFor(ctx: Context, account: Known): string | undefined
  /** From now on it has. To be called with each sign-in, and with a password that was chosen by letter: the cookie lasts from the last one. */
  note(ctx: Context, account: Known): void
}

/** A family's computer; what is pushed out costs a letter. */
const mostAccounts = 8
/** As long as browsers keep any cookie (RFC 6265bis s5.6). */
const lifetimeSeconds = 400 * 86_400
/** Characters of a digest: 72 bits, more than enough where nobody gains anything by hitting one. */
const digestLength = 12

export function createKnownDevices(parts: { secrets: Secrets; development: boolean; now: Clock }): KnownDevices {
  const { secrets, development, now } = parts
  const name = development ? 'signet_device' : '__Host-signet_device'
  const options = { path: '/', httpOnly: true, sameSite: 'lax', secure: !development, signed: false } as const
  const signing = createSigning({ keys: secrets.keysFor('known-devices'), now })
  const salt = 'known-devices'
  const keys = secrets.keysFor('known-devices/accounts')
  /** As each secret makes it, the newest first. */
  const digestsOf = ({ id, credentialsVersion }: Known) =>
    keys.map((key) => keyedDigest(key, `${id}/${credentialsVersion}`).slice(0, digestLength)) as [string, ...string[]]

  function read(ctx: Context): { browser: string | undefined; here: string[] } {
    const cookie = ctx.cookies.get(name, { signed: false })
    if (cookie === undefined) return { browser: undefined, here: [] }
    try {
      const [browser, ...here] = String(signing.loads(cookie, { salt, maxAgeSeconds: lifetimeSeconds })).split(' ')
      return { browser, here }
    } catch (cause) {
      if (cause instanceof Refusal) return { browser: undefined, here: [] }
      throw cause
    }
  }

  return {
    nameFor(ctx, account) {
      const { browser, here } = read(ctx)
      return digestsOf(account).some((digest) => here.includes(digest)) ? browser : undefined
    },
    note(ctx, account) {
      const own = digestsOf(account)
      const { browser = randomBytes(9).toString('base64url'), here } = read(ctx)
      const accounts = [own[0], ...here.filter((digest) => !own.includes(digest))].slice(0, mostAccounts)
      ctx.cookies.set(name, signing.dumps([browser, ...accounts].join(' '), { salt }), {
        ...options,
        maxAge: lifetimeSeconds * 1_000,
      })
    },
  }
}
