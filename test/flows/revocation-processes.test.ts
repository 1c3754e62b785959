/** What is revoked at one process is refused by an API in another, which listens to a third. `npm run soak -- revocation` does so a thousand times. */
import { expect } from 'chai'
import { type RevocationRun, runRevocations } from '../support/revocation-run.ts'

describe('revocations across processes', () => {
  const count = 20
  let run: RevocationRun
  before(async () => {
    run = await runRevocations(count, 'second')
  })
  const allRevoked = Array.from({ length: count + count / 5 }, () => 'revoked')

  it('reach an API that asks nobody but for the list', () => {
    expect(run.waits.kit.length).to.equal(count + 1)
    expect(run.others).to.equal(0)
  })
  it('are refused while the issuer is stopped, and what lives is not', () => {
    expect(run.stopped).to.deep.equal({ revoked: allRevoked, living: 'good' })
  })
  it('are caught up once it is back', () => {
    expect(new Set(run.caughtUp.missedBefore), 'the control').to.deep.equal(new Set(['good']))
    expect(new Set(run.caughtUp.missed)).to.deep.equal(new Set(['revoked']))
    expect(run.caughtUp.living).to.equal('good')
  })
  it('are not undone by an old list that is replayed', () => {
    expect(run.replayed.lists).to.be.at.least(2)
    expect(run.replayed.revoked).to.deep.equal([...allRevoked, 'revoked'])
    expect(run.replayed.living).to.equal('good')
  })
})
