/** A server that takes connections and never answers, over http or https alike, until it is told to let go. */
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'

export interface Tarpit {
  port: number
  /** All that were ever made. */
  connections: number
  /** Resolves as soon as so many were made. */
  reached(connections: number): Promise<void>
  /** Breaks what it holds. */
  letGo(): void
  close(): void
}

export async function startTarpit(): Promise<Tarpit> {
  const sockets = new Set<Socket>()
  const waiting: (() => void)[] = []
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {}).on('close', () => sockets.delete(socket))
    tarpit.connections += 1
    for (const look of waiting) look()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const tarpit: Tarpit = {
    port: (server.address() as AddressInfo).port,
    connections: 0,
    reached: (connections) =>
      new Promise((resolve) => {
        const look = () => tarpit.connections >= connections && resolve()
        waiting.push(look)
        look()
      }),
    letGo() {
      for (const socket of sockets) socket.resetAndDestroy()
    },
    close() {
      tarpit.letGo()
      server.close()
    },
  }
  return tarpit
}
