import { expect } from 'chai'
import { type ClientKind, clientRegistration, isConfidential } from '../../src/settings/client.ts'

const digest = '47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU'
const web = { id: 'my-app', name: 'My app', kind: 'web', redirectUris: ['https://app.example.com/cb'], secretDigests: [digest] }
const spa = { ...web, kind: 'spa', secretDigests: [] }
const native = { ...spa, kind: 'native', redirectUris: ['com.example.app:/cb'] }
const machine = { ...web, kind: 'machine', redirectUris: [] }

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
  for (const client of [web, spa, native, machine]) {
    it(`is accepted of kind ${client.kind}, and is careful by default`, () => {
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

  it('never repeats a secret digest, nor a whole value, in what it says is wrong', () => {
    const { error } = clientRegistration.safeParse({ ...spa, secretDigests: [digest] })
    expect(JSON.stringify(error?.issues.map(({ message }) => message))).not.to.include(digest)
  })

  const confidential: Record<ClientKind, boolean> = { web: true, machine: true, spa: false, native: false }
  for (const [kind, is] of Object.entries(confidential)) {
    it(`takes a client of kind ${kind} for ${is ? 'confidential' : 'public'} (RFC 6749 s2.1)`, () => {
      expect(isConfidential(kind as ClientKind)).to.equal(is)
    })
  }
})
