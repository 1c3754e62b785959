/** Where keys and revocations come from, by the settings. */
import { discoverJwksUri, discoverRevocationsUri } from './discovery.ts'
import { fetchJson } from './fetch-json.ts'
import { fetchedKeys, fixedKeys, type KeySource } from './keys.ts'
import type { Settings } from './options.ts'
import { followRevocations, noRevocations, type RevocationReader } from './revocations.ts'
import { verifySignature } from './signature.ts'

export function revocationsOf<S extends string, C extends object>(
  { issuer, revocations, fetch, now, emit, dangerouslyAllowHttp }: Settings<S, C>,
  keys: KeySource,
): RevocationReader {
  if (!revocations) return noRevocations
  const { uri, credentials, ...times } = revocations
  return followRevocations({
    ...times,
    async locate(signal) {
      if (uri !== undefined) return uri
      const get = (url: string) => fetchJson(fetch, url, signal)
      return (await discoverRevocationsUri(issuer, get, dangerouslyAllowHttp)) ?? `${issuer.replace(/\/$/, '')}/revocations`
    },
    headers: credentials ? { authorization: basic(credentials) } : {},
    ...{ issuer, keys, verifySignature, fetch, now },
    read: (entries) => emit({ type: 'revocations_read', entries }),
    failed: (error) => emit({ type: 'revocations_failed', error }),
    stale: () => emit({ type: 'revocations_stale' }),
  })
}

/** RFC 6749 s2.3.1. */
function basic({ id, secret }: { id: string; secret: string }): string {
  return `Basic ${Buffer.from([id, secret].map(encodeURIComponent).join(':')).toString('base64')}`
}

export function keysOf<S extends string, C extends object>(
  { issuer, jwks, fetch, emit, ...settings }: Settings<S, C>,
  forget: () => void,
): KeySource {
  if (typeof jwks === 'object') return fixedKeys(jwks)
  let uri = jwks
  return fetchedKeys({
    ...settings.keyTimes,
    now: settings.now,
    async load(signal) {
      const get = (url: string) => fetchJson(fetch, url, signal)
      const place = uri ?? (await discoverJwksUri(issuer, get, settings.dangerouslyAllowHttp))
      // A place that fails is looked for anew the next time: the issuer may have moved its keys.
      uri = jwks
      const document = await get(place)
      uri = place
      return document
    },
    changed({ keys, ignored }) {
      forget()
      emit({ type: 'keys_changed', kids: [...keys.keys()], ignored })
    },
    failed: (error) => emit({ type: 'keys_failed', error }),
  })
}
