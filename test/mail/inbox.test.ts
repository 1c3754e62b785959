/** Letters of a server in development: written after the answer, read at /dev/mail. */
import { expect } from 'chai'
import { createInbox } from '../../src/mail/inbox.ts'
import { lettersOf, letterTo, linkOf } from '../support/inbox.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { good } from './models.ts'

const letter = { to: 'ada@example.com', kind: 'recovery', model: good.recovery } as const

describe('the inbox', () => {
  it('keeps the last letters, newest first', () => {
    const inbox = createInbox(() => 1, 3)
    for (const to of ['a', 'b', 'c', 'd']) inbox.put({ to, kind: 'sign-up', subject: '', text: '', html: '' })
    expect(inbox.list().map(({ to }) => to)).to.deep.equal(['d', 'c', 'b'])
    expect(inbox.list().every(({ id }) => inbox.find(id) !== undefined)).to.equal(true)
  })
})

describe('a server in development', () => {
  let server: TestServer
  before(async () => {
    server = await startTestServer()
  })
  after(() => server.close())

  it('has the letters that it would have sent, as text and as HTML', async () => {
    expect(server.parts.mailer.delivers).to.equal(true)
    server.parts.mailer.send(letter)
    const received = await letterTo(server, 'ada@example.com', 'recovery')
    expect(received.subject).to.equal('Choose another password')
    expect(linkOf(received)).to.equal(good.recovery.link)

    const list = await (await fetch(`${server.issuer}/dev/mail`, { headers: { accept: 'text/html' } })).text()
    expect(list).to.contain(`/dev/mail/${received.id}"`).and.to.contain('ada@example.com')
    const page = await fetch(`${server.issuer}/dev/mail/${received.id}`)
    expect(page.headers.get('content-security-policy')).to.contain("frame-src 'self'").and.to.contain("script-src 'self'")
    expect(await page.text()).to.contain(`<a href="${good.recovery.link.replace('&', '&amp;')}"`)
    const html = await fetch(`${server.issuer}/dev/mail/${received.id}/html`)
    expect(html.headers.get('content-security-policy')).to.contain('sandbox').and.to.not.contain('script')
    expect(html.headers.get('x-frame-options')).to.equal('SAMEORIGIN')
    expect(await html.text()).to.contain('Ada Lovelace')
  })

  it('writes a letter after its request, and later than its caller goes on', async () => {
    const before = (await lettersOf(server)).length
    server.parts.mailer.send(letter)
    expect(server.parts.inbox?.list()).to.have.length(before)
    await letterTo(server, 'ada@example.com', 'recovery', server.parts.inbox?.list()[0])
  })

  for (const path of ['/dev/mail/x', '/dev/mail/x/html', '/dev/mail/constructor'])
    it(`knows nothing at ${path}`, async () => expect((await fetch(server.issuer + path)).status).to.equal(404))
})

describe('a server in production', () => {
  it('has no inbox, and without a mail server delivers nothing', async () => {
    const server = await startTestServer({ issuer: 'https://id.example.com' })
    const here = `http://localhost:${server.port}`
    expect(server.parts.mailer.delivers).to.equal(false)
    server.parts.mailer.send(letter)
    for (const path of ['/dev/mail', '/dev/mail/x', '/dev/mail/x/html'])
      expect((await fetch(here + path)).status, path).to.equal(404)
    await server.close()
  })
})
