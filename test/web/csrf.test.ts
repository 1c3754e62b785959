import { expect } from 'chai'
import { Refusal } from '../../src/base/errors.ts'
import { checkOrigin, createCsrf } from '../../src/web/csrf.ts'

const issuer = 'https://id.example.com'
type Headers = Parameters<typeof checkOrigin>[0]

const ours: Headers[] = [
  { 'sec-fetch-site': 'same-origin' },
  { 'sec-fetch-site': 'same-origin', origin: issuer },
  // Under `no-referrer` a browser says `null` of our own form.
  { 'sec-fetch-site': 'same-origin', origin: 'null' },
  { 'sec-fetch-site': 'none' },
  { origin: issuer },
  { origin: 'null' },
  {},
]

const foreign: Headers[] = [
  { 'sec-fetch-site': 'cross-site' },
  { 'sec-fetch-site': 'same-site' },
  { 'sec-fetch-site': 'cross-site', origin: issuer },
  { 'sec-fetch-site': 'same-site', origin: issuer },
  { 'sec-fetch-site': 'cross-site', origin: 'null' },
  { 'sec-fetch-site': 'Same-Origin' },
  { 'sec-fetch-site': 'same-origin, cross-site' },
  { 'sec-fetch-site': '' },
  { 'sec-fetch-site': ['same-origin', 'none'] },
  { origin: 'https://evil.example' },
  { origin: 'http://id.example.com' },
  { origin: 'https://id.example.com:8443' },
  { origin: 'https://id.example.com.evil.example' },
  { origin: 'https://sub.id.example.com' },
  { origin: `${issuer}/` },
  { origin: issuer.toUpperCase() },
  { origin: '' },
]

describe('S05: where a form was sent from', () => {
  for (const headers of ours) {
    it(`may be here: ${JSON.stringify(headers)}`, () => expect(() => checkOrigin(headers, issuer)).not.to.throw())
  }
  for (const headers of foreign) {
    it(`is elsewhere: ${JSON.stringify(headers)}`, () => {
      expect(() => checkOrigin(headers, issuer))
        .to.throw(Refusal)
        .which.includes({ code: 'forged_form', status: 403 })
    })
  }
})

describe('S05: a form’s token', () => {
  const csrf = createCsrf(Buffer.alloc(32, 1))
  const token = csrf.tokenFor('interaction/a')

  it('is good for what it was made for', () => expect(() => csrf.check('interaction/a', token)).not.to.throw())

  for (const [what, about, given] of [
    ['another form', 'interaction/b', token],
    ['a form of another kind', 'interaction/', token],
    ['none', 'interaction/a', null],
    ['nothing', 'interaction/a', undefined],
    ['an empty one', 'interaction/a', ''],
    ['a list', 'interaction/a', [token]],
    ['a cut one', 'interaction/a', token.slice(0, -1)],
    ['a longer one', 'interaction/a', `${token}A`],
    ['one of other case', 'interaction/a', token.toUpperCase()],
    ['another server’s', 'interaction/a', createCsrf(Buffer.alloc(32, 2)).tokenFor('interaction/a')],
  ] as const) {
    it(`is refused: ${what}`, () => {
      expect(() => csrf.check(about, given))
        .to.throw(Refusal)
        .which.includes({ code: 'forged_form', status: 403 })
    })
  }
})
