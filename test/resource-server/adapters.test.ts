import { request as httpRequest } from 'node:http'
import { InvalidTokenError } from '@modelcontextprotocol/sdk/server/auth/errors.js'
import { requireBearerAuth } from '@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js'
import type { OAuthTokenVerifier } from '@modelcontextprotocol/sdk/server/auth/provider.js'
import { expect } from 'chai'
import expressApp from 'express'
import { createResourceServer } from '../../src/resource-server/index.ts'
import { mcp } from '../../src/resource-server/mcp.ts'
import { createTestIssuer } from '../../src/resource-server/testing.ts'
import { adapters, type Running } from './adapters.ts'
import { loopback, notes } from './support.ts'

interface Answer {
  status: number
  headers: Record<string, string | string[] | undefined>
  body: string
}

/** `headers` in turn, so that one may come twice. */
function ask(url: string, headers: string[] = [], method = 'GET', body?: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest(url, { method, headers: ['Host', new URL(url).host, ...headers] }, async (response) => {
      const chunks: Buffer[] = []
      for await (const chunk of response) chunks.push(chunk)
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks).toString() })
    })
    sent.on('error', reject)
    // In pieces: what is not read at once must still be there.
    for (let at = 0; body && at < body.length; at += 1000) sent.write(body.slice(at, at + 1000))
    sent.end()
  })
}

const metadataPath = '/.well-known/oauth-protected-resource'
const learn = `resource_metadata="https://api.example.com${metadataPath}"`
const bearer = (token: string) => ['Authorization', `Bearer ${token}`]

