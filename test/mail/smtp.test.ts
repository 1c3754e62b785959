/** Letters by a real mail server: what arrives, over what, and what is said of what does not. */
import { expect } from 'chai'
import { readTrusted } from '../../src/crypto/key-files.ts'
import { createSmtp, type Message, type SmtpOptions } from '../../src/mail/smtp.ts'
import { type MailServer, password, startMailServer, user } from '../support/mail-server.ts'
import { freePort } from '../support/ports.ts'
import { good, letters } from './models.ts'

const now = Date.UTC(2026, 0, 2, 3, 4) / 1_000
const words = letters.write({ kind: 'recovery', model: good.recovery })
const message = (change: Partial<Message> = {}): Message => ({ to: 'ada@example.com', id: 'some-id', ...words, ...change })

function smtpTo(server: MailServer, change: Partial<SmtpOptions> = {}) {
  return createSmtp({
    host: 'localhost',
    port: server.port,
    tls: 'starttls',
    user,
    password,
    ca: readTrusted(server.smtp.ca as string),
    connections: 2,
    timeoutSeconds: 1,
    from: { name: 'Signet', address: 'signet@id.example.com' },
    clientName: 'id.example.com',
    now: () => now,
    ...change,
  })
}

describe('letters by SMTP', () => {
  let server: MailServer
  const opened: ReturnType<typeof createSmtp>[] = []
  const smtp = (change: Partial<SmtpOptions> = {}) => {
    const one = smtpTo(server, change)
    opened.push(one)
    return one
  }
  before(async () => {
    server = await startMailServer()
  })
  afterEach(() => {
    for (const one of opened.splice(0)) one.close()
  })
  after(() => server.close())

  it('arrive as text and as HTML, over TLS, from whom the settings say', async () => {
    const { length } = server.taken
    expect(await smtp({ replyTo: 'help@example.com' }).send(message())).to.equal(undefined)
    const letter = server.taken[length]!
    expect(letter).to.include({ secure: true, user, subject: 'Choose another password', messageId: '<some-id@id.example.com>' })
    expect(letter.from?.value).to.deep.equal([{ name: 'Signet', address: 'signet@id.example.com' }])
    expect(letter.recipients).to.deep.equal(['ada@example.com'])
    expect(letter.replyTo?.value[0]?.address).to.equal('help@example.com')
    expect(letter.date?.getTime()).to.equal(now * 1_000)
    expect(letter.headers.get('auto-submitted')).to.equal('auto-generated')
    expect(letter.attachments).to.deep.equal([])
    expect(letter.text?.trim()).to.equal(words.text.trim())
    expect(String(letter.html).trim()).to.equal(words.html.trim())
  })

  it('hold a link of 1,500 characters whole, in the text and in the HTML', async () => {
    const link = `https://id.example.com/recovery?token=${'eyJ-_.~'.repeat(210)}=end`
    const long = letters.write({ kind: 'recovery', model: { ...good.recovery, link } })
    const { length } = server.taken
    await smtp().send(message(long))
    expect(server.taken[length]?.text?.split('\n')).to.include(link)
    expect(String(server.taken[length]?.html)).to.contain(`href="${link}"`)
    for (const line of server.taken[length]!.raw.split('\r\n')) expect(line.length).to.be.at.most(998)
  })

  it('reach a domain that is not ASCII', async () => {
    const { length } = server.taken
    expect(await smtp().send(message({ to: 'ada@bücher.example' }))).to.equal(undefined)
    expect(server.taken[length]?.raw).to.match(/^To: ada@xn--bcher-kva\.example\r$/m)
  })
  it('reach a name that is not ASCII', async () => {
    const { length } = server.taken
    expect(await smtp().send(message({ to: 'łucja@example.com' }))).to.equal(undefined)
    expect(server.taken[length]?.recipients).to.deep.equal(['łucja@example.com'])
  })

  for (const to of [
    'ada@example.com\r\nBcc: all@example.com',
    'ada@example.com, all@example.com',
    'ada@example.com>\r\nRCPT TO:<all@example.com',
    '"ada\r\nx"@example.com',
    'Ada <ada@example.com>',
    'ada@exam ple.com',
    'ada@',
    '@example.com',
    'ada',
    '',
  ])
    it(`X03 go nowhere for ${JSON.stringify(to)}`, async () => {
      const { begun } = server
      expect(await smtp().deliver(message({ to }))).to.deep.equal({ is: 'refused', reason: 'EADDRESS' })
      expect(server.begun).to.equal(begun)
    })

  it('X03 gain no header from a sender’s name or a subject', async () => {
    const { length } = server.taken
    const from = { name: 'Signet\r\nBcc: all@example.com', address: 'signet@id.example.com' }
    await smtp({ from }).send(message({ subject: 'One\r\nX-Evil: yes\r\n\r\nbody' }))
    const { headers, recipients } = server.taken[length]!
    expect([...headers.keys()])
      .to.not.include.members(['bcc'])
      .and.to.not.include.members(['x-evil'])
    expect(recipients).to.deep.equal(['ada@example.com'])
  })

  describe('that are not taken', () => {
    for (const [manner, outcome] of [
      [451, { is: 'failed', reason: 'EMESSAGE 451' }],
      [552, { is: 'refused', reason: 'EMESSAGE 552' }],
      ['hangs', { is: 'failed', reason: 'ETIMEDOUT' }],
    ] as const)
      it(`are ${outcome.is} where the server answers ${manner}; nothing that it quotes is in the reason`, async () => {
        server.manners.push(manner)
        const one = smtp()
        expect(await one.deliver(message())).to.deep.equal(outcome)
        expect(await one.deliver(message()), 'the next is taken').to.deep.equal({ is: 'delivered' })
      })

    it('may be taken later where the connection drops in their middle', async () => {
      server.manners.push('drops')
      const outcome = await smtp().deliver(message())
      expect(outcome.is).to.equal('failed')
      expect(outcome)
        .to.have.property('reason')
        .that.matches(/^E[A-Z]+$/)
    })

    it('may be taken later where nobody listens', async () => {
      expect(await smtp({ port: await freePort() }).deliver(message())).to.deep.equal({ is: 'failed', reason: 'ESOCKET' })
    })

    it('may be taken later where the log-in is refused, since that is put right here', async () => {
      const one = smtp({ password: 'wrong' })
      expect(await one.deliver(message())).to.deep.equal({ is: 'failed', reason: 'EAUTH 535' })
      expect((await one.check())?.said).to.match(/^535 /)
    })

    it('are not sent at all where TLS is demanded and not offered, or by whom nobody vouches', async () => {
      const plain = await startMailServer({ offersTls: false })
      const { begun } = server
      expect((await smtp({ port: plain.port }).deliver(message())).is).to.equal('failed')
      expect((await smtp({ ca: undefined }).deliver(message())).is).to.equal('failed')
      expect((await smtp({ host: '127.0.0.2' }).deliver(message())).is).to.equal('failed')
      expect([plain.begun, server.begun]).to.deep.equal([0, begun])
      const control = smtp({ port: plain.port, tls: 'none' })
      expect((await control.deliver(message())).is, 'in clear, where that is asked for').to.equal('delivered')
      expect(plain.taken[0]?.secure).to.equal(false)
      control.close()
      await plain.close()
    })
  })

  it('go over TLS from the first byte where the settings say so, and without a log-in where none is asked for', async () => {
    const other = await startMailServer({ implicit: true, asksForUser: false })
    const one = smtpTo(other, { tls: 'implicit', user: undefined, password: undefined })
    expect(await one.check()).to.equal(undefined)
    expect(await one.deliver(message())).to.deep.equal({ is: 'delivered' })
    expect(other.taken[0]).to.include({ secure: true, user: undefined })
    one.close()
    await other.close()
  })

  it('are not begun after the end', async () => {
    const one = smtp()
    one.close()
    expect(await one.deliver(message())).to.deep.equal({ is: 'failed', reason: 'ECLOSED' })
  })
})
