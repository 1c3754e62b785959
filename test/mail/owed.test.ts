/** Letters that tell what happened to an account: kept with the change that they tell of, and delivered whatever ends in between. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect } from 'chai'
import { beside } from '../../src/mail/mailer.ts'
import { openParts } from '../../src/main/parts.ts'
import { forget, reseal } from '../../src/main/reseal.ts'
import { takeCensus } from '../../src/main/secrets.ts'
import { createVisitor } from '../../src/try/visitor.ts'
import { letterTo, linkOf } from '../support/inbox.ts'
import { keptLog } from '../support/log.ts'
import { type MailServer, startMailServer } from '../support/mail-server.ts'
import { type Served, startServed } from '../support/served.ts'
import { startTestServer, type TestServer, temporaryFolder } from '../support/server.ts'
import { until } from '../support/until.ts'
import { good } from './models.ts'

const letter = (to: string) => ({ to, kind: 'password-changed', model: good['password-changed'] }) as const

describe('a letter that is owed', () => {
  let mail: MailServer
  before(async () => {
    mail = await startMailServer()
  })
  after(() => mail.close())
  const settings = () => ({ mail: { from: 'signet@id.example.com', smtp: mail.smtp } })
  /** Somebody to owe a letter to. */
  async function person({ parts }: Pick<TestServer, 'parts'>, email: string): Promise<string> {
    return (await parts.accounts.add({ email, password: 'correct horse battery' })).id
  }
  const rows = ({ parts }: Pick<TestServer, 'parts'>) => parts.store.letters.list(100)

  describe('of a server', () => {
    let server: TestServer
    const { log, lines } = keptLog()
    before(async () => {
      // Pauses are shortened, so that nobody waits for them.
      const later = (milliseconds: number, run: () => void) => void setTimeout(run, Math.min(milliseconds, 50))
      server = await startTestServer({ settings: settings(), log, later })
    })
    after(() => server.close())

    it('is a row before whoever owes it goes on, sealed, and none when it is delivered', async () => {
      const account = await person(server, 'ada@example.com')
      await server.parts.mailer.owe(letter('ada@example.com'), { account })
      const [row, ...others] = await rows(server)
      expect(others).to.deep.equal([])
      expect(row?.sealed).to.match(/^[0-9a-f]{12}\./)
      expect(Buffer.from(row!.sealed.slice(13), 'base64url').toString('latin1')).to.not.contain('ada@')
      expect((await mail.letterTo('ada@example.com')).subject).to.equal('Your password was changed')
      await until('no row', async () => (await rows(server)).length === 0)
      expect(lines.at(-1)).to.include({ event: 'mail.delivered', kind: 'password-changed' })
    })

    it('is none for a change that was not made', async () => {
      const account = await person(server, 'eve@example.com')
      await server.parts.mailer.owe(letter('eve@example.com'), { account, credentialsVersion: 1 })
      await server.parts.mailer.owe(letter('eve@example.com'), { account: 'nobody' })
      expect(await rows(server)).to.deep.equal([])
      await server.parts.mailer.owe(letter('bob@example.com'), { account })
      await mail.letterTo('bob@example.com')
      expect(mail.taken.filter(({ recipients }) => recipients.includes('eve@example.com'))).to.deep.equal([])
    })

    it('is tried again, as the same letter, where the connection broke', async () => {
      const account = await person(server, 'joe@example.com')
      // The first on a connection that was kept is no attempt.
      mail.manners.push('drops', 'drops')
      await server.parts.mailer.owe(letter('joe@example.com'), { account })
      await until('the first attempt', () => lines.some(({ event }) => event === 'mail.failed'))
      const { messageId } = await mail.letterTo('joe@example.com')
      expect(messageId).to.match(/^<[\w-]{43}@id\.example\.com>$/)
    })

    it('of the command line is delivered by the server beside it', async () => {
      const beforehand = await openParts(server.settings, { first: false })
      const account = await person({ parts: beforehand }, 'cli@example.com')
      await beforehand.mailer.owe(letter('cli@example.com'), { account })
      expect((await rows(server)).map(({ id }) => id.split('.')[0])).to.deep.equal([beside])
      await beforehand.close()
      await mail.letterTo('cli@example.com')
    })
  })

  it('that a process was killed with is delivered by the next', async () => {
    let server: Served = await startServed(settings())
    const account = await person(server, 'kim@example.com')
    mail.manners.push('hangs')
    const { begun } = mail
    await server.parts.mailer.owe(letter('kim@example.com'), { account })
    await until('an attempt', () => mail.begun > begun)
    await server.stop('SIGKILL')
    expect(mail.taken.some(({ recipients }) => recipients.includes('kim@example.com'))).to.equal(false)
    server = await startServed(settings(), {}, server.folder)
    await mail.letterTo('kim@example.com')
    await until('no row', async () => (await rows(server)).length === 0)
    await server.close()
  })

  it('that a worker was killed with is delivered by another', async () => {
    const server = await startServed({ ...settings(), cluster: { workers: 2 } })
    const { email } = await server.parts.accounts.add({ email: 'mia@example.com', password: 'correct horse battery' })
    const visitor = createVisitor(server.issuer)
    await visitor.submit(await visitor.open('/recovery'), '/recovery', { email })
    const page = await visitor.open(linkOf({ text: String((await mail.letterTo(email)).text) }))
    mail.manners.push('hangs')
    const { begun } = mail
    await visitor.submit(page, page.url.pathname, { password: 'difference engine' })
    await until('an attempt', () => mail.begun > begun)
    const [row] = await rows(server)
    expect(row?.id, 'of a worker').to.match(/^[0-9a-f-]{36}\./)
    // Which of the two owes it is not known, so that both are killed, one after the other: the first leaves it to the second, if it was that.
    for (const { pid } of server.said('worker.listening').slice(0, 2)) {
      const { length } = server.said('worker.listening')
      process.kill(pid as number, 'SIGKILL')
      await server.hear('worker.listening', length + 1)
    }
    expect((await mail.letterTo(email, 2)).subject).to.equal('Your password was changed')
    await until('no row', async () => (await rows(server)).length === 0)
    await server.close()
  })

  it('is left in the store by a server that ends while the mail server is away', async () => {
    const folder = temporaryFolder()
    const away = await startMailServer()
    await away.close()
    const first = await startTestServer({ folder, settings: { mail: { ...settings().mail, smtp: away.smtp } } })
    const account = await person(first, 'liz@example.com')
    await first.parts.mailer.owe(letter('liz@example.com'), { account })
    await first.close()
    const second = await startTestServer({ folder, settings: settings() })
    await mail.letterTo('liz@example.com')
    await second.close()
  })

  it('outlives the secret that it was sealed under, if that is replaced in time, and goes with one that is lost', async () => {
    const [old, fresh] = ['the-secret-of-before-which-is-long-enough', 'the-secret-of-after-which-is-long-enough-too']
    const folder = temporaryFolder()
    const server = await startTestServer({ folder, masterSecret: old })
    const { settings: its } = server
    const account = await person(server, 'zoe@example.com')
    await server.close()
    const by = (masterSecret: string) => openParts({ ...its, masterSecret }, { first: false })

    const before = await by(old)
    for (const to of ['zoe@example.com', 'max@example.com']) await before.mailer.owe(letter(to), { account })
    const oldName = before.secrets.names[0]
    await before.close()
    const both = await by(`${fresh} ${old}`)
    const freshName = both.secrets.names[0]
    expect((await takeCensus(both.store)).get(oldName)).to.be.at.least(2)
    await reseal(both)
    expect([...(await takeCensus(both.store)).keys()]).to.deep.equal([freshName])
    await both.close()
    const after = await startTestServer({ folder, masterSecret: fresh })
    await letterTo(after, 'zoe@example.com', 'password-changed')
    await letterTo(after, 'max@example.com', 'password-changed')
    await after.close()

    const lost = await by(fresh)
    await lost.mailer.owe(letter('zoe@example.com'), { account })
    await lost.close()
    const others = await by(old)
    const { log, lines } = keptLog()
    const reading = await openParts({ ...its, masterSecret: old }, { first: false, owner: 'here', log })
    await reading.mailer.takeUp()
    expect(lines.map(({ event, name }) => [event, name])).to.deep.equal([['mail.unreadable', freshName]])
    await reading.close()
    expect(await others.store.letters.list(10)).to.have.length(1)
    expect(await forget(others, freshName)).to.be.at.least(1)
    expect(await others.store.letters.list(10)).to.deep.equal([])
    await others.close()
  })

  it('is not in the files of the database in clear', async () => {
    const server = await startTestServer()
    const account = await person(server, 'somebody@example.com')
    const parts = await openParts(server.settings, { first: false })
    await parts.mailer.owe({ ...letter('an-address-of-a-letter@example.com') }, { account })
    for (const name of ['signet.sqlite', 'signet.sqlite-wal'])
      expect(readFileSync(path.join(server.settings.dataFolder, name), 'latin1')).to.not.contain('an-address-of-a-letter')
    await parts.close()
    await server.close()
  })
})
