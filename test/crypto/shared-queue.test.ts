import { expect } from 'chai'
import { createSharedQueue } from '../../src/crypto/shared-queue.ts'

const queueOf = (limit = 10) =>
  createSharedQueue<'often' | 'seldom', string>({ often: { limit, turns: 3 }, seldom: { limit, turns: 1 } })

describe('a queue with shares', () => {
  const all = (queue: ReturnType<typeof queueOf>) => {
    const taken: string[] = []
    for (let item = queue.take(); item !== undefined; item = queue.take()) taken.push(item)
    return taken.join(' ')
  }

  it('serves each share in order, and the shares by turns', () => {
    const queue = queueOf()
    for (const at of [1, 2, 3, 4, 5, 6, 7]) queue.add('often', `o${at}`)
    for (const at of [1, 2, 3, 4]) queue.add('seldom', `s${at}`)
    expect(queue.size).to.equal(11)
    expect(all(queue)).to.equal('o1 o2 o3 s1 o4 o5 o6 s2 o7 s3 s4')
    expect(queue.size).to.equal(0)
  })
  it('gives the turns of a share in which nobody waits to the other', () => {
    const queue = queueOf()
    for (const at of [1, 2, 3]) queue.add('seldom', `s${at}`)
    expect(all(queue)).to.equal('s1 s2 s3')
    for (const at of [1, 2, 3, 4, 5]) queue.add('often', `o${at}`)
    expect(all(queue)).to.equal('o1 o2 o3 o4 o5')
  })
  it('lets no share be served more often for coming while another is served', () => {
    const queue = queueOf()
    const taken: (string | undefined)[] = []
    for (let at = 0; at < 8; at++) {
      queue.add('often', 'o')
      queue.add('seldom', 's')
      taken.push(queue.take())
    }
    expect(taken.join('')).to.equal('ooosooos')
  })
  it('has room in a share as long as that one is not full, however full the other is', () => {
    const queue = queueOf(2)
    for (const at of [1, 2]) queue.add('seldom', `s${at}`)
    expect([queue.hasRoom('seldom'), queue.hasRoom('often')]).to.deep.equal([false, true])
    expect(() => queue.add('seldom', 's3')).to.throw(TypeError)
    queue.take()
    expect(queue.hasRoom('seldom')).to.equal(true)
  })
  it('gives up all that wait', () => {
    const queue = queueOf()
    queue.add('often', 'o')
    queue.add('seldom', 's')
    expect(queue.clear()).to.deep.equal(['o', 's'])
    expect(queue.take()).to.equal(undefined)
  })
})
