/** The headers of every answer, set before anything else runs, so that an error page has them too. */

/**
 * @param leadsOut for pages whose form ends at a client: `form-action` is enforced along the whole chain of redirects, and where a client
 *   sends people on after its callback is not ours to know (measured in Chromium: sign-in breaks). With no inline script and every value
 *   escaped, there is no form but ours to send anywhere.
 * @param images origins of logos
 */
export function contentSecurityPolicy({ leadsOut = false, images = [] }: { leadsOut?: boolean; images?: string[] } = {}): string {
  return [
    "default-src 'none'",
    "style-src 'self'",
    "script-src 'self'",
    ["img-src 'self' data:", ...images].join(' '),
    "base-uri 'none'",
    "frame-ancestors 'none'",
    ...(leadsOut ? [] : ["form-action 'self'"]),
  ].join('; ')
}

const common: [string, string][] = [
  ['X-Content-Type-Options', 'nosniff'],
  // An authorization response carries its code in the address.
  ['Referrer-Policy', 'no-referrer'],
  ['X-Frame-Options', 'DENY'],
  ['Cache-Control', 'no-store'],
]

const policies = { staying: contentSecurityPolicy(), leadingOut: contentSecurityPolicy({ leadsOut: true }) }

export function securityHeaders({ development }: { development: boolean }): (path: string) => [string, string][] {
  const transport: [string, string][] = development ? [] : [['Strict-Transport-Security', 'max-age=31536000; includeSubDomains']]
  const of = (policy: string): [string, string][] => [...common, ...transport, ['Content-Security-Policy', policy]]
  const staying = of(policies.staying)
  const leadingOut = of(policies.leadingOut)
  return (path) => (/^\/(auth|interaction|session\/end)(\/|$|\?)/.test(path) ? leadingOut : staying)
}
