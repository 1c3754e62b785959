/**
 * What a browser keeps for this server: a record in a cookie, sealed so that nobody reads or alters it, bound to what it is about, and with its
 * end inside. Nobody can take it back: who copied it can show it again until it ends. So nothing goes here whose second use does harm, unless
 * something else refuses that (`interaction-adapter.ts`).
 */
import type { AdapterPayload } from 'oidc-provider'
import type { Clock } from '../../base/clock.ts'
import { Refusal } from '../../base/errors.ts'
import { createSealer } from '../../crypto/sealing.ts'
import type { Secrets } from '../../crypto/secrets.ts'
import { requestAtHand } from './request.ts'

/** A browser holds 4,096 bytes of name and value together (RFC 6265bis s5.6), and a proxy has a buffer for all headers of an answer. */
const longest = 3_500

export interface SealedCookie {
  /** What the browser sent along. Does NOT see what this answer sets. @param about as it was kept under */
  read(about: string): AdapterPayload | undefined
  /** @param path to which alone it is sent. @returns false, and keeps nothing, when it is too long */
  keep(about: string, payload: AdapterPayload & { exp: number }, path: string): boolean
  remove(path: string): void
}

export interface SealedCookieParts {
  name: string
  secrets: Secrets
  development: boolean
  now: Clock
}

export function createSealedCookie({ name, secrets, development, now }: SealedCookieParts): SealedCookie {
  const sealer = createSealer(...secrets.keysFor('cookies/sealed'))
  const options = { httpOnly: true, sameSite: 'lax' as const, secure: !development, signed: false }
  const contextOf = (about: string) => `cookie:${name}:${about}`

  function opened(sealed: string, about: string): AdapterPayload | undefined {
    try {
      return JSON.parse(sealer.open(sealed, contextOf(about)))
    } catch (cause) {
      // Altered, another's, or sealed under a secret that is gone: as good as none.
      if (cause instanceof Refusal && cause.code === 'unreadable') return undefined
      throw cause
    }
  }

  return {
    read(about) {
      const sealed = requestAtHand().cookies.get(name, { signed: false })
      const payload = sealed ? opened(sealed, about) : undefined
      return payload && (payload.exp ?? 0) > now() ? payload : undefined
    },
    keep(about, payload, path) {
      const sealed = sealer.seal(JSON.stringify(payload), contextOf(about))
      if (sealed.length > longest) return false
      requestAtHand().cookies.set(name, sealed, { ...options, path, maxAge: (payload.exp - now()) * 1_000 })
      return true
    },
    remove(path) {
      requestAtHand().cookies.set(name, null, { ...options, path })
    },
  }
}
