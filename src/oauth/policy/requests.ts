/**
 * What an authorization request may look like, whichever way it comes: in an address, pushed (RFC 9126), as a request object (RFC 9101) or
 * from a device; and how deep a client assertion may be. The library turns members of a request object into text before it looks at the
 * signature, and copies what it decoded level by level: what cannot be turned or is too deep breaks it, and what is too long would be kept
 * with every code and refresh token.
 */
import { decodeJwt, decodeProtectedHeader } from 'jose'
import { errors, type Provider } from 'oidc-provider'

/** As long as an address may be (`web/door.ts`): what a request asks is kept while a person signs in, and most of it with what is issued. */
export const longestRequest = 8_192
/** Of objects and lists in one another. `claims` has three levels, an authorization detail two. */
const mostLevels = 16

const routes = new Set(['authorization', 'pushed_authorization_request', 'device_authorization'])
/** JSON, in a form as text, in a request object as it is. */
const jsonParameters = ['claims', 'authorization_details'] as const

type Parameters = Record<string, unknown>
interface Context {
  route: string
  params: Parameters | undefined
}

/**
 * Judges the parameters of a request as soon as they are read: no hook of the library's is as early. Rests on its context, which begins
 * without `params` and has them assigned.
 * @throws errors.InvalidRequest 413 or 400, errors.InvalidRequestObject, errors.InvalidClientAuth
 */
export function judgeRequests(provider: Provider): void {
  const { OIDCContext } = provider as unknown as { OIDCContext: { prototype: Context } }
  const given = new WeakMap<Context, Parameters | undefined>()
  Object.defineProperty(OIDCContext.prototype, 'params', {
    get(this: Context) {
      return given.get(this)
    },
    set(this: Context, params: Parameters | undefined) {
      if (typeof params?.client_assertion === 'string') judgeAssertion(params.client_assertion)
      if (!routes.has(this.route)) {
        // Elsewhere they are assigned once and read dozens of times: from here on as a plain property.
        Object.defineProperty(this, 'params', { value: params, writable: true, enumerable: true, configurable: true })
        return
      }
      given.set(this, params)
      if (params) judge(params)
    },
  })
}

function judge(params: Parameters): void {
  if (bytesOf(params) > longestRequest) throw new errors.InvalidRequest(`a request has at most ${longestRequest} bytes`, 413)
  for (const name of jsonParameters)
    if (!isShallow(parsed(params[name]))) throw new errors.InvalidRequest(`${name} has too many levels`)
  if (typeof params.request === 'string') judgeRequestObject(params.request, params)
}

const bytesOf = (params: Parameters): number =>
  Object.entries(params).reduce((sum, [name, value]) => (value === undefined ? sum : sum + name.length + lengthOf(value)), 0)

const lengthOf = (value: unknown): number => [value].flat().reduce((sum: number, one) => sum + Buffer.byteLength(String(one)), 0)

function judgeAssertion(assertion: string): void {
  if (!decoded(assertion).every((part) => isShallow(part)))
    throw new errors.InvalidClientAuth('client assertion has too many levels')
}

/** @param known what the library takes for a parameter; what else stands in a request object it only copies */
function judgeRequestObject(request: string, known: Parameters): void {
  const [header, payload] = decoded(request)
  if (!isShallow(header) || !isShallow(payload)) throw new errors.InvalidRequestObject('Request Object has too many levels')
  for (const [name, value] of Object.entries(payload)) {
    if (!Object.hasOwn(known, name)) continue
    if (!isOfItsType(name, value)) throw new errors.InvalidRequestObject(`Request Object has another type of value for ${name}`)
    if (jsonParameters.some((one) => one === name) && !isShallow(parsed(value)))
      throw new errors.InvalidRequestObject(`${name} has too many levels`)
  }
}

/** As the library decodes it. What cannot be decoded it refuses by itself. */
function decoded(request: string): [header: object, payload: object] {
  try {
    return [decodeProtectedHeader(request), decodeJwt(request)]
  } catch {
    return [{}, {}]
  }
}

/** RFC 9101 s4: a text where it would be one in a form, a number or a boolean where that is what it says. */
function isOfItsType(name: string, value: unknown): boolean {
  if (['string', 'number', 'boolean'].includes(typeof value)) return true
  if (name === 'claims') return typeof value === 'object' && value !== null && !Array.isArray(value)
  if (!Array.isArray(value)) return false
  return name === 'authorization_details' || (name === 'resource' && value.every((one) => typeof one === 'string'))
}

/** @returns undefined for what is no text of JSON, which the library refuses by itself */
function parsed(value: unknown): unknown {
  if (typeof value !== 'string') return undefined
  try {
    return JSON.parse(value)
  } catch {
    return undefined
  }
}

function isShallow(value: unknown, levels = mostLevels): boolean {
  if (typeof value !== 'object' || value === null) return true
  return levels > 0 && Object.values(value).every((one) => isShallow(one, levels - 1))
}
