import { expect } from 'chai'
import { digest } from '../../../src/crypto/derive.ts'
import { type Clients, createClients } from '../../../src/oauth/clients/clients.ts'
import { matchesSecret, newClientSecret } from '../../../src/oauth/clients/secrets.ts'
import { settingsSchema } from '../../../src/settings/schema.ts'
import { openStore } from '../../../src/store/open.ts'
import type { Store } from '../../../src/store/store.ts'
import { refusalOf } from '../../store/place.ts'
import { noKeys } from '../../support/api-keys.ts'
import { auditOf } from '../../support/audit.ts'

const redirectUris = ['https://app.example.com/cb']
const api = 'https://api.example.com'
const settings = settingsSchema.parse({
  apis: [{ identifier: api, name: 'Notes', scopes: { read: { description: 'Read' } } }],
  clients: [{ id: 'declared', name: 'Declared', kind: 'spa', redirectUris }],
})

describe('clients', () => {
  let time: number
  let store: Store
  let clients: Clients
  let reads: number
  const app = { id: 'my-app', name: 'My app', kind: 'web', redirectUris }

  beforeEach(async () => {
    time = 1_700_000_000
    reads = 0
    const opened = await openStore({ dataFolder: ':memory:', now: () => time })
    const find = (id: string) => {
      reads++
      return opened.clients.find(id)
    }
    store = { ...opened, clients: { ...opened.clients, find } }
    clients = createClients({ settings, store, audit: auditOf(store, () => time), apiKeys: noKeys, now: () => time })
  })
  afterEach(() => store.close())

  it('get a secret that is nowhere but in the answer', async () => {
    const { secret, registration } = await clients.add(app)
    expect(secret).to.match(/^sgs_[A-Za-z0-9_-]{43}$/)
    const kept = JSON.stringify([registration, await store.clients.list(10), await clients.find('my-app')])
    expect(kept).not.to.include(secret).and.not.include(secret!.slice(4))
    expect(kept).to.include(digest(secret!))
    expect(newClientSecret()).not.to.equal(newClientSecret())
  })

  it('get an identifier that can be one, when none is given', async () => {
    for (let n = 0; n < 200; n++) {
      const { registration } = await clients.add({ name: 'App', kind: 'spa', redirectUris })
      expect(registration.id).to.match(/^[A-Za-z0-9][A-Za-z0-9_-]{15}$/)
    }
  })

  for (const [kind, uris, expected] of [
    ['web', redirectUris, ['web', 'client_secret_basic', 'authorization_code refresh_token', 'code']],
    ['spa', redirectUris, ['web', 'none', 'authorization_code refresh_token', 'code']],
    ['native', ['com.example.app:/cb'], ['native', 'none', 'authorization_code refresh_token', 'code']],
    ['machine', [], ['web', 'client_secret_basic', 'client_credentials', '']],
  ] as const) {
    it(`of kind ${kind} may do what that kind does`, async () => {
      const { secret } = await clients.add({ id: 'one', name: 'One', kind, redirectUris: [...uris] })
      const found = (await clients.find('one'))!
      expect([
        found.application_type,
        found.token_endpoint_auth_method,
        found.grant_types?.join(' '),
        found.response_types?.join(' '),
      ]).to.deep.equal(expected)
      expect(found).to.include({ first_party: false, verified: true, pkce_exempt: false })
      expect(secret === undefined).to.equal(expected[1] === 'none')
      expect('client_secret' in found).to.equal(secret !== undefined)
    })
  }

  it('G04: take no secret digest from whoever registers, and say so', async () => {
    const own = digest('a secret that the caller knows')
    const { code, message } = await refusalOf(clients.add({ ...app, secretDigests: [own] }))
    expect(code).to.equal('invalid_client_metadata')
    expect(message)
      .to.match(/^secretDigests: .*made here/)
      .and.not.include(own)
  })

  const service = { kind: 'api', redirectUris: [], serves: [api] }
  const byDns = { field: 'dns', value: 'app.example.com' }
  for (const [path, members] of [
    ['serves.1', { ...service, serves: [api, 'https://other.example.com'] }],
    ['exchanges.https://other.example.com', { ...service, exchanges: { 'https://other.example.com': ['read'] } }],
    [`exchanges.${api}`, { ...service, exchanges: { [api]: ['write'] } }],
    ['apis.https://other.example.com', { apis: { 'https://other.example.com': ['read'] } }],
    ['authorizationDetailsTypes', { authorizationDetailsTypes: ['payment'] }],
    ['authentication', { authentication: 'tls_client_auth', certificateSubject: byDns }],
    ['client', { certificateBound: true }],
    ['jwksUri', { authentication: 'private_key_jwt', jwksUri: 'http://127.0.0.1/jwks' }],
    ['sectorIdentifierUri', { sectorIdentifierUri: 'http://app.example.com/' }],
    ['backchannelLogoutUri', { backchannelLogoutUri: 'HTTP://app.example.com/' }],
  ] as [string, object][]) {
    it(`are refused as the settings would refuse them, for ${path}: ${JSON.stringify(members)}`, async () => {
      await clients.add({ ...app, ...service, id: 'good', exchanges: { [`${api}/`]: ['read'] } })
      const { code, message } = await refusalOf(clients.add({ ...app, ...members }))
      expect(code).to.equal('invalid_client_metadata')
      expect(message.split(': ')[0]).to.equal(path)
      const given = { id: 'my-app', name: 'My app', redirectUris, secretDigests: [digest('x')], kind: 'web', ...members }
      const secretDigests = 'authentication' in members ? [] : given.secretDigests
      const { error } = settingsSchema.safeParse({ apis: settings.apis, clients: [{ ...given, secretDigests }] })
      const paths = error?.issues.map((issue) => issue.path.join('.'))
      expect(paths).to.deep.equal([path === 'client' ? 'clients.0' : `clients.0.${path}`])
      expect(await clients.find('my-app')).to.equal(undefined)
    })
  }

  it('may be asked over http where private networks are', async () => {
    const open = createClients({
      settings: { ...settings, outgoing: { allowPrivateNetworks: true } },
      store,
      audit: auditOf(store, () => time),
      apiKeys: noKeys,
      now: () => time,
    })
    const { registration } = await open.add({ ...app, backchannelLogoutUri: 'http://127.0.0.1:9000/' })
    expect(registration.backchannelLogoutUri).to.equal('http://127.0.0.1:9000/')
  })

  for (const [bad, path] of [
    [{ kind: 'desktop' }, 'kind'],
    [{ redirectUris: [] }, 'redirectUris'],
    [{ redirectUris: ['javascript:alert(1)'] }, 'redirectUris.0'],
    [{ trusted: true }, 'client'],
    [{ id: '../x' }, 'id'],
  ] as const) {
    it(`are refused with ${JSON.stringify(bad)}, in one line`, async () => {
      const { code, message } = await refusalOf(clients.add({ ...app, ...bad }))
      expect(code).to.equal('invalid_client_metadata')
      expect(message.split(': ')[0]).to.equal(path)
      expect(message).not.to.include('\n')
      expect(await store.clients.list(10)).to.deep.equal([])
    })
  }

  it('are not added twice, nor under a declared identifier, and of twenty at once one is', async () => {
    const asked = await Promise.allSettled(Array.from({ length: 20 }, () => clients.add(app)))
    expect(asked.filter(({ status }) => status === 'fulfilled')).to.have.length(1)
    for (const id of ['my-app', 'declared'])
      expect(await refusalOf(clients.add({ ...app, id }))).to.include({ code: 'client_id_taken', status: 409 })
  })

  it('are declared or stored, and listed together, page by page', async () => {
    await clients.add(app)
    await clients.add({ ...app, id: 'other-app' })
    expect((await clients.list(1)).map(({ id }) => id)).to.deep.equal(['declared', 'my-app'])
    expect((await clients.list(1, 'my-app')).map(({ id }) => id)).to.deep.equal(['other-app'])
    for (const id of ['declared', 'my-app']) expect((await clients.find(id))?.client_id).to.equal(id)
    for (const id of ['', 'nobody', '__proto__']) expect(await clients.find(id)).to.equal(undefined)
  })

  it('T11: take what hangs on them along when they are removed', async () => {
    const row = { id: 'r', payload: 'p', expiresAt: time + 60 }
    await clients.add(app)
    await store.artifacts.put({ ...row, model: 'RefreshToken', client: 'my-app' })
    await store.artifacts.put({ ...row, model: 'Grant', client: 'other' })
    await store.volatile.put({ ...row, model: 'DeviceCode', client: 'my-app' })
    await clients.find('my-app')
    await clients.remove('my-app')
    expect(await clients.find('my-app')).to.equal(undefined)
    expect(await store.artifacts.find('RefreshToken', 'r')).to.equal(undefined)
    expect(await store.volatile.find('DeviceCode', 'r')).to.equal(undefined)
    expect(await store.artifacts.find('Grant', 'r')).not.to.equal(undefined)
    expect(await refusalOf(clients.remove('my-app'))).to.include({ code: 'unknown_client', status: 404 })
    expect((await refusalOf(clients.remove('declared'))).code).to.equal('declared_client')
  })

  it('are read once a second, and are the same object as long as they say the same', async () => {
    await clients.add(app)
    const first = await clients.find('my-app')
    for (let n = 0; n < 10; n++) expect(await clients.find('my-app')).to.equal(first)
    expect(reads).to.equal(1)
    time += 1
    expect(await clients.find('my-app')).to.equal(first)
    expect(reads).to.equal(2)
  })

  it('are seen as another process left them, a second later at most; one that is not there is never remembered', async () => {
    const other = createClients({
      settings: { ...settings, clients: [] },
      store,
      audit: auditOf(store, () => time),
      apiKeys: noKeys,
      now: () => time,
    })
    expect(await clients.find('my-app')).to.equal(undefined)
    await other.add(app)
    expect((await clients.find('my-app'))?.client_name).to.equal('My app')
    await other.remove('my-app')
    time += 1
    expect(await clients.find('my-app')).to.equal(undefined)
  })

  it('are for a first try when they were put so', async () => {
    await clients.add(app)
    expect(await store.clients.hasDemo()).to.equal(false)
    for (const name of ['Sample', 'Renamed']) await clients.putDemo({ id: 'sample', name, kind: 'machine' }, 'secret')
    expect(await store.clients.hasDemo()).to.equal(true)
    expect((await clients.find('sample'))?.client_name).to.equal('Renamed')
  })
})

