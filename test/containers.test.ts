/** What can be known of the image and of the composition without an engine: they are read, and what the image holds is started. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { expect } from 'chai'
import { parse } from 'yaml'
import { readSettings } from '../src/sample-client/settings.ts'
import { loadSettings } from '../src/settings/load.ts'
import { variables } from '../src/settings/variables.ts'
import { freePort } from './support/ports.ts'

interface Service {
  image: string
  command?: string[]
  environment?: Record<string, string>
  ports?: string[]
  volumes?: string[]
  depends_on?: Record<string, { condition: string }>
  network_mode?: string
  stop_grace_period?: string
  read_only?: boolean
  cap_drop?: string[]
  profiles?: string[]
}

const root = path.resolve(import.meta.dirname, '..')
const read = (file: string) => readFileSync(path.join(root, file), 'utf8')
const dockerfile = read('Dockerfile')
/** A `COPY` each: what, and where to under /app. */
const copies = [...dockerfile.matchAll(/^COPY (.+) (\S+)$/gm)].map(([, from = '', to = '']) => ({ from: from.split(' '), to }))
const imageEnvironment = Object.fromEntries(
  [...dockerfile.matchAll(/\b([A-Z_]+)=(\S+)/g)].map(([, name, value]) => [name, value]),
)

describe('the image', () => {
  it('is made of files that are there, and that are let into it', () => {
    const letIn = read('.dockerignore')
      .split('\n')
      .flatMap((line) => (line.startsWith('!') ? [line.slice(1)] : []))
    const copied = copies.flatMap(({ from }) => from)
    expect(letIn).to.have.members(copied)
    for (const file of copied) expect(existsSync(path.join(root, file)), file).to.equal(true)
    expect(copied.join()).not.to.match(/keys|data|test/)
  })

  it('runs as another than root, with variables that are known', () => {
    expect(dockerfile).to.match(/^USER node$/m)
    expect(dockerfile.indexOf('\nUSER ')).to.be.greaterThan(dockerfile.lastIndexOf('\nRUN '))
    for (const name of Object.keys(imageEnvironment).filter((one) => one.startsWith('SIGNET_')))
      expect(variables).to.have.property(name)
  })

  it('is of a Node that the server takes, by a name that names no registry', () => {
    const [, major, , rest] = /^FROM node:(\d+)(-slim)(.*)$/m.exec(dockerfile) ?? []
    expect(Number(major)).to.be.greaterThan(24)
    expect(rest).to.equal('')
  })

  it('asks of its health what the server answers', () => {
    const script = /CMD \["node", "-e", "(.+)"\]$/m.exec(dockerfile)?.[1]
    expect(script).to.include('/health/ready')
    expect(spawnSync(process.execPath, ['-e', String(script)], { env: { SIGNET_PORT: '1' } }).status).to.equal(1)
  })
})

