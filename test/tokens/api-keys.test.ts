import { expect } from 'chai'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import { type Audit, createAudit } from '../../src/audit/audit.ts'
import { openKeyFolder } from '../../src/crypto/key-files.ts'
import { keysInFolder } from '../../src/crypto/key-place.ts'
import { type KeyRing, openKeyRing } from '../../src/crypto/keyring.ts'
import { rotationPolicy } from '../../src/crypto/rotation.ts'
import { signatureBy } from '../../src/crypto/signature.ts'
import { createApis } from '../../src/permissions/apis.ts'
import { type SettingsFile, settingsSchema } from '../../src/settings/schema.ts'
import { openStore } from '../../src/store/open.ts'
import type { Account, ApiKeyRow, Store } from '../../src/store/store.ts'
import { type ApiKeys, createApiKeys, type KeyNews } from '../../src/tokens/api-keys.ts'
import { deadApiKey, deadClient, deadKey, deadSubject, longestLifeSeconds, sayDead } from '../../src/tokens/revocation.ts'
import { refusalOf } from '../store/place.ts'
import { takingKeys, wholePattern, wrapped } from '../support/api-keys.ts'
import { api, declared, temporaryFolder } from '../support/server.ts'

const daySeconds = 86_400

describe('API keys', () => {
  let time = 1_700_000_000
  const now = () => time
  let store: Store
  let ring: KeyRing
  /** That of tokens. */
  let tokens: KeyRing
  let keys: ApiKeys
  let audit: Audit
  let news: KeyNews[]
  let reads: number

  const settings = settingsSchema.parse({
    ...declared,
    ...takingKeys,
    issuer: 'https://id.example.com',
    apiKeys: { mostPerPerson: 3 },
    clients: [
      { id: 'robot', name: 'Robot', kind: 'machine', apis: { [api]: ['notes:read'] }, secretDigests: ['4'.repeat(43)] },
      { id: 'app', name: 'App', kind: 'spa', apis: { [api]: ['notes:read'] }, redirectUris: ['https://app.example.com/'] },
    ],
  })
  before(async () => {
    const policy = rotationPolicy(7_776_000, longestLifeSeconds)
    const made = () => openKeyRing(keysInFolder(openKeyFolder(temporaryFolder())), { algorithms: ['ES256'], policy, now })
    ;[ring, tokens] = await Promise.all([made(), made()])
  })
  beforeEach(async () => {
    time = 1_700_000_000
    news = []
    reads = 0
    store = await openStore({ dataFolder: ':memory:', now })
    await store.revocations.begin({ id: 'list', longestSeconds: 600 })
    for (const id of ['ada', 'bob']) await store.accounts.add(account(id))
    audit = createAudit({ store: store.audit, operator: 'tester', keepDays: 1, now })
    const { find } = store.keys
    store.keys.find = (jti) => {
      reads++
      return find(jti)
    }
    keys = keysBy(settings)
  })
  afterEach(() => store.close())

  const keysBy = (settings: SettingsFile) =>
    createApiKeys({
      ...{ settings, store, audit, now },
      apis: createApis(settings.apis, settings.issuer, 'Signet'),
      ring: async () => ring,
      sign: (key, data) => signatureBy('ES256', key.privateKey!, data),
      tell: async (one) => void news.push(one),
    })
  const account = (id: string): Account => ({
    ...{ id, email: `${id}@example.com`, emailKey: `${id}@example.com`, name: id, passwordHash: '', claims: {}, demo: false },
    ...{ roles: id === 'ada' ? ['editor'] : [], createdAt: time, credentialsVersion: 1 },
  })
  const asked = (change = {}) => ({
    ...{ name: 'my laptop', audience: api, scopes: ['notes:read'], expiresAt: time + 30 * daySeconds, ...change },
  })
  const who = { actor: 'account:ada', from: '192.0.2.1' } as const
  const minted = async (change = {}, whose: 'ada' | 'bob' = 'ada') =>
    keys.mint({ account: (await store.accounts.find(whose))! }, asked(change), who)
  const acts = async () => (await audit.list({}, 20)).map(({ act }) => act).toReversed()
  const said = async () => (await store.revocations.after(0, 20)).map(({ kind, endsAt }) => `${kind} ${endsAt - time}`)
  const jwsOf = (key: string) => key.slice('signet_'.length, -7)

  it('is a signed token in a wrapping that scanners know, and holds nothing of a person but the subject', async () => {
    const { key, row } = await minted({ scopes: ['notes:write', 'notes:read', 'notes:read'], name: ' my\tlaptop ' })
    expect(key).to.match(wholePattern)
    expect(decodeProtectedHeader(jwsOf(key))).to.deep.equal({
      alg: 'ES256',
      typ: 'api-key+jwt',
      kid: ring.current('ES256').kid,
    })
    expect(decodeJwt(jwsOf(key))).to.deep.equal({
      iss: settings.issuer,
      sub: 'ada',
      aud: api,
      client_id: 'signet:keys',
      jti: row.jti,
      iat: time,
      exp: time + 30 * daySeconds,
      scope: 'notes:read notes:write',
    })
    expect(Buffer.from(row.jti, 'base64url')).to.have.length(16)
    expect(row.name).to.equal('my laptop')
    expect((await minted({ name: 'Cafe\u0301' })).row.name, 'however it is composed').to.equal('Café')
  })
  it('P05 is kept nowhere: not by its row, the audit log or what its owner is told', async () => {
    const { key, row } = await minted()
    const kept = JSON.stringify([await store.keys.list(10), await audit.list({}, 10), news])
    expect(kept).to.include(row.jti).and.include('my laptop')
    for (const part of [...jwsOf(key).split('.'), key.slice(-6)]) expect(kept).to.not.include(part)
  })
  it('is in the list of its owner, the newest first, and in nobody’s else', async () => {
    const first = await minted()
    time += 1
    const second = await minted()
    expect(await keys.list({ account: 'ada' })).to.deep.equal([second.row, first.row])
    expect(await keys.list({ account: 'bob' })).to.deep.equal([])
  })
  it('is a machine’s as well, which is its own subject and client', async () => {
    const { key, row } = await keys.mint({ client: 'robot' }, asked(), {})
    expect(decodeJwt(jwsOf(key))).to.include({ sub: 'robot', client_id: 'robot' })
    expect(await keys.list({ client: 'robot' })).to.deep.equal([row])
    const living = await keys.findLiving(key)
    expect(living?.owner).to.have.nested.property('client.id', 'robot')
    expect(news).to.deep.equal([])
  })

  describe('are made for no more than their owner may have:', () => {
    const refused: [string, object, string][] = [
      ['P02 a scope that wants a role', { scopes: ['notes:read', 'notes:delete'] }, 'scope_not_allowed'],
      ['a scope that the API has not', { scopes: ['mail:read'] }, 'scope_not_allowed'],
      ['a scope that is everybody’s in JavaScript', { scopes: ['constructor'] }, 'scope_not_allowed'],
      ['no scope', { scopes: [] }, 'no_scope'],
      ['an API that takes no keys', { audience: 'https://mail.example.com', scopes: ['mail:read'] }, 'no_such_api'],
      ['no API', { audience: 'https://id.example.com/userinfo' }, 'no_such_api'],
      ['no name', { name: ' \t' }, 'invalid_key_name'],
      ['a name of 81 characters', { name: 'x'.repeat(81) }, 'invalid_key_name'],
      ['a name that turns the line around', { name: 'key \u202eexe.gnp' }, 'invalid_key_name'],
      ['a name that holds the line in a direction', { name: '\u2066key' }, 'invalid_key_name'],
      ['a name that does not end its line', { name: 'a\u2028b\u0007' }, 'invalid_key_name'],
      ['an end that is over', { expiresAt: 1_700_000_000 }, 'invalid_key_end'],
      ['an end behind 366 days', { expiresAt: 1_700_000_000 + 366 * daySeconds + 1 }, 'invalid_key_end'],
      ['no end', { expiresAt: Number.POSITIVE_INFINITY }, 'invalid_key_end'],
      ['an end that is no number', { expiresAt: Number.NaN }, 'invalid_key_end'],
    ]
    for (const [what, change, code] of refused) {
      it(`not with ${what}`, async () => {
        expect((await minted({}, 'bob')).key, 'the control').to.include('signet_')
        expect((await refusalOf(minted(change, 'bob'))).code).to.equal(code)
        expect(await keys.list({ account: 'bob' })).to.have.length(1)
        expect(await acts()).to.deep.equal(['api_key.added'])
      })
    }
    it('with a name of 80 characters, 366 days and the role', async () => {
      const { row } = await minted({
        name: '🔑'.repeat(80),
        scopes: ['notes:delete'],
        expiresAt: time + 366 * daySeconds,
        audience: `${api}/`,
      })
      expect(row).to.deep.include({ name: '🔑'.repeat(80), scopes: ['notes:delete'], audience: api })
    })
    it('not for longer than the operator allows, whose last day counts as a whole', async () => {
      const brief = keysBy({ ...settings, apiKeys: { ...settings.apiKeys, longestDays: 7 } })
      const bob = (await store.accounts.find('bob'))!
      const until = (expiresAt: number) => brief.mint({ account: bob }, asked({ expiresAt }), who)
      expect((await until(time + 8 * daySeconds)).row.expiresAt).to.equal(time + 8 * daySeconds)
      expect((await refusalOf(until(time + 8 * daySeconds + 1))).code).to.equal('invalid_key_end')
    })
    it('not with so many scopes that no header holds it', async () => {
      const names = Array.from({ length: 60 }, (_, at) => `${at}:${'x'.repeat(100)}`)
      const scopes = Object.fromEntries(names.map((name) => [name, { description: 'Read' }]))
      const many = keysBy({ ...settings, apis: [{ ...settings.apis[0]!, scopes }] })
      const ada = (await store.accounts.find('ada'))!
      const mint = (count: number) => many.mint({ account: ada }, asked({ scopes: names.slice(0, count) }), who)
      const { key } = await mint(35)
      expect(key.length).to.be.within(5_000, 6_000)
      expect(await many.findLiving(key)).to.be.an('object')
      expect((await refusalOf(mint(60))).code).to.equal('key_too_long')
      expect(await many.list({ account: 'ada' })).to.have.length(1)
    })
    it('not beyond how many they may have, until one is ended', async () => {
      const [first] = await Promise.all([minted(), minted(), minted()])
      expect(await refusalOf(minted())).to.include({ code: 'too_many_keys', status: 409 })
      expect((await minted({}, 'bob')).row.account, 'another’s').to.equal('bob')
      await keys.end({ account: 'ada' }, first.row.jti, 'person', who)
      await minted()
    })
    it('not beyond how many they may have, of twenty at once', async () => {
      const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => minted()))
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).to.have.length(3)
      expect(await acts()).to.have.length(3)
    })
    it('not for clients that act for people, nor for such as are not there', async () => {
      expect((await refusalOf(keys.mint({ client: 'app' }, asked(), {}))).code).to.equal('no_machine')
      expect((await refusalOf(keys.mint({ client: 'none' }, asked(), {}))).code).to.equal('unknown_client')
      const more = () => keys.mint({ client: 'robot' }, asked({ scopes: ['notes:write'] }), {})
      expect((await refusalOf(more())).code).to.equal('scope_not_allowed')
    })
    it('not for somebody who is another by now', async () => {
      const ada = (await store.accounts.find('ada'))!
      await store.accounts.change('ada', { roles: [] })
      expect(await refusalOf(keys.mint({ account: ada }, asked(), who))).to.include({
        code: 'changed_meanwhile',
        status: 409,
      })
      expect([await keys.list({ account: 'ada' }), await acts()]).to.deep.equal([[], []])
    })
    it('not at the moment in which access was ended, when it would be dead from the start', async () => {
      await sayDead(store.revocations, [deadSubject('ada', time)], time)
      expect(await refusalOf(minted())).to.include({ code: 'just_ended', status: 503, retryAfterSeconds: 1 })
      time += 1
      await minted()
      await sayDead(store.revocations, [deadClient('robot', time)], time)
      const robots = () => keys.mint({ client: 'robot' }, asked(), {})
      expect(await refusalOf(robots())).to.include({ code: 'just_ended', retryAfterSeconds: 6 })
      time += 6
      await robots()
      await sayDead(store.revocations, [deadKey(ring.current('ES256').kid)], time)
      expect(await refusalOf(minted())).to.include({ code: 'just_ended', retryAfterSeconds: 60 })
    })
    it('not when it is ended while it is being signed', async () => {
      const { find } = store.revocations
      let looks = 0
      store.revocations.find = async (about) => {
        const said = await find(about)
        // Behind the look that is taken before.
        if (looks++ === 0) await sayDead(store.revocations, [deadClient('signet:keys', time)], time)
        return said
      }
      expect((await refusalOf(minted())).code).to.equal('just_ended')
      expect([await keys.list({ account: 'ada' }), await acts()]).to.deep.equal([[], []])
    })
    it('not in the second in which a backup was restored', async () => {
      await store.lineage.begin({ id: 'next', beganAt: time })
      expect((await refusalOf(minted())).code).to.equal('just_ended')
    })
  })

  describe('are found when somebody shows one', () => {
    it('with its row, its owner, its API, and what they may have by now', async () => {
      const { key, row } = await minted({ scopes: ['notes:read', 'notes:delete'] })
      const living = await keys.findLiving(key)
      expect(living).to.deep.include({ row, scopes: ['notes:read', 'notes:delete'], owner: { account: account('ada') } })
      expect(living?.api.name).to.equal('Notes')
      await store.accounts.change('ada', { roles: [] })
      expect((await keys.findLiving(key))?.scopes).to.deep.equal(['notes:read'])
    })
    it('until they end by themselves', async () => {
      const { key } = await minted()
      time += 30 * daySeconds - 1
      expect(await keys.findLiving(key)).to.be.an('object')
      time += 1
      expect(await keys.findLiving(key)).to.equal(undefined)
      time = 1_700_000_000
    })
    const ends: Record<string, (row: ApiKeyRow) => Promise<unknown>> = {
      'P03 ended by its owner': ({ jti }) => keys.end({ account: 'ada' }, jti, 'person', who),
      'of which it is said that it is dead, though its row is there': (row) => sayDead(store.revocations, deadApiKey(row), time),
      'of all whose client is dead': () => sayDead(store.revocations, [deadClient('signet:keys', time)], time),
      'P07 of somebody who is disabled': () => store.accounts.change('ada', { disabledAt: time }),
      'of somebody who is gone': () => store.accounts.remove('ada', { digests: [], removedAt: time, expiresAt: time }),
      'made before a backup was restored': () => store.lineage.begin({ id: 'next', beganAt: time }),
    }
    for (const [what, end] of Object.entries(ends)) {
      it(`not one ${what}`, async () => {
        const { key, row } = await minted()
        const others = await minted({}, 'bob')
        expect(await keys.findLiving(key), 'the control').to.be.an('object')
        await end(row)
        expect(await keys.findLiving(key)).to.equal(undefined)
        if (!/client|backup/.test(what)) expect(await keys.findLiving(others.key), 'another’s').to.be.an('object')
      })
    }
    it('not one for an API that is gone, or takes keys no more', async () => {
      const { key } = await minted()
      const [notes, ...others] = settings.apis
      for (const apis of [others, [{ ...notes!, apiKeys: false }, ...others]])
        expect(await keysBy({ ...settings, apis }).findLiving(key)).to.equal(undefined)
      expect(await keys.findLiving(key), 'the control').to.be.an('object')
    })
    describe('and what is none costs no read of the store:', () => {
      interface Change {
        header?: object
        claims?: object
        by?: KeyRing
      }
      /** Signed by the ring itself, or by another, and right but for the change. */
      async function forged({ header = {}, claims = {}, by = ring }: Change): Promise<string> {
        const { kid, privateKey } = by.current('ES256')
        const all = { iss: settings.issuer, sub: 'ada', aud: api, client_id: 'signet:keys', jti: 'j', scope: 'notes:read' }
        const payload = { ...all, iat: time, exp: time + 60, ...claims }
        const parts = [{ alg: 'ES256', typ: 'api-key+jwt', kid, ...header }, payload]
        const data = parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
        return wrapped(`${data}.${(await signatureBy('ES256', privateKey!, Buffer.from(data))).toString('base64url')}`)
      }
      const altered = (jws: string, part: number, change: (text: string) => string) =>
        wrapped(
          jws
            .split('.')
            .map((one, at) => (at === part ? change(one) : one))
            .join('.'),
        )
      /** The last character has bits that mean nothing. */
      const respelt = (text: string) => `${text.slice(0, -1)}${{ A: 'B', Q: 'R', g: 'h', w: 'x' }[text.slice(-1)] ?? '!'}`
      const of = (change: (key: string) => string) => async () => change((await minted()).key)

      const none: Record<string, () => Promise<string>> = {
        nothing: async () => '',
        'a token without its wrapping': of(jwsOf),
        'a key without its checksum': of((key) => key.slice(0, -7)),
        'a key that is cut': of((key) => key.slice(0, -1)),
        'a key with more behind it': of((key) => `${key}0`),
        'a key with a wrong checksum': of((key) => `${key.slice(0, -6)}000000`),
        'a key in capitals': of((key) => key.toUpperCase()),
        'a key of two typing errors': of((key) => key.replace('eyJ', 'eyj')),
        'a key with a blank': of((key) => ` ${key}`),
        'a key with a line’s end': of((key) => `${key}\n`),
        'forty keys': of((key) => key.repeat(40)),
        'a signature spelt otherwise': of((key) => altered(jwsOf(key), 2, respelt)),
        'another signature': of((key) => altered(jwsOf(key), 2, (text) => `${text.startsWith('A') ? 'B' : 'A'}${text.slice(1)}`)),
        'other claims under that signature': async () => {
          const [{ key: one }, { key: other }] = await Promise.all([minted(), minted({ scopes: ['notes:write'] })])
          const [, claims] = jwsOf(other).split('.') as [string, string]
          return altered(jwsOf(one), 1, () => claims)
        },
        'one that a tokens’ key signed': () => forged({ by: tokens }),
        'one of an unknown key under a known one’s name': () =>
          forged({ by: tokens, header: { kid: ring.current('ES256').kid } }),
        'an access token in the wrapping': () => forged({ header: { typ: 'at+jwt' } }),
        'a key without a type': () => forged({ header: { typ: undefined } }),
        'a key of no algorithm': () => forged({ header: { alg: 'none' } }),
        'a key that brings its own key': () => forged({ header: { jwk: ring.current('ES256').publicJwk } }),
        'a key with critical members': () => forged({ header: { crit: ['b64'], b64: true } }),
        'a key that is longer than any': () => forged({ claims: { scope: 'notes:read '.repeat(600) } }),
        'a key of another issuer': () => forged({ claims: { iss: 'https://other.example.com' } }),
        'a key that has expired': () => forged({ claims: { iat: time - 60, exp: time } }),
        'a key without an end': () => forged({ claims: { exp: undefined } }),
        'a key of the future': () => forged({ claims: { iat: time + 60 } }),
      }
      for (const [what, make] of Object.entries(none)) {
        it(what, async () => {
          const key = await make()
          expect(await keys.findLiving(key)).to.equal(undefined)
          expect(reads).to.equal(0)
          await keys.findLiving(await forged({}))
          expect(reads, 'the control: such a one is looked up').to.equal(1)
        })
      }
    })
  })

  describe('are ended', () => {
    it('at once and for as long as anybody would take it, with what it was exchanged for', async () => {
      const { row } = await minted()
      expect(await keys.end({ account: 'ada' }, row.jti, 'person', who)).to.equal(true)
      expect(await keys.list({ account: 'ada' })).to.deep.equal([])
      expect(await said()).to.deep.equal([`token ${30 * daySeconds + 300}`, 'grant 900'])
      const [ended] = await audit.list({}, 1)
      expect(ended).to.deep.include({ act: 'api_key.ended', account: 'ada', actor: 'account:ada', from: '192.0.2.1' })
      expect(ended?.detail).to.deep.equal({ jti: row.jti, why: 'person', name: 'my laptop', audience: api })
    })
    it('P06 by their owner alone, or by the operator', async () => {
      const { row, key } = await minted()
      expect(await keys.end({ account: 'bob' }, row.jti, 'person', who)).to.equal(false)
      expect(await keys.end({ client: 'ada' }, row.jti, 'person', who)).to.equal(false)
      expect(await keys.end({ account: 'ada' }, 'none', 'person', who)).to.equal(false)
      expect(await keys.findLiving(key)).to.be.an('object')
      expect([await said(), await acts()]).to.deep.equal([[], ['api_key.added']])
      expect(await keys.end('operator', row.jti, 'operator', {})).to.equal(true)
      expect(await keys.end('operator', row.jti, 'operator', {})).to.equal(false)
    })
    it('once, whoever is quicker', async () => {
      const { row } = await minted()
      const ended = await Promise.all(Array.from({ length: 20 }, () => keys.end('operator', row.jti, 'operator', {})))
      expect(ended.filter(Boolean)).to.have.length(1)
      expect(await acts()).to.deep.equal(['api_key.added', 'api_key.ended'])
    })
    it('all of an owner at once, of which they are told once', async () => {
      const { row: bobs } = await minted({}, 'bob')
      await Promise.all([minted(), minted()])
      news = []
      expect(await keys.endAll({ account: 'ada' }, 'disabled', {})).to.equal(2)
      expect(await keys.endAll({ account: 'ada' }, 'disabled', {})).to.equal(0)
      expect(await store.keys.list(10)).to.deep.equal([bobs])
      expect(news).to.have.length(1)
      expect(news[0]).to.have.property('ended').with.length(2)
      expect((await acts()).slice(-2)).to.deep.equal(['api_key.ended', 'api_key.ended'])
      expect(await said()).to.have.length(4)
    })
    it('P02 that hold more than the roles which are left, and no others', async () => {
      const beyond = await minted({ scopes: ['notes:read', 'notes:delete'] })
      const { row: within } = await minted()
      await store.accounts.change('ada', { roles: [] })
      expect(await keys.endBeyond('ada', [], {})).to.equal(1)
      expect(await keys.list({ account: 'ada' })).to.deep.equal([within])
      expect(await keys.findLiving(beyond.key)).to.equal(undefined)
      expect(news.at(-1)).to.include({ why: 'role' })
    })
    it('that a signing key made which is out, and no others', async () => {
      const [made] = await Promise.all([minted(), minted(), minted({}, 'bob')])
      expect(await keys.endSigned('another', {})).to.equal(0)
      expect(await keys.endSigned(made.row.kid, {})).to.equal(3)
      expect(await store.keys.list(10)).to.deep.equal([])
      expect(news.filter((one) => 'ended' in one).map(({ account: { id } }) => id)).to.have.members(['ada', 'bob'])
    })
    it('and their owner is told, unless they did it themselves', async () => {
      const made = await Promise.all([minted(), minted()])
      news = []
      await keys.end({ account: 'ada' }, made[0].row.jti, 'person', who)
      expect(news).to.deep.equal([])
      await keys.end('operator', made[1].row.jti, 'leaked', {})
      expect(news).to.deep.equal([{ account: account('ada'), ended: [made[1].row], why: 'leaked' }])
    })
  })
})
