import { expect } from 'chai'
import fc from 'fast-check'
import { type Aged, isDue, jwksMaxAgeSeconds, rotation, rotationPolicy } from '../../src/crypto/rotation.ts'

const start = 1_700_000_000
const longestTokenSeconds = 3_600
const policy = rotationPolicy(86_400, longestTokenSeconds)
const statesAt = (keys: Aged[], now: number) => rotation(keys, now, policy).map(({ key, state }) => `${key.kid} ${state}`)

describe('the rotation of signing keys', () => {
  const first = { kid: 'first', createdAt: start }
  const second = { kid: 'second', createdAt: start + 1_000 }
  const signs = second.createdAt + policy.publishSeconds

  it('K04 publishes a key before it signs, and keeps it until nothing that it signed lives', () => {
    expect(statesAt([first], start)).to.deep.equal(['first current'])
    expect(statesAt([second, first], signs - 1)).to.deep.equal(['first current', 'second next'])
    expect(statesAt([second, first], signs)).to.deep.equal(['first retired', 'second current'])
    expect(statesAt([second, first], signs + policy.keepSeconds - 1)).to.deep.equal(['first retired', 'second current'])
    expect(statesAt([second, first], signs + policy.keepSeconds)).to.deep.equal(['first gone', 'second current'])
  })
  it('says until when each signs: until the one behind it begins, or as long as the policy has it sign', () => {
    const times = rotation([first, second], signs - 1, policy).map(({ signsFrom, signsUntil }) => [signsFrom, signsUntil])
    expect(times).to.deep.equal([
      [start, signs],
      [signs, signs + policy.rotateAfterSeconds],
    ])
  })
  it('K05 lets the one before sign when the current one is taken out', () => {
    const third = { kid: 'third', createdAt: signs }
    expect(statesAt([first, third], signs + 1)).to.deep.equal(['first current', 'third next'])
    expect(statesAt([third], signs + 1)).to.deep.equal(['third current'])
  })
  it('is due so early that the next signs when the current one has signed long enough', () => {
    const due = start + policy.rotateAfterSeconds - policy.publishSeconds
    expect([due - 1, due].map((now) => isDue([first], now, policy))).to.deep.equal([false, true])
    expect(isDue([first, { kid: 'next', createdAt: due }], due, policy)).to.equal(false)
    expect(isDue([], start, policy)).to.equal(true)
  })

  /** What a ring does that is looked after at these moments: makes what is due, at the operator's wish too, and drops what is gone. */
  function lived(steps: { wait: number; forced: boolean }[]) {
    let keys: Aged[] = []
    let now = start
    const moments: { now: number; published: string[]; signing: string }[] = []
    for (const { wait, forced } of steps) {
      now += wait
      const isNextThere = rotation(keys, now, policy).some(({ state }) => state === 'next')
      if (isDue(keys, now, policy) || (forced && !isNextThere)) keys = [...keys, { kid: `${moments.length}`, createdAt: now }]
      const all = rotation(keys, now, policy)
      keys = all.filter(({ state }) => state !== 'gone').map(({ key }) => key)
      const published = keys.map(({ kid }) => kid)
      const signing = all.filter(({ state }) => state === 'current').map(({ key }) => key.kid)
      expect(signing, 'exactly one signs').to.have.length(1)
      moments.push({ now, published, signing: signing[0] as string })
    }
    return moments
  }

  it('K04 leaves no verifier without the key of a living token, whatever it has kept as long as it may', () => {
    const step = fc.record({ wait: fc.integer({ min: 1, max: jwksMaxAgeSeconds }), forced: fc.boolean() })
    fc.assert(
      fc.property(fc.array(step, { minLength: 2, maxLength: 300 }), (steps) => {
        const moments = lived(steps)
        for (const [at, signed] of moments.entries()) {
          for (const used of moments.slice(at)) {
            if (used.now > signed.now + longestTokenSeconds) break
            const kept = moments.filter(({ now }) => now <= used.now && now >= used.now - jwksMaxAgeSeconds)
            for (const { published } of kept) expect(published).to.include(signed.signing)
          }
        }
      }),
      { numRuns: 60 },
    )
  })
})
