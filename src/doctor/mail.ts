/** The mail server: whether it is there, speaks TLS as demanded, and lets this server in. No letter is sent. */
import type { Clock } from '../base/clock.ts'
import { Refusal } from '../base/errors.ts'
import type { SmtpFault } from '../mail/smtp.ts'
import { smtpOf } from '../main/mail.ts'
import { oneLine } from '../pages/outside.ts'
import type { Settings } from '../settings/load.ts'
import { type Check, fail, ok } from './check.ts'

const name = 'mail'

export async function mailCheck(settings: Settings, now: Clock): Promise<Check> {
  const { mail, development } = settings
  if (!mail && development) return ok(name, 'Letters come to /dev/mail, in the memory of the server.')
  if (!mail) return ok(name, 'No mail server is named: there are no letters, and nothing is offered that needs one.')
  const { host, port, user } = mail.smtp
  try {
    const smtp = smtpOf(settings, now)
    const fault = await smtp?.check()
    smtp?.close()
    if (!fault) return ok(name, `${host}:${port} takes letters${user === undefined ? '' : ` of ${user}`}.`)
    return fail(name, sentenceOn(fault, mail.smtp), mendOf(fault))
  } catch (cause) {
    if (!(cause instanceof Refusal)) throw cause
    return fail(name, cause.message, 'See mail.smtp in the settings.')
  }
}

/** What the other server said is for whoever runs this one: it goes to no log. */
export function sentenceOn({ reason, said }: SmtpFault, { host, port }: { host: string; port: number }): string {
  if (reason === 'EADDRESS') return 'This is no address that a letter can go to.'
  return `${host}:${port} does not take letters (${reason}${said === '' ? '' : `: ${oneLine(said, '', 300)}`}).`
}

export function mendOf({ reason, said }: SmtpFault): string {
  const [code = '', status] = reason.split(' ')
  if (/certificate|self.signed|altname|CERT_/i.test(said))
    return 'Name the server by the name in its certificate, and an authority of your own by mail.smtp.ca.'
  if (/wrong version|SSL|EPROTO/i.test(said)) return 'Write tls: implicit for port 465, and tls: starttls for port 587.'
  if (code === 'EDNS') return 'See whether mail.smtp.host is spelt right.'
  if (code === 'ETLS')
    return 'It offers no STARTTLS there: write tls: implicit and its port for that, 465; to a server on this machine tls: none.'
  if (code === 'EAUTH' || code === 'ENOAUTH')
    return 'See whether mail.smtp.user and its password are those that the mail server knows.'
  if (code === 'ETIMEDOUT') return 'See whether a firewall lets this machine out to that port; many close 25, and few 587.'
  if (code === 'ESOCKET' || code === 'ECONNECTION') return 'See whether the mail server runs, and listens on that port.'
  if (code === 'EADDRESS') return 'Write one address, as name@example.com.'
  if (code === 'EENVELOPE' && status !== undefined) return 'See whether it sends for mail.from, and to that address.'
  return 'Ask whoever runs the mail server; its log says more.'
}
