/** A token becomes claims: every check by its name, in the order in which they are made. */
import { isKey, tokenWithin } from './api-key.ts'
import type { CheckedClaims, CredentialKind } from './auth.ts'
import { checkClaims, type Expected } from './claims.ts'
import { decodeObject, type JsonObject, objectIn, partsOf } from './compact.ts'
import type { Decrypt } from './decrypt.ts'
import { BearerError } from './errors.ts'
import { maySign, type VerificationKey } from './jwks.ts'
import type { KeySource } from './keys.ts'
import type { Algorithm, SignatureCheck } from './signature.ts'
import { openSigned, type SignedParts } from './signed-parts.ts'

export interface VerifierSettings extends Expected {
  keys: KeySource
  algorithms: ReadonlySet<unknown>
  verifySignature: SignatureCheck
  decrypt: Decrypt | undefined
  accept: ReadonlySet<CredentialKind>
  /** Encoded headers that were checked before. */
  headers: Map<string, Header>
  now(): number
}

export interface Verified {
  readonly claims: JsonObject & CheckedClaims
  readonly kind: CredentialKind
  readonly kid: string
}

export interface Header {
  alg: Algorithm
  kid: string
  kind: CredentialKind
}

// RFC 9068 s4, by RFC 7515 s4.1.9 without regard to case: this one check keeps ID tokens, logout tokens, client assertions and proofs out.
const typed: Record<CredentialKind, RegExp> = {
  access_token: /^(application\/)?at\+jwt$/i,
  api_key: /^(application\/)?api-key\+jwt$/i,
}
const typeOf = { access_token: 'at+jwt', api_key: 'api-key+jwt' } as const
// A person keeps a key for a year at most; the leap day with it.
const maxKeyAge = 366 * 86_400

/**
 * Verifies a JWT access token (RFC 9068 s4), or an API key where those are accepted: told apart by how it is written, and that has to agree with `typ`.
 * Validates: the checksum of a key, canonical form, `alg`, `typ`, `crit`, the signature by a key of the issuer that is for such tokens and whose `kid`
 * and algorithm agree, and the claims (`checkClaims`). Ignores `jwk`, `jku`, `x5u`, `x5c`: keys come from the issuer alone. Does NOT validate: scopes, or that the token was not revoked.
 * @returns a promise only where something has to be waited for: keys to come, or a token to be decrypted
 * @throws BearerError
 */
export function verifyToken(token: string, settings: VerifierSettings): Verified | Promise<Verified> {
  if (isKey(token)) return verifyKey(token, settings)
  const dots = dotsOf(token)
  if (dots) return verifySigned(token, dots, 'access_token', settings)
  // Three parts it has not, so five.
  partsOf(token)
  if (!settings.decrypt) throw new BearerError('encrypted_token')
  return settings.decrypt(token).then((within) => {
    const dotsWithin = dotsOf(within)
    if (dotsWithin) return verifySigned(within, dotsWithin, 'access_token', settings)
    partsOf(within)
    throw new BearerError('encrypted_token')
  })
}

function verifyKey(key: string, settings: VerifierSettings): Verified | Promise<Verified> {
  if (!settings.accept.has('api_key')) throw new BearerError('keys_not_taken')
  const token = tokenWithin(key)
  const dots = dotsOf(token)
  if (dots) return verifySigned(token, dots, 'api_key', settings)
  partsOf(token)
  throw new BearerError('encrypted_token')
}

interface Dots {
  headerEnd: number
  payloadEnd: number
}

/** @returns where they are, where there are two */
function dotsOf(token: string): Dots | undefined {
  const headerEnd = token.indexOf('.')
  const payloadEnd = token.indexOf('.', headerEnd + 1)
  return headerEnd !== -1 && payloadEnd !== -1 && token.lastIndexOf('.') === payloadEnd ? { headerEnd, payloadEnd } : undefined
}

function verifySigned(
  token: string,
  { headerEnd, payloadEnd }: Dots,
  kind: CredentialKind,
  settings: VerifierSettings,
): Verified | Promise<Verified> {
  const header = knownHeader(token, headerEnd, settings)
  if (header.kind !== kind) throw new BearerError('not_an_access_token')
  // Before any key is asked for: what has not the form of a token is none, whoever is said to have signed it.
  const parts = openSigned(token, headerEnd, payloadEnd)
  const key = settings.keys.find(header.kid)
  if (key instanceof Promise)
    return key.then((found) => verifyWith(found, header, openSigned(token, headerEnd, payloadEnd), settings))
  return verifyWith(key, header, parts, settings)
}

function verifyWith(
  key: VerificationKey | undefined,
  { alg, kind, kid }: Header,
  { signed, signature, claims: encoded }: SignedParts,
  settings: VerifierSettings,
): Verified {
  if (!key) throw new BearerError('unknown_key')
  if (!maySign(key, typeOf[kind])) throw new BearerError('misused_key')
  // RFC 8725 s3.1: the key decides the algorithm; the header may only agree.
  if (key.algorithm !== alg) throw new BearerError('unsupported_algorithm')
  if (!settings.verifySignature(key.algorithm, key.key, signed, signature)) throw new BearerError('bad_signature')
  const claims = objectIn(encoded())
  checkClaims(claims, settings, settings.now(), kind === 'api_key' ? maxKeyAge : settings.maxTokenAge)
  return { claims, kind, kid }
}

// One issuer writes few headers, one for each key: what was accepted of them need not be read again.
const maxHeaders = 32

function knownHeader(token: string, headerEnd: number, settings: VerifierSettings): Header {
  const encoded = token.slice(0, headerEnd)
  const known = settings.headers.get(encoded)
  if (known) return known
  partsOf(token)
  const header = checkedHeader(decodeObject(encoded), settings)
  if (settings.headers.size >= maxHeaders) settings.headers.clear()
  settings.headers.set(encoded, header)
  return header
}

function checkedHeader(header: JsonObject, { algorithms, accept }: VerifierSettings): Header {
  const kind = kindOf(header.typ)
  // API keys are ES256 whatever the tokens are signed with: half as long as with RSA, and known to every verifier.
  const isSupported = kind === 'api_key' ? header.alg === 'ES256' : algorithms.has(header.alg)
  if (!isSupported) throw new BearerError('unsupported_algorithm')
  if (kind === undefined || !accept.has(kind)) throw new BearerError('not_an_access_token')
  // RFC 7515 s4.1.11: no extension is understood here, so none may be critical; RFC 7797 would change what is signed.
  if ('crit' in header || 'b64' in header) throw new BearerError('unsupported_header')
  if (typeof header.kid !== 'string') throw new BearerError('unknown_key')
  return { alg: header.alg as Algorithm, kid: header.kid, kind }
}

function kindOf(typ: unknown): CredentialKind | undefined {
  if (typeof typ !== 'string') return undefined
  return (Object.keys(typed) as CredentialKind[]).find((kind) => typed[kind].test(typ))
}
