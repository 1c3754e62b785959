/** `signet keys`: acts on the keys where they lie; a running server knows within two seconds. */
import type { Act } from '../audit/acts.ts'
import { systemClock } from '../base/clock.ts'
import { Refusal } from '../base/errors.ts'
import type { KeyRing, RingedKey } from '../crypto/keyring.ts'
import { jwksMaxAgeSeconds } from '../crypto/rotation.ts'
import { signerShown } from '../crypto/signing-key.ts'
import { importKeys, openRing } from '../main/ring.ts'
import { loadSettings } from '../settings/load.ts'
import { type Dead, deadKey, sayDead } from '../tokens/revocation.ts'
import { dateOf } from './client-words.ts'
import { answer, withParts } from './run.ts'

interface Output {
  json?: boolean
}

/** Keys in the folder need no store: a stolen one is taken out even while that cannot be opened. */
async function withRing<T>(use: (ring: KeyRing) => Promise<T>): Promise<T> {
  const settings = loadSettings()
  if (settings.keys.in === 'folder') return use(await openRing(settings, undefined, systemClock))
  return withParts(async ({ vault }) => use(await openRing(settings, vault, systemClock)))
}

/**
 * Behind the act: a stolen key is gone, whether or not that can be written down.
 * @returns whether it was
 */
async function tell(act: Act, detail: Record<string, unknown>, dead: Dead[] = []): Promise<boolean> {
  try {
    await withParts(({ audit, store: { revocations }, now }) =>
      Promise.all([audit.record(act, { detail }), sayDead(revocations, dead, now())]),
    )
    return true
  } catch (cause) {
    if (!(cause instanceof Refusal)) throw cause
    const where = dead.length > 0 ? 'neither in the audit log nor in the list of revocations' : 'not in the audit log'
    process.stderr.write(`signet: done, but ${where}: ${cause.message}\n`)
    return false
  }
}

const shown = ({ key: { kid, algorithm, createdAt, signer }, state, signsFrom, signsUntil }: RingedKey) => ({
  kid,
  algorithm,
  state,
  createdAt,
  signsFrom,
  signsUntil,
  ...(signer && { signer: signerShown(signer) }),
})

export async function listKeys({ json }: Output): Promise<void> {
  const all = await withRing(async (ring) => ring.all().map(shown))
  const lines = all.map(({ kid, algorithm, state, signsFrom, signsUntil, signer }) => {
    const end = signsUntil === undefined ? '' : `, until ${dateOf(signsUntil)}`
    const time = state === 'next' ? `signs from ${dateOf(signsFrom)}` : `signing since ${dateOf(signsFrom)}${end}`
    const where = signer ? `held by ${signer}` : ''
    return `${kid}  ${algorithm.padEnd(6)} ${state.padEnd(8)} ${state === 'retired' ? '' : time}  ${where}`.trimEnd()
  })
  answer(json, all, lines)
}

export async function rotateKeys({ json }: Output): Promise<void> {
  const next = await withRing(async (ring) => {
    const ours = ring.algorithms.filter((algorithm) => !ring.isHeldElsewhere(algorithm))
    // When all are held elsewhere, the refusal says what to do.
    for (const algorithm of ours.length > 0 ? ours : ring.algorithms) await ring.rotate(algorithm)
    await tell('keys.rotated', { algorithms: ours })
    return ring
      .all()
      .filter(({ state }) => state === 'next')
      .map(shown)
  })
  answer(
    json,
    next,
    next.map(
      ({ kid, algorithm, signsFrom }) => `${algorithm.padEnd(6)} ${kid} is published, and signs from ${dateOf(signsFrom)}.`,
    ),
  )
}

export async function revokeKey(kid: string, { json }: Output): Promise<void> {
  const { algorithm, current, isSaid } = await withRing(async (ring) => {
    const { algorithm } = await ring.revoke(kid)
    // Once the next key signs, so that the list which says it need not be signed by the key that it is about.
    const isSaid = await tell('key.revoked', { kid, algorithm }, [deadKey(kid)])
    return { algorithm, current: ring.current(algorithm).kid, isSaid }
  })
  const listed = isSaid ? 'An API that reads the list of revocations neither; ' : ''
  answer(json, { revoked: kid, algorithm, current, jwksMaxAgeSeconds }, [
    `Removed ${kid} for good. ${algorithm} is signed by ${current}.`,
    `This server takes nothing that it signed any more. ${listed}${listed ? 'one' : 'An API'} that only keeps the key set does so for ${jwksMaxAgeSeconds} seconds at most.`,
  ])
}

export async function importFolder({ json }: Output): Promise<void> {
  const settings = loadSettings()
  const imported = await withParts(async ({ vault, audit }) => {
    const kids = await importKeys(settings, vault)
    await audit.record('keys.imported', { detail: { kids } })
    return kids
  })
  answer(json, { imported, from: settings.keyFolder }, [
    ...imported.map((kid) => `Took ${kid} over into the store.`),
    `Their files are in ${settings.keyFolder} still: remove them when every node has \`keys.in: store\`.`,
  ])
}
