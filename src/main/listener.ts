/** The port: plain HTTP behind a proxy that ends TLS, or HTTPS by a certificate of the settings. */
import { createServer, type Server } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { Refusal } from '../base/errors.ts'
import { readTlsFiles } from '../crypto/key-files.ts'
import type { Settings } from '../settings/load.ts'
import type { Handler } from '../web/door.ts'

/** A slow sender of headers or body is dropped (408); 16 kB of headers is Node's own limit (431). */
const limits = { headersTimeout: 10_000, requestTimeout: 30_000, keepAliveTimeout: 20_000, maxHeaderSize: 16_384 }

/** @throws Refusal `unreadable_key` when the certificate or its key cannot be used */
export function createListener({ tls }: Settings['listen'], handler: Handler): Server {
  const server = tls ? secureServer(tls, handler) : createServer(limits, handler)
  server.maxHeadersCount = 100
  return server
}

function secureServer(tls: { certificate: string; key: string }, handler: Handler): Server {
  const pem = readTlsFiles(tls)
  try {
    // A client that opens a connection and never begins TLS is dropped as a slow sender is.
    return createSecureServer({ ...limits, handshakeTimeout: limits.headersTimeout, ...pem }, handler)
  } catch (cause) {
    throw new Refusal(
      'unreadable_key',
      `${tls.certificate} and ${tls.key} are no certificate with its key (${(cause as NodeJS.ErrnoException).code}).`,
      { cause },
    )
  }
}

const anotherPort = 'Set SIGNET_PORT to another; a second Signet needs a SIGNET_DATA of its own as well.'

/** @param other what to do when it is taken @returns the port @throws Refusal `port_taken`, `cannot_listen` */
export function listen(server: Server, { host, port }: { host: string; port: number }, other = anotherPort): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const taken = cause.code === 'EADDRINUSE'
      const sentence = taken ? `Port ${port} on ${host} is taken. ${other}` : `Cannot listen on ${host}:${port} (${cause.code}).`
      reject(new Refusal(taken ? 'port_taken' : 'cannot_listen', sentence, { cause }))
    })
    server.listen({ host, port }, () => resolve((server.address() as AddressInfo).port))
  })
}
