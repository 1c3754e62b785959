/**
 * The one way in which this server asks another: keys, sector identifiers, logout notices. Others choose the addresses, so nothing here is
 * believed: https alone, no redirect, no address but a public one, so many bytes in so much time, so many at once, few of them to one origin.
 *
 * On node:https, since there the address that was judged is the address that is connected to (`lookup`), each request has a connection of its
 * own, and no proxy of the environment stands between. The library's own guard looks at the socket after it has connected.
 */
import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { Refusal } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import { timed } from '../base/spans.ts'
import { reachOf } from './addresses.ts'
import { type Address, exchange } from './exchange.ts'
import { createPlaces } from './places.ts'
import { no } from './refusal.ts'

/** As the standard `fetch`, for a string or URL, and a body of text, form or bytes. @throws Refusal `outgoing_refused`, its reason in the log alone */
export type GuardedFetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>

export interface OutgoingOptions {
  /** Lets loopback and private networks be asked, there also over http. Link-local addresses and metadata services stay closed. */
  allowPrivateNetworks: boolean
  /** From the question for the name to the last byte. */
  timeoutSeconds: number
  maxBytes: number
}

export interface OutgoingParts extends OutgoingOptions {
  /** Starts a clock: aborts after so many milliseconds. */
  deadline(milliseconds: number): AbortSignal
  log: Log
  /** All addresses of a name. */
  resolve?(hostname: string): Promise<Address[]>
  /** Whom to trust instead of the usual authorities, as PEM. */
  certificateAuthorities?: string
  mostAtOnce?: number
  mostPerOrigin?: number
}

/** Each has places of its own: whoever fills those of one leaves the others alone. */
export function createGuardedFetch(parts: OutgoingParts): GuardedFetch {
  const { timeoutSeconds, deadline, log, resolve = resolveAll, mostAtOnce = 32, mostPerOrigin = 4 } = parts
  const places = createPlaces(mostAtOnce, mostPerOrigin)

  async function ask(url: URL, init: RequestInit): Promise<Response> {
    const leave = places.take(url.origin)
    const signal = AbortSignal.any([deadline(timeoutSeconds * 1_000), ...(init.signal ? [init.signal] : [])])
    const host = url.hostname.replace(/^\[|\]$/g, '')
    const resolving = isIP(host) ? Promise.resolve([{ address: host, family: isIP(host) }]) : resolve(host)
    try {
      const addresses = await unlessAborted(resolving, signal)
      judge(url, addresses, parts.allowPrivateNetworks)
      return await exchange(url, init, { ...parts, addresses, signal })
    } catch (cause) {
      throw signal.aborted ? no('timeout', { cause }) : cause
    } finally {
      // The system cannot be told to stop asking for a name, and has few threads for it: the place is taken until it has.
      resolving.then(leave, leave)
    }
  }

  return async (input, init = {}) => {
    if (input instanceof Request) throw new TypeError('a URL is needed, not a Request')
    const url = URL.parse(input)
    try {
      if (!url) throw no('address')
      checkUrl(url, parts.allowPrivateNetworks)
      return await timed('outgoing.request', () => ask(url, init))
    } catch (cause) {
      if (cause instanceof TypeError) throw cause
      const refusal = cause instanceof Refusal ? cause : no('connection', { cause })
      log.info('outgoing.refused', { origin: url?.origin, ...refusal.detail })
      throw refusal
    }
  }
}

function checkUrl(url: URL, allowPrivateNetworks: boolean): void {
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && allowPrivateNetworks)) throw no('scheme')
  if (url.username || url.password) throw no('userinfo')
}

/** Every address of the answer: one that may not be asked spoils it. http is for private networks alone, whatever is allowed. */
function judge({ protocol }: URL, addresses: Address[], allowPrivateNetworks: boolean): void {
  for (const { address } of addresses) {
    const reach = reachOf(address)
    const allowed = (reach === 'public' && protocol === 'https:') || (reach === 'private' && allowPrivateNetworks)
    if (!allowed) throw no('address', { address })
  }
  if (addresses.length === 0) throw no('address')
}

const resolveAll = (hostname: string): Promise<Address[]> => lookup(hostname, { all: true })

function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
    if (signal.aborted) abort()
  })
}
