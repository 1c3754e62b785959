import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect } from 'chai'
import { calculateJwkThumbprint } from 'jose'
import { openKeyFolder } from '../../src/crypto/key-files.ts'
import { keysInFolder } from '../../src/crypto/key-place.ts'
import { openKeyRing } from '../../src/crypto/keyring.ts'
import { rotationPolicy } from '../../src/crypto/rotation.ts'
import { type SigningAlgorithm, signingAlgorithms } from '../../src/settings/algorithms.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { freshKeyFolder, refusalOf } from './folder.ts'

const now = () => 1_700_000_000
const policy = rotationPolicy(7_776_000, 3_600)
const secretMembers = ['d', 'priv', 'p', 'q', 'dp', 'dq', 'qi', 'k', 'oth', 'created_at']
const jwkOf = ({ privateKey }: { privateKey: KeyObject }) => privateKey.export({ format: 'jwk' })
const ec = (namedCurve: string) => jwkOf(generateKeyPairSync('ec', { namedCurve }))
const rsa = (modulusLength: number) => jwkOf(generateKeyPairSync('rsa', { modulusLength }))
const goodRsa = rsa(2048)

describe('the key ring', () => {
  const folder = freshKeyFolder()
  const ring = (...algorithms: SigningAlgorithm[]) =>
    openKeyRing(keysInFolder(openKeyFolder(folder.path)), { algorithms, policy, now })
  const names = () => openKeyFolder(folder.path).names()
  const put = (jwk: unknown, name = 'signing-mine.json') => {
    openKeyFolder(folder.path)
    writeFileSync(path.join(folder.path, name), typeof jwk === 'string' ? jwk : JSON.stringify(jwk), { mode: 0o600 })
  }

  it('makes a key for each algorithm once, for its owner alone, and keeps it over a restart', async () => {
    const first = await ring(...signingAlgorithms)
    expect(first.algorithms).to.have.members(signingAlgorithms)
    expect(names()).to.have.length(signingAlgorithms.length)
    for (const name of names()) expect(statSync(path.join(folder.path, name)).mode & 0o777).to.equal(0o600)
    const second = await ring(...signingAlgorithms)
    expect(second.jwks.keys).to.have.deep.members(first.jwks.keys)
    expect(names()).to.have.length(signingAlgorithms.length)
  })

  it('makes one key that is due, however often it is looked after at that moment', async () => {
    let time = now()
    const place = keysInFolder(openKeyFolder(folder.path))
    const ring = await openKeyRing(place, { algorithms: ['RS256'], policy, now: () => time })
    time += policy.rotateAfterSeconds
    await Promise.all([ring.tend(), ring.tend(), ring.tend()])
    expect(names()).to.have.length(2)
  })

  it('K05 has a key at every moment while its only one is taken out and another is made', async () => {
    const one = await ring('RS256')
    const { kid } = one.current('RS256')
    openKeyFolder(folder.path).remove(names()[0]!)
    let isTended = false
    const tending = one.tend().finally(() => {
      isTended = true
    })
    const seen = new Set<number>()
    while (!isTended) {
      seen.add(one.jwks.keys.length)
      one.current('RS256')
      await new Promise(setImmediate)
    }
    await tending
    expect([...seen]).to.deep.equal([1])
    expect(one.current('RS256').kid).to.not.equal(kid)
  })

  it('K01: publishes no private member', async () => {
    const { jwks } = await ring(...signingAlgorithms)
    for (const key of jwks.keys) {
      expect(key).to.not.have.any.keys(...secretMembers)
      expect(key).to.include({ use: 'sig', kid: await calculateJwkThumbprint(key) })
      expect(signingAlgorithms).to.include(key.alg)
    }
    const stored = names().map((name) => JSON.parse(readFileSync(path.join(folder.path, name), 'utf8')))
    for (const { d, priv } of stored) expect(JSON.stringify(jwks)).not.to.include(d ?? priv)
  })

  it('K04 publishes a next key in the very second of the first, and goes on signing with the first', async () => {
    for (let round = 0; round < 8; round++) {
      for (const name of names()) openKeyFolder(folder.path).remove(name)
      const made = await ring('EdDSA')
      const first = made.current('EdDSA')
      const next = await made.rotate('EdDSA')
      expect(made.current('EdDSA').kid).to.equal(first.kid)
      expect(made.published('EdDSA').map(({ kid }) => kid)).to.deep.equal([first.kid, next.kid])
    }
  })

  it('K04 signs with the older key until the newer one has been published long enough, and publishes both', async () => {
    const old = { ...ec('P-256'), alg: 'ES256', created_at: now() - 100 }
    put(old, 'signing-old.json')
    const made = await ring('ES256')
    expect(made.jwks.keys).to.have.length(1)
    put({ ...ec('P-256'), alg: 'ES256', created_at: now() }, 'signing-a-new-one.json')
    const both = await ring('ES256')
    expect(both.current('ES256').createdAt).to.equal(now() - 100)
    expect(both.jwks.keys).to.have.length(2)
    const later = await openKeyRing(keysInFolder(openKeyFolder(folder.path)), {
      algorithms: ['ES256'],
      policy,
      now: () => now() + policy.publishSeconds,
    })
    expect(later.current('ES256').createdAt).to.equal(now())
    expect(later.jwks.keys.map(({ kid }) => kid)).to.deep.equal([later.current('ES256').kid, made.current('ES256').kid])
    expect(later.byKid(made.current('ES256').kid)?.createdAt).to.equal(now() - 100)
  })

  it('names a key by its thumbprint, whatever its file says', async () => {
    put({ ...ec('P-256'), alg: 'ES256', kid: '../../etc/passwd', use: 'enc', d2: 'x', created_at: now() })
    const [key] = (await ring('ES256')).jwks.keys
    expect(key).to.have.all.keys('kty', 'crv', 'x', 'y', 'kid', 'alg', 'use')
    expect(key?.kid).to.match(/^[A-Za-z0-9_-]{43}$/)
    expect(key?.use).to.equal('sig')
  })

  it('refuses a key that does not say when it was made, since the newest one signs', async () => {
    put({ ...ec('P-256'), alg: 'ES256' })
    expect((await refusalOf(() => ring('ES256'))).code).to.equal('ambiguous_key')
  })

  it('publishes both keys of two servers that start together', async () => {
    const [one, other] = await Promise.all([ring('ES256'), ring('ES256')])
    expect((await ring('ES256')).jwks.keys.map(({ kid }) => kid)).to.include.members([
      one.current('ES256').kid,
      other.current('ES256').kid,
    ])
  })

  it('leaves alone what is no signing key', async () => {
    put('text', 'README.md')
    put('text', 'signing-old.json.bak')
    expect((await ring('ES256')).jwks.keys).to.have.length(1)
  })

  it('has no key for what it was not opened for', async () => {
    const { current, byKid } = await ring('ES256')
    expect(() => current('EdDSA')).to.throw(TypeError)
    for (const kid of ['', '__proto__', 'signing-mine', '\0']) expect(byKid(kid)).to.equal(undefined)
  })

  it('K06: refuses one key in two files', async () => {
    await ring('ES256')
    const file = path.join(folder.path, names()[0]!)
    put(readFileSync(file, 'utf8'))
    const { code, message } = await refusalOf(() => ring('ES256'))
    expect(code).to.equal('ambiguous_key')
    expect(message).to.match(/remove one/)
    renameSync(path.join(folder.path, 'signing-mine.json'), file)
    expect((await ring('ES256')).jwks.keys).to.have.length(1)
  })

  it('K06: refuses one RSA key for two algorithms', async () => {
    put({ ...goodRsa, alg: 'RS256' }, 'signing-1.json')
    put({ ...goodRsa, alg: 'PS256' }, 'signing-2.json')
    expect((await refusalOf(() => ring('RS256'))).code).to.equal('ambiguous_key')
  })

  for (const [what, jwk] of [
    ['an RSA key of 1024 bits', { ...rsa(1024), alg: 'RS256' }],
    ['an RSA key of 2047 bits', { ...rsa(2047), alg: 'RS256' }],
    ['an RSA key for ES256', { ...goodRsa, alg: 'ES256' }],
    ['an EC key for RS256', { ...ec('P-256'), alg: 'RS256' }],
    ['another curve for ES256', { ...ec('P-384'), alg: 'ES256' }],
    ['secp256k1 for ES256', { ...ec('secp256k1'), alg: 'ES256' }],
    ['an EC key for EdDSA', { ...ec('P-256'), alg: 'EdDSA' }],
    ['Ed448 for EdDSA', { ...jwkOf(generateKeyPairSync('ed448')), alg: 'EdDSA' }],
    ['X25519 for EdDSA', { ...jwkOf(generateKeyPairSync('x25519')), alg: 'EdDSA' }],
    ['K06: a key without alg', ec('P-256')],
    ['alg none', { ...ec('P-256'), alg: 'none' }],
    ['alg HS256', { ...ec('P-256'), alg: 'HS256' }],
    ['alg constructor', { ...ec('P-256'), alg: 'constructor' }],
  ] as const) {
    it(`refuses ${what}, and names the file`, async () => {
      put(jwk)
      const { code, message } = await refusalOf(() => ring('ES256'))
      expect(code).to.equal('weak_key')
      expect(message).to.match(/^signing-mine\.json: /)
    })
  }

  const { d: _, ...publicHalf } = ec('P-256')
  for (const [what, text] of [
    ['nothing', ''],
    ['no JSON', '-----BEGIN PRIVATE KEY-----'],
    ['null', 'null'],
    ['a number', '7'],
    ['a list', '[]'],
    ['an empty object', '{}'],
    ['the public half', JSON.stringify({ ...publicHalf, alg: 'ES256' })],
    ['a symmetric key', JSON.stringify({ kty: 'oct', k: 'c2VjcmV0', alg: 'HS256' })],
    ['a damaged key', JSON.stringify({ ...ec('P-256'), x: 'AAAA', alg: 'ES256' })],
  ] as const) {
    it(`refuses a file with ${what} in it, in one line that tells nothing of it`, async () => {
      put(text)
      const { code, message } = await refusalOf(() => ring('ES256'))
      expect(code).to.equal('unreadable_key')
      expect(message).to.match(/^The key file signing-mine\.json [^\n]*\.$/)
    })
  }

  describe('with keys that lie with a signer', () => {
    const { d: _d, ...held } = ec('P-256')
    const file = (more: object = {}) => ({ ...held, alg: 'ES256', created_at: now(), signer: 'unix:/run/signer.sock', ...more })

    it('publishes them without a word of the signer, and makes none in their place', async () => {
      put(file())
      const later = {
        algorithms: ['ES256', 'RS256'] as SigningAlgorithm[],
        policy,
        now: () => now() + 10 * policy.rotateAfterSeconds,
      }
      const { jwks, current, rotate, isHeldElsewhere } = await openKeyRing(keysInFolder(openKeyFolder(folder.path)), later)
      expect(jwks.keys.map(({ alg }) => alg)).to.have.members(['ES256', 'RS256'])
      for (const key of jwks.keys) expect(key).to.not.have.any.keys('signer', 'created_at')
      expect(current('ES256').signer?.href).to.equal('unix:/run/signer.sock')
      expect([isHeldElsewhere('ES256'), isHeldElsewhere('RS256')]).to.deep.equal([true, false])
      expect((await refusalOf(() => rotate('ES256'))).code).to.equal('held_elsewhere')
    })
    it('K04 has the next one sign when it was published long enough, as any other', async () => {
      put(file({ created_at: now() - 1_000 }), 'signing-old.json')
      const { d: _next, ...next } = ec('P-256')
      put({ ...file(), ...next }, 'signing-next.json')
      const states = (await ring('ES256')).all().map(({ state }) => state)
      expect(states).to.deep.equal(['current', 'next'])
    })
    for (const signer of ['https://kms.example.com/sign', 'http://127.0.0.1:8200/', 'http://[::1]/', 'unix:/a b']) {
      it(`takes a signer at ${signer}`, async () => {
        put(file({ signer }))
        expect((await ring('ES256')).current('ES256').signer).to.be.instanceOf(URL)
      })
    }
    for (const signer of [
      '',
      'signer',
      'unix:',
      'unix:signer.sock',
      'unix://host/x',
      'http://kms.example.com',
      'ftp://x/',
      7,
      null,
      {},
    ]) {
      it(`refuses a signer at ${JSON.stringify(signer)}`, async () => {
        put(file({ signer }))
        const { code, message } = await refusalOf(() => ring('ES256'))
        expect(code).to.equal('unreadable_key')
        expect(message).to.match(/signing-mine\.json names no signer: unix:/)
      })
    }
    for (const [what, jwk, code] of [
      ['a private half as well', { ...ec('P-256'), alg: 'ES256', created_at: now(), signer: 'unix:/s' }, 'ambiguous_key'],
      ['no public half', { alg: 'ES256', created_at: now(), signer: 'unix:/s' }, 'unreadable_key'],
      ['another algorithm than its own', file({ alg: 'RS256' }), 'weak_key'],
    ] as const) {
      it(`refuses one with ${what}`, async () => {
        put(jwk)
        expect((await refusalOf(() => ring('ES256'))).code).to.equal(code)
      })
    }
  })
})

describe('the key set over HTTP', () => {
  let server: TestServer
  before(async () => {
    server = await startTestServer()
  })
  after(() => server.close())

  for (const place of ['/jwks', '/.well-known/jwks.json']) {
    it(`K01: has no private member at ${place}, and may be kept`, async () => {
      const response = await fetch(new URL(place, server.issuer))
      const { keys } = (await response.json()) as { keys: Record<string, string>[] }
      expect(keys.map(({ alg }) => alg)).to.have.members(['ES256', 'RS256'])
      for (const key of keys) expect(key).to.not.have.any.keys(...secretMembers)
      expect(response.headers.get('cache-control')).to.equal('public, max-age=300')
      expect(response.headers.get('access-control-allow-origin')).to.equal('*')
    })
  }
})
