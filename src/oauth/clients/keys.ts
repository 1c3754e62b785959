/**
 * How often a client's keys are fetched, and how many are taken. The library fetches them for each assertion that it cannot verify until an
 * answer could be read, and tries all keys of a set for an assertion without `kid`: anybody may send those. Rests on undocumented members
 * of a client's key store (`models/client.js`); the flows hold it.
 */
import { type Client, errors } from 'oidc-provider'
import type { Clock } from '../../base/clock.ts'
import { sparing } from './sparing.ts'

/** Trying all of them takes some ten milliseconds. A registration holds ten at most. */
const mostKeys = 50

/** A client whose host failed for a moment comes back while its authorization code is still good. */
const failureSeconds = 10

interface KeyStore extends Iterable<object> {
  freshUntil?: number | undefined
  fresh(): boolean
  refresh(): Promise<void>
  clear(): void
  add(key: object): void
}

/** @param client that the library built, perhaps earlier: then nothing changes */
export function spareKeys(client: Client, now: Clock): void {
  const { asymmetricKeyStore: keys } = client as unknown as { asymmetricKeyStore: KeyStore }
  if (Object.hasOwn(keys, 'refresh')) return
  const fetchOnce = sparing(() => fetchKeys(keys), failureSeconds, now)
  keys.refresh = async () => {
    if (!keys.fresh()) await fetchOnce()
  }
}

/** A set that is too large is not taken at all: the keys before it stay, as they do when there is no answer. */
async function fetchKeys(keys: KeyStore): Promise<void> {
  const before = [...keys]
  await Object.getPrototypeOf(keys).refresh.call(keys)
  if ([...keys].length <= mostKeys) return
  keys.clear()
  for (const key of before) keys.add(key)
  keys.freshUntil = undefined
  throw new errors.InvalidClientMetadata(`client JSON Web Key Set has more than ${mostKeys} keys`)
}
