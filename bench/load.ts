/**
 * Token requests as fast as a server answers them, at the least price for the machine that it shares: ready-made bytes on kept connections, one
 * request at a time on each. autocannon, which parses what it gets, costs a third of what the server does.
 */
import { connect, type Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import type { Contender } from './servers.ts'

const connections = 16
const body = 'grant_type=client_credentials&scope=notes%3Aread'

/** @returns how many were answered with 200 @throws when anything else comes */
export async function lightLoad({ url, secret }: Contender, seconds: number): Promise<number> {
  const { hostname, port, host } = new URL(url)
  const authorization = `Basic ${Buffer.from(`bench:${secret}`).toString('base64')}`
  const request = Buffer.from(
    `POST /token HTTP/1.1\r\nhost: ${host}\r\nauthorization: ${authorization}\r\n` +
      `content-type: application/x-www-form-urlencoded\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  )
  const sockets: Socket[] = []
  let answered = 0
  let fault: Error | undefined
  for (let at = 0; at < connections; at++) {
    const socket = connect(Number(port), hostname)
    sockets.push(socket)
    socket.on('error', (error) => {
      fault ??= error
    })
    let missing = 0
    socket.on('data', (bytes) => {
      if (missing === 0) {
        const text = bytes.toString('latin1')
        const end = text.indexOf('\r\n\r\n') + 4
        const length = Number(/\r\ncontent-length: (\d+)/i.exec(text)?.[1])
        if (end < 4 || !text.startsWith('HTTP/1.1 200 ') || !length) fault ??= new Error(`answered ${text.slice(0, 40)}`)
        missing = length - (bytes.length - end)
      } else missing -= bytes.length
      if (missing > 0 || fault) return
      answered++
      socket.write(request)
    })
    socket.on('connect', () => socket.write(request))
  }
  await wait(seconds * 1_000)
  for (const socket of sockets) socket.destroy()
  if (fault) throw fault
  return answered
}
