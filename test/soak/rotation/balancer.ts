/** What stands in front of several processes: hands each request to the one that is on, over a connection of its own. */
import { once } from 'node:events'
import { createServer, request } from 'node:http'
import { pipeline } from 'node:stream'
import { setTimeout as wait } from 'node:timers/promises'

export interface Balancer {
  /** From the next request on. Resolves when nobody waits for an answer of the one before. */
  turnTo(port: number): Promise<void>
  close(): Promise<void>
}

export async function startBalancer(port: number, to: number): Promise<Balancer> {
  let on = to
  const underWay = new Map<number, number>()
  const count = (port: number, change: 1 | -1) => underWay.set(port, (underWay.get(port) ?? 0) + change)
  const server = createServer((incoming, outgoing) => {
    const { method, url, headers } = incoming
    const port = on
    count(port, 1)
    outgoing.once('close', () => count(port, -1))
    const place = { host: 'localhost', port, autoSelectFamily: false, agent: false } as const
    const forwarded = request({ ...place, method, path: url, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
      // An answer that breaks off is broken off, not left open.
      pipeline(answer, outgoing, (error) => error && console.error(`  the balancer, in an answer: ${error.message}`))
    })
    forwarded.once('error', (error) => {
      console.error(`  the balancer: ${error.message}`)
      outgoing.writeHead(502, { 'content-type': 'text/plain' })
      outgoing.end(`the balancer: ${error.message}`)
    })
    incoming.pipe(forwarded)
  })
  server.listen(port, 'localhost')
  await once(server, 'listening')
  return {
    async turnTo(next) {
      const before = on
      on = next
      while ((underWay.get(before) ?? 0) > 0) await wait(10)
    },
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
