/** A few rounds of what `npm run soak -- kill-rounds` does a thousand of, and that it would find what is lost. */
import { expect } from 'chai'
import { killRounds } from '../soak/kill/rounds.ts'

describe('a server that is killed under load (kill -9)', function () {
  this.timeout(120_000)
  const seed = Math.floor(Math.random() * 1_000_000)

  it(`has all that it had answered for when it is back (seed ${seed})`, async () => {
    const { lost, faults, looked, counts } = await killRounds({ rounds: 3, seed })
    expect(lost).to.deep.equal([])
    expect(faults).to.deep.equal([])
    expect(looked).to.be.greaterThan(20)
    expect(counts.refreshes).to.be.greaterThan(0)
  })

  it(`would have lost it, had it answered before it committed (seed ${seed})`, async () => {
    // On a machine that is busy otherwise few answers lie between two commits, so it may need some rounds more.
    let losses = 0
    for (let turn = 0; turn < 4 && losses === 0; turn++)
      losses = (await killRounds({ rounds: 3, seed: seed + turn, preload: ['answers-early.mjs'] })).lost.length
    expect(losses).to.be.greaterThan(0)
  })
})
