import { expect } from 'chai'
import { badKeys, goodKeys } from '../support/public-keys.ts'
import { faultPaths, load, refusalOfLoading } from './file.ts'

const scopes = { read: { description: 'Read' } }
const api = { identifier: 'https://api.example.com', name: 'Notes', scopes }
const digest = '47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU'
const client = { id: 'my-app', name: 'My app', kind: 'web', redirectUris: ['https://a.example/cb'], secretDigests: [digest] }
const service = { id: 'my-service', name: 'My service', kind: 'api', serves: [api.identifier], secretDigests: [digest] }

const detail = { description: 'Pay', api: api.identifier }

const bad: [string, unknown][] = [
  ['(top)', { issur: 'http://localhost:4000' }],
  ['(top)', ['issuer']],
  ['issuer', { issuer: 'localhost' }],
  ['issuer', { issuer: 'https://id.example.com/tenant' }],
  ['issuer', { issuer: 'https://id.example.com?a=b' }],
  ['issuer', { issuer: 'https://id.example.com#a' }],
  ['issuer', { issuer: 'https://user@id.example.com' }],
  ['issuer', { issuer: `https://${'a'.repeat(60)}.${'b'.repeat(60)}` }],
  ['issuer', { issuer: 'http://id.example.com' }],
  ['issuer', { issuer: 'ftp://localhost' }],
  ['listen', { listen: { hosts: 'localhost' } }],
  ['listen.port', { listen: { port: 65_536 } }],
  ['listen.port', { listen: { port: 80.5 } }],
  ['listen.port', { listen: { port: 'http' } }],
  ['listen.tls.key', { listen: { tls: { certificate: 'certificate.pem' } } }],
  ['listen.tls', { listen: { tls: true } }],
  ['issuer', { issuer: 'http://localhost:4000', listen: { tls: { certificate: 'certificate.pem', key: 'key.pem' } } }],
  ['outgoing.allowPrivateNetworks', { outgoing: { allowPrivateNetworks: 'yes' } }],
  ['outgoing.timeoutSeconds', { outgoing: { timeoutSeconds: 0 } }],
  ['outgoing.maxBytes', { outgoing: { maxBytes: 1e9 } }],
  ['trustedProxies.1', { trustedProxies: ['10.0.0.0/8', 'proxy.example.com'] }],
  ['trustedProxies.0', { trustedProxies: ['10.0.0.0/33'] }],
  ['demo', { demo: 'no' }],
  ['theme.accent', { theme: { accent: 'red; background: url(https://evil.example)' } }],
  ['theme.radius', { theme: { radius: '1em' } }],
  ['theme.title', { theme: { title: '' } }],
  ['redis.url', { redis: { url: 'http://localhost' } }],
  ['redis.artifacts', { redis: { url: 'redis://localhost', artifacts: 'some' } }],
  ['lifetimes.authorizationCodeSeconds', { lifetimes: { authorizationCodeSeconds: 601 } }],
  ['lifetimes.sessionSeconds', { lifetimes: { sessionSeconds: '2 weeks' } }],
  ['lifetimes', { lifetimes: { accessTokenSeconds: 60 } }],
  ['lifetimes.sessionIdleSeconds', { lifetimes: { sessionIdleSeconds: 3_601, sessionSeconds: 3_600 } }],
  ['lifetimes.refreshTokenIdleSeconds', { lifetimes: { refreshTokenIdleSeconds: 7_776_001 } }],
  ['lifetimes.refreshTokenIdleSeconds', { lifetimes: { refreshTokenIdleSeconds: 0 } }],
  ['refreshTokens.windowSeconds', { refreshTokens: { windowSeconds: 61 } }],
  ['signIn.attemptsPerAccount', { signIn: { attemptsPerAccount: 0 } }],
  ['roles.a role', { roles: { 'a role': 'Has a space' } }],
  ['roles.editor', { roles: { editor: '' } }],
  ['apis.0.identifier', { apis: [{ ...api, identifier: 'api' }] }],
  ['apis.0.identifier', { apis: [{ ...api, identifier: 'https://api.example.com#part' }] }],
  ['apis.0.identifier', { apis: [{ ...api, identifier: 'https://api.example.com?part' }] }],
  ['apis.1.identifier', { apis: [api, { ...api, identifier: 'https://api.example.com/' }] }],
  ['apis.0.scopes.openid', { apis: [{ ...api, scopes: { openid: { description: 'Mine' } } }] }],
  ['apis.0.scopes.a b', { apis: [{ ...api, scopes: { 'a b': { description: 'Two' } } }] }],
  ['apis.0.scopes.read.description', { apis: [{ ...api, scopes: { read: {} } }] }],
  ['apis.0.scopes.read.roles', { apis: [{ ...api, scopes: { read: { description: 'Read', roles: ['nobody'] } } }] }],
  ['apis.0.scopes.read.roles', { apis: [{ ...api, scopes: { read: { description: 'Read', roles: ['constructor'] } } }] }],
  ['apis.0.algorithm', { apis: [{ ...api, algorithm: 'HS256' }] }],
  ['apis.0.algorithm', { apis: [{ ...api, algorithm: 'none' }] }],
  ['apis.0.accessTokenLifetimeSeconds', { apis: [{ ...api, accessTokenLifetimeSeconds: 86_401 }] }],
  ['apis.0.encryption.publicKey', { apis: [{ ...api, encryption: { publicKey: { kty: 'EC', d: 'secret' } } }] }],
  ['apis.0.encryption.publicKey.kty', { apis: [{ ...api, encryption: { publicKey: { kty: 'oct', k: 'secret' } } }] }],
  ['apis.0.scopes.phone', { apis: [{ ...api, scopes: { phone: { description: 'Mine' } } }] }],
  ['signIn.acrValues', { signIn: { acrValues: [] } }],
  ['signIn.acrValues.0', { signIn: { acrValues: ['two words'] } }],
  ['authorizationDetails.pay.api', { authorizationDetails: { pay: detail } }],
  ['authorizationDetails.pay.roles', { apis: [api], authorizationDetails: { pay: { ...detail, roles: ['nobody'] } } }],
  ['authorizationDetails.two words', { apis: [api], authorizationDetails: { 'two words': detail } }],
  [
    'authorizationDetails.pay.fields.type',
    { apis: [api], authorizationDetails: { pay: { ...detail, fields: { type: { label: 'T' } } } } },
  ],
  [
    'authorizationDetails.pay.fields.actions.type',
    { apis: [api], authorizationDetails: { pay: { ...detail, fields: { actions: { label: 'May' } } } } },
  ],
  ['clients.0.authorizationDetailsTypes', { clients: [{ ...client, authorizationDetailsTypes: ['pay'] }] }],
  ['clients.0.kind', { clients: [{ ...client, kind: 'desktop' }] }],
  [
    'clients.0.apis.https://unknown.example.com',
    { apis: [api], clients: [{ ...client, apis: { 'https://unknown.example.com': [] } }] },
  ],
  [`clients.0.apis.${api.identifier}`, { apis: [api], clients: [{ ...client, apis: { [api.identifier]: ['none'] } }] }],
  ['clients.0.serves.0', { apis: [api], clients: [{ ...service, serves: ['https://unknown.example.com'] }] }],
  [
    'clients.0.exchanges.https://unknown.example.com',
    { apis: [api], clients: [{ ...service, exchanges: { 'https://unknown.example.com': [] } }] },
  ],
  [
    `clients.0.exchanges.${api.identifier}`,
    { apis: [api], clients: [{ ...service, exchanges: { [api.identifier]: ['none'] } }] },
  ],
  ['clients.1.id', { clients: [client, client] }],
  ['clients.0.redirectUris.0', { clients: [{ ...client, redirectUris: ['http://a.example/cb'] }] }],
]

