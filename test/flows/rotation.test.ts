/** Keys are replaced while the server answers: no request fails, and no API that verifies by the published keys refuses a living token. */
import { expect } from 'chai'
import { createResourceServer, defineResource } from '../../src/resource-server/index.ts'
import { apiClients, introspect } from '../support/questions.ts'
import { api, startTestServer, type TestServer } from '../support/server.ts'
import { authorizationUrl, type Cast, cast, codeFor, pkce, redeem, token } from '../support/story.ts'
import { returnToPresent, travel } from '../support/time.ts'

const notes = defineResource({ id: api, scopes: { 'notes:read': 'Read your notes' } })
const policySeconds = { rotateAfter: 3_600, publish: 360 }

describe('signing keys that rotate in the running server', () => {
  let server: TestServer
  let who: Cast
  before(async () => {
    server = await startTestServer({ settings: { keys: { rotateAfterSeconds: policySeconds.rotateAfter } } })
    who = await cast(server)
  })
  after(async () => {
    returnToPresent()
    await server.close()
  })

  const verifier = () => createResourceServer({ issuer: server.issuer, resource: notes })
  const machineToken = async () => {
    const { status, body } = await token(server, who.machine, { grant_type: 'client_credentials', scope: 'notes:read' })
    expect(status).to.equal(200)
    return body.access_token as string
  }
  const kidOf = (jwt: string) => JSON.parse(String(Buffer.from(jwt.split('.', 1)[0]!, 'base64url'))).kid as string
  const published = async () =>
    ((await (await fetch(`${server.issuer}/jwks`)).json()) as { keys: { kid: string }[] }).keys.map(({ kid }) => kid)

  async function pass(seconds: number): Promise<void> {
    travel(seconds)
    await server.ring.tend()
  }

  it('K04 replaces them many times, over restarts too, without a failed request or verification', async () => {
    const [always, beside] = [verifier(), verifier()]
    const kids = new Set<string>()
    let living: string[] = []
    for (let step = 0; step < 120; step++) {
      await pass(120)
      if (step % 50 === 49) {
        const { folder, settings } = server
        await server.close()
        server = await startTestServer({ folder, settings: { keys: settings.keys, listen: settings.listen } })
      }
      const fresh = await Promise.all(Array.from({ length: 3 }, machineToken))
      for (const one of fresh) kids.add(kidOf(one))
      // They live for ten minutes: five steps.
      living = [...living, ...fresh].slice(-12)
      for (const one of living) for (const each of [always, beside]) await each.verify(one)
      expect(await published()).to.include(kidOf(fresh[0]!))
    }
    expect(kids.size, 'keys that signed in four hours').to.be.within(4, 5)
  })
  it('takes a hint that a retired key signed', async () => {
    const signed = await codeFor(server, who.web)
    const hint = (await redeem(server, who.web, signed)).body.id_token as string
    await pass(policySeconds.rotateAfter)
    await pass(policySeconds.publish)
    expect(kidOf(await machineToken())).to.not.equal(kidOf(hint))
    const url = authorizationUrl(server.issuer, 'web', pkce().challenge, { id_token_hint: hint, prompt: 'none' })
    const { leftTo } = await signed.visitor.open(url)
    expect(leftTo?.searchParams.get('code')).to.be.a('string')
  })
  it('K05 ends what a revoked key signed at once here, and signs with another', async () => {
    const { notes: asking } = await apiClients(server)
    const stolen = await machineToken()
    expect(await introspect(server, asking, stolen), 'the control').to.include({ active: true })
    await server.ring.revoke(kidOf(stolen))
    expect(await published()).to.not.include(kidOf(stolen))
    expect(await introspect(server, asking, stolen)).to.deep.equal({ active: false })
    const after = await machineToken()
    expect(kidOf(after)).to.not.equal(kidOf(stolen))
    await verifier().verify(after)
    const refused = await verifier()
      .verify(stolen)
      .catch((cause: { code?: string }) => cause.code)
    expect(refused).to.equal('invalid_token')
  })
})
