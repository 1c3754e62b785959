/** `signet mail test`, and what the doctor says of the mail server: each fault by its mend. */
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect } from 'chai'
import { mailCheck } from '../../src/doctor/mail.ts'
import { loadSettings } from '../../src/settings/load.ts'
import { settingsFile } from '../settings/file.ts'
import { type MailServer, password, startMailServer, user } from '../support/mail-server.ts'
import { freePort } from '../support/ports.ts'
import { temporaryFolder } from '../support/server.ts'
import { createPrograms, expectOneLine } from './program.ts'

describe('signet mail test', () => {
  let mail: MailServer
  before(async () => {
    mail = await startMailServer()
  })
  after(() => mail.close())
  const settings = (change: object = {}) => ({ mail: { from: 'signet@id.example.com', smtp: { ...mail.smtp, ...change } } })

  it('sends a letter, and says that it was taken', async () => {
    const { stdout, stderr, code } = await (await createPrograms(settings())).signet(['mail', 'test', 'op@example.com'])
    expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' })
    expect(stdout).to.contain(`localhost:${mail.port} took a letter to op@example.com`)
    expect((await mail.letterTo('op@example.com')).subject).to.equal('A test letter')
  })

  it('says what the mail server answered, and what to do about it; not the password', async () => {
    const { stdout, stderr, code } = await (await createPrograms(settings({ password: 'a-wrong-one' }))).signet([
      'mail',
      'test',
      'op@example.com',
    ])
    expect({ code, stdout }).to.deep.equal({ code: 1, stdout: '' })
    expect(stderr).to.match(
      /^signet: localhost:\d+ does not take letters \(EAUTH 535: .*Authentication failed\)\. See whether mail\.smtp\.user/,
    )
    expect(stderr.trim().split('\n')).to.have.length(1)
    expect(stderr).to.not.contain('a-wrong-one')
  })

  it('does not blame the mail server for an address that is none', async () => {
    expectOneLine(
      await (await createPrograms(settings())).signet(['mail', 'test', 'nonsense']),
      /^signet: This is no address that a letter can go to\. Write one address, as name@example\.com\.\n$/,
    )
  })

  it('says to a program what it says to a person', async () => {
    const programs = await createPrograms(settings())
    expect(await programs.json(['mail', 'test', 'op@example.com'])).to.include({ to: 'op@example.com', taken: true })
    mail.manners.push(550)
    const { stdout } = await programs.signet(['mail', 'test', 'op@example.com', '--json'])
    expect(JSON.parse(stdout)).to.include({ error: 'letter_not_taken' })
  })

  it('says that there is no mail server', async () => {
    const { stderr, code } = await (await createPrograms()).signet(['mail', 'test', 'op@example.com'])
    expect({ code, stderr }).to.deep.equal({
      code: 1,
      stderr:
        'signet: The settings name no mail server (mail). In development letters come to /dev/mail of the running server.\n',
    })
  })

  describe('as the doctor sees it', () => {
    const check = (file: object) => mailCheck(loadSettings({ SIGNET_CONFIG: settingsFile(file) }), () => 1_700_000_000)

    it('is well where the server lets us in, and sends no letter', async () => {
      const { begun } = mail
      expect(await check(settings())).to.deep.equal({
        name: 'mail',
        status: 'ok',
        sentence: `localhost:${mail.port} takes letters of ${user}.`,
      })
      expect(mail.begun).to.equal(begun)
    })
    it('takes its password from a file that nobody else can read', async () => {
      const passwordFile = path.join(temporaryFolder(), 'password')
      writeFileSync(passwordFile, `${password}\nand what follows\n`, { mode: 0o600 })
      expect((await check(settings({ password: undefined, passwordFile }))).status).to.equal('ok')
      const open = path.join(temporaryFolder(), 'password')
      writeFileSync(open, password, { mode: 0o644 })
      for (const file of [open, path.join(temporaryFolder(), 'none')]) {
        const { status, sentence } = await check(settings({ password: undefined, passwordFile: file }))
        expect(status).to.equal('fail')
        expect(sentence).to.contain(file)
      }
    })
    it('is nothing to mend where none is named', async () => {
      expect((await check({})).sentence).to.contain('/dev/mail')
      expect((await check({ issuer: 'https://id.example.com' })).sentence).to.contain('nothing is offered that needs one')
    })
    for (const [what, change, sentence, mend] of [
      ['a wrong password', () => ({ password: 'wrong' }), /EAUTH 535/, /user and its password/],
      ['a port where nobody listens', async () => ({ port: await freePort() }), /ECONNREFUSED/, /runs, and listens/],
      ['a name that leads nowhere', () => ({ host: 'no-such-host.invalid' }), /EDNS|ENOTFOUND/, /spelt right/],
      ['a certificate that nobody vouches for', () => ({ ca: undefined }), /certificate/i, /mail\.smtp\.ca/],
      ['TLS from the first byte where STARTTLS is spoken', () => ({ tls: 'implicit' }), /does not take letters/, /port 465/],
    ] as const)
      it(`is told of ${what}, with its mend`, async () => {
        const found = await check(settings(await change()))
        expect(found.status).to.equal('fail')
        expect(found.sentence).to.match(sentence)
        expect(found.mend).to.match(mend)
      })
    it('is told that no TLS is offered, with its mend', async () => {
      const plain = await startMailServer({ offersTls: false })
      const found = await check({ mail: { from: 'signet@id.example.com', smtp: plain.smtp } })
      expect(found).to.have.property('mend').that.contains('offers no STARTTLS')
      await plain.close()
    })
  })
})
