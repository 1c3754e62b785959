/**
 * The same request on many connections at once. They are warmed first: cold ones queue the requests up, and hide what a server that looks
 * before it leaps would do.
 */
import { Agent, request } from 'node:http'

export interface Runner {
  status: number
  body: Record<string, string>
}

export interface Race {
  /** Spread evenly over all ports. */
  run(form: Record<string, string>): Promise<Runner[]>
  close(): void
}

/** @param ports token endpoints of this machine */
export async function warmRace(ports: number[], runners: number): Promise<Race> {
  const agent = new Agent({ keepAlive: true, maxSockets: runners })
  const send = (port: number, payload: string) =>
    new Promise<Runner>((resolve, reject) => {
      const headers = { 'content-type': 'application/x-www-form-urlencoded', 'content-length': payload.length }
      const sent = request({ agent, host: 'localhost', port, path: '/token', method: 'POST', headers }, (response) => {
        let text = ''
        response.setEncoding('utf8')
        response.on('data', (chunk) => {
          text += chunk
        })
        response.once('end', () => resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) as Runner['body'] }))
      })
      sent.once('error', reject)
      sent.end(payload)
    })
  const all = (payload: string) => Promise.all(Array.from({ length: runners }, (_, i) => send(ports[i % ports.length]!, payload)))
  await all('grant_type=none')
  return { run: (form) => all(String(new URLSearchParams(form))), close: () => agent.destroy() }
}

/** How often each status came back. */
export function tally(runners: Runner[]): Record<number, number> {
  const groups = Object.groupBy(runners, ({ status }) => String(status))
  return Object.fromEntries(Object.entries(groups).map(([status, all]) => [status, all?.length ?? 0]))
}
