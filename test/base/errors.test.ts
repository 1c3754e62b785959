import { expect } from 'chai'
import { Refusal } from '../../src/base/errors.ts'

describe('Refusal', () => {
  it('keeps its detail out of its message', () => {
    const refusal = new Refusal('invalid_grant', 'The code was already used.', { detail: { grant: 'g1' } })
    expect(refusal.message).to.equal('The code was already used.')
    expect(refusal.code).to.equal('invalid_grant')
    expect(refusal.status).to.equal(400)
    expect(refusal.detail).to.deep.equal({ grant: 'g1' })
  })
})
