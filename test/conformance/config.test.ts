/** The Foundation's `oidcc-config-certification-test-plan`: its one module, as the conditions that the suite runs in it. */
import { execFileSync } from 'node:child_process'
import { hash } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { parseEnv } from 'node:util'
import { expect } from 'chai'
import { loadSettings } from '../../src/settings/load.ts'
import { temporaryFolder } from '../support/server.ts'
import { type ConformanceServer, startConformanceServer, suite } from './server.ts'

describe('what a run of the suite needs', () => {
  it('is written for its owner alone, and fits config/conformance.yaml', () => {
    const folder = temporaryFolder()
    execFileSync(process.execPath, [path.join(import.meta.dirname, 'world.ts'), 'https://localhost:8443', suite, folder])
    for (const name of ['server.env', 'suite.json', 'suite-fapi.json', 'claims.json'])
      expect(statSync(path.join(folder, name)).mode & 0o077, name).to.equal(0)
    const settings = loadSettings(parseEnv(readFileSync(path.join(folder, 'server.env'), 'utf8')))
    expect(settings).to.deep.include({ issuer: 'https://localhost:8443', development: false })
    const read = (name: string) => JSON.parse(readFileSync(path.join(folder, name), 'utf8'))
    const { client, client2, client_secret_post } = read('suite.json')
    const fapi = read('suite-fapi.json')
    const known = new Map(settings.clients.map(({ id, secretDigests, jwks }) => [id, { digest: secretDigests[0]?.digest, jwks }]))
    for (const { client_id, client_secret } of [client, client2, client_secret_post])
      expect(known.get(client_id)?.digest).to.equal(hash('sha256', client_secret, 'base64url'))
    for (const { client_id, jwks } of [fapi.client, fapi.client2]) {
      const { d: _, ...publicKey } = jwks.keys[0]
      expect(known.get(client_id)?.jwks).to.deep.equal({ keys: [publicKey] })
    }
    expect(fapi.resource.resourceUrl).to.equal('https://localhost:8443/userinfo')
    expect(settings.clients.map(({ pkceExempt }) => pkceExempt))
      .to.include(true)
      .and.include(false)
  })
})

describe('oidcc-config-certification-test-plan', () => {
  let server: ConformanceServer
  let response: Response
  let metadata: Record<string, unknown>
  before(async () => {
    server = await startConformanceServer()
    response = await fetch(server.world.suite.server.discoveryUrl)
    metadata = (await response.json()) as typeof metadata
  })
  after(() => server.close())

  const list = (name: string) => metadata[name] as string[]
  const endpoints = () => Object.entries(metadata).filter(([name]) => /_(endpoint|uri)$/.test(name)) as [string, string][]

  describe('oidcc-discovery-endpoint-verification', () => {
    const conditions: Record<string, () => unknown> = {
      EnsureDiscoveryEndpointResponseStatusCodeIs200: () => expect(response.status).to.equal(200),
      CheckDiscoveryEndpointReturnedJsonContentType: () =>
        expect(response.headers.get('content-type')).to.match(/^application\/json/),
      OIDCCCheckDiscEndpointResponseTypesSupported: () => expect(list('response_types_supported')).to.include('code'),
      'CheckDiscEndpointDiscoveryUrl, CheckDiscEndpointIssuer': () =>
        expect(server.world.suite.server.discoveryUrl).to.equal(`${metadata.issuer}/.well-known/openid-configuration`),
      CheckDiscEndpointIssuerIsValidUrl: () => {
        const { protocol, search, hash } = new URL(String(metadata.issuer))
        expect([protocol, search, hash]).to.deep.equal(['https:', '', ''])
      },
      ValidateServerMetadataAgainstSchema: () => {
        for (const [name, value] of Object.entries(metadata)) {
          if (name.endsWith('_supported') && typeof value !== 'boolean') expect(value, name).to.be.an('array').and.not.empty
          if (Array.isArray(value)) for (const one of value) expect(one, name).to.be.a('string').and.not.equal('')
        }
      },
      CheckDiscEndpointSubjectTypesSupported: () =>
        expect(['public', 'pairwise']).to.include.members(list('subject_types_supported')),
      OIDCCCheckDiscEndpointIdTokenSigningAlgValuesSupported: () =>
        expect(list('id_token_signing_alg_values_supported')).to.include('RS256'),
      CheckDiscEndpointUserinfoSigningAlgValuesSupported: () =>
        expect(list('userinfo_signing_alg_values_supported')).to.include('RS256'),
      'CheckDiscEndpointAuthorizationEndpoint, …TokenEndpoint, …UserinfoEndpoint': () => {
        for (const name of ['authorization_endpoint', 'token_endpoint', 'userinfo_endpoint'])
          expect(metadata).to.have.property(name)
      },
      'CheckJwksUri, FetchServerKeys': async () => {
        const { keys } = (await (await fetch(String(metadata.jwks_uri))).json()) as { keys: Record<string, string>[] }
        for (const key of keys) expect(key).to.include.keys('kty', 'kid', 'use', 'alg').and.not.have.any.keys('d', 'p', 'q', 'k')
        expect(keys.map(({ alg }) => alg)).to.include('RS256')
      },
      'CheckDiscEndpointRequestParameterSupported, …RequestUriParameterSupported': () =>
        expect(metadata).to.include({ request_parameter_supported: true, request_uri_parameter_supported: false }),
      CheckDiscEndpointRequestObjectSigningAlgValuesSupportedIncludesRS256: () =>
        expect(list('request_object_signing_alg_values_supported')).to.include('RS256'),
      CheckDiscEndpointClaimsParameterSupported: () => expect(metadata.claims_parameter_supported).to.equal(true),
      OIDCCCheckDiscEndpointClaimsSupported: () =>
        expect(list('claims_supported')).to.include.members(['sub', 'name', 'email', 'phone_number', 'address']),
      OIDCCCheckDiscEndpointGrantTypesSupported: () => expect(list('grant_types_supported')).to.include('authorization_code'),
      OIDCCCheckScopesSupportedContainScopeTest: () =>
        expect(list('scopes_supported')).to.include.members(['openid', 'profile', 'email', 'address', 'phone', 'offline_access']),
      CheckDiscEndpointScopesSupportedSyntax: () => {
        for (const scope of list('scopes_supported')) expect(scope).to.match(/^[\x21\x23-\x5b\x5d-\x7e]+$/)
      },
      CheckDiscEndpointAllEndpointsAreHttps: () => {
        for (const [name, url] of endpoints()) expect(new URL(url).protocol, name).to.equal('https:')
      },
      EnsureServerConfigurationCodeChallengeMethodsSupportedIsAnArray: () =>
        expect(list('code_challenge_methods_supported')).to.deep.equal(['S256']),
    }
    for (const [condition, holds] of Object.entries(conditions)) it(condition, async () => void (await holds()))
  })
})
