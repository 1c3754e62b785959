import { expect } from 'chai'
import { decodeJwt } from 'jose'
import { takingKeys } from '../support/api-keys.ts'
import { signetBeside } from '../support/command.ts'
import { apiClients, introspect } from '../support/questions.ts'
import { api, declared, startTestServer, type TestServer } from '../support/server.ts'
import { type Cast, type Credentials, cast, refresh, token, tokensFor } from '../support/story.ts'
import { returnToPresent, travel } from '../support/time.ts'
import { createPrograms, expectOneLine, type RunOptions } from './program.ts'

describe('signet revoke', () => {
  let server: TestServer
  let who: Cast
  let notes: Credentials
  let signet: (args: string[], options?: RunOptions) => ReturnType<Awaited<ReturnType<typeof createPrograms>>['signet']>
  before(async () => {
    server = await startTestServer({ settings: takingKeys })
    who = await cast(server)
    notes = (await apiClients(server)).notes
    const programs = await createPrograms({ ...declared, ...takingKeys, issuer: server.issuer })
    const { dataFolder, keyFolder, masterSecret } = server.settings
    const env = { SIGNET_DATA: dataFolder, SIGNET_KEYS: keyFolder, SIGNET_SECRET: masterSecret as string }
    signet = (args, options) => programs.signet(args, { ...options, env })
  })
  afterEach(returnToPresent)
  after(() => server?.close())

  const beside = (...args: string[]) => signetBeside(server, ['revoke', ...args])
  const isActive = async (jwt: unknown) => (await introspect(server, notes, jwt as string)).active
  const machineToken = async () =>
    (await token(server, who.machine, { grant_type: 'client_credentials', scope: 'notes:read' })).body.access_token as string
  const lastAct = async () => {
    const [row] = await server.parts.store.audit.list({}, 1)
    return row && { act: row.act, actor: row.actor.split(':')[0], about: row.account ?? row.client, detail: row.detail }
  }

  it('ends one token, read from standard input, and says what it hangs on', async () => {
    const [tokens, other] = [await tokensFor(server, who.web), await machineToken()]
    const { jti, grant } = decodeJwt(tokens.access_token as string)
    const { code, stdout } = await signet(['revoke', 'token'], { input: `${tokens.access_token}\n` })
    expect(code).to.equal(0)
    expect(stdout).to.include(`The token ${jti} is dead.`).and.to.include(`signet revoke grant ${grant}`)
    expect(await lastAct()).to.deep.equal({ act: 'token.revoked', actor: 'operator', about: 'web', detail: { jti } })
    expect([await isActive(tokens.access_token), await isActive(other)]).to.deep.equal([false, true])
    const next = await refresh(server, who.web, tokens.refresh_token as string)
    expect([next.status, await isActive(next.body.access_token)], 'its app gets another').to.deep.equal([200, true])
  })
  it('ends an API key, read from there as well', async () => {
    const { accounts, apiKeys, now } = server.parts
    const account = (await accounts.findByEmail(who.email))!
    const asked = { name: 'laptop', audience: api, scopes: ['notes:read'], expiresAt: now() + 86_400 }
    const { key } = await apiKeys.mint({ account }, asked, {})
    expect(await apiKeys.findLiving(key)).to.not.equal(undefined)
    const { stdout } = await signet(['revoke', 'token'], { input: key })
    expect(stdout).to.include('The API key "laptop" is dead.').and.not.include(key)
    expect(await apiKeys.findLiving(key)).to.equal(undefined)
    expect(await lastAct()).to.deep.include({ act: 'api_key.ended', about: who.subject })
  })
  it('ends an API key by the grant of what was got for it in exchange, which is its jti', async () => {
    const { accounts, apiKeys, now } = server.parts
    const account = (await accounts.findByEmail(who.email))!
    const asked = { name: 'exchanged', audience: api, scopes: ['notes:read'], expiresAt: now() + 86_400 }
    const { key, row } = await apiKeys.mint({ account }, asked, {})
    const { answer } = await beside('grant', row.jti)
    expect(answer).to.deep.equal({ revoked: 'api_key', jti: row.jti, until: row.expiresAt })
    expect(await apiKeys.findLiving(key)).to.equal(undefined)
  })
  it('takes a day on which a token expires as a whole', async () => {
    const day = new Date((server.parts.now() + 86_400) * 1_000).toISOString().slice(0, 10)
    const { answer } = await beside('token', '--jti', 'abc', '--until', day)
    expect(answer).to.deep.include({ until: Date.parse(`${day}T23:59:59Z`) / 1_000 })
  })
  it('says no to a token that is none, and to a jti without its end', async () => {
    expectOneLine(await signet(['revoke', 'token'], { input: 'eyJ.e30.x' }), /That is no access token and no API key of http/)
    for (const args of [
      ['--jti', 'x'],
      ['--until', '1h'],
      ['--jti', 'x', '--until', 'soon'],
      ['--jti', 'x', '--until', '367d'],
      ['--jti', 'x', '--until', '2020-01-01'],
    ])
      expect((await beside('token', ...args)).answer, args.join(' ')).to.include({ error: 'invalid_option' })
    const cursor = await server.parts.store.revocations.cursor()
    expect((await beside('token', '--jti', '-abcdefghijklmnopqrstu', '--until', '366d')).code).to.equal(0)
    expect(await server.parts.store.revocations.cursor()).to.equal(cursor + 1)
  })
  it('ends a grant once, with its refresh token', async () => {
    const { access_token: jwt, refresh_token: one } = await tokensFor(server, who.web)
    const { grant } = decodeJwt(jwt as string) as { grant: string }
    expect(await isActive(jwt)).to.equal(true)
    expect(await beside('grant', grant)).to.deep.equal({ code: 0, answer: { revoked: 'grant', grant } })
    expect(await lastAct()).to.deep.include({ act: 'grant.ended', about: who.subject, detail: { by: 'operator' } })
    expect(await isActive(jwt)).to.equal(false)
    expect((await refresh(server, who.web, one as string)).body.error).to.equal('invalid_grant')
    for (const none of [grant, 'x', `-${'x'.repeat(42)}`])
      expect((await beside('grant', none)).answer, none).to.include({ error: 'unknown_grant' })
  })
  it('ends what a person has, who signs in again', async () => {
    for (const name of [who.email, who.subject]) {
      const { access_token: jwt, refresh_token: one } = await tokensFor(server, who.web)
      expect(await isActive(jwt)).to.equal(true)
      expect((await beside('account', name)).answer).to.deep.equal({
        ...{ revoked: 'account', subject: who.subject, email: who.email },
        apiKeys: 0,
      })
      expect(await lastAct()).to.deep.include({ act: 'account.tokens_revoked', about: who.subject })
      expect(await isActive(jwt)).to.equal(false)
      expect((await refresh(server, who.web, one as string)).body.error).to.equal('invalid_grant')
      travel(1)
      expect(await isActive((await tokensFor(server, who.web)).access_token), 'a new sign-in').to.equal(true)
    }
    for (const none of ['bob@example.com', 'x'])
      expect((await beside('account', none)).answer).to.include({ error: 'unknown_account' })
  })
  it('ends what a client has, and people’s API keys by the client that they name; nothing that comes after', async () => {
    const [tokens, machines] = [await tokensFor(server, who.exempt), await machineToken()]
    for (const id of ['exempt', 'machine', 'signet:keys']) expect((await beside('client', id)).answer).to.include({ client: id })
    expect(await lastAct()).to.deep.include({ act: 'client.tokens_revoked', about: 'signet:keys' })
    expect([await isActive(tokens.access_token), await isActive(machines)]).to.deep.equal([false, false])
    expect((await refresh(server, who.exempt, tokens.refresh_token as string)).body.error).to.equal('invalid_grant')
    travel(6)
    expect(await isActive(await machineToken())).to.equal(true)
    for (const none of ['x', 'signet:account'])
      expect((await beside('client', none)).answer).to.include({ error: 'unknown_client' })
    expect((await signet(['revoke', 'client', 'signet:keys'])).stdout).to.match(/^The API keys of all people are ended \(0\)/)
  })
  it('ends what was issued for an API, and what the settings allow no more', async () => {
    travel(10)
    const { access_token: jwt } = await tokensFor(server, who.web)
    expect(await isActive(jwt)).to.equal(true)
    expect((await beside('api', api)).answer).to.deep.equal({ revoked: 'api', api, apiKeys: 0 })
    expect((await lastAct())?.act).to.equal('api.tokens_revoked')
    expect(await isActive(jwt)).to.equal(false)
    expect((await beside('api', 'https://other.example.com')).answer).to.include({ error: 'unknown_api' })
    // The command runs by settings in which this API takes no keys.
    const taken = { apis: [api], narrowedClients: [], removedClients: [] }
    const apply = () => signetBeside(server, ['settings', 'apply'])
    expect((await apply()).answer).to.deep.equal({ ended: taken })
    expect((await apply()).answer).to.deep.equal({ ended: { ...taken, apis: [] } })
  })
  it('ends everything, of which it has to be sure', async () => {
    // Later than all that was ended above.
    travel(20)
    const [{ access_token: jwt, refresh_token: one }, cursor] = [
      await tokensFor(server, who.web),
      await server.parts.store.revocations.cursor(),
    ]
    expectOneLine(await signet(['revoke', 'everything']), /Nothing was revoked/)
    expect((await beside('everything', '--yes', '--before', '2999-01-01')).answer).to.include({ error: 'invalid_option' })
    expect((await beside('everything', '--yes', '--before', '2h')).code).to.equal(0)
    expect(await isActive(jwt), 'what is younger').to.equal(true)
    expect((await beside('everything', '--yes')).code).to.equal(0)
    expect((await lastAct())?.act).to.equal('tokens.revoked')
    expect(await server.parts.store.revocations.cursor(), 'said in one sentence').to.equal(cursor + 2)
    expect(await isActive(jwt)).to.equal(false)
    travel(6)
    expect(await isActive((await refresh(server, who.web, one as string)).body.access_token)).to.equal(true)
  })
})
