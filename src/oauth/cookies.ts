/** The library's cookies: what they are called, where they go. */
import type { Configuration } from 'oidc-provider'
import type { ProviderParts } from './parts.ts'

const sessionCookieName = (development: boolean): string => (development ? 'signet_session' : '__Host-signet_session')

/** `__Host-` pins a cookie to this host and path (RFC 6265bis s4.1.3.2); the short ones have a path of their own, so `__Secure-` is theirs. */
export function cookies({ settings: { development }, keptKeys }: ProviderParts): Configuration['cookies'] {
  const common = { httpOnly: true, sameSite: 'lax' as const, secure: !development, signed: true }
  const short = (name: string) => (development ? name : `__Secure-${name}`)
  return {
    keys: [keptKeys.cookies],
    names: { session: sessionCookieName(development), interaction: short('signet_interaction'), resume: short('signet_resume') },
    long: { ...common, path: '/' },
    short: common,
  }
}
