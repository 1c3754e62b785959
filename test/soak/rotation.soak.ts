/**
 * Signing keys that rotate every second, for a minute: twelve hours pass in it (720 times faster) for the servers and the APIs alike, so
 * that the policy's own times are what is tried: six minutes of publishing are half a second, the key set is kept for 0.4 s.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { expect } from 'chai'
import { jwksMaxAgeSeconds } from '../../src/crypto/rotation.ts'
import { freePort } from '../support/ports.ts'
import { progressOf } from '../support/progress.ts'
import { type Credentials, token } from '../support/story.ts'
import { type Installation, install, type ServerProcess } from './installation.ts'
import { type Balancer, startBalancer } from './rotation/balancer.ts'
import { scaled } from './scale.ts'

const factor = 720
const seconds = Math.max(6, scaled(60))
const perSecond = 200
const tokenSeconds = 14_400

describe(`keys that rotate every second, for ${seconds} seconds at ${perSecond} requests a second`, function () {
  this.timeout(0)
  let installation: Installation
  let balancer: Balancer
  let running: ServerProcess
  let spare: number
  const apis: { identifier: string; process: ChildProcess }[] = []
  let client: Credentials

  before(async () => {
    const ports = [await freePort(), await freePort()]
    const faster = path.resolve(import.meta.dirname, 'faster.mjs')
    const identifiers = ports.map((port) => `http://localhost:${port}`)
    installation = await install(
      {
        apis: identifiers.map((identifier, at) => ({
          identifier,
          name: `Notes ${at}`,
          algorithm: ['ES256', 'RS256'][at],
          accessTokenLifetimeSeconds: tokenSeconds,
          scopes: { 'notes:read': { description: 'Read' } },
        })),
      },
      {
        NODE_OPTIONS: `--disable-warning=ExperimentalWarning --import=${faster}`,
        FASTER: String(factor),
        FASTER_SINCE: String(Date.now()),
        ROTATE_AFTER_SECONDS: String(factor),
      },
    )
    const added = ['client', 'add', 'Load', '--id', 'load', '--kind', 'machine', '--api', ...identifiers, '--json']
    client = { id: 'load', secret: JSON.parse(await installation.command(added)).secret }
    spare = await freePort()
    const first = await freePort()
    running = await start(first)
    balancer = await startBalancer(installation.port, first)
    for (const [at, port] of ports.entries()) {
      const env = { ...installation.env, SIGNET_ISSUER: installation.issuer, SIGNET_API_PORT: String(port) }
      const api = spawn(process.execPath, ['src/sample-api/main.ts'], { env, stdio: ['ignore', 'pipe', 'inherit'] })
      await once(api.stdout!, 'data')
      apis.push({ identifier: identifiers[at]!, process: api })
    }
  })
  after(async () => {
    for (const { process: api } of apis) api.kill('SIGKILL')
    await running?.stop()
    await balancer?.close()
    installation?.remove()
  })

  const start = (port: number) => installation.start({ port, program: ['test/soak/rotation/server.ts'] })
  const fresh = async (resource: string) => {
    const { status, body } = await token(installation, client, {
      grant_type: 'client_credentials',
      scope: 'notes:read',
      resource,
    })
    return { status, accessToken: body.access_token ?? '', said: JSON.stringify(body) }
  }
  const ask = async (api: string, accessToken: string) => {
    const response = await fetch(`${api}/notes`, { headers: { authorization: `Bearer ${accessToken}` } })
    return { status: response.status, text: await response.text() }
  }
  const kidOf = (jwt: string) => JSON.parse(String(Buffer.from(jwt.split('.', 1)[0]!, 'base64url'))).kid as string

  it('fails no request and no verification, over two restarts', async () => {
    const failed: string[] = []
    const kids = new Set<string>()
    let verified = 0
    const one = async (number: number) => {
      const api = apis[number % 2]!.identifier
      const { status, accessToken, said } = await fresh(api)
      if (status !== 200) return void failed.push(`token request ${number}: ${status} ${said}`)
      kids.add(kidOf(accessToken))
      const answer = await ask(api, accessToken)
      if (answer.status !== 200) return void failed.push(`verification ${number}: ${answer.status} ${answer.text}`)
      verified++
    }
    const progress = progressOf('rotation', seconds * perSecond)
    const restarts = [1, 2].map((third) => Math.floor((third * seconds * perSecond) / 3))
    const all: Promise<void>[] = []
    const begun = performance.now()
    for (let number = 0; number < seconds * perSecond; number++) {
      // By the clock, not after the answer before it: a server that is slow is asked as often.
      const due = begun + (1_000 * number) / perSecond
      const early = due - performance.now()
      if (early > 0) await wait(early)
      all.push(one(number).catch((cause) => void failed.push(`request ${number}: ${cause.cause ?? cause}`)))
      if (restarts.includes(number)) all.push(restart())
      progress(number + 1, `${kids.size} keys`)
    }
    await Promise.all(all)
    const took = (performance.now() - begun) / 1_000
    console.log({
      requests: seconds * perSecond,
      perSecond: Math.round((seconds * perSecond) / took),
      verified,
      keys: kids.size,
      failed: failed.length,
    })
    const kinds = Object.groupBy(failed, (one) => one.replace(/\d+: /, ''))
    if (failed.length > 0) console.log(Object.fromEntries(Object.entries(kinds).map(([kind, all]) => [kind, all?.length])))
    expect(failed.slice(0, 10)).to.deep.equal([])
    expect(verified).to.equal(seconds * perSecond)
    // Of two algorithms.
    expect(kids.size).to.be.greaterThan(seconds)
  })

  /** As one does without an outage: the next process first, then the one before. */
  async function restart(): Promise<void> {
    const next = await start(spare)
    const before = running
    running = next
    await balancer.turnTo(spare)
    await before.stop()
    spare = await freePort()
  }

  it('K05 and a key that is revoked is good for nothing within the time that is stated', async () => {
    for (const { identifier } of apis) {
      const { accessToken } = await fresh(identifier)
      expect((await ask(identifier, accessToken)).status, 'the control').to.equal(200)
      await installation.command(['keys', 'revoke', '--', kidOf(accessToken)])
      const revoked = performance.now()
      while ((await ask(identifier, accessToken)).status === 200) await wait(5)
      const passed = ((performance.now() - revoked) / 1_000) * factor
      console.log({ api: identifier, refusedAfterSeconds: Math.round(passed), statedSeconds: jwksMaxAgeSeconds + 2 })
      // The server looks at its keys twenty times a second here, which is every 36 seconds of its time, and requests take theirs.
      expect(passed).to.be.lessThan(jwksMaxAgeSeconds + 2 + factor / 4)
      expect((await ask(identifier, (await fresh(identifier)).accessToken)).status, 'what another signs').to.equal(200)
    }
  })
})