describe('the schema of the settings', () => {
  it('lets nothing lie idle for longer than it may live, unless that is asked for', () => {
    const { lifetimes } = load({ lifetimes: { sessionSeconds: 3_600, refreshTokenSeconds: 7_200 } })
    expect(lifetimes).to.include({ sessionIdleSeconds: 3_600, refreshTokenIdleSeconds: 7_200 })
    const same = { sessionIdleSeconds: 3_600, sessionSeconds: 3_600 }
    expect(load({ lifetimes: same }).lifetimes).to.include(same)
  })

  it('accepts an empty file, and settings that use everything', () => {
    expect(load({}).issuer).to.equal('http://localhost:4000')
    const all = {
      listen: { host: '::1', port: 1 },
      trustedProxies: ['10.0.0.0/8', '192.0.2.1', '2001:db8::/32', '::1'],
      theme: { title: 'ACME', accent: '#1a2b3c', radius: '0px', logo: 'https://acme.example/logo.svg' },
      redis: { url: 'rediss://localhost:6380', artifacts: 'all', keyPrefix: '' },
      roles: { editor: 'May edit' },
      apis: [{ ...api, algorithm: 'PS256', scopes: { edit: { description: 'Edit', roles: ['editor'] } } }],
      authorizationDetails: { pay: { ...detail, roles: ['editor'], fields: { actions: { label: 'May', type: 'strings' } } } },
      clients: [{ ...client, apis: { [api.identifier]: ['edit'] }, authorizationDetailsTypes: ['pay'] }],
    }
    expect(load(all)).to.deep.include({ roles: { editor: 'May edit' }, trustedProxies: all.trustedProxies })
  })

  for (const [path, settings] of bad) {
    it(`names ${path} in ${JSON.stringify(settings)}`, () => {
      expect(faultPaths(settings)).to.deep.equal([path])
    })
  }

  const encrypted = (algorithm: string, publicKey: object) => ({ apis: [{ ...api, encryption: { algorithm, publicKey } }] })
  for (const [name, { algorithm, key }] of Object.entries(goodKeys)) {
    it(`lets tokens of an API be encrypted to ${name} by ${algorithm}`, () => {
      expect(load(encrypted(algorithm, key)).apis[0]?.encryption).to.deep.include({ algorithm, publicKey: key })
    })
  }
  for (const [name, { algorithm, key }] of Object.entries(badKeys)) {
    it(`lets no tokens of an API be encrypted by ${algorithm} to ${name}`, () => {
      expect(faultPaths(encrypted(algorithm, key))).to.deep.equal(['apis.0.encryption.publicKey'])
    })
  }

  it('reports every fault of a file at once, and counts them', () => {
    const settings = { issuer: 7, listen: { port: -1 }, demo: 'no', apis: [{ identifier: 'x' }], colour: 'red' }
    expect(faultPaths(settings)).to.have.members([
      'issuer',
      'listen.port',
      'demo',
      'apis.0.identifier',
      'apis.0.name',
      'apis.0.scopes',
      '(top)',
    ])
    expect(refusalOfLoading(settings).message.split('\n')[0]).to.match(/signet\.yaml has 7 faults:$/)
    expect(refusalOfLoading({ demo: 'no' }).message.split('\n')[0]).to.match(/signet\.yaml has 1 fault:$/)
  })

  it('judges how settings fit one another even when others are faulty', () => {
    const reader = { ...api, scopes: { read: { description: 'Read', roles: ['nobody'] } } }
    const clients = [client, { ...client, colour: 'red', redirectUris: ['http://a.example/cb'] }, { ...client, kind: 'desktop' }]
    const theme = { radius: '1em' }
    expect(faultPaths({ issuer: 'https://id.example.com', demo: true, theme, apis: [reader], clients })).to.have.members([
      'theme.radius',
      'clients.1',
      'clients.1.redirectUris.0',
      'clients.2.kind',
      'demo',
      'apis.0.scopes.read.roles',
    ])
  })

  for (const port of [null, true, [], '', ' ', '0x50', '4e3', '4000.0']) {
    it(`takes no port from ${JSON.stringify(port)}`, () => {
      expect(faultPaths({ listen: { port } })).to.deep.equal(['listen.port'])
      expect(load({ listen: { port: '4000' } }).listen.port).to.equal(4000)
    })
  }

  it('drops the slash of an empty path from the issuer, so that `iss` has one spelling', () => {
    expect(load({ issuer: 'https://id.example.com/' }).issuer).to.equal('https://id.example.com')
  })
})

describe('development and production', () => {
  for (const issuer of ['http://localhost:4000', 'http://127.0.0.1', 'http://[::1]:4000']) {
    it(`takes ${issuer} for development, where demo data may be`, () => {
      expect(load({ issuer, demo: true }).development).to.equal(true)
    })
  }

  for (const issuer of ['https://id.example.com', 'https://localhost:4000', 'https://127.0.0.1']) {
    it(`K09 takes ${issuer} for production, and refuses demo data there`, () => {
      expect(load({ issuer }).development).to.equal(false)
      expect(faultPaths({ issuer, demo: true })).to.deep.equal(['demo'])
    })
  }

  for (const host of ['id.example.com', '0.0.0.0', '127.0.0.1.example.com', 'localhost.example.com', '192.168.0.1']) {
    it(`demands https of ${host}`, () => {
      expect(faultPaths({ issuer: `http://${host}` })).to.deep.equal(['issuer'])
    })
  }
})