describe('what the image holds', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'signet-image-'))
  const app = path.join(folder, 'app')
  const [data, keys] = [path.join(folder, 'data'), path.join(folder, 'keys')]
  const nobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {}
  let server: ChildProcess | undefined
  let port: number

  before(async () => {
    port = await freePort()
    for (const { from, to } of copies)
      for (const file of from)
        cpSync(path.join(root, file), path.join(app, to, from.length > 1 ? path.basename(file) : '.'), { recursive: true })
    copyPackages(path.join(app, 'node_modules'))
    for (const place of [data, keys]) {
      mkdirSync(place, { mode: 0o700 })
      if (nobody.uid !== undefined) chownSync(place, nobody.uid, nobody.gid)
    }
    // For others to read and for nobody to write, as the image's layers are.
    execFileSync('chmod', ['-R', 'a+rX,a-w', app])
    execFileSync('chmod', ['a+rx', folder])
  })
  after(async () => {
    if (server?.exitCode === null && server.kill('SIGKILL')) await once(server, 'exit')
    execFileSync('chmod', ['-R', 'u+w', app])
    rmSync(folder, { recursive: true, force: true })
  })

  const start = () =>
    spawn(process.execPath, ['scripts/signet.mjs', 'serve'], {
      cwd: app,
      ...nobody,
      env: { PATH: process.env.PATH, SIGNET_DATA: data, SIGNET_KEYS: keys, SIGNET_PORT: String(port), NODE_ENV: 'production' },
      stdio: ['ignore', 'ignore', 'pipe'],
    })

  it('starts as a user who may write nothing but data and keys, without what tests are made with', async () => {
    expect(readdirSync(path.join(app, 'node_modules'))).not.to.include.oneOf(['mocha', 'typescript'])
    const begun = start()
    server = begun
    const lines: string[] = []
    for await (const line of createInterface({ input: begun.stderr! }))
      if (lines.push(line) && line.includes('"listening"')) break
    expect(lines.at(-1), lines.join('\n')).to.include('"listening"')
    const asked = /CMD \["node", "-e", "(.+)"\]$/m.exec(dockerfile)?.[1] ?? ''
    expect(spawnSync(process.execPath, ['-e', asked], { env: { SIGNET_PORT: String(port) } }).status).to.equal(0)
    begun.kill('SIGTERM')
    expect((await once(begun, 'exit'))[0]).to.equal(0)
    expect(readdirSync(data)).to.include('signet.sqlite')
    expect(readdirSync(keys)).to.include('master.secret')
  })
})

/** Of the lock, what is no development dependency; the Nodes for machines without one are left out, as in the image. */
function copyPackages(to: string): void {
  const { packages } = JSON.parse(read('package-lock.json')) as { packages: Record<string, { dev?: boolean }> }
  for (const [place, { dev }] of Object.entries(packages)) {
    const [, name, nested] = /^node_modules\/((?:@[^/]+\/)?[^/]+)(\/.*)?$/.exec(place) ?? []
    if (name === undefined || nested !== undefined || dev || /^node-(linux|darwin|bin)/.test(name)) continue
    if (existsSync(path.join(root, place))) cpSync(path.join(root, place), path.join(to, name), { recursive: true })
  }
}

