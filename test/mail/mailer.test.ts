/** What is sent while nobody waits: when, how often, and what the log has of it. */
import { expect } from 'chai'
import type { Log } from '../../src/base/log.ts'
import { duringRequest } from '../../src/base/request.ts'
import { createMailer, type MailerParts } from '../../src/mail/mailer.ts'
import type { SmtpFault, Transport } from '../../src/mail/smtp.ts'
import { nowhere, type Outcome } from '../../src/outgoing/debts.ts'
import { keptLog, type Line } from '../support/log.ts'
import { good, letters } from './models.ts'

const letter = { to: 'ada@example.com', kind: 'recovery', model: good.recovery } as const
const turn = () => new Promise(setImmediate)

describe('the mailer', () => {
  let pauses: [number, () => void][]
  let sent: { to: string; id: string; text: string }[]
  let outcomes: (Outcome | Promise<Outcome>)[]
  let log: Log
  let lines: Line[]
  let closed: number

  beforeEach(() => {
    pauses = []
    sent = []
    outcomes = []
    closed = 0
    ;({ log, lines } = keptLog())
  })

  const transport = (): Transport => ({
    async deliver({ to, id, text }) {
      sent.push({ to, id, text })
      return outcomes.shift() ?? { is: 'delivered' }
    },
    check: async (): Promise<SmtpFault | undefined> => undefined,
    send: async (): Promise<SmtpFault | undefined> => undefined,
    close: () => void closed++,
  })
  const create = (parts: Partial<MailerParts> = {}) =>
    createMailer({
      letters: () => letters,
      transport: transport(),
      owed: nowhere,
      owner: 'here',
      later: (...pause) => void pauses.push(pause),
      now: () => 1_700_000_000,
      log,
      ...parts,
    })
  /** Lets the next pause pass. @returns how long it was, in milliseconds */
  async function pass(): Promise<number> {
    const [milliseconds, run] = pauses.shift()!
    run()
    for (let n = 0; n < 3; n++) await turn()
    return milliseconds
  }

  it('writes and sends a letter a moment after its request, by chance, and says so by its kind and request alone', async () => {
    const moments = new Set<number>()
    const mailer = create()
    for (let n = 0; n < 20; n++) {
      duringRequest(`request-${n}`, () => mailer.send(letter))
      await turn()
      expect(sent).to.have.length(n)
      moments.add(await pass())
    }
    expect(Math.min(...moments)).to.be.at.least(50)
    expect(moments.size).to.be.greaterThan(3)
    expect(sent[0]).to.include({ to: 'ada@example.com' }).and.to.have.property('text').that.contains(good.recovery.link)
    expect(lines.at(-1)).to.deep.equal({
      level: 'info',
      event: 'mail.delivered',
      kind: 'recovery',
      request: 'request-19',
      attempt: 1,
    })
    expect(JSON.stringify(lines)).to.not.contain('ada@').and.to.not.contain('token=')
  })

  it('tries again what may be taken later, for twenty minutes, by one id', async () => {
    outcomes = Array.from({ length: 9 }, () => ({ is: 'failed', reason: 'EMESSAGE 451' }) as const)
    create().send(letter)
    await turn()
    const waited: number[] = []
    while (pauses.length > 0) {
      await pass()
      if (pauses[0]) waited.push(await pass())
    }
    expect(waited).to.deep.equal([5_000, 30_000, 180_000, 1_000_000])
    expect(sent).to.have.length(5)
    expect(new Set(sent.map(({ id }) => id)).size).to.equal(1)
    expect(lines.map(({ event, reason }) => [event, reason])).to.deep.equal([
      ...Array.from({ length: 4 }, () => ['mail.failed', 'EMESSAGE 451']),
      ['mail.given_up', 'EMESSAGE 451'],
    ])
  })

  it('tries for two days what it owes', async () => {
    outcomes = Array.from({ length: 20 }, () => ({ is: 'failed', reason: 'ESOCKET' }) as const)
    await create().owe(letter, { account: 'ada' })
    const waited: number[] = []
    while (pauses.length > 0) {
      await pass()
      if (pauses[0]) waited.push(await pass())
    }
    expect(waited).to.have.length(8)
    expect(waited.reduce((sum, one) => sum + one) / 3_600_000).to.be.within(40, 48)
    expect(lines.at(-1)).to.include({ level: 'error', event: 'mail.given_up', attempt: 9 })
  })

  it('has room for what it owes, however many letters strangers ask for', async () => {
    const mailer = create()
    for (let n = 0; n < 2_001; n++) mailer.send(letter)
    await mailer.owe({ ...letter, to: 'owed@example.com' }, { account: 'ada' })
    await turn()
    while (pauses.length > 0 && !sent.some(({ to }) => to === 'owed@example.com')) await pass()
    expect(sent.length, 'and not behind them').to.be.below(20)
    expect(lines.filter(({ event }) => event === 'mail.dropped')).to.have.length(1)
  })

  it('does not try again what was refused for good', async () => {
    outcomes = [{ is: 'refused', reason: 'EENVELOPE 550' }]
    create().send(letter)
    await turn()
    await pass()
    expect(pauses).to.deep.equal([])
    expect(lines.at(-1)).to.include({ level: 'error', event: 'mail.given_up', reason: 'EENVELOPE 550' })
  })

  it('has room for two thousand letters, and says loudly what it has none for', async () => {
    const mailer = create()
    for (let n = 0; n < 2_001; n++) mailer.send(letter)
    await turn()
    expect(mailer.waiting).to.equal(2_000)
    expect(lines).to.deep.equal([
      { level: 'error', event: 'mail.dropped', kind: 'recovery', request: undefined, reason: 'too many letters are waiting' },
    ])
  })

  it('throws for nothing that goes wrong with a letter', async () => {
    const mailer = create({
      letters: () => {
        throw new Error('no such template')
      },
    })
    mailer.send(letter)
    await turn()
    await pass()
    expect(lines.at(-1)).to.include({ event: 'mail.failed', reason: 'no such template' })
  })

  it('waits at its end for what is under way, for a few seconds, and says what it leaves', async () => {
    outcomes = [new Promise(() => {})]
    const mailer = create()
    mailer.send(letter)
    await turn()
    await pass()
    let done = false
    const closing = mailer.close().then(() => {
      done = true
    })
    await turn()
    expect([done, closed]).to.deep.equal([false, 0])
    expect(await pass()).to.equal(5_000)
    await closing
    expect(closed).to.equal(1)
    expect(lines.at(-1)).to.include({ event: 'mail.left', kind: 'recovery', attempts: 0 })
  })

  it('ends at once when nothing is under way', () => create().close())

  it('that has nowhere to send to says so, and says loudly what is lost', () => {
    const mailer = create({ transport: undefined })
    expect(mailer.delivers).to.equal(false)
    mailer.send(letter)
    expect(lines).to.have.length(1)
    expect(lines[0]).to.include({ level: 'error', event: 'mail.dropped', kind: 'recovery' })
  })
})
