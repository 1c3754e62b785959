/** The issuer as a client sees it, asked from here: what a proxy makes of requests and answers is seen only from outside. */

import { type Ask, ask, whyNot } from './ask.ts'
import { type Check, fail, ok, warn } from './check.ts'
import { type AnyClient, largeAnswerCheck } from './sign-in.ts'

export interface Seen {
  issuer: string
  /** Where the issuer is asked: its own address, or another way to the same server. */
  base: string
  /** Ids of the keys that lie here; undefined where that is not known. */
  published: string[] | undefined
  /** To begin a sign-in with; undefined when there is none. */
  client?: AnyClient | undefined
  /** Seconds since the epoch. */
  now(): number
}

/** Ends with the first thing that all others rest on. */
export async function* outsideChecks(seen: Seen, asking: Ask = ask): AsyncGenerator<Check> {
  const answered = await reach(seen, asking)
  yield answered.check
  if (!answered.response) return
  yield skewCheck(answered.response, seen.now())
  const metadata = (await answered.response.json().catch(() => ({}))) as Record<string, unknown>
  const named = metadataCheck(seen, metadata)
  yield named
  if (named.status === 'fail') return
  yield await keysCheck(seen, asking)
  yield await readyCheck(seen, asking)
  yield await largeCheck(seen, asking)
  const begun = seen.client && (await largeAnswerCheck(seen.base, seen.client, asking))
  if (begun) yield begun
}

async function reach({ base }: Seen, asking: Ask): Promise<{ check: Check; response?: Response }> {
  const name = 'issuer'
  try {
    const response = await asking(`${base}/.well-known/openid-configuration`)
    if (response.status === 200) return { check: ok(name, `${base} answers.`), response }
    const mend =
      response.status >= 500
        ? 'The proxy does not reach Signet, or it is not ready: see whether it runs, and where the proxy sends requests.'
        : 'Something else answers there: the proxy has to hand on every path as it is.'
    return { check: fail(name, `${base} answers its metadata with ${response.status}.`, mend) }
  } catch (cause) {
    const { code = (cause as Error).name } = ((cause as Error).cause ?? {}) as { code?: string }
    return { check: fail(name, `${base} does not answer (${code}).`, whyNot(code)) }
  }
}

/** RFC 9110 s6.6.1: whole seconds, made when the answer was begun. */
function skewCheck(response: Response, now: number): Check {
  const name = 'date'
  const date = Date.parse(response.headers.get('date') ?? '') / 1_000
  if (Number.isNaN(date)) return warn(name, 'The answers have no Date.', 'Let the proxy keep it: caches and clients go by it.')
  const apart = Math.abs(date - now)
  const sentence = `The clock there and the clock here are ${apart.toFixed(0)} s apart.`
  const mend = 'Let both be set by NTP: tokens are good from one second to another.'
  if (apart > 30) return fail(name, sentence, mend)
  return apart > 3 ? warn(name, sentence, mend) : ok(name, sentence)
}

/** Every address that clients are told is under the issuer, whatever the proxy said of the request. */
function metadataCheck({ issuer }: Seen, metadata: Record<string, unknown>): Check {
  const name = 'metadata'
  if (metadata.issuer !== issuer)
    return fail(
      name,
      `What answers there calls itself ${String(metadata.issuer)}; the settings say ${issuer}.`,
      'Another server answers, or it runs by other settings: look at SIGNET_CONFIG, and start it anew after a change.',
    )
  const elsewhere = Object.entries(metadata).filter(
    ([member, value]) => /(_endpoint|_uri)$/.test(member) && !String(value).startsWith(`${issuer}/`),
  )
  const [first] = elsewhere
  if (first)
    return fail(name, `${first[0]} is ${String(first[1])}.`, 'The proxy changes answers: it has to leave them as they are.')
  return ok(name, `It calls itself ${issuer}, as the settings do.`)
}

async function keysCheck({ base, published }: Seen, asking: Ask): Promise<Check> {
  const name = 'published-keys'
  const answer: { keys?: { kid?: string }[] } = await asking(`${base}/.well-known/jwks.json`)
    .then((response) => response.json() as Promise<object>)
    .catch(() => ({}))
  if (!answer.keys) return fail(name, 'The key set cannot be read.', 'Let the proxy hand on /.well-known/jwks.json as it is.')
  const there = answer.keys.map(({ kid }) => kid)
  if (!published) return ok(name, `${answer.keys.length} keys are published.`)
  const hidden = published.filter((kid) => !there.includes(kid))
  if (hidden.length > 0)
    return fail(
      name,
      `${hidden.join(', ')} lies here and is not published there.`,
      'The server has another key folder (SIGNET_KEYS), or a cache keeps an older answer: it may for five minutes.',
    )
  const foreign = there.filter((kid) => !published.includes(String(kid)))
  if (foreign.length > 0)
    return fail(
      name,
      `${foreign.join(', ')} is published there and does not lie here.`,
      'The server has another key folder (SIGNET_KEYS), or a key was removed within five minutes.',
    )
  return ok(name, `${there.length} keys are published, those that lie here.`)
}

async function readyCheck({ base }: Seen, asking: Ask): Promise<Check> {
  const name = 'ready'
  const response = await asking(`${base}/health/ready`).catch(() => undefined)
  if (response?.status === 200) return ok(name, 'The server is ready.')
  const { missing } = ((await response?.json().catch(() => undefined)) ?? {}) as { missing?: string[] }
  if (missing)
    return fail(name, `The server is not ready: ${missing.join(', ')}.`, 'See its log, and the checks of its store above.')
  return warn(
    name,
    `/health/ready answers ${response?.status ?? 'nothing'}.`,
    'Let the proxy hand it on, or see by another way that it is ready.',
  )
}

/** A request with a long state and the cookies of some tabs; Signet itself takes 16 kB of headers. */
async function largeCheck({ base }: Seen, asking: Ask): Promise<Check> {
  const name = 'large-requests'
  const headers = { cookie: Array.from({ length: 4 }, (_, n) => `doctor${n}=${'x'.repeat(1_800)}`).join('; ') }
  const response = await asking(`${base}/health/live?state=${'x'.repeat(3_000)}`, headers).catch(() => undefined)
  if (response?.status === 200) return ok(name, 'A request with 7 kB of cookies and a long address comes through.')
  return fail(
    name,
    `A request with 7 kB of cookies and a long address is answered ${response?.status ?? 'by nothing'}.`,
    'Let the proxy take more, as Signet does; nginx: large_client_header_buffers 4 16k.',
  )
}
