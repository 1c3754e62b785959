/**
 * Hands the ring's keys to oidc-provider. Signing is asynchronous, on the thread pool: with a free core this is a tenth faster than the
 * library's own WebCrypto path, and never slower. Rests on `features.externalSigningSupport` (experimental-01).
 */
import type { KeyObject } from 'node:crypto'
import { ExternalSigningKey } from 'oidc-provider'
import { Refusal } from '../base/errors.ts'
import type { KeyRing } from '../crypto/keyring.ts'
import type { SigningKey } from '../crypto/signing-key.ts'
import type { SigningAlgorithm } from '../settings/algorithms.ts'
import { saysUnavailable, unavailable } from './records/unavailable.ts'
import type { Signatures } from './signatures.ts'

/**
 * The library is given its keys once, so what it is given are places: the first of an algorithm is whichever key signs now, the others are
 * those whose ID tokens may still come back as a hint. Which key is in a place is asked anew each time.
 */
export function signingKeys(ring: KeyRing, signatures: Signatures): ExternalSigningKey[] {
  const sign = saysUnavailable(signatures.by)
  return ring.algorithms.flatMap((algorithm) =>
    Array.from({ length: placesPerAlgorithm }, (_, at) => new Place(ring, algorithm, at, sign)),
  )
}

/** One signs, one is next, and two retired ones are known by their hints. */
const placesPerAlgorithm = 4

class Place extends ExternalSigningKey {
  readonly #ring: KeyRing
  readonly #algorithm: SigningAlgorithm
  readonly #at: number
  readonly #sign: Signatures['by']
  /** The library demands that ids differ while it reads its configuration, and writes down none of them. */
  #isRead = false

  constructor(ring: KeyRing, algorithm: SigningAlgorithm, at: number, sign: Signatures['by']) {
    super()
    this.#ring = ring
    this.#algorithm = algorithm
    this.#at = at
    this.#sign = sign
  }

  get #key(): SigningKey {
    return this.#ring.published(this.#algorithm)[this.#at] ?? this.#ring.current(this.#algorithm)
  }

  override get kid(): string {
    return this.#isRead ? this.#key.kid : `${this.#algorithm}/${this.#at}`
  }

  // The library fills in what a key does not say; a ring's key says all of it.
  override set kid(_same: string) {}

  override get alg(): string {
    return this.#algorithm
  }

  override set alg(_same: string) {}

  override keyObject(): KeyObject {
    return this.#key.publicKey
  }

  /** The header was written before this is asked, and the ring may have turned since: it names the key. */
  override async sign(data: Uint8Array): Promise<Buffer> {
    const { kid } = JSON.parse(
      Buffer.from(Buffer.from(data).toString('latin1').split('.', 1)[0] as string, 'base64url').toString(),
    )
    const key = this.#ring.byKid(kid)
    if (!key) throw unavailable(revoked())
    return this.#sign(key, data)
  }

  serve(): void {
    this.#isRead = true
  }
}

/** To be called when the provider is made. */
export function serveFrom(keys: ExternalSigningKey[]): void {
  for (const key of keys) (key as Place).serve()
}

const revoked = () =>
  new Refusal('temporarily_unavailable', 'The key was revoked at this moment. Please try again.', { status: 503 })
