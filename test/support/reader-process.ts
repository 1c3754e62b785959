/**
 * An API in a process of its own, that verifies by the kit and asks nobody but for the list: started with `fork`, told by messages which tokens
 * to judge. Times are of the machine's one monotonic clock, so that those of two processes can be compared.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { createResourceServer, defineResource } from '../../src/resource-server/index.ts'

/** How a refusal is noticed: by the kit, offline, or by asking at each request, which is the control. */
export type Way = 'kit' | 'introspection'

export interface Heard {
  /** Answers of the list that were read, and that were not had. */
  read: number
  failed: number
  /** Requests for anything that is neither the list nor the key set. */
  others: number
}

export interface ReaderProcess {
  /** Asks about a token again and again, from a moment at which it is good. @returns when that is, and then the nanosecond at which it was first refused */
  watch(token: string, way: Way): Promise<{ refused: Promise<bigint> }>
  /** @returns of each token `good`, or the reason why not */
  judge(tokens: string[]): Promise<string[]>
  heard(): Promise<Heard>
  /** The next answer of the list is the first one that this process ever had. */
  replay(): Promise<void>
  stop(): Promise<void>
}

interface Start {
  issuer: string
  /** Where the list, the keys and introspection are asked for. */
  site: string
  api: string
  /** An `Authorization` header of a client that may introspect. */
  authorization: string
}

/** A refusal that does not come is not waited for longer. */
const longestMilliseconds = 30_000

type Question = { watch: string; way: Way } | { judge: string[] } | 'heard' | 'replay'

export async function startReader(start: Start): Promise<ReaderProcess> {
  const child = fork(fileURLToPath(import.meta.url), [JSON.stringify(start)])
  const gone = once(child, 'exit')
  const waiting: ((answer: unknown) => void)[] = []
  child.on('message', (answer) => waiting.shift()?.(answer))
  const late = async () => {
    await pause(longestMilliseconds, undefined, { ref: false })
    throw new Error('the reader did not answer')
  }
  const next = <T>() =>
    Promise.race([
      new Promise<T>((resolve) => waiting.push(resolve as (answer: unknown) => void)),
      gone.then(() => Promise.reject(new Error('the reader ended'))),
      late(),
    ])
  const ask = <T>(question: Question) => {
    child.send(question)
    return next<T>()
  }
  await next()
  return {
    async watch(token, way) {
      await ask({ watch: token, way })
      return { refused: next<string>().then(BigInt) }
    },
    judge: (tokens) => ask({ judge: tokens }),
    heard: () => ask('heard'),
    replay: () => ask('replay'),
    stop: () => stop(child, gone),
  }
}

async function stop(child: ChildProcess, gone: Promise<unknown>): Promise<void> {
  if (child.connected) child.disconnect()
  await gone
}

async function read({ issuer, site, api, authorization }: Start): Promise<void> {
  const heard: Heard = { read: 0, failed: 0, others: 0 }
  let first: string | undefined
  let replays = 0
  async function asked(url: string, init: RequestInit): Promise<Response> {
    if (!url.startsWith(`${site}/revocations`)) {
      if (!url.endsWith('/jwks')) heard.others++
      return fetch(url, init)
    }
    if (replays > 0 && first !== undefined) {
      replays--
      return new Response(first)
    }
    const answer = await fetch(url, init)
    const text = await answer.text()
    if (answer.ok) first ??= text
    return new Response(text, { status: answer.status })
  }
  const kit = createResourceServer({
    issuer,
    resource: defineResource({ id: api, scopes: { 'notes:read': 'Read' } }),
    jwks: `${site}/jwks`,
    revocations: { uri: `${site}/revocations` },
    fetch: asked,
    on({ type }) {
      if (type === 'revocations_read') heard.read++
      if (type === 'revocations_failed') heard.failed++
    },
  })
  const judged = (token: string): Promise<string> =>
    kit.verify(token).then(
      () => 'good',
      ({ reason }) => String(reason),
    )
  async function introspected(token: string): Promise<string> {
    const body = new URLSearchParams({ token })
    const answer = await fetch(`${site}/introspection`, { method: 'POST', body, headers: { authorization } })
    return ((await answer.json()) as { active: boolean }).active ? 'good' : 'revoked'
  }
  async function watch(token: string, way: Way): Promise<void> {
    const ask = way === 'kit' ? judged : introspected
    const before = await ask(token)
    if (before !== 'good') throw new Error(`a token that is to be revoked is ${before}`)
    process.send?.('watching')
    while ((await ask(token)) !== 'revoked') if (way === 'kit') await pause(1)
    process.send?.(String(process.hrtime.bigint()))
  }
  process.on('message', async (question: Question) => {
    if (question === 'heard') process.send?.(heard)
    else if (question === 'replay') process.send?.(++replays)
    else if ('judge' in question) process.send?.(await Promise.all(question.judge.map(judged)))
    else await watch(question.watch, question.way)
  })
  process.once('disconnect', () => process.exit())
  await kit.ready()
  process.send?.('ready')
}

if (import.meta.main) await read(JSON.parse(process.argv[2]!) as Start)
