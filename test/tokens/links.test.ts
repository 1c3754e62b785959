import { expect } from 'chai'
import { Refusal } from '../../src/base/errors.ts'
import { createSecrets } from '../../src/crypto/secrets.ts'
import { createLinks, type LinkPurpose, linkKinds, longestLink } from '../../src/tokens/links.ts'

const issuer = 'https://id.example.com'
const purposes = Object.keys(linkKinds) as LinkPurpose[]
const secret = (letter: string) => letter.repeat(40)

let time = 1_800_000_000
let restoredAt: number | undefined
const lineage = { current: async () => (restoredAt === undefined ? undefined : { id: 'a', beganAt: restoredAt }) }
const linksOf = (...secrets: [string, ...string[]]) =>
  createLinks({ secrets: createSecrets(secrets), issuer, lineage, now: () => time })
const links = linksOf(secret('a'))
const tokenOf = (url: string) => new URL(url).searchParams.get('token') as string

async function refusedAs(code: string, read: Promise<unknown>): Promise<void> {
  const refusal = await read.then(
    () => undefined,
    (cause) => cause,
  )
  expect(refusal).to.be.instanceOf(Refusal)
  expect(refusal.code).to.equal(code)
}

for (const purpose of purposes) {
  describe(`a link for ${purpose}`, () => {
    const content = { account: 'an-account', name: 'Ada Lovelace' }
    beforeEach(() => {
      time = 1_800_000_000
      restoredAt = undefined
    })
    const made = async () => tokenOf(await links.urlOf(purpose, content))

    it('leads to its page at the issuer, and says what it was given', async () => {
      const url = new URL(await links.urlOf(purpose, content))
      expect(url.origin + url.pathname).to.equal(issuer + linkKinds[purpose].path)
      expect([...url.searchParams.keys()]).to.deep.equal(['token'])
      const { lifetimeSeconds } = linkKinds[purpose]
      expect(await links.read(purpose, tokenOf(url.href))).to.deep.equal({
        content,
        issuedAt: time,
        expiresAt: time + lifetimeSeconds,
      })
    })

    it('M03 is good to its last second, and not after its end', async () => {
      const token = await made()
      time += linkKinds[purpose].lifetimeSeconds - 1
      expect((await links.read(purpose, token)).content).to.deep.equal(content)
      time += 2
      await refusedAs('link_expired', links.read(purpose, token))
    })

    for (const other of purposes.filter((one) => one !== purpose)) {
      it(`M04 is none for ${other}`, async () => {
        const token = await made()
        await refusedAs('link_invalid', links.read(other, token))
        expect((await links.read(purpose, token)).content, 'the control').to.deep.equal(content)
      })
    }

    it('M06 is none with any one character altered, cut off or added', async () => {
      const token = await made()
      const altered = [...token].map((letter, at) => token.slice(0, at) + (letter === 'A' ? 'B' : 'A') + token.slice(at + 1))
      const cut = [...token].map((_, at) => token.slice(0, at))
      const more = [
        `${token}A`,
        `${token}=`,
        `${token} `,
        ` ${token}`,
        `${token}\n`,
        token.toUpperCase(),
        token.replace(/[:.]/, ''),
      ]
      for (const wrong of [...altered, ...cut, ...more])
        if (wrong !== token) await refusedAs('link_invalid', links.read(purpose, wrong))
      expect((await links.read(purpose, token)).content, 'the control').to.deep.equal(content)
    })

    it('M14 is read after its secret was replaced, and not once that is gone', async () => {
      const token = await made()
      expect((await linksOf(secret('b'), secret('a')).read(purpose, token)).content).to.deep.equal(content)
      await refusedAs('link_invalid', linksOf(secret('b')).read(purpose, token))
    })

    it('is not brought back by a restored backup', async () => {
      const token = await made()
      restoredAt = time - 1
      expect((await links.read(purpose, token)).content, 'the control: one from after it').to.deep.equal(content)
      restoredAt = time
      await refusedAs('link_expired', links.read(purpose, token))
    })

    it('has at most 1,500 characters, or is not made', async () => {
      const ofLength = async (length: number) =>
        links.urlOf(purpose, { text: Array.from({ length }, (_, i) => ((i * 7919) % 36).toString(36)).join('') })
      expect((await ofLength(600)).length).to.be.below(longestLink)
      const fault = await ofLength(1_500).catch((cause) => cause)
      expect(fault).to.be.instanceOf(TypeError)
    })
  })
}

describe('a link that holds a password’s hash', () => {
  it('cannot be read by whoever carries it', async () => {
    const token = tokenOf(await links.urlOf('sign-up', { email: 'ada@example.com', hash: '$argon2id$v=19$m=65536' }))
    const parts = token.split('.').map((part) => Buffer.from(part, 'base64url').toString('latin1'))
    expect(parts.join()).to.not.match(/ada|argon2/)
  })
})

describe('what is no link at all', () => {
  for (const [what, token] of [
    ['nothing', ''],
    ['a word', 'x'],
    ['dots', '.'.repeat(100)],
    ['more than any link', 'A'.repeat(100_000)],
    ['what a prototype has', '__proto__'],
  ] as const) {
    for (const purpose of ['sign-up', 'recovery'] as const)
      it(`M15 is refused for ${purpose}: ${what}`, () => refusedAs('link_invalid', links.read(purpose, token)))
  }
})
