/** Clients and tokens that are known by a certificate, which a proxy hands on (RFC 8705), by openid-client. */
import { request as httpRequest } from 'node:http'
import { createServer, request as httpsRequest } from 'node:https'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import type { TLSSocket } from 'node:tls'
import { expect } from 'chai'
import { decodeJwt } from 'jose'
import * as client from 'openid-client'
import type { Clients } from '../../src/oauth/clients/clients.ts'
import { settingsSchema } from '../../src/settings/schema.ts'
import { type Certificate, inHeader, jwksOf, type Relative, selfSigned, thumbprintOf } from '../support/certificate.ts'
import { formerly } from '../support/formerly.ts'
import { refused, sent } from '../support/keyed.ts'
import { freePort } from '../support/ports.ts'
import { api, startTestServer, type TestServer } from '../support/server.ts'
import { type Cast, cast, redirectUri } from '../support/story.ts'

const mutualTls = { certificateHeader: 'Client-Cert', verifiedHeader: 'X-Client-Verify' }
const subject: Relative[] = [[['O', 'Example']], [['CN', 'service']]]
const loopback = ['127.0.0.0/8', '::1', '::ffff:127.0.0.0/104']

/** Registers the clients that this file is about. */
async function addClients(clients: Clients, own: Certificate): Promise<void> {
  const base = { redirectUris: [redirectUri], kind: 'web', grants: ['client_credentials'], apis: { [api]: ['notes:read'] } }
  const add = (id: string, more: Record<string, unknown>) => clients.add({ ...base, id, name: id, ...more })
  await add('self', { authentication: 'self_signed_tls_client_auth', jwks: jwksOf(own), certificateBound: true })
  await add('by-dn', { authentication: 'tls_client_auth', certificateSubject: { field: 'dn', value: 'CN=service,O=Example' } })
  await add('by-dns', { authentication: 'tls_client_auth', certificateSubject: { field: 'dns', value: 'service.example' } })
}

