import { expect } from 'chai'
import fc from 'fast-check'
import { isGenuine, newFamily, newSeed, readRefreshToken, refreshToken } from '../../../src/oauth/refresh/value.ts'

describe('the value of a refresh token', () => {
  const [seed, family] = [newSeed(), newFamily()]
  const good = refreshToken(seed, { family, generation: 7 })
  const judge = (value: string) => {
    const member = readRefreshToken(value)
    return member !== undefined && isGenuine(value, seed, member)
  }

  it('is a function of seed, family and generation, and says the last two', () => {
    expect(refreshToken(seed, { family, generation: 7 })).to.equal(good)
    expect(readRefreshToken(good)).to.deep.equal({ family, generation: 7 })
    expect(judge(good)).to.equal(true)
    expect(good).to.match(/^sgr_[\w-]{22}\.7\.[\w-]{43}$/)
  })

  it('differs with each of them', () => {
    const others = [
      refreshToken(newSeed(), { family, generation: 7 }),
      refreshToken(seed, { family: newFamily(), generation: 7 }),
      refreshToken(seed, { family, generation: 8 }),
    ]
    const macs = [good, ...others].map((value) => value.split('.')[2])
    expect(new Set(macs).size).to.equal(4)
    expect(judge(others[0]!)).to.equal(false)
  })

  const [, , mac = ''] = good.split('.')
  const bad: [string, string][] = [
    ['nothing', ''],
    ['another prefix', good.replace('sgr_', 'sgs_')],
    ['a leading zero', good.replace('.7.', '.07.')],
    ['a sign', good.replace('.7.', '.+7.')],
    ['an exponent', good.replace('.7.', '.7e0.')],
    ['a generation too long', good.replace('.7.', '.1234567890.')],
    ['the next generation', good.replace('.7.', '.8.')],
    ['a shorter mac', good.slice(0, -1)],
    ['a longer mac', `${good}A`],
    ['padding', `${good}=`],
    ['a line break after it', `${good}\n`],
    ['spaces around it', ` ${good} `],
    ['the mac of another alphabet', good.replace(mac, `+${mac.slice(1)}`)],
    ['one part too many', `${good}.`],
  ]
  for (const [what, value] of bad) it(`is refused with ${what}`, () => expect(judge(value)).to.equal(false))

  it('has one spelling: no other last character of the mac decodes to the same bytes unseen', () => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    const passing = [...alphabet].filter((last) => judge(good.slice(0, -1) + last))
    expect(passing).to.deep.equal([good.at(-1)])
  })

  it('is refused when anything of it is changed, whatever it is changed to', () => {
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.string({ minLength: 0, maxLength: 2 }), (at, replacement) => {
        fc.pre(replacement !== good[at])
        return !judge(good.slice(0, at) + replacement + good.slice(at + 1))
      }),
    )
  })
})