describe('a client’s new secret', () => {
  let time = 1_700_000_000
  let store: Store
  let clients: Clients
  beforeEach(async () => {
    store = await openStore({ dataFolder: ':memory:', now: () => time })
    clients = createClients({ settings, store, audit: auditOf(store, () => time), apiKeys: noKeys, now: () => time })
  })
  afterEach(() => store.close())

  const secretsOf = async (id: string) => (await clients.find(id))!.client_secret
  const app = { id: 'my-app', name: 'My app', kind: 'web', redirectUris }

  it('stands beside the one before for as long as was said', async () => {
    const { secret: first } = await clients.add(app)
    const { secret: second } = await clients.rotateSecret('my-app', 3_600)
    const live = await secretsOf('my-app')
    for (const [secret, at, lives] of [
      [first!, time, true],
      [first!, time + 3_599, true],
      [first!, time + 3_600, false],
      [second, time + 86_400_000, true],
    ] as const)
      expect(matchesSecret(live, secret, at), `${secret === first ? 'first' : 'second'} at +${at - time}`).to.equal(lives)
  })

  it('ends the one before at once when it is not kept, and one older than that always', async () => {
    const { secret: first } = await clients.add(app)
    const { secret: second } = await clients.rotateSecret('my-app', 86_400)
    await clients.rotateSecret('my-app', 3_600)
    expect(matchesSecret(await secretsOf('my-app'), first!, time)).to.equal(false)
    expect(matchesSecret(await secretsOf('my-app'), second, time)).to.equal(true)
    const { secret: last, registration } = await clients.rotateSecret('my-app', 0)
    expect(matchesSecret(await secretsOf('my-app'), second, time)).to.equal(false)
    expect(matchesSecret(await secretsOf('my-app'), last, time)).to.equal(true)
    expect(registration.secretDigests).to.have.length(1)
  })

  it('never gives the one before a longer life than it has', async () => {
    await clients.add(app)
    const { secret: second } = await clients.rotateSecret('my-app', 0)
    await clients.rotateSecret('my-app', 60)
    time += 61
    await clients.rotateSecret('my-app', 86_400)
    expect(matchesSecret(await secretsOf('my-app'), second, time)).to.equal(false)
  })

  it('is shown to one of many who ask at once, or each shown one works for as long as was said', async () => {
    await clients.add(app)
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => clients.rotateSecret('my-app', 3_600)))
    const shown = outcomes.flatMap((one) => (one.status === 'fulfilled' ? [one.value.secret] : []))
    expect(shown).to.have.length(1)
    expect(matchesSecret(await secretsOf('my-app'), shown[0]!, time)).to.equal(true)
    for (const one of outcomes) if (one.status === 'rejected') expect(one.reason).to.have.property('code', 'conflict')
  })

  for (const [id, code] of [
    ['nobody', 'unknown_client'],
    ['declared', 'declared_client'],
    ['public', 'no_secret'],
  ] as const) {
    it(`is refused to ${id}`, async () => {
      await clients.add({ ...app, id: 'public', kind: 'spa' })
      expect(await refusalOf(clients.rotateSecret(id, 0))).to.have.property('code', code)
    })
  }
})

