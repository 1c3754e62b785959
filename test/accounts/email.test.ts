import { expect } from 'chai'
import fc from 'fast-check'
import { emailKey, possibleEmailKey } from '../../src/accounts/email.ts'
import { Refusal } from '../../src/base/errors.ts'

describe('L12: an e-mail address', () => {
  for (const [typed, key] of [
    ['ada@example.com', 'ada@example.com'],
    ['  Ada@Example.COM \n', 'ada@example.com'],
    ['ＡＤＡ＠ｅｘａｍｐｌｅ．ｃｏｍ', 'ada@example.com'],
    ['ada@example。com', 'ada@example.com'],
    ['ada@exam\u00adple.com', 'ada@example.com'],
    ['\u212aate@example.com', 'kate@example.com'],
    ['ﬁona@example.com', 'fiona@example.com'],
    ['ade\u0300le@example.com', 'adèle@example.com'],
    // Lower case takes the dot off the I, where it stands out of order among other marks.
    ['\u0130\u0323da@example.com', '\u1ecb\u0307da@example.com'],
    ['ada@BÜCHER.example', 'ada@xn--bcher-kva.example'],
    ['ada@xn--bcher-kva.example', 'ada@xn--bcher-kva.example'],
    ["o'hara+tag/x=y@sub.example.com", "o'hara+tag/x=y@sub.example.com"],
    ['ada@localhost', 'ada@localhost'],
    [`${'a'.repeat(64)}@example.com`, `${'a'.repeat(64)}@example.com`],
  ] as const) {
    it(`is found as ${key}: ${JSON.stringify(typed)}`, () => expect(emailKey(typed)).to.equal(key))
  }

  for (const [one, other] of [
    ['ıda@example.com', 'ida@example.com'],
    ['a.da@example.com', 'ada@example.com'],
    ['ada+x@example.com', 'ada@example.com'],
    ['аda@example.com', 'ada@example.com'],
    ['ada@example.com', 'ada@example.co'],
    ['ada@faß.example', 'ada@fass.example'],
  ] as const) {
    it(`is another’s where mail servers tell them apart: ${one}, ${other}`, () => {
      expect(emailKey(one)).not.to.equal(emailKey(other))
    })
  }

  for (const typed of [
    '',
    'ada',
    '@example.com',
    'ada@',
    'ada@@example.com',
    'ada@grace@example.com',
    'a da@example.com',
    'ada@exam ple.com',
    'ada@example..com',
    'ada@.example.com',
    'ada@example.com.',
    'ada@[127.0.0.1]',
    'ada@example.com/grace',
    'ada@example.com\uff0fgrace',
    'ada@example.com\\grace',
    'ada@example.com?grace',
    'ada@example.com#\u0001',
    'ada@example.com:',
    'ada@exam\tple.com',
    'ada@exam\nple.com',
    'ada@ex%61mple.com',
    'ada@example.com\r\nBcc: grace@example.com',
    'ada\0@example.com',
    'ad\u200ba@example.com',
    'ad\u00ada@example.com',
    'ad\u200da@example.com',
    'ad\ufe0fa@example.com',
    'ada\u202e@example.com',
    'ada\u115f@example.com',
    'ada\ud800@example.com',
    '"ada lovelace"@example.com',
    'Ada <ada@example.com>',
    'ada@example.com,grace@example.com',
    'ada;grace@example.com',
    'ada\\@example.com',
    `${'a'.repeat(65)}@example.com`,
    `ada@${'a.'.repeat(126)}aa`,
  ]) {
    it(`is not ${JSON.stringify(typed).slice(0, 80)}`, () => {
      expect(possibleEmailKey(typed)).to.equal(undefined)
      expect(() => emailKey(typed))
        .to.throw(Refusal)
        .with.property('code', 'invalid_email')
    })
  }

  it('has a form that is its own form', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'binary' })), fc.domain(), (local, domain) => {
        const key = possibleEmailKey(`${local}@${domain}`)
        if (key !== undefined) expect(possibleEmailKey(key)).to.equal(key)
      }),
      { numRuns: 2_000 },
    )
  })
})
