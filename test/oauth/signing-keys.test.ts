import type { KeyObject } from 'node:crypto'
import { rmSync } from 'node:fs'
import { expect } from 'chai'
import { compactVerify, importJWK } from 'jose'
import { silentLog } from '../../src/base/log.ts'
import { openKeyFolder } from '../../src/crypto/key-files.ts'
import { keysInFolder } from '../../src/crypto/key-place.ts'
import { type KeyRing, openKeyRing } from '../../src/crypto/keyring.ts'
import { rotationPolicy } from '../../src/crypto/rotation.ts'
import { createSignatures, type Signatures } from '../../src/oauth/signatures.ts'
import { serveFrom, signingKeys } from '../../src/oauth/signing-keys.ts'
import { signingAlgorithms } from '../../src/settings/algorithms.ts'
import { temporaryFolder } from '../support/server.ts'

describe('the keys that the library signs with', () => {
  const folder = temporaryFolder()
  let ring: KeyRing
  const nobody = { sign: () => Promise.reject(new TypeError('no key of these lies elsewhere')) }
  let signatures: Signatures
  before(async () => {
    ring = await openKeyRing(keysInFolder(openKeyFolder(folder)), {
      algorithms: [...signingAlgorithms],
      policy: rotationPolicy(7_776_000, 3_600),
      now: () => 1_700_000_000,
    })
    signatures = createSignatures({ ring, signers: nobody, now: () => 1_700_000_000, log: silentLog })
  })
  after(() => rmSync(folder, { recursive: true }))

  for (const algorithm of signingAlgorithms) {
    it(`sign ${algorithm} as others verify it, by the published key`, async () => {
      const { kid, publicJwk } = ring.current(algorithm)
      const keys = signingKeys(ring, signatures)
      serveFrom(keys)
      const key = keys.find((one) => one.kid === kid)!
      expect(key.alg).to.equal(algorithm)
      const header = Buffer.from(JSON.stringify({ alg: algorithm, kid })).toString('base64url')
      const input = `${header}.${Buffer.from('payload').toString('base64url')}`
      const signature = Buffer.from(await key.sign(Buffer.from(input)))
      const { payload } = await compactVerify(`${input}.${signature.toString('base64url')}`, await importJWK(publicJwk))
      expect(Buffer.from(payload).toString()).to.equal('payload')
    })
  }

  it('hand the library public halves alone, the one that signs first, and keep their names', async () => {
    const keys = signingKeys(ring, signatures)
    expect(new Set(keys.map(({ kid }) => kid)), 'before they serve').to.have.length(keys.length)
    serveFrom(keys)
    for (const algorithm of signingAlgorithms)
      expect(keys.find(({ alg }) => alg === algorithm)?.kid).to.equal(ring.current(algorithm).kid)
    for (const key of keys) {
      expect(((await key.keyObject()) as KeyObject).type).to.equal('public')
      const before = key.kid
      Object.assign(key, { kid: 'another' })
      expect(key.kid).to.equal(before)
    }
  })
})
