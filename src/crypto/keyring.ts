/**
 * The keys that sign tokens, and the public set that verifiers read (RFC 7517). Which of them signs is a matter of time alone
 * (`rotation.ts`); the place where they lie is looked at again and again, so that what one process or the command line does, all come to know.
 */
import type { Clock } from '../base/clock.ts'
import { Refusal } from '../base/errors.ts'
import type { SigningAlgorithm } from '../settings/algorithms.ts'
import type { KeptKey, KeyPlace } from './key-place.ts'
import { isDue, type KeyState, type RotationPolicy, rotation } from './rotation.ts'
import { newKey, type PublicJwk, readKey, type SigningKey } from './signing-key.ts'

export interface RingedKey {
  key: SigningKey
  state: KeyState
  /** Seconds since the epoch. */
  signsFrom: number
  /** Seconds since the epoch; undefined while a signer holds it and nobody has put the next one here. */
  signsUntil: number | undefined
}

/** `signs`: the types (`typ`) that a key signs and no other does; a member of our own, which RFC 7517 s4 lets others pass over. */
export type RingedJwk = PublicJwk & { signs?: readonly string[] }

export interface KeyRing {
  /** @throws TypeError for an algorithm that the ring has no key of. */
  current(algorithm: SigningAlgorithm): SigningKey
  /** One that is published. */
  byKid(kid: string): SigningKey | undefined
  algorithms: SigningAlgorithm[]
  /** Those that are published, the one that signs first, then from new to old. */
  published(algorithm: SigningAlgorithm): SigningKey[]
  /** RFC 7517 s5. Public members only. */
  readonly jwks: { keys: RingedJwk[] }
  all(): RingedKey[]
  /** Whether the newest key lies with a signer: then the next is made there, by whoever runs it. */
  isHeldElsewhere(algorithm: SigningAlgorithm): boolean
  /**
   * Reads the keys if there are others than before, makes the next key where it is time, unless a signer holds the newest, and removes those that are gone.
   * @throws Refusal as `openKeyRing`; the ring then stays as it was.
   */
  tend(): Promise<void>
  /**
   * Publishes a next key ahead of its time.
   * @throws Refusal `already_rotating` when one is published that does not sign yet, `held_elsewhere` when the newest lies with a signer
   */
  rotate(algorithm: SigningAlgorithm): Promise<SigningKey>
  /** Removes a key at once and for good; another signs in its place. @throws Refusal `unknown_key` */
  revoke(kid: string): Promise<SigningKey>
}

export interface RingOptions {
  algorithms: SigningAlgorithm[]
  policy: RotationPolicy
  /** Said with each public key: see `RingedJwk`. */
  signs?: readonly string[]
  now: Clock
}

/**
 * Reads the ring, and makes a key for each algorithm that lacks one.
 * @throws Refusal `unreadable_key`, `ambiguous_key`, `weak_key`
 */
