/** Another server, on every address of this machine, that counts who connects. */
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo, Server, Socket } from 'node:net'
import { type Certificate, selfSigned } from '../support/certificate.ts'

export interface Listener {
  port: number
  connections: number
  certificate?: Certificate
  close(): Promise<void>
}

export const names = ['localhost', '127.0.0.1', '::1', 'rp.example.com']

export async function listenEverywhere(
  answer: RequestListener,
  { secure = false, certificate = selfSigned(names) }: { secure?: boolean; certificate?: Certificate } = {},
): Promise<Listener> {
  const pem = { cert: certificate.certificate, key: certificate.key }
  const server: Server = secure ? createSecureServer(pem, answer) : createServer(answer)
  const sockets = new Set<Socket>()
  const listener: Listener = {
    port: 0,
    connections: 0,
    ...(secure && { certificate }),
    async close() {
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
  server.on('connection', (socket: Socket) => {
    listener.connections += 1
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  server.listen(0, '::')
  await once(server, 'listening')
  listener.port = (server.address() as AddressInfo).port
  return listener
}
