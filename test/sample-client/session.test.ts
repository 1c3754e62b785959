import { randomBytes } from 'node:crypto'
import { expect } from 'chai'
import type { Context } from 'koa'
import { COOKIE, createSessions, type Session, sealer } from '../../src/sample-client/session.ts'

/** Tokens of the length that Signet's have with roles and a step-up's claims in them, and random: nothing to compress. */
const jwt = (bytes: number) => ['h', 'c', 's'].map(() => randomBytes(bytes / 4).toString('base64url')).join('.')
const session: Session = {
  pending: { state: 's'.repeat(43), nonce: 'n'.repeat(43), codeVerifier: 'v'.repeat(43) },
  signedIn: {
    sub: 'a'.repeat(36),
    name: 'Ada Lovelace',
    email: 'ada@example.com',
    accessToken: jwt(900),
    refreshToken: 'r'.repeat(64),
    idToken: jwt(900),
  },
}

describe('a session of the sample client', () => {
  const { seal, open } = sealer('a key of at least thirty-two characters')
  const jar = () => {
    const cookies = new Map<string, string>()
    const options: Record<string, unknown>[] = []
    const set = (name: string, value: string, given: Record<string, unknown>) => {
      cookies.set(name, value)
      options.push(given)
    }
    return { ctx: { cookies: { get: (name: string) => cookies.get(name), set } } as unknown as Context, cookies, options }
  }

  it('comes back as it was written, by a cookie that scripts and other sites’ forms do not get', () => {
    const { ctx, options } = jar()
    const sessions = createSessions(undefined, false)
    sessions.write(ctx, session)
    expect(sessions.read(ctx)).to.deep.equal(session)
    expect(options[0]).to.include({ httpOnly: true, sameSite: 'lax' })
  })

  it('fits a cookie with realistic tokens and a step-up under way', () => {
    const { ctx, cookies } = jar()
    createSessions(undefined, false).write(ctx, session)
    expect(COOKIE.length + cookies.get(COOKIE)!.length).to.be.below(4096)
  })

  it('is refused before a browser would drop it', () => {
    const big = { signedIn: { ...session.signedIn!, accessToken: jwt(4000) } }
    expect(() => createSessions(undefined, false).write(jar().ctx, big)).to.throw(RangeError)
  })

  it('shows nothing of the tokens in it, and is never sealed twice alike', () => {
    expect(Buffer.from(seal(session), 'base64url').toString('latin1')).not.to.contain('Lovelace')
    expect(seal(session)).not.to.equal(seal(session))
  })

  it('is no session when any part of it was altered', () => {
    const sealed = seal({ signedIn: 'x' })
    for (let at = 0; at < sealed.length; at++) {
      const other = sealed[at] === 'A' ? 'B' : 'A'
      expect(open(sealed.slice(0, at) + other + sealed.slice(at + 1)), `character ${at}`).to.equal(undefined)
    }
    expect(open(sealed)).to.deep.equal({ signedIn: 'x' })
  })

  for (const [name, value] of [
    ['nothing', ''],
    ['less than a tag', 'AAAA'],
    ['no base64url', '???'],
    ['padding', `${seal({})}=`],
    ['another key’s', sealer('another key of thirty-two characters.').seal({})],
    ['random bytes', randomBytes(200).toString('base64url')],
  ]) {
    it(`is no session when the cookie holds ${name}`, () => {
      expect(open(value!)).to.equal(undefined)
    })
  }
})
