/** `signet secrets`: which secret is still needed, and sealing by the newest, beside a running server. */
import { Refusal } from '../base/errors.ts'
import type { Parts } from '../main/parts.ts'
import { forget, reseal } from '../main/reseal.ts'
import { type Census, takeCensus } from '../main/secrets.ts'
import { answer, tellPerson, withParts } from './run.ts'

interface Output {
  json?: boolean
}

type Use = 'writes' | 'reads' | 'missing' | 'unnamed'

interface Shown {
  /** Absent for records from before secrets had names. */
  name?: string
  use: Use
  records: number
}

export async function listSecrets({ json }: Output): Promise<void> {
  const shown = await withParts(async ({ store, secrets }) =>
    shownOf(secrets.names, await takeCensus(store, progressOn('counted'))),
  )
  answer(json, shown, inWords(shown))
}

export async function rotateSecrets({ json }: Output): Promise<void> {
  const { renewed, unreadable, shown } = await withParts(async (parts: Parts) => {
    const { census, ...counts } = await reseal(parts, progressOn('looked at'))
    await parts.audit.record('secrets.rotated', { detail: counts })
    return { ...counts, shown: shownOf(parts.secrets.names, census) }
  })
  const [newest] = shown
  const behind = shown.slice(1).filter(({ use, records }) => use === 'reads' && records > 0)
  answer(json, { renewed, unreadable, secrets: shown }, [
    `Sealed ${renewed} records by ${newest?.name}.`,
    ...(unreadable ? [`${unreadable} cannot be read, and are as they were.`] : []),
    ...behind.map(
      ({ name, records }) =>
        `${records} were sealed under ${name} meanwhile: a server that still writes with it has to be restarted first.`,
    ),
    ...inWords(shown),
  ])
}

export async function forgetSecret(name: string, { json }: Output): Promise<void> {
  const records = await withParts(async (parts) => {
    const removed = await forget(parts, name, progressOn('looked at'))
    if (removed > 0) await parts.audit.record('secret.forgotten', { detail: { name, records: removed } })
    return removed
  })
  if (records === 0) throw new Refusal('unknown_secret', `Nothing in the store is sealed under a secret ${name}.`)
  answer(json, { forgotten: name, records }, [`Removed ${records} records that were sealed under ${name}.`])
}

function shownOf(names: readonly string[], census: Census): Shown[] {
  const given = names.map((name, at): Shown => ({ name, use: at === 0 ? 'writes' : 'reads', records: census.get(name) ?? 0 }))
  const others = [...census].flatMap(([name, records]): Shown[] => {
    if (name === undefined) return [{ use: 'unnamed', records }]
    return names.includes(name) ? [] : [{ name, use: 'missing', records }]
  })
  return [...given, ...others]
}

const words: Record<Use, string> = {
  writes: 'writes and reads',
  reads: 'reads',
  missing: 'is not given: these cannot be read',
  unnamed: 'from before secrets had names',
}

function inWords(shown: Shown[]): string[] {
  const width = Math.max(...shown.map(({ records }) => String(records).length))
  return shown.map(
    ({ name = '-', use, records }) => `${name.padEnd(12)}  ${String(records).padStart(width)} records  ${words[use]}`,
  )
}

function progressOn(verb: string): (looked: number) => void {
  let all = 0
  return (looked) => {
    all += looked
    tellPerson(`\r${verb} ${all} records\x1b[K\r`)
  }
}