describe('docker-compose.yml', () => {
  const { services, volumes } = parse(read('docker-compose.yml'), { merge: true }) as {
    services: Record<string, Service>
    volumes: Record<string, unknown>
  }
  const { signet, demo, api, client, redis } = services as Record<'signet' | 'demo' | 'api' | 'client' | 'redis', Service>
  const ours = Object.entries(services).filter(([, { image }]) => image === 'signet')
  const environmentOf = ({ environment = {} }: Service) => ({
    ...imageEnvironment,
    ...environment,
    ...(environment.SIGNET_CONFIG && { SIGNET_CONFIG: environment.SIGNET_CONFIG.replace('/app', root) }),
  })

  it('gives variables that somebody reads', () => {
    for (const [name, { environment = {} }] of ours)
      for (const variable of Object.keys(environment)) expect(variables, name).to.have.property(variable)
  })

  for (const name of ['signet', 'demo']) {
    it(`has settings that pass settings check: ${name}`, () => {
      const settings = loadSettings(environmentOf(services[name] as Service))
      expect(settings).to.include({ development: true, demo: true, issuer: 'http://localhost:4000' })
      expect(URL.parse(settings.redis?.url ?? '')?.hostname).to.equal('redis')
    })
  }

  it('lets every part and the browser reach the issuer, the API and the client by the same addresses', () => {
    const { issuer, listen, apis, samples } = loadSettings(environmentOf(signet))
    expect(listen.host).to.equal('0.0.0.0')
    // Published on this machine alone, from the one network that they share, at the port that each listens on.
    expect(signet.ports).to.have.members(
      [listen.port, samples.apiPort, samples.clientPort].map((port) => `127.0.0.1:${port}:${port}`),
    )
    for (const part of [api, client]) {
      expect(part.network_mode).to.equal('service:signet')
      expect(part.environment?.SIGNET_ISSUER).to.equal(issuer)
    }
    expect(client.environment?.SIGNET_API).to.equal(apis[0]?.identifier)
    expect(client.environment?.SIGNET_CLIENT_HOST).to.equal('0.0.0.0')
    expect(api.environment?.SIGNET_API_HOST).to.equal('0.0.0.0')
  })

  it('hands the client its secret by a file that nobody else is given', () => {
    const file = client.environment?.SAMPLE_CLIENT_SECRET_FILE
    expect(demo.command?.at(-1)).to.include(`> ${file}`)
    const holders = Object.entries(services).filter(([, one]) => one.volumes?.some((volume) => volume.startsWith('demo:')))
    expect(holders.map(([name]) => name)).to.deep.equal(['demo', 'client'])
    expect(client.volumes).to.deep.equal(['demo:/demo:ro'])
    expect(read('docker-compose.yml')).not.to.match(/SECRET: \S/)
  })

  it('runs each part with no more than it needs, and lets it stop in its time', () => {
    for (const [name, service] of ours) {
      expect(service, name).to.deep.include({ read_only: true, cap_drop: ['ALL'], init: true })
      expect(Number.parseInt(String(service.stop_grace_period), 10)).to.be.greaterThan(10)
    }
  })

  it('bounds Redis, which refuses when it is full', () => {
    expect(redis.command?.join(' ')).to.match(/--maxmemory \d+mb --maxmemory-policy noeviction$/)
  })

  it('names services and volumes that there are', () => {
    for (const { depends_on = {}, network_mode, volumes: used = [] } of Object.values(services)) {
      for (const name of Object.keys(depends_on)) expect(services).to.have.property(name)
      if (network_mode) expect(services).to.have.property(network_mode.replace('service:', ''))
      for (const volume of used) expect(volumes).to.have.property(volume.split(':')[0] as string)
    }
  })

  it('starts programs that the image holds', () => {
    for (const [, { command = [] }] of ours)
      for (const [file] of command.join(' ').matchAll(/\b(scripts|src)\/\S+/g))
        expect(existsSync(path.join(root, file))).to.equal(true)
  })

  // Known by name where there is no such client: nothing else here takes its place.
  if (spawnSync('docker', ['compose', 'version']).status === 0)
    it('is taken by docker compose', () => {
      const { status, stderr } = spawnSync('docker', ['compose', 'config', '--quiet'], { cwd: root, encoding: 'utf8' })
      expect({ status, stderr }).to.deep.equal({ status: 0, stderr: '' })
    })
})

describe('the sample client', () => {
  it('takes its secret out of a file', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'signet-secret-'))
    const file = path.join(folder, 'secret')
    writeFileSync(file, 'kept\n')
    expect(readSettings({ SAMPLE_CLIENT_SECRET_FILE: file }).clientSecret).to.equal('kept')
    writeFileSync(file, '')
    expect(() => readSettings({ SAMPLE_CLIENT_SECRET_FILE: file })).to.throw('SAMPLE_CLIENT_SECRET is not set')
    rmSync(folder, { recursive: true })
  })
})

describe('signet demo', () => {
  it('puts the demo data there, and says one secret alone to be kept in a file', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'signet-demo-'))
    const run = (args: string[], settings = { demo: true }) => {
      writeFileSync(path.join(folder, 'signet.yaml'), JSON.stringify(settings))
      const env = {
        ...process.env,
        SIGNET_CONFIG: path.join(folder, 'signet.yaml'),
        SIGNET_DATA: folder,
        SIGNET_KEYS: path.join(folder, 'k'),
      }
      return spawnSync(process.execPath, ['scripts/signet.mjs', 'demo', ...args], { cwd: root, env, encoding: 'utf8' })
    }
    const { clients } = JSON.parse(run(['--json']).stdout) as { clients: { id: string; secret: string }[] }
    expect(clients.map(({ id }) => id)).to.deep.equal(['sample-client', 'sample-machine'])
    expect(run(['--secret-of', 'sample-client']).stdout).to.equal(`${clients[0]?.secret}\n`)
    const refused = run([], { demo: false })
    expect(refused).to.deep.include({ status: 1, stdout: '', stderr: 'signet: The settings do not say demo: true.\n' })
    rmSync(folder, { recursive: true })
  })
})
