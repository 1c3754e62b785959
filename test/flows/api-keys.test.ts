/** API keys at a whole server: the ring that signs them, and what it publishes. */
import { hash } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { expect } from 'chai'
import { decodeJwt, decodeProtectedHeader, SignJWT } from 'jose'
import { digest } from '../../src/crypto/derive.ts'
import { openKeyFolder } from '../../src/crypto/key-files.ts'
import { readKey } from '../../src/crypto/signing-key.ts'
import { takingKeys } from '../support/api-keys.ts'
import { keptLog } from '../support/log.ts'
import { api, startTestServer, type TestServer } from '../support/server.ts'
import { type Cast, cast, token, tokensFor } from '../support/story.ts'

interface PublishedKey {
  kid: string
  alg: string
  signs?: string[]
}

describe('a server whose API takes API keys', () => {
  let server: TestServer
  let who: Cast
  const { log, lines } = keptLog()
  before(async () => {
    server = await startTestServer({ settings: { ...takingKeys, log: { requests: true } }, log })
    who = await cast(server)
  })
  after(() => server.close())
  const published = async () => {
    const answer = await fetch(`${server.issuer}/jwks`)
    return ((await answer.json()) as { keys: PublishedKey[] }).keys
  }
  const asked = () => ({ name: 'laptop', audience: api, scopes: ['notes:read'], expiresAt: server.parts.now() + 86_400 })

  it('publishes which key signs them, and that it signs nothing else; those of tokens say nothing of it', async () => {
    const { key } = await server.parts.apiKeys.mint({ client: who.machine.id }, asked(), {})
    const keys = await published()
    const signing = keys.filter(({ signs }) => signs)
    expect(signing.map(({ alg, signs }) => ({ alg, signs }))).to.deep.equal([{ alg: 'ES256', signs: ['api-key+jwt'] }])
    expect(decodeProtectedHeader(key.slice('signet_'.length, -7)).kid).to.equal(signing[0]?.kid)
    const body = { grant_type: 'client_credentials', resource: api, scope: 'notes:read' }
    const { body: answer } = await token(server, who.machine, body)
    const { kid } = decodeProtectedHeader(answer.access_token!)
    expect(keys.find((one) => one.kid === kid)).to.not.have.property('signs')
  })
  it('keeps their keys in a folder of their own, for its owner’s eyes alone', () => {
    const folder = path.join(server.folder, 'keys', 'api-keys')
    expect(statSync(folder).mode & 0o777).to.equal(0o700)
    const files = readdirSync(folder)
    expect(files).to.have.length(1)
    expect(statSync(path.join(folder, files[0]!)).mode & 0o777).to.equal(0o600)
  })
  it('takes no token that such a key signed', async () => {
    const { keyFolder } = server.settings
    const files = openKeyFolder(path.join(keyFolder, 'api-keys'))
    const [name] = files.names() as [string]
    const stolen = await readKey(name, files.read(name)!)
    const { access_token: issued = '' } = await tokensFor(server, who.web)
    const read = (bearer: string) => fetch(`${server.issuer}/userinfo`, { headers: { authorization: `Bearer ${bearer}` } })
    expect((await read(issued)).status, 'the control').to.equal(200)
    const header = { alg: 'ES256', typ: 'at+jwt', kid: stolen.kid }
    const forged = await new SignJWT(decodeJwt(issued)).setProtectedHeader(header).sign(stolen.privateKey!)
    expect((await read(forged)).status).to.equal(401)
  })
  it('P05 keeps no key: not in its files, not in its log', async () => {
    const { key, row } = await server.parts.apiKeys.mint({ client: who.machine.id }, asked(), {})
    await server.parts.apiKeys.findLiving(key)
    await server.parts.apiKeys.end('operator', row.jti, 'operator', {})
    const folder = path.join(server.folder, 'data')
    const kept = Buffer.concat(readdirSync(folder).map((file) => readFileSync(path.join(folder, file)))).toString('latin1')
    expect(kept, 'the control: it has the database').to.include(row.jti)
    const [, payload, signature] = key.slice('signet_'.length, -7).split('.') as [string, string, string]
    for (const part of [payload, signature, signature.slice(0, 40), key.slice(-7)]) {
      expect(kept).to.not.include(part)
      expect(JSON.stringify(lines)).to.not.include(part)
    }
  })
  it('P03 says of one that ended that it is dead, until nobody would take it, to whoever reads the list', async () => {
    const { row } = await server.parts.apiKeys.mint({ client: who.machine.id }, asked(), {})
    const read = async () => {
      const text = await (await fetch(`${server.issuer}/revocations`)).text()
      return (decodeJwt(text) as { entries: [string, number][] }).entries
    }
    const before = await read()
    await server.parts.apiKeys.end({ client: who.machine.id }, row.jti, 'person', {})
    const added = (await read()).slice(before.length)
    const about = (kind: string) =>
      hash('sha256', `${server.issuer}\n${kind}\n${digest(row.jti)}`, 'buffer')
        .subarray(0, 16)
        .toString('base64url')
    expect(added[0]).to.deep.equal([about('token'), row.expiresAt + 300])
    expect(added[1]?.[0], 'and what it was exchanged for').to.equal(about('grant'))
  })
  it('knows its own, whatever process made it', async () => {
    const { key, row } = await server.parts.apiKeys.mint({ client: who.machine.id }, asked(), {})
    const other = await startTestServer({ settings: { ...takingKeys, issuer: server.issuer }, folder: server.folder })
    try {
      expect(await other.parts.apiKeys.findLiving(key)).to.deep.include({ row })
      await other.parts.apiKeys.end('operator', row.jti, 'operator', {})
      expect(await server.parts.apiKeys.findLiving(key)).to.equal(undefined)
    } finally {
      await other.close()
    }
  })
})

describe('a server whose APIs take no API keys', () => {
  it('has no key that signs such, and publishes none', async () => {
    const server = await startTestServer()
    try {
      const { keys } = (await (await fetch(`${server.issuer}/jwks`)).json()) as { keys: PublishedKey[] }
      expect(keys.length).to.be.greaterThan(0)
      expect(keys.filter(({ signs }) => signs)).to.deep.equal([])
      expect(readdirSync(path.join(server.folder, 'keys'))).to.not.include('api-keys')
      expect(await server.parts.apiKeys.findLiving(`signet_${'x'.repeat(200)}`)).to.equal(undefined)
    } finally {
      await server.close()
    }
  })
})
