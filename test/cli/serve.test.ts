import { once } from 'node:events'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import path from 'node:path'
import { expect } from 'chai'
import { freePort } from '../support/ports.ts'
import { createPrograms, expectOneLine, type Programs } from './program.ts'

const email = 'ada@example.com'
const api = { identifier: 'https://api.example.com', name: 'Notes', scopes: { read: { description: 'Read' } } }

describe('a running server', () => {
  it('lets commands work on its data, and ends well on SIGTERM', async () => {
    const programs = await createPrograms({ apis: [api] })
    const server = programs.start('scripts/signet.mjs', ['serve'])
    expect(JSON.parse(await server.line(/"listening"/))).to.include({ port: programs.port, issuer: programs.issuer })
    const client = ['client', 'add', 'Job', '--id', 'job', '--kind', 'machine', '--api', api.identifier]
    const added = (await programs.json(client)) as { secret: string }
    await programs.json(['account', 'add', email], { input: 'analytical engine' })
    const authorization = `Basic ${Buffer.from(`job:${added.secret}`).toString('base64')}`
    const body = new URLSearchParams({ grant_type: 'client_credentials', scope: 'read' })
    const response = await fetch(`${programs.issuer}/token`, { method: 'POST', headers: { authorization }, body })
    expect(await response.json()).to.deep.include({ scope: 'read', token_type: 'Bearer' })
    expect(await server.stop()).to.include({ code: 0, stdout: '' })
    expect(await programs.json(['account', 'list'])).to.have.length(1)
  })

  it('ends well on SIGINT', async () => {
    const server = (await createPrograms()).start('scripts/signet.mjs', ['serve'])
    await server.line(/"listening"/)
    expect(await server.stop('SIGINT')).to.include({ code: 0 })
  })

  it('starts with all its parts by npm start, and ends with all of them', async () => {
    const ports = [await freePort(), await freePort()] as const
    const [SIGNET_API_PORT, SIGNET_CLIENT_PORT] = ports.map(String) as [string, string]
    const scopes = { 'notes:read': { description: 'Read' } }
    const programs = await createPrograms({
      demo: true,
      apis: [{ identifier: `http://localhost:${ports[0]}`, name: 'Notes', scopes }],
    })
    const server = programs.start('src/dev.ts', [], { SIGNET_API_PORT, SIGNET_CLIENT_PORT })
    await server.line(/npm run try/)
    const statuses = [`${programs.issuer}/jwks`, `http://localhost:${ports[0]}/notes`, `http://localhost:${ports[1]}/`]
    expect(await Promise.all(statuses.map(async (url) => (await fetch(url)).status))).to.deep.equal([200, 401, 200])
    const { code, stdout } = await server.stop()
    expect(code).to.equal(0)
    for (const said of [programs.issuer, ...ports.map((port) => `localhost:${port}`), email]) expect(stdout).to.include(said)
    for (const url of statuses) expect(await fetch(url).catch(() => 'gone')).to.equal('gone')
  })
})

describe('a server that cannot start', () => {
  let programs: Programs
  beforeEach(async () => {
    programs = await createPrograms()
  })
  const settle = (settings: string) => writeFileSync(programs.settingsFile, settings)
  const serve = (env: Record<string, string> = {}) => programs.run('scripts/signet.mjs', ['serve'], { env })
  const putKey = (name: string, text: string, mode: number) => {
    mkdirSync(programs.keyFolder)
    writeFileSync(path.join(programs.keyFolder, name), text)
    chmodSync(path.join(programs.keyFolder, name), mode)
  }

  for (const [program, args] of [
    ['scripts/signet.mjs', ['serve']],
    ['src/dev.ts', []],
  ] as [string, string[]][]) {
    const named = ['node', program, ...args].join(' ')

    it(`says in one line that its port is taken: ${named}`, async () => {
      const other = createServer().listen(programs.port, 'localhost')
      await once(other, 'listening')
      try {
        expectOneLine(await programs.run(program, args), /Port \d+ on localhost is taken\. Set SIGNET_PORT to another/)
      } finally {
        other.close()
      }
    })

    it(`says in one line that its settings are no YAML: ${named}`, async () => {
      settle('apis: [')
      expectOneLine(await programs.run(program, args), /signet\.yaml is not valid YAML/)
    })

    it(`K09: says in one line that a key can be read by others: ${named}`, async () => {
      putKey('master.secret', 'a master secret for tests, long enough to be one', 0o644)
      expectOneLine(await programs.run(program, args), /master\.secret can be read by others \(mode 644\): chmod 600/)
    })
  }

  it('says in one line that its address is not of this machine', async () => {
    settle(JSON.stringify({ listen: { host: '192.0.2.1', port: programs.port } }))
    expectOneLine(await serve(), /Cannot listen on 192\.0\.2\.1/)
  })

  it('says in one line that a key is damaged', async () => {
    putKey('signing-mine.json', '{"kty":', 0o600)
    expectOneLine(await serve(), /signing-mine\.json is not JSON/)
  })

  it('says in one line that a folder is none', async () => {
    expectOneLine(await serve({ SIGNET_KEYS: programs.settingsFile }), /key folder .*signet\.yaml cannot be used/)
    expectOneLine(await serve({ SIGNET_DATA: programs.settingsFile }), /database .*signet\.yaml\/signet\.sqlite /)
  })

  it('K09: says in one line that production needs a secret', async () => {
    settle(JSON.stringify({ issuer: 'https://id.example.com' }))
    expectOneLine(await serve(), /A production issuer needs a master secret/)
  })
})
