import { createHmac } from 'node:crypto'
import { expect } from 'chai'
import { CompactEncrypt, compactDecrypt, decodeProtectedHeader } from 'jose'
import { Refusal } from '../../src/base/errors.ts'
import type { Json } from '../../src/crypto/packed-json.ts'
import { createSealedTokens } from '../../src/crypto/sealed-tokens.ts'
import { createSecrets } from '../../src/crypto/secrets.ts'

const then = 1_800_000_000
let time = then
const now = () => time
const secrets = createSecrets(['a secret for tests, long enough to be one'])
const tokens = createSealedTokens({ secrets, purpose: 'sign-up', now })
const content = { email: 'zoe@example.com', hash: '$argon2id$…' }

async function expectRefused(reading: Promise<unknown>, code = 'bad_seal', about = ''): Promise<void> {
  const refusal = await reading.then(
    () => undefined,
    (cause) => cause,
  )
  expect(refusal, about).to.be.instanceOf(Refusal).with.property('code', code)
}

describe('a sealed token', () => {
  let token: string
  beforeEach(async () => {
    time = then
    token = await tokens.seal(content, 3_600)
  })

  for (const value of [null, '', 0, [], 'ключ 🗝', { a: [{ b: null }] }, 'x'.repeat(5_000)] as Json[])
    it(`opens to what was sealed: ${JSON.stringify(value).slice(0, 20)}`, async () => {
      expect(await tokens.open(await tokens.seal(value, 60))).to.deep.equal({ content: value, expiresAt: then + 60 })
    })
  it('is a JWE that names its secret, as anybody with the key reads it', async () => {
    const { name } = { name: secrets.names[0] }
    expect(decodeProtectedHeader(token)).to.deep.equal({ alg: 'dir', enc: 'A256GCM', kid: name, typ: 'signet-sealed' })
    const { plaintext } = await compactDecrypt(token, secrets.keysFor('sealed-tokens/sign-up')[0])
    expect(JSON.parse(Buffer.from(plaintext).toString())).to.deep.equal({ exp: then + 3_600, content })
  })
  it('shows nothing of it, needs no encoding in a URL and is never the same twice', async () => {
    expect(token).to.match(/^[\w-]+\.\.[\w-]+\.[\w-]+\.[\w-]+$/)
    for (const part of token.split('.')) expect(Buffer.from(part, 'base64url').toString()).to.not.include('zoe')
    expect(await tokens.seal(content, 3_600)).to.not.equal(token)
  })

  it('M06 does not open with any bit of it flipped', async () => {
    const bytes = Buffer.from(token)
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = Buffer.from(bytes)
      flipped[bit >> 3]! ^= 1 << (bit & 7)
      await expectRefused(tokens.open(flipped.toString('latin1')), 'bad_seal', `bit ${bit}`)
    }
    expect(await tokens.open(bytes.toString('latin1'))).to.deep.include({ content })
  })
  it('M06 does not open when it is cut, longer, in upper case, or without a dot', async () => {
    for (let length = 0; length < token.length; length++) await expectRefused(tokens.open(token.slice(0, length)))
    for (const more of ['A', '=', '.', ' ', '\n', '.A']) await expectRefused(tokens.open(token + more))
    for (const text of [token.toUpperCase(), token.replace('.', ''), token.replaceAll('.', ''), token.replace('..', '.A.')])
      await expectRefused(tokens.open(text))
  })
  it('M06 has one spelling: last bits that say nothing are not overlooked', async () => {
    const last = token.at(-1)!
    const lookalike = token.slice(0, -1) + String.fromCharCode(last.charCodeAt(0) + 1)
    expect(Buffer.from(lookalike.split('.')[4]!, 'base64url')).to.deep.equal(Buffer.from(token.split('.')[4]!, 'base64url'))
    await expectRefused(tokens.open(lookalike))
  })
  it('R19 opens under no other header, though it were sealed by the right key', async () => {
    const [key] = secrets.keysFor('sealed-tokens/sign-up')
    const header = { alg: 'dir', enc: 'A256GCM', kid: secrets.names[0], typ: 'signet-sealed' }
    const text = Buffer.from(JSON.stringify({ exp: then + 60, content }))
    const sealedUnder = (other: object) =>
      new CompactEncrypt(text).setProtectedHeader({ ...header, ...other }).encrypt(key, { crit: { x: true } })
    expect(await tokens.open(await sealedUnder({}))).to.deep.include({ content })
    for (const other of [
      { typ: 'JWT' },
      { typ: undefined },
      { kid: undefined },
      { kid: '0'.repeat(12) },
      { zip: 'DEF' },
      { x: 1 },
      { cty: 'JWT' },
    ])
      await expectRefused(tokens.open(await sealedUnder(other)), 'bad_seal', JSON.stringify(other))
    await expectRefused(
      tokens.open(await new CompactEncrypt(text).setProtectedHeader({ ...header, alg: 'A256GCMKW' }).encrypt(key)),
    )
  })
  for (const text of ['', '.', '....', 'a.b.c', 'null', '{}', 'eyJhbGciOiJub25lIn0..a.b.c', 'A'.repeat(100_000)])
    it(`is told apart from what was never sealed: ${text.slice(0, 20)}`, () => expectRefused(tokens.open(text)))
  it('is told apart from a signed JWT', async () => {
    const [head, body] = [{ alg: 'HS256', kid: secrets.names[0] }, { exp: then + 60 }].map((part) =>
      Buffer.from(JSON.stringify(part)).toString('base64url'),
    )
    const mac = createHmac('sha256', secrets.keysFor('sealed-tokens/sign-up')[0]).update(`${head}.${body}`).digest('base64url')
    await expectRefused(tokens.open(`${head}.${body}.${mac}`))
  })

  it('M04 opens for its purpose alone', async () => {
    for (const purpose of ['recovery', 'sign-up/', '', 'Sign-up'])
      await expectRefused(createSealedTokens({ secrets, purpose, now }).open(token), 'bad_seal', purpose)
    expect(await createSealedTokens({ secrets, purpose: 'sign-up', now }).open(token)).to.deep.include({ content })
  })
  it('M14 opens while its secret is given, and the first seals', async () => {
    const newer = 'a newer secret for tests, long enough to be one'
    const by = (...given: [string, ...string[]]) => createSealedTokens({ secrets: createSecrets(given), purpose: 'sign-up', now })
    const both = by(newer, 'a secret for tests, long enough to be one')
    expect(await both.open(token)).to.deep.include({ content })
    const fresh = await both.seal(content, 60)
    expect(await by(newer).open(fresh)).to.deep.include({ content })
    await expectRefused(by(newer).open(token))
    await expectRefused(tokens.open(fresh))
  })

  for (const [moved, verdict] of [
    [0, undefined],
    [3_599, undefined],
    [3_600, 'seal_expired'],
    [1e9, 'seal_expired'],
  ] as const)
    it(`M03 of an hour: ${moved} s later it ${verdict ? 'has run out' : 'is good'}`, async () => {
      time = then + moved
      if (verdict) await expectRefused(tokens.open(token), verdict)
      else expect(await tokens.open(token)).to.deep.equal({ content, expiresAt: then + 3_600 })
    })
  it('M03 M17 has an end', async () => {
    for (const wrong of [0, -1, 0.5, Number.NaN, Infinity, undefined] as number[]) {
      const fault = await tokens.seal(content, wrong).catch((cause) => cause)
      expect(fault, String(wrong)).to.be.instanceOf(TypeError)
    }
  })
  it('is not made longer than it may be read', async () => {
    expect(await tokens.seal('x'.repeat(8_000), 60).catch((cause) => cause)).to.be.instanceOf(TypeError)
  })
})