describe('a client’s secret', () => {
  const [old, fresh] = ['sgs_old', 'sgs_new']
  const digests = `${digest(old)} ${digest(fresh)}`

  it('matches any digest that is live', () => {
    for (const secret of [old, fresh]) expect(matchesSecret(digests, secret, 1_000)).to.equal(true)
  })

  it('matches until its end, and not from then on', () => {
    const ending = `${digest(old)}:1001 ${digest(fresh)}`
    expect(matchesSecret(ending, old, 1_000)).to.equal(true)
    expect(matchesSecret(ending, old, 1_001)).to.equal(false)
    expect(matchesSecret(ending, fresh, 1_001)).to.equal(true)
  })

  for (const [live, given] of [
    [digests, `${digest(old)}:`],
    [`${digest(old)}:soon`, old],
    [digests, 'sgs_other'],
    [digests, ''],
    [digests, digests],
    [digests, digest(old)],
    [digests, `${old} `],
    [digests, old.toUpperCase()],
    ['', ''],
    ['', old],
    [undefined, ''],
    [undefined, 'undefined'],
  ] as const) {
    it(`is not ${JSON.stringify(given)} where ${live ? 'two are' : 'none is'} live`, () => {
      expect(matchesSecret(live, given, 1_000)).to.equal(false)
    })
  }
})
