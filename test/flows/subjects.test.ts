/** Pairwise subjects (OpenID Connect Core s8), signed and encrypted answers (s5.3.2, s10), seen by openid-client and oauth4webapi. */
import { expect } from 'chai'
import { decodeJwt, decodeProtectedHeader, exportJWK, generateKeyPair } from 'jose'
import * as client from 'openid-client'
import { errorOf, type RelyingParty, relyingParty } from '../support/client.ts'
import { api, startTestServer, type TestServer } from '../support/server.ts'
import { type Cast, cast } from '../support/story.ts'

const callback = (host: string) => `https://${host}/callback`

describe('what a client learns of a person', () => {
  let server: TestServer
  let who: Cast
  before(async () => {
    server = await startTestServer()
    who = await cast(server)
  })
  after(() => server.close())

  async function registered(
    members: Record<string, unknown>,
    metadata: Partial<client.ClientMetadata> = {},
  ): Promise<RelyingParty> {
    const redirectUris = (members.redirectUris ?? [callback('app.example.com')]) as string[]
    const { registration, secret } = await server.parts.clients.add({
      name: 'An app',
      kind: 'web',
      redirectUris,
      apis: { [api]: ['notes:read'] },
      ...members,
    })
    return relyingParty(server, { id: registration.id, secret: secret! }, metadata, undefined, redirectUris[0])
  }

  describe('its subject', () => {
    const subjectType = 'pairwise'
    let one: RelyingParty
    let sibling: RelyingParty
    let other: RelyingParty
    before(async () => {
      one = await registered({ subjectType, redirectUris: [callback('one.example.com')] })
      sibling = await registered({ subjectType, redirectUris: [`${callback('one.example.com')}/sibling`] })
      other = await registered({ subjectType, redirectUris: [callback('other.example.com')] })
    })

    it('is one per sector, the same each time, and never the account’s', async () => {
      const subjects: string[] = []
      for (const party of [one, one, sibling, other]) subjects.push((await party.signIn()).claims.sub)
      expect(new Set(subjects.slice(0, 3)).size).to.equal(1)
      expect(new Set([...subjects, who.subject]).size).to.equal(3)
      const bob = await server.parts.accounts.add({ email: 'bob@example.com', password: 'correct horse battery staple' })
      const { claims } = await one.signIn({}, { email: bob.email })
      expect([...subjects, bob.id]).to.not.include(claims.sub)
    })

    it('is the same in the ID token, the access token and userinfo, which goes on after a refresh', async () => {
      const signed = await one.signIn({ scope: 'openid email notes:read' })
      expect(decodeJwt(signed.tokens.access_token).sub).to.equal(signed.claims.sub)
      expect(await one.userinfo(signed)).to.deep.include({ sub: signed.claims.sub, email: who.email })
      const next = await client.refreshTokenGrant(one.config, signed.tokens.refresh_token!)
      expect(decodeJwt(next.access_token).sub).to.equal(signed.claims.sub)
      expect(await client.fetchUserInfo(one.config, next.access_token, signed.claims.sub)).to.include({ email: who.email })
      expect(JSON.stringify([signed.claims, decodeJwt(signed.tokens.access_token)])).to.not.include(who.subject)
    })

    it('is what an id_token_hint and a requested sub are held against', async () => {
      const { visitor, tokens, claims } = await one.signIn()
      const silent = (more: Record<string, string>) => ({ prompt: 'none', ...more })
      const passed = await one.answerTo(silent({ id_token_hint: tokens.id_token! }), visitor)
      expect(passed.searchParams.get('code')).to.be.a('string')
      const asked = (sub: string) => silent({ claims: JSON.stringify({ id_token: { sub: { value: sub } } }) })
      expect((await one.answerTo(asked(claims.sub), visitor)).searchParams.get('code')).to.be.a('string')
      expect(errorOf(await one.answerTo(asked(who.subject), visitor))).to.equal('login_required')
    })

    it('ends with the account’s access', async () => {
      const { id, email } = await server.parts.accounts.add({
        email: 'gone@example.com',
        password: 'correct horse battery staple',
      })
      const signed = await one.signIn({}, { email })
      expect((await one.userinfo(signed)).sub).to.not.equal(id)
      await server.parts.accounts.disable(email)
      const refused = await one.userinfo(signed).catch((error) => error)
      expect(refused).to.be.instanceOf(client.WWWAuthenticateChallengeError)
    })

    for (const [what, members] of [
      ['several hosts and no sector', { redirectUris: [callback('a.example.com'), callback('b.example.com')] }],
      ['no redirect URI to tell its sector by', { kind: 'device', redirectUris: [] }],
      ['a device’s grant', { kind: 'native', grants: ['device_code'], redirectUris: ['http://127.0.0.1/callback'] }],
    ] as [string, Record<string, unknown>][]) {
      it(`is not pairwise for a client with ${what}`, async () => {
        const refused = await registered({ subjectType, ...members }).catch((error) => error)
        expect(refused).to.have.property('code', 'invalid_client_metadata')
      })
    }
  })

  describe('its answers', () => {
    for (const alg of ['ES256', 'RS256'] as const) {
      it(`come from userinfo signed with ${alg}, as registered`, async () => {
        const party = await registered(
          { userinfoAlgorithm: alg, idTokenAlgorithm: alg },
          {
            userinfo_signed_response_alg: alg,
            id_token_signed_response_alg: alg,
          },
        )
        client.enableNonRepudiationChecks(party.config)
        const signed = await party.signIn({ scope: 'openid email' })
        expect(await party.userinfo(signed)).to.deep.include({
          sub: who.subject,
          email: who.email,
          aud: party.config.clientMetadata().client_id,
        })
        expect(decodeProtectedHeader(signed.tokens.id_token!).alg).to.equal(alg)
      })
    }

    for (const [algorithm, generated] of [
      ['ECDH-ES', 'ECDH-ES'],
      ['ECDH-ES+A256KW', 'ECDH-ES'],
      ['RSA-OAEP-256', 'RSA-OAEP-256'],
    ] as const) {
      it(`come encrypted with ${algorithm} to the client’s own key, ID token and userinfo`, async () => {
        const { publicKey, privateKey } = await generateKeyPair(generated, { extractable: true })
        const key = { ...(await exportJWK(publicKey)), kid: 'mine', use: 'enc' }
        const encryption = { algorithm, encoding: 'A128GCM' }
        const party = await registered(
          { jwks: { keys: [key] }, idTokenEncryption: encryption, userinfoEncryption: encryption },
          { userinfo_signed_response_alg: 'ES256', id_token_signed_response_alg: 'ES256' },
        )
        client.enableDecryptingResponses(party.config, ['A128GCM'], { key: privateKey, kid: 'mine', alg: algorithm })
        const signed = await party.signIn({ scope: 'openid email' })
        expect(decodeProtectedHeader(signed.tokens.id_token!)).to.include({
          alg: algorithm,
          enc: 'A128GCM',
          kid: 'mine',
          cty: 'JWT',
        })
        expect(signed.claims.sub).to.equal(who.subject)
        expect(await party.userinfo(signed)).to.include({ email: who.email })
      })
    }

    it('are plain JSON for a client that registered nothing of it', async () => {
      const { tokens } = await (await registered({})).signIn({ scope: 'openid email' })
      const response = await fetch(`${server.issuer}/userinfo`, { headers: { authorization: `Bearer ${tokens.access_token}` } })
      expect(response.headers.get('content-type')).to.equal('application/json; charset=utf-8')
      expect(await response.json()).to.deep.equal({ sub: who.subject, email: who.email, email_verified: false })
    })
  })
})
