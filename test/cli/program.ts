/** The programs as an operator starts them: processes of their own, with folders and settings of the test's own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { expect } from 'chai'
import { runProgram } from '../../src/cli/program.ts'
import { freePort } from '../support/ports.ts'
import { temporaryFolder } from '../support/server.ts'

export interface Ended {
  code: number | null
  stdout: string
  stderr: string
}

export interface Running {
  child: ChildProcess
  /** Resolves with the first line of either stream that matches; rejects when the program ends before. */
  line(pattern: RegExp): Promise<string>
  stop(signal?: NodeJS.Signals): Promise<Ended>
}

export interface Programs {
  port: number
  issuer: string
  keyFolder: string
  settingsFile: string
  dataFolder: string
  /** What names those to a command in this process. */
  places: Record<string, string>
  /** A program to its end, by its place in the repository. */
  run(program: string, args?: string[], options?: RunOptions): Promise<Ended>
  signet(args: string[], options?: RunOptions): Promise<Ended>
  /** An answer of `signet … --json`. */
  json(args: string[], options?: RunOptions): Promise<unknown>
  start(program: string, args?: string[], env?: Record<string, string>): Running
}

export interface RunOptions {
  input?: string
  env?: Record<string, string>
}

const root = path.resolve(import.meta.dirname, '../..')

/** @param settings beside `listen`; JSON is YAML too */
export async function createPrograms(settings: Record<string, unknown> = {}): Promise<Programs> {
  const folder = temporaryFolder()
  const port = await freePort()
  const settingsFile = path.join(folder, 'signet.yaml')
  const keyFolder = path.join(folder, 'keys')
  const dataFolder = path.join(folder, 'data')
  writeFileSync(settingsFile, JSON.stringify({ listen: { port }, ...settings }))
  const foreign = /^(SIGNET|SAMPLE)_/
  const own = Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name)))
  const places = { SIGNET_CONFIG: settingsFile, SIGNET_DATA: dataFolder, SIGNET_KEYS: keyFolder }
  const common = {
    ...own,
    ...places,
    // As for the tests themselves: an older Node says of node:sqlite that it is young.
    NODE_OPTIONS: '--disable-warning=ExperimentalWarning',
  }

  const begin = (program: string, args: string[], env: Record<string, string> = {}): ChildProcess =>
    spawn(process.execPath, [program, ...args], { cwd: root, env: { ...common, ...env } })

  async function run(program: string, args: string[] = [], { input = '', env }: RunOptions = {}): Promise<Ended> {
    const child = begin(program, args, env)
    child.stdin?.end(input)
    return ended(child)
  }
  const signet = (args: string[], options?: RunOptions) => run('scripts/signet.mjs', args, options)
  return {
    port,
    issuer: `http://localhost:${port}`,
    keyFolder,
    settingsFile,
    dataFolder,
    places,
    run,
    signet,
    async json(args, options) {
      const { code, stdout, stderr } = await signet([...args, '--json'], options)
      expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' })
      return JSON.parse(stdout)
    },
    start: (program, args = [], env) => running(begin(program, args, env)),
  }
}

async function ended(child: ChildProcess): Promise<Ended> {
  const [stdout, stderr] = await Promise.all([text(child.stdout!), text(child.stderr!), once(child, 'close')])
  return { code: child.exitCode, stdout, stderr }
}

function running(child: ChildProcess): Running {
  const killAtExit = () => child.kill('SIGKILL')
  process.once('exit', killAtExit)
  const end = ended(child).finally(() => process.removeListener('exit', killAtExit))
  return {
    child,
    line: (pattern) =>
      new Promise((resolve, reject) => {
        for (const input of [child.stdout!, child.stderr!])
          createInterface({ input }).on('line', (line) => pattern.test(line) && resolve(line))
        end.then((how) => reject(new Error(`ended first: ${JSON.stringify(how)}`)), reject)
      }),
    stop(signal = 'SIGTERM') {
      child.kill(signal)
      return end
    },
  }
}

/** A command in this process, which says all that it says on standard output, as with `--json`; for many that need no process of their own. */
export async function inThisProcess(args: string[], env: Record<string, string> = {}): Promise<Ended> {
  const before = Object.fromEntries(Object.keys(env).map((name) => [name, process.env[name]]))
  const { write } = process.stdout
  const said: string[] = []
  process.stdout.write = ((text: string) => said.push(text) > 0) as typeof write
  Object.assign(process.env, env)
  try {
    await runProgram(args)
    return { code: Number(process.exitCode ?? 0), stdout: said.join(''), stderr: '' }
  } finally {
    process.stdout.write = write
    process.exitCode = undefined
    for (const [name, value] of Object.entries(before))
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
  }
}

/** One clear line for the operator: no stack, nothing on standard output. */
export function expectOneLine({ code, stdout, stderr }: Ended, sentence: RegExp): void {
  expect(stderr).to.match(/^signet: [^\n]+\n$/)
  expect(stderr).to.match(sentence)
  expect(stdout).to.equal('')
  expect(code).to.equal(1)
}
