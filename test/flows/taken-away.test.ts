/** What the settings allow no more ends at the start that finds it out: once, and also where nodes of older and newer settings start side by side. */
import { expect } from 'chai'
import { allowanceCheck } from '../../src/doctor/allowance.ts'
import { settleAllowance } from '../../src/main/allowance.ts'
import type { Settings } from '../../src/settings/load.ts'
import { settingsSchema } from '../../src/settings/schema.ts'
import { keptLog } from '../support/log.ts'
import { type Apis, apiClients, introspect } from '../support/questions.ts'
import { api, declared, otherApi, startTestServer, type TestServer } from '../support/server.ts'
import { type Cast, type Credentials, cast, tokensFor } from '../support/story.ts'
import { returnToPresent, travel } from '../support/time.ts'

/** Settings by which these roles may delete notes. */
function deletableBy(...roles: string[]) {
  const [notes, mail] = declared.apis
  const scopes = { ...notes?.scopes, 'notes:delete': { description: 'Delete notes', roles } }
  return { apis: [{ ...notes, scopes, apiKeys: true }, mail] }
}

describe('what the settings allow no more', () => {
  const [wide, narrow, other] = [deletableBy('editor', 'admin'), deletableBy('editor'), deletableBy('admin')]
  let server: TestServer
  let who: Cast
  let apis: Apis
  before(async () => {
    server = await startTestServer({ settings: wide })
    who = await cast(server, ['editor'])
    apis = await apiClients(server)
  })
  after(async () => {
    returnToPresent()
    await server?.close()
  })

  const isActive = async (client: Credentials, jwt: unknown) => (await introspect(server, client, jwt as string)).active
  const by = (settings: object): Settings => ({
    ...server.settings,
    apis: settingsSchema.parse({ ...declared, ...settings }).apis,
  })
  const narrowings = async () => (await server.parts.audit.list({ act: 'settings.narrowed' }, 10)).length
  /** What a start by these settings says, in the log and by sentences, and what the doctor says after it. */
  async function start(settings: Record<string, unknown>) {
    const { revocations } = server.parts.store
    const before = await revocations.cursor()
    const { log, lines } = keptLog()
    const started = await startTestServer({ folder: server.folder, issuer: server.issuer, settings, log })
    await started.close()
    const said = lines.filter(({ event }) => event.startsWith('settings.')).map(({ level, event }) => `${level} ${event}`)
    const sentences = (await revocations.after(before, 100)).map(({ kind }) => kind)
    return { said, sentences, check: allowanceCheck(by(settings))?.status }
  }
  const nothing = { said: [], sentences: [], check: 'ok' }
  const ended = { said: ['info settings.taken_away'], sentences: ['api'], check: 'ok' }
  const leftAlone = { said: ['error settings.not_applied'], sentences: [], check: 'warn' }

  it('is nothing at the first start, and at the same again', async () => {
    expect(await start(wide)).to.deep.equal(nothing)
  })
  it('ends the tokens of its API and no other’s, and the API keys that hold more than their owner may', async () => {
    const { accounts, apiKeys, store, now } = server.parts
    const account = (await accounts.findByEmail(who.email))!
    const mint = async (scope: string) => {
      const asked = { name: scope, audience: api, scopes: [scope], expiresAt: now() + 86_400 }
      return (await apiKeys.mint({ account }, asked, {})).key
    }
    await Promise.all(['notes:delete', 'notes:read'].map(mint))
    const { access_token: jwt } = await tokensFor(server, who.web)
    const { access_token: mails } = await tokensFor(server, who.web, { resource: otherApi, scope: 'openid mail:read' })
    expect(await isActive(apis.notes, jwt), 'the control').to.equal(true)
    const { status, sentence } = allowanceCheck(by(other))!
    expect(status).to.equal('warn')
    expect(sentence).to.equal(
      `The next start ends what these settings allow no more: access tokens for ${api}; each API key that allows more.`,
    )

    const { sentences, ...said } = await start(other)
    expect(said).to.deep.equal({ said: ended.said, check: ended.check })
    expect(sentences).to.have.members(['api', 'token', 'grant'])
    expect([await isActive(apis.notes, jwt), await isActive(apis.mail, mails)]).to.deep.equal([false, true])
    expect((await store.keys.of({ account: account.id }, 10)).map(({ name }) => name)).to.deep.equal(['notes:read'])
    const [entry] = await server.parts.audit.list({ act: 'settings.narrowed' }, 10)
    expect(entry).to.deep.include({ from: 'start', detail: { apis: [api], narrowedClients: [], removedClients: [] } })
    travel(6)
    expect(await isActive(apis.notes, (await tokensFor(server, who.web)).access_token), 'a later one').to.equal(true)
  })
  it('is ended once, though nodes of older and newer settings start again and again', async () => {
    const before = await narrowings()
    expect(await start(wide), 'the older').to.deep.equal(nothing)
    for (const settings of [other, other]) expect(await start(settings), 'the newer').to.deep.equal(leftAlone)
    for (const settings of [wide, wide]) expect(await start(settings), 'the older').to.deep.equal(nothing)
    expect(await narrowings()).to.equal(before)
  })
  it('is ended by whoever says that these settings are meant', async () => {
    const settle = () => settleAllowance({ ...server.parts, settings: by(other) }, true)
    const before = await server.parts.store.revocations.cursor()
    expect((await settle()).taken.apis).to.deep.equal([api])
    expect((await settle()).taken.apis).to.deep.equal([])
    expect(await server.parts.store.revocations.cursor()).to.equal(before + 1)
    expect(await start(other)).to.deep.equal(nothing)
  })
  it('is left alone by settings that look like another server’s, however often they start, until somebody says that they are meant', async () => {
    await start(wide)
    const [notes, mail] = wide.apis
    const foreign = { apis: [{ ...notes, identifier: 'https://other.example.com' }] }
    const { accounts, apiKeys, now, store } = server.parts
    const account = (await accounts.findByEmail(who.email))!
    await apiKeys.mint({ account }, { name: 'Kept', audience: api, scopes: ['notes:read'], expiresAt: now() + 86_400 }, {})
    const kept = async () => (await store.keys.of({ account: account.id }, 10)).map(({ name }) => name)
    for (const settings of [foreign, { apis: [] }, foreign]) expect(await start(settings)).to.deep.equal(leftAlone)
    expect([await start(wide), await kept()]).to.deep.equal([nothing, ['Kept', 'notes:read']])
    expect((await start({ apis: [mail] })).said, 'the control').to.deep.equal(ended.said)
    expect(await kept()).to.deep.equal([])
    await start(wide)
  })
  it('takes along what hangs on a declared client that is gone, and on no other', async () => {
    const [gone, stays] = ['gone', 'stays'].map((id) => ({
      ...{ id, name: id, kind: 'machine', apis: { [api]: ['notes:read'] }, secretDigests: ['4'.repeat(43)] },
    }))
    await start({ ...wide, clients: [gone, stays] })
    const { artifacts } = server.parts.store
    const grantOf = (client: string) => ({
      ...{ model: 'Grant', id: client, grant: client, client, payload: '', expiresAt: server.parts.now() + 900 },
    })
    await Promise.all(['gone', 'stays'].map((client) => artifacts.put(grantOf(client))))
    expect((await start({ ...wide, clients: [stays] })).sentences).to.have.members(['client', 'grant'])
    const left = await Promise.all(['gone', 'stays'].map((client) => artifacts.find('Grant', client)))
    expect(left.map((one) => one?.client)).to.deep.equal([undefined, 'stays'])
    await artifacts.remove('Grant', 'stays')
    await start(wide)
  })
  it('is left alone by a start that fails', async () => {
    const { port } = server.settings.listen
    const before = await server.parts.store.revocations.cursor()
    const taken = { ...server.settings.listen, port }
    const failed = await startTestServer({
      folder: server.folder,
      issuer: server.issuer,
      settings: { ...narrow, listen: taken },
    }).catch(({ code }: { code?: string }) => code)
    expect([failed, await server.parts.store.revocations.cursor()]).to.deep.equal(['port_taken', before])
  })
  it('is ended once by nodes that start at the same moment', async () => {
    await start(wide)
    const before = await narrowings()
    const all = await Promise.all(Array.from({ length: 5 }, () => start(narrow)))
    expect(new Set(all.map(({ check }) => check))).to.deep.equal(new Set(['ok']))
    expect(await narrowings()).to.be.greaterThan(before)
    expect(await start(narrow)).to.deep.equal(nothing)
    expect(await start(wide)).to.deep.equal(nothing)
  })
})
