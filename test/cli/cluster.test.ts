/** Several workers on one port: how they start, end, and stand in for one another. What they share is in `test/flows/cluster.test.ts`. */
import { once } from 'node:events'
import { existsSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import path from 'node:path'
import { expect } from 'chai'
import { createVisitor } from '../../src/try/visitor.ts'
import { startLogoutEndpoint } from '../support/logout-endpoint.ts'
import { type Served, startServed } from '../support/served.ts'
import { cast, codeFor, redeem, redirectUri } from '../support/story.ts'
import { createPrograms, expectOneLine } from './program.ts'

const two = { cluster: { workers: 2 } }
const pidsOf = (served: Served) => served.said('worker.listening').map(({ pid }) => pid as number)

/** As Linux tells; one that was closed meanwhile is left out. */
function openFiles(pid: number): string {
  const folder = `/proc/${pid}/fd`
  return readdirSync(folder)
    .map((name) => {
      try {
        return readlinkSync(path.join(folder, name))
      } catch {
        return ''
      }
    })
    .join('\n')
}

describe('a cluster', () => {
  let served: Served
  before(async () => {
    served = await startServed({ ...two, outgoing: { allowPrivateNetworks: true } })
  })
  after(() => served.close())

  it('says once what is said at every start', () => {
    expect(served.said('listening')).to.have.length(1)
    expect(served.said('listening')[0]).to.include({ workers: 2, port: served.port })
    expect(served.said('outgoing.private_networks_allowed')).to.have.length(1)
    expect(new Set(pidsOf(served)).size).to.equal(2)
  })

  it('has a primary that opens no database', () => {
    expect(openFiles(pidsOf(served)[0] as number)).to.include('signet.sqlite')
    expect(openFiles(served.child.pid as number)).to.not.include('.sqlite')
  })

  it('goes on when a worker is killed, and begins another in its place', async () => {
    const [victim] = pidsOf(served) as [number]
    process.kill(victim, 'SIGKILL')
    const knock = () =>
      fetch(`${served.issuer}/health/live`, { headers: { connection: 'close' }, signal: AbortSignal.timeout(1_000) })
    const statuses = await Promise.all(
      Array.from({ length: 20 }, () =>
        knock().then(
          ({ status }) => status,
          () => 'unanswered',
        ),
      ),
    )
    // One at most was being handed to the worker that died; Node does not take it back.
    expect(statuses.filter((status) => status === 200).length).to.be.at.least(19)
    await served.hear('worker.listening', 3)
    expect(served.said('worker.ended')[0]).to.include({ signal: 'SIGKILL', worker: 1 })
    expect(served.said('worker.listening')[2]).to.include({ worker: 1 })
  })

  it('O04 has a client told of a sign-out although the worker dies that owed it', async () => {
    const who = await cast(served)
    const endpoint = await startLogoutEndpoint()
    endpoint.status = undefined
    const told = { name: 'Told', kind: 'web', redirectUris: [redirectUri], backchannelLogoutUri: endpoint.uri, firstParty: true }
    const { registration, secret } = await served.parts.clients.add(told)
    const client = { id: registration.id, secret }
    const visitor = createVisitor(served.issuer)
    expect((await redeem(served, client, await codeFor(served, client, { scope: 'openid' }, visitor))).status).to.equal(200)
    const first = endpoint.next()
    await visitor.submit(await visitor.open('/session/end'), '/session/end/confirm', { logout: 'yes' })
    await first
    expect(served.said('end_session.success')[0]).to.include({ subject: who.subject })
    const ower = served.said('end_session.success')[0]?.worker
    const pid = served.said('worker.listening').findLast(({ worker }) => worker === ower)?.pid as number
    const second = endpoint.next()
    endpoint.status = 200
    process.kill(pid, 'SIGKILL')
    await second
    const [delivered] = await served.hear('backchannel_logout.delivered')
    expect(delivered?.worker).to.not.equal(ower)
    await endpoint.close()
  })

  it('ends with all its workers, and well, on SIGTERM', async () => {
    const another = await startServed(two)
    // npm and a supervisor that asks the whole group pass the wish on too.
    for (const pid of pidsOf(another)) process.kill(pid, 'SIGTERM')
    another.child.kill('SIGTERM')
    expect(await another.stop()).to.deep.equal({ code: 0, signal: null })
    for (const pid of pidsOf(another)) expect(existsSync(`/proc/${pid}`), `${pid}`).to.equal(false)
    expect(another.said('worker.ended')).to.deep.equal([])
  })
})

describe('a cluster that cannot start', () => {
  it('says in one line that its port is taken', async () => {
    const programs = await createPrograms(two)
    const other = createServer().listen(programs.port, 'localhost')
    await once(other, 'listening')
    expectOneLine(await programs.signet(['serve']), /Port \d+ on localhost is taken\. Set SIGNET_PORT to another/)
    other.close()
  })

  it('says in one line what a worker cannot open', async () => {
    const programs = await createPrograms(two)
    expectOneLine(await programs.signet(['serve'], { env: { SIGNET_DATA: programs.settingsFile } }), /database .* cannot be/)
  })

  for (const workers of [0, 65, 'many', 1.5]) {
    it(`says in one line that there cannot be ${workers} workers`, async () => {
      const programs = await createPrograms()
      writeFileSync(path.join(programs.settingsFile), JSON.stringify({ cluster: { workers } }))
      const { code, stderr } = await programs.signet(['settings', 'check'])
      expect({ code, stderr }).to.deep.include({ code: 1 })
      expect(stderr).to.include('cluster.workers: has to be a whole number from 1 to 64')
    })
  }
})
