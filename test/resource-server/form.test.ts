import { deflateRawSync } from 'node:zlib'
import { expect } from 'chai'
import { createResourceServer, type Reason } from '../../src/resource-server/index.ts'
import { verifySignature } from '../../src/resource-server/signature.ts'
import {
  bearer,
  countCostlyCalls,
  createApi,
  encode,
  expectAccepted,
  expectRefused,
  goodClaims,
  goodHeader,
  ISSUER,
  keys,
  mint,
  NOW,
  notes,
  rawSignature,
  refusalOf,
} from './support.ts'

// The order of P-256 (FIPS 186-5).
const order = Buffer.from('ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551', 'hex')
const zero = Buffer.alloc(32)

const parts = (token: string) => token.split('.') as [string, string, string]
const signatureOf = (token: string) => Buffer.from(parts(token)[2], 'base64url')
/** One of some 256 RSA signatures begins with a zero. */
function mintedUntil(make: (count: number) => string, isIt: (token: string) => boolean): string {
  for (let count = 0; ; count++) {
    const token = make(count)
    if (isIt(token)) return token
  }
}
const withSignature = (token: string, signature: Buffer) =>
  `${parts(token).slice(0, 2).join('.')}.${signature.toString('base64url')}`

describe('kit: the form of a token', () => {
  const api = createApi()
  const good = mint()
  const r = signatureOf(good).subarray(0, 32)
  const s = signatureOf(good).subarray(32)

  it('R15 R16 accepts the token that is altered below', () => expectAccepted(api, good))

  const signatures: [string, Buffer][] = [
    ['empty', Buffer.alloc(0)],
    ['one byte', Buffer.from([1])],
    ['truncated', signatureOf(good).subarray(0, 63)],
    ['half of it', r],
    ['DER', toDer(r, s)],
    ['r zero', Buffer.concat([zero, s])],
    ['s zero', Buffer.concat([r, zero])],
    ['all zero', Buffer.concat([zero, zero])],
    ['r the order', Buffer.concat([order, s])],
    ['s the order', Buffer.concat([r, order])],
    ['s above the order', Buffer.concat([r, Buffer.alloc(32, 0xff)])],
    ['all ones', Buffer.alloc(64, 0xff)],
    ['r and s swapped', Buffer.concat([s, r])],
    ['extra bytes after it', Buffer.concat([signatureOf(good), Buffer.from([0])])],
    ['extra bytes before it', Buffer.concat([Buffer.from([0]), signatureOf(good)])],
    ['twice', Buffer.concat([signatureOf(good), signatureOf(good)])],
    ['padded to 66 bytes', Buffer.concat([Buffer.from([0]), r, Buffer.from([0]), s])],
    ['of another token', signatureOf(mint({ sub: 'eve' }))],
    ['of another key', rawSignature({ ...keys.RS256, kid: 'ES256' }, parts(good).slice(0, 2).join('.'))],
  ]
  for (const [name, signature] of signatures) {
    it(`R15 refuses a signature that is ${name}`, () => expectRefused(api, withSignature(good, signature), 'bad_signature'))
  }
  for (const key of [keys.RS256, keys.PS256, keys.EdDSA]) {
    for (const [name, alter] of [
      ['empty', () => Buffer.alloc(0)],
      ['truncated', (bytes: Buffer) => bytes.subarray(1)],
      ['longer', (bytes: Buffer) => Buffer.concat([bytes, Buffer.from([0])])],
      ['one bit away', (bytes: Buffer) => Buffer.concat([Buffer.from([bytes[0]! ^ 1]), bytes.subarray(1)])],
      ['all zero', (bytes: Buffer) => Buffer.alloc(bytes.length)],
    ] as [string, (bytes: Buffer) => Buffer][]) {
      it(`R15 refuses a signature by ${key.algorithm} that is ${name}`, async () => {
        const token = mint({}, {}, key)
        await expectAccepted(api, token)
        await expectRefused(api, withSignature(token, alter(signatureOf(token))), 'bad_signature')
      })
    }
  }
  for (const key of [keys.RS256, keys.PS256]) {
    it(`R15 refuses a signature by ${key.algorithm} whose first byte is zero and left out`, async () => {
      const token = mintedUntil(
        (count) => mint({ jti: `token-${count}` }, {}, key),
        (minted) => signatureOf(minted)[0] === 0,
      )
      await expectAccepted(api, token)
      await expectRefused(api, withSignature(token, signatureOf(token).subarray(1)), 'bad_signature')
    })
  }
  it('R15 takes the mirrored signature of ECDSA, which the standard allows, for the same token', async () => {
    const mirrored = (BigInt(`0x${order.toString('hex')}`) - BigInt(`0x${s.toString('hex')}`)).toString(16).padStart(64, '0')
    const auth = await api.verify(withSignature(good, Buffer.concat([r, Buffer.from(mirrored, 'hex')])))
    expect(auth.claims).to.deep.equal((await api.verify(good)).claims)
  })
  it('R15 refuses parts put together from two good tokens', async () => {
    const other = mint({ sub: 'eve', jti: 'token-2' }, { typ: 'application/at+jwt' })
    await expectAccepted(api, other)
    const [h1, p1, s1] = parts(good)
    const [h2, p2, s2] = parts(other)
    for (const mixed of [
      [h1, p2, s1],
      [h1, p2, s2],
      [h2, p1, s1],
      [h2, p1, s2],
      [h2, p2, s1],
    ]) {
      await expectRefused(api, mixed.join('.'), 'bad_signature')
    }
  })

  const spellings: [string, (token: string) => string][] = [
    ['padding', (token) => `${token}=`],
    ['double padding', (token) => `${token}==`],
    ['padding of a part', (token) => token.replace('.', '=.')],
    ['a space after', (token) => `${token} `],
    ['a space within', (token) => token.replace('.', ' .')],
    ['a newline after', (token) => `${token}\n`],
    ['a newline within', (token) => `${token.slice(0, 20)}\n${token.slice(20)}`],
    ['a carriage return', (token) => token.replace('.', '\r.')],
    ['a tab', (token) => token.replace('.', '\t.')],
    ['a NUL', (token) => `${token}\0`],
    ['a byte order mark', (token) => `\uFEFF${token}`],
    ['percent encoding', (token) => token.replace('.', '%2E')],
    ['a full-width dot', (token) => token.replace('.', '．')],
    ['a letter outside of the alphabet', (token) => `${token.slice(0, -1)}é`],
    ['quotes around it', (token) => `"${token}"`],
    ['its scheme before it', (token) => `Bearer ${token}`],
  ]
  for (const [name, spell] of spellings) {
    it(`R16 refuses a token with ${name}`, () => expectRefused(api, spell(good), 'malformed_token'))
  }
  it('R16 refuses a bare token with a space before; in a header it belongs to the scheme', async () => {
    expect(await refusalOf(api.verify(` ${good}`))).to.have.property('reason', 'malformed_token')
    expect(await api.check(bearer(` ${good}`))).to.have.property('ok', true)
  })
  it('R16 refuses the other base64 alphabet', async () => {
    let token = mint()
    for (let i = 0; !/[-_][^.]*$/.test(token); i++) token = mint({ jti: `token-${i}` })
    await expectAccepted(api, token)
    const other = token.replaceAll('-', '+').replaceAll('_', '/')
    expect(other).not.to.equal(token)
    await expectRefused(api, other, 'malformed_token')
  })
  for (const [index, name] of ['header', 'payload', 'signature'].entries()) {
    it(`R16 refuses bits behind the end of the ${name}`, async () => {
      // A part whose last group is not full has bits that decoders drop: spelled otherwise, it says the same.
      const token = mint(
        index === 1 ? { pad: fitting((pad) => encode({ ...goodClaims(), pad })) } : {},
        index === 0 ? { pad: fitting((pad) => encode({ ...goodHeader(), pad })) } : {},
      )
      await expectAccepted(api, token)
      const spelled = parts(token)
      const part = spelled[index] as string
      spelled[index] = part.slice(0, -1) + next(part.at(-1) as string)
      expect(Buffer.from(spelled[index], 'base64url').equals(Buffer.from(part, 'base64url'))).to.equal(true)
      await expectRefused(api, spelled.join('.'), 'malformed_token')
    })
  }
  it('R16 refuses a part of which a lone character carries no byte', () => expectRefused(api, `${good}AAA`, 'malformed_token'))
  it('refuses bytes that are not UTF-8', async () => {
    const payload = Buffer.concat([
      Buffer.from(JSON.stringify(goodClaims()).slice(0, -1)),
      Buffer.from(',"x":"\xff"}', 'latin1'),
    ]).toString('base64url')
    const signed = `${encode(goodHeader())}.${payload}`
    await expectRefused(api, `${signed}.${rawSignature(keys.ES256, signed).toString('base64url')}`, 'malformed_token')
  })

  describe('R19 an encrypted token where a signed one is expected', () => {
    const bomb = deflateRawSync(Buffer.alloc(1 << 20)).toString('base64url')
    const jwes: [string, object, string][] = [
      ['plain', { alg: 'ECDH-ES', enc: 'A256GCM' }, 'AAAA'],
      ['with a bomb in it', { alg: 'dir', enc: 'A256GCM', zip: 'DEF' }, bomb],
      [
        'whose password costs a billion rounds',
        { alg: 'PBES2-HS512+A256KW', enc: 'A256GCM', p2c: 1_000_000_000, p2s: 'AAAA' },
        'AAAA',
      ],
      ['that says to be signed', goodHeader(), parts(good)[1]],
    ]
    for (const [name, header, text] of jwes) {
      it(`R19 refuses one ${name}, and computes nothing`, async () => {
        const token = [encode(header), 'AAAA', 'AAAAAAAAAAAAAAAA', text, 'AAAAAAAAAAAAAAAAAAAAAA'].join('.')
        expect(await countCostlyCalls(() => expectRefused(api, token, 'encrypted_token'))).to.equal(0)
      })
      it(`R19 refuses the header of one ${name} on three parts`, async () => {
        const reason: Reason = header === jwes[3]?.[1] ? 'bad_signature' : 'unsupported_algorithm'
        await expectRefused(api, [encode(header), text.slice(0, 4), 'AAAA'].join('.'), reason)
      })
    }
    it('R19 accepts a signed token beside them', () => expectAccepted(api, good))
  })

  describe('R26 size', () => {
    for (const [name, token] of [
      ['8 KB and a bit', `${encode('x'.repeat(6200))}.AAAA.AAAA`],
      ['16 MB', 'A'.repeat(16_000_000)],
      ['a hundred thousand dots', '.'.repeat(100_000)],
      ['dots as far as the limit goes', '.'.repeat(8192)],
      ['a token and a hundred thousand dots', `${good}${'.'.repeat(100_000)}`],
      ['no dot', 'AAAA'],
      ['one dot', 'AAAA.AAAA'],
      ['three dots', `${good}.AAAA`],
      ['five dots', `${good}.AAAA.AAAA.AAAA`],
      ['nothing', ''],
    ] as const) {
      it(`R26 refuses a token of ${name} without decoding it`, async () => {
        expect(await countDecodes(() => expectRefused(api, token, 'malformed_token'))).to.equal(0)
      })
    }
    it('R26 refuses a token of nothing but its dots', () => expectRefused(api, '..', 'malformed_token'))
    it('R26 accepts a token that is nearly as long as the limit', async () => {
      const token = mint({ pad: 'x'.repeat(5600) })
      expect(token.length).to.be.within(7800, 8192)
      await expectAccepted(api, token)
    })
    it('R26 takes what is not even text for a malformed token', async () => {
      for (const token of [undefined, null, 7, {}, ['a.b.c'], Buffer.from(good)]) {
        const error = await api.verify(token as never).catch((thrown) => thrown)
        expect(error).to.have.property('reason', 'malformed_token')
      }
    })
    it('R26 does not keep what was refused', async () => {
      const junk = Array.from({ length: 2000 }, (_, i) => `${good.slice(0, -8)}${encode(`${i}`.padStart(6, '0'))}`)
      for (const token of junk.slice(0, 200)) await api.verify(token).catch(() => {})
      globalThis.gc?.()
      const before = process.memoryUsage().heapUsed
      for (const token of junk) await api.verify(token).catch(() => {})
      globalThis.gc?.()
      expect(process.memoryUsage().heapUsed - before).to.be.below(16_000_000)
    })
  })

  it('a signature is judged by the one function of the seam', () => {
    const token = parts(good)
    const signed = Buffer.from(token.slice(0, 2).join('.'))
    expect(verifySignature('ES256', keys.ES256.publicKey, signed, signatureOf(good))).to.equal(true)
    expect(verifySignature('ES256', keys.ES256.publicKey, signed, toDer(r, s))).to.equal(false)
  })

  it('R26 a flood of malformed tokens asks nothing of the issuer', async () => {
    let asked = 0
    const lazy = createResourceServer({
      issuer: ISSUER,
      resource: notes,
      now: () => NOW,
      fetch: async () => {
        asked++
        return Response.error()
      },
    })
    for (let i = 0; i < 100; i++) await expectRefused(lazy, `junk-${i}`, 'malformed_token')
    expect(asked).to.equal(0)
  })
})

/** ASN.1 of the two numbers, as OpenSSL signs by default. */
function toDer(...numbers: Buffer[]): Buffer {
  const integers = numbers.map((number) => {
    const bytes = number[0]! >= 0x80 ? Buffer.concat([Buffer.from([0]), number]) : number
    return Buffer.concat([Buffer.from([2, bytes.length]), bytes])
  })
  const body = Buffer.concat(integers)
  return Buffer.concat([Buffer.from([0x30, body.length]), body])
}

/** The shortest padding with which the last group of the encoded text is not full. */
function fitting(encoded: (pad: string) => string): string {
  return ['', 'x', 'xx'].find((pad) => encoded(pad).length % 4 !== 0) as string
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const next = (letter: string): string => alphabet[alphabet.indexOf(letter) + 1] as string

/** How many base64url texts were decoded meanwhile. */
async function countDecodes(work: () => Promise<void>): Promise<number> {
  const { from } = Buffer
  let count = 0
  Buffer.from = ((...all: Parameters<typeof from>) => {
    if ((all as unknown[])[1] === 'base64url') count++
    return from(...all)
  }) as typeof from
  try {
    await work()
    return count
  } finally {
    Buffer.from = from
  }
}
