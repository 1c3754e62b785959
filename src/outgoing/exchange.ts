/** One request over one connection to addresses that were judged, and its whole answer, or none. */
import http, { type ClientRequest, type IncomingMessage } from 'node:http'
import https from 'node:https'
import type { LookupFunction } from 'node:net'
import { no } from './refusal.ts'

export interface Address {
  address: string
  family: number
}

export interface ExchangeOptions {
  /** The only ones that are connected to; nothing is resolved again. */
  addresses: Address[]
  maxBytes: number
  signal: AbortSignal
  certificateAuthorities?: string
}

/** @throws Refusal `outgoing_refused`, and whatever the connection throws */
export async function exchange(url: URL, init: RequestInit, options: ExchangeOptions): Promise<Response> {
  const { addresses, maxBytes, signal, certificateAuthorities: ca } = options
  const body = bodyOf(init)
  const request = (url.protocol === 'https:' ? https : http).request(url, {
    method: init.method ?? 'GET',
    headers: headersOf(init, body),
    // An agent of its own: no connection or TLS session is used again, no proxy of the environment is asked.
    agent: false,
    lookup: known(addresses),
    rejectUnauthorized: true,
    signal,
    ...(ca && { ca }),
  })
  try {
    const response = responseTo(request)
    request.end(body)
    return await answerOf(await response, maxBytes)
  } finally {
    request.destroy()
  }
}

/** Does NOT send the request. @throws whatever the connection throws */
export function responseTo(request: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.on('response', resolve)
    // Heard to the end, when nobody waits any more, since an error that nobody hears ends the process.
    request.on('error', reject)
    // An answer that is no response, such as an upgrade, closes the connection without an error.
    request.on('close', () => reject(new Error('closed without a response')))
  })
}

/** Node asks for all addresses when it may try one after the other, and for one otherwise. */
function known(addresses: Address[]): LookupFunction {
  const [first] = addresses
  return (_hostname, { all }, callback) => {
    if (all) callback(null, addresses)
    else callback(null, first?.address ?? '', first?.family)
  }
}

/** What says how a message is sent belongs to whoever sends it. */
const ours = ['accept-encoding', 'connection', 'content-length', 'expect', 'host', 'keep-alive', 'te', 'trailer', 'upgrade']

function headersOf(init: RequestInit, body: Buffer | undefined): Record<string, string> {
  const headers = new Headers(init.headers)
  for (const name of [...ours, 'transfer-encoding']) headers.delete(name)
  for (const [name, value] of headers) if (value === '') headers.delete(name)
  if (init.body instanceof URLSearchParams && !headers.has('content-type'))
    headers.set('content-type', 'application/x-www-form-urlencoded')
  return {
    ...Object.fromEntries(headers),
    'accept-encoding': 'identity',
    ...(body && { 'content-length': String(body.length) }),
  }
}

function bodyOf({ body }: RequestInit): Buffer | undefined {
  if (body === undefined || body === null) return undefined
  if (typeof body === 'string' || body instanceof URLSearchParams) return Buffer.from(String(body))
  if (body instanceof Uint8Array) return Buffer.from(body)
  throw new TypeError('a body is text, a form or bytes')
}

async function answerOf(incoming: IncomingMessage, maxBytes: number): Promise<Response> {
  const { statusCode: status = 0, headers: given, rawHeaders } = incoming
  if (status >= 300 && status < 400) throw no('redirect', { status })
  if (status < 200 || status > 599) throw no('status', { status })
  // Nothing else was asked for; what is packed may grow without bound when it is opened.
  if (!['', 'identity'].includes((given['content-encoding'] ?? '').trim().toLowerCase())) throw no('encoding')
  if (Number(given['content-length']) > maxBytes) throw no('too_large')
  const bytes = await bytesOf(incoming, maxBytes, () => no('too_large'))
  const headers = new Headers()
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) headers.append(rawHeaders[at] as string, rawHeaders[at + 1] as string)
  const bodyless = status === 204 || status === 205
  return new Response(bodyless ? null : bytes, { status, headers })
}

/** @param tooLarge what is thrown as soon as there are more than `maxBytes` */
export async function bytesOf(incoming: IncomingMessage, maxBytes: number, tooLarge: () => Error): Promise<Buffer<ArrayBuffer>> {
  const chunks: Buffer[] = []
  let received = 0
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    received += chunk.length
    if (received > maxBytes) throw tooLarge()
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
