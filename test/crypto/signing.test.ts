import { createHmac, hash } from 'node:crypto'
import { deflateSync } from 'node:zlib'
import { expect } from 'chai'
import { Refusal } from '../../src/base/errors.ts'
import { fromBase62, toBase62 } from '../../src/crypto/base62.ts'
import { type Json, packJson } from '../../src/crypto/packed-json.ts'
import { createSigner, createTimestampSigner } from '../../src/crypto/signer.ts'
import { createSigning } from '../../src/crypto/signing.ts'

const then = 1_800_000_000
const keys = ['a secret for tests, long enough to be one'] as const
let time = then
const now = () => time
const signing = createSigning({ keys, now })
const salt = 'recovery'
const reading = { salt, maxAgeSeconds: 3_600 }
const content = { account: 'b1', version: 7 }
const token = signing.dumps(content, { salt })

function expectRefused(read: () => unknown, code = 'bad_signature', about = ''): void {
  expect(read, about).to.throw(Refusal).with.property('code', code)
}

beforeEach(() => {
  time = then
})

describe('a signed value', () => {
  it('is read back, with when it was signed', () => {
    time += 100
    expect(signing.loads(token, reading)).to.deep.equal(content)
    expect(signing.loadsDated(token, reading)).to.deep.equal({ value: content, signedAt: then })
  })
  it('needs no encoding in a URL', () => {
    const compressed = signing.dumps('again '.repeat(100), { salt, compress: true })
    for (const text of [token, compressed]) expect(text).to.match(/^[.\w-][\w:-]+$/)
    expect(compressed.length).to.be.lessThan(200)
  })

  it('M06 is refused with any bit of it flipped', () => {
    const bytes = Buffer.from(token)
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = Buffer.from(bytes)
      flipped[bit >> 3]! ^= 1 << (bit & 7)
      expectRefused(() => signing.loads(flipped.toString('latin1'), reading), 'bad_signature', `bit ${bit}`)
    }
    expect(signing.loads(bytes.toString('latin1'), reading)).to.deep.equal(content)
  })
  it('M06 is refused cut at either end, or longer', () => {
    for (let length = 0; length < token.length; length++) {
      expectRefused(() => signing.loads(token.slice(0, length), reading))
      expectRefused(() => signing.loads(token.slice(token.length - length), reading))
    }
    for (const more of ['A', '=', '.', ':', ' ', '\n', '\0']) {
      expectRefused(() => signing.loads(token + more, reading))
      expectRefused(() => signing.loads(more + token, reading))
    }
  })
  const [body = '', at = '', mac = ''] = token.split(':')
  const last = mac.at(-1)!
  // The last of 43 characters holds two bits that say nothing.
  const lookalike = mac.slice(0, -1) + String.fromCharCode(last.charCodeAt(0) + 1)
  const altered = {
    'in upper case': token.toUpperCase(),
    'in lower case': token.toLowerCase(),
    'without a separator': `${body}${at}:${mac}`,
    'without separators': body + at + mac,
    'with another separator': token.replaceAll(':', '.'),
    'without its time': `${body}:${mac}`,
    'with another time': `${body}:${toBase62(then + 1)}:${mac}`,
    'with a mark of compression': `.${token}`,
    'with a mac of other last bits': `${body}:${at}:${lookalike}`,
    'with a padded mac': `${token}=`,
    'without a mac': `${body}:${at}:`,
    'as nothing': '',
    'as separators': '::',
    'with a lone surrogate': `\ud800${token}`,
  }
  for (const [how, text] of Object.entries(altered))
    it(`M06 is refused ${how}`, () => {
      expect(text).to.not.equal(token)
      expectRefused(() => signing.loads(text, reading))
    })
  it('is refused in a sentence that repeats nothing of it', () => {
    try {
      signing.loads(`${token}A`, reading)
    } catch (cause) {
      const { message, detail } = cause as Refusal
      expect(JSON.stringify([message, detail])).to.not.include(body)
    }
  })

  it('M04 is read for its purpose alone', () => {
    for (const other of ['sign-up', 'Recovery', 'recovery ', 'recoverysigner']) {
      expectRefused(() => signing.loads(token, { ...reading, salt: other }))
      expect(signing.loads(signing.dumps(content, { salt: other }), { ...reading, salt: other })).to.deep.equal(content)
    }
    expectRefused(() => signing.loads(token, { maxAgeSeconds: 60 }))
  })
  it('M13 is another where a character moves from salt to value or from salt to key', () => {
    const macs = new Set<string>()
    for (const [own, value] of [
      ['salt1', 'v'],
      ['salt', '1v'],
      ['s', 'alt1v'],
      ['salt1v', ''],
    ] as const) {
      const signed = createSigner({ keys, salt: own }).sign(value)
      macs.add(signed.slice(signed.lastIndexOf(':')))
      macs.add(
        createSigner({ keys: [`1${keys[0]}`], salt: own })
          .sign(value)
          .slice(value.length),
      )
    }
    expect(macs).to.have.property('size', 8)
    expectRefused(() => createSigner({ keys, salt: 'salt' }).unsign(createSigner({ keys, salt: 'salt1' }).sign('v')))
  })
  it('M14 is read while its key is given, and signed by the first alone', () => {
    const both = createSigning({ keys: ['a new secret', ...keys], now })
    const fresh = both.dumps(content, { salt })
    expect(both.loads(token, reading)).to.deep.equal(content)
    expect(both.loads(fresh, reading)).to.deep.equal(content)
    expectRefused(() => signing.loads(fresh, reading))
    const onlyNew = createSigning({ keys: ['a new secret'], now })
    expect(onlyNew.loads(fresh, reading)).to.deep.equal(content)
    expectRefused(() => onlyNew.loads(token, reading))
  })
})

