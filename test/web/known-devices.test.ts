import { expect } from 'chai'
import type { Context } from 'koa'
import { createSecrets } from '../../src/crypto/secrets.ts'
import { createKnownDevices, type KnownDevices } from '../../src/web/known-devices.ts'

const secret = (letter: string) => letter.repeat(40)

describe('a browser’s known accounts', () => {
  let time: number
  let cookie: string | undefined
  let options: Record<string, unknown>
  beforeEach(() => {
    time = 1_800_000_000
    cookie = undefined
  })
  const ctx = {
    cookies: {
      get: () => cookie,
      set: (_: string, value: string, given: Record<string, unknown>) => {
        cookie = value
        options = given
      },
    },
  } as unknown as Context
  const devices = (...secrets: [string, ...string[]]) =>
    createKnownDevices({ secrets: createSecrets(secrets), development: false, now: () => time })
  const of = (id: string, credentialsVersion = 7) => ({ id, credentialsVersion })
  const ours = devices(secret('a'))
  const isKnown = (known: KnownDevices, account: ReturnType<typeof of>) => known.nameFor(ctx, account) !== undefined

  it('are those that have signed in there, and no others', () => {
    expect(isKnown(ours, of('ada'))).to.equal(false)
    ours.note(ctx, of('ada'))
    ours.note(ctx, of('bob'))
    expect(['ada', 'bob', 'eve'].map((id) => isKnown(ours, of(id)))).to.deep.equal([true, true, false])
  })

  it('know the browser by one name, which no other has', () => {
    ours.note(ctx, of('ada'))
    const name = ours.nameFor(ctx, of('ada'))
    ours.note(ctx, of('bob'))
    expect([ours.nameFor(ctx, of('ada')), ours.nameFor(ctx, of('bob'))]).to.deep.equal([name, name])
    cookie = undefined
    ours.note(ctx, of('ada'))
    expect(ours.nameFor(ctx, of('ada')))
      .to.be.a('string')
      .and.not.equal(name)
  })

  it('are forgotten with their password or address', () => {
    ours.note(ctx, of('ada'))
    expect(isKnown(ours, of('ada', 8))).to.equal(false)
  })

  it('are eight at most, and who came long ago gives way', () => {
    const ids = Array.from({ length: 9 }, (_, i) => `person-${i}`)
    for (const id of ids) ours.note(ctx, of(id))
    ours.note(ctx, of('person-1'))
    ours.note(ctx, of('person-9'))
    expect(ids.filter((id) => !isKnown(ours, of(id)))).to.deep.equal(['person-0', 'person-2'])
    expect(cookie!.length).to.be.below(260)
  })

  it('are kept for 400 days after the last sign-in', () => {
    ours.note(ctx, of('ada'))
    time += 400 * 86_400
    expect(isKnown(ours, of('ada'))).to.equal(true)
    time += 1
    expect(isKnown(ours, of('ada'))).to.equal(false)
  })

  it('outlast the replacement of a secret', () => {
    ours.note(ctx, of('ada'))
    const both = devices(secret('b'), secret('a'))
    expect(isKnown(both, of('ada'))).to.equal(true)
    both.note(ctx, of('bob'))
    expect([both, devices(secret('b'))].map((one) => isKnown(one, of('ada')))).to.deep.equal([true, false])
    both.note(ctx, of('ada'))
    expect(isKnown(devices(secret('b')), of('ada'))).to.equal(true)
  })

  it('name nobody to whoever reads the cookie, which scripts and other hosts do not', () => {
    ours.note(ctx, of('ada'))
    const text = Buffer.from(cookie!.split(':')[0]!, 'base64url').toString()
    expect(text).to.match(/^"[\w-]{12} [\w-]{12}"$/)
    expect(options).to.include({ httpOnly: true, secure: true, sameSite: 'lax', path: '/' })
  })

  const foreign = () => {
    devices(secret('c')).note(ctx, of('ada'))
    return cookie as string
  }
  for (const [what, alter] of [
    ['altered', (own: string) => `${own.startsWith('A') ? 'B' : 'A'}${own.slice(1)}`],
    ['cut', (own: string) => own.slice(0, -1)],
    ['empty', () => ''],
    ['another server’s', foreign],
  ] as const) {
    it(`are none in a cookie that is ${what}`, () => {
      ours.note(ctx, of('ada'))
      cookie = alter(cookie as string)
      expect(isKnown(ours, of('ada'))).to.equal(false)
    })
  }
})
