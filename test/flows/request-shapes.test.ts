/** What an authorization request may look like, whichever way it comes: how long, how deep, and of which types its members are. */
import { expect } from 'chai'
import { CompactSign } from 'jose'
import { addKeyed, assertion, assertionType, type Keyed, postAs, requestObject, requestParameters } from '../support/keyed.ts'
import { post } from '../support/post.ts'
import { api, startTestServer, type TestServer } from '../support/server.ts'
import { type Cast, cast } from '../support/story.ts'

const encoded = (json: string) => Buffer.from(json).toString('base64url')
/** As anybody can make one. */
const unsigned = (members: string) => `${encoded('{"alg":"ES256"}')}.${encoded(`{${members}}`)}.AA`
const nested = (levels: number): string => `${'{"a":'.repeat(levels - 1)}{}${'}'.repeat(levels - 1)}`

describe('the shape of a request', () => {
  let server: TestServer
  let who: Cast
  let keyed: Keyed
  before(async () => {
    server = await startTestServer()
    who = await cast(server)
    keyed = await addKeyed(server, 'keyed', { authorizationDetailsTypes: [] })
  })
  after(() => server.close())

  const ways: [string, (request: string) => Promise<{ status: number; text: string }>][] = [
    [
      'in an address',
      async (request) => {
        const url = `${server.issuer}/auth?${new URLSearchParams({ client_id: 'web', request })}`
        const response = await fetch(url, { redirect: 'manual', headers: { accept: 'text/html' } })
        return { status: response.status, text: await response.text() }
      },
    ],
    ...(['/par', '/device/auth'] as const).map((endpoint): (typeof ways)[number] => [
      `at ${endpoint}`,
      async (request) => {
        const { status, body } = await post(server, endpoint, { client_id: endpoint === '/par' ? 'spa' : who.tv.id, request })
        return { status, text: JSON.stringify(body) }
      },
    ]),
  ]
  for (const [where, send] of ways) {
    for (const [what, members] of [
      ['a scope that has no text', '"scope":{"toString":null}'],
      ['an acr_values that has no text', '"acr_values":{"toString":1,"valueOf":1}'],
      ['no scope, but a null', '"scope":null'],
      ['several scopes', '"scope":["openid"]'],
      ['a resource that has no text', '"resource":[{"toString":null}]'],
      ['claims that are a list', '"claims":[]'],
      ['details that are no list', '"claims":{},"resource":{}'],
      ['17 levels', `"x":${nested(16)}`],
      ['a thousand levels', `"x":${nested(1_000)}`],
      ['claims of 17 levels as text', `"claims":${JSON.stringify(nested(17))}`],
    ] as const) {
      it(`X01 refuses an unsigned request object ${where} with ${what}`, async () => {
        const { status, text } = await send(unsigned(members))
        expect([status, /invalid_request_object/.test(text)]).to.deep.equal([400, true])
      })
    }
  }

  it('takes a request object whose members are of other types than text, as far as they may be', async () => {
    const { parameters } = await requestParameters()
    const more = { max_age: 300, resource: [api], claims: { userinfo: { email: null } }, of_ours: JSON.parse(nested(15)) }
    const { status, body } = await postAs(server, keyed, '/par', {
      request: await requestObject(server, keyed, { ...parameters, ...more }),
    })
    expect([status, body.error]).to.deep.equal([201, undefined])
  })

  it('X01 refuses a client assertion, a header and JSON in a form that are too deep', async () => {
    const { parameters } = await requestParameters({ response_type: 'code' })
    const [, payload = ''] = (await assertion(server, keyed)).split('.')
    const members = String(Buffer.from(payload, 'base64url')).replace('{', `{"x":${nested(5_000)},`)
    const own = await new CompactSign(Buffer.from(members)).setProtectedHeader({ alg: 'ES256' }).sign(keyed.key.privateKey)
    const form = { ...parameters, client_id: 'keyed', client_assertion_type: assertionType, client_assertion: own }
    expect((await post(server, '/par', form)).body.error).to.equal('invalid_client')
    const deepHeader = `${encoded(`{"alg":"ES256","x":${nested(900)}}`)}.${encoded('{}')}.AA`
    expect((await post(server, '/par', { client_id: 'spa', request: deepHeader })).body.error).to.equal('invalid_request_object')
    for (const claims of [nested(17), `${'['.repeat(3_500)}${']'.repeat(3_500)}`])
      expect((await post(server, '/par', { ...parameters, client_id: 'native', claims })).body.error).to.equal('invalid_request')
  })

  it('X02 keeps of a request no more than an address could hold, pushed or signed or from a device', async () => {
    const { parameters } = await requestParameters({ response_type: 'code' })
    const long = 'x'.repeat(8_200)
    const claims = JSON.stringify({ userinfo: { email: { value: long } } })
    for (const more of [{ state: long }, { nonce: long }, { login_hint: long }, { claims }]) {
      expect((await postAs(server, keyed, '/par', { ...parameters, ...more })).status).to.equal(413)
      const request = await requestObject(server, keyed, { ...parameters, ...more })
      expect((await postAs(server, keyed, '/par', { request })).status).to.equal(413)
    }
    for (const more of [{ nonce: long }, { login_hint: long }, { claims }])
      expect((await post(server, '/device/auth', { client_id: who.tv.id, scope: 'openid', ...more })).status).to.equal(413)
  })
})
