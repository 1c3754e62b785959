/** `signet account import`: people of another system, a JSON object a line, with the hashes of their passwords. */
import { createReadStream } from 'node:fs'
import { addImported, importedAccount } from '../accounts/imported.ts'
import { Refusal } from '../base/errors.ts'
import type { Parts } from '../main/parts.ts'
import type { Account } from '../store/store.ts'
import { type Line, linesOf } from './lines.ts'
import { answer, tellPerson, withParts } from './run.ts'

interface Options {
  dryRun?: boolean
  json?: boolean
}

export interface Fault {
  line: number
  error: string
  message: string
}

interface Outcome {
  added: number
  /** Whose address was here already, or twice in the file: left as they were. */
  left: number
  faulty: number
  /** The first of them. */
  faults: Fault[]
}

/** A person takes some 300 characters; the longest claims that are allowed, some 20,000. */
const longestLine = 65_536
const perCommit = 500
const notJson = 'This is not JSON. A line is an object such as {"email":"ada@example.com","hash":"$2b$10$…"}.'
const mostFaultsSaid = 100

/** @throws Refusal `unreadable_file` */
export async function importAccounts(file: string, { dryRun = false, json }: Options): Promise<void> {
  const outcome = await withParts((parts) => importFrom(file, parts, dryRun))
  answer(json, { ...outcome, dryRun }, said(outcome, dryRun))
  if (outcome.faulty > 0) process.exitCode = 1
}

async function importFrom(file: string, parts: Parts, dryRun: boolean): Promise<Outcome> {
  const { store, audit } = parts
  const outcome: Outcome = { added: 0, left: 0, faulty: 0, faults: [] }
  /** Of a dry run, which finds nobody in the store whom an earlier line would have added. */
  const seen = new Set<string>()
  let batch: Account[] = []

  async function put(): Promise<void> {
    const added = dryRun ? await countNew(parts, batch, seen) : await addImported({ accounts: store.accounts, audit }, batch)
    outcome.added += added
    outcome.left += batch.length - added
    batch = []
    tellPerson(`\r${(outcome.added + outcome.left + outcome.faulty).toLocaleString('en')} read …`)
  }

  try {
    for await (const line of linesOf(file === '-' ? process.stdin : createReadStream(file), longestLine)) {
      const read = accountOf(line, parts)
      if ('emailKey' in read) batch.push(read)
      else if (++outcome.faulty <= mostFaultsSaid) outcome.faults.push(read)
      if (batch.length === perCommit) await put()
    }
  } catch (cause) {
    throw unreadable(cause, outcome)
  }
  await put()
  tellPerson('\n')
  return outcome
}

function accountOf({ number: line, text }: Line, { settings, now }: Parts): Account | Fault {
  try {
    if (text === undefined) return { line, error: 'invalid_person', message: `A line has at most ${longestLine} characters.` }
    return importedAccount(JSON.parse(text), { roles: Object.keys(settings.roles), now })
  } catch (cause) {
    if (cause instanceof SyntaxError) return { line, error: 'invalid_person', message: notJson }
    if (!(cause instanceof Refusal)) throw cause
    return { line, error: cause.code, message: cause.message }
  }
}

async function countNew({ store }: Parts, batch: Account[], seen: Set<string>): Promise<number> {
  const unseen = new Set(batch.map(({ emailKey }) => emailKey).filter((key) => !seen.has(key)))
  for (const key of unseen) seen.add(key)
  const found = await Promise.all([...unseen].map((key) => store.accounts.findByEmailKey(key)))
  return found.filter((account) => account === undefined).length
}

/** What was added is there, and whoever begins again finds it so. */
function unreadable(cause: unknown, { added }: Outcome): unknown {
  const { code, syscall, message } = cause as NodeJS.ErrnoException
  if (syscall === undefined) return cause
  const sofar = added > 0 ? ` ${added} people were added before.` : ''
  return new Refusal('unreadable_file', `The file cannot be read: ${code === 'ENOENT' ? 'it is not there' : message}.${sofar}`, {
    cause,
  })
}

function said({ added, left, faulty, faults }: Outcome, dryRun: boolean): string[] {
  const people = (count: number) => `${count} ${count === 1 ? 'person' : 'people'}`
  const unsaid = faulty - faults.length
  return [
    ...faults.map(({ line, message }) => `Line ${line}: ${message}`),
    ...(unsaid > 0 ? [`And ${unsaid} more.`] : []),
    `${dryRun ? 'Would add' : 'Added'} ${people(added)}, ${dryRun ? 'leave' : 'left'} ${people(left)} whose address is here already, and ${dryRun ? 'leave out' : 'left out'} ${faulty} faulty ${faulty === 1 ? 'line' : 'lines'}.`,
  ]
}
