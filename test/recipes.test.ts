/** The recipes are true: each command of `docs/recipes.md` is run as it stands there, in order, on scripts as they stand there. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect } from 'chai'
import { demoAccount } from '../src/demo.ts'
import { createVisitor, type Page } from '../src/try/visitor.ts'
import { type Processes, startProcesses } from './support/processes.ts'

const root = path.resolve(import.meta.dirname, '..')
const document = readFileSync(path.join(root, 'docs/recipes.md'), 'utf8')
const blocks = (language: string) =>
  [...document.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(([, block = '']) => block)

/** What each script says when all is well; a script that is not named here is run by a command that uses what it prints. */
const said: Record<string, RegExp> = {
  'device.mjs': /Signed in: [\w-]+\nThe notes say 200\n/,
  'machine.mjs': /^The notes say 200\n/,
  'introspection.mjs': /^Good for [^,]*notes:read[^,]*, until /,
  'exchange.mjs': /^A token of [\w-]+, used by my-notes\n/,
  'api-key.mjs': /^A token of [\w-]+, used by my-notes: the notes say 200\n/,
  'scan.mjs': /^A key of http:\/\/localhost:\d+: ended\n$/,
  'bank.mjs': /Signed in: [\w-]+, by a token of the type dpop\n/,
}

describe('docs/recipes.md', function () {
  this.timeout(120_000)
  let running: Processes
  let folder: string
  /** What a reader would have copied from the terminal. */
  const copied = { secret: '', token: '', key: '' }
  before(async () => {
    running = await startProcesses()
    // As much of the repository as the commands see, so that no script of the same name at its root is written over.
    folder = mkdtempSync(path.join(tmpdir(), 'signet-recipes-'))
    for (const name of ['package.json', 'node_modules', 'scripts']) symlinkSync(path.join(root, name), path.join(folder, name))
    for (const script of blocks('js')) writeFileSync(path.join(folder, /^\/\/ (\S+)\n/.exec(script)?.[1] as string), here(script))
  })
  after(async () => {
    await running?.stop()
    if (folder) rmSync(folder, { recursive: true })
  })

  const here = (text: string) =>
    text
      .replaceAll('http://localhost:4000', running.issuer)
      .replaceAll('http://localhost:4001', running.api)
      .replaceAll('ACCESS_TOKEN', copied.token || 'ACCESS_TOKEN')
      .replaceAll('API_KEY', copied.key || 'API_KEY')

  /** Runs a command, and does what it asks its reader to do. */
  async function run(command: string): Promise<string> {
    const env = { ...running.env, CLIENT_SECRET: copied.secret }
    const child = spawn('sh', ['-c', here(command)], { cwd: folder, env, detached: true })
    let output = ''
    let errors = ''
    let asked: Promise<void> | undefined
    child.stderr.on('data', (chunk: Buffer) => {
      errors += chunk
    })
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk
      const [, address, code] = /Open (\S+)(?: on your phone and enter (\S+))?\n/.exec(output) ?? []
      if (!address || asked) return
      asked = asPerson(address, code, child).catch((fault) => {
        errors += fault
        // With all that it started: a script whose person fails would wait for minutes.
        process.kill(-(child.pid as number))
      })
    })
    const [status] = await once(child, 'close')
    await asked
    expect(status, `${command}\n${output}\n${errors}`).to.equal(0)
    copied.secret = /client_secret +(\S+)/.exec(output)?.[1] ?? copied.secret
    copied.key = /^key +(\S+)/m.exec(output)?.[1] ?? copied.key
    copied.token = /^ACCESS_TOKEN (\S+)$/m.exec(output)?.[1] ?? copied.token
    return output
  }

  async function asPerson(address: string, code: string | undefined, child: ChildProcess): Promise<void> {
    const visitor = createVisitor(running.issuer)
    let page: Page = await visitor.open(address)
    if (code) {
      page = await visitor.submit(page, '/device', { user_code: code })
      page = await visitor.submit(page, '/device', { confirm: 'yes' })
    }
    page = await visitor.submit(page, '/sign-in', { email: demoAccount.email, password: demoAccount.password })
    page = await visitor.submit(page, '/consent', { decision: 'allow' })
    if (!code) child.stdin?.end(`${page.leftTo}\n`)
  }

  for (const command of blocks('sh').flatMap((block) => block.trim().split('\n'))) {
    it(`runs ${command}`, async () => {
      const output = await run(command)
      const script = /^npx node (\S+)/.exec(command)?.[1]
      if (script) expect(output).to.match(said[script] as RegExp)
      else if (command.startsWith('curl')) expect(JSON.parse(output)).to.include.keys('user_code', 'device_code', 'interval')
      else if (!command.startsWith('echo')) expect(output).to.match(/^(client_id|client_secret|key) /m)
    })
  }
  it('has no script that no command runs, and none of more than 25 lines under its name', () => {
    expect(blocks('js').length).to.equal(Object.keys(said).length + 1)
    for (const script of blocks('js')) {
      expect(script.trim().split('\n').length, script).to.be.at.most(26)
      expect(document).to.include(`npx node ${/^\/\/ (\S+)\n/.exec(script)?.[1]}`)
    }
  })
})
