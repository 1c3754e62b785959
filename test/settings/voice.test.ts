import { expect } from 'chai'
import { nearest } from '../../src/settings/nearest.ts'
import { refusalOfLoading } from './file.ts'

const client = { id: 'my-app', name: 'My app', kind: 'spa', redirectUris: ['https://app.example.com/cb'] }
const faultsOf = (settings: unknown, env = {}) => refusalOfLoading(settings, env).message.split('\n').slice(1)
const faultsOfClient = (members: object) => faultsOf({ clients: [{ ...client, ...members }] })

describe('what is said of faulty settings', () => {
  for (const [settings, fault] of [
    [{ lifetime: {} }, '(top): "lifetime" is not known here; did you mean "lifetimes"?'],
    [{ lifetimes: { session_seconds: 1 } }, 'lifetimes: "session_seconds" is not known here; did you mean "sessionSeconds"?'],
    [{ colour: 'red' }, '(top): "colour" is not known here'],
    [{ demo: 'no' }, 'demo: has to be true or false'],
    [{ apis: {} }, 'apis: has to be a list'],
    [{ listen: { port: 'abc' } }, 'listen.port: has to be a whole number from 1 to 65535'],
    [{ listen: { tls: { certificate: 'c.pem' } } }, 'listen.tls.key: is missing'],
    [{ redis: { url: 'redis://localhost', artifacts: 'some' } }, 'redis.artifacts: has to be one of short-lived, all'],
    [{ trustedProxies: ['localhost'] }, 'trustedProxies.0: has to be an address or a network'],
    [{ listen: { host: '' } }, 'listen.host: must not be empty'],
    [{ signIn: { acrValues: [] } }, 'signIn.acrValues: must not be empty'],
    [{ theme: { title: 'x'.repeat(61) } }, 'theme.title: has to have at most 60 characters'],
    [{ theme: { logo: 'logo.svg' } }, 'theme.logo: has to be a URL'],
    [{ theme: { logo: 'http://example.com/logo.svg' } }, 'theme.logo: has to be a URL with another scheme'],
    [{ roles: { 'a role': 'x' } }, 'roles.a role: a role is 1-64 letters, digits or _.:-'],
  ] as [object, string][]) {
    it(`names ${fault}`, () => {
      expect(faultsOf(settings)).to.deep.equal([`  ${fault}`])
    })
  }

  for (const [members, fault] of [
    [{ kind: 'desktop' }, 'clients.0.kind: has to be one of web, spa, native, device, machine, api'],
    [{ redirect_uri: [] }, 'clients.0: "redirect_uri" is not known here; did you mean "redirectUris"?'],
    [{ name: undefined }, 'clients.0.name: is missing'],
  ] as [object, string][]) {
    it(`names ${fault}`, () => {
      expect(faultsOfClient(members)).to.deep.equal([`  ${fault}`])
    })
  }

  const secret = 'sgs_a secret that somebody took for its digest'
  for (const given of [secret, { digest: secret }, 7]) {
    it(`says that a secret’s place is its digest’s, and repeats none: ${JSON.stringify(given).slice(0, 20)}`, () => {
      const [fault, ...others] = faultsOfClient({ kind: 'web', secretDigests: [given] })
      expect(others).to.deep.equal([])
      expect(fault).to.match(
        /^ {2}clients\.0\.secretDigests\.0(\.digest)?: has to be the digest of the secret \(SHA-256 as base64url/,
      )
      expect(fault).not.to.include(secret)
    })
  }

  it('names the API that is not there', () => {
    const service = { id: 'my-api', name: 'API', kind: 'api', serves: ['https://x.example'], authentication: 'private_key_jwt' }
    const jwksUri = 'https://x.example/jwks'
    expect(faultsOf({ clients: [{ ...service, jwksUri }] })).to.deep.equal([
      '  clients.0.serves.0: https://x.example is not in apis',
    ])
  })

  it('names the variable that a faulty value came from, and no other, nor the value', () => {
    const settings =
      // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the file's own syntax
      'listen: { port: "${SIGNET_PORT:-4000}", host: "${SIGNET_HOST:-localhost}" }\nredis: { url: "${A:-x}${B:-y}" }'
    expect(faultsOf(settings, { SIGNET_PORT: 'abc', SIGNET_HOST: 'h', B: 'hidden' })).to.deep.equal([
      '  listen.port: has to be a whole number from 1 to 65535 (from SIGNET_PORT)',
      '  redis.url: has to be a URL (from B)',
    ])
  })
})

describe('a name that is not known', () => {
  const known = ['redirectUris', 'apis', 'id', 'name', 'lifetimes']
  for (const [given, meant] of [
    ['redirect_uris', 'redirectUris'],
    ['RedirectURI', 'redirectUris'],
    ['lifetime', 'lifetimes'],
    ['nmae', undefined],
    ['names', 'name'],
    ['api', 'apis'],
    ['trusted', undefined],
    ['__proto__', undefined],
    ['', undefined],
    ['x'.repeat(100_000), undefined],
  ] as const) {
    it(`is taken for ${meant ?? 'nothing'}: ${JSON.stringify(given.slice(0, 20))}`, () => {
      expect(nearest(given, known)).to.equal(meant)
    })
  }
})
