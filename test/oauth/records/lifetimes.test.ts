import { expect } from 'chai'
import { isPastItsEnd, remainingSeconds } from '../../../src/oauth/records/lifetimes.ts'

describe('idle and absolute lifetimes', () => {
  const lifetime = { idleSeconds: 100, absoluteSeconds: 1_000 }
  for (const [age, remaining, past] of [
    [0, 100, false],
    [900, 100, false],
    [901, 99, false],
    [999, 1, false],
    [1_000, 1, true],
    [5_000, 1, true],
  ] as const) {
    it(`leave ${remaining} seconds at an age of ${age}${past ? ', which is past the end' : ''}`, () => {
      expect(remainingSeconds(lifetime, 5_000, 5_000 + age)).to.equal(remaining)
      expect(isPastItsEnd(lifetime, 5_000, 5_000 + age)).to.equal(past)
    })
  }
})
