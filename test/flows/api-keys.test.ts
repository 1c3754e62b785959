/** API keys at a whole server: the ring that signs them, and what it publishes. */
import { readdirSync, statSync } from 'node:fs'
import path from 'node:path'
import { expect } from 'chai'
import { decodeProtectedHeader } from 'jose'
import { api, declared, startTestServer, type TestServer } from '../support/server.ts'
import { cast, token } from '../support/story.ts'

const apis = declared.apis.map((one) => ({ ...one, apiKeys: one.identifier === api }))

interface PublishedKey {
  kid: string
  alg: string
  signs?: string[]
}

describe('a server whose API takes API keys', () => {
  let server: TestServer
  before(async () => {
    server = await startTestServer({ settings: { apis } })
  })
  after(() => server.close())
  const published = async () => {
    const answer = await fetch(`${server.issuer}/jwks`)
    return ((await answer.json()) as { keys: PublishedKey[] }).keys
  }
  const asked = () => ({ name: 'laptop', audience: api, scopes: ['notes:read'], expiresAt: server.parts.now() + 86_400 })

  it('publishes which key signs them, and that it signs nothing else; those of tokens say nothing of it', async () => {
    const { machine } = await cast(server)
    const { key } = await server.parts.apiKeys.mint({ client: machine.id }, asked(), {})
    const keys = await published()
    const signing = keys.filter(({ signs }) => signs)
    expect(signing.map(({ alg, signs }) => ({ alg, signs }))).to.deep.equal([{ alg: 'ES256', signs: ['api-key+jwt'] }])
    expect(decodeProtectedHeader(key.slice('signet_'.length, -7)).kid).to.equal(signing[0]?.kid)
    const body = { grant_type: 'client_credentials', resource: api, scope: 'notes:read' }
    const { body: answer } = await token(server, machine, body)
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
  it('knows its own, whatever process made it', async () => {
    const { key, row } = await server.parts.apiKeys.mint({ client: 'machine' }, asked(), {})
    const other = await startTestServer({ settings: { apis, issuer: server.issuer }, folder: server.folder })
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
