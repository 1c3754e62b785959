/**
 * Seals what lies in the store by the newest secret, beside the running server. Each record is read, sealed anew and put back if it is still
 * what was read, so that no change that is made meanwhile is lost; where it is not, it is met again. There is no place to remember: whoever was
 * stopped begins again and finds what is done already done.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { Refusal } from '../base/errors.ts'
import { type NamedSealer, secretOf } from '../crypto/sealing.ts'
import { letterSealer } from '../mail/owed.ts'
import { createRows } from '../oauth/records/rows.ts'
import type { Artifact, ArtifactStore, LetterRow } from '../store/store.ts'
import type { Parts } from './parts.ts'
import { type Census, mostLetters, type Progress, sealedPages, takeCensus } from './secrets.ts'
import { bearWitness, dismissWitness } from './vault.ts'

export interface Resealed {
  renewed: number
  /** Under a secret that is not given, or altered. They are left as they are. */
  unreadable: number
  /** What is there now. A node that still writes with an older secret shows here. */
  census: Census
}

/** Between two pages the server has the database to itself: SQLite knows no queue of writers. */
const pauseMilliseconds = 5
/** A record that changes each time it is met is sealed by the server, with its own first secret. */
const mostRounds = 5

export async function reseal({ store, secrets, vault, now }: Parts, progress: Progress = () => {}): Promise<Resealed> {
  const rows = createRows(secrets, now)
  let [renewed, unreadable] = [0, 0]

  /** @returns whether it has to be looked at again */
  async function renew(keeper: ArtifactStore, artifact: Artifact): Promise<boolean> {
    try {
      const payload = rows.renewed(artifact)
      if (payload === undefined) return false
      if (!(await keeper.reseal(artifact, payload))) return true
      renewed++
    } catch (cause) {
      if (!(cause instanceof Refusal && cause.code === 'unreadable')) throw cause
      unreadable++
    }
    return false
  }

  async function renewLetter(sealer: NamedSealer, letter: LetterRow): Promise<void> {
    try {
      const sealed = sealer.renewed(letter.sealed, letter.id)
      // One that is gone by now was delivered.
      if (sealed !== undefined && (await store.letters.reseal(letter, sealed))) renewed++
    } catch (cause) {
      if (!(cause instanceof Refusal && cause.code === 'unreadable')) throw cause
      unreadable++
    }
  }

  async function round(): Promise<boolean> {
    let again = false
    unreadable = 0
    for await (const { keeper, page } of sealedPages(store, progress)) {
      const unfinished = await Promise.all(page.map((artifact) => renew(keeper, artifact)))
      again ||= unfinished.includes(true)
      await pause(pauseMilliseconds)
    }
    return again
  }

  await bearWitness(store.vault, secrets.names[0])
  for (let rounds = 1; (await round()) && rounds < mostRounds; rounds++);
  const sealer = letterSealer(secrets)
  for (const letter of await store.letters.list(mostLetters)) await renewLetter(sealer, letter)
  // Last: without these a server does not start, so that whoever drops a secret before the rest is done hears of it at once.
  renewed += await vault.renew()
  return { renewed, unreadable, census: await takeCensus(store) }
}

/**
 * Ends what hangs on a secret that is lost for good.
 * @returns how many records are gone
 * @throws Refusal `given_secret` when it is not lost
 */
export async function forget({ store, secrets }: Parts, name: string, progress: Progress = () => {}): Promise<number> {
  if (secrets.names.includes(name)) throw new Refusal('given_secret', `The secret ${name} is given: nothing of it is lost.`)
  let gone = 0
  for await (const { keeper, page } of sealedPages(store, progress)) {
    const lost = page.filter(({ payload }) => secretOf(payload) === name)
    await Promise.all(lost.map(({ model, id }) => keeper.remove(model, id)))
    gone += lost.length
    await pause(pauseMilliseconds)
  }
  for (const { id, sealed } of await store.letters.list(mostLetters))
    if (secretOf(sealed) === name && (await store.letters.remove(id))) gone++
  for (const entry of await store.vault.list(''))
    if (secretOf(entry.sealed) === name && (await store.vault.remove(entry.name))) gone++
  await dismissWitness(store.vault, name)
  return gone
}
