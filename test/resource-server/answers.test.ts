import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { expect } from 'chai'
import type { Requirement } from '../../src/resource-server/index.ts'
import { bearer, createApi, keys, mint, NOW, type Scope, startIssuer } from './support.ts'

const metadataUrl = 'https://api.example.com/.well-known/oauth-protected-resource'
const discovery = `resource_metadata="${metadataUrl}"`

describe('kit: answers', () => {
  const api = createApi()
  const answer = async (request: Parameters<typeof api.check>[0], need: Requirement<Scope> = 'notes:read') => {
    const outcome = await api.check(request, need)
    return outcome.ok ? expect.fail('it was accepted') : { reason: outcome.error.reason, ...outcome.refusal }
  }
  const said = async (request: Parameters<typeof api.check>[0], need?: Requirement<Scope>) => {
    const { status, headers } = await answer(request, need)
    expect(headers['Cache-Control']).to.equal('no-store')
    return [status, headers['WWW-Authenticate']]
  }

  describe('by the table', () => {
    it('no credentials: what would be needed, and no error', async () => {
      expect(await said({ headers: {} })).to.deep.equal([401, `Bearer scope="notes:read", ${discovery}`])
      expect((await answer({ headers: {} })).body).to.equal(undefined)
    })
    it('malformed header: invalid_request', async () => {
      expect(await said({ headers: { authorization: 'Bearer' } })).to.deep.equal([400, 'Bearer error="invalid_request"'])
    })
    it('bad token: invalid_token, and the same sentence for all that its issuer did not sign', async () => {
      const sentence = `Bearer error="invalid_token", error_description="The access token is not valid", ${discovery}`
      for (const token of ['junk', `${mint()}A`, mint({}, { alg: 'none' }), mint({}, { typ: 'JWT' }), mint({}, { kid: 'x' })]) {
        expect(await said(bearer(token))).to.deep.equal([401, sentence])
      }
    })
    it('expired token: invalid_token, and why', async () => {
      const sentence = `Bearer error="invalid_token", error_description="The access token expired", ${discovery}`
      expect(await said(bearer(mint({ exp: NOW - 60 })))).to.deep.equal([401, sentence])
    })
    it('scope lacking: all that the operation needs', async () => {
      const lacking = `Bearer error="insufficient_scope", scope="notes:read notes:write", ${discovery}`
      expect(await said(bearer(mint()), ['notes:read', 'notes:write'])).to.deep.equal([403, lacking])
    })
    it('one of several scopes lacking: the first of them is enough', async () => {
      const lacking = `Bearer error="insufficient_scope", scope="notes:readonly notes:write", ${discovery}`
      expect(await said(bearer(mint()), { all: ['notes:readonly'], any: ['notes:write', 'notes:read'] })).to.deep.equal([
        403,
        lacking,
      ])
    })
    it('sign-in too old: insufficient_user_authentication and max_age', async () => {
      const tooOld = `Bearer error="insufficient_user_authentication", max_age="600", ${discovery}`
      for (const claims of [{ auth_time: NOW - 700 }, {}])
        expect(await said(bearer(mint(claims)), { maxAge: 600 })).to.deep.equal([401, tooOld])
    })
    it('sign-in too weak: insufficient_user_authentication and acr_values', async () => {
      const tooWeak = `Bearer error="insufficient_user_authentication", acr_values="mfa urn:x", ${discovery}`
      for (const claims of [{ acr: 'pwd' }, {}])
        expect(await said(bearer(mint(claims)), { acr: ['mfa', 'urn:x'] })).to.deep.equal([401, tooWeak])
    })
    it('a bound token sent as Bearer: invalid_token', async () => {
      expect(await said(bearer(mint({ cnf: { jkt: 'x' } })))).to.satisfy(
        ([status, header]: [number, string]) => status === 401 && header.startsWith('Bearer error="invalid_token"'),
      )
    })
    it('no keys: 503 with Retry-After, and no challenge', async () => {
      const issuer = await startIssuer()
      const outcome = await issuer.api().check(bearer(issuer.mint({}, {}, keys.ES256)))
      await issuer.close()
      expect(outcome).to.have.nested.property('refusal.status', 503)
      expect(outcome)
        .to.have.nested.property('refusal.headers')
        .that.deep.equals({ 'Cache-Control': 'no-store', 'Retry-After': '30' })
    })
    it('the body repeats what may be said', async () => {
      expect((await answer(bearer(mint()), 'notes:write')).body).to.deep.equal({
        error: 'insufficient_scope',
        error_description: 'The access token lacks a scope',
      })
    })
    it('what is quoted is escaped', async () => {
      const [, header] = await said(bearer(mint()), { acr: ['a"b\\c'] })
      expect(header).to.include('acr_values="a\\"b\\\\c"')
    })
  })

  describe('R21 where the token may stand', () => {
    const token = mint()
    const accepted = async (request: Parameters<typeof api.check>[0]) =>
      expect(await api.check(request)).to.have.property('ok', true)

    for (const scheme of ['Bearer', 'bearer', 'BEARER', 'bEaReR', 'Bearer  ']) {
      it(`R21 accepts the scheme written ${JSON.stringify(scheme)}`, () =>
        accepted({ headers: { authorization: `${scheme} ${token}` } }))
    }
    for (const name of ['authorization', 'Authorization', 'AUTHORIZATION']) {
      it(`R21 accepts a header named ${name}`, () => accepted({ headers: { [name]: `Bearer ${token}` } }))
    }
    it('R21 accepts a request of fetch', () =>
      accepted(new Request('https://api.example.com/', { headers: { authorization: `Bearer ${token}` } })))
    it('R21 accepts a request of node:http', () => accepted(incoming(['Host', 'x', 'Authorization', `Bearer ${token}`])))

    for (const url of [
      `/notes?access_token=${token}`,
      '/notes?access_token=',
      '/notes?a=b&access%5Ftoken=x',
      '/notes?access_token',
    ]) {
      it(`R21 refuses a token in the query: ${url.slice(0, 32)}`, async () => {
        expect(await answer({ url, headers: {} })).to.include({ status: 400, reason: 'token_in_query' })
        expect(await answer(bearer(token, url))).to.include({ status: 400, reason: 'token_in_query' })
      })
    }
    it('R21 refuses a token in the query of a request of fetch', async () => {
      const request = new Request(`https://api.example.com/?access_token=${token}`)
      expect(await answer(request)).to.include({ status: 400, reason: 'token_in_query' })
    })
    it('R21 does not mind a query without one', () => accepted(bearer(token, '/notes?q=access_token&x_access_token=1')))
    it('R21 does not read a form', async () => {
      const body = new URLSearchParams({ access_token: token })
      const request = new Request('https://api.example.com/', { method: 'POST', body })
      expect(await answer(request)).to.include({ status: 401, reason: 'missing_token' })
      expect(request.bodyUsed).to.equal(false)
    })

    const twice: [string, Parameters<typeof api.check>[0]][] = [
      ['of node:http', incoming(['Authorization', `Bearer ${token}`, 'authorization', `Bearer ${token}`])],
      [
        'of node:http, the second of another scheme',
        incoming(['Authorization', `Bearer ${token}`, 'Authorization', 'Basic eDp5']),
      ],
      ['as an array', { headers: { authorization: [`Bearer ${token}`, `Bearer ${token}`] } }],
      ['by two spellings', { headers: { authorization: `Bearer ${token}`, Authorization: `Bearer ${token}` } }],
    ]
    for (const [name, request] of twice) {
      it(`R21 refuses two headers ${name}`, async () =>
        expect(await answer(request)).to.include({ status: 400, reason: 'several_headers' }))
    }
    it('R21 refuses two headers of fetch, which come as one', async () => {
      const headers = new Headers([
        ['authorization', `Bearer ${token}`],
        ['authorization', `Bearer ${token}`],
      ])
      expect(await answer({ headers })).to.include({ status: 400, reason: 'malformed_header' })
    })

    for (const value of [
      'Bearer',
      'Bearer ',
      'Bearer a b',
      `Bearer ${token} `,
      `Bearer ${token},`,
      `Bearer token="${token}"`,
      'Bearer é',
      'Bearer a\tb',
      'Bearer =',
    ]) {
      it(`R21 refuses ${JSON.stringify(value.slice(0, 20))} as malformed`, async () => {
        expect(await answer({ headers: { authorization: value } })).to.include({ status: 400, reason: 'malformed_header' })
      })
    }
    for (const value of ['', 'Basic eDp5', `DPoP ${token}`, `Bearer\t${token}`, token, `BearerX ${token}`, `Token ${token}`]) {
      it(`R21 takes ${JSON.stringify(value.slice(0, 20))} for no token, and for no stranger either`, async () => {
        for (const need of ['notes:read', { optional: true }] as Requirement<Scope>[]) {
          expect(await answer({ headers: { authorization: value } }, need)).to.include({
            status: 401,
            reason: 'unsupported_scheme',
          })
        }
      })
    }
  })

  describe('R20 scopes', () => {
    it('R20 accepts the scope, alone or among others', async () => {
      for (const scope of [
        'notes:read',
        'openid notes:read',
        'notes:read openid',
        'a notes:read b',
        'notes:write',
        ' notes:read ',
        'x  notes:read',
      ]) {
        expect(await api.check(bearer(mint({ scope })), 'notes:read'), scope).to.have.property('ok', true)
      }
    })
    for (const scope of [
      undefined,
      '',
      'notes:readonly',
      'notes:rea',
      'xnotes:read',
      'notes',
      'notes:*',
      '*',
      'notes:read\topenid',
      'openid\tnotes:read',
      'notes:read\n',
      'notes:read\u00a0openid',
      'openid\u00a0notes:read',
      'notes:read,openid',
      'notes:read+openid',
      'Notes:read',
      'NOTES:READ',
      ['notes:read'],
      { 'notes:read': true },
      null,
      true,
      '__proto__',
      'constructor',
    ]) {
      it(`R20 refuses the scope ${JSON.stringify(scope) ?? 'missing'}`, async () => {
        expect(await answer(bearer(mint({ scope })))).to.include({ status: 403, reason: 'insufficient_scope' })
        expect(await api.check(bearer(mint({ scope })))).to.have.property('ok', true)
      })
    }
    it('R20 does not take another claim for the scope', async () => {
      expect(
        await answer(bearer(mint({ scope: undefined, scp: ['notes:read'], scopes: 'notes:read', permissions: ['notes:read'] }))),
      ).to.include({ status: 403 })
    })
  })

  describe('requirements', () => {
    it('implied scopes go one way', async () => {
      expect(await api.check(bearer(mint({ scope: 'notes:write' })), ['notes:read', 'notes:write'])).to.have.property('ok', true)
      expect(await answer(bearer(mint({ scope: 'notes:read' })), 'notes:write')).to.include({ status: 403 })
    })
    it('any is met by one', async () => {
      expect(await api.check(bearer(mint()), { any: ['notes:write', 'notes:read'] })).to.have.property('ok', true)
      expect(await answer(bearer(mint()), { any: ['notes:write', 'notes:readonly'] })).to.include({ status: 403 })
    })
    it('a sign-in counts as recent to the second, give or take the clocks', async () => {
      expect(await api.check(bearer(mint({ auth_time: NOW - 605 })), { maxAge: 600 })).to.have.property('ok', true)
      expect(await answer(bearer(mint({ auth_time: NOW - 606 })), { maxAge: 600 })).to.include({
        reason: 'authentication_too_old',
      })
    })
    it('one of the authentication classes is enough', async () => {
      expect(await api.check(bearer(mint({ acr: 'mfa' })), { acr: ['hardware', 'mfa'] })).to.have.property('ok', true)
    })
    it('a lacking scope comes before a new sign-in', async () => {
      expect(await answer(bearer(mint()), { all: ['notes:write'], maxAge: 1 })).to.include({ status: 403 })
    })
    it('where credentials are optional, none is nobody and bad ones are refused', async () => {
      expect(await api.check({ headers: {} }, { optional: true })).to.deep.equal({ ok: true, auth: undefined })
      expect(await answer(bearer('junk'), { optional: true })).to.include({ status: 401 })
      expect(await answer(bearer(mint()), { optional: true, all: ['notes:write'] })).to.include({ status: 403 })
      expect(await api.check(bearer(mint()), { optional: true })).to.have.nested.property('auth.subject', 'ada')
    })
    it('what cannot be meant is a mistake of the caller', async () => {
      for (const need of [
        'notes:reed',
        ['notes:reed'],
        { al: ['notes:read'] },
        { any: [] },
        { maxAge: -1 },
        { maxAge: 0.5 },
        { acr: ['a b'] },
        { acr: ['a\r\nb'] },
        null,
      ]) {
        expect(() => api.need(need as never), JSON.stringify(need)).to.throw(TypeError)
        expect(await api.check(bearer(mint()), need as never).catch((error) => error)).to.be.instanceOf(TypeError)
      }
    })
    it('a scope misspelt does not compile', () => {
      // @ts-expect-error: the resource declares no such scope
      expect(() => api.need('notes:reed')).to.throw(TypeError)
    })
  })

  it('every refusal is told to the log by its reason, and a broken log decides nothing', async () => {
    const reasons: unknown[] = []
    const told = createApi({ on: (event) => event.type === 'refused' && reasons.push(event.reason) })
    await told.check({ headers: {} })
    await told.check(bearer(mint({ exp: 1 })))
    await told.verify('junk').catch(() => {})
    expect(reasons).to.deep.equal(['missing_token', 'expired', 'malformed_token'])
    const broken = createApi({
      on() {
        throw new Error('disk full')
      },
    })
    expect(await broken.check(bearer('junk'))).to.have.property('ok', false)
    expect(await broken.check(bearer(mint()))).to.have.property('ok', true)
  })
})

function incoming(rawHeaders: string[]): IncomingMessage {
  const request = new IncomingMessage(new Socket())
  request.url = '/notes'
  request.rawHeaders = rawHeaders
  return request
}
