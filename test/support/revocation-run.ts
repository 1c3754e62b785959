/**
 * Two processes of one issuer and an API that verifies by itself, in a third: what is revoked at the first is refused by the API, which listens
 * to the second. Then the issuer is away, comes back, and somebody replays what it once said.
 */

import { freePort } from './ports.ts'
import { apiClients, revoke } from './questions.ts'
import { type ReaderProcess, startReader, type Way } from './reader-process.ts'
import { type SecondProcess, startSecondProcess } from './second-process.ts'
import { api, startTestServer } from './server.ts'
import { basic, type Credentials, cast, type Site, token } from './story.ts'
import { until } from './until.ts'

export interface RevocationRun {
  /** Milliseconds from the acknowledgement to the first refusal, of each revocation, in each way. */
  waits: Record<Way, number[]>
  /** What the API said of tokens: those that were revoked, one that was not; and how many revoked ones there were to be judged. */
  stopped: Judged
  caughtUp: Judged & { missed: string[]; missedBefore: string[] }
  replayed: Judged & { lists: number }
  /** Requests of the API for anything but the list and the keys. */
  others: number
}

interface Judged {
  revoked: string[]
  living: string
}

/**
 * @param count revocations that the kit notices; every fifth has a control behind it
 * @param stopped which processes of the issuer are away for a while: the one that the API listens to is in any case
 */
export async function runRevocations(
  count: number,
  stopped: 'both' | 'second',
  progress: (done: number) => void = () => {},
): Promise<RevocationRun> {
  const founder = await startTestServer()
  const who = await cast(founder)
  const { notes } = await apiClients(founder)
  await founder.close()
  const ports = { first: await freePort(), second: await freePort() }
  const serve = (port: number) => startSecondProcess(founder, { listen: { host: 'localhost', port } })
  const site = (port: number): Site => ({ issuer: `http://localhost:${port}` })
  const running = new Set<{ stop(): Promise<void> }>()
  const keep = async <T extends SecondProcess | ReaderProcess>(started: Promise<T>): Promise<T> => {
    running.add(await started)
    return started
  }
  const end = async (one: { stop(): Promise<void> }) => {
    running.delete(one)
    await one.stop()
  }
  const first = site(ports.first)
  const machineToken = () => tokenOf(first, who.machine)
  const revoked: string[] = []
  const waits: Record<Way, number[]> = { kit: [], introspection: [] }
  try {
    const [one, other] = await Promise.all([keep(serve(ports.first)), keep(serve(ports.second))])
    const start = { issuer: founder.issuer, site: site(ports.second).issuer, api, authorization: basic(notes) }
    const reader = await keep(startReader(start))
    const living = await machineToken()

    async function measure(way: Way): Promise<void> {
      const jwt = await machineToken()
      const { refused } = await reader.watch(jwt, way)
      await revoke(first, who.machine, jwt)
      const acknowledged = process.hrtime.bigint()
      waits[way].push(Number((await refused) - acknowledged) / 1e6)
      revoked.push(jwt)
    }
    for (let done = 1; done <= count; done++) {
      await measure('kit')
      if (done % 5 === 0) await measure('introspection')
      progress(done)
    }
    const judge = async (): Promise<Judged> => {
      const [last, ...others] = (await reader.judge([living, ...revoked])) as [string, ...string[]]
      return { revoked: others, living: last }
    }
    await until('the last of them', async () => (await judge()).revoked.every((one) => one === 'revoked'))

    await end(other)
    if (stopped === 'both') await end(one)
    const { failed } = await reader.heard()
    await until('a list that is not had', async () => (await reader.heard()).failed > failed)
    const away = await judge()

    if (stopped === 'both') await keep(serve(ports.first))
    const missed = await Promise.all(Array.from({ length: 20 }, machineToken))
    for (const one of missed) await revoke(first, who.machine, one)
    const missedBefore = await reader.judge(missed)
    await keep(serve(ports.second))
    await until('what was missed', async () => (await reader.judge(missed)).every((one) => one === 'revoked'))
    const caughtUp = { ...(await judge()), missed: await reader.judge(missed), missedBefore }

    const { read } = await reader.heard()
    await reader.replay()
    await measure('kit')
    await until('the replay', async () => (await reader.heard()).read >= read + 2)
    const { read: after, others } = await reader.heard()
    return { waits, stopped: away, caughtUp, replayed: { ...(await judge()), lists: after - read }, others }
  } finally {
    await Promise.all([...running].map((one) => one.stop()))
  }
}

async function tokenOf(at: Site, client: Credentials): Promise<string> {
  const { status, body } = await token(at, client, { grant_type: 'client_credentials', scope: 'notes:read' })
  if (status !== 200) throw new Error(JSON.stringify(body))
  return body.access_token as string
}

/** @param share 0.5 for the median, 1 for the longest */
export function quantile(values: number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN
}
