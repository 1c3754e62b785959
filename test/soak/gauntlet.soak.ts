import { expect } from 'chai'
import { createResourceServer, defineResource } from '../../src/resource-server/index.ts'
import { createTestIssuer } from '../../src/resource-server/testing.ts'
import { scaled, seed } from './scale.ts'

const resource = defineResource({ id: 'https://api.example.com', scopes: { 'notes:read': 'Read your notes' } })

describe('gauntlet', () => {
  it('a million tokens that are nearly good are refused, and the thousand that are good accepted', async function () {
    this.timeout(0)
    const issuer = createTestIssuer({ resource })
    const api = createResourceServer({ ...issuer.options, keys: {}, resource })
    const count = scaled(1_000_000)
    let good = 0
    for (const { token, how, isGood } of issuer.mutations(seed).take(count)) {
      const outcome = await api.verify(token).then(
        () => 'accepted',
        (error) => (error.status === 401 ? 'refused' : error),
      )
      if (outcome !== (isGood ? 'accepted' : 'refused')) expect.fail(`${how}: ${outcome}: ${token}`)
      if (isGood) good++
    }
    expect(good).to.be.at.least(Math.floor(count / 1000))
  })
})
