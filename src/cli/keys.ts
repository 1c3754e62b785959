/** `signet keys`: acts on the key folder; a running server knows within two seconds. */
import { systemClock } from '../base/clock.ts'
import type { RingedKey } from '../crypto/keyring.ts'
import { jwksMaxAgeSeconds } from '../crypto/rotation.ts'
import { openRing } from '../main/ring.ts'
import { loadSettings } from '../settings/load.ts'
import { dateOf } from './client-words.ts'
import { answer } from './run.ts'

interface Output {
  json?: boolean
}

const ring = () => openRing(loadSettings(), systemClock)

const shown = ({ key: { kid, algorithm, createdAt }, state, signsFrom }: RingedKey) => ({
  kid,
  algorithm,
  state,
  createdAt,
  signsFrom,
})

export async function listKeys({ json }: Output): Promise<void> {
  const all = (await ring()).all().map(shown)
  const lines = all.map(({ kid, algorithm, state, signsFrom }) => {
    const time = state === 'next' ? `signs from ${dateOf(signsFrom)}` : `signing since ${dateOf(signsFrom)}`
    return `${kid}  ${algorithm.padEnd(6)} ${state.padEnd(8)} ${state === 'retired' ? '' : time}`.trimEnd()
  })
  answer(json, all, lines)
}

export async function rotateKeys({ json }: Output): Promise<void> {
  const opened = await ring()
  for (const algorithm of opened.algorithms) await opened.rotate(algorithm)
  const next = opened
    .all()
    .filter(({ state }) => state === 'next')
    .map(shown)
  answer(
    json,
    next,
    next.map(
      ({ kid, algorithm, signsFrom }) => `${algorithm.padEnd(6)} ${kid} is published, and signs from ${dateOf(signsFrom)}.`,
    ),
  )
}

export async function revokeKey(kid: string, { json }: Output): Promise<void> {
  const opened = await ring()
  const { algorithm } = await opened.revoke(kid)
  const { kid: current } = opened.current(algorithm)
  answer(json, { revoked: kid, algorithm, current, jwksMaxAgeSeconds }, [
    `Removed ${kid} for good. ${algorithm} is signed by ${current}.`,
    `This server takes nothing that it signed any more; an API that keeps the key set does so for ${jwksMaxAgeSeconds} seconds at most.`,
  ])
}
