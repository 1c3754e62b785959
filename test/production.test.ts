/** The production example is one: judged as an operator would have it judged, and started. */
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect } from 'chai'
import { parse } from 'yaml'
import { loadSettings } from '../src/settings/load.ts'
import { createPrograms, expectOneLine, type Programs } from './cli/program.ts'

const root = path.resolve(import.meta.dirname, '..')
const example = path.join(root, 'config/production.yaml')
const guide = readFileSync(path.join(root, 'docs/production.md'), 'utf8')
const block = (language: string) => new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'm').exec(guide)?.[1] ?? ''

describe('config/production.yaml', () => {
  let programs: Programs
  before(async () => {
    programs = await createPrograms()
  })
  const env = () => ({ SIGNET_CONFIG: example, SIGNET_PORT: String(programs.port), SIGNET_WORKERS: '1' })

  it('is judged good, as production', async () => {
    const { code, stdout } = await programs.signet(['settings', 'check', '--json'], { env: { SIGNET_CONFIG: example } })
    expect({ code, said: JSON.parse(stdout) }).to.deep.equal({
      code: 0,
      said: { valid: true, issuer: 'https://id.example.com', development: false, apis: 1, clients: 2 },
    })
  })

  it('holds no secret, and nothing that is demo', () => {
    const { passwords, ...others } = parse(readFileSync(example, 'utf8'))
    expect(passwords).to.deep.equal({ shortest: 15 })
    expect(JSON.stringify(others)).not.to.match(/secret|password|demo/i)
  })

  it('does not start without a master secret, nor beside demo data', async () => {
    expectOneLine(await programs.signet(['serve'], { env: env() }), /A production issuer needs a master secret/)
    writeFileSync(programs.settingsFile, `${readFileSync(example, 'utf8')}\ndemo: true\n`)
    const { code, stderr } = await programs.signet(['serve'], { env: { SIGNET_CONFIG: programs.settingsFile } })
    expect({ code, said: /demo: demo data has a known password/.test(stderr) }).to.deep.equal({ code: 1, said: true })
  })

  it('starts with one, and is the issuer that it names', async () => {
    const server = programs.start('scripts/signet.mjs', ['serve'], {
      ...env(),
      SIGNET_SECRET: 'a master secret for this test alone, which is long'.replaceAll(' ', '-'),
    })
    try {
      await server.line(/"listening"/)
      const answer = await fetch(`http://127.0.0.1:${programs.port}/.well-known/openid-configuration`)
      expect(await answer.json()).to.include({ issuer: 'https://id.example.com', token_endpoint: 'https://id.example.com/token' })
    } finally {
      await server.stop()
    }
  })
})

describe('docs/production.md', () => {
  it('leaves a server more time to stop than it takes', () => {
    expect(Number(/TimeoutStopSec=(\d+)/.exec(block('ini'))?.[1])).to.be.greaterThan(10)
    expect(Number(/--stop-timeout (\d+)/.exec(guide)?.[1])).to.be.greaterThan(10)
  })

  it('gives the service the folders that it writes, and no other', () => {
    const unit = block('ini')
    for (const [, folder] of unit.matchAll(/SIGNET_(?:DATA|KEYS)=(\S+)/g)) expect(folder).to.match(/^\/var\/lib\/signet\//)
    expect(unit).to.include('StateDirectory=signet').and.include('ProtectSystem=strict')
    expect(unit).to.include('NODE_COMPILE_CACHE=/var/cache/signet').and.include('CacheDirectory=signet')
  })

  it('has the proxy reach the port of the example, from an address that it trusts', () => {
    const { listen, trustedProxies } = loadSettings({ SIGNET_CONFIG: example })
    expect(/server (\S+);/.exec(block('nginx'))?.[1]).to.equal(`${listen.host}:${listen.port}`)
    expect(trustedProxies).to.include(listen.host)
    expect(block('nginx')).to.match(/X-Forwarded-For \$remote_addr;/)
  })

  it('names no file of the repository that is not there', () => {
    for (const file of ['scripts/signet.mjs', 'config/production.yaml', 'keys/README.md']) {
      expect(guide).to.include(file)
      expect(readFileSync(path.join(root, file), 'utf8')).not.to.equal('')
    }
  })
})
