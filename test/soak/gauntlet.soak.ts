/** The kit and the sample API against tokens and API keys that are nearly good, by the million: none is let in, nothing fails, nothing grows. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect } from 'chai'
import { type GauntletReport, runGauntlet, servedBy } from '../../src/cli/gauntlet.ts'
import { createResourceServer, defineResource } from '../../src/resource-server/index.ts'
import { createTestIssuer, type Mutant } from '../../src/resource-server/testing.ts'
import { freePort } from '../support/ports.ts'
import { progressOf } from '../support/progress.ts'
import { type SampleApi, startSampleApi } from '../support/sample-api.ts'
import { riseOf } from './flat.ts'
import { scaled, seed } from './scale.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

const resource = defineResource({ id: 'https://api.example.com', scopes: { 'notes:read': 'Read your notes' } })
const accept = ['access_token', 'api_key'] as const

/** Of this process, once everything is gone that can go. */
function footprint(): { heapKilobytes: number; megabytes: number; handles: number } {
  for (let time = 0; time < 3; time++) collectGarbage()
  const { heapUsed, rss } = process.memoryUsage()
  return {
    heapKilobytes: Math.round(heapUsed / 1_024),
    megabytes: Math.round(rss / 1_048_576),
    handles: process.getActiveResourcesInfo().length,
  }
}

describe(`gauntlet, seed ${seed}`, function () {
  this.timeout(0)

  it('a million tokens and keys that are nearly good are refused, the thousand that are good accepted, and nothing is kept of them', async () => {
    const issuer = createTestIssuer({ resource })
    const api = createResourceServer({ ...issuer.options, keys: {}, resource, accept })
    const count = scaled(1_000_000)
    const progress = progressOf('tokens and keys', count)
    const good = { access_token: 0, api_key: 0 }
    async function judge({ token, how, isGood }: Mutant): Promise<void> {
      const outcome = await api.verify(token).then(
        ({ kind }) => kind,
        (error) => (error.status === 401 ? 'refused' : error),
      )
      const isRight = isGood ? outcome === 'access_token' || outcome === 'api_key' : outcome === 'refused'
      if (!isRight) expect.fail(`${how}: ${outcome}: ${token}`)
      if (isGood) good[outcome as 'api_key']++
    }
    const mutants = issuer.mutations(seed, {}, accept)
    // Until everything that is made once has been made, and the cache is what it will be.
    const settled = Math.floor(count / 10)
    for (let done = 0; done < settled; done++) await judge(mutants.next().value)
    const before = footprint()
    for (let done = settled; done < count; progress(++done)) await judge(mutants.next().value)
    const after = footprint()
    api.close()

    // The control: what remembers its refusals, so that it can answer them faster, and would pass every other test of this file.
    const refused = new Set<string>()
    const controlBefore = footprint()
    for (const { token, isGood } of issuer.mutations(seed + 1, {}, accept).take(settled)) if (!isGood) refused.add(token)
    const controlAfter = footprint()

    const perThousand = (from: typeof before, to: typeof before, tokens: number) =>
      (1_000 * (to.heapKilobytes - from.heapKilobytes)) / tokens
    const grows = { kit: perThousand(before, after, count - settled), control: perThousand(controlBefore, controlAfter, settled) }
    console.log({ count, good, before, after, remembered: refused.size, heapKilobytesPerThousand: grows })
    expect(good.access_token + good.api_key).to.be.at.least(Math.floor(count / 1_000))
    if (count >= 2_000) expect(Math.min(good.access_token, good.api_key)).to.be.above(0)
    expect(after.handles).to.be.at.most(before.handles)
    if (count < 100_000) return console.log('Too short to say whether anything grows.')
    expect(grows.kit).to.be.below(grows.control / 100)
  })

  it('a hundred thousand over HTTP at the sample API: none let in, none answered with an error of the server, nothing grows', async () => {
    const count = scaled(100_000)
    const [aimed, control] = [await samples(count, 'nearly good'), await samples(count, 'good')]
    const { report } = aimed
    console.log({
      count,
      report: { ...report, wronglyAccepted: report.wronglyAccepted.length },
      aimed: aimed.said,
      control: control.said,
    })
    expect(report).to.deep.equal({ sent: count, wronglyAccepted: [], wronglyRefused: [], failed: [] })
    expect(control.report.wronglyRefused).to.deep.equal([])
    if (count < 50_000) return console.log('Too short to say whether anything grows.')
    // Of the second half, when all code has been compiled.
    expect(aimed.rises.files, 'files').to.be.below(0.1)
    expect(aimed.rises.megabytes, 'memory').to.be.below(Math.max(0.1, control.rises.megabytes + 0.05))
  })
})

/** Aims so many at a sample API of its own, by an issuer of its own. As a control it sends good ones, of which nobody wonders that the API lives by them. */
async function samples(count: number, what: 'nearly good' | 'good') {
  const port = await freePort()
  const api = await startSampleApi(`http://localhost:${port}`)
  const issuer = createTestIssuer({ issuer: `http://localhost:${port}`, resource: api.url })
  const published = await servedBy(issuer, port)
  const seen: ReturnType<SampleApi['footprint']>[] = []
  const report: GauntletReport = { sent: 0, wronglyAccepted: [], wronglyRefused: [], failed: [] }
  const parts = 40
  const progress = progressOf(`${what}, over HTTP`, count)
  const claims = { scope: 'notes:read' }
  function* goodOnes(): Generator<Mutant, never> {
    for (let made = 0; ; made++) {
      const token = made % 2 === 0 ? issuer.token(claims) : issuer.apiKey(claims)
      yield { token, how: 'nothing', isGood: true }
    }
  }
  const from = what === 'good' ? { ...issuer, mutations: goodOnes } : issuer
  const begun = performance.now()
  try {
    for (let part = 0; part < parts; part++) {
      const share = Math.floor(((part + 1) * count) / parts) - Math.floor((part * count) / parts)
      const run = await runGauntlet(`${api.url}/notes`, from, { claims, count: share, accept, seed: seed + part })
      report.sent += run.sent
      for (const name of ['wronglyAccepted', 'wronglyRefused', 'failed'] as const) report[name].push(...run[name])
      seen.push(api.footprint())
      progress(report.sent, JSON.stringify(seen.at(-1)))
    }
  } finally {
    published.close()
    published.closeAllConnections()
    await api.stop()
  }
  const settled = seen.slice(parts / 2)
  const rises = {
    megabytes: riseOf(settled.map(({ megabytes }) => megabytes)),
    files: riseOf(settled.map(({ files }) => files)),
  }
  const seconds = Math.round((performance.now() - begun) / 1_000)
  return { report, rises, said: { seconds, first: seen[0], middle: settled[0], last: seen.at(-1), rises } }
}
