import { expect } from 'chai'
import { chanceOf } from './chance.ts'
import { riseOf } from './flat.ts'

describe('the rise of a line of samples', () => {
  const noisy = (valueAt: (at: number) => number) => {
    const chance = chanceOf(1)
    return Array.from({ length: 100 }, (_, at) => valueAt(at) + chance.between(-5, 5))
  }

  it('is nothing of what stays as it is, whatever its noise', () => {
    expect(riseOf(noisy(() => 100))).to.be.closeTo(0, 0.02)
    expect(riseOf([7, 7, 7])).to.equal(0)
  })
  it('is what a leak adds', () => {
    expect(riseOf(noisy((at) => 100 + at / 2))).to.be.closeTo(50 / 125, 0.03)
  })
  it('is no leak when a saw is cut by chance', () => {
    expect(Math.abs(riseOf(noisy((at) => 100 + (at % 10))))).to.be.lessThan(0.05)
  })
})
