import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect } from 'chai'
import { systemClock } from '../../src/base/clock.ts'
import { openDurable } from '../../src/store/sqlite.ts'

/**
 * Shows that no acknowledgement runs ahead of its commit. What it cannot show is that the commit reached the disk, since the page cache
 * outlives the process: for that, `synchronous=FULL` is asserted in sqlite.test.ts, and the order of commit and answer in
 * commit-per-tick.test.ts.
 */
describe('the durable store after kill -9', () => {
  it('holds everything that it had acknowledged, used what was used', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'signet-store-'))
    const file = join(folder, 'signet.sqlite')
    const child = spawn(process.execPath, [join(import.meta.dirname, 'durable-writer.ts'), file], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const exited = once(child, 'exit')
    const acknowledged: string[] = []
    for await (const id of createInterface({ input: child.stdout })) {
      acknowledged.push(id)
      if (acknowledged.length === 500) child.kill('SIGKILL')
    }
    expect((await exited)[1]).to.equal('SIGKILL')

    const store = openDurable({ file, now: systemClock })
    for (const id of acknowledged) {
      const found = await store.artifacts.find('RefreshToken', id)
      expect(found, id).not.to.equal(undefined)
      if (Number(id.split('-')[1]) % 3 === 0) expect(found?.consumedAt, id).to.be.a('number')
    }
    expect(acknowledged.length).to.be.at.least(500)
    store.close()
    rmSync(folder, { recursive: true })
  })
})
