import { createHash, generateKeyPairSync, randomUUID, sign } from 'node:crypto'
import { expect } from 'chai'
import { calculateJwkThumbprint } from 'jose'
import { createResourceServer, type DpopMode, type DpopOptions, type Requirement } from '../../src/resource-server/index.ts'
import { API, bearer, createApi, encode, jwksOf, keys, mint, NOW, notes, type Scope } from './support.ts'

const metadata = 'resource_metadata="https://api.example.com/.well-known/oauth-protected-resource"'
const algs = 'algs="ES256 RS256 PS256 EdDSA"'

const holder = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const thief = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const jwk = holder.publicKey.export({ format: 'jwk' })
const token = mint({ cnf: { jkt: await calculateJwkThumbprint(jwk) } })
const ath = (of: string) => createHash('sha256').update(of).digest('base64url')

function proof(claims: object = {}, header: object = {}, key = holder.privateKey): string {
  const whole = { typ: 'dpop+jwt', alg: 'ES256', jwk, ...header }
  const body = { jti: randomUUID(), htm: 'GET', htu: `${API}/notes`, iat: NOW, ath: ath(token), ...claims }
  const signed = `${encode(whole)}.${encode(body)}`
  return `${signed}.${sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
}

const request = (dpop: string | string[] | undefined, scheme = 'DPoP', sent = token) => ({
  method: 'GET',
  url: '/notes?page=2',
  headers: { authorization: `${scheme} ${sent}`, dpop },
})

describe('kit: proof of possession', () => {
  const apiWith = (dpop: DpopMode | DpopOptions) => createApi({ dpop })
  const answerOf = async (
    api: ReturnType<typeof createApi>,
    what: Parameters<typeof api.check>[0],
    need: Requirement<Scope> = 'notes:read',
  ) => {
    const outcome = await api.check(what, need)
    if (outcome.ok) return expect.fail('it was accepted')
    const { status, headers } = outcome.refusal
    return { reason: outcome.error.reason, status, said: headers['WWW-Authenticate'], headers }
  }
  const api = apiWith('accept')

  it('lets in a bound token with the proof of its key, and says the key', async () => {
    const outcome = await api.check(request(proof()), 'notes:read')
    expect(outcome).to.have.nested.property('auth.boundTo').that.is.a('string')
    expect(await api.check(request(proof({ htu: `${API}:443/notes#x` })))).to.have.property('ok', true)
    expect(
      await api.check(new Request(`${API}/notes`, { headers: { authorization: `dpop ${token}`, dpop: proof() } })),
    ).to.include({
      ok: true,
    })
  })
  it('lets in a token that is not bound as Bearer where both are accepted', async () => {
    expect(await api.check(bearer(mint()), 'notes:read')).to.have.nested.property('auth.boundTo', undefined)
  })

  const bad: [string, () => string | string[] | undefined][] = [
    ['none', () => undefined],
    ['two', () => [proof(), proof()]],
    ['two in one header', () => `${proof()}, ${proof()}`],
    ['junk', () => 'junk'],
    ['one of another key', () => proof({}, { jwk: thief.publicKey.export({ format: 'jwk' }) }, thief.privateKey)],
    ['one signed by another key than it shows', () => proof({}, {}, thief.privateKey)],
    ['one with a private key in it', () => proof({}, { jwk: holder.privateKey.export({ format: 'jwk' }) })],
    ['one without a key', () => proof({}, { jwk: undefined })],
    ['one with a shared secret', () => proof({}, { alg: 'HS256', jwk: { kty: 'oct', k: 'AAAA' } })],
    ['one by alg none', () => proof({}, { alg: 'none' })],
    ['one of another typ', () => proof({}, { typ: 'JWT' })],
    ['one with a critical extension', () => proof({}, { crit: ['x'], x: 1 })],
    ['one of another method', () => proof({ htm: 'POST' })],
    ['one of another path', () => proof({ htu: `${API}/note` })],
    ['one of another host', () => proof({ htu: 'https://evil.example/notes' })],
    ['one of http', () => proof({ htu: 'http://api.example.com/notes' })],
    ['one with a user in its address', () => proof({ htu: 'https://a@api.example.com/notes' })],
    ['one whose address is none', () => proof({ htu: '/notes' })],
    ['one of another token', () => proof({ ath: ath(mint()) })],
    ['one without ath', () => proof({ ath: undefined })],
    ['one without jti', () => proof({ jti: undefined })],
    ['one without iat', () => proof({ iat: undefined })],
    ['an old one', () => proof({ iat: NOW - 65 })],
    ['one of the future', () => proof({ iat: NOW + 6 })],
  ]
  for (const [name, made] of bad) {
    it(`refuses as a proof: ${name}`, async () => {
      expect(await answerOf(api, request(made()))).to.include({
        reason: 'invalid_proof',
        status: 401,
        said: `Bearer, DPoP error="invalid_dpop_proof", ${metadata}, ${algs}`,
      })
    })
  }
  it('takes a proof until its last second', async () => {
    expect(await api.check(request(proof({ iat: NOW - 64 })))).to.have.property('ok', true)
    expect(await api.check(request(proof({ iat: NOW + 5 })))).to.have.property('ok', true)
  })
  it('refuses a proof that is sent again, and lets another of the same key pass', async () => {
    const once = proof()
    expect(await api.check(request(once))).to.have.property('ok', true)
    expect(await answerOf(api, request(once))).to.include({ reason: 'invalid_proof' })
    expect(await api.check(request(proof()))).to.have.property('ok', true)
  })
  it('asks a shared memory whether a proof was used, for good proofs alone', async () => {
    const asked: number[] = []
    const shared = apiWith({ mode: 'require', used: async (_, until) => asked.push(until) > 1 })
    expect(await shared.check(request(proof({ htm: 'PUT' })))).to.have.property('ok', false)
    expect(await shared.check(request(proof()))).to.have.property('ok', true)
    expect(await answerOf(shared, request(proof()))).to.include({ reason: 'invalid_proof' })
    expect(asked).to.deep.equal([NOW + 65, NOW + 65])
  })

  it('refuses a bound token sent as Bearer, whatever the mode, with its proof or without', async () => {
    for (const mode of ['off', 'accept'] as const) {
      expect(await answerOf(apiWith(mode), request(proof(), 'Bearer')), mode).to.include({
        reason: 'sender_constrained',
        status: 401,
      })
    }
    expect(await api.verify(token).catch((error) => error)).to.have.property('reason', 'sender_constrained')
  })
  it('refuses a token that is not bound where it is sent as DPoP, or where all have to be', async () => {
    const plain = mint()
    const wrong = await answerOf(api, request(proof({ ath: ath(plain) }), 'DPoP', plain))
    expect(wrong.said).to.match(/^Bearer, DPoP error="invalid_token", error_description="[^"]+", resource_metadata=/)
    const required = apiWith('require')
    expect(await answerOf(required, bearer(plain))).to.include({ reason: 'unsupported_scheme', status: 401 })
    expect(await required.verify(plain).catch((error) => error)).to.have.property('reason', 'binding_required')
  })
  it('refuses what is bound otherwise', async () => {
    for (const cnf of [{ 'x5t#S256': 'x' }, { jkt: 1 }, { jkt: 'x', jwk: {} }, 'x', null, [], {}]) {
      expect(await answerOf(api, bearer(mint({ cnf })))).to.include({ reason: 'sender_constrained' })
    }
  })
  it('names each scheme that it takes, and what would be needed', async () => {
    const nobody = { headers: {} }
    expect((await answerOf(api, nobody)).said).to.equal(
      `Bearer scope="notes:read", ${metadata}, DPoP scope="notes:read", ${metadata}, ${algs}`,
    )
    expect((await answerOf(apiWith('require'), nobody)).said).to.equal(`DPoP scope="notes:read", ${metadata}, ${algs}`)
  })

  it('demands a nonce of its own where it is told to, the same in every process, for two minutes at most', async () => {
    let now = NOW
    const secret = Buffer.alloc(32, 1)
    const options = { issuer: 'https://id.example.com', resource: notes, now: () => now }
    const jwks = jwksOf(keys.ES256)
    const [one, other] = [1, 2].map(() =>
      createResourceServer<Scope>({ ...options, jwks, dpop: { mode: 'require', nonces: secret } }),
    ) as [ReturnType<typeof createApi>, ReturnType<typeof createApi>]
    const told = await answerOf(one, request(proof()))
    expect(told).to.include({ reason: 'nonce_needed', status: 401 })
    expect(told.said).to.equal(`DPoP error="use_dpop_nonce", ${metadata}, ${algs}`)
    const nonce = told.headers['DPoP-Nonce']
    expect(await other.check(request(proof({ nonce })))).to.have.property('ok', true)
    expect(await answerOf(other, request(proof({ nonce: `${nonce}A` })))).to.include({ reason: 'nonce_needed' })
    now = NOW + 120
    expect(await answerOf(one, request(proof({ nonce, iat: now })))).to.include({ reason: 'nonce_needed' })
  })

  it('publishes what it takes', () => {
    expect(apiWith('off').metadata()).to.not.have.property('dpop_signing_alg_values_supported')
    expect(api.metadata()).to.have.property('dpop_signing_alg_values_supported')
    expect(apiWith('require').metadata()).to.have.property('dpop_bound_access_tokens_required', true)
  })
  it('refuses options that cannot be', () => {
    for (const dpop of [
      'on',
      { mode: 'x' },
      { mode: 'require', maxProofAge: 301 },
      { mode: 'require', nonces: Buffer.alloc(8) },
    ]) {
      expect(() => apiWith(dpop as DpopMode), JSON.stringify(dpop)).to.throw(TypeError)
    }
  })
})
