/** The README and the operator's page are true: their commands are run, and what is shown of their output is what they print. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect } from 'chai'
import { type Processes, startProcesses } from './support/processes.ts'

const root = path.resolve(import.meta.dirname, '..')
const readme = readFileSync(path.join(root, 'README.md'), 'utf8')
const operating = readFileSync(path.join(root, 'docs/operating.md'), 'utf8')
const blocks = (language: string, page = readme) =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(([, block = '']) => block)

/** What differs from run to run, made the same. */
const settled = (text: string) =>
  text
    .replace(/localhost:\d+/g, 'localhost:PORT')
    .replace(/data in \S+, keys in \S+;/, 'data in data/, keys in keys/;')
    .replace(/[ \t]+$/gm, '')

describe('the README and docs/operating.md', function () {
  this.timeout(120_000)
  let running: Processes
  const folder = mkdtempSync(path.join(tmpdir(), 'signet-readme-'))
  const people = path.join(folder, 'people.jsonl')
  before(async () => {
    writeFileSync(people, `${JSON.stringify({ email: 'alan@example.com', hash: '!', name: 'Alan Turing' })}\n`)
    running = await startProcesses()
  })
  after(async () => {
    await running?.stop()
    rmSync(folder, { recursive: true })
  })

  const run = (command: string) =>
    String(execFileSync('sh', ['-c', command], { cwd: root, env: running.env, stdio: ['ignore', 'pipe', 'pipe'] }))
  const commands = [...new Set([...blocks('sh'), ...blocks('sh', operating)].flatMap((block) => block.trim().split('\n')))]

  it('shows what npm start prints', () => {
    expect(commands).to.include('npm start')
    const [shown] = blocks('text').filter((block) => block.includes('Signet is running'))
    expect(settled(running.welcome)).to.include(settled(shown as string))
  })
  it('shows what npm run try prints', () => {
    expect(commands).to.include('npm run try')
    const [shown] = blocks('text').filter((block) => block.includes('insufficient_scope'))
    expect(settled(run('npm run --silent try'))).to.include(settled(shown as string))
  })
  it('shows a token with the members of a real one', () => {
    const { steps } = JSON.parse(run('npm run --silent try -- --json')) as { steps: { detail: { token: object } }[] }
    expect(Object.keys(JSON.parse(blocks('json')[0] as string))).to.have.members(Object.keys(steps[0]?.detail.token ?? {}))
  })
  for (const command of commands.filter((one) => !['npm start', 'npm run try'].includes(one))) {
    it(`runs ${command}`, () => {
      const here = command.replaceAll('http://localhost:4001', running.api).replace('people.jsonl', people)
      expect(run(here)).to.have.length.greaterThan(0)
    })
  }
  it('names no file that is not there', () => {
    const named = [...`${readme}${operating}`.matchAll(/`([\w./-]+\/[\w./-]*|[A-Z]+\.md)`|\]\(([^)#:]+)/g)].map(
      ([, file, link]) => file ?? link,
    )
    for (const file of named)
      if (!/^(data|\/)/.test(file as string)) expect(existsSync(path.join(root, file as string)), file).to.equal(true)
  })
  it('names no script that package.json has not', () => {
    const { scripts } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> }
    for (const [, script] of `${readme}${operating}`.matchAll(/npm run ([a-z]+)/g))
      expect(scripts).to.have.property(script as string)
  })
})
