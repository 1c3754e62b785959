import { expect } from 'chai'
import { type ClientKind, kindOf } from '../../src/settings/client/kinds.ts'
import { clientRegistration } from '../../src/settings/client/registration.ts'
import { badKeys, goodKeys } from '../support/public-keys.ts'

const digest = '47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU'
const web = { id: 'my-app', name: 'My app', kind: 'web', redirectUris: ['https://app.example.com/cb'], secretDigests: [digest] }
const spa = { ...web, kind: 'spa', secretDigests: [] }
const native = { ...spa, kind: 'native', redirectUris: ['com.example.app:/cb'] }
const machine = { ...web, kind: 'machine', redirectUris: [] }
const device = { ...spa, kind: 'device', redirectUris: [] }
const api = { ...machine, kind: 'api', serves: ['https://api.example.com'] }
const jwks = {
  keys: [
    {
      kty: 'EC',
      crv: 'P-256',
      x: 'SNg-3pVt_twdO703_SW0SUjucUtYjh42caJraBnTwSs',
      y: 'DzH4k29Suu5jVTFsI5JGet05TOwv_Pz5789kFHH-KIM',
    },
  ],
}
const keyed = { ...web, secretDigests: [], authentication: 'private_key_jwt', jwks }
const tls = {
  ...web,
  secretDigests: [],
  authentication: 'tls_client_auth',
  certificateSubject: { field: 'dns', value: 'app.example.com' },
}
const fapi = { ...keyed, profile: 'fapi2', dpopBound: true }

const bad: [string, Record<string, unknown>][] = [
  ['id', { ...web, id: 'ab' }],
  ['id', { ...web, id: '.hidden' }],
  ['id', { ...web, id: 'my app' }],
  ['id', { ...web, id: 'a'.repeat(129) }],
  ['id', { ...web, id: 'my:app' }],
  ['name', { ...web, name: '' }],
  ['name', { ...web, name: 'x'.repeat(81) }],
  ['kind', { ...web, kind: 'WEB' }],
  ['redirectUris', { ...web, redirectUris: undefined }],
  ['redirectUris', { ...web, redirectUris: [] }],
  ['redirectUris', { ...machine, redirectUris: web.redirectUris }],
  ['redirectUris', { ...web, redirectUris: 'https://app.example.com/cb' }],
  ['redirectUris.1', { ...web, redirectUris: [...web.redirectUris, 'javascript:alert(1)'] }],
  ['redirectUris.0', { ...web, redirectUris: ['https://app.example.com/'.padEnd(2_049, 'x')] }],
  ['redirectUris', { ...web, redirectUris: Array(51).fill('https://app.example.com/') }],
  ['redirectUris.0', { ...spa, redirectUris: native.redirectUris }],
  ['redirectUris.0', { ...native, redirectUris: ['http://localhost/cb'] }],
  ['postLogoutRedirectUris.0', { ...web, postLogoutRedirectUris: ['data:text/html,x'] }],
  ['secretDigests', { ...web, secretDigests: [] }],
  ['secretDigests', { ...machine, secretDigests: [] }],
  ['secretDigests', { ...spa, secretDigests: [digest] }],
  ['secretDigests', { ...native, secretDigests: [digest] }],
  ['secretDigests', { ...web, secretDigests: [digest, digest, digest] }],
  ['secretDigests.0', { ...web, secretDigests: ['the secret itself'] }],
  ['secretDigests', { ...device, secretDigests: [digest] }],
  ['secretDigests', { ...keyed, secretDigests: [digest] }],
  ['secretDigests.0', { ...web, secretDigests: [{ digest, secret: 'the secret itself' }] }],
  ['authentication', { ...spa, authentication: 'client_secret_basic', secretDigests: [digest] }],
  ['authentication', { ...keyed, authentication: 'none' }],
  ['authentication', { ...web, authentication: 'client_secret_jwt' }],
  ['jwks', { ...keyed, jwks: undefined }],
  ['jwks', { ...keyed, jwksUri: 'https://app.example.com/jwks' }],
  ['jwks.keys', { ...keyed, jwks: { keys: [] } }],
  ['jwks.keys.0', { ...keyed, jwks: { keys: [{ ...jwks.keys[0], d: 'AA' }] } }],
  ['jwks.keys.0.kty', { ...keyed, jwks: { keys: [{ kty: 'oct', k: 'AA' }] } }],
  ['jwks.keys.0', { ...keyed, jwks: { keys: [{ kty: 'RSA', n: 'AQAB', e: 'AQAB' }] } }],
  ['jwks.keys.0', { ...keyed, jwks: { keys: [{ ...jwks.keys[0], alg: ['ES256'] }] } }],
  ['jwks.keys.0', { ...keyed, jwks: { keys: [{ ...jwks.keys[0], x5c: 'AA' }] } }],
  ['jwks', { ...web, idTokenEncryption: {} }],
  ['jwks', { ...web, requireSignedRequests: true }],
  ['jwksUri', { ...keyed, jwks: undefined, jwksUri: 'file:///etc/passwd' }],
  ['certificateSubject', { ...tls, certificateSubject: undefined }],
  ['certificateSubject', { ...keyed, certificateSubject: { field: 'dns', value: 'app.example.com' } }],
  ['certificateSubject.field', { ...tls, certificateSubject: { field: 'serial', value: '1' } }],
  ['profile', { ...fapi, profile: 'fapi1' }],
  ['authentication', { ...web, profile: 'fapi2', dpopBound: true }],
  ['dpopBound', { ...fapi, dpopBound: false }],
  ['dpopBound', { ...fapi, certificateBound: true }],
  ['pkceExempt', { ...fapi, pkceExempt: true }],
  ['redirectUris.0', { ...fapi, redirectUris: ['http://localhost/cb'] }],
  ['grants.0', { ...spa, grants: ['device_code'] }],
  ['grants.0', { ...native, grants: ['client_credentials'] }],
  ['grants.0', { ...web, grants: ['password'] }],
  ['redirectUris', { ...device, redirectUris: web.redirectUris }],
  ['serves', { ...api, serves: [] }],
  ['serves', { ...machine, serves: ['https://api.example.com'] }],
  ['exchanges', { ...machine, exchanges: { 'https://api.example.com': ['read'] } }],
  ['corsOrigins.0', { ...spa, corsOrigins: ['https://app.example.com/'] }],
  ['corsOrigins.0', { ...spa, corsOrigins: ['null'] }],
  ['corsOrigins.0', { ...spa, corsOrigins: ['*'] }],
  [
    'sectorIdentifierUri',
    { ...web, subjectType: 'pairwise', redirectUris: ['https://a.example.com/', 'https://b.example.com/'] },
  ],
  ['subjectType', { ...device, subjectType: 'pairwise' }],
  ['backchannelLogoutUri', { ...web, backchannelLogoutUri: 'ftp://app.example.com/' }],
  ['pkceExempt', { ...spa, pkceExempt: true }],
  ['pkceExempt', { ...native, pkceExempt: true }],
  ['pkceExempt', { ...machine, pkceExempt: true }],
  ['firstParty', { ...web, firstParty: 'yes' }],
  ['idTokenAlgorithm', { ...web, idTokenAlgorithm: 'none' }],
  ['idTokenAlgorithm', { ...web, idTokenAlgorithm: 'HS256' }],
  ['logo', { ...web, logo: 'http://app.example.com/logo.png' }],
  ['policyUri', { ...web, policyUri: 'javascript:alert(1)' }],
  ['tosUri', { ...web, tosUri: 'data:text/html,x' }],
  ['apis.notes', { ...web, apis: { notes: ['read'] } }],
  ['', { ...web, client_secret: 'the secret itself' }],
  ['', { ...web, trusted: true }],
]

