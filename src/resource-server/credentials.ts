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

/**
 * Validates: that there is one `Authorization` header with one token of the syntax of RFC 6750 s2.1, and none in the URL (s2.3 is not
 * supported; RFC 9700 s4.3.2). A body is never read. Does NOT validate: the token.
 * @returns the token, or nothing when the request has no `Authorization` at all
 */
export function bearerToken(request: RequestLike): string | undefined {
  const values = authorizationOf(request)
  if (values.length > 1) throw new BearerError('several_headers')
  if (hasTokenInQuery(request.url)) throw new BearerError('token_in_query')
  const [value] = values
  if (value === undefined) return undefined
  // Other credentials may be good elsewhere. They are not taken for none: an optional sign-in that was tried must not pass as nobody.
  if (!/^bearer(?: |$)/i.test(value)) throw new BearerError('unsupported_scheme')
  const token = /^bearer +([A-Za-z0-9._~+/-]+=*)$/i.exec(value)?.[1]
  if (token === undefined) throw new BearerError('malformed_header')
  return token
}

function authorizationOf({ headers, rawHeaders }: RequestLike): string[] {
  if (rawHeaders) return rawHeaders.filter((_, index) => index % 2 === 1 && isAuthorization(rawHeaders[index - 1] as string))
  if (isFetchHeaders(headers)) return [headers.get('authorization') ?? []].flat()
  const values = Object.entries(headers).flatMap(([name, value]) => (isAuthorization(name) ? value : undefined))
  return values.filter((value) => value !== undefined)
}

const isAuthorization = (name: string): boolean => name.length === 13 && name.toLowerCase() === 'authorization'

const isFetchHeaders = (headers: RequestLike['headers']): headers is { get(name: string): string | null } =>
  typeof headers.get === 'function'

function hasTokenInQuery(url = ''): boolean {
  const query = url.indexOf('?')
  return query !== -1 && new URLSearchParams(url.slice(query + 1)).has('access_token')
}
