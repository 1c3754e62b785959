/** A backup is made and put back beside a server that goes on answering. What was ended since then stays ended. */
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect } from 'chai'
import { createVisitor } from '../../src/try/visitor.ts'
import { claimsOf, personsKey, takingKeys } from '../support/api-keys.ts'
import { keyPair } from '../support/keyed.ts'
import { type Apis, apiClients, introspect, revoke } from '../support/questions.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { authorizationUrl, type Cast, cast, codeFor, pkce, redeem, refresh, token } from '../support/story.ts'
import { returnToPresent, travel } from '../support/time.ts'
import { createPrograms, expectOneLine, type Programs } from './program.ts'

describe('signet backup and restore', () => {
  let server: TestServer
  let who: Cast
  let apis: Apis
  let programs: Programs
  let env: Record<string, string>
  let file: string

  before(async () => {
    server = await startTestServer({ settings: takingKeys })
    who = await cast(server)
    apis = await apiClients(server)
    programs = await createPrograms()
    env = { SIGNET_DATA: server.settings.dataFolder }
    file = path.join(server.folder, 'backup.sqlite')
  })
  after(() => server.close())
  afterEach(returnToPresent)

  const machineToken = async () =>
    (await token(server, who.machine, { grant_type: 'client_credentials', scope: 'notes:read' })).body.access_token as string
  const restore = (...more: string[]) => programs.json(['restore', file, ...more], { env }) as Promise<Record<string, object>>

  it('restores a database in which nothing that was ended since is alive', async () => {
    const { accounts, apiKeys, clients, store } = server.parts
    await accounts.add({ email: 'lost@example.com', password: 'a first password', roles: ['editor', 'admin'] })
    for (const name of ['disabled', 'changed', 'deleted', 'kept', 'moved'])
      await accounts.add({ email: `${name}@example.com`, password: 'a first password' })
    const replaced = await clients.add({ id: 'replaced', name: 'Replaced', kind: 'machine', apis: {} })
    const anew = { id: 'registered-anew', name: 'Registered anew', kind: 'web', apis: {}, authentication: 'private_key_jwt' }
    const [stolen, safe] = [await keyPair(), await keyPair()].map(({ jwk }) => jwk)
    await clients.add({ ...anew, redirectUris: ['https://former.example.com/cb'], jwks: { keys: [stolen] } })
    const signed = await codeFor(server, who.native)
    const tokens = (await redeem(server, who.native, signed)).body
    const unused = await codeFor(server, who.web)
    const revoked = await machineToken()
    const [key, endedKey] = [await personsKey(server, who.email), await personsKey(server, who.email)]
    expect(await apiKeys.findLiving(endedKey), 'the control').to.be.an('object')
    expect(await introspect(server, apis.notes, revoked), 'the control').to.include({ active: true })
    expect(await introspect(server, apis.notes, tokens.access_token as string), 'the control').to.include({ active: true })

    const written = (await programs.json(['backup', file], { env })) as { bytes: number }
    expect(written.bytes).to.equal(statSync(file).size)
    expect(statSync(file).mode & 0o777).to.equal(0o600)

    await revoke(server, who.machine, revoked)
    await apiKeys.end('operator', claimsOf(endedKey).jti, 'operator', {})
    await accounts.disable('disabled@example.com')
    await accounts.remove('deleted@example.com')
    await accounts.setPassword('changed@example.com', 'a second password')
    await accounts.setEmail('moved@example.com', 'moved-since@example.com')
    await accounts.setRoles('lost@example.com', ['admin'])
    await accounts.setRoles('kept@example.com', ['admin'])
    await accounts.add({ email: 'later@example.com', password: 'a first password' })
    await clients.rotateSecret('replaced', 0)
    await clients.remove('own')
    await clients.remove('registered-anew')
    await clients.add({ ...anew, redirectUris: ['https://app.example.com/cb'], jwks: { keys: [safe] } })

    const { kept, compared } = await restore()
    expect({ kept, compared }).to.deep.equal({
      kept: {
        disabled: ['disabled@example.com'],
        passwords: ['changed@example.com', 'moved@example.com'],
        roles: ['lost@example.com'],
        changedClients: ['registered-anew', 'replaced'],
        removedClients: ['own'],
        removedAccounts: ['deleted@example.com'],
      },
      compared: true,
    })

    for (const dead of [revoked, tokens.access_token as string])
      expect(await introspect(server, apis.notes, dead)).to.deep.equal({ active: false })
    for (const dead of [key, endedKey]) expect(await apiKeys.findLiving(dead)).to.equal(undefined)
    expect(await store.keys.list(10)).to.deep.equal([])
    expect((await refresh(server, who.native, tokens.refresh_token as string)).body.error).to.equal('invalid_grant')
    expect((await redeem(server, who.web, unused)).body.error).to.equal('invalid_grant')
    const page = await signed.visitor.open(authorizationUrl(server.issuer, 'native', pkce().challenge))
    expect(
      page.forms.some(({ action }) => action.endsWith('/sign-in')),
      'is asked to sign in',
    ).to.equal(true)
    const old = { id: 'replaced', secret: replaced.secret }
    expect((await token(server, old, { grant_type: 'client_credentials' })).status).to.equal(401)
    expect(await clients.find('own')).to.equal(undefined)
    expect(await clients.findAnew('registered-anew'), 'neither the address nor the key of then').to.deep.include({
      redirect_uris: ['https://app.example.com/cb'],
      jwks: { keys: [safe] },
    })
    expect(await accounts.findByEmail('deleted@example.com')).to.equal(undefined)
    expect(await accounts.findByEmail('moved@example.com')).to.equal(undefined)
    expect((await accounts.findByEmail('moved-since@example.com'))?.name).to.equal('moved')
    expect(await accounts.authenticate('disabled@example.com', 'a first password')).to.equal(undefined)
    expect(await accounts.authenticate('changed@example.com', 'a first password')).to.equal(undefined)
    expect(await accounts.authenticate('changed@example.com', 'a second password')).to.include({ email: 'changed@example.com' })
    expect(await accounts.authenticate('kept@example.com', 'a first password')).to.include({ email: 'kept@example.com' })
    expect(await accounts.findByEmail('lost@example.com')).to.deep.include({ roles: ['admin'] })
    expect(await accounts.findByEmail('kept@example.com'), 'gained since').to.deep.include({ roles: [] })
    expect(await accounts.findByEmail('later@example.com'), 'was not there then').to.equal(undefined)
  })
  it('goes on from there: who signs in afterwards is signed in, and a new token is good', async () => {
    travel(5)
    expect(await introspect(server, apis.notes, await machineToken())).to.include({ active: true })
    const signed = await codeFor(server, who.native, {}, createVisitor(server.issuer))
    const tokens = (await redeem(server, who.native, signed)).body
    expect((await refresh(server, who.native, tokens.refresh_token as string)).status).to.equal(200)
  })
  it('brings removed clients back where that is asked for', async () => {
    expect((await restore('--removed-clients')).kept).to.deep.include({ removedClients: [] })
    expect(await server.parts.clients.find('own')).to.include({ client_id: 'own' })
  })
  it('restores into a folder that has nothing yet, and says that there was nothing to compare with', async () => {
    const empty = path.join(server.folder, 'elsewhere')
    const { stdout } = await programs.signet(['restore', file], { env: { SIGNET_DATA: empty } })
    expect(stdout)
      .to.match(/Everybody signs in again/)
      .and.to.match(/no database to compare with/)
    const database = new DatabaseSync(path.join(empty, 'signet.sqlite'), { readOnly: true })
    expect(database.prepare("select count(*) as n from accounts where email = 'kept@example.com'").get()).to.include({ n: 1 })
    database.close()
    expect(readdirSync(empty).filter((name) => name.includes('restored'))).to.deep.equal([])
  })

  const text = () => {
    const none = path.join(server.folder, 'text')
    writeFileSync(none, 'no database at all, but long enough to be looked at')
    return none
  }
  const refused: [string, () => [string[], Record<string, string>], RegExp][] = [
    ['a backup onto a file that is there', () => [['backup', file], env], /is there already/],
    [
      'a backup of nothing',
      () => [['backup', `${file}.other`], { SIGNET_DATA: path.join(server.folder, 'nothing') }],
      /There is no database/,
    ],
    ['a backup into a file', () => [['backup', path.join(file, 'x')], env], /cannot be written: ENOTDIR/],
    [
      'a backup into a folder that is not there',
      () => [['backup', path.join(server.folder, 'none', 'x')], env],
      /x cannot be written: there is no folder \S+none\.$/m,
    ],
    ['a backup that is not there', () => [['restore', `${file}.missing`], env], /There is no database/],
    ['a backup that is no database', () => [['restore', text()], env], /is not a SQLite database/],
  ]
  for (const [what, make, sentence] of refused) {
    it(`refuses ${what}, and leaves everything as it was`, async () => {
      const before = existsSync(file) && readFileSync(file).length
      const [args, environment] = make()
      expectOneLine(await programs.signet(args, { env: environment }), sentence)
      expect(existsSync(file) && readFileSync(file).length).to.equal(before)
      expect(await server.parts.accounts.findByEmail('kept@example.com')).to.include({ email: 'kept@example.com' })
      expect(readdirSync(server.folder).filter((name) => name.endsWith('.draft'))).to.deep.equal([])
    })
  }
})
