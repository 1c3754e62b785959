/** Signatures by the ring's keys, wherever a key's private half lies: here, or with a signer that may be away. */
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import { timed } from '../base/spans.ts'
import type { KeyRing } from '../crypto/keyring.ts'
import { isSignature, signatureBy } from '../crypto/signature.ts'
import { type SigningKey, signerShown } from '../crypto/signing-key.ts'
import { away, type Signers } from '../outgoing/signer.ts'
import type { SigningAlgorithm } from '../settings/algorithms.ts'

export interface Signatures {
  /** @throws Refusal `signer_unavailable`, 503: a signer is away, or what it says is no signature by this key */
  by(key: SigningKey, data: Uint8Array): Promise<Buffer>
  /**
   * Asked before something is used up for the sake of an answer that has to be signed. What was signed within the last second counts.
   * @throws Refusal as `by`
   */
  areAtHand(algorithms: Iterable<SigningAlgorithm>): Promise<void>
}

export interface SignatureParts {
  ring: KeyRing
  signers: Signers
  now: Clock
  log: Log
}

/** No JWS: what is signed to see whether a signer is there can be taken for nothing else, since it holds no dot. */
const probe = Buffer.from('Is the signer of Signet there?')

export function createSignatures({ ring, signers, now, log }: SignatureParts): Signatures {
  /** By kid, when a signer last signed. */
  const heard = new Map<string, number>()
  const missed = new Set<string>()

  async function asked(key: SigningKey, signer: URL, input: Uint8Array): Promise<Buffer> {
    const { kid, algorithm: alg } = key
    try {
      const signature = await signers.sign(signer, { kid, alg, input })
      if (!(await isSignature(alg, key.publicKey, input, signature))) throw away('no signature by this key')
      heard.set(kid, now())
      if (missed.delete(kid)) log.info('signer.back', { kid })
      return signature
    } catch (error) {
      heard.delete(kid)
      // Once, not for each token that nobody gets.
      if (!missed.has(kid)) log.error('signer.away', { kid, signer: signerShown(signer), error })
      missed.add(kid)
      throw error
    }
  }

  const by: Signatures['by'] = (key, data) =>
    timed('signature', () => (key.signer ? asked(key, key.signer, data) : signatureBy(key.algorithm, key.privateKey, data)))

  return {
    by,
    async areAtHand(algorithms) {
      for (const algorithm of algorithms) {
        const key = ring.current(algorithm)
        if (key.signer && (heard.get(key.kid) ?? 0) < now() - 1) await by(key, probe)
      }
    },
  }
}
