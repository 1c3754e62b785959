/** Starts the server and its control as processes, and measures them from outside. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { untilOpen } from '../test/support/knock.ts'
import { freePort } from '../test/support/ports.ts'

export interface Contender {
  name: 'signet' | 'bare'
  url: string
  /** For the token endpoint. */
  secret: string
  process: ChildProcess
  /** From the start of the process to its first 200. */
  startMilliseconds: number
  residentMegabytes(): number
  /** That it and the processes that it started have used. */
  cpuSeconds(): number
  stop(): Promise<void>
}

const root = path.resolve(import.meta.dirname, '..')
const settings = `
listen:
  port: \${SIGNET_PORT}
cluster:
  workers: \${BENCH_WORKERS:-1}
signIn: { attemptsPerAccount: 1000, attemptsPerNetwork: 100000, attemptsOverall: 100000, windowSeconds: 10, newDeviceLetters: false }
apis:
  - identifier: https://api.example.com
    name: Bench
    scopes: { 'notes:read': { description: Read your notes } }
`

export interface Installation {
  env: NodeJS.ProcessEnv
  secret: string
  /** Of the operator's own web app, for the sign-ins. */
  webSecret?: string
  remove(): void
}

/** A data folder with one machine client, added as an operator adds one; and with a person and an app to sign in to. */
export function install({ withPeople = false } = {}): Installation {
  const folder = mkdtempSync(path.join(tmpdir(), 'signet-bench-'))
  mkdirSync(path.join(folder, 'keys'), { mode: 0o700 })
  writeFileSync(path.join(folder, 'signet.yaml'), settings)
  const env = {
    ...process.env,
    SIGNET_PORT: '4000',
    SIGNET_CONFIG: path.join(folder, 'signet.yaml'),
    SIGNET_DATA: path.join(folder, 'data'),
    SIGNET_KEYS: path.join(folder, 'keys'),
  }
  const signet = (args: string[], input = '') => {
    const said = execFileSync(process.execPath, ['scripts/signet.mjs', ...args, '--json'], { cwd: root, env, input })
    return JSON.parse(String(said))
  }
  const api = ['--api', 'https://api.example.com']
  const { secret } = signet(['client', 'add', 'Bench', '--id', 'bench', '--kind', 'machine', ...api])
  const remove = () => rmSync(folder, { recursive: true, force: true })
  if (!withPeople) return { env, secret, remove }
  signet(['account', 'add', 'ada@example.com'], 'correct horse battery staple')
  const web = ['client', 'add', 'Web', '--id', 'bench-web', '--kind', 'web', '--first-party', ...api]
  const webSecret = signet([...web, '--redirect-uri', 'https://app.example.com/callback']).secret
  return { env, secret, webSecret, remove }
}

export async function startSignet({ env, secret }: Installation): Promise<Contender> {
  const port = await freePort()
  return start('signet', ['scripts/signet.mjs', 'serve'], port, { ...env, SIGNET_PORT: String(port) }, secret)
}

export async function startBare(): Promise<Contender> {
  const port = await freePort()
  return start('bare', ['bench/bare-server.mjs', String(port)], port, process.env, 'a-secret-of-some-length')
}

/** Its passwords are checked as ours are. */
export async function startBareFlows(): Promise<Contender> {
  const port = await freePort()
  return start('bare', ['bench/bare-flows.mjs', String(port)], port, process.env, 'a-secret-of-some-length')
}

async function start(
  name: Contender['name'],
  args: string[],
  port: number,
  env: NodeJS.ProcessEnv,
  secret: string,
): Promise<Contender> {
  const url = `http://localhost:${port}`
  const begun = performance.now()
  const child = spawn(process.execPath, args, { cwd: root, env, stdio: 'ignore' })
  await firstAnswer(child, `${url}/.well-known/openid-configuration`, port)
  return {
    name,
    url,
    secret,
    process: child,
    startMilliseconds: performance.now() - begun,
    residentMegabytes: () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]) / 1024,
    cpuSeconds: () => cpuSecondsOf(child.pid as number),
    stop: () =>
      new Promise((resolve) => {
        child.once('exit', () => resolve())
        child.kill('SIGTERM')
      }),
  }
}

async function firstAnswer(child: ChildProcess, url: string, port: number): Promise<void> {
  await untilOpen(child, port)
  const response = await fetch(url)
  if (response.status !== 200) throw new Error(`${url} answered ${response.status}`)
  await response.arrayBuffer()
}

/** Hundredths of a second, as the kernel counts them. */
function cpuSecondsOf(pid: number): number {
  const [, ...fields] = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, ' ')
    .split(' ')
  const own = (Number(fields[11]) + Number(fields[12])) / 100
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean)
  return children.reduce((sum, child) => sum + cpuSecondsOf(Number(child)), own)
}
