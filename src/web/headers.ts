/** The headers of every answer, set before anything else runs, so that an error page has them too. */
import { webOrigin } from '../pages/outside.ts'

export type Header = [name: string, value: string]

export interface Headers {
  /** What every answer under this path starts with. */
  forPath(path: string): Header[]
  /** The policy of a page that shows a client's logo and whose form ends at the client, unless it says that it does not. */
  policyShowing(logo: string | undefined, form?: { leadsOut: boolean }): string
}

const common: Header[] = [
  ['X-Content-Type-Options', 'nosniff'],
  // An authorization response carries its code in the address.
  ['Referrer-Policy', 'no-referrer'],
  ['X-Frame-Options', 'DENY'],
  ['Cache-Control', 'no-store'],
]

/** RFC 6749 s5.1 asks for both wherever a token may be in the answer; to HTTP/1.1 the second says nothing more. */
const beforeHttp11: Header = ['Pragma', 'no-cache']

/** @param logo of the theme, which stands on every page */
export function createHeaders({ development, logo }: { development: boolean; logo?: string }): Headers {
  const transport: Header[] = development ? [] : [['Strict-Transport-Security', 'max-age=31536000; includeSubDomains']]
  const of = (leadsOut: boolean): Header[] => [...common, ...transport, ['Content-Security-Policy', policy(leadsOut, [logo])]]
  const staying = of(false)
  const leadingOut = of(true)
  const tokens = [...staying, beforeHttp11]
  return {
    forPath: (path) =>
      path === '/token' ? tokens : /^\/(auth|interaction|session\/end|link)(\/|$|\?)/.test(path) ? leadingOut : staying,
    policyShowing: (clientLogo, { leadsOut } = { leadsOut: true }) => policy(leadsOut, [logo, clientLogo]),
  }
}

/**
 * `form-action` is left out where a form ends at a client: it is enforced along the whole chain of redirects, and where a client sends people
 * on after its callback is not ours to know (measured in Chromium: sign-in breaks). With no inline script and every value escaped, there is
 * no form but ours to send anywhere.
 */
function policy(leadsOut: boolean, logos: (string | undefined)[]): string {
  const origins = logos.flatMap((logo) => (logo && webOrigin(logo)) || [])
  return [
    "default-src 'none'",
    "style-src 'self'",
    "script-src 'self'",
    ["img-src 'self' data:", ...new Set(origins)].join(' '),
    "base-uri 'none'",
    "frame-ancestors 'none'",
    ...(leadsOut ? [] : ["form-action 'self'"]),
  ].join('; ')
}
