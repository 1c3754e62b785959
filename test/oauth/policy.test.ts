import { expect } from 'chai'
import type { KoaContextWithOIDC } from 'oidc-provider'
import type { OurClient } from '../../src/oauth/clients/our-client.ts'
import { skipsConsent } from '../../src/oauth/policy/grants.ts'
import { defaultApi } from '../../src/oauth/policy/resource.ts'
import { rolesOf } from '../../src/oauth/policy/roles.ts'
import { createApis } from '../../src/permissions/apis.ts'
import { load } from '../settings/file.ts'

const issuer = 'https://id.example.com'
const api = (identifier: string) => ({ identifier, name: 'API', scopes: {} })
const { apis: declared } = load({ apis: [api('https://one.example.com'), api('https://two.example.com')] })
const apis = createApis(declared, issuer, 'Signet')
const client = (members: Record<string, unknown>) => ({ apis: {}, first_party: false, ...members }) as unknown as OurClient

describe('the API that is meant when none is named', () => {
  for (const [what, own, oneOf, meant] of [
    [
      'the client’s first',
      { 'https://two.example.com': [], 'https://one.example.com': [] },
      undefined,
      'https://two.example.com',
    ],
    [
      'the client’s first that there is',
      { 'https://gone.example.com': [], 'https://one.example.com/': [] },
      undefined,
      'https://one.example.com',
    ],
    ['userinfo for a client without', {}, undefined, `${issuer}/userinfo`],
    [
      'the first of the grant at the token endpoint',
      { 'https://two.example.com': [] },
      ['https://one.example.com'],
      'https://one.example.com',
    ],
    ['the client’s first for a grant without', { 'https://two.example.com': [] }, [], 'https://two.example.com'],
  ] as const) {
    it(`is ${what}`, () => expect(defaultApi(apis, client({ apis: own }), oneOf && [...oneOf])).to.equal(meant))
  }
})

describe('the roles that a request is judged by', () => {
  const request = (oidc: Record<string, unknown>) => ({ oidc }) as unknown as KoaContextWithOIDC
  const account = { roles: ['editor'] }
  const token = (grant_type: string) => ({ params: { grant_type } })

  for (const [what, ctx, person, roles] of [
    ['the person’s', request({ ...token('refresh_token'), account }), undefined, ['editor']],
    ['of a person whom the session alone knows', request({ params: {} }), account, ['editor']],
    ['none of a person without', request({ params: {}, account: {} }), undefined, []],
    ['none before anybody signed in', request({ params: {} }), undefined, []],
    ['none of a token request of nobody', request(token('authorization_code')), undefined, []],
    ['none of a request without parameters', request({}), undefined, []],
    ['not asked for a machine', request(token('client_credentials')), undefined, undefined],
    ['not asked for a machine, whoever is there', request({ ...token('client_credentials'), account }), account, undefined],
  ] as const) {
    it(`are ${what}`, () => expect(rolesOf(ctx, person)).to.deep.equal(roles))
  }
})

describe('consent', () => {
  const web = { first_party: true, applicationType: 'web', redirectUris: ['https://app.example.com/cb'] }

  it('is the operator’s own setting for an application of theirs', () => expect(skipsConsent(client(web))).to.equal(true))

  for (const [what, members] of [
    ['another’s application', { ...web, first_party: false }],
    ['a native application', { ...web, applicationType: 'native' }],
    ['a redirect to localhost', { ...web, redirectUris: [...web.redirectUris, 'http://localhost:3000/cb'] }],
    ['a redirect to 127.0.0.1', { ...web, redirectUris: ['http://127.0.0.1/cb'] }],
    ['a redirect to a private scheme', { ...web, redirectUris: ['com.example.app:/cb'] }],
  ] as const) {
    it(`is asked for with ${what}`, () => expect(skipsConsent(client(members))).to.equal(false))
  }
})
