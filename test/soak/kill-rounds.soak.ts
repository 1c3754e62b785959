import { expect } from 'chai'
import { progressOf } from '../support/progress.ts'
import { killRounds } from './kill/rounds.ts'
import { scaled, seed } from './scale.ts'

const rounds = scaled(1_000)

describe(`${rounds} times kill -9 under load, seed ${seed}`, function () {
  this.timeout(0)

  it('lose nothing that was answered for, damage nothing, and leave a server that starts within two seconds', async () => {
    const report = await killRounds({ rounds, seed, progress: progressOf('kill -9', rounds) })
    const restarts = report.restarts.toSorted((a, b) => a - b).map(Math.round)
    const restartMilliseconds = { median: restarts[restarts.length >> 1], slowest: restarts.at(-1) }
    console.log({ ...report, restarts: restartMilliseconds })
    expect(report.lost).to.deep.equal([])
    expect(report.faults, 'refusals of a running server').to.deep.equal([])
    expect(restartMilliseconds.median).to.be.lessThan(2_000)
    expect(report.looked).to.be.greaterThan(10 * rounds)
  })
})
