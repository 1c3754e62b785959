/** Links from letters at the whole server: what is no link of a page, whatever it is a token of, and what becomes of it. */
import { request } from 'node:http'
import { expect } from 'chai'
import { createLog } from '../../src/base/log.ts'
import { type LinkPurpose, linkKinds } from '../../src/tokens/links.ts'
import { createVisitor } from '../../src/try/visitor.ts'
import { letterTo, linkOf } from '../support/inbox.ts'
import { declared, startTestServer, type TestServer } from '../support/server.ts'
import { authorizationUrl, type Cast, cast, codeFor, pkce, tokensFor } from '../support/story.ts'

const purposes = Object.keys(linkKinds) as LinkPurpose[]

describe('links from letters', () => {
  let server: TestServer
  let who: Cast
  const lines: string[] = []
  /** Of those purposes that have a page, each with a token that is good for it. */
  let pages: LinkPurpose[]
  before(async () => {
    const log = createLog({ write: (line) => void lines.push(line) })
    const settings = { signIn: { ...declared.signIn, byLink: true }, log: { requests: true } }
    server = await startTestServer({ settings, log })
    who = await cast(server)
    const answers = await Promise.all(
      purposes.map(async (purpose) => (await fetch(`${server.issuer}${linkKinds[purpose].path}?token=x`)).status),
    )
    pages = purposes.filter((_, i) => answers[i] !== 404)
  })
  after(() => server.close())

  const tokenOf = async (purpose: LinkPurpose) =>
    new URL(await server.parts.links.urlOf(purpose, { a: who.subject })).searchParams.get('token') as string
  const open = (purpose: LinkPurpose, token: string) =>
    createVisitor(server.issuer).fetch(`${linkKinds[purpose].path}?token=${encodeURIComponent(token)}`)
  async function signInToken(): Promise<string> {
    const visitor = createVisitor(server.issuer)
    const page = await visitor.open(authorizationUrl(server.issuer, 'own', pkce().challenge))
    const [csrf] = page.forms[0]!.fields.filter(([name]) => name === 'csrf')
    const body = new URLSearchParams([csrf!, ['email', who.email]])
    expect((await visitor.fetch(`${page.url.pathname}/link`, { method: 'POST', body })).status).to.equal(200)
    return new URL(linkOf(await letterTo(server, who.email, 'sign-in-link'))).searchParams.get('token') as string
  }

  it('M04 are none of any other purpose', async () => {
    expect(pages).to.include('sign-in').and.have.length.greaterThan(2)
    for (const purpose of pages)
      for (const other of purposes) {
        const { status } = await open(purpose, await tokenOf(other))
        expect(status, `${other} at ${purpose}`).to.equal(other === purpose ? 303 : 422)
      }
  })

  it('M04 are no token of any other kind, and no token of another kind is a link', async () => {
    const tokens = await tokensFor(server, who.web, { scope: 'openid offline_access', prompt: 'consent' })
    const { visitor, code } = await codeFor(server, who.own)
    const cookies = [...visitor.cookies.values()].map(({ value }) => value)
    const others = [tokens.access_token, tokens.id_token, tokens.refresh_token, code, ...cookies] as string[]
    expect(others.filter(Boolean)).to.have.length.greaterThan(5)
    for (const purpose of pages) for (const token of others) expect((await open(purpose, token)).status).to.equal(422)
    const link = await tokenOf('sign-in')
    const asBearer = await fetch(`${server.issuer}/userinfo`, { headers: { authorization: `Bearer ${link}` } })
    expect(asBearer.status).to.equal(401)
    const asSession = await fetch(authorizationUrl(server.issuer, 'own', pkce().challenge, { prompt: 'none' }), {
      headers: { cookie: `signet_session=${link}; signet_ticket=${link}; signet_device=${link}` },
      redirect: 'manual',
    })
    expect(asSession.headers.get('location')).to.include('error=login_required')
  })

  it('M05 are of the account that they name, and name no other once they are altered', async () => {
    const token = await signInToken()
    const [content = '', ...rest] = token.split(':')
    const link = JSON.parse(Buffer.from(content, 'base64url').toString())
    expect(link.a).to.equal(who.subject)
    const eve = await server.parts.accounts.add({ email: 'eve@example.com', password: 'correct horse battery staple' })
    const altered = Buffer.from(JSON.stringify({ ...link, a: eve.id })).toString('base64url')
    expect((await open('sign-in', [altered, ...rest].join(':'))).status).to.equal(422)
    expect((await open('sign-in', token)).status, 'the control').to.equal(303)
  })

  it('M06 are none with a bit of them altered', async () => {
    const token = await signInToken()
    for (let at = 0; at < token.length; at += 7) {
      const bit = String.fromCharCode(token.charCodeAt(at) ^ 1)
      expect((await open('sign-in', token.slice(0, at) + bit + token.slice(at + 1))).status, `at ${at}`).to.equal(422)
    }
  })

  it('M07 lead to the issuer, whatever host the request names that asked for them', async () => {
    const visitor = createVisitor(server.issuer)
    const page = await visitor.open(authorizationUrl(server.issuer, 'own', pkce().challenge))
    const [csrf] = page.forms[0]!.fields.filter(([name]) => name === 'csrf')
    const known = await letterTo(server, who.email, 'sign-in-link')
    const cookie = [...visitor.cookies].map(([key, { value }]) => `${key.split(' ')[0]}=${value}`).join('; ')
    const headers = { host: 'evil.example', 'x-forwarded-host': 'evil.example', cookie }
    const status = await post(new URL(`${page.url.href}/link`), new URLSearchParams([csrf!, ['email', who.email]]), headers)
    expect(status).to.equal(200)
    const link = new URL(linkOf(await letterTo(server, who.email, 'sign-in-link', known)))
    expect(link.origin).to.equal(server.issuer)
  })

  it('M09 S13 are in no Referer, no cache and no frame', async () => {
    for (const purpose of pages)
      for (const answer of [await open(purpose, await tokenOf(purpose)), await open(purpose, 'x')]) {
        expect(answer.headers.get('referrer-policy'), purpose).to.equal('no-referrer')
        expect(answer.headers.get('cache-control')).to.equal('no-store')
        expect(answer.headers.get('content-security-policy')).to.include("frame-ancestors 'none'")
      }
  })

  it('M09 are in no line of the log, whatever became of them', async () => {
    const tokens = await Promise.all(pages.map(tokenOf))
    for (const [i, purpose] of pages.entries()) {
      const token = tokens[i] as string
      await open(purpose, token)
      await open(purpose, `${token}x`)
      await createVisitor(server.issuer).open(`${linkKinds[purpose].path}/${token}`)
      await createVisitor(server.issuer).open(`/nothing/${token}?token=${token}`)
    }
    const said = lines.join('')
    expect(said).to.include('"route":"link"')
    for (const token of tokens)
      for (const part of token.split(/[.:]/).filter(({ length }) => length > 20)) expect(said).to.not.include(part.slice(0, 20))
  })

  it('M11 are limited, for somebody and for nobody alike', async () => {
    const letters = { perPersonAndNetwork: 2 }
    const strict = await startTestServer({ settings: { signIn: { byLink: true }, letters } })
    await cast(strict)
    const visitor = createVisitor(strict.issuer)
    const page = await visitor.open(authorizationUrl(strict.issuer, 'own', pkce().challenge))
    const [csrf] = page.forms[0]!.fields.filter(([name]) => name === 'csrf')
    const ask = async (email: string) =>
      (await visitor.fetch(`${page.url.pathname}/link`, { method: 'POST', body: new URLSearchParams([csrf!, ['email', email]]) }))
        .status
    for (const email of [who.email, 'nobody@example.com']) {
      const statuses = []
      for (let i = 0; i < 3; i++) statuses.push(await ask(email))
      expect(statuses, email).to.deep.equal([200, 200, 429])
    }
    await strict.close()
  })
})

/** `fetch` lets nobody name another host. @returns the status */
function post(url: URL, body: URLSearchParams, headers: Record<string, string>): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const type = { 'content-type': 'application/x-www-form-urlencoded' }
    const sent = request(url, { method: 'POST', headers: { ...type, ...headers } }, (answer) => {
      answer.resume()
      answer.once('end', () => resolve(answer.statusCode))
    })
    sent.once('error', reject)
    sent.end(String(body))
  })
}
