import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect } from 'chai'
import { createNamedSealer } from '../../src/crypto/sealing.ts'
import { createSecrets } from '../../src/crypto/secrets.ts'
import { openStore } from '../../src/store/open.ts'
import type { Store } from '../../src/store/store.ts'
import { temporaryFolder } from '../support/server.ts'
import { until } from '../support/until.ts'
import { createPrograms, expectOneLine, type Programs } from './program.ts'

const old = 'the-secret-of-before-which-is-long-enough'
const fresh = 'the-secret-of-after-which-is-long-enough-too'
const [oldName, freshName] = createSecrets([old, fresh]).names
const count = 5_000

interface Shown {
  name?: string
  use: string
  records: number
}

describe('signet secrets', () => {
  let programs: Programs
  let store: Store
  let env: Record<string, string>
  const by = (...secrets: string[]) => ({ env: { ...env, SIGNET_SECRET: secrets.join(' ') } })
  before(async () => {
    programs = await createPrograms()
    env = { SIGNET_DATA: temporaryFolder() }
    store = await openStore({ dataFolder: env.SIGNET_DATA!, now: () => Math.floor(Date.now() / 1000) })
    const sealer = createNamedSealer(createSecrets([old]), 'store/artifacts')
    const expiresAt = Math.floor(Date.now() / 1000) + 3_600
    const put = (id: string) =>
      store.artifacts.put({ model: 'Grant', id, payload: sealer.seal(`{"of":"${id}"}`, `Grant:${id}`), expiresAt })
    await Promise.all(Array.from({ length: count }, (_, at) => put(`${at}`)))
  })
  after(() => store.close())

  const list = (...secrets: string[]) => programs.json(['secrets', 'list'], by(...secrets)) as Promise<Shown[]>

  it('lists each by its name and how much hangs on it, and what is missing', async () => {
    expect(await list(fresh, old)).to.deep.equal([
      { name: freshName, use: 'writes', records: 0 },
      { name: oldName, use: 'reads', records: count },
    ])
    expect(await list(fresh)).to.deep.equal([
      { name: freshName, use: 'writes', records: 0 },
      { name: oldName, use: 'missing', records: count },
    ])
    const { stdout } = await programs.signet(['secrets', 'list'], by(fresh))
    expect(stdout).to.match(new RegExp(`^${oldName} +5000 records +is not given`, 'm'))
    expect(stdout).to.not.include(old).and.not.include(fresh)
  })
  it('seals anew, is killed in the middle and run again', async () => {
    const running = programs.start('scripts/signet.mjs', ['secrets', 'rotate', '--json'], by(fresh, old).env)
    await until('the first', async () => (await store.artifacts.find('Grant', '0'))?.payload.startsWith(`${freshName}.`))
    await running.stop('SIGKILL')
    const [, reads] = await list(fresh, old)
    expect(reads?.records, 'left').to.be.within(1, count - 1)
    const done = (await programs.json(['secrets', 'rotate'], by(fresh, old))) as { renewed: number; secrets: Shown[] }
    expect(done.renewed).to.equal(reads?.records)
    expect(done.secrets).to.deep.equal([
      { name: freshName, use: 'writes', records: count },
      { name: oldName, use: 'reads', records: 0 },
    ])
    const sealer = createNamedSealer(createSecrets([fresh]), 'store/artifacts')
    for (const id of ['0', '1234', '4999'])
      expect(sealer.open((await store.artifacts.find('Grant', id))!.payload, `Grant:${id}`)).to.equal(`{"of":"${id}"}`)
  })
  it('forgets what hangs on a secret that is lost, and never one that is given', async () => {
    expectOneLine(await programs.signet(['secrets', 'forget', freshName!], by(fresh)), /is given: nothing of it is lost/)
    expectOneLine(await programs.signet(['secrets', 'forget', 'abc'], by(fresh)), /Nothing in the store is sealed/)
    expect(await programs.json(['secrets', 'forget', freshName!], by(old))).to.deep.equal({
      forgotten: freshName,
      records: count,
    })
    expect(await store.artifacts.find('Grant', '0')).to.equal(undefined)
  })
  it('reads them from the file, a line each, and says which of them will not do', async () => {
    mkdirSync(programs.keyFolder, { recursive: true, mode: 0o700 })
    const put = (text: string) => writeFileSync(path.join(programs.keyFolder, 'master.secret'), text, { mode: 0o600 })
    put(`${fresh}\n${old}\n`)
    const shown = (await programs.json(['secrets', 'list'])) as Shown[]
    expect(shown.map(({ name, use }) => `${name} ${use}`)).to.deep.equal([`${freshName} writes`, `${oldName} reads`])
    put(`${fresh}\nshort\n`)
    expectOneLine(await programs.signet(['secrets', 'list']), /Of the 2 master secrets, number 2 in .*master\.secret has fewer/)
  })
})
