import { expect } from 'chai'
import { createPauses } from '../../src/main/pauses.ts'

describe('pauses before a worker is begun anew', () => {
  let time = 1_700_000_000
  const pauses = createPauses(() => time)

  it('grow to half a minute while it keeps ending, each worker’s by themselves', () => {
    const all = Array.from({ length: 11 }, () => pauses.next(1))
    expect(all).to.deep.equal([100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 30_000, 30_000])
    expect(pauses.next(2)).to.equal(100)
  })

  it('are short again after two minutes without an end', () => {
    time += 119
    expect(pauses.next(1)).to.equal(30_000)
    time += 120
    expect(pauses.next(1)).to.equal(100)
  })
})