describe('mutual TLS behind a proxy', () => {
  const own = selfSigned(['service.example'], 1, subject)
  const other = selfSigned(['other.example'], 1, [[['O', 'Example']], [['CN', 'other']]])
  const expired = selfSigned(['service.example'], -1, subject)
  let server: TestServer
  let who: Cast
  before(async () => {
    server = await startTestServer({ settings: { mutualTls, trustedProxies: loopback } })
    who = await cast(server)
    await addClients(server.parts.clients, own)
  })
  after(() => server.close())

  /** openid-client as it speaks to a proxy: what it hands on stands in the headers. */
  async function through(id: string, sentAlong: Record<string, string>, at = server) {
    const config = await client.discovery(new URL(at.issuer), id, undefined, client.TlsClientAuth(), {
      execute: [client.allowInsecureRequests],
    })
    config[client.customFetch] = (url, options) =>
      fetch(url, { ...options, headers: { ...options.headers, ...sentAlong } } as RequestInit)
    return config
  }
  const verified = { 'x-client-verify': 'SUCCESS' }
  const ask = async (id: string, sentAlong: Record<string, string>, at = server) =>
    refused(client.clientCredentialsGrant(await through(id, sentAlong, at), { scope: 'notes:read' }))

  it('knows a client by a certificate that it registered (self_signed_tls_client_auth), and by no other', async () => {
    expect(await ask('self', { 'client-cert': inHeader(own) })).to.equal('accepted')
    expect(await ask('self', { 'client-cert': encodeURIComponent(own.certificate) })).to.equal('accepted')
    for (const wrong of [{}, { 'client-cert': inHeader(other) }, { 'client-cert': inHeader(expired) }, { 'client-cert': 'x' }])
      expect(await ask('self', wrong as Record<string, string>)).to.equal('invalid_client')
  })

  it('knows a client by the subject of a certificate that the proxy verified (tls_client_auth), and by no other', async () => {
    for (const id of ['by-dn', 'by-dns']) {
      expect(await ask(id, { 'client-cert': inHeader(own), ...verified })).to.equal('accepted')
      for (const wrong of [
        { 'client-cert': inHeader(own) },
        { 'client-cert': inHeader(own), 'x-client-verify': 'FAILED:self-signed certificate' },
        { 'client-cert': inHeader(own), 'x-client-verify': 'NONE' },
        { 'client-cert': inHeader(other), ...verified },
        { 'client-cert': inHeader(expired), ...verified },
        verified,
      ])
        expect(await ask(id, wrong as Record<string, string>)).to.equal('invalid_client')
    }
  })

  it('S12: believes nobody else about a certificate', async () => {
    const far = await startTestServer({ settings: { mutualTls, trustedProxies: ['10.0.0.0/8'] } })
    try {
      await addClients(far.parts.clients, own)
      const spoofed = { 'client-cert': inHeader(own), ...verified, 'x-forwarded-for': '10.0.0.1' }
      for (const id of ['self', 'by-dn', 'by-dns']) expect(await ask(id, spoofed, far)).to.equal('invalid_client')
    } finally {
      await far.close()
    }
  })

  it('binds tokens to the certificate, for userinfo and for each refresh', async () => {
    const config = await through('self', { 'client-cert': inHeader(own) })
    const thief = await through('self', { 'client-cert': inHeader(other) })
    const nobody = await through('self', {})
    const build = async (given: client.Configuration, parameters: Record<string, string>) =>
      client.buildAuthorizationUrl(given, parameters)
    const { callback, checks } = await sent(server, config, build)
    const tokens = await client.authorizationCodeGrant(config, callback, checks)
    expect(decodeJwt(tokens.access_token).cnf).to.deep.equal({ 'x5t#S256': thumbprintOf(own) })
    expect(await client.fetchUserInfo(config, tokens.access_token, who.subject)).to.include({ sub: who.subject })
    for (const wrong of [thief, nobody]) {
      expect((await client.fetchUserInfo(wrong, tokens.access_token, who.subject).catch((error) => error)).status).to.equal(401)
      expect(await refused(client.refreshTokenGrant(wrong, tokens.refresh_token as string))).to.equal('invalid_client')
    }
    const next = await client.refreshTokenGrant(config, tokens.refresh_token as string)
    expect(decodeJwt(next.access_token).cnf).to.deep.equal({ 'x5t#S256': thumbprintOf(own) })
  })

  it('binds a public client’s refresh token to the certificate', async () => {
    await server.parts.clients.add({
      id: 'bound-native',
      name: 'bound',
      kind: 'native',
      redirectUris: [redirectUri],
      certificateBound: true,
      apis: { [api]: ['notes:read'] },
    })
    const config = await through('bound-native', { 'client-cert': inHeader(own) })
    const { callback, checks } = await sent(server, config, async (given, parameters) =>
      client.buildAuthorizationUrl(given, parameters),
    )
    const tokens = await client.authorizationCodeGrant(config, callback, checks)
    for (const wrong of [{ 'client-cert': inHeader(other) }, {}] as Record<string, string>[]) {
      const stolen = await through('bound-native', wrong)
      expect(await refused(client.refreshTokenGrant(stolen, tokens.refresh_token as string))).to.equal('invalid_grant')
    }
    expect(await refused(client.refreshTokenGrant(config, tokens.refresh_token as string))).to.equal('accepted')
  })

  it('is said in the metadata where it is on, and nowhere else', async () => {
    const metadataOf = async ({ issuer }: TestServer) =>
      (await fetch(`${issuer}/.well-known/oauth-authorization-server`)).json() as Promise<Record<string, unknown>>
    const on = await metadataOf(server)
    expect(on.tls_client_certificate_bound_access_tokens).to.equal(true)
    expect(on.token_endpoint_auth_methods_supported).to.include.members(['tls_client_auth', 'self_signed_tls_client_auth'])
    const plain = await startTestServer()
    try {
      const off = await metadataOf(plain)
      expect(off).not.to.have.property('tls_client_certificate_bound_access_tokens')
      expect(String(off.token_endpoint_auth_methods_supported)).not.to.include('tls')
    } finally {
      await plain.close()
    }
  })

  it('gives a client that needs a certificate nothing where there are none', async () => {
    const plain = await startTestServer()
    try {
      await addClients(formerly(plain), own)
      await formerly(plain).add({
        id: 'bound',
        name: 'bound',
        kind: 'spa',
        certificateBound: true,
        redirectUris: [redirectUri],
        apis: { [api]: ['notes:read'] },
      })
      for (const id of ['self', 'by-dn', 'bound'])
        expect(await ask(id, { 'client-cert': inHeader(own) }, plain)).to.equal('invalid_client')
      const page = await fetch(`${plain.issuer}/auth?client_id=bound&response_type=code`, { headers: { accept: 'text/html' } })
      expect(page.status).to.be.oneOf([400, 401])
    } finally {
      await plain.close()
    }
  })

  it('goes through a proxy that ends TLS and asks for the certificate', async () => {
    const port = await freePort()
    const secure = await startTestServer({
      issuer: `https://localhost:${port}`,
      settings: { mutualTls, trustedProxies: loopback },
    })
    const proxy = createServer({ ...pemOf(selfSigned()), requestCert: true, rejectUnauthorized: false }, (request, response) => {
      const { raw } = (request.socket as TLSSocket).getPeerCertificate()
      const headers = { ...request.headers, 'client-cert': raw ? `:${raw.toString('base64')}:` : '', 'x-client-verify': 'NONE' }
      const { url, method } = request
      const onward = httpRequest({ host: 'localhost', port: secure.port, path: url, method, headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers)
        answer.pipe(response)
      })
      request.pipe(onward)
    }).listen(port, 'localhost')
    try {
      await addClients(secure.parts.clients, own)
      const as = async (certificate: Certificate | undefined) => {
        const config = new client.Configuration(
          { issuer: secure.issuer, token_endpoint: `${secure.issuer}/token` },
          'self',
          undefined,
          client.TlsClientAuth(),
        )
        config[client.customFetch] = overTls(certificate)
        return refused(client.clientCredentialsGrant(config, { scope: 'notes:read' }))
      }
      expect(await as(own)).to.equal('accepted')
      expect(await as(other)).to.equal('invalid_client')
      expect(await as(undefined)).to.equal('invalid_client')
      expect((proxy.address() as AddressInfo).port).to.equal(port)
    } finally {
      proxy.closeAllConnections()
      proxy.close()
      await secure.close()
    }
  })
})

