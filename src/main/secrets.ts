/**
 * What hangs on which secret. Every sealed record says the name of its secret, and every secret that was once the first has a witness in the
 * store: so a start knows at the price of one look whether one is missing, and looks through the records only then.
 */
import { Refusal } from '../base/errors.ts'
import type { KeptKeys } from '../crypto/kept-keys.ts'
import { secretOf } from '../crypto/sealing.ts'
import type { Store } from '../store/store.ts'
import type { Parts } from './parts.ts'
import { bearWitness, dismissWitness, witnessed } from './vault.ts'

/** How many records are sealed under which secret; `undefined` for those from before secrets had names. */
export type Census = Map<string | undefined, number>

/** Told of each page how many records were on it. */
export type Progress = (looked: number) => void

const pageSize = 100
/** Far more than can be owed within the days that they live. */
export const mostLetters = 1_000_000

/** All that is sealed but what is in the vault, and letters that are owed, which are few. */
export async function* sealedPages({ artifacts, volatile }: Store, progress: Progress) {
  for (const keeper of [artifacts, volatile]) {
    for await (const page of keeper.pages(pageSize)) {
      yield { keeper, page }
      progress(page.length)
    }
  }
}

export async function takeCensus(store: Store, progress: Progress = () => {}): Promise<Census> {
  const census: Census = new Map()
  const count = (sealed: string) => census.set(secretOf(sealed), (census.get(secretOf(sealed)) ?? 0) + 1)
  for (const { sealed } of await store.letters.list(mostLetters)) count(sealed)
  // A witness holds nothing.
  for (const { sealed } of await store.vault.list('')) if (sealed !== '') count(sealed)
  for await (const { page } of sealedPages(store, progress)) {
    for (const { payload } of page) count(payload)
    // Each page is read at one go; whoever else wants an answer of this process has it in between.
    await new Promise(setImmediate)
  }
  return census
}

/**
 * What a start needs before it serves.
 * @throws Refusal `missing_secret` when the keys that outlast secrets cannot be read: with others in their place people would be somebody else
 *   to their clients, and nobody would notice at once
 * @throws Refusal `unsettled_secret` when they are to be made and it is not clear from which secret
 */
export async function settleSecrets({ store, secrets, vault }: Parts): Promise<KeptKeys> {
  async function kept(purpose: string): Promise<string> {
    const name = `kept/${purpose}`
    const found = await vault.find(name)
    if (found !== undefined) return found
    if (secrets.names.length > 1 && (await store.accounts.list(1)).length > 0) throw unsettled()
    // What it was before it was kept, so that nobody is called otherwise by an update.
    await vault.add(name, secrets.keysFor(purpose)[0].toString('base64url'))
    return kept(purpose)
  }
  const keys = { subjects: Buffer.from(await kept('pairwise-subjects'), 'base64url'), cookies: await kept('cookies') }
  await bearWitness(store.vault, secrets.names[0])
  return keys
}

const unsettled = () =>
  new Refusal(
    'unsettled_secret',
    'This database has never been opened by a release that takes several secrets: start once with the one secret that it had.',
  )

/** Says in the log, as an error, what cannot be read and for want of which secret. A secret on which nothing hangs any more is forgotten. */
export async function tellMissing({ store, secrets, log }: Parts): Promise<void> {
  const missing = (await witnessed(store.vault)).filter((name) => !secrets.names.includes(name))
  if (missing.length === 0) return
  const census = await takeCensus(store)
  for (const name of missing) {
    const records = census.get(name)
    if (records === undefined) await dismissWitness(store.vault, name)
    else log.error('secrets.missing', { name, records, warning: sentenceOn(name, records) })
  }
}

const sentenceOn = (name: string, records: number): string =>
  `${records} records were sealed under the secret ${name}, which is not given: whoever comes with one is told to try again later. ` +
  `Add it behind the others, restart, and run \`signet secrets rotate\`; if it is lost, \`signet secrets forget ${name}\` ends what hangs on it.`