describe('the age of a signed value', () => {
  for (const [moved, verdict] of [
    [0, undefined],
    [3_600, undefined],
    [3_601, 'signature_expired'],
    [1e9, 'signature_expired'],
    [-60, undefined],
    [-61, 'bad_signature'],
  ] as const)
    it(`M03 of an hour at most: ${moved} s later it is ${verdict ?? 'good'}`, () => {
      time = then + moved
      if (verdict) expectRefused(() => signing.loads(token, reading), verdict)
      else expect(signing.loads(token, reading)).to.deep.equal(content)
    })
  it('M03 is no age without a time: what a plain signer of that salt signed', () => {
    expectRefused(() => signing.loads(createSigner({ keys, salt }).sign(packJson(content)), reading))
    for (const wrong of ['', '0x', '-1', '00', '1 ', 'zzzzzzzzz', '١'])
      expectRefused(() => signing.loads(createSigner({ keys, salt }).sign(`${packJson(content)}:${wrong}`), reading))
  })
  it('M03 is no excuse: what is altered and old is altered', () => {
    time += 1e6
    expectRefused(() => signing.loads(`${token.slice(0, -2)}AA`, reading))
  })
  for (const wrong of [-1, -0.001, Number.NaN, Infinity, -Infinity, undefined, null, '60', {}] as unknown as number[])
    it(`M17 cannot be ${String(wrong)}: that is our mistake, and lets nothing in`, () => {
      expect(() => signing.loads(token, { salt, maxAgeSeconds: wrong })).to.throw(TypeError)
      expect(() => signing.loads('', { salt, maxAgeSeconds: wrong })).to.throw(TypeError)
    })
  it('M17 can be nought: the same second', () => {
    expect(signing.loads(token, { salt, maxAgeSeconds: 0 })).to.deep.equal(content)
    time++
    expectRefused(() => signing.loads(token, { salt, maxAgeSeconds: 0 }), 'signature_expired')
  })
})

describe('what a signed value may hold', () => {
  const signed = (packed: string) => createTimestampSigner({ keys, salt, now }).sign(packed)
  const load = (packed: string) => signing.loads(signed(packed), reading)
  const deflated = (text: string) => `.${deflateSync(text).toString('base64url')}`
  const plain = (text: string) => Buffer.from(text, 'latin1').toString('base64url')
  const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth)

  for (const value of [null, '', 0, [], {}, 'ключ 🗝', { a: [1.5, { b: null }] }, '"[\\"{', ['\\', '[[[']] as Json[])
    it(`is JSON: ${JSON.stringify(value)}`, () => {
      for (const compress of [false, true])
        expect(signing.loads(signing.dumps(value, { salt, compress }), reading)).to.deep.equal(value)
    })
  it('is ASCII in whatever script', () => {
    expect(Buffer.from(packJson('\u007fé🗝'), 'base64url').toString('latin1')).to.equal('"\\u007f\\u00e9\\ud83d\\udddd"')
  })

  it('M15 a bomb, signed, is refused before it is inflated whole; what fits is read', () => {
    const fitting = JSON.stringify('0'.repeat(65_000))
    expect(load(deflated(fitting))).to.equal('0'.repeat(65_000))
    const bomb = deflated(JSON.stringify('0'.repeat(8_000_000)))
    expect(bomb.length).to.be.lessThan(16_000)
    const before = process.memoryUsage().arrayBuffers
    expectRefused(() => load(bomb))
    expect(process.memoryUsage().arrayBuffers - before).to.be.lessThan(1_000_000)
  })
  it('M15 more than can be meant is refused before its signature is looked at', () => {
    const long = `${'A'.repeat(16_400)}:${token}`
    expectRefused(() => signing.loads(long, reading))
    expect(() => signing.dumps('x'.repeat(20_000), { salt })).to.throw(TypeError)
    expect(() => signing.dumps('x'.repeat(70_000), { salt, compress: true })).to.throw(TypeError)
    expect(signing.loads(signing.dumps('x'.repeat(12_000), { salt }), reading)).to.have.length(12_000)
  })
  it('M15 sixty-four levels are read, and no more, signed or not', () => {
    expect(load(plain(nested(64)))).to.deep.equal(JSON.parse(nested(64)))
    for (const text of ['['.repeat(1_000), `"${'['.repeat(1_000)}`, `\\${'{'.repeat(1_000)}`])
      expect(signing.loads(signing.dumps([text], { salt }), reading)).to.deep.equal([text])
    expectRefused(() => load(plain(nested(65))))
    expectRefused(() => load(deflated(nested(30_000))))
    expectRefused(() => load(plain('['.repeat(10_000))))
    expect(() => signing.dumps(JSON.parse(nested(65)), { salt })).to.throw(TypeError)
  })
  it('M15 `__proto__` is a member like others', () => {
    const read = load(plain('{"__proto__":{"admin":true},"constructor":{"prototype":{"admin":true}}}')) as Record<string, unknown>
    expect(Object.keys(read)).to.deep.equal(['__proto__', 'constructor'])
    expect(Object.getPrototypeOf(read)).to.equal(Object.prototype)
    expect(({} as { admin?: boolean }).admin).to.equal(undefined)
    expect(read.admin).to.equal(undefined)
    expect(signing.loads(signing.dumps(read as Json, { salt }), reading)).to.deep.equal(read)
  })
  for (const [what, packed] of Object.entries({
    'no base64url': 'a+/=',
    'bits that say nothing': 'Ih',
    padding: `${plain('"a"')}==`,
    nothing: '',
    'no JSON': plain('hello'),
    'two of them': plain('1 2'),
    'NaN, as Python has it': plain('NaN'),
    'a mark and nothing': '.',
    'a mark and no stream': `.${plain('"a"')}`,
    'half a stream': deflated(JSON.stringify('0'.repeat(1_000))).slice(0, -4),
    'two marks': `.${deflated('"a"')}`,
  }))
    it(`M15 is refused when it is ${what}, even signed`, () => expectRefused(() => load(packed)))

  it('is a value of ours: what is none is our mistake', () => {
    const own: Record<string, unknown> = {}
    own.own = own
    for (const wrong of [undefined, () => 1, Symbol('s'), 1n, Number.NaN, [Infinity], own] as never[])
      expect(() => signing.dumps(wrong, { salt }), String(wrong)).to.throw(TypeError)
  })
})

