/** Readers of the list of revocations that ask and never read, or wait for good: what they cost the others, and the server's memory. */
import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { expect } from 'chai'
import Koa from 'koa'
import { systemStopwatch } from '../../src/base/clock.ts'
import { createWaiting } from '../../src/oauth/revocations/waiting.ts'
import { revocationRoutes } from '../../src/web/routes/revocations.ts'

const readers = 30
const megabyte = 2 ** 20

describe('slow readers of the list of revocations', () => {
  const sockets: Socket[] = []
  const servers: Server[] = []
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy()
    for (const server of servers.splice(0)) server.close()
  })

  async function serve(bodyOf: () => Buffer | string): Promise<number> {
    const place = { lineage: 'list', cursor: 1 }
    const documents = { end: async () => place, placeOf: async (text?: string) => (text ? place : undefined) }
    const waiting = createWaiting(documents, (milliseconds, run) => void setTimeout(run, milliseconds).unref(), systemStopwatch)
    const app = new Koa()
    const whole = { ...documents, after: async () => bodyOf() as Buffer }
    app.use(revocationRoutes({ documents: whole, waiting, readers: undefined, issuer: 'http://localhost' }).routes())
    const server = createServer(app.callback())
    servers.push(server)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return (server.address() as AddressInfo).port
  }

  /** Each has sent its question, and its answer has begun to come. */
  async function neverReading(port: number, path: string): Promise<void> {
    const begun = Array.from({ length: readers }, () => {
      const socket = connect(port, '127.0.0.1')
      sockets.push(socket)
      socket.write(`GET ${path} HTTP/1.1\r\nhost: localhost\r\n\r\n`)
      return new Promise<void>((resolve) => socket.once('readable', resolve))
    })
    await Promise.all(begun)
  }
  const held = () => {
    const { external, arrayBuffers, heapUsed } = process.memoryUsage()
    return (external + arrayBuffers + heapUsed) / megabyte
  }
  const read = async (port: number, query = '') => (await fetch(`http://127.0.0.1:${port}/revocations${query}`)).text()

  it('hold one document together, and the next reader is answered', async () => {
    const document = Buffer.alloc(4 * megabyte, 'x')
    const port = await serve(() => document)
    const before = held()
    await neverReading(port, '/revocations')
    expect(held() - before).to.be.below((readers * 4) / 4)
    expect(await read(port)).to.have.length(4 * megabyte)
  })
  it('would hold one each if it were text', async () => {
    const text = 'x'.repeat(4 * megabyte)
    const port = await serve(() => text)
    const before = held()
    await neverReading(port, '/revocations')
    expect(held() - before).to.be.above((readers * 4) / 2)
  })
  it('that wait keep nobody waiting', async () => {
    const port = await serve(() => Buffer.from('list'))
    for (let count = 0; count < readers; count++) {
      const socket = connect(port, '127.0.0.1')
      sockets.push(socket)
      socket.write('GET /revocations?after=list.1&wait=25 HTTP/1.1\r\nhost: localhost\r\n\r\n')
    }
    expect([await read(port), await read(port, '?after=list.1')]).to.deep.equal(['list', 'list'])
  })
})
