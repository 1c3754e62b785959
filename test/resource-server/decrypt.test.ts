import { createSecretKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { deflateRawSync } from 'node:zlib'
import { expect } from 'chai'
import { CompactEncrypt, type CompactJWEHeaderParameters } from 'jose'
import { countCostlyCalls, createApi, encode, expectAccepted, expectRefused, mint } from './support.ts'

const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const x25519 = generateKeyPairSync('x25519')

function encrypt(text: string, key: KeyObject, header: object = {}): Promise<string> {
  const whole = { alg: 'ECDH-ES', enc: 'A256GCM', cty: 'at+jwt', ...header } as CompactJWEHeaderParameters
  return new CompactEncrypt(Buffer.from(text)).setProtectedHeader(whole).encrypt(key)
}

describe('kit: encrypted access tokens', () => {
  const api = createApi({ decrypt: { key: ec.privateKey } })

  for (const alg of ['ECDH-ES', 'ECDH-ES+A256KW']) {
    it(`accepts a token encrypted by ${alg}`, async () => expectAccepted(api, await encrypt(mint(), ec.publicKey, { alg })))
  }
  it('accepts a token encrypted by RSA-OAEP-256', async () => {
    const token = await encrypt(mint(), rsa.publicKey, { alg: 'RSA-OAEP-256' })
    await expectAccepted(createApi({ decrypt: { key: rsa.privateKey } }), token)
  })
  it('accepts a token encrypted to an X25519 key', async () => {
    await expectAccepted(createApi({ decrypt: { key: x25519.privateKey } }), await encrypt(mint(), x25519.publicKey))
  })
  it('takes its key as a JWK', async () => {
    await expectAccepted(
      createApi({ decrypt: { key: ec.privateKey.export({ format: 'jwk' }) } }),
      await encrypt(mint(), ec.publicKey),
    )
  })
  it('accepts a token that is only signed', () => expectAccepted(api, mint()))
  it('asks an encrypted token for its scopes as well', async () =>
    expectRefused(api, await encrypt(mint({ scope: '' }), ec.publicKey), 'insufficient_scope', 403, 'notes:read'))

  it('refuses one where no key to decrypt is configured', async () =>
    expectRefused(createApi(), await encrypt(mint(), ec.publicKey), 'encrypted_token'))
  it('refuses one that is for another key', async () => {
    const other = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    await expectRefused(api, await encrypt(mint(), other.publicKey), 'encrypted_token')
  })
  it('refuses claims that nobody signed', async () => {
    const bare = Buffer.from(mint().split('.')[1] as string, 'base64url').toString()
    await expectRefused(api, await encrypt(bare, ec.publicKey), 'malformed_token')
    await expectRefused(
      api,
      await encrypt(`${encode({ alg: 'none', typ: 'at+jwt' })}.${encode(bare)}.`, ec.publicKey),
      'unsupported_algorithm',
    )
  })
  it('refuses a token within that is expired', async () =>
    expectRefused(api, await encrypt(mint({ exp: 1 }), ec.publicKey), 'expired'))
  it('refuses a token within a token within a token', async () => {
    const once = await encrypt(mint(), ec.publicKey)
    await expectRefused(api, await encrypt(once, ec.publicKey), 'encrypted_token')
  })
  for (const cty of [undefined, 'JWT', 'jwt', '', 'at+jwt2']) {
    it(`refuses what announces cty ${cty}`, async () =>
      expectRefused(api, await encrypt(mint(), ec.publicKey, { cty }), 'encrypted_token'))
  }
  it('refuses a content encryption that is not on the list', async () =>
    expectRefused(api, await encrypt(mint(), ec.publicKey, { enc: 'A256CBC-HS512' }), 'encrypted_token'))
  it('refuses RSA-OAEP with SHA-1, which is not on the list', async () => {
    const token = await encrypt(mint(), rsa.publicKey, { alg: 'RSA-OAEP' })
    await expectRefused(createApi({ decrypt: { key: rsa.privateKey } }), token, 'encrypted_token')
  })

  describe('R19 what would cost', () => {
    const bomb = deflateRawSync(Buffer.alloc(1 << 20)).toString('base64url')
    for (const [name, header, text] of [
      ['a bomb', { alg: 'ECDH-ES', enc: 'A256GCM', zip: 'DEF' }, bomb],
      ['a password of a billion rounds', { alg: 'PBES2-HS256+A128KW', enc: 'A256GCM', p2c: 1_000_000_000, p2s: 'AAAA' }, 'AAAA'],
      ['a shared key', { alg: 'dir', enc: 'A256GCM' }, 'AAAA'],
      ['RSA1_5', { alg: 'RSA1_5', enc: 'A256GCM' }, 'AAAA'],
      ['a critical extension', { alg: 'ECDH-ES', enc: 'A256GCM', crit: ['x'], x: 1 }, 'AAAA'],
    ] as const) {
      it(`R19 refuses ${name}, and computes nothing`, async () => {
        const token = [encode({ ...header, cty: 'at+jwt' }), 'AAAA', 'AAAAAAAAAAAAAAAA', text, 'AAAAAAAAAAAAAAAAAAAAAA'].join('.')
        expect(await countCostlyCalls(() => expectRefused(api, token, 'encrypted_token'))).to.equal(0)
      })
    }
    it('R19 counts what a good one costs', async () => {
      const token = await encrypt(mint(), ec.publicKey)
      expect(await countCostlyCalls(() => expectAccepted(api, token))).to.be.above(0)
    })
    it('R19 refuses a token that was compressed before it was encrypted', async () => {
      const token = await encrypt(mint(), ec.publicKey, { zip: 'DEF' }).catch(() => undefined)
      if (token) await expectRefused(api, token, 'encrypted_token')
    })
  })

  it('a key that cannot decrypt is a mistake of the caller', () => {
    for (const key of [ec.publicKey, createSecretKey(Buffer.alloc(32)), ec.publicKey.export({ format: 'jwk' }), {}]) {
      expect(() => createApi({ decrypt: { key } })).to.throw(TypeError)
    }
  })
})