describe('a signer', () => {
  for (const separator of ['', 'a', '-', '_', '=', 'A9', '^', '\\'])
    it(`cannot have ${JSON.stringify(separator)} as its separator`, () => {
      expect(() => createSigner({ keys, separator })).to.throw(TypeError)
    })
  it('cannot have an empty salt', () => {
    expect(() => createSigner({ keys, salt: '' })).to.throw(TypeError)
    expect(() => signing.dumps(content, { salt: '' })).to.throw(TypeError)
  })
  it('cannot have an empty key among its keys', () => {
    for (const wrong of [[''], [Buffer.alloc(0)], [keys[0], '']] as unknown as [string][])
      expect(() => createSigner({ keys: wrong })).to.throw(TypeError)
  })
  it('signs no text that has no bytes of its own, and takes none for another that has them', () => {
    expect(() => createSigner({ keys }).sign('\ud800')).to.throw(TypeError)
    const signed = createSigner({ keys }).sign('\ufffd')
    expect(createSigner({ keys }).unsign(signed)).to.equal('\ufffd')
    expectRefused(() => createSigner({ keys }).unsign(signed.replace('\ufffd', '\ud800')))
  })
  it('M06 takes nothing that has no signature', () => {
    for (const text of ['', 'hello', '🗝']) expectRefused(() => createSigner({ keys }).unsign(text))
  })
  it('M15 signs and reads 16,384 characters at most', () => {
    const macKey = hash('sha256', `psigner${keys[0]}`, 'buffer')
    const signed = (value: string) => `${value}:${createHmac('sha256', macKey).update(value).digest('base64url')}`
    const signer = createSigner({ keys, salt: 'p' })
    const most = 'x'.repeat(16_384 - 44)
    expect(signer.unsign(signed(most))).to.equal(most)
    expect(signer.sign(most)).to.equal(signed(most))
    expectRefused(() => signer.unsign(signed(`${most}x`)))
    expect(() => signer.sign(`${most}x`)).to.throw(TypeError)
  })
  it('has a key of bytes as well as of text', () => {
    const signed = createSigner({ keys: [Buffer.from(keys[0])] }).sign('hello')
    expect(createSigner({ keys }).unsign(signed)).to.equal('hello')
  })
})

describe('a number in base 62', () => {
  for (const number of [0, 1, 61, 62, 1_800_000_000, 62 ** 8 - 1])
    it(`is read as it was written: ${number}`, () => expect(fromBase62(toBase62(number))).to.equal(number))
  it('has one spelling', () => {
    for (const text of ['', '00', '01', '-1', '1.0', ' 1', '1\n', '1_', 'zzzzzzzzz', 'é'])
      expect(fromBase62(text)).to.equal(undefined)
  })
  it('is whole and not too great', () => {
    for (const number of [-1, 0.5, Number.NaN, Infinity, 62 ** 8]) expect(() => toBase62(number)).to.throw(TypeError)
  })
})
