import { expect } from 'chai'
import type { Reason } from '../../src/resource-server/index.ts'
import { API, createApi, expectAccepted, expectRefused, goodClaims, ISSUER, keys, mint, NOW, notes } from './support.ts'

const TOLERANCE = 5

describe('kit: the claims of a token', () => {
  const api = createApi()

  for (const [name, aud] of [
    ['missing', undefined],
    ['null', null],
    ['empty', ''],
    ['another API', 'https://other.example.com'],
    ['a prefix of ours', API.slice(0, -1)],
    ['ours and more', `${API}.evil.example`],
    ['a path below ours', `${API}/notes`],
    ['ours with two slashes', `${API}//`],
    ['ours with a query', `${API}?`],
    ['ours in another case', 'https://API.example.com'],
    ['ours with a space', `${API} `],
    ['ours among words', `${API} https://other.example.com`],
    ['the client', 'web-app'],
    ['an empty array', []],
    ['an array of others', ['https://other.example.com', 'web-app']],
    ['an array within an array', [[API]]],
    ['ours beside what is no text', [API, 7]],
    ['an object', { [API]: API }],
    ['an object like an array', { 0: API, length: 1 }],
    ['true', true],
    ['a pattern', '*'],
  ] as [string, unknown][]) {
    it(`R11 refuses an audience that is ${name}`, () => expectRefused(api, mint({ aud }), 'wrong_audience'))
  }
  for (const [name, aud] of [
    ['ours', API],
    ['an array of ours alone', [API]],
    ['ours among others', ['https://other.example.com', API]],
    ['ours with the slash of an empty path', `${API}/`],
  ] as [string, unknown][]) {
    it(`R11 accepts an audience that is ${name}`, () => expectAccepted(api, mint({ aud })))
  }

  for (const [name, iss] of [
    ['missing', undefined],
    ['null', null],
    ['with a trailing slash', `${ISSUER}/`],
    ['in another case', 'https://ID.example.com'],
    ['http', ISSUER.replace('https', 'http')],
    ['ours and more', `${ISSUER}.evil.example`],
    ['another', 'https://evil.example'],
    ['an array of ours', [ISSUER]],
    ['an object', { iss: ISSUER }],
    ['empty', ''],
  ] as [string, unknown][]) {
    it(`R12 refuses an issuer that is ${name}`, () => expectRefused(api, mint({ iss }), 'wrong_issuer'))
  }
  it('R12 accepts exactly our issuer', () => expectAccepted(api, mint({ iss: ISSUER })))

  for (const [name, exp, reason] of [
    ['missing', undefined, 'invalid_claims'],
    ['null', null, 'invalid_claims'],
    ['past', NOW - 60, 'expired'],
    ['zero', 0, 'expired'],
    ['a string', String(NOW + 60), 'invalid_claims'],
    ['a float', NOW + 60.5, 'invalid_claims'],
    ['negative', -1, 'invalid_claims'],
    ['an array', [NOW + 60], 'invalid_claims'],
    ['true', true, 'invalid_claims'],
    ['in milliseconds', (NOW + 60) * 1000, 'invalid_claims'],
    ['beyond what a number holds exactly', Number.MAX_SAFE_INTEGER + 1, 'invalid_claims'],
    ['further away than a token may live', NOW + 2 * 86_400, 'lifetime_too_long'],
  ] as [string, unknown, Reason][]) {
    it(`R13 refuses an expiry that is ${name}`, () => expectRefused(api, mint({ exp }), reason))
  }
  for (const text of ['NaN', 'Infinity', '1e', '0x7FFFFFFF']) {
    it(`R13 refuses an expiry written ${text}, which is no JSON`, () =>
      expectRefused(api, mint(withExp(text)), 'malformed_token'))
  }
  for (const text of ['1e309', '-1e309', '"NaN"', '1e21', '1e-400']) {
    const reason = text === '1e-400' ? 'expired' : 'invalid_claims'
    it(`R13 refuses an expiry written ${text}`, () => expectRefused(api, mint(withExp(text)), reason))
  }
  it('R13 accepts an expiry ahead', () => expectAccepted(api, mint(withExp(String(NOW + 60)))))
  it('R13 accepts the longest lifetime and not a second more', async () => {
    const bounded = createApi({ maxTokenAge: 600 })
    await expectAccepted(bounded, mint({ iat: NOW, exp: NOW + 600 }))
    await expectRefused(bounded, mint({ iat: NOW, exp: NOW + 601 }), 'lifetime_too_long')
  })

  for (const name of ['iat', 'nbf']) {
    it(`R14 refuses an ${name} beyond the tolerance and accepts one within`, async () => {
      await expectAccepted(api, mint({ [name]: NOW + TOLERANCE }))
      await expectRefused(api, mint({ [name]: NOW + TOLERANCE + 1 }), 'not_yet_valid')
    })
    for (const bad of [String(NOW), NOW - 0.5, null, -1, [NOW], 1e300]) {
      it(`R14 refuses an ${name} of ${JSON.stringify(bad)}`, () => expectRefused(api, mint({ [name]: bad }), 'invalid_claims'))
    }
  }
  it('R14 refuses a token without iat', () => expectRefused(api, mint({ iat: undefined }), 'invalid_claims'))

  for (const tolerance of [0, 5, 300]) {
    it(`R28 a token ends ${tolerance} s after its expiry, to the second`, async () => {
      const at = (now: number) => createApi({ clockTolerance: tolerance, now: () => now })
      const { exp } = goodClaims()
      await expectAccepted(at(exp + tolerance - 1), mint())
      await expectRefused(at(exp + tolerance), mint(), 'expired')
      await expectRefused(at(exp + tolerance + 1), mint(), 'expired')
    })
    it(`R28 a token begins ${tolerance} s before its time, to the second`, async () => {
      const at = (now: number) => createApi({ clockTolerance: tolerance, now: () => now })
      const token = mint({ iat: NOW, nbf: NOW })
      await expectAccepted(at(NOW - tolerance), token)
      await expectRefused(at(NOW - tolerance - 1), token, 'not_yet_valid')
    })
  }

  for (const name of ['sub', 'client_id', 'jti']) {
    for (const value of [undefined, null, '', 7, ['x'], {}]) {
      it(`refuses a ${name} of ${JSON.stringify(value) ?? 'nothing'}`, () =>
        expectRefused(api, mint({ [name]: value }), 'invalid_claims'))
    }
  }

  for (const cnf of [{ jkt: 'thumbprint' }, { 'x5t#S256': 'thumbprint' }, {}, null, 'text']) {
    it(`refuses a token bound by cnf ${JSON.stringify(cnf)} that is sent as Bearer`, () =>
      expectRefused(api, mint({ cnf }), 'sender_constrained'))
  }

  describe('R23 who stands behind a token', () => {
    it('R23 a person, where subject and client differ', async () => {
      const auth = await api.verify(mint({ sub: 'ada', client_id: 'web-app' }))
      expect(auth).to.include({ subject: 'ada', clientId: 'web-app', isUser: true })
    })
    it('R23 the client itself, where they are the same', async () => {
      const auth = await api.verify(mint({ sub: 'nightly-job', client_id: 'nightly-job' }))
      expect(auth).to.include({ subject: 'nightly-job', isUser: false })
    })
    it('R23 a client that took the name of a person stays a client', async () => {
      const auth = await api.verify(mint({ sub: 'ada', client_id: 'ada', auth_time: NOW, sid: 's', grant: 'g' }))
      expect(auth).to.include({ subject: 'ada', isUser: false })
    })
  })

  describe('what a handler is told', () => {
    it('is the claims by their names', async () => {
      const auth = await api.verify(
        mint({ acr: 'strong', auth_time: NOW - 30, sid: 's1', grant: 'g1', scope: 'notes:write other' }),
      )
      expect(auth).to.include({
        tokenId: 'token-1',
        acr: 'strong',
        authTime: NOW - 30,
        session: 's1',
        grant: 'g1',
        expiresAt: NOW + 540,
      })
      expect([...auth.scopes]).to.have.members(['notes:write', 'notes:read'])
      expect(auth.has('notes:read', 'notes:write')).to.equal(true)
      expect(auth.has('notes:readonly')).to.equal(false)
      expect(auth.claims.scope).to.equal('notes:write other')
    })
    it('leaves out optional claims of a wrong type', async () => {
      const auth = await api.verify(mint({ acr: 1, auth_time: 'now', sid: {}, grant: [] }))
      expect(auth).to.include({ acr: undefined, authTime: undefined, session: undefined, grant: undefined })
    })
    it('cannot be changed for the next request', async () => {
      const token = mint({ roles: ['reader'] })
      const auth = await api.verify(token)
      expect(() => Object.assign(auth, { subject: 'eve' })).to.throw(TypeError)
      expect(() => (auth.claims.roles as string[]).push('admin')).to.throw(TypeError)
      ;(auth.scopes as Set<string>).add('notes:write')
      expect(await api.verify(token)).to.equal(auth)
      await expectRefused(api, token, 'insufficient_scope', 403, 'notes:write')
    })
  })

  it('a claim __proto__ is a claim like any other', async () => {
    const text = JSON.stringify(goodClaims()).slice(1, -1)
    const auth = await api.verify(mint(`{"__proto__":{"polluted":true},${text}}`))
    expect(Object.getPrototypeOf(auth.claims)).to.equal(Object.prototype)
    expect(({} as Record<string, unknown>).polluted).to.equal(undefined)
    await expectRefused(api, mint(`{"__proto__":{${text}}}`), 'wrong_issuer')
  })

  for (const [name, claims] of [
    ['no JSON', 'hello'],
    ['an array', `[${JSON.stringify(goodClaims())}]`],
    ['null', 'null'],
    ['a string', '"text"'],
    ['empty', ''],
    ['JSON with something after it', `${JSON.stringify(goodClaims())} x`],
  ] as const) {
    it(`refuses claims that are ${name}`, () => expectRefused(api, mint(claims), 'malformed_token'))
  }
  it('reads claims beyond ASCII', async () => {
    const auth = await api.verify(mint({ sub: 'Zoë 🦊' }))
    expect(auth.subject).to.equal('Zoë 🦊')
  })

  it('an identifier declared with the slash of an empty path is the same audience', async () => {
    const slashed = createApi({ resource: { ...notes, audience: API, id: `${API}/` } })
    await expectAccepted(slashed, mint({ aud: API }))
    await expectAccepted(slashed, mint({ aud: `${API}/` }, {}, keys.EdDSA))
  })
})

/** Good claims with `exp` written as this text, which `JSON.stringify` would not write. */
const withExp = (text: string): string => JSON.stringify({ ...goodClaims(), exp: 'EXP' }).replace('"EXP"', text)
