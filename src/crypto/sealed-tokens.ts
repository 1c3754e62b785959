/**
 * Values for others to carry and nobody but this server to read: a JWE (RFC 7516, compact) of `dir` and A256GCM, with its end of life inside.
 *
 *     {"alg":"dir","enc":"A256GCM","kid":"<name of the secret>","typ":"signet-sealed"} . . nonce . {"exp":…,"content":…}, sealed . tag
 *
 * Each purpose has keys of its own, so that what was sealed for one opens for no other. A JWE is for what leaves this server by letter or address:
 * it says in a standard's words how it is made and which secret it needs. What comes back as a row or a cookie is sealed by `sealing.ts`, which is
 * shorter and synchronous; docs/tokens.md compares them. Nothing here makes a token good for one use.
 */
import { CompactEncrypt, compactDecrypt } from 'jose'
import type { Clock } from '../base/clock.ts'
import { Refusal } from '../base/errors.ts'
import { isCanonical } from './compact.ts'
import type { Json } from './packed-json.ts'
import type { Secrets } from './secrets.ts'

export interface SealedTokens {
  /** @param content a TypeError when it makes a token of more than 8,192 characters */
  seal(content: Json, lifetimeSeconds: number): Promise<string>
  /**
   * Validates: header, key, tag, one spelling, end of life. Does NOT ask whether it was opened before.
   * @throws Refusal `bad_seal` when altered, sealed for another purpose or under a secret that is not given; `seal_expired`
   */
  open(token: string): Promise<{ content: Json; expiresAt: number }>
}

export interface SealedTokenParts {
  secrets: Secrets
  /** Names what is sealed, and thereby its keys; a name is never used for two things. */
  purpose: string
  now: Clock
}

/** Characters: nothing is decoded of what is longer. */
const longest = 8_192

const algorithms = { keyManagementAlgorithms: ['dir'], contentEncryptionAlgorithms: ['A256GCM'] }

export function createSealedTokens({ secrets, purpose, now }: SealedTokenParts): SealedTokens {
  const keys = secrets.keysFor(`sealed-tokens/${purpose}`)
  const headerFor = (name: string) => ({ alg: 'dir', enc: 'A256GCM', kid: name, typ: 'signet-sealed' })
  const [newest] = secrets.names
  // Only these headers are ours, letter by letter: no word of a stranger's header reaches whatever acts by it.
  const keyBehind = new Map(secrets.names.map((name, at) => [encoded(headerFor(name)), keys[at] as Buffer]))

  return {
    async seal(content, lifetimeSeconds) {
      if (!Number.isInteger(lifetimeSeconds) || lifetimeSeconds <= 0) throw new TypeError(`${lifetimeSeconds} is no lifetime`)
      const text = JSON.stringify({ exp: now() + lifetimeSeconds, content })
      const jwe = new CompactEncrypt(Buffer.from(text)).setProtectedHeader(headerFor(newest))
      const token = await jwe.encrypt(keys[0])
      if (token.length > longest) throw new TypeError(`the token has more than ${longest} characters`)
      return token
    },
    async open(token) {
      if (token.length > longest) throw badSeal('length')
      const key = keyBehind.get(token.slice(0, token.indexOf('.')))
      if (!key || !isCanonical(token)) throw badSeal('form')
      const text = await compactDecrypt(token, key, algorithms).then(
        ({ plaintext }) => Buffer.from(plaintext).toString(),
        () => undefined,
      )
      if (text === undefined) throw badSeal('seal')
      const { exp, content } = JSON.parse(text)
      if (exp <= now()) throw new Refusal('seal_expired', 'This has run out.', { detail: { expiresAt: exp } })
      return { content, expiresAt: exp }
    },
  }
}

const encoded = (header: object): string => Buffer.from(JSON.stringify(header)).toString('base64url')

const badSeal = (reason: string): Refusal =>
  new Refusal('bad_seal', 'This was not made here, or it was altered since.', { detail: { reason } })
