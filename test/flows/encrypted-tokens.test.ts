/** An access token that only its API can read is answered for by this server all the same (RFC 7662, RFC 7009), by the handle in its header. */
import { generateKeyPairSync } from 'node:crypto'
import { expect } from 'chai'
import { CompactEncrypt, type CompactJWEHeaderParameters, compactDecrypt, decodeJwt, decodeProtectedHeader } from 'jose'
import * as oauth from 'oauth4webapi'
import { grantTypes } from '../../src/settings/client/kinds.ts'
import { introspect, question, revoke } from '../support/questions.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { type Credentials, refresh, token, tokensFor } from '../support/story.ts'

const insecure = { [oauth.allowInsecureRequests]: true }
const vault = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const safe = generateKeyPairSync('rsa', { modulusLength: 2048 })
const identifiers = { vault: 'https://vault.example.com', safe: 'https://safe.example.com' }

describe('encrypted access tokens', () => {
  let server: TestServer
  let app: Credentials
  let machine: Credentials
  const asking = {} as Record<keyof typeof identifiers, Credentials>
  before(async () => {
    const scopes = { 'gold:read': { description: 'Count the gold' } }
    server = await startTestServer({
      settings: {
        apis: [
          {
            identifier: identifiers.vault,
            name: 'Vault',
            includeRoles: true,
            scopes,
            encryption: { publicKey: { ...vault.publicKey.export({ format: 'jwk' }), kid: 'v' } },
          },
          {
            identifier: identifiers.safe,
            name: 'Safe',
            scopes,
            encryption: { algorithm: 'RSA-OAEP-256', publicKey: safe.publicKey.export({ format: 'jwk' }) },
          },
        ],
      },
    })
    await server.parts.accounts.add({ email: 'ada@example.com', password: 'correct horse battery staple' })
    const add = async (id: string, more: Record<string, unknown>): Promise<Credentials> => {
      const { secret } = await server.parts.clients.add({ id, name: id, ...more })
      return { id, secret }
    }
    const may = { [identifiers.vault]: ['gold:read'], [identifiers.safe]: ['gold:read'] }
    app = await add('web', { kind: 'web', redirectUris: ['https://app.example.com/callback'], apis: may })
    machine = await add('machine', { kind: 'machine', apis: may })
    asking.vault = await add('vault-api', {
      kind: 'api',
      serves: [identifiers.vault],
      exchanges: { [identifiers.safe]: ['gold:read'] },
    })
    asking.safe = await add('safe-api', { kind: 'api', serves: [identifiers.safe] })
  })
  after(() => server.close())

  const persons = () => tokensFor(server, app, { scope: 'openid gold:read', resource: identifiers.vault })
  const machines = async (resource: string) =>
    (await token(server, machine, { grant_type: 'client_credentials', scope: 'gold:read', resource })).body.access_token!
  const inner = async (jwe: string, key = vault.privateKey) => Buffer.from((await compactDecrypt(jwe, key)).plaintext).toString()

  it('are answered for to their API, in full', async () => {
    const { access_token: jwe } = await persons()
    const { grant, ...claims } = decodeJwt(await inner(jwe!))
    expect(grant).to.be.a('string')
    expect(await introspect(server, asking.vault, jwe!)).to.deep.equal({ active: true, token_type: 'Bearer', ...claims })
    const one = await machines(identifiers.safe)
    expect(await introspect(server, asking.safe, one)).to.include({ active: true, sub: 'machine', aud: identifiers.safe })
  })
  it('tell their own client no more than it was told when it got them', async () => {
    const { access_token: jwe } = await persons()
    const said = await introspect(server, app, jwe!)
    expect(said).to.have.keys(['active', 'token_type', 'iss', 'client_id', 'scope', 'iat', 'exp'])
    expect(said).to.include({ active: true, scope: 'openid gold:read' })
  })
  it('show nothing of themselves: the handle is sealed, and the header says what anybody may know', async () => {
    const { access_token: jwe } = await persons()
    const { handle, epk, ...header } = decodeProtectedHeader(jwe!) as Record<string, unknown>
    expect(epk).to.have.keys(['kty', 'crv', 'x', 'y'])
    expect(header).to.deep.equal({
      alg: 'ECDH-ES',
      enc: 'A256GCM',
      kid: 'v',
      iss: server.issuer,
      aud: identifiers.vault,
      cty: 'at+jwt',
    })
    // A nonce, 32 bytes of key as text, a tag.
    expect(Buffer.from(String(handle), 'base64url')).to.have.length(12 + 43 + 16)
  })
  it('T27 tell another API and another client nothing', async () => {
    const { access_token: jwe } = await persons()
    for (const client of [asking.safe, machine]) expect(await introspect(server, client, jwe!)).to.deep.equal({ active: false })
  })

  /** What its API would be sent by whoever makes a token of their own. */
  const forged = async (text: string, header: Record<string, unknown>, key = vault.publicKey) =>
    new CompactEncrypt(Buffer.from(text))
      .setProtectedHeader({ alg: 'ECDH-ES', enc: 'A256GCM', cty: 'at+jwt', ...header } as CompactJWEHeaderParameters)
      .encrypt(key)

  it('lend their handle to no other token', async () => {
    const { access_token: jwe } = await persons()
    const other = (await persons()).access_token as string
    const { handle } = decodeProtectedHeader(jwe!) as { handle: string }
    const { handle: foreign } = decodeProtectedHeader(other) as unknown as { handle: string }
    const signed = await inner(jwe!)
    const parts = jwe!.split('.')
    const others = other.split('.')
    for (const [what, one] of [
      ['a forgery under the handle', await forged(signed.replace(/\.[^.]*$/, '.AAAA'), { handle })],
      ['the same signed token, encrypted anew under its handle', await forged(signed, { handle })],
      ['without a handle', await forged(signed, {})],
      ['under the handle of another', await forged(signed, { handle: foreign })],
      ['under a handle that nobody sealed', await forged(signed, { handle: 'A'.repeat(95) })],
      ['under no text', await forged(signed, { handle: { a: 1 } })],
      ['the header of another', [others[0], ...parts.slice(1)].join('.')],
      ['the body of another', [parts[0], parts[1], ...others.slice(2)].join('.')],
      ['another tag', parts.with(4, others[4]!).join('.')],
      ['a key where there is none', parts.with(1, 'AAAA').join('.')],
      ['the signed token bare, cut', signed.slice(0, -4)],
    ] as const)
      expect(await introspect(server, asking.vault, one), what).to.deep.equal({ active: false })
    expect(await introspect(server, asking.vault, jwe!), 'the control').to.include({ active: true })
  })
  it('are revoked: a person’s with the grant, a machine’s alone', async () => {
    const tokens = await persons()
    await revoke(server, machine, tokens.access_token!)
    await revoke(server, asking.vault, tokens.access_token!)
    expect((await introspect(server, asking.vault, tokens.access_token!)).active, 'T26 by somebody else').to.equal(true)
    await revoke(server, app, tokens.access_token!)
    expect((await introspect(server, asking.vault, tokens.access_token!)).active).to.equal(false)
    expect((await refresh(server, app, tokens.refresh_token!)).body.error).to.equal('invalid_grant')
    const [one, other] = [await machines(identifiers.safe), await machines(identifiers.safe)]
    await revoke(server, machine, one)
    expect((await introspect(server, asking.safe, one)).active).to.equal(false)
    expect((await introspect(server, asking.safe, other)).active).to.equal(true)
  })
  it('are exchanged by the API that reads them, for one that the next alone reads', async () => {
    const { access_token: jwe } = await persons()
    const { body } = await token(server, asking.vault, {
      grant_type: grantTypes.token_exchange,
      subject_token: jwe,
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    })
    const claims = decodeJwt(await inner(body.access_token!, safe.privateKey))
    expect(claims).to.deep.include({ aud: identifiers.safe, client_id: 'vault-api', act: { sub: 'vault-api' } })
    expect(claims.sub).to.equal(decodeJwt(await inner(jwe!)).sub)
    expect(await introspect(server, asking.safe, body.access_token!)).to.include({ active: true, sub: claims.sub })
  })
  it('are taken at userinfo like any other with openid', async () => {
    const { access_token: jwe } = await persons()
    const response = await fetch(`${server.issuer}/userinfo`, { headers: { authorization: `Bearer ${jwe}` } })
    expect(response.status).to.equal(200)
  })
  it('are asked about by oauth4webapi, and the answer is signed', async () => {
    const issuer = new URL(server.issuer)
    const as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, insecure))
    const client = { client_id: 'vault-api', introspection_signed_response_alg: 'ES256' }
    const ask = async (one: string) => {
      const authentication = oauth.ClientSecretBasic(asking.vault.secret!)
      const response = await oauth.introspectionRequest(as, client, authentication, one, {
        ...insecure,
        requestJwtResponse: true,
      })
      const answer = await oauth.processIntrospectionResponse(as, client, response)
      await oauth.validateApplicationLevelSignature(as, response, insecure)
      return answer
    }
    const { access_token: jwe } = await persons()
    expect(await ask(jwe!)).to.include({ active: true, aud: identifiers.vault })
    expect(await ask(`${jwe}A`)).to.deep.equal({ active: false })
  })
  it('have their answer encrypted for the API that registered so', async () => {
    const { secret } = await server.parts.clients.add({
      id: 'sealed-api',
      name: 'Sealed',
      kind: 'api',
      serves: [identifiers.vault],
      introspectionEncryption: {},
      jwks: { keys: [{ ...vault.publicKey.export({ format: 'jwk' }), use: 'enc', kid: 'v' }] },
    })
    const client = { id: 'sealed-api', secret }
    const { access_token: jwe } = await persons()
    const clear = await question(server, 'introspection', client, { token: jwe! })
    expect([clear.status, clear.body.error]).to.deep.equal([400, 'invalid_request'])
    const { text, status } = await question(
      server,
      'introspection',
      client,
      { token: jwe! },
      { accept: 'application/token-introspection+jwt' },
    )
    expect(status, text).to.equal(200)
    const { token_introspection: said, aud } = decodeJwt(await inner(text)) as Record<string, unknown>
    expect(said).to.include({ active: true, aud: identifiers.vault })
    expect(aud).to.equal('sealed-api')
  })
})