describe('the settings of mutual TLS', () => {
  const faultsOf = (settings: Record<string, unknown>) =>
    settingsSchema.safeParse(settings).error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ?? []
  const proxied = { trustedProxies: ['10.0.0.1'] }
  const bound = { id: 'bound', name: 'Bound', kind: 'spa', redirectUris: ['https://a.example/'], certificateBound: true }

  it('are in order with a proxy', () => expect(faultsOf({ ...proxied, mutualTls, clients: [bound] })).to.deep.equal([]))

  for (const [what, settings, fault] of [
    ['nobody to believe', { mutualTls }, /^mutualTls: needs trustedProxies/],
    ['one header for both', { ...proxied, mutualTls: { certificateHeader: 'a-b', verifiedHeader: 'A-B' } }, /another header/],
    ['a header that everybody sends', { ...proxied, mutualTls: { certificateHeader: 'Authorization' } }, /another meaning/],
    ['a header that says where from', { ...proxied, mutualTls: { certificateHeader: 'X-Forwarded-For' } }, /another meaning/],
    ['a client that is bound, and no setting', { clients: [bound] }, /^clients.0: is known by its certificate/],
    [
      'a client by authority, and no word of it',
      {
        ...proxied,
        mutualTls: { certificateHeader: 'client-cert' },
        clients: [
          {
            id: 'one',
            name: 'One',
            kind: 'machine',
            authentication: 'tls_client_auth',
            certificateSubject: { field: 'dns', value: 'a.example' },
          },
        ],
      },
      /^clients.0.authentication: needs mutualTls.verifiedHeader/,
    ],
  ] as [string, Record<string, unknown>, RegExp][]) {
    it(`have a fault with ${what}`, () => expect(faultsOf(settings).join('\n')).to.match(fault))
  }
})

const pemOf = ({ certificate, key }: Certificate) => ({ cert: certificate, key })

/** `fetch` over a connection with this certificate. */
function overTls(certificate: Certificate | undefined): client.CustomFetch {
  return (url, { method, headers, body }) =>
    new Promise((resolve, reject) => {
      const options = { method, headers, rejectUnauthorized: false, ...(certificate && pemOf(certificate)) }
      const sending = httpsRequest(url, options, async (answer) => {
        const answered = Object.entries(answer.headers).map(([name, value]): [string, string] => [name, String(value)])
        resolve(new Response(await text(answer), { status: answer.statusCode, headers: answered }))
      })
      sending.once('error', reject)
      sending.end(String(body ?? ''))
    })
}
