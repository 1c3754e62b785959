import { randomBytes } from 'node:crypto'
import { expect } from 'chai'
import { Refusal } from '../../src/base/errors.ts'
import { createNamedSealer, createSealer, secretOf } from '../../src/crypto/sealing.ts'
import { createSecrets } from '../../src/crypto/secrets.ts'

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

describe('a sealed value that names its secret', () => {
  const [older, newer] = ['the older secret', 'the newer secret']
  const [name, newName] = createSecrets([older, newer]).names
  const by = (...secrets: [string, ...string[]]) => createNamedSealer(createSecrets(secrets), 'p')
  const kept = by(older).seal('short', context)

  it('begins with a name that is no part of the secret, and the same everywhere', () => {
    expect(secretOf(kept))
      .to.equal(name)
      .and.match(/^[0-9a-f]{12}$/)
    expect(
      createNamedSealer(createSecrets([older]), 'q')
        .seal('', context)
        .slice(0, 12),
    ).to.equal(name)
    expect(newName).to.not.equal(name)
    expect(secretOf(sealed)).to.equal(undefined)
  })
  it('opens whichever place its secret has, and is sealed anew by the first', () => {
    for (const sealer of [by(older), by(newer, older), by(older, newer)]) expect(sealer.open(kept, context)).to.equal('short')
    expect(by(older, newer).renewed(kept, context)).to.equal(undefined)
    const renewed = by(newer, older).renewed(kept, context)!
    expect(secretOf(renewed)).to.equal(newName)
    expect(by(newer).open(renewed, context)).to.equal('short')
  })
  it('opens what was sealed before there were names, by any of the secrets, and names it', () => {
    const unnamed = createSealer(createSecrets([older]).keysFor('p')[0]).seal('short', context)
    expect(by(newer, older).open(unnamed, context)).to.equal('short')
    expect(secretOf(by(newer, older).renewed(unnamed, context)!)).to.equal(newName)
    expect(secretOf(by(older).renewed(unnamed, context)!)).to.equal(name)
  })
  it('says which secret is missing, so that it is asked for again', () => {
    for (const read of ['open', 'renewed'] as const) {
      expect(() => by(newer)[read](kept, context))
        .to.throw(Refusal)
        .that.deep.includes({ code: 'unreadable', status: 503, detail: { context, name } })
    }
  })
  it('does not open under another name, in another place or altered: that no secret mends', () => {
    const swapped = newName + kept.slice(12)
    const altered = kept.slice(0, -2) + (kept.endsWith('A') ? 'BB' : 'AA')
    for (const [text, as] of [
      [swapped, context],
      [altered, context],
      [kept, 'Session:abd'],
    ] as const)
      expect(() => by(newer, older).open(text, as))
        .to.throw(Refusal)
        .that.includes({ code: 'unreadable', status: 500 })
  })
})
