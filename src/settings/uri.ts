/** What counts as loopback, as a usable redirect URI, as one identifier. Strings are compared exactly elsewhere; here they are judged. */

/** A host that reaches this machine only. `localhost` by RFC 6761 s6.3. */
export function isLoopbackHost(hostname: string): boolean {
  return hostname === 'localhost' || isLoopbackAddress(hostname)
}

/** RFC 8252 s7.3: the literal addresses, whose port a native client may vary. Not `localhost`, which a resolver may send elsewhere. */
export function isLoopbackAddress(hostname: string): boolean {
  return hostname === '127.0.0.1' || hostname === '[::1]'
}

/** RFC 8707 s2: an absolute URI without fragment; without query too, so that `aud` has one spelling. */
export function uriWithoutFragment(uri: string): boolean {
  return URL.canParse(uri) && !uri.includes('#') && !uri.includes('?')
}

/**
 * Why this redirect URI cannot be registered, or undefined when it can.
 * Checks form only: exact, no wildcard, no fragment, https, or http on loopback, or for native clients a private-use scheme.
 * Does not check who owns the host.
 */
export function redirectUriFault(uri: string, native: boolean): string | undefined {
  const url = URL.parse(uri)
  if (!url) return 'is not an absolute URI'
  if (hasControlOrSpace(uri)) return 'has a space or a control character'
  if (uri.includes('#')) return 'must have no fragment (RFC 6749 s3.1.2)'
  if (uri.includes('*')) return 'must have no wildcard: it is compared as a whole (RFC 9700 s2.1)'
  if (url.username || url.password) return 'must have no user or password'
  if (url.protocol === 'https:') return undefined
  if (url.protocol === 'http:') return httpFault(url, native)
  // RFC 8252 s7.1: a private-use scheme is a domain name in reverse, so `javascript:` and its like have no dot to hide behind.
  if (!native) return 'must be https, or http on a loopback host'
  return /^[a-z][a-z0-9+-]*(\.[a-z0-9+-]+)+:$/.test(url.protocol)
    ? undefined
    : 'needs a scheme such as com.example.app (RFC 8252 s7.1)'
}

function httpFault(url: URL, native: boolean): string | undefined {
  if (native) return isLoopbackAddress(url.hostname) ? undefined : 'over http must be on 127.0.0.1 or [::1] (RFC 8252 s7.3)'
  return isLoopbackHost(url.hostname) ? undefined : 'over http must be on a loopback host'
}

function hasControlOrSpace(uri: string): boolean {
  return [...uri].some((character) => character <= ' ' || character === '\x7f')
}

/** Whether a redirect to here stays on the person's own device, where any program may be listening. */
export function staysOnDevice(uri: string): boolean {
  const url = new URL(uri)
  return url.protocol !== 'https:' && (url.protocol !== 'http:' || isLoopbackHost(url.hostname))
}

/** RFC 3986 s6.2.3: `https://api.example.com` and `https://api.example.com/` name the same thing; nothing else is folded. */
export function sameIdentifier(uri: string): string {
  if (!uri.endsWith('/')) return uri
  const url = URL.parse(uri)
  return url && url.pathname === '/' && !url.search && !url.hash ? uri.slice(0, -1) : uri
}
