/** Letters over HTTP, by a mail server that is as it should be, is away, or quotes what it refuses. */
import { expect } from 'chai'
import { createLog } from '../../src/base/log.ts'
import { createVisitor } from '../../src/try/visitor.ts'
import { linkOf } from '../support/inbox.ts'
import { type MailServer, startMailServer } from '../support/mail-server.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { until } from '../support/until.ts'

const issuer = 'https://id.example.com'
const password = 'analytical engine'

describe('letters of a server', () => {
  let mail: MailServer
  let server: TestServer
  let log: string[]
  before(async () => {
    mail = await startMailServer()
  })
  after(() => mail.close())

  async function start(smtp = mail.smtp, more: Record<string, unknown> = {}): Promise<void> {
    log = []
    // Pauses are shortened, so that nobody waits for them.
    const later = (milliseconds: number, run: () => void) => void setTimeout(run, Math.min(milliseconds, 20))
    server = await startTestServer({
      issuer,
      settings: { mail: { from: 'signet@id.example.com', smtp }, ...more },
      log: createLog({ write: (line) => void log.push(line) }),
      later,
    })
    await server.parts.accounts.add({ email: 'ada@example.com', password, name: 'Ada' })
  }
  afterEach(() => server.close())

  /** Everything of the answer but its date and its request’s id. */
  async function ask(email: string, headers: Record<string, string> = {}): Promise<object> {
    const visitor = createVisitor(`http://localhost:${server.port}`)
    const [form] = (await visitor.open('/recovery')).forms
    const body = new URLSearchParams([...form!.fields.filter(([name]) => name !== 'email'), ['email', email]])
    const response = await visitor.fetch('/recovery', { method: 'POST', body, headers: { origin: issuer, ...headers } })
    const said = [...response.headers].filter(([name]) => !['date', 'x-request-id', 'keep-alive', 'connection'].includes(name))
    return { status: response.status, said, html: (await response.text()).replaceAll(email, 'ADDRESS') }
  }

  it('M07 link to the issuer, whatever host a request names', async () => {
    await start()
    await ask('ada@example.com', {
      'x-forwarded-host': 'evil.example',
      'x-forwarded-proto': 'http',
      forwarded: 'host=evil.example',
    })
    const { text, html } = await mail.letterTo('ada@example.com')
    const links = [...`${text}${String(html)}`.matchAll(/https?:\/\/[^\s"<]+/g)].map(([link]) => new URL(link).origin)
    expect(links.length).to.be.greaterThan(1)
    expect(new Set(links)).to.deep.equal(new Set([issuer]))
  })

  it('come over SMTP whole: their link leads a browser of its own to another password', async () => {
    server = await startTestServer({ settings: { mail: { from: 'signet@id.example.com', smtp: mail.smtp } } })
    const email = 'grace@example.com'
    await server.parts.accounts.add({ email, password, name: 'Grace' })
    const asking = createVisitor(server.issuer)
    await asking.submit(await asking.open('/recovery'), '/recovery', { email })
    const { text = '', html } = await mail.letterTo(email)
    const link = linkOf({ text })
    expect(String(html).replaceAll('&amp;', '&')).to.include(`href="${link}"`)
    const reading = createVisitor(server.issuer)
    const page = await reading.open(link)
    await reading.submit(page, page.url.pathname, { password: 'four words of no kin' })
    expect(await server.parts.accounts.authenticate(email, 'four words of no kin')).to.include({ email })
    expect(await server.parts.accounts.authenticate(email, password)).to.equal(undefined)
  })

  it('L08 L06 are asked for with the same answer whether there is an account or not, the mail server takes letters, refuses them or is away', async () => {
    const answers: object[] = []
    const away = await startMailServer()
    await away.close()
    const worlds: [Record<string, unknown>, () => void, string][] = [
      [mail.smtp, () => {}, 'mail.delivered'],
      [mail.smtp, () => mail.manners.push(554), 'mail.given_up'],
      [away.smtp, () => {}, 'mail.given_up'],
    ]
    for (const [smtp, prepare, event] of worlds) {
      await start(smtp)
      prepare()
      for (const email of ['ada@example.com', 'eve@example.com']) answers.push(await ask(email))
      await until(event, () => log.some((line) => line.includes(event)))
      expect(
        log.filter((line) => line.includes(event)),
        'one letter, and none for whoever is not there',
      ).to.have.length(1)
      if (smtp !== worlds.at(-1)![0]) await server.close()
    }
    expect(answers).to.have.length(6)
    for (const answer of answers) {
      expect(answer).to.have.property('status', 200)
      expect(answer).to.deep.equal(answers[0])
    }
  })

  it('L18 leave no token, address or word of theirs in the log, also when the mail server quotes them in its refusals', async () => {
    await start()
    mail.manners.push(451, 554)
    await ask('ada@example.com')
    await until('a refusal', () => log.some((line) => line.includes('mail.given_up')))
    const { length } = mail.taken
    await ask('ada@example.com')
    const { text } = await until('a letter', () => mail.taken[length])
    const token = /token=([^\s&]+)/.exec(String(text))?.[1] ?? ''
    expect(token.length, 'the control').to.be.greaterThan(40)
    const all = log.join('')
    expect(all).to.contain('EMESSAGE 451').and.to.contain('EMESSAGE 554').and.to.contain('"kind":"recovery"')
    for (const secret of [token, 'token=', 'ada@example.com', 'Choose another', 'refused:']) expect(all).to.not.contain(secret)
  })

  it('M11 are limited over HTTP as well, whether there is an account or not, by an answer that says what to do', async () => {
    await start(mail.smtp, { letters: { perPersonAndNetwork: 2 } })
    const before = mail.begun
    const answers = new Map<string, object[]>()
    for (const email of ['ada@example.com', 'eve@example.com']) {
      answers.set(email, [])
      for (let n = 0; n < 4; n++) answers.get(email)!.push(await ask(email))
    }
    const [ada, eve] = [...answers.values()] as [object[], object[]]
    expect(ada.map((one) => (one as { status: number }).status)).to.deep.equal([200, 200, 429, 429])
    const without = (one: object) =>
      JSON.stringify(one)
        .replace(/"retry-after","\d+"/, '')
        .replace(/\d+ minutes/, '')
    expect(ada.map(without)).to.deep.equal(eve.map(without))
    expect(JSON.stringify(ada[3])).to.contain('still good')
    await until('two letters', () => mail.begun >= before + 2)
    expect(mail.begun).to.equal(before + 2)
  })
})