for (const [name, start] of Object.entries(adapters)) {
  describe(`kit: in ${name}`, () => {
    const issuer = createTestIssuer({ resource: notes })
    const api = createResourceServer({ ...issuer.options, resource: notes, accept: ['access_token', 'api_key'] })
    let app: Running
    before(async () => {
      app = await start(api)
    })
    after(() => {
      api.close()
      return app.close()
    })
    afterEach(() => issuer.away(false))

    const said = async (path: string, headers: string[] = []) => {
      const { status, headers: answered, body } = await ask(`${app.url}${path}`, headers)
      expect(answered['cache-control'], 'Cache-Control').to.equal('no-store')
      return [status, answered['www-authenticate'], body === '' ? '' : JSON.parse(body).error]
    }
    const invalid = (sentence: string) => [
      401,
      `Bearer error="invalid_token", error_description="${sentence}", ${learn}`,
      'invalid_token',
    ]

    it('lets in a good token, and says whose it is', async () => {
      const { status, body } = await ask(`${app.url}/notes`, bearer(issuer.token({ scope: 'notes:read' })))
      expect([status, JSON.parse(body)]).to.deep.equal([200, { subject: 'test-person', bytes: 0 }])
    })
    it('lets in an API key as it does a token, and refuses it once it is revoked', async () => {
      const [key, other] = [issuer.apiKey({ scope: 'notes:read' }), issuer.apiKey()]
      const { status, body } = await ask(`${app.url}/notes`, bearer(key))
      expect([status, JSON.parse(body)]).to.deep.equal([200, { subject: 'test-person', bytes: 0 }])
      expect((await said('/both', bearer(key)))[0]).to.equal(403)
      await issuer.revoke(key)
      expect(await said('/notes', bearer(key))).to.deep.equal(invalid('The API key was revoked'))
      expect((await ask(`${app.url}/notes`, bearer(other))).status).to.equal(200)
    })
    it('does not touch a body', async () => {
      const sent = 'x'.repeat(50_000)
      const { status, body } = await ask(
        `${app.url}/both`,
        [...bearer(issuer.token()), 'Content-Type', 'application/octet-stream', 'Transfer-Encoding', 'chunked'],
        'POST',
        sent,
      )
      expect([status, JSON.parse(body).bytes]).to.deep.equal([200, sent.length])
    })
    it('no credentials: what would be needed, and no error', async () => {
      expect(await said('/notes')).to.deep.equal([401, `Bearer scope="notes:read", ${learn}`, ''])
    })
    it('two headers, a malformed one, a token in the query: 400', async () => {
      const token = issuer.token()
      const malformed = [400, 'Bearer error="invalid_request"', 'invalid_request']
      expect(await said('/notes', [...bearer(token), ...bearer(token)])).to.deep.equal(malformed)
      expect(await said('/notes', ['Authorization', 'Bearer'])).to.deep.equal(malformed)
      expect(await said(`/notes?access_token=${token}`)).to.deep.equal(malformed)
    })
    for (const [kind, make] of Object.entries(issuer.bad)) {
      it(`refuses a bad token: ${kind}`, async () => {
        const [status, challenge] = await said('/any', bearer(make()))
        // What is not even of the syntax of a token is a malformed header; padding is of that syntax.
        expect(status).to.equal(401)
        expect(challenge).to.match(/^Bearer error="invalid_token", error_description="[^"]+", resource_metadata=/)
      })
    }
    it('says of a token that its issuer signed what is wrong with it', async () => {
      expect(await said('/notes', bearer(issuer.bad.expired()))).to.deep.equal(invalid('The access token expired'))
      expect(await said('/notes', bearer(issuer.bad.foreignKey()))).to.deep.equal(invalid('The access token is not valid'))
      expect(await said('/notes', bearer(issuer.bad.boundToKey()))).to.deep.equal(
        invalid('The access token is bound to a key and cannot be sent as Bearer'),
      )
    })
    it('scope lacking: all that the operation needs', async () => {
      const lacking = `Bearer error="insufficient_scope", scope="notes:read notes:write", ${learn}`
      expect(await said('/both', bearer(issuer.token({ scope: 'notes:read' })))).to.deep.equal([
        403,
        lacking,
        'insufficient_scope',
      ])
    })
    it('a sign-in too old or too weak', async () => {
      const code = 'insufficient_user_authentication'
      const old = issuer.token({ auth_time: issuer.options.now() - 700 })
      expect(await said('/recent', bearer(old))).to.deep.equal([401, `Bearer error="${code}", max_age="600", ${learn}`, code])
      expect(await said('/strong', bearer(old))).to.deep.equal([401, `Bearer error="${code}", acr_values="mfa", ${learn}`, code])
      expect(await ask(`${app.url}/strong`, bearer(issuer.token({ acr: 'mfa' })))).to.include({ status: 200 })
    })
    it('keys that cannot be had: 503 and when to come again', async () => {
      const token = issuer.token()
      issuer.away()
      const { status, headers } = await ask(`${app.url}/notes`, bearer(token))
      expect([status, headers['retry-after'], headers['www-authenticate']]).to.deep.equal([503, '1', undefined])
      issuer.away(false)
      expect(await ask(`${app.url}/notes`, bearer(token))).to.include({ status: 200 })
    })
    it('optional: none is nobody, a bad one is refused, a good one is somebody', async () => {
      expect(JSON.parse((await ask(`${app.url}/open`)).body).subject).to.equal(null)
      expect((await said('/open', bearer('junk')))[0]).to.equal(401)
      expect((await said('/open', ['Authorization', 'Basic eDp5']))[0]).to.equal(401)
      expect(JSON.parse((await ask(`${app.url}/open`, bearer(issuer.token()))).body).subject).to.equal('test-person')
    })
    it('serves its metadata at the well-known path, and nowhere else', async () => {
      const { status, headers, body } = await ask(`${app.url}${metadataPath}?x=1`)
      expect([status, headers['content-type'], headers['access-control-allow-origin']]).to.deep.equal([
        200,
        'application/json; charset=utf-8',
        '*',
      ])
      expect(JSON.parse(body)).to.deep.equal(api.metadata())
      const head = await ask(`${app.url}${metadataPath}`, [], 'HEAD')
      expect([head.status, head.body]).to.deep.equal([200, ''])
      for (const [path, method] of [
        [metadataPath, 'POST'],
        [`${metadataPath}/x`, 'GET'],
      ] as const)
        expect((await ask(`${app.url}${path}`, [], method)).status, `${method} ${path}`).to.equal(404)
    })
  })
}

describe('kit: as the token verifier of the MCP SDK', () => {
  const issuer = createTestIssuer({ resource: notes })
  const api = createResourceServer({ ...issuer.options, resource: notes })
  const verifier: OAuthTokenVerifier = mcp(api).verifier({ InvalidTokenError })
  const app = expressApp()
    .use(requireBearerAuth({ verifier, requiredScopes: ['notes:read'] }))
    .use((request, response) => {
      response.json({ clientId: request.auth?.clientId })
    })
  const statusOf = async (url: string, token: string) => (await ask(url, bearer(token))).status

  it('lets in a good token, and refuses each bad one', async () => {
    const { url, close } = await loopback(app)
    expect(await statusOf(url, issuer.token())).to.equal(200)
    expect(await statusOf(url, issuer.token({ scope: 'other' }))).to.equal(403)
    for (const [kind, make] of Object.entries(issuer.bad)) expect(await statusOf(url, make()), kind).to.equal(401)
    issuer.away()
    expect(await statusOf(url, issuer.token())).to.equal(500)
    await close()
  })
})
