import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { expect } from 'chai'
import { compactDecrypt } from 'jose'
import { encryptKeepingKey, openByKey, type Recipient } from '../../src/crypto/content-keys.ts'

const keys = {
  'P-256': generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  'P-521': generateKeyPairSync('ec', { namedCurve: 'P-521' }),
  X25519: generateKeyPairSync('x25519'),
  RSA: generateKeyPairSync('rsa', { modulusLength: 2048 }),
}
const ways: [Recipient['algorithm'], keyof typeof keys][] = [
  ['ECDH-ES', 'P-256'],
  ['ECDH-ES', 'P-521'],
  ['ECDH-ES', 'X25519'],
  ['ECDH-ES+A256KW', 'P-256'],
  ['RSA-OAEP-256', 'RSA'],
]

describe('encrypting and keeping the content key', () => {
  async function encrypted(algorithm: Recipient['algorithm'], name: keyof typeof keys, encoding: Recipient['encoding']) {
    let contentKey: Buffer = Buffer.alloc(0)
    const jwe = await encryptKeepingKey('a text', { algorithm, encoding, key: keys[name].publicKey }, (key) => {
      contentKey = key
      return { cty: 'at+jwt', handle: 'h' }
    })
    return { jwe, contentKey }
  }

  for (const [algorithm, name] of ways) {
    for (const encoding of ['A256GCM', 'A128GCM'] as const) {
      it(`by ${algorithm} to ${name} with ${encoding}: its recipient reads it with jose, and the key's holder the same`, async () => {
        const { jwe, contentKey } = await encrypted(algorithm, name, encoding)
        const { plaintext, protectedHeader } = await compactDecrypt(jwe, keys[name].privateKey)
        expect(Buffer.from(plaintext).toString()).to.equal('a text')
        expect(protectedHeader).to.include({ alg: algorithm, enc: encoding, cty: 'at+jwt', handle: 'h' })
        expect(openByKey(jwe, contentKey)).to.equal('a text')
      })
    }
  }
  it('makes another key each time', async () => {
    for (const [algorithm, name] of ways) {
      const made = await Promise.all([1, 2].map(() => encrypted(algorithm, name, 'A256GCM')))
      expect(made[0]!.contentKey.equals(made[1]!.contentKey), algorithm).to.equal(false)
    }
  })
  it('opens nothing that was altered, nothing else under the same key, and nothing with another key', async () => {
    const { jwe, contentKey } = await encrypted('ECDH-ES', 'P-256', 'A256GCM')
    const parts = jwe.split('.')
    const other = (await encrypted('ECDH-ES', 'P-256', 'A256GCM')).jwe.split('.')
    const header = Buffer.from(JSON.stringify({ alg: 'ECDH-ES', enc: 'A256GCM', handle: 'h' })).toString('base64url')
    const put = (index: number, value: string) => parts.with(index, value).join('.')
    for (const [what, altered] of [
      ['another header', put(0, header)],
      ['the header of another', put(0, other[0]!)],
      ['a wrapped key where there is none', put(1, 'AAAA')],
      ['another nonce', put(2, other[2]!)],
      ['another ciphertext', put(3, other[3]!)],
      ['another tag', put(4, other[4]!)],
      ['a shorter tag', put(4, parts[4]!.slice(0, 16))],
      ['no nonce', put(2, '')],
      ['a nonce spelt otherwise', put(2, `${parts[2]}=`)],
      ['a ciphertext spelt otherwise', put(3, `${parts[3]}=`)],
      ['a part more', `${jwe}.AAAA`],
      ['no part', ''],
      ['nothing', '....'],
    ] as const)
      expect(openByKey(altered, contentKey), what).to.equal(undefined)
    for (const key of [randomBytes(32), randomBytes(16), Buffer.alloc(0)]) expect(openByKey(jwe, key)).to.equal(undefined)
    expect(openByKey(jwe, contentKey), 'the control').to.equal('a text')
  })
})
