/**
 * What every request passes first. From here on the host, the protocol and the client's address are true: the issuer's own, and the address
 * that the last trusted proxy saw. Whatever else a request says of itself in its target, `Host` or `X-Forwarded-*` is gone, so that no link,
 * cookie or limit can follow it.
 */
import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { BlockList, isIP, isIPv6 } from 'node:net'
import { duringRequest } from '../base/request.ts'
import type { Headers } from './headers.ts'

export interface DoorOptions {
  issuer: string
  headers: Headers
  /** Addresses or networks whose X-Forwarded-For is believed. */
  trustedProxies: string[]
  /** Headers in which a trusted proxy tells of the client's certificate, in small letters. Nobody else's reach anything. */
  certificateHeaders?: string[]
  /** Told of each request as it comes in. */
  observe?: ((request: IncomingMessage, response: ServerResponse, id: string) => void) | undefined
}

export type Handler = (request: IncomingMessage, response: ServerResponse) => void

/** Larger than any form or token request of ours; the library stops at 56 kB of a body without a length. */
const largestBodyBytes = 64 * 1024
/** An authorization request with a long state and a hint has a fifth of this; what it asks is kept while a person signs in. */
const longestTarget = 8_192
const mostParameters = 100

export function createDoor(
  { issuer, headers: ours, trustedProxies, certificateHeaders = [], observe }: DoorOptions,
  next: Handler,
): Handler {
  const { host, protocol } = new URL(issuer)
  const isTrusted = trust(trustedProxies)
  return (request, response) => {
    const { headers } = request
    const peer = request.socket.remoteAddress ?? ''
    const isFromProxy = isTrusted(peer)
    if (!isFromProxy) for (const name of [...certificateHeaders, 'traceparent']) delete headers[name]
    const address = clientAddress(peer, headers['x-forwarded-for'], isTrusted)
    for (const name of Object.keys(headers)) if (name.startsWith('x-forwarded-') || name === 'forwarded') delete headers[name]
    headers.host = host
    headers['x-forwarded-host'] = host
    headers['x-forwarded-proto'] = protocol.slice(0, -1)
    headers['x-forwarded-for'] = address
    const id = (isFromProxy && wellFormed(headers['x-request-id'])) || randomUUID()
    headers['x-request-id'] = id
    response.setHeader('X-Request-Id', id)
    request.url = originForm(request.url ?? '/')
    observe?.(request, response, id)
    for (const [name, value] of ours.forPath(request.url)) response.setHeader(name, value)
    if (isTooMuch(request.url)) return refuse(response, 414, 'The address is too long, or has too many parameters.')
    if (Number(headers['content-length']) > largestBodyBytes) {
      return refuse(response, 413, `A request body has at most ${largestBodyBytes} bytes.`)
    }
    duringRequest(id, () => next(request, response))
  }
}

/** It stands in the log and on pages: nothing but what such ids are made of, and no novel. */
function wellFormed(id: string | string[] | undefined): string | undefined {
  return typeof id === 'string' && /^[A-Za-z0-9_.:-]{8,128}$/.test(id) ? id : undefined
}

/** RFC 9112 s3.2.2: a target may name a host as well, and has to be accepted. The library would build its addresses on that host. */
function originForm(target: string): string {
  if (target.startsWith('/')) return target
  const url = URL.parse(target)
  return url ? `${url.pathname}${url.search}` : '/'
}

/** What reads a query asks for each name in turn, so its work grows with the square of their number: a second for a few thousand. */
function isTooMuch(target: string): boolean {
  return target.length > longestTarget || (target.match(/&/g)?.length ?? 0) > mostParameters
}

function refuse(response: ServerResponse, status: number, description: string): void {
  response.writeHead(status, { 'content-type': 'application/json', connection: 'close' })
  response.end(JSON.stringify({ error: 'invalid_request', error_description: description }))
}

/** Walks X-Forwarded-For from the right, as far as trusted proxies wrote it. */
function clientAddress(peer: string, forwarded: string | string[] | undefined, isTrusted: (address: string) => boolean): string {
  const hops = String(forwarded ?? '')
    .split(',')
    .map((hop) => hop.trim())
  let address = peer
  while (isTrusted(address)) {
    const hop = hops.pop()
    if (!hop || !isIP(hop)) break
    address = hop
  }
  return address
}

function trust(proxies: string[]): (address: string) => boolean {
  if (proxies.length === 0) return () => false
  const list = new BlockList()
  for (const proxy of proxies) {
    const [address = '', prefix] = proxy.split('/')
    const family = isIPv6(address) ? 'ipv6' : 'ipv4'
    if (prefix === undefined) list.addAddress(address, family)
    else list.addSubnet(address, Number(prefix), family)
  }
  return (address) => isIP(address) !== 0 && list.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')
}
