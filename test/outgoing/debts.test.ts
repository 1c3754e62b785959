/** What debts do beside what `test/oauth/logout/notices.test.ts` holds of those that are notices. */
import { expect } from 'chai'
import { createDebts, type Debt, type DebtStore, nowhere, type Outcome } from '../../src/outgoing/debts.ts'
import { keptLog } from '../support/log.ts'

interface Promised extends Debt {
  to: string
}

describe('debts', () => {
  const turn = () => new Promise(setImmediate)
  function create({ store = nowhere, debts = 3 }: { store?: DebtStore<Promised>; debts?: number } = {}) {
    const { log, lines } = keptLog()
    const ends: ((outcome: Outcome) => void)[] = []
    const all = createDebts<Promised>({
      store,
      deliver: () => new Promise((resolve) => ends.push(resolve)),
      creditorOf: ({ to }) => to,
      about: ({ to }) => ({ to }),
      event: 'promise',
      pauses: [],
      lifetimeSeconds: 60,
      limits: { debts, debtsPerCreditor: debts, atOnce: 1, atOncePerCreditor: 1, atOnceInDoubt: 1 },
      tooMany: 'too many',
      later: () => {},
      now: () => 1,
      log,
    })
    return { ...all, size: () => all.size, lines, ends }
  }

  it('are bounded also when all come at once, and the store is slow', async () => {
    const kept = Promise.withResolvers<void>()
    const { owe, size, lines } = create({ store: { ...nowhere, add: () => kept.promise.then(() => true) } })
    const all = Promise.all(['a', 'b', 'c', 'd', 'e'].map((to) => owe({ to })))
    expect(lines.map(({ to }) => to)).to.deep.equal(['d', 'e'])
    kept.resolve()
    await all
    expect(size()).to.equal(3)
  })

  it('take the room again of what could not be kept', async () => {
    let full = true
    const store = { ...nowhere, add: async () => (full ? Promise.reject(new Error('disk full')) : true) }
    const { owe, size } = create({ store, debts: 1 })
    expect(await owe({ to: 'a' }).catch(({ message }) => message)).to.equal('disk full')
    full = false
    await owe({ to: 'a' })
    expect(size()).to.equal(1)
  })

  it('are drained when what is waiting was begun and ended', async () => {
    const { owe, drained, ends, size } = create()
    await owe({ to: 'a' })
    await owe({ to: 'b' })
    let done = false
    const draining = drained().then(() => {
      done = true
    })
    ends[0]?.({ is: 'delivered' })
    await turn()
    expect([done, size()]).to.deep.equal([false, 1])
    ends[1]?.({ is: 'refused', reason: 'x' })
    await draining
    expect(size()).to.equal(0)
  })

  it('under way are waited for at the end, but not beyond the patience', async () => {
    const { owe, close, lines } = create()
    await owe({ to: 'a' })
    await close(turn())
    expect(lines).to.deep.equal([{ level: 'info', event: 'promise.left', to: 'a', attempts: 0 }])
  })
})
