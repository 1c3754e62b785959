import { expect } from 'chai'
import { deriveKey, digest, keyedDigest, keyedSlot, sameInConstantTime, slots } from '../../src/crypto/derive.ts'

const secret = 'a master secret for tests, long enough to be one'

describe('a derived key', () => {
  it('is the same tomorrow: what was sealed stays readable', () => {
    expect(deriveKey(secret, 'store/artifacts').toString('hex')).to.equal(
      'd9c3439f411cb553f1518a7a4ec8e05a81ac13f533d57dd4aa3f39ab036cfeda',
    )
  })

  it('has 32 bytes, and is another for each purpose and each secret', () => {
    const keys = [
      deriveKey(secret, 'store/artifacts'),
      deriveKey(secret, 'cookies'),
      deriveKey(secret, 'cookies/'),
      deriveKey(secret, ''),
      deriveKey(`${secret}.`, 'cookies'),
    ]
    expect(keys.map((key) => key.length)).to.deep.equal([32, 32, 32, 32, 32])
    expect(new Set(keys.map((key) => key.toString('hex')))).to.have.property('size', 5)
  })
})

describe('a digest', () => {
  // FIPS 180-4 and RFC 4231 s4.3, in base64url.
  it('is SHA-256', () => expect(digest('abc')).to.equal('ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0'))

  it('is HMAC-SHA-256 with a key', () => {
    expect(keyedDigest(Buffer.from('Jefe'), 'what do ya want for nothing?')).to.equal(
      Buffer.from('5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843', 'hex').toString('base64url'),
    )
  })
})

describe('comparison in constant time', () => {
  it('knows equal from unequal, in any script', () => {
    for (const text of ['', 'a', 'ключ', '\0']) expect(sameInConstantTime(text, text)).to.equal(true)
  })
  for (const [one, other] of [
    ['a', 'b'],
    ['a', 'aa'],
    ['', 'a'],
    ['a', 'A'],
    ['é', 'e\u0301'],
  ] as const) {
    it(`tells ${JSON.stringify(one)} from ${JSON.stringify(other)}`, () => {
      expect(sameInConstantTime(one, other)).to.equal(false)
    })
  }
})

describe('a slot', () => {
  const key = Buffer.alloc(32, 1)
  it('is the same tomorrow, and another for another key', () => {
    expect(keyedSlot(key, 'a')).to.equal(keyedSlot(Buffer.from(key), 'a'))
    const others = Array.from({ length: 20 }, (_, n) => keyedSlot(Buffer.alloc(32, n + 2), 'a'))
    expect(new Set(others).size).to.be.greaterThan(15)
  })
  it('is one of so many, and values are spread over all of them', () => {
    const taken = Array.from({ length: 5_000 }, (_, n) => keyedSlot(key, `value ${n}`))
    for (const slot of taken) expect(Number(slot)).to.be.within(0, slots - 1)
    expect(new Set(taken).size).to.be.greaterThan(4_500)
  })
})
