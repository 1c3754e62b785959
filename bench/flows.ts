/** Sign-ins, each with its code exchange and one refresh: the server with its durable database beside the library with its memory adapter, driven by the same client. */
import { createVisitor, type Visitor } from '../src/try/visitor.ts'
import { progressOf } from '../test/support/progress.ts'
import { authorizationUrl, type Credentials, passThrough, pkce, redeem, refresh, signedFrom } from '../test/support/story.ts'
import { type Contender, install, startBareFlows, startSignet } from './servers.ts'
import { type Row, row } from './table.ts'

const inFlight = 8
const rounds = 4
const secondsPerRound = 3
const warmUpSeconds = 8

type Flow = (contender: Contender, client: Credentials, visitor: Visitor) => Promise<void>

/** @param visitor of somebody who is signed in already, or not */
const flow: Flow = async ({ url: issuer }, client, visitor) => {
  const { verifier, challenge } = pkce()
  const url = authorizationUrl(issuer, client.id, challenge)
  const answer = await passThrough(visitor, await visitor.open(url), { email: 'ada@example.com' })
  const tokens = await redeem({ issuer }, client, signedFrom(url, answer, verifier, visitor))
  if (tokens.status !== 200) throw new Error(`${issuer}: ${tokens.status} ${tokens.body.error}`)
  const refreshed = await refresh({ issuer }, client, tokens.body.refresh_token as string)
  if (refreshed.status !== 200) throw new Error(`${issuer}: ${refreshed.status} ${refreshed.body.error}`)
}

export async function benchFlows(): Promise<Row[]> {
  const installation = install({ withPeople: true })
  const running: Contender[] = []
  const rates: Record<'signIn' | 'goOn', Record<Contender['name'], number>> = {
    signIn: { signet: 0, bare: 0 },
    goOn: { signet: 0, bare: 0 },
  }
  const clients = {
    signet: { id: 'bench-web', secret: installation.webSecret as string },
    bare: { id: 'bench-web', secret: 'a-secret-of-some-length' },
  }
  try {
    running.push(await startSignet(installation), await startBareFlows())
    const run = (contender: Contender, kind: 'signIn' | 'goOn', seconds: number) =>
      flows(contender, clients[contender.name], kind, seconds)
    for (const contender of running) for (const kind of ['signIn', 'goOn'] as const) await run(contender, kind, warmUpSeconds / 2)
    const progress = progressOf('rounds', rounds)
    for (let round = 0; round < rounds; round++) {
      for (const contender of round % 2 ? running.toReversed() : running)
        for (const kind of ['signIn', 'goOn'] as const) rates[kind][contender.name] += await run(contender, kind, secondsPerRound)
      progress(round + 1)
    }
  } finally {
    for (const contender of running) await contender.stop()
    installation.remove()
  }
  const of = (name: string, { signet, bare }: Record<Contender['name'], number>) =>
    row(name, signet / rounds, bare / rounds, 'bare, memory adapter', 'at least 0.9')
  return [
    of('sign-in by password, refresh (per s)', rates.signIn),
    of('sign-in of who is signed in, refresh (per s)', rates.goOn),
  ]
}

/** @returns how many were finished in a second */
async function flows(contender: Contender, client: Credentials, kind: 'signIn' | 'goOn', seconds: number): Promise<number> {
  const begun = performance.now()
  const until = begun + seconds * 1_000
  let done = 0
  const lane = async () => {
    let visitor = createVisitor(contender.url)
    if (kind === 'goOn') await flow(contender, client, visitor)
    while (performance.now() < until) {
      if (kind === 'signIn') visitor = createVisitor(contender.url)
      await flow(contender, client, visitor)
      done++
    }
  }
  await Promise.all(Array.from({ length: inFlight }, lane))
  return done / ((performance.now() - begun) / 1_000)
}
