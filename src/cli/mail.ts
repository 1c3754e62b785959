/** `signet mail test ADDRESS`: sends one letter, now, and says what the mail server answered. */
import { randomUUID } from 'node:crypto'
import { systemClock } from '../base/clock.ts'
import { Refusal } from '../base/errors.ts'
import { mendOf, sentenceOn } from '../doctor/mail.ts'
import { createLetters } from '../mail/letters.ts'
import { smtpOf } from '../main/mail.ts'
import { loadSettings } from '../settings/load.ts'
import { answer } from './run.ts'

export async function testMail(to: string, { json }: { json?: boolean }): Promise<void> {
  const settings = loadSettings()
  const smtp = smtpOf(settings, systemClock)
  if (!smtp || !settings.mail) {
    const where = settings.development ? ' In development letters come to /dev/mail of the running server.' : ''
    throw new Refusal('no_mail_server', `The settings name no mail server (mail).${where}`)
  }
  const { host, port } = settings.mail.smtp
  const fault = await smtp.send({ to, id: randomUUID(), ...createLetters(settings).write({ kind: 'test', model: {} }) })
  smtp.close()
  if (fault) throw new Refusal('letter_not_taken', `${sentenceOn(fault, settings.mail.smtp)} ${mendOf(fault)}`)
  answer(json, { to, server: `${host}:${port}`, taken: true }, [
    `${host}:${port} took a letter to ${to}. If it does not arrive, it is there that it is known why; look into the spam folder too.`,
  ])
}
