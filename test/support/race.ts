/**
 * The same request on many connections at once. They are warmed first: cold ones queue the requests up, and hide what a server that looks
 * before it leaps would do.
 */
import { Agent, request } from 'node:http'

export interface Runner {
  status: number
  body: Record<string, string>
  /** Where it was sent on. */
  location?: URL | undefined
}

interface Sent {
  path: string
  method: string
  headers: Record<string, string | number>
  payload?: string
}

export interface Race {
  /** Spread evenly over all ports. */
  run(form: Record<string, string>, headers?: Record<string, string>): Promise<Runner[]>
  /** A form elsewhere than at the token endpoint. */
  post(path: string, form: URLSearchParams, headers?: Record<string, string>): Promise<Runner[]>
  open(path: string, headers?: Record<string, string>): Promise<Runner[]>
  close(): void
}

/** @param ports token endpoints of this machine */
export async function warmRace(ports: number[], runners: number): Promise<Race> {
  // Of those that are free an agent keeps 256 unless told otherwise, and the rest of the runners would be cold again.
  const agent = new Agent({ keepAlive: true, maxSockets: runners, maxFreeSockets: runners })
  const send = (port: number, { payload, ...sending }: Sent) =>
    new Promise<Runner>((resolve, reject) => {
      const sent = request({ agent, host: 'localhost', port, ...sending }, (response) => {
        let text = ''
        response.setEncoding('utf8')
        response.on('data', (chunk) => {
          text += chunk
        })
        response.once('end', () => {
          const { statusCode: status = 0, headers } = response
          const body = headers['content-type']?.includes('json') ? (JSON.parse(text) as Runner['body']) : {}
          resolve({
            status,
            body,
            location: headers.location === undefined ? undefined : new URL(headers.location, `http://localhost:${port}`),
          })
        })
      })
      sent.once('error', reject)
      sent.end(payload)
    })
  const all = (one: Sent) => Promise.all(Array.from({ length: runners }, (_, i) => send(ports[i % ports.length]!, one)))
  const post: Race['post'] = (path, form, more = {}) => {
    const payload = String(form)
    const headers = { 'content-type': 'application/x-www-form-urlencoded', 'content-length': payload.length, ...more }
    return all({ path, method: 'POST', headers, payload })
  }
  const run: Race['run'] = (form, more) => post('/token', new URLSearchParams(form), more)
  // More cold connections at once than a server lets wait (511): the system resets one now and then.
  await run({ grant_type: 'none' }).catch(() => run({ grant_type: 'none' }))
  return { run, post, open: (path, headers = {}) => all({ path, method: 'GET', headers }), close: () => agent.destroy() }
}

/** How often each status came back. */
export function tally(runners: Runner[]): Record<number, number> {
  const groups = Object.groupBy(runners, ({ status }) => String(status))
  return Object.fromEntries(Object.entries(groups).map(([status, all]) => [status, all?.length ?? 0]))
}