describe('the registration of a client', () => {
  for (const client of [web, spa, native, machine, device, api, keyed, tls, fapi]) {
    it(`is accepted as ${JSON.stringify(client).slice(0, 220)}, and is careful by default`, () => {
      expect(clientRegistration.parse(client)).to.deep.include({
        firstParty: false,
        pkceExempt: false,
        verified: true,
        idTokenAlgorithm: 'ES256',
        apis: {},
        postLogoutRedirectUris: [],
      })
    })
  }

  it('may exempt a web client from PKCE, and hold a second secret while one is replaced', () => {
    expect(clientRegistration.safeParse({ ...web, pkceExempt: true, secretDigests: [digest, digest] }).success).to.equal(true)
  })

  for (const [path, registration] of bad) {
    it(`is refused for ${path || 'a name that is not known'}: ${JSON.stringify(registration).slice(0, 220)}`, () => {
      const { error } = clientRegistration.safeParse(registration)
      expect(error?.issues.map((issue) => issue.path.join('.'))).to.deep.equal([path])
    })
  }

  const signing = { ...jwks.keys[0], use: 'sig' }
  for (const answer of ['idTokenEncryption', 'userinfoEncryption', 'introspectionEncryption', 'authorizationEncryption']) {
    const encrypted = (algorithm: string, key: object) => ({ ...web, jwks: { keys: [signing, key] }, [answer]: { algorithm } })
    for (const [name, { algorithm, key }] of Object.entries(goodKeys)) {
      it(`may ask for ${answer} to ${name} by ${algorithm}`, () => {
        expect(clientRegistration.safeParse(encrypted(algorithm, key)).success).to.equal(true)
      })
    }
    for (const [name, { algorithm, key }] of Object.entries(badKeys)) {
      it(`may not ask for ${answer} by ${algorithm} with no key but ${name}`, () => {
        const { error } = clientRegistration.safeParse(encrypted(algorithm, key))
        expect(error?.issues.map(({ path }) => path.join('.'))).to.satisfy((paths: string[]) =>
          [['jwks'], ['jwks.keys.1']].some((one) => JSON.stringify(one) === JSON.stringify(paths)),
        )
      })
    }
  }

  it('never repeats a secret digest, nor a whole value, in what it says is wrong', () => {
    const { error } = clientRegistration.safeParse({ ...spa, secretDigests: [digest] })
    expect(JSON.stringify(error?.issues.map(({ message }) => message))).not.to.include(digest)
  })

  const confidential: Record<ClientKind, boolean> = {
    web: true,
    machine: true,
    api: true,
    spa: false,
    native: false,
    device: false,
  }
  for (const [kind, is] of Object.entries(confidential)) {
    it(`takes a client of kind ${kind} for ${is ? 'confidential' : 'public'} (RFC 6749 s2.1)`, () => {
      expect(kindOf(kind as ClientKind).confidential).to.equal(is)
    })
  }
})
