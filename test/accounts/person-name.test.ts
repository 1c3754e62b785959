import { expect } from 'chai'
import { personName } from '../../src/accounts/person-name.ts'
import { Refusal } from '../../src/base/errors.ts'

describe('the name of a person', () => {
  it('is kept as it is written, without blanks around it or more than one between', () => {
    expect(personName('  Grace\u2003 Hopper ')).to.equal('Grace Hopper')
    expect(personName('e\u0301')).to.equal('\u00e9')
    expect(personName('𝒢'.repeat(100))).to.equal('𝒢'.repeat(100))
  })

  for (const bad of ['', ' ', '\u200b\u00ad', 'a\0b', 'a\u0007b', 'a\ud800b', 'x'.repeat(101)]) {
    it(`is not ${JSON.stringify(bad).slice(0, 20)}`, () => {
      expect(() => personName(bad))
        .to.throw(Refusal)
        .with.property('code', 'invalid_name')
    })
  }
})
