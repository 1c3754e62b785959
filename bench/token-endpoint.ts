/** Client credentials, ES256: the server as an operator runs it beside a bare oidc-provider with its memory adapter. Warm, alternating, two processes. */
import autocannon from 'autocannon'
import { type Contender, install, startBare, startSignet } from './servers.ts'
import { type Row, row } from './table.ts'

const warmUpSeconds = 10
const rounds = 5
const secondsPerRound = 3

export async function benchTokenEndpoint(): Promise<Row[]> {
  const installation = install()
  const running: Contender[] = []
  const sums = { signet: 0, bare: 0 }
  const cpu = { signet: 0, bare: 0 }
  try {
    running.push(await startSignet(installation), await startBare())
    for (const contender of running) await requests(contender, warmUpSeconds)
    for (let round = 0; round < rounds; round++) {
      const order = round % 2 ? running.toReversed() : running
      for (const contender of order) {
        const before = contender.cpuSeconds()
        sums[contender.name] += await requests(contender, secondsPerRound)
        cpu[contender.name] += contender.cpuSeconds() - before
      }
    }
  } finally {
    for (const contender of running) await contender.stop()
    installation.remove()
  }
  const seconds = rounds * secondsPerRound
  return [
    row(
      'token endpoint, client credentials (per s)',
      sums.signet / seconds,
      sums.bare / seconds,
      'bare, memory adapter',
      'at least 1.0',
    ),
    row(
      'token endpoint, CPU of a request (us)',
      (cpu.signet / sums.signet) * 1e6,
      (cpu.bare / sums.bare) * 1e6,
      'bare, memory adapter',
      'at most 1.0',
    ),
  ]
}

/** @returns how many were answered with 200; anything else ends the measurement. */
export async function requests({ url, secret, name }: Contender, seconds: number): Promise<number> {
  const result = await autocannon({
    url: `${url}/token`,
    method: 'POST',
    connections: 16,
    duration: seconds,
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      authorization: `Basic ${Buffer.from(`bench:${secret}`).toString('base64')}`,
    },
    body: 'grant_type=client_credentials&scope=notes%3Aread',
  })
  if (result.non2xx > 0 || result.errors > 0) throw new Error(`${name}: ${result.non2xx} refused, ${result.errors} failed`)
  return result.requests.total
}
