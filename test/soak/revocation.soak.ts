/** From the acknowledgement of a revocation at one process of an issuer to the refusal by an API in another process, which listens to a third. */
import { expect } from 'chai'
import { progressOf } from '../support/progress.ts'
import type { Way } from '../support/reader-process.ts'
import { quantile, runRevocations } from '../support/revocation-run.ts'
import { scaled } from './scale.ts'

const count = scaled(1_000)

describe(`${count} revocations across processes`, () => {
  it('are refused within a second, known while the issuer is away, caught up when it is back, and undone by nothing old', async function () {
    this.timeout(0)
    const run = await runRevocations(count, 'both', progressOf('revocations', count))
    const shown = (way: Way, what: string) => {
      const [p50, p99, longest] = [0.5, 0.99, 1].map((share) => quantile(run.waits[way], share).toFixed(1))
      console.log(`      ${what.padEnd(44)} n ${run.waits[way].length}  p50 ${p50} ms  p99 ${p99} ms  longest ${longest} ms`)
    }
    shown('kit', 'refused by the kit, which asks nobody')
    shown('introspection', 'control: introspection at every request')
    expect(quantile(run.waits.kit, 0.99)).to.be.below(1_000)
    expect(run.others, 'requests for anything but the list and the keys').to.equal(0)
    for (const { revoked, living } of [run.stopped, run.caughtUp, run.replayed]) {
      expect(revoked.filter((one) => one !== 'revoked')).to.deep.equal([])
      expect(living).to.equal('good')
    }
    expect(new Set([...run.caughtUp.missedBefore, ...run.caughtUp.missed])).to.deep.equal(new Set(['good', 'revoked']))
    expect(run.replayed.lists).to.be.at.least(2)
  })
})
