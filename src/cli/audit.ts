/** `signet audit`: who changed what. Reads, and writes nothing. */
import type { Accounts } from '../accounts/account.ts'
import { systemClock } from '../base/clock.ts'
import { Refusal } from '../base/errors.ts'
import type { AuditRow } from '../store/audit.ts'
import { answer, withParts } from './run.ts'
import { secondOf } from './times.ts'

interface Options {
  since?: string
  act?: string
  subject?: string
  client?: string
  limit: string
  json?: boolean
}

const most = 10_000

export async function showAudit({ since, act, subject, client, limit, json }: Options): Promise<void> {
  const filter = { since: since === undefined ? undefined : secondOf('--since', since, 'ago', systemClock()), act, client }
  const count = countOf(limit)
  const newestFirst = await withParts(async ({ accounts, audit }) =>
    audit.list({ ...filter, account: subject?.includes('@') ? await subjectOf(accounts, subject) : subject }, count),
  )
  const rows = newestFirst.toReversed()
  answer(json, rows.map(shown), rows.length > 0 ? rows.map(inWords) : ['Nothing of that kind is in the audit log.'])
}

async function subjectOf(accounts: Accounts, email: string): Promise<string> {
  const account = await accounts.findByEmail(email)
  if (!account) throw new Refusal('unknown_account', `There is no account ${email}.`)
  return account.id
}

function countOf(limit: string): number {
  const count = /^\d{1,5}$/.test(limit) ? Number(limit) : 0
  if (count >= 1 && count <= most) return count
  throw new Refusal('invalid_option', `--limit is a whole number from 1 to ${most}, not ${JSON.stringify(limit)}.`)
}

const shown = ({ account, expiresAt: _, ...row }: AuditRow) => ({ ...row, ...(account !== undefined && { subject: account }) })

function inWords({ at, actor, act, account, client, from, detail }: AuditRow): string {
  const about = [account && `subject ${account}`, client && `client ${client}`].filter(Boolean).join(', ')
  const more = Object.keys(detail).length > 0 ? JSON.stringify(detail) : ''
  return [timeOf(at), act.padEnd(22), `${actor} (${from})`, about, more].filter(Boolean).join('  ')
}

const timeOf = (at: number) => new Date(at * 1_000).toISOString().replace('.000Z', 'Z')
