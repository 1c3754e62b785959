/** What Django signs is read here, and the other way round: `test/vectors/make-django.py` wrote the vectors, with a real one. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect } from 'chai'
import fc from 'fast-check'
import { Refusal } from '../../src/base/errors.ts'
import { type Json, packJson, unpackJson } from '../../src/crypto/packed-json.ts'
import { createSigner, createTimestampSigner } from '../../src/crypto/signer.ts'
import { createSigning } from '../../src/crypto/signing.ts'
import { askDjango, describeWithDjango } from '../support/django.ts'

interface Vector {
  kind: 'sign' | 'sign-dated' | 'sign-object' | 'dumps' | 'sha1'
  secret: string
  salt?: string
  separator?: string
  time: number
  value: never
  compress?: boolean
  float?: boolean
  signed: string
}

const lines = readFileSync(path.resolve(import.meta.dirname, '../vectors/django.jsonl'), 'utf8')
  .trimEnd()
  .split('\n')
const vectors: Vector[] = lines.map((line) => JSON.parse(line))
const titleOf = ({ kind, value }: Vector) => `${kind} of ${JSON.stringify(value).slice(0, 40)}`
/** zlib's stream may be another one for the same text, and floats are written in another way. */
const isWrittenAlike = ({ signed, float }: Vector) => !signed.startsWith('.') && !float

/** How each kind is read, and written, at the time of the vector. */
function ours({ kind, secret, salt, separator, time, value, compress }: Vector, keys: [string, ...string[]] = [secret]) {
  const now = () => time
  const signer = createSigner({ keys, salt, separator })
  const dated = createTimestampSigner({ keys, salt, separator, now })
  const signing = createSigning({ keys, now })
  return {
    sign: { write: () => signer.sign(value), read: (signed: string): unknown => signer.unsign(signed) },
    sha1: { write: () => signer.sign(value), read: (signed: string): unknown => signer.unsign(signed) },
    'sign-dated': { write: () => dated.sign(value), read: (signed: string): unknown => dated.unsign(signed, 0).value },
    'sign-object': {
      write: () => signer.sign(packJson(value)),
      read: (signed: string): unknown => unpackJson(signer.unsign(signed)),
    },
    dumps: {
      write: () => signing.dumps(value, { salt, compress }),
      read: (signed: string): unknown => signing.loads(signed, { salt, maxAgeSeconds: 0 }),
    },
  }[kind]
}

function expectRefused(read: () => unknown): void {
  expect(read).to.throw(Refusal).with.property('code', 'bad_signature')
}

describe('a vector that Django wrote', () => {
  const good = vectors.filter(({ kind }) => kind !== 'sha1')
  it('is one of a hundred and more', () => expect(good.length).to.be.greaterThan(100))

  for (const vector of good) {
    it(`is read: ${titleOf(vector)}`, () => {
      expect(ours(vector).read(vector.signed)).to.deep.equal(vector.value)
    })
  }

  it('is what is written here, letter by letter, but for floats and compression', () => {
    const alike = good.filter(isWrittenAlike)
    expect(alike.length).to.be.greaterThan(100)
    for (const vector of alike) expect(ours(vector).write(), titleOf(vector)).to.equal(vector.signed)
  })

  it('is compressed where that is shorter, as here', () => {
    const asked = good.filter(({ compress }) => compress)
    expect(asked.filter(({ signed }) => signed.startsWith('.')).length).to.be.greaterThan(3)
    for (const vector of asked)
      expect(ours(vector).write().startsWith('.'), titleOf(vector)).to.equal(vector.signed.startsWith('.'))
  })

  it('M14 is read while its secret is one of those given, and written by the first alone', () => {
    for (const vector of good) {
      const withOld = ours(vector, ['another secret', vector.secret])
      expect(withOld.read(vector.signed), titleOf(vector)).to.deep.equal(vector.value)
      if (isWrittenAlike(vector)) expect(ours(vector, ['another secret']).read(withOld.write())).to.deep.equal(vector.value)
      expectRefused(() => ours(vector, ['another secret']).read(vector.signed))
    }
  })

  it('is refused where it was signed by SHA-1, as before Django 3.1', () => {
    for (const vector of vectors.filter(({ kind }) => kind === 'sha1')) expectRefused(() => ours(vector).read(vector.signed))
  })
})

describeWithDjango('the installed Django', () => {
  const secret = 'a secret that both have'
  const now = () => Math.floor(Date.now() / 1000)
  const signing = createSigning({ keys: [secret], now })
  const samples = fc.sample(fc.tuple(fc.jsonValue({ maxDepth: 4 }), fc.string({ unit: 'grapheme' }), fc.boolean()), 150)
  // A float without a fraction is an integer here and not there; both are the same number.
  const asNumbers = (value: unknown) => JSON.parse(JSON.stringify(value))

  it('reads what is signed here', () => {
    const questions = samples.map(([value, salt, compress]) => {
      const own = `p${salt}`
      return { ask: 'loads', secret, salt: own, signed: signing.dumps(value as Json, { salt: own, compress }) }
    })
    askDjango(questions).forEach((answer, at) => {
      expect(answer.value).to.deep.equal(asNumbers(samples[at]![0]))
    })
  })

  it('signs what is read here', () => {
    const questions = samples.map(([value, salt, compress]) => ({
      ask: 'dumps',
      secret,
      salt: `p${salt}`,
      value: value as Json,
      compress,
    }))
    askDjango(questions).forEach(({ signed }, at) => {
      const read = signing.loads(signed as string, { salt: `p${samples[at]![1]}`, maxAgeSeconds: 60 })
      expect(asNumbers(read)).to.deep.equal(asNumbers(samples[at]![0]))
    })
  })

  it('reads and writes plain and dated text likewise', () => {
    const texts = samples.flatMap(([, text]) => [true, false].map((dated) => ({ text, dated })))
    const salt = 'texts'
    const signerOf = (dated: boolean) => {
      const parts = { keys: [secret] as [string], salt }
      const plain = createSigner(parts)
      const timed = createTimestampSigner({ ...parts, now })
      return dated ? { sign: timed.sign, unsign: (signed: string) => timed.unsign(signed, 60).value } : plain
    }
    const answers = askDjango([
      ...texts.map(({ text, dated }) => ({ ask: 'unsign', secret, salt, dated, signed: signerOf(dated).sign(text) })),
      ...texts.map(({ text, dated }) => ({ ask: 'sign', secret, salt, dated, value: text })),
    ])
    texts.forEach(({ text, dated }, at) => {
      expect(answers[at]!.value).to.equal(text)
      expect(signerOf(dated).unsign(answers[texts.length + at]!.signed as string)).to.equal(text)
    })
  })

  it('refuses what we would: another salt, another secret, an age that is over', () => {
    const old = createSigning({ keys: [secret], now: () => now() - 100 }).dumps('hello')
    const fresh = signing.dumps('hello')
    const ask = (signed: string, more: object) => ({ ask: 'loads', secret, salt: 'django.core.signing', signed, ...more })
    expect(
      askDjango([
        ask(fresh, {}),
        ask(fresh, { salt: 'other' }),
        ask(fresh, { secret: 'other' }),
        ask(old, { maxAge: 99 }),
        ask(old, { maxAge: 110 }),
      ]),
    ).to.deep.equal([
      { value: 'hello' },
      { refused: 'BadSignature' },
      { refused: 'BadSignature' },
      { refused: 'SignatureExpired' },
      { value: 'hello' },
    ])
  })
})
