/**
 * Values that this server will read back itself, signed and not hidden, after Django's `django.core.signing`: what `dumps` of one writes, `loads` of
 * the other reads, given the same secret and salt.
 *
 *     eyJpZCI6N30:1vOqZK:Yv3p…        {"id":7}, when it was signed, the signature over both
 *
 * In Signet's own use the salt is the purpose and the keys are `secrets.keysFor` of it. Why this is no JWT, and what is sealed instead:
 * docs/tokens.md. Nothing here makes a value good for one use: its reader does that, by what is signed in it.
 */
import type { Clock } from '../base/clock.ts'
import { type Json, packJson, unpackJson } from './packed-json.ts'
import { badSignature, createTimestampSigner, type SigningKeys } from './signer.ts'

export interface Signing {
  /** @returns a text that a URL takes: letters, digits, `-`, `_`, `:` and, compressed, one `.` in front */
  dumps(value: Json, options?: DumpsOptions): string
  /** @throws Refusal `bad_signature` when altered or signed for another purpose, `signature_expired` when older than its reader allows */
  loads(token: string, options: LoadsOptions): Json
  /** As `loads`, with when it was signed, in seconds since the epoch. */
  loadsDated(token: string, options: LoadsOptions): { value: Json; signedAt: number }
}

export interface DumpsOptions {
  salt?: string
  /** Where that is shorter. */
  compress?: boolean
}

export interface LoadsOptions {
  salt?: string
  maxAgeSeconds: number
}

export function createSigning({ keys, now }: { keys: SigningKeys; now: Clock }): Signing {
  const signerFor = (salt = 'django.core.signing') => createTimestampSigner({ keys, salt, now })

  function loadsDated(token: string, { salt, maxAgeSeconds }: LoadsOptions) {
    const { value, signedAt } = signerFor(salt).unsign(token, maxAgeSeconds)
    const read = unpackJson(value)
    if (read === undefined) throw badSignature('content')
    return { value: read, signedAt }
  }

  return {
    dumps: (value, { salt, compress } = {}) => signerFor(salt).sign(packJson(value, { compress })),
    loads: (token, options) => loadsDated(token, options).value,
    loadsDated,
  }
}
