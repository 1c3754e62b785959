/** Where a request carries its token: in one `Authorization` header and nowhere else (RFC 6750 s2.1). */
import { BearerError } from './errors.ts'

type HeaderRecord = Readonly<Record<string, string | readonly string[] | undefined>>

/** A request of `node:http`, of `fetch`, or anything with these members. */
export interface RequestLike {
  readonly method?: string | undefined
  readonly url?: string | undefined
  readonly headers: { get(name: string): string | null } | HeaderRecord
  /** As `node:http` keeps them, names and values in turn; read in preference, since `headers` drops a second `Authorization`. */
  readonly rawHeaders?: readonly string[]
}

export type Scheme = 'Bearer' | 'DPoP'

export interface Credentials {
  readonly scheme: Scheme
  readonly token: string
}

/**
 * Validates: that there is one `Authorization` header with one token of the syntax of RFC 6750 s2.1, and none in the URL (s2.3 is not
 * supported; RFC 9700 s4.3.2). A body is never read. Does NOT validate: the token, or a proof beside it.
 * @returns nothing when the request has no `Authorization` at all
 */
export function credentialsOf(request: RequestLike, schemes: readonly Scheme[] = ['Bearer']): Credentials | undefined {
  const values = valuesOf(request, 'authorization')
  if (values.length > 1) throw new BearerError('several_headers')
  if (hasTokenInQuery(request.url)) throw new BearerError('token_in_query')
  const [value] = values
  if (value === undefined) return undefined
  // Other credentials may be good elsewhere. They are not taken for none: an optional sign-in that was tried must not pass as nobody.
  const named = /^(bearer|dpop)(?: |$)/i.exec(value)?.[1]?.toLowerCase()
  const scheme = schemes.find((known) => known.toLowerCase() === named)
  if (!scheme) throw new BearerError('unsupported_scheme')
  // Expressions run out of stack at megabytes, which no server of HTTP lets through, but whoever hands on a header of its own may.
  if (value.length > longestHeader) throw new BearerError('malformed_token')
  const token = /^\w+ +([A-Za-z0-9._~+/-]+=*)$/.exec(value)?.[1]
  if (token === undefined) throw new BearerError('malformed_header')
  return { scheme, token }
}

/** Characters: far beyond what a token may have (`compact.ts`). */
const longestHeader = 65_536

/** @param name in lower case. @returns each of the values that a request carries under it */
export function valuesOf({ headers, rawHeaders }: RequestLike, name: string): string[] {
  const isMeant = (other: string) => other.length === name.length && other.toLowerCase() === name
  if (rawHeaders) return rawHeaders.filter((_, index) => index % 2 === 1 && isMeant(rawHeaders[index - 1] as string))
  if (isFetchHeaders(headers)) return [headers.get(name) ?? []].flat()
  const values = Object.entries(headers).flatMap(([other, value]) => (isMeant(other) ? value : undefined))
  return values.filter((value) => value !== undefined)
}

const isFetchHeaders = (headers: RequestLike['headers']): headers is { get(name: string): string | null } =>
  typeof headers.get === 'function'

function hasTokenInQuery(url = ''): boolean {
  const query = url.indexOf('?')
  return query !== -1 && new URLSearchParams(url.slice(query + 1)).has('access_token')
}
