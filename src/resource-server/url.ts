/** URLs that a deployment is configured with: issuer, resource, key set. */

const loopback = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/

/**
 * Validates: an absolute `https` URL without user information or fragment; `http` for loopback hosts, and elsewhere only where
 * `allowHttp` says so, since whoever stands between could put in keys of their own.
 * Does NOT validate: that anything answers there.
 * @throws TypeError naming `what`
 */
export function secureUrl(value: string, what: string, allowHttp = false): URL {
  const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined
  if (!url || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw new TypeError(`${what} must be an absolute https URL, got ${JSON.stringify(value)}`)
  }
  if (url.username || url.password || value.includes('#')) {
    throw new TypeError(`${what} must have neither user information nor a fragment: ${value}`)
  }
  if (url.protocol === 'http:' && !allowHttp && !loopback.test(url.hostname)) {
    throw new TypeError(`${what} must be https outside of loopback: ${value} (dangerouslyAllowHttp lifts this)`)
  }
  return url
}

/**
 * `https://api.example.com/` and `https://api.example.com` name one resource (RFC 3986 s6.2.3) though libraries write either.
 * An empty path is all that is normalised: a longer path, the case and a query count as they are written.
 */
export function withoutEmptyPath(identifier: string): string {
  return /^[a-z][a-z0-9+.-]*:\/\/[^/?#]+\/$/i.test(identifier) ? identifier.slice(0, -1) : identifier
}

/**
 * The well-known URL of RFC 8414 s3.1 and RFC 9728 s3.1: the suffix goes between the host and the path.
 * A query stays, a terminating slash goes.
 */
export function wellKnownUrl(identifier: string, suffix: string): URL {
  const url = new URL(identifier)
  url.pathname = `/.well-known/${suffix}${url.pathname.replace(/\/$/, '')}`
  return url
}
