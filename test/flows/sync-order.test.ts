/**
 * An answer waits until the disk was asked to have what it answers for. `kill -9` cannot show that, since what a process wrote outlives it in
 * the system's memory; the system's own record of the calls can.
 */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect } from 'chai'
import { signIn } from '../soak/kill/actors.ts'
import { createWorld } from '../soak/kill/world.ts'
import { revoke } from '../support/questions.ts'
import { temporaryFolder } from '../support/server.ts'
import { refresh } from '../support/story.ts'
import { type Exchange, exchangesOf, traceOf, tracing } from '../support/trace.ts'

/** Signs somebody in, redeems, refreshes and revokes, each once. */
async function traced(preload: string[] = []): Promise<Exchange[]> {
  const world = await createWorld(1)
  const { installation } = world
  try {
    const file = path.join(installation.folder, 'trace')
    const server = await installation.start({ preload, under: tracing(file) })
    const phone = world.clients.find(({ id }) => id === 'phone')!
    const [family] = (await signIn(world, phone, world.emails[0]!)).families
    const { body } = await refresh(installation, phone, family!.refreshToken)
    await revoke(installation, phone, body.refresh_token!)
    await server.stop()
    return exchangesOf(await traceOf(file, server.child.pid!), 'signet.sqlite-wal')
  } finally {
    installation.remove()
  }
}

const durable = (exchanges: Exchange[]) => exchanges.filter(({ written }) => written > 0)

const isHere = spawnSync('strace', ['--version']).status === 0 || process.env.CI !== undefined
const describeTraced = isHere ? describe : describe.skip

describeTraced('an answer and the disk, by the system’s record', () => {
  it('come in this order, of a sign-in, a code, a refresh and a revocation: written, synced, answered', async () => {
    const exchanges = await traced()
    for (const { request, unsynced, answer } of exchanges) expect(unsynced, `${request}: ${answer}`).to.equal(0)
    const requests = durable(exchanges).map(({ request }) => request)
    expect(requests.filter((request) => request === 'POST /token')).to.have.length(2)
    expect(requests).to.include('POST /revocation')
    expect(requests.length, 'and somewhere on the way of the sign-in').to.be.greaterThan(3)
  })

  it('do not where the database leaves it to the system when to sync', async () => {
    const exchanges = await traced(['never-syncs.mjs'])
    expect(durable(exchanges).length).to.be.greaterThan(3)
    for (const { request, unsynced } of durable(exchanges)) expect(unsynced, request).to.be.greaterThan(0)
  })

  it('do not where the server answers before it commits', async () => {
    const exchanges = await traced(['answers-early.mjs'])
    const revoked = exchanges.find(({ request }) => request === 'POST /revocation')
    expect(revoked, 'answered before anything of it was written').to.include({ written: 0 })
  })

  for (const [what, act] of [
    ['made', "files.create('signing-x.json', 'text')"],
    ['removed', "files.create('signing-x.json', 'text'); files.remove('signing-x.json')"],
  ] as const) {
    it(`come in this order of a key that is ${what}: the folder is synced last`, () => {
      const folder = temporaryFolder()
      const keys = path.join(folder, 'keys')
      const file = path.join(folder, 'trace')
      const module = path.resolve(import.meta.dirname, '../../src/crypto/key-files.ts')
      const script = `const { openKeyFolder } = await import(${JSON.stringify(module)}); const files = openKeyFolder(${JSON.stringify(keys)}); ${act}`
      const strace = ['--follow-forks', '--decode-fds=path', `--output=${file}`, '--trace=link,linkat,unlink,unlinkat,fsync']
      const { status, stderr } = spawnSync('strace', [...strace, process.execPath, '--input-type=module', '-e', script])
      expect(status, String(stderr)).to.equal(0)
      const calls = readFileSync(file, 'utf8')
        .split('\n')
        .map((line) => line.replace(/^\d+ +/, ''))
      const change = calls.findLastIndex((call) => /^(link|unlink)(at)?\(.*signing-x\.json"/.test(call))
      const named = calls.findIndex((call, at) => at > change && call.startsWith('fsync(') && call.includes(`<${keys}>`))
      expect([change >= 0, named > change], calls.join('\n')).to.deep.equal([true, true])
    })
  }
})
