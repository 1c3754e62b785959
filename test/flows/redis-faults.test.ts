/** X08: Redis is killed and comes back. What it held is as durable as it was set to be; what needs it is 503 meanwhile, and the rest goes on. */
import { setTimeout as wait } from 'node:timers/promises'
import { expect } from 'chai'
import { describeWithRedis, type RedisServer, startRedis } from '../support/redis.ts'
import { startTestServer, type TestServer, temporaryFolder } from '../support/server.ts'
import { type Cast, cast, codeFor, redeem, refresh, token } from '../support/story.ts'
import { returnToPresent, travel } from '../support/time.ts'

for (const artifacts of ['short-lived', 'all'] as const) {
  describeWithRedis(`X08 a Redis that is killed, with artifacts: ${artifacts}`, () => {
    let redis: RedisServer
    let server: TestServer
    let who: Cast
    const folder = temporaryFolder()
    before(async () => {
      redis = await startRedis({ folder })
      server = await startTestServer({ settings: { redis: { url: redis.url, artifacts } } })
      who = await cast(server)
    })
    after(async () => {
      returnToPresent()
      await server.close()
      await redis.stop()
    })

    const ready = async () => (await fetch(`${server.issuer}/health/ready`)).status

    it('takes nothing with it that was answered for, and all goes on when it is back', async () => {
      const signed = await codeFor(server, who.native)
      const other = await codeFor(server, who.native)
      const before = (await redeem(server, who.native, other)).body.refresh_token as string
      await redis.stop()
      travel(2)
      expect(await ready()).to.equal(503)
      const attempts = [redeem(server, who.native, signed)]
      if (artifacts === 'all') attempts.push(refresh(server, who.native, before))
      for (const { status, headers, body } of await Promise.all(attempts)) {
        expect(status, JSON.stringify(body)).to.equal(503)
        expect(headers.get('retry-after')).to.match(/^\d+$/)
        expect(body).to.not.have.property('access_token')
      }
      for (const path of ['/jwks', '/.well-known/openid-configuration', '/health/live'])
        expect((await fetch(server.issuer + path)).status, path).to.equal(200)
      const { status } = await token(server, who.machine, { grant_type: 'client_credentials', scope: 'notes:read' })
      expect(status).to.equal(200)

      redis = await startRedis({ folder, port: redis.port })
      for (let asked = 0; (await ready()) !== 200; asked++) {
        if (asked === 100) throw new Error('not ready again')
        travel(1)
        await wait(50)
      }
      const { body } = await redeem(server, who.native, signed)
      expect(body, 'the code is as good as it was').to.have.property('access_token')
      expect((await refresh(server, who.native, before)).status, 'the refresh token too').to.equal(200)
      expect((await redeem(server, who.native, other)).body, 'a used code is used').to.deep.include({ error: 'invalid_grant' })
    })
  })
}
