/**
 * What the settings allow no more is ended at the start that finds it out: by sentences, as whatever ends (docs/revocation.md). A record of what was
 * allowed lies in the vault from one start to the next.
 *
 * Settings end something once, when they are new. A node that starts with settings which were in force before is one of an older file beside newer
 * ones, as when nodes are replaced one by one, or an operator who went back; nobody can tell which from here, and two files that undo each other
 * would end everybody's tokens at each start. Settings in which no API of before is left are as likely those of another server, found where this one's
 * were missing; what they ended would be ended for good. So either ends nothing, says so, and `signet settings apply` does it where it is meant.
 */
import type { Log } from '../base/log.ts'
import {
  type Allowance,
  allowanceOf,
  isNothing,
  joined,
  markOf,
  sharesNoApi,
  type TakenAway,
  takenAway,
} from '../permissions/allowance.ts'
import type { Settings } from '../settings/load.ts'
import { endBound } from '../tokens/bonds.ts'
import { isBeyond } from '../tokens/key-endings.ts'
import { createKeyOwners } from '../tokens/key-owners.ts'
import { deadApi, deadClient, narrowedClient, sayDead } from '../tokens/revocation.ts'
import type { Parts } from './parts.ts'

/** Of the entry in the vault. */
export const allowanceEntry = 'settings/allowed'
/** Marks of settings that are remembered. */
const mostKnown = 100

interface Kept {
  /** Whatever can have been issued and was not ended since. */
  allowed: Allowance
  /** Marks of settings that were in force, the newest last. */
  known: string[]
}

export interface Judged {
  taken: TakenAway
  /** Why a start ends nothing of it: the settings were in force before, and others since; or no API of before is left in them. */
  doubt?: 'older' | 'foreign' | undefined
}

/** @param text of the entry, if there is one */
export function judgeAllowance(settings: Pick<Settings, 'apis' | 'clients'>, text: string | undefined): Judged {
  return judged(allowanceOf(settings), keptIn(text))
}

const keptIn = (text: string | undefined): Kept | undefined => (text === undefined ? undefined : JSON.parse(text))

/** @param kept nothing before the first start: then nothing can have been taken away */
function judged(allowance: Allowance, { allowed, known }: Kept = { allowed: allowance, known: [] }): Judged {
  const doubt = known.includes(markOf(allowance)) ? 'older' : sharesNoApi(allowed, allowance) ? 'foreign' : undefined
  return { taken: takenAway(allowed, allowance), doubt }
}

/**
 * The sentences first: who is killed in between says them once more.
 * @param isMeant whatever there is to doubt
 */
export async function settleAllowance(parts: Parts, isMeant = false): Promise<Judged> {
  const { settings, vault } = parts
  const allowance = allowanceOf(settings)
  for (;;) {
    const [entry] = await vault.list(allowanceEntry)
    const text = entry?.open()
    const kept = keptIn(text)
    const found = judged(allowance, kept)
    const doubt = isMeant ? undefined : found.doubt
    if (!doubt && !isNothing(found.taken)) await endTaken(parts, found.taken)
    const next = JSON.stringify(following(kept, allowance, doubt))
    if (next === text || (await vault.put(allowanceEntry, next, entry?.mark))) return found
  }
}

function following(kept: Kept | undefined, allowance: Allowance, doubt: Judged['doubt']): Kept {
  const mark = markOf(allowance)
  if (!kept) return { allowed: allowance, known: [mark] }
  const { allowed, known } = kept
  // With them in the record, the next start by the same would find an API of before.
  if (doubt === 'foreign') return { allowed, known }
  if (doubt) return isNothing(takenAway(allowance, allowed)) ? { allowed, known } : { allowed: joined(allowed, allowance), known }
  if (known.at(-1) === mark && markOf(allowed) === mark) return { allowed, known }
  return { allowed: allowance, known: [...known.filter((one) => one !== mark), mark].slice(-mostKnown) }
}

/** Where a client is gone its grants are as well; one that was narrowed keeps them, and gets tokens that say less. */
async function endTaken({ settings, store, audit, apis, apiKeys, now }: Parts, taken: TakenAway): Promise<void> {
  const at = now()
  const who = { from: 'start' }
  const dead = [
    ...taken.apis.map((id) => deadApi(id, at)),
    ...taken.narrowedClients.map((id) => narrowedClient(id, at)),
    ...taken.removedClients.map((id) => deadClient(id, at)),
  ]
  await Promise.all([audit.record('settings.narrowed', { ...who, detail: { ...taken } }), sayDead(store.revocations, dead, at)])
  for (const client of taken.removedClients) await endBound(store, { client }, at)
  const owners = createKeyOwners(settings.clients, store)
  await apiKeys.endWhere(
    async (row) => {
      const api = apis.find(row.audience)
      const allowed = api?.apiKeys ? ((await owners.of(row))?.scopes(api) ?? []) : []
      return isBeyond(row, allowed)
    },
    'operator',
    who,
  )
}

/** For the log, and for people. */
export function saidOf({ apis, narrowedClients, removedClients }: TakenAway): string {
  const named = (what: string, names: string[]) => (names.length > 0 ? [`${what} ${names.join(', ')}`] : [])
  return [
    ...named('access tokens for', apis),
    ...named('access tokens of', narrowedClients),
    ...(apis.length + narrowedClients.length > 0 ? ['each API key that allows more'] : []),
    ...named('whatever belongs to', removedClients),
  ].join('; ')
}

export function tellTaken({ taken, doubt }: Judged, log: Log): void {
  if (isNothing(taken)) return
  if (!doubt) log.info('settings.taken_away', { ...taken })
  else
    log.error('settings.not_applied', {
      ...taken,
      warning: `${doubtInWords[doubt]}, so nothing is ended that they do not allow: ${saidOf(taken)}. Where they are meant to stay, signet settings apply ends it.`,
    })
}

export const doubtInWords = {
  older: 'These settings were in force before others',
  foreign: 'No API of before is left in these settings, as in those of another server',
} as const
