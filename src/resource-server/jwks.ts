/** A published key set (RFC 7517 s5) turned into keys to verify with. What is not certainly meant for that is left out, not guessed at. */
import { createPublicKey, type KeyObject } from 'node:crypto'
import type { JWK } from 'jose'
import { type Algorithm, knownAlgorithms, postQuantumAlgorithms } from './signature.ts'

export interface VerificationKey {
  /** The only algorithm that this key is used with (RFC 8725 s3.1). */
  readonly algorithm: Algorithm
  readonly key: KeyObject
  /** The types of tokens (`typ`) that it alone signs, where the issuer says it by the member `signs`. */
  readonly signs: readonly string[] | undefined
}

/**
 * Whether the issuer published the key for tokens of this type. One that says nothing signs whatever is not left to keys that are named for it, so that
 * who holds a key of one ring makes nothing of what the other signs.
 */
export const maySign = ({ signs }: VerificationKey, typ: string): boolean =>
  signs === undefined ? typ !== 'api-key+jwt' : signs.includes(typ)

type Published = JWK & { signs?: unknown }

export interface KeySet {
  readonly keys: ReadonlyMap<string, VerificationKey>
  /** What was left out, for the log: `kid` and why. */
  readonly ignored: readonly { kid: unknown; why: string }[]
}

/**
 * Validates of each key: a `kid` that no other entry bears, an algorithm that `kty`, `crv` and `alg` agree on, `use`, `key_ops` and `signs`,
 * RSA of at least 2048 bits, no private or symmetric part. Does NOT validate: certificates (`x5c`), which are not read.
 * @throws TypeError when `document` is no key set at all
 */
export function readKeySet(document: unknown): KeySet {
  const entries = (document as { keys?: unknown } | null)?.keys
  if (!Array.isArray(entries)) throw new TypeError('not a JWK set: it has no array "keys"')
  const keys = new Map<string, VerificationKey>()
  const ignored: { kid: unknown; why: string }[] = []
  const kids = entries.map((entry: unknown) => (entry as { kid?: unknown } | null)?.kid)
  for (const [index, entry] of entries.entries()) {
    const kid = kids[index]
    // One id for two keys: which of them the issuer meant cannot be known, so neither is trusted.
    const why = kids.indexOf(kid) !== kids.lastIndexOf(kid) ? 'ambiguous kid' : fault(entry as Published)
    const read = why === undefined ? importKey(entry as Published) : why
    if (typeof read === 'string') ignored.push({ kid, why: read })
    else keys.set(kid as string, read)
  }
  return { keys, ignored }
}

function fault(jwk: Published): string | undefined {
  if (typeof jwk !== 'object' || jwk === null) return 'not an object'
  if (typeof jwk.kid !== 'string' || jwk.kid === '') return 'no kid'
  if (jwk.kty === 'oct' || 'k' in jwk) return 'a shared secret'
  // A private key that was published may be anybody's by now.
  if ('d' in jwk || 'priv' in jwk) return 'its private part is published'
  if (jwk.use !== undefined && jwk.use !== 'sig') return `use ${jwk.use}`
  if (jwk.key_ops !== undefined && !(Array.isArray(jwk.key_ops) && jwk.key_ops.includes('verify')))
    return 'key_ops without verify'
  if (jwk.signs !== undefined && !(Array.isArray(jwk.signs) && jwk.signs.every((typ: unknown) => typeof typ === 'string')))
    return 'signs is no list of types'
  return undefined
}

function importKey(jwk: Published): VerificationKey | string {
  const algorithm = algorithmOf(jwk)
  if (!algorithm) return `no supported algorithm for kty ${jwk.kty}, crv ${jwk.crv}, alg ${jwk.alg}`
  try {
    const key = createPublicKey({ key: jwk, format: 'jwk' })
    if (jwk.kty === 'RSA' && (key.asymmetricKeyDetails?.modulusLength ?? 0) < 2048) return 'RSA below 2048 bits'
    return { algorithm, key, signs: jwk.signs as string[] | undefined }
  } catch (cause) {
    return `not importable: ${(cause as Error).message}`
  }
}

/** The curve names the algorithm; for RSA, which serves two, and for AKP, which serves all that come, `alg` must. Where `alg` is given it must agree. */
function algorithmOf({ kty, crv, alg }: JWK): Algorithm | undefined {
  const candidates: readonly Algorithm[] =
    kty === 'EC' && crv === 'P-256'
      ? ['ES256']
      : kty === 'OKP' && crv === 'Ed25519'
        ? ['EdDSA']
        : kty === 'RSA'
          ? ['RS256', 'PS256']
          : kty === 'AKP'
            ? postQuantumAlgorithms
            : []
  if (alg === undefined) return candidates.length === 1 ? candidates[0] : undefined
  return knownAlgorithms.find((known) => known === alg && candidates.includes(known))
}
