/** The published metadata (RFC 8414, OpenID Connect Discovery) against what answers: what is claimed works, what is not is refused. */
import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto'
import { expect } from 'chai'
import { decodeProtectedHeader, exportJWK, generateKeyPair } from 'jose'
import * as client from 'openid-client'
import { createVisitor } from '../../src/try/visitor.ts'
import { selfSigned } from '../support/certificate.ts'
import { errorOf, type RelyingParty, relyingParty } from '../support/client.ts'
import { addKeyed, configured, keyPair, refused, requestObject, requestParameters } from '../support/keyed.ts'
import { post } from '../support/post.ts'
import { api, startTestServer, type TestServer } from '../support/server.ts'
import { basic, type Cast, type Credentials, cast, passThrough, redirectUri } from '../support/story.ts'

/** Most members are lists. */
type Metadata = Record<string, string[]>
const documents = ['openid-configuration', 'oauth-authorization-server']
const mutualTls = { certificateHeader: 'client-cert', verifiedHeader: 'x-client-verify' }
const person = {
  given_name: 'Ada',
  family_name: 'Lovelace',
  middle_name: 'King',
  nickname: 'Ada',
  preferred_username: 'ada',
  profile: 'https://example.com/ada',
  picture: 'https://example.com/ada.png',
  website: 'https://ada.example.com',
  gender: 'female',
  birthdate: '1815-12-10',
  zoneinfo: 'Europe/London',
  locale: 'en-GB',
  phone_number: '+44 20 7946 0018',
  phone_number_verified: true,
  email_verified: true,
  address: { locality: 'London', country: 'GB' },
}

