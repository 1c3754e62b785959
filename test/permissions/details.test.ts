import { expect } from 'chai'
import { type Detail, detailFault, mayGrant, sameDetail, shownFields } from '../../src/permissions/details.ts'
import { detailType } from '../../src/settings/authorization-details.ts'

const payment = detailType.parse({
  description: 'Pay',
  api: 'https://pay.example.com',
  fields: {
    amount: { label: 'Amount', type: 'number', required: true },
    currency: { label: 'Currency', values: ['EUR', 'GBP'], required: true },
    to: { label: 'To', type: 'strings' },
    urgent: { label: 'At once', type: 'boolean' },
    share: { label: 'Share', type: 'number', values: [25, 50] },
  },
})
const good: Detail = { type: 'payment', amount: 12.5, currency: 'EUR', to: ['Ada', 'Böb'], urgent: true, share: 50 }

describe('an authorization detail', () => {
  it('is in order with what its type declares, and with less where that may be left out', () => {
    expect(detailFault(payment, good)).to.equal(undefined)
    expect(detailFault(payment, { type: 'payment', amount: 0, currency: 'GBP' })).to.equal(undefined)
  })

  for (const [what, changes, words] of [
    ['an unknown member', { note: 'x' }, /has a member that its type has not/],
    ['a member of every object', { constructor: 'x' }, /has a member that its type has not/],
    ['its prototype', JSON.parse('{"__proto__":{"amount":1}}'), /has a member that its type has not/],
    ['text for a number', { amount: '12.50' }, /^amount is not what/],
    ['no number', { amount: null }, /^amount is not what/],
    ['a number beyond exactness', { amount: 1e15 }, /^amount is not what/],
    ['a value that is not among them', { currency: 'USD' }, /^currency is not what/],
    ['another spelling of a value', { currency: 'eur' }, /^currency is not what/],
    ['a number that is not among them', { share: 99 }, /^share is not what/],
    ['a list for a text', { currency: ['EUR'] }, /^currency is not what/],
    ['a text for a list', { to: 'Ada' }, /^to is not what/],
    ['an empty list', { to: [] }, /^to is not what/],
    ['a list within a list', { to: [['Ada']] }, /^to is not what/],
    ['an object', { to: { 0: 'Ada' } }, /^to is not what/],
    ['a longer list than anybody reads', { to: Array(51).fill('x') }, /^to is not what/],
    ['a longer text than is shown', { to: ['x'.repeat(201)] }, /^to is not what/],
    ['what turns a text around', { to: ['\u202eada'] }, /^to is not what/],
    ['a line that ends', { to: ['a\nb'] }, /^to is not what/],
    ['nothing to see', { to: [' '] }, /^to is not what/],
    ['a space at its end', { to: ['Ada '] }, /^to is not what/],
    ['a space at its beginning', { to: [' Ada'] }, /^to is not what/],
    ['more spaces than are shown', { to: ['Ada  Bob'] }, /^to is not what/],
    ['a number for a truth', { urgent: 1 }, /^urgent is not what/],
  ] as [string, object, RegExp][]) {
    it(`is refused with ${what}`, () => {
      const detail = Object.defineProperties({ ...good }, Object.getOwnPropertyDescriptors(changes))
      expect(detailFault(payment, detail)).to.match(words)
    })
  }

  for (const character of '\u3164\ufe0f\u034f\u115f\u17b4\u{e0100}\u180b\u2800\u200b\u00ad\u00a0\u2003\u3000\t') {
    it(`A28 is refused with a character that is not seen: U+${character.codePointAt(0)?.toString(16)}`, () => {
      expect(detailFault(payment, { ...good, to: [`GB12 3456`] })).to.equal(undefined)
      expect(detailFault(payment, { ...good, to: [`GB12${character}3456`] })).to.match(/^to is not what/)
    })
  }

  it('is refused without what is required', () => {
    expect(detailFault(payment, { type: 'payment', amount: 1 })).to.equal('currency is missing')
  })

  it('is the same in whatever order, and another with any other value', () => {
    const { type, ...rest } = good
    expect(sameDetail(good, { ...rest, type })).to.equal(true)
    for (const change of [{ amount: 12.51 }, { urgent: false }, { to: ['Ada'] }, { type: 'payment2' }, { more: 1 }])
      expect(sameDetail(good, { ...good, ...change }), JSON.stringify(change)).to.equal(false)
  })

  it('is shown in the order of its type, lists as lists', () => {
    expect(
      shownFields(payment, { to: ['Ada', 'Bob'], urgent: false, currency: 'EUR', amount: 7, type: 'payment' }),
    ).to.deep.equal([
      { label: 'Amount', values: ['7'] },
      { label: 'Currency', values: ['EUR'] },
      { label: 'To', values: ['Ada', 'Bob'] },
      { label: 'At once', values: ['no'] },
    ])
  })

  it('may need a role of its person, and never of a machine', () => {
    const guarded = { ...payment, roles: ['payer'] }
    for (const [roles, may] of [
      [['payer', 'x'], true],
      [['x'], false],
      [[], false],
      [undefined, true],
    ] as [string[] | undefined, boolean][])
      expect(mayGrant(guarded, roles)).to.equal(may)
    expect(mayGrant(payment, [])).to.equal(true)
  })
})
