import { randomBytes } from 'node:crypto'
import { expect } from 'chai'
import { Refusal } from '../../src/base/errors.ts'
import { createSealer } from '../../src/crypto/sealing.ts'

const context = 'Session:abc'
const [key, newKey] = [randomBytes(32), randomBytes(32)]
const sealer = createSealer(key)
const sealed = sealer.seal('short', context)

function expectUnreadable(text: string, as = context, by = sealer): void {
  expect(() => by.open(text, as))
    .to.throw(Refusal)
    .with.property('code', 'unreadable')
}

describe('a sealed value', () => {
  for (const text of ['', 'short', 'ключ 🗝', '\0', 'x'.repeat(100_000)]) {
    it(`opens to what was sealed: ${JSON.stringify(text.slice(0, 20))}`, () => {
      expect(sealer.open(sealer.seal(text, context), context)).to.equal(text)
    })
  }

  it('shows nothing of it, and is never the same twice', () => {
    const values = Array.from({ length: 100 }, () => sealer.seal('short', context))
    expect(new Set(values)).to.have.property('size', 100)
    expect(Buffer.concat(values.map((value) => Buffer.from(value, 'base64url'))).includes('short')).to.equal(false)
  })

  it('does not open in another place', () => {
    for (const other of ['Session:abd', 'session:abc', 'Session:abc ', 'Session:ab', '']) expectUnreadable(sealed, other)
  })

  it('does not open when any bit of it is flipped', () => {
    const bytes = Buffer.from(sealed, 'base64url')
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = Buffer.from(bytes)
      flipped[bit >> 3]! ^= 1 << (bit & 7)
      expectUnreadable(flipped.toString('base64url'))
    }
    expect(sealer.open(bytes.toString('base64url'), context)).to.equal('short')
  })

  it('does not open when it is cut at either end, or longer', () => {
    const bytes = Buffer.from(sealed, 'base64url')
    for (let length = 0; length < bytes.length; length++) {
      expectUnreadable(bytes.subarray(0, length).toString('base64url'))
      expectUnreadable(bytes.subarray(bytes.length - length).toString('base64url'))
    }
    expectUnreadable(Buffer.concat([bytes, Buffer.of(0)]).toString('base64url'))
  })

  it('is told apart from what was never sealed', () => {
    for (const text of ['', '{}', '{"accountId":"x"}', 'null', randomBytes(64).toString('base64url')]) expectUnreadable(text)
  })

  it('names the place in the log alone', () => {
    try {
      sealer.open('', context)
    } catch (refusal) {
      expect(refusal).to.deep.include({ status: 500, detail: { context } })
      expect((refusal as Error).message).not.to.include('Session')
    }
  })
})

describe('a new key', () => {
  const both = createSealer(newKey, key)

  it('seals, while what the old one sealed still opens', () => {
    expect(both.open(sealed, context)).to.equal('short')
    const fresh = both.seal('fresh', context)
    expect(both.open(fresh, context)).to.equal('fresh')
    expectUnreadable(fresh)
    expect(createSealer(newKey).open(fresh, context)).to.equal('fresh')
  })

  it('ends the old one when that is no longer given', () => expectUnreadable(sealed, context, createSealer(newKey)))
})
