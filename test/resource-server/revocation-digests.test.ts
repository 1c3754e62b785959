/** What is remembered of values is never another's. */
import { createHash } from 'node:crypto'
import { expect } from 'chai'
import { createDigests, digestIn } from '../../src/resource-server/revocation-digests.ts'

const issuer = 'https://id.example.com'
const sha = (text: string) => createHash('sha256').update(text)
const plain = (about: string, value: string) =>
  digestIn(
    sha(`${issuer}\n${about}\n${sha(value).digest('base64url')}`)
      .digest()
      .subarray(0, 16)
      .toString('base64url'),
  )

describe('the digests by which a token is looked up', () => {
  const values = ['', 'a', 'ab', 'abc', 'xabc', 'yabc', 'https://api.example.com', 'é', '\ud800', '𝒂', 'x'.repeat(5_000)]
  for (let number = 0; number < 400; number++) values.push(`${number % 7}${(number * 31) % 997}ada`)

  it('are those of the document, whatever was asked before, and however often', () => {
    for (const about of ['token', 'subject', 'client', 'grant']) {
      const digestOf = createDigests(issuer, about)
      for (const value of [...values, ...values.slice(0, 20), ...values])
        expect(digestOf(value)).to.deep.equal(plain(about, value))
    }
  })
})
