/** `signet backup` and `signet restore`: a copy of what lasts, made and put back beside a running server. */
import path from 'node:path'
import { createAudit } from '../audit/audit.ts'
import { systemClock } from '../base/clock.ts'
import { Refusal } from '../base/errors.ts'
import { givenSecrets, operatorHere } from '../main/parts.ts'
import { type Kept, makeSafe } from '../main/restore.ts'
import { loadSettings, type Settings } from '../settings/load.ts'
import { copyDatabase, replaceDatabase } from '../store/sqlite/backup.ts'
import { isThere, removeFile } from '../store/sqlite/file.ts'
import { type DurableRoles, openDurable } from '../store/sqlite.ts'
import { answer, tellPerson } from './run.ts'

export async function backUp(given: string, { json }: { json?: boolean }): Promise<void> {
  const settings = loadSettings()
  const file = path.resolve(given)
  const live = databaseOf(settings)
  const bytes = await copyDatabase(live, file, progressOn('copied'))
  const opened = openDurable({ file: live, now: systemClock })
  await auditOf(opened, settings)
    .record('database.backed_up', { detail: { file, bytes } })
    .finally(() => opened.close())
  answer(json, { file, bytes }, [
    `Wrote ${file} (${bytes} bytes, checked).`,
    `It opens with the secrets and keys of ${settings.keyFolder} alone, which are not in it: keep those apart.`,
    ...elsewhere(settings),
  ])
}

export async function restore(
  given: string,
  { json, removedClients }: { json?: boolean; removedClients?: boolean },
): Promise<void> {
  const settings = loadSettings()
  const live = databaseOf(settings)
  const draft = `${live}.${process.pid}.restored`
  const wasThere = isThere(live)
  // A folder that has none yet gets an empty database first, of the right mode.
  if (!wasThere) openDurable({ file: live, now: systemClock }).close()
  try {
    await copyDatabase(path.resolve(given), draft, progressOn('read'))
    const { kept, compared } = await prepared(draft, wasThere ? live : undefined, settings, Boolean(removedClients))
    await replaceDatabase(live, draft, progressOn('restored'))
    answer(json, { restored: path.resolve(given), compared, kept }, [
      `Restored ${given}. Everybody signs in again; no token from before now is good here.`,
      ...whatIsKept(kept, compared),
      ...elsewhere(settings),
    ])
  } finally {
    removeFile(draft)
  }
}

const auditOf = ({ audit }: DurableRoles, settings: Settings) =>
  createAudit({ store: audit, operator: operatorHere(), keepDays: settings.audit.keepDays, now: systemClock })

const databaseOf = ({ dataFolder }: Settings) => path.join(dataFolder, 'signet.sqlite')

async function prepared(
  draft: string,
  live: string | undefined,
  settings: Settings,
  bringBackClients: boolean,
): Promise<{ kept: Kept; compared: boolean }> {
  const present = live === undefined ? undefined : readable(live)
  try {
    const restored = openDurable({ file: draft, now: systemClock })
    try {
      const kept = await makeSafe(restored, present, {
        bringBackClients,
        secrets: givenSecrets(settings).names,
        now: systemClock,
      })
      // In the draft, so that the database says so from the moment in which it is the live one.
      await auditOf(restored, settings).record('database.restored', { detail: { compared: present !== undefined } })
      return { kept, compared: present !== undefined }
    } finally {
      restored.close()
    }
  } finally {
    present?.close()
  }
}

/** A database that cannot be read is a reason to restore one. */
function readable(live: string): DurableRoles | undefined {
  try {
    return openDurable({ file: live, now: systemClock })
  } catch (cause) {
    if (cause instanceof Refusal) return undefined
    throw cause
  }
}

function whatIsKept(
  { disabled, passwords, roles, changedClients, removedClients, removedAccounts }: Kept,
  compared: boolean,
): string[] {
  if (!compared)
    return [
      'There was no database to compare with: whoever was disabled or lost a role, clients that were removed or registered otherwise, and passwords and secrets that were replaced since the backup are as they were then.',
    ]
  const list = (words: string, names: string[]) => (names.length > 0 ? [`${words}: ${names.join(', ')}`] : [])
  return [
    ...list('Stay disabled', disabled),
    ...list('Keep the password and the address of now', passwords),
    ...list('Do not get back the roles that they lost', roles),
    ...list('Stay registered as they are now, secrets and keys included', changedClients),
    ...list('Accounts that stay deleted', removedAccounts),
    ...list('Clients that stay removed (--removed-clients brings them back)', removedClients),
  ]
}

function elsewhere({ redis }: Settings): string[] {
  return redis?.artifacts === 'all' ? ['Sessions, grants and refresh tokens are in Redis, which has backups of its own.'] : []
}

function progressOn(verb: string): (done: number, all: number) => void {
  return (done, all) => tellPerson(`\r${verb} ${done} of ${all} pages${done === all ? '\n' : ''}`)
}
