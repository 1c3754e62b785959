/** When strangers have filled the volatile database: what is refused then, and who goes on. openid-client is the client. */
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect } from 'chai'
import * as client from 'openid-client'
import { askForCode } from '../support/device.ts'
import { addKeyed, configured, type Keyed, keyPair, proof } from '../support/keyed.ts'
import { post } from '../support/post.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { authorizationUrl, type Cast, cast, pkce } from '../support/story.ts'

describe('a volatile database that strangers have filled', () => {
  let server: TestServer
  let who: Cast
  let keyed: Keyed
  let database: DatabaseSync
  before(async () => {
    server = await startTestServer()
    who = await cast(server)
    keyed = await addKeyed(server, 'signing', { grants: ['client_credentials'] })
    database = new DatabaseSync(path.join(server.settings.dataFolder, 'volatile.sqlite'))
  })
  after(async () => {
    database.close()
    await server.close()
  })

  const requestOf = (id: string) => authorizationUrl(server.issuer, id, pkce().challenge)
  const errorAt = async (url: URL, headers: Record<string, string> = {}) => {
    const response = await fetch(url, { headers, redirect: 'manual' })
    return new URL(response.headers.get('location')!, server.issuer).searchParams.get('error')
  }
  const provenAt = async (endpoint: string, method: string) => ({
    dpop: await proof(await keyPair(), method, server.issuer + endpoint),
  })
  const push = async ({ id }: { id: string }) =>
    post(server, '/par', { ...Object.fromEntries(requestOf(id).searchParams), client_id: id }, await provenAt('/par', 'POST'))

  it('counts the proofs that anybody can make among the rows of strangers', async () => {
    expect((await push(who.native)).status).to.equal(201)
    expect(await errorAt(requestOf(keyed.id), await provenAt('/auth', 'GET'))).to.equal(null)
    expect(database.prepare("select row_count from bounds where of = 'replays'").get()?.row_count).to.equal(0)
  })

  it('refuses what strangers would have rows for, and lets people sign in', async () => {
    database.exec("update bounds set at_most = row_count where of = 'artifacts'")
    expect(await errorAt(requestOf('web'))).to.equal(null)
    const long = requestOf('web')
    long.searchParams.set('state', 'x'.repeat(3_000))
    expect(await errorAt(long)).to.equal('temporarily_unavailable')
    expect((await askForCode(server, who.tv)).status).to.equal(503)
    expect((await push(who.native)).status).to.equal(503)
  })

  it('lets clients authenticate that sign assertions, and prove that they hold a key', async () => {
    const config = await configured(server, keyed)
    expect((await client.clientCredentialsGrant(config)).token_type).to.equal('bearer')
    const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair())
    expect((await client.clientCredentialsGrant(config, {}, { DPoP })).token_type).to.equal('dpop')
  })
})