export async function openKeyRing(place: KeyPlace, { algorithms, policy, signs, now }: RingOptions): Promise<KeyRing> {
  let marks = ''
  let keys: SigningKey[] = []
  const keysOf = (algorithm: SigningAlgorithm) => keys.filter((key) => key.algorithm === algorithm)
  // Asked several times for each token: reckoned once a second.
  let reckoned = { at: 0, of: new Map<SigningAlgorithm, RingedKey[]>() }
  function ringed(algorithm: SigningAlgorithm): RingedKey[] {
    const at = now()
    if (reckoned.at !== at) reckoned = { at, of: new Map() }
    const known = reckoned.of.get(algorithm) ?? rotation(keysOf(algorithm), at, policy).map(openEnded)
    reckoned.of.set(algorithm, known)
    return known
  }
  const present = () => [...new Set(keys.map(({ algorithm }) => algorithm))]
  const all = () => present().flatMap(ringed)
  const livingOf = (algorithm: SigningAlgorithm) => ringed(algorithm).filter(({ state }) => state !== 'gone')

  async function read(isSecond = false): Promise<void> {
    const found = await place.list()
    const seen = found.map(({ mark }) => mark).join()
    if (seen === marks) return
    const next = unambiguous(await readAll(found))
    const lacking = algorithms.filter((algorithm) => !next.some((key) => key.algorithm === algorithm))
    // There was none yet, or the only one was revoked. Until there is another the ring stays as it was: without a key it could sign nothing, and
    // verifiers would keep an empty set for minutes.
    if (lacking.length > 0 && !isSecond) {
      for (const algorithm of lacking) await make(algorithm, now(), { after: undefined })
      return read(true)
    }
    keys = next
    marks = seen
    reckoned = { at: 0, of: new Map() }
  }

  const newestOf = (algorithm: SigningAlgorithm) =>
    keysOf(algorithm)
      .toSorted((a, b) => a.createdAt - b.createdAt)
      .at(-1)
  /** Whoever has given a key to a signer does not look for the next one here. */
  const isHeldElsewhere = (algorithm: SigningAlgorithm) => newestOf(algorithm)?.signer !== undefined

  async function make(
    algorithm: SigningAlgorithm,
    createdAt: number,
    { after }: { after: string | undefined } = { after: newestOf(algorithm)?.kid },
  ): Promise<void> {
    const { kid, text } = await newKey(algorithm, createdAt)
    await place.create({ algorithm, kid, createdAt, after }, text)
  }

  let last: Promise<void> = Promise.resolve()
  /** One after the other: two at once would each make the key that is due. */
  function tend(): Promise<void> {
    last = last.catch(() => {}).then(tendNow)
    return last
  }

  async function tendNow(): Promise<void> {
    await read()
    for (const algorithm of algorithms)
      if (!isHeldElsewhere(algorithm) && isDue(keysOf(algorithm), now(), policy)) await make(algorithm, now())
    for (const { key, state } of all()) if (state === 'gone') await place.remove(key.name)
    // Read anew, so that two servers that start together publish each other's.
    await read()
  }

  await tend()
  return {
    current(algorithm) {
      const found = ringed(algorithm).find(({ state }) => state === 'current')
      if (!found) throw new TypeError(`no ${algorithm} key in the ring`)
      return found.key
    },
    byKid: (kid) => all().find(({ key, state }) => key.kid === kid && state !== 'gone')?.key,
    algorithms: present(),
    published(algorithm) {
      const newestFirst = livingOf(algorithm).toReversed()
      const [signs, rest] = [true, false].map((is) => newestFirst.filter(({ state }) => (state === 'current') === is))
      return [...(signs ?? []), ...(rest ?? [])].map(({ key }) => key)
    },
    get jwks() {
      const newestFirst = present()
        .flatMap(livingOf)
        .toSorted((a, b) => b.key.createdAt - a.key.createdAt)
      return { keys: newestFirst.map(({ key: { publicJwk } }) => (signs ? { ...publicJwk, signs } : publicJwk)) }
    },
    all,
    isHeldElsewhere,
    tend,
    async rotate(algorithm) {
      await read()
      const next = ringed(algorithm).find(({ state }) => state === 'next')
      if (next) throw new Refusal('already_rotating', `The ${algorithm} key ${next.key.kid} is published already and signs soon.`)
      if (isHeldElsewhere(algorithm))
        throw new Refusal(
          'held_elsewhere',
          `The ${algorithm} key is held by a signer: make the next one there, and put its public half here.`,
        )
      // Of two keys of one second either could be taken for the first, which signs at once.
      await make(algorithm, Math.max(now(), (newestOf(algorithm)?.createdAt ?? 0) + 1))
      await read()
      return ringed(algorithm).at(-1)!.key
    },
    async revoke(kid) {
      await read()
      const key = keys.find((one) => one.kid === kid)
      if (!key) throw new Refusal('unknown_key', `There is no signing key ${kid}.`)
      await place.remove(key.name)
      await tend()
      return key
    },
  }
}

/** Nobody here makes the next of a key that a signer holds. */
function openEnded(ringed: RingedKey, at: number, all: RingedKey[]): RingedKey {
  return at === all.length - 1 && ringed.key.signer ? { ...ringed, signsUntil: undefined } : ringed
}

/** One that another process removed meanwhile is none. */
async function readAll(kept: KeptKey[]): Promise<SigningKey[]> {
  const texts = kept.map(({ name, text }) => ({ name, text: text() })).filter(({ text }) => text !== undefined)
  return Promise.all(texts.map(({ name, text }) => readKey(name, text as string)))
}

function unambiguous(keys: SigningKey[]): SigningKey[] {
  const kids = new Set<string>()
  for (const { kid } of keys) {
    if (kids.has(kid)) throw new Refusal('ambiguous_key', `Two key files hold the key ${kid}: remove one.`)
    kids.add(kid)
  }
  return keys
}