describe('the metadata', () => {
  let server: TestServer
  let who: Cast
  let metadata: Metadata
  before(async () => {
    server = await startTestServer({
      settings: {
        mutualTls,
        trustedProxies: ['127.0.0.0/8', '::1', '::ffff:127.0.0.0/104'],
        authorizationDetails: { note_payment: { description: 'Pay', api } },
      },
    })
    who = await cast(server)
    await server.parts.accounts.setClaims(who.email, person)
    metadata = (await (await fetch(`${server.issuer}/.well-known/${documents[0]}`)).json()) as Metadata
  })
  after(() => server.close())

  let count = 0
  async function add(members: Record<string, unknown> = {}): Promise<Credentials> {
    const id = `client-${count++}`
    const base = { id, name: 'A client', kind: 'web', redirectUris: [redirectUri], apis: { [api]: ['notes:read'] } }
    const { secret } = await server.parts.clients.add({ ...base, ...members })
    return { id, ...(secret && { secret }) }
  }
  const party = async (
    members: Record<string, unknown> = {},
    known: Partial<client.ClientMetadata> = {},
  ): Promise<RelyingParty> => relyingParty(server, await add(members), known)
  const registration = (members: Record<string, unknown>) => refused(add(members))

  it('is one document under two names, with nothing in it twice or empty', async () => {
    const [one, other] = await Promise.all(
      documents.map(async (name) => (await fetch(`${server.issuer}/.well-known/${name}`)).text()),
    )
    expect(one).to.equal(other)
    for (const [name, value] of Object.entries(metadata)) {
      if (!Array.isArray(value)) continue
      expect(new Set(value).size, name).to.equal(value.length)
      expect(value, name).to.not.deep.equal([])
    }
  })

  /** What a fact below is about; a member that none is about is a claim that nobody held it to. */
  const held = new Set<string>(['issuer', 'claim_types_supported'])
  const about = (...names: string[]): string => {
    for (const name of names) held.add(name)
    return names.join(', ')
  }
  it('says nothing that no fact of this file is about', () => {
    expect(Object.keys(metadata).filter((name) => !held.has(name))).to.deep.equal([])
    expect([...held].filter((name) => !(name in metadata))).to.deep.equal([])
  })

  const endpoints = {
    authorization_endpoint: 'GET',
    token_endpoint: 'POST',
    userinfo_endpoint: 'GET',
    jwks_uri: 'GET',
    revocations_uri: 'GET',
    end_session_endpoint: 'GET',
    revocation_endpoint: 'POST',
    introspection_endpoint: 'POST',
    pushed_authorization_request_endpoint: 'POST',
    device_authorization_endpoint: 'POST',
  }
  for (const [name, method] of Object.entries(endpoints)) {
    it(`${about(name)} answers`, async () => {
      expect(metadata[name]).to.match(new RegExp(`^${server.issuer}/`))
      const body = method === 'POST' ? new URLSearchParams({ client_id: 'nobody' }) : undefined
      const response = await fetch(String(metadata[name]), { method, body, redirect: 'manual' })
      expect(response.status, name).to.be.oneOf([200, 302, 303, 400, 401])
    })
  }
  it('has every endpoint, and none besides', () => {
    expect(Object.keys(metadata).filter((name) => /_(endpoint|uri)$/.test(name))).to.have.members(Object.keys(endpoints))
  })

  describe(about('grant_types_supported'), () => {
    const ask = async (grant_type: string) => {
      const one = await add({ grants: ['client_credentials'] })
      return (await post(server, '/token', { grant_type }, { authorization: basic(one) })).body.error
    }
    it('are known to the token endpoint', async () => {
      for (const grant of metadata.grant_types_supported!) expect(await ask(grant), grant).to.not.equal('unsupported_grant_type')
    })
    it('are all', async () => {
      const known = metadata.grant_types_supported!
      const others = ['password', 'implicit', 'urn:ietf:params:oauth:grant-type:jwt-bearer', 'urn:openid:params:grant-type:ciba']
      for (const grant of [...others, 'Authorization_Code']) {
        expect(known).to.not.include(grant)
        expect(await ask(grant), grant).to.equal('unsupported_grant_type')
      }
    })
  })

  describe(
    about('response_types_supported', 'response_modes_supported', 'authorization_response_iss_parameter_supported'),
    () => {
      it('bring a code to the client in each mode, and say who answers', async () => {
        const one = await party()
        for (const response_mode of metadata.response_modes_supported!) {
          const { url } = await one.begin({ response_mode })
          const visitor = createVisitor(server.issuer)
          const page = await visitor.open(url)
          const answer = await passThrough(visitor, page).catch((error: Error) => error)
          const text = answer instanceof URL ? answer.href : answer.message
          const parts: Record<string, string> = { fragment: '#', form_post: 'name="' }
          const part = parts[response_mode.split('.')[0] as string] ?? '?'
          const jwt = response_mode.includes('jwt')
          expect(text, response_mode)
            .to.match(jwt ? /response["=]/ : /code["=]/)
            .and.include(`${part}${jwt ? 'response' : ''}`)
          if (!jwt) expect(text, response_mode).to.match(/iss["=]/)
          if (response_mode.startsWith('form_post')) expect(text).to.include(`action="${redirectUri}"`)
        }
      })
      it('are all', async () => {
        const one = await party()
        for (const response_mode of ['web_message', 'web_message.jwt', 'none', 'Query']) {
          const answer = await one.answerTo({ response_mode })
          expect(errorOf(answer), response_mode).to.equal('unsupported_response_mode')
        }
        for (const response_type of ['token', 'id_token', 'code id_token', 'code token', 'none'])
          if (!metadata.response_types_supported!.includes(response_type)) {
            const answer = await one.answerTo({ response_type })
            expect(errorOf(answer) ?? new URLSearchParams(answer.hash.slice(1)).get('error'), response_type).to.equal(
              'unsupported_response_type',
            )
          }
      })
    },
  )

  describe(
    about(
      'token_endpoint_auth_methods_supported',
      'token_endpoint_auth_signing_alg_values_supported',
      'tls_client_certificate_bound_access_tokens',
    ),
    () => {
      const machine = { grants: ['client_credentials'] }
      const certificate = selfSigned(['service.example'])
      const raw = new X509Certificate(certificate.certificate).raw.toString('base64')
      const jwk = createPublicKey(createPrivateKey(certificate.key)).export({ format: 'jwk' })
      const tls = { 'client-cert': `:${raw}:`, 'x-client-verify': 'SUCCESS' }
      const methods: Record<string, () => Promise<string>> = {
        client_secret_basic: async () => attempt(await add(machine), client.ClientSecretBasic),
        client_secret_post: async () =>
          attempt(await add({ ...machine, authentication: 'client_secret_post' }), client.ClientSecretPost),
        private_key_jwt: async () => {
          for (const alg of metadata.token_endpoint_auth_signing_alg_values_supported!) {
            const keyed = await addKeyed(server, `keyed-${alg}`, machine, alg)
            const answer = await refused(client.clientCredentialsGrant(await configured(server, keyed), { scope: 'notes:read' }))
            if (answer !== 'accepted') return `${alg}: ${answer}`
          }
          return 'accepted'
        },
        none: async () => {
          const { secret: _, ...one } = await add({ kind: 'spa' })
          return refused((await relyingParty(server, one)).signIn())
        },
        tls_client_auth: async () => {
          const certificateSubject = { field: 'dns', value: 'service.example' }
          return byCertificate(await add({ ...machine, authentication: 'tls_client_auth', certificateSubject }))
        },
        self_signed_tls_client_auth: async () => {
          const jwks = { keys: [{ ...jwk, x5c: [raw] }] }
          return byCertificate(
            await add({ ...machine, authentication: 'self_signed_tls_client_auth', jwks, certificateBound: true }),
          )
        },
      }
      const attempt = async (one: Credentials, by: (secret: string) => client.ClientAuth) =>
        refused(
          client.clientCredentialsGrant((await relyingParty(server, one, {}, by(one.secret!))).config, { scope: 'notes:read' }),
        )
      const byCertificate = async ({ id }: Credentials) => {
        const form = { grant_type: 'client_credentials', client_id: id, scope: 'notes:read' }
        const { body } = await post(server, '/token', form, tls)
        return body.token_type ? 'accepted' : (body.error as string)
      }

      it('work, with each algorithm', async () => {
        expect(metadata.token_endpoint_auth_methods_supported).to.have.members(Object.keys(methods))
        for (const [method, accepted] of Object.entries(methods)) expect(await accepted(), method).to.equal('accepted')
      })
      it('are all', async () => {
        expect(await registration({ authentication: 'client_secret_jwt' })).to.equal('invalid_client_metadata')
        for (const alg of ['ES384', 'PS384', 'RS512']) {
          const keyed = await addKeyed(server, `keyed-${alg}`, machine, alg)
          const grant = client.clientCredentialsGrant(await configured(server, keyed), { scope: 'notes:read' })
          expect(await refused(grant), alg).to.equal('invalid_client')
        }
      })

      for (const endpoint of ['introspection', 'revocation']) {
        it(`${about(`${endpoint}_endpoint_auth_methods_supported`, `${endpoint}_endpoint_auth_signing_alg_values_supported`)} are the same`, async () => {
          for (const what of ['methods', 'signing_alg_values']) {
            const said = metadata[`${endpoint}_endpoint_auth_${what}_supported`]
            expect(said).to.deep.equal(metadata[`token_endpoint_auth_${what}_supported`])
          }
          const keyed = await configured(server, await addKeyed(server, `keyed-${endpoint}`, machine))
          const ask = endpoint === 'revocation' ? client.tokenRevocation(keyed, 'x') : client.tokenIntrospection(keyed, 'x')
          expect(await refused(ask as Promise<unknown>)).to.equal('accepted')
          const post = { ...machine, authentication: 'client_secret_post' }
          const one = await add(post)
          const { config } = await relyingParty(server, one, {}, client.ClientSecretPost(one.secret!))
          const again = endpoint === 'revocation' ? client.tokenRevocation(config, 'x') : client.tokenIntrospection(config, 'x')
          expect(await refused(again as Promise<unknown>)).to.equal('accepted')
        })
      }
    },
  )

  describe('algorithms of answers', () => {
    const answers = {
      id_token: ['idTokenAlgorithm', 'idTokenEncryption'],
      userinfo: ['userinfoAlgorithm', 'userinfoEncryption'],
      authorization: ['authorizationAlgorithm', 'authorizationEncryption'],
      introspection: ['introspectionAlgorithm', 'introspectionEncryption'],
    } as const
    type Answer = keyof typeof answers

    /** The answer as a client gets it that registered for it. */
    async function answerOf(kind: Answer, members: Record<string, unknown>): Promise<string> {
      const one = await add(members)
      const { config, begin, signIn } = await relyingParty(server, one, {
        id_token_signed_response_alg: members.idTokenAlgorithm as string,
      })
      if (kind === 'authorization') {
        const visitor = createVisitor(server.issuer)
        const answer = await passThrough(visitor, await visitor.open((await begin({ response_mode: 'jwt' })).url))
        return answer.searchParams.get('response')!
      }
      if (kind === 'id_token' && members.idTokenEncryption) {
        const visitor = createVisitor(server.issuer)
        const { url, checks } = await begin()
        const code = (await passThrough(visitor, await visitor.open(url))).searchParams.get('code')!
        const form = {
          grant_type: 'authorization_code',
          code,
          redirect_uri: redirectUri,
          code_verifier: checks.pkceCodeVerifier as string,
        }
        return (await post(server, '/token', form, { authorization: basic(one) })).body.id_token!
      }
      const { tokens } = await signIn()
      if (kind === 'id_token') return tokens.id_token!
      const authorization = kind === 'userinfo' ? `Bearer ${tokens.access_token}` : basic(one)
      const body = kind === 'userinfo' ? undefined : new URLSearchParams({ token: tokens.access_token })
      const endpoint = `${config.serverMetadata()[`${kind}_endpoint`]}`
      const headers = { authorization, ...(body && { accept: 'application/token-introspection+jwt' }) }
      return (await fetch(endpoint, { method: body ? 'POST' : 'GET', body, headers })).text()
    }

    for (const [kind, [signed, encrypted]] of Object.entries(answers) as [Answer, readonly [string, string]][]) {
      const names = ['signing_alg', 'encryption_alg', 'encryption_enc'].map((what) => `${kind}_${what}_values_supported`)
      it(`${about(...names)} are used as registered, and no other can be`, async () => {
        const [signing, algorithms, encodings] = names.map((name) => metadata[name]!)
        for (const alg of signing!) expect(decodeProtectedHeader(await answerOf(kind, { [signed]: alg })).alg, alg).to.equal(alg)
        for (const algorithm of algorithms!) {
          const { publicKey } = await generateKeyPair(algorithm, { extractable: true })
          const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid: 'k', use: 'enc' }] }
          const encoding = encodings![algorithms!.indexOf(algorithm) % encodings!.length]
          const header = decodeProtectedHeader(await answerOf(kind, { jwks, [encrypted]: { algorithm, encoding } }))
          expect(header, algorithm).to.include({ alg: algorithm, enc: encoding })
          for (const enc of encodings!)
            expect(await registration({ jwks, [encrypted]: { algorithm, encoding: enc } })).to.equal('accepted')
        }
        for (const alg of ['HS256', 'none', 'PS256', 'ES384', 'EdDSA'])
          if (!signing!.includes(alg)) expect(await registration({ [signed]: alg }), alg).to.equal('invalid_client_metadata')
        for (const algorithm of ['RSA1_5', 'RSA-OAEP', 'dir', 'A256KW'])
          if (!algorithms!.includes(algorithm))
            expect(await registration({ [encrypted]: { algorithm } }), algorithm).to.equal('invalid_client_metadata')
      })
    }
  })

  describe('algorithms of requests', () => {
    it(`${about('request_object_signing_alg_values_supported', 'request_parameter_supported', 'request_uri_parameter_supported')} are taken, and no other is`, async () => {
      expect(metadata).to.include({ request_parameter_supported: true, request_uri_parameter_supported: false })
      const ask = async (alg: string) => {
        const keyed = await addKeyed(server, `signs-${alg}`, {}, alg)
        const { parameters } = await requestParameters()
        const url = new URL(String(metadata.authorization_endpoint))
        const request = await requestObject(server, keyed, parameters)
        url.search = String(
          new URLSearchParams({
            client_id: keyed.id,
            request,
            scope: 'openid',
            response_type: 'code',
            redirect_uri: redirectUri,
          }),
        )
        return createVisitor(server.issuer).open(url)
      }
      for (const alg of metadata.request_object_signing_alg_values_supported!)
        expect((await ask(alg)).html, alg).to.include('type="password"')
      for (const alg of ['ES384', 'PS384', 'RS512']) {
        const { leftTo, status } = await ask(alg)
        expect(leftTo ? errorOf(leftTo) : status, alg).to.be.oneOf(['invalid_request_object', 400])
      }
      const byUri = await (await party())
        .answerTo({ request_uri: 'https://app.example.com/request.jwt' })
        .catch((error: Error) => error.message)
      expect(String(byUri)).to.match(/request_uri/)
    })

    it(`${about('dpop_signing_alg_values_supported')} are taken for proofs, and no other is`, async () => {
      const { config } = await party({ grants: ['client_credentials'] })
      const ask = async (alg: string) => {
        const { privateKey, publicKey } = await keyPair(alg)
        const DPoP = client.getDPoPHandle(config, { privateKey, publicKey })
        return refused(client.clientCredentialsGrant(config, { scope: 'notes:read' }, { DPoP }))
      }
      for (const alg of metadata.dpop_signing_alg_values_supported!) expect(await ask(alg), alg).to.equal('accepted')
      for (const alg of ['RS256', 'ES384']) expect(await ask(alg), alg).to.not.equal('accepted')
    })
  })

  it(`${about('code_challenge_methods_supported')} are taken, and no other is`, async () => {
    const one = await party()
    expect(metadata.code_challenge_methods_supported).to.deep.equal(['S256'])
    for (const code_challenge_method of ['plain', 'S512', 's256'])
      expect(errorOf(await one.answerTo({ code_challenge_method })), code_challenge_method).to.equal('invalid_request')
  })

  it(`${about('prompt_values_supported')} are taken, and no other is`, async () => {
    const one = await party()
    for (const prompt of metadata.prompt_values_supported!) {
      const { leftTo } = await createVisitor(server.issuer).open((await one.begin({ prompt })).url)
      expect(leftTo && errorOf(leftTo), prompt).to.equal(prompt === 'none' ? 'login_required' : undefined)
    }
    expect(errorOf(await one.answerTo({ prompt: 'create' }))).to.equal('invalid_request')
  })

  it(`${about('scopes_supported')} are granted, and no other is`, async () => {
    const scope = [...metadata.scopes_supported!, 'everything'].join(' ')
    const { tokens } = await (await party()).signIn({ scope, prompt: 'consent' })
    expect(tokens.scope?.split(' ')).to.have.members(metadata.scopes_supported!)
  })

  it(`${about('claims_supported', 'claims_parameter_supported')} are released, in the ID token or at userinfo, and no other is`, async () => {
    const one = await party()
    const asked = Object.fromEntries([...metadata.claims_supported!, 'shoe_size'].map((claim) => [claim, null]))
    const signed = await one.signIn({
      claims: JSON.stringify({ userinfo: asked, id_token: { ...asked, acr: { essential: true } } }),
    })
    const protocol = ['iss', 'sid', 'auth_time', 'acr', 'amr']
    const { aud, exp, iat, nonce, ...said } = signed.claims
    expect(Object.keys(said)).to.have.members(metadata.claims_supported!)
    expect(Object.keys(await one.userinfo(signed))).to.have.members(
      metadata.claims_supported!.filter((claim) => !protocol.includes(claim)),
    )
  })

  it(`${about('acr_values_supported')} are reached, and no other is`, async () => {
    const one = await party()
    const essential = (value: string) => ({ claims: JSON.stringify({ id_token: { acr: { essential: true, value } } }) })
    for (const acr of metadata.acr_values_supported!) expect((await one.signIn(essential(acr))).claims.acr).to.equal(acr)
    const { visitor } = await one.signIn()
    expect(errorOf(await one.answerTo(essential('urn:other'), visitor))).to.equal('unmet_authentication_requirements')
  })

  it(`${about('subject_types_supported')} are what a client can be registered with`, async () => {
    const subjects = new Set<string>()
    for (const subjectType of metadata.subject_types_supported!)
      subjects.add((await (await party({ subjectType })).signIn()).claims.sub)
    expect(subjects.size).to.equal(metadata.subject_types_supported!.length)
    expect(await registration({ subjectType: 'ephemeral' })).to.equal('invalid_client_metadata')
  })

  it(`${about('authorization_details_types_supported')} are granted, and no other is`, async () => {
    const types = metadata.authorization_details_types_supported!
    const one = await party({ authorizationDetailsTypes: types })
    const asking = (type: string) => ({ authorization_details: JSON.stringify([{ type }]) })
    for (const type of types) expect((await one.signIn(asking(type))).tokens.authorization_details).to.deep.equal([{ type }])
    expect(errorOf(await one.answerTo(asking('other')))).to.equal('invalid_authorization_details')
  })

  it(`${about('backchannel_logout_supported', 'backchannel_logout_session_supported')} is true: sessions are named in every ID token`, async () => {
    expect(metadata).to.include({ backchannel_logout_supported: true, backchannel_logout_session_supported: true })
    expect((await (await party()).signIn()).claims.sid).to.be.a('string')
    expect(await registration({ backchannelLogoutUri: 'https://app.example.com/logged-out' })).to.equal('accepted')
  })

  it('claims nothing of what is off', () => {
    for (const name of [
      'registration_endpoint',
      'check_session_iframe',
      'frontchannel_logout_supported',
      'backchannel_authentication_endpoint',
      'signed_metadata',
      'require_pushed_authorization_requests',
    ])
      expect(metadata).to.not.have.property(name)
  })
})
