/** Links that land, at a small server with one page: what each request does, and what it leaves in the browser. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect } from 'chai'
import Koa from 'koa'
import type { Log } from '../../src/base/log.ts'
import { createSecrets } from '../../src/crypto/secrets.ts'
import { sealedCookieNames } from '../../src/oauth/cookies.ts'
import { createSealedCookie } from '../../src/oauth/records/sealed-cookies.ts'
import { createRefusals } from '../../src/pages/refusals.ts'
import { createLinks } from '../../src/tokens/links.ts'
import { createVisitor, type Page, type Visitor } from '../../src/try/visitor.ts'
import { createCsrf } from '../../src/web/csrf.ts'
import { guard } from '../../src/web/guard.ts'
import { landing } from '../../src/web/landing.ts'
import { pages } from '../pages/models.ts'

describe('a link that lands', () => {
  const secrets = createSecrets(['a-master-secret-for-tests-that-is-long-enough'])
  let time: number
  const now = () => time
  let done: string[]
  let lines: string[]
  let server: Server
  let origin: string
  const links = () => createLinks({ secrets, issuer: origin, lineage: { current: async () => undefined }, now })
  const linkOf = (account: string) => links().urlOf('recovery', { account })

  before(async () => {
    const app = new Koa()
    const write = (event: string, fields = {}) => void lines.push(JSON.stringify({ event, ...fields }))
    const log: Log = { info: write, error: write }
    const cookie = createSealedCookie({ name: sealedCookieNames(true).link, secrets, development: true, now })
    app.use(guard(createRefusals(pages), log))
    server = createServer((request, response) => app.callback()(request, response)).listen(0, 'localhost')
    await new Promise((resolve) => server.once('listening', resolve))
    origin = `http://localhost:${(server.address() as AddressInfo).port}`
    app.use(
      landing<{ account: string }>(
        { links: links(), cookie, csrf: createCsrf(...secrets.keysFor('csrf')), now },
        {
          purpose: 'recovery',
          next: { way: { href: '/recovery', label: 'Ask for a new link' } },
          show: (ctx, { content, action, csrf }) => {
            ctx.body = `<p>${content.account}</p><form method="post" action="${action}"><input name="csrf" value="${csrf}"></form>`
          },
          act: (ctx, { content, close }, form) => {
            if (form.get('wrong')) {
              ctx.body = 'again'
              return
            }
            done.push(content.account)
            close()
            ctx.body = 'done'
          },
        },
      ),
    )
  })
  beforeEach(() => {
    time = 1_800_000_000
    done = []
    lines = []
  })
  after(() => server.close())

  const visitor = () => createVisitor(origin)
  const confirm = (who: Visitor, page: Page, values = {}) => who.submit(page, page.url.pathname, values)

  it('leads to a clean address, and its page acts once its form is sent', async () => {
    const who = visitor()
    const answer = await who.fetch(await linkOf('ada'))
    expect(answer.status).to.equal(303)
    expect(answer.headers.get('location')).to.match(/^\/link\/recovery\/[0-9a-f]{16}$/)
    const page = await who.open(answer.headers.get('location')!)
    expect(page.html).to.include('ada')
    expect(done).to.deep.equal([])
    expect((await confirm(who, page)).html).to.equal('done')
    expect(done).to.deep.equal(['ada'])
    expect(who.cookies.size, 'nothing is left').to.equal(0)
  })

  it('keeps it in a cookie that nobody reads, for its page alone, and no longer than it is good', async () => {
    const who = visitor()
    const link = await linkOf('ada')
    time += 3_000
    const page = await who.open(link)
    const [[, { value, path, attributes }]] = [...who.cookies] as [[string, { value: string; path: string; attributes: string }]]
    expect(path).to.equal(page.url.pathname)
    expect(attributes)
      .to.match(/httponly/i)
      .and.match(/samesite=lax/i)
    expect(value).to.not.include(new URL(link).searchParams.get('token')!.slice(0, 10))
    time += 599
    expect((await who.open(page.url)).status, 'its last second').to.equal(200)
    time += 1
    expect((await who.open(page.url)).status).to.equal(422)
  })

  it('is worth an hour in a browser at most, and can be opened again', async () => {
    const who = visitor()
    const link = await links().urlOf('recovery', { account: 'ada' })
    const page = await who.open(link)
    expect((await who.open(link)).url.href, 'twice, as one page').to.equal(page.url.href)
    expect((await confirm(who, page)).html).to.equal('done')
  })

  it('stays open while its page says that something was wrong', async () => {
    const who = visitor()
    const page = await who.open(await linkOf('ada'))
    expect((await confirm(who, page, { wrong: '1' })).html).to.equal('again')
    expect((await confirm(who, page)).html).to.equal('done')
  })

  it('M08 does nothing for whoever looks at links: twice by GET, by HEAD, ahead of time', async () => {
    const link = await linkOf('ada')
    for (const ask of [{}, {}, { method: 'HEAD' }, { headers: { 'sec-purpose': 'prefetch;prerender' } }])
      await visitor().fetch(link, ask)
    expect(done).to.deep.equal([])
    const who = visitor()
    expect((await confirm(who, await who.open(link))).html, 'the control: its person').to.equal('done')
  })

  for (const [how, ask, status] of [
    ['HEAD', { method: 'HEAD' }, 200],
    ['a browser that fetches ahead', { headers: { 'sec-purpose': 'prefetch' } }, 503],
  ] as const) {
    it(`M08 leaves nothing in the browser by ${how}`, async () => {
      const who = visitor()
      expect((await who.fetch(await linkOf('ada'), ask)).status).to.equal(status)
      expect(who.cookies.size).to.equal(0)
      await who.fetch(await linkOf('ada'))
      expect(who.cookies.size, 'the control').to.equal(1)
    })
  }

  it('is its own in each of two tabs, and what is confirmed is what the page said', async () => {
    const who = visitor()
    const [one, other] = [await who.open(await linkOf('ada')), await who.open(await linkOf('grace'))]
    await confirm(who, one)
    expect(done).to.deep.equal(['ada'])
    await confirm(who, other)
    expect(done).to.deep.equal(['ada', 'grace'])
  })

  it('S04 S05 is not confirmed by a form that is not its own', async () => {
    const who = visitor()
    const [page, other] = [await who.open(await linkOf('ada')), await who.open(await linkOf('grace'))]
    const csrf = other.forms[0]!.fields.find(([name]) => name === 'csrf')![1]
    for (const wrong of [csrf, '', undefined]) expect((await confirm(who, page, { csrf: wrong })).status).to.equal(403)
    expect(done).to.deep.equal([])
  })

  it('is not confirmed in another browser, and says what to do', async () => {
    const page = await visitor().open(await linkOf('ada'))
    const answer = await confirm(visitor(), page)
    expect(answer.status).to.equal(422)
    expect(answer.html).to.include('open the link again')
    expect(done).to.deep.equal([])
  })

  for (const [what, token, code, status] of [
    ['nothing', '', 'link_invalid', 422],
    ['no token', undefined, 'link_invalid', 422],
    ['two tokens', 'x&token=y', 'link_invalid', 422],
    ['what is not ours', 'eyJhIjoxfQ:1tttt:xxxx', 'link_invalid', 422],
  ] as const) {
    it(`is refused, with what to do next: ${what}`, async () => {
      const answer = await visitor().open(`/link/recovery${token === undefined ? '' : `?token=${token}`}`)
      expect([answer.status, answer.html.includes(code)]).to.deep.equal([status, true])
      expect(answer.html).to.include('href="/recovery"').and.include('Ask for a new link')
    })
  }

  it('M03 is refused when it is too old, with what to do next', async () => {
    const link = await linkOf('ada')
    time += 3_601
    const answer = await visitor().open(link)
    expect([answer.status, answer.html.includes('link_expired')]).to.deep.equal([410, true])
    expect(answer.html).to.include('Ask for a new link')
  })

  it('M09 leaves no token in the log, whatever becomes of it', async () => {
    const who = visitor()
    const link = await linkOf('ada')
    const token = new URL(link).searchParams.get('token')!
    const page = await who.open(link)
    await confirm(who, page, { csrf: 'x' })
    await who.open(`${link}x`)
    await who.open(`/link/recovery/${token}`)
    expect(lines).to.have.length.greaterThan(2)
    expect(lines.join('\n')).to.not.include(token).and.not.include(token.slice(-20))
  })
})
