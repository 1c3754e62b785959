/** `signet keys`: acts on the keys where they lie; a running server knows within two seconds. */
import type { Act } from '../audit/acts.ts'
import { systemClock } from '../base/clock.ts'
import { Refusal } from '../base/errors.ts'
import type { KeyRing, RingedKey } from '../crypto/keyring.ts'
import { jwksMaxAgeSeconds } from '../crypto/rotation.ts'
import { signerShown } from '../crypto/signing-key.ts'
import { importKeys, openRing, type RingOf, ringsOf } from '../main/ring.ts'
import type { Vault } from '../main/vault.ts'
import { loadSettings } from '../settings/load.ts'
import { type Dead, deadKey, sayDead } from '../tokens/revocation.ts'
import { dateOf } from './client-words.ts'
import { answer, withParts } from './run.ts'

interface Output {
  json?: boolean
}

/** Keys in the folder need no store: a stolen one is taken out even while that cannot be opened. */
async function withRings<T>(use: (rings: { of: RingOf; ring: KeyRing }[]) => Promise<T>): Promise<T> {
  const settings = loadSettings()
  const rings = (vault?: Vault) =>
    Promise.all(ringsOf(settings).map(async (of) => ({ of, ring: await openRing(settings, vault, systemClock, of) })))
  if (settings.keys.in === 'folder') return use(await rings())
  return withParts(async ({ vault }) => use(await rings(vault)))
}

/**
 * Behind the act: a stolen key is gone, whether or not that can be written down.
 * @param signed by this key: API keys that end with it
 * @returns whether it was
 */
async function tell(act: Act, detail: Record<string, unknown>, dead: Dead[] = [], signed?: string): Promise<boolean> {
  try {
    await withParts(async ({ audit, store: { revocations }, apiKeys, now }) => {
      await Promise.all([audit.record(act, { detail }), sayDead(revocations, dead, now())])
      if (signed !== undefined) await apiKeys.endSigned(signed, {})
    })
    return true
  } catch (cause) {
    if (!(cause instanceof Refusal)) throw cause
    const where = dead.length > 0 ? 'neither in the audit log nor in the list of revocations' : 'not in the audit log'
    process.stderr.write(`signet: done, but ${where}: ${cause.message}\n`)
    return false
  }
}

const shown = (of: RingOf, { key: { kid, algorithm, createdAt, signer }, state, signsFrom, signsUntil }: RingedKey) => ({
  kid,
  of,
  algorithm,
  state,
  createdAt,
  signsFrom,
  signsUntil,
  ...(signer && { signer: signerShown(signer) }),
})

export async function listKeys({ json }: Output): Promise<void> {
  const all = await withRings(async (rings) => rings.flatMap(({ of, ring }) => ring.all().map((key) => shown(of, key))))
  const lines = all.map(({ kid, of, algorithm, state, signsFrom, signsUntil, signer }) => {
    const end = signsUntil === undefined ? '' : `, until ${dateOf(signsUntil)}`
    const time = state === 'next' ? `signs from ${dateOf(signsFrom)}` : `signing since ${dateOf(signsFrom)}${end}`
    const where = signer ? `held by ${signer}` : ''
    const word = of === 'api-keys' ? '  API keys' : ''
    return `${kid}  ${algorithm.padEnd(6)} ${state.padEnd(8)} ${state === 'retired' ? '' : time}  ${where}`.trimEnd() + word
  })
  answer(json, all, lines)
}

export async function rotateKeys({ of: wanted, json }: Output & { of: RingOf }): Promise<void> {
  const next = await withRings(async (rings) => {
    const ring = rings.find(({ of }) => of === wanted)?.ring
    if (!ring) throw new Refusal('no_such_ring', 'No API takes API keys (apis[].apiKeys), so that no key signs such.')
    const ours = ring.algorithms.filter((algorithm) => !ring.isHeldElsewhere(algorithm))
    // When all are held elsewhere, the refusal says what to do.
    for (const algorithm of ours.length > 0 ? ours : ring.algorithms) await ring.rotate(algorithm)
    await tell('keys.rotated', { ...ofOthers(wanted), algorithms: ours })
    return ring
      .all()
      .filter(({ state }) => state === 'next')
      .map((key) => shown(wanted, key))
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
  const { of, algorithm, current, isSaid } = await withRings(async (rings) => {
    // What no ring has is refused by the first.
    const { of, ring } = rings.find(({ ring }) => ring.all().some(({ key }) => key.kid === kid)) ?? rings[0]!
    const { algorithm } = await ring.revoke(kid)
    // Once the next key signs, so that the list which says it need not be signed by the key that it is about.
    const isSaid = await tell(
      'key.revoked',
      { ...ofOthers(of), kid, algorithm },
      [deadKey(kid)],
      of === 'api-keys' ? kid : undefined,
    )
    return { of, algorithm, current: ring.current(algorithm).kid, isSaid }
  })
  const listed = isSaid ? 'An API that reads the list of revocations neither; ' : ''
  answer(json, { revoked: kid, of, algorithm, current, jwksMaxAgeSeconds }, [
    `Removed ${kid} for good. ${of === 'api-keys' ? 'API keys are' : `${algorithm} is`} signed by ${current}.`,
    `This server takes nothing that it signed any more. ${listed}${listed ? 'one' : 'An API'} that only keeps the key set does so for ${jwksMaxAgeSeconds} seconds at most.`,
    ...(of === 'api-keys' ? ['Whoever had API keys that it signed is told, and has to make others.'] : []),
  ])
}

/** What the audit log says of it: tokens' keys as ever. */
const ofOthers = (of: RingOf) => (of === 'tokens' ? {} : { of })

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
