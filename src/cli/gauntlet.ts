/**
 * `signet gauntlet --url <api>`: aims tokens that are nearly good at an API on this machine, and names what it wrongly accepted. The API has to
 * trust the issuer that this command plays, which signs tokens for anybody: hence loopback alone, and an issuer that is gone with the command.
 */
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import { Refusal } from '../base/errors.ts'
import type { CredentialKind, Mutant, TestIssuer } from '../resource-server/testing.ts'
import { answer, tellPerson } from './run.ts'

export interface GauntletOptions {
  url: string
  resource?: string
  scope?: string
  issuerPort?: string
  count?: string
  apiKeys?: boolean
  json?: boolean
}

interface Fault {
  how: string
  status: number
  token: string
}

export interface GauntletReport {
  sent: number
  wronglyAccepted: Fault[]
  wronglyRefused: Fault[]
  failed: Fault[]
}

const atOnce = 8
// The kit asks again after half a minute at most.
const [mostTries, pauseMilliseconds] = [200, 200]
const both: readonly CredentialKind[] = ['access_token', 'api_key']
const loopbackHosts = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/

export async function gauntlet(options: GauntletOptions): Promise<void> {
  const url = URL.canParse(options.url) ? new URL(options.url) : undefined
  if (url?.protocol !== 'http:' || !loopbackHosts.test(url.hostname))
    throw new Refusal('invalid_request', 'The gauntlet is for an API on this machine: --url wants an http address of localhost.')
  const port = wholeNumber(options.issuerPort ?? '4010', '--issuer-port', 65_535)
  const count = wholeNumber(options.count ?? '2000', '--count', 10_000_000)
  const { createTestIssuer } = await import('../resource-server/testing.ts')
  const issuer = createTestIssuer({ issuer: `http://localhost:${port}`, resource: options.resource ?? url.origin })
  const claims = { scope: options.scope ?? '' }
  const server = await servedBy(issuer, port)
  try {
    const report = await runGauntlet(url.href, issuer, { claims, count, accept: options.apiKeys ? both : both.slice(0, 1) })
    answer(options.json, report, linesOf(report))
    if (report.wronglyAccepted.length + report.wronglyRefused.length + report.failed.length > 0) process.exitCode = 1
  } finally {
    server.close()
    server.closeAllConnections()
  }
}

export interface GauntletRun {
  /** What every credential says beside what makes it good. */
  claims: Readonly<Record<string, unknown>>
  count: number
  /** What the API is known to accept. */
  accept?: readonly CredentialKind[]
  /** The same number has the same mutations. */
  seed?: number
}

/** @throws Refusal `good_token_refused` where the API does not trust the issuer: nothing it refuses then would prove anything */
export async function runGauntlet(
  url: string,
  issuer: Pick<TestIssuer, 'issuer' | 'token' | 'apiKey' | 'mutations'>,
  { claims, count, accept = ['access_token'], seed = 1 }: GauntletRun,
): Promise<GauntletReport> {
  for (const kind of accept) {
    const status = await firstStatusOf(url, () => (kind === 'api_key' ? issuer.apiKey(claims) : issuer.token(claims)))
    if (status < 400) continue
    throw new Refusal(
      'good_token_refused',
      `The API answered ${status} to a good ${kind === 'api_key' ? 'API key' : 'token'}. While this runs it has to trust the issuer ${issuer.issuer}; --resource and --scope say what its tokens are for. Each run has keys of its own: an API that keeps those of the one before asks for others half a minute later.`,
    )
  }
  const report: GauntletReport = { sent: 0, wronglyAccepted: [], wronglyRefused: [], failed: [] }
  const mutants = issuer.mutations(seed, claims, accept).take(count)
  // Several take from one generator, each the next.
  await Promise.all(Array.from({ length: atOnce }, () => sendEach(url, mutants, report)))
  return report
}

async function sendEach(url: string, mutants: Iterator<Mutant>, report: GauntletReport): Promise<void> {
  for (let next = mutants.next(); !next.done; next = mutants.next()) {
    const { token, how, isGood } = next.value
    const status = await statusOf(url, token)
    const fault = { how, status, token }
    if (++report.sent % 10_000 === 0) tellPerson(`${report.sent} sent …\n`)
    if (status >= 500) report.failed.push(fault)
    else if (isGood && status >= 400) report.wronglyRefused.push(fault)
    // 403: the token was believed. That its scope was not enough is no excuse, since no mutation that is signed changes it.
    else if (!isGood && (status < 400 || status === 403)) report.wronglyAccepted.push(fault)
  }
}

/** An API that looked for its issuer before this command played one looks again, by and by: until then it answers 503. */
async function firstStatusOf(url: string, good: () => string): Promise<number> {
  for (let tries = 1; ; tries++) {
    const status = await statusOf(url, good())
    if (status !== 503 || tries === mostTries) return status
    if (tries === 1) tellPerson('The API answers 503: waiting until it finds the issuer …\n')
    await wait(pauseMilliseconds)
  }
}

async function statusOf(url: string, token: string): Promise<number> {
  try {
    const response = await fetch(url, { headers: { authorization: `Bearer ${token}` }, redirect: 'manual' })
    await response.body?.cancel()
    return response.status
  } catch (cause) {
    throw new Refusal('api_unreachable', `Nobody answers at ${url}.`, { detail: { cause: String(cause) } })
  }
}

/** What the issuer publishes, at its address. @throws Refusal `port_taken` */
export async function servedBy(issuer: TestIssuer, port: number): Promise<Server> {
  const server = createServer(async (request, response) => {
    // Whoever follows the list of what was revoked waits for news, and may go away meanwhile.
    const gone = new AbortController()
    response.once('close', () => gone.abort())
    try {
      const found = await issuer.options.fetch(`${issuer.issuer}${request.url}`, { signal: gone.signal })
      response.writeHead(found.status, { 'content-type': 'application/json' }).end(await found.text())
    } catch (cause) {
      if (!gone.signal.aborted) response.destroy(cause as Error)
    }
  })
  server.listen(port, 'localhost')
  await once(server, 'listening').catch(() => {
    throw new Refusal('port_taken', `Port ${port} is taken; --issuer-port names another.`)
  })
  return server
}

function linesOf({ sent, wronglyAccepted, wronglyRefused, failed }: GauntletReport): string[] {
  const named = (what: string, faults: Fault[]) =>
    [...new Set(faults.map(({ how, status }) => `${what} (${status}): ${how}`))].slice(0, 20)
  return [
    ...named('wrongly accepted', wronglyAccepted),
    ...named('wrongly refused', wronglyRefused),
    ...named('failed', failed),
    `${sent} tokens: ${wronglyAccepted.length} wrongly accepted, ${wronglyRefused.length} wrongly refused, ${failed.length} answered with an error of the server.`,
  ]
}

function wholeNumber(text: string, option: string, most: number): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 1 || value > most)
    throw new Refusal('invalid_request', `${option} wants a whole number from 1 to ${most}.`)
  return value
}
