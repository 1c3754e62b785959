/** A host that a client names and that is dead, or sends too much: it is asked seldom, whoever sends what, and harms its own client alone. */
import { expect } from 'chai'
import { createVisitor } from '../../src/try/visitor.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { authorizationUrl, pkce, redirectUri } from '../support/story.ts'
import { startTarpit, type Tarpit } from '../support/tarpit.ts'
import { returnToPresent, travel } from '../support/time.ts'

const settings = { outgoing: { allowPrivateNetworks: true } }
const web = { kind: 'web', redirectUris: [redirectUri] }

describe('a dead host', () => {
  let server: TestServer
  let tarpit: Tarpit
  let number = 0
  before(async () => {
    server = await startTestServer({ settings })
  })
  beforeEach(async () => {
    tarpit = await startTarpit()
  })
  afterEach(() => {
    returnToPresent()
    tarpit.close()
  })
  after(() => server.close())

  /** A client whose sector is described there. */
  async function pairwise({ port }: { port: number }): Promise<string> {
    const id = `pairwise-${number++}`
    const sectorIdentifierUri = `https://127.0.0.1:${port}/sector`
    await server.parts.clients.add({ ...web, id, name: id, subjectType: 'pairwise', sectorIdentifierUri })
    return id
  }
  const begin = async (id: string) =>
    (await createVisitor(server.issuer).open(authorizationUrl(server.issuer, id, pkce().challenge))).status

  describe('of a sector', () => {
    it('G03 is asked once, however many strangers name its client, and not again for half a minute', async () => {
      const id = await pairwise(tarpit)
      const strangers = Array.from({ length: 60 }, () => begin(id))
      await tarpit.reached(1)
      tarpit.letGo()
      expect(new Set(await Promise.all(strangers))).to.deep.equal(new Set([400]))
      travel(29)
      expect(await begin(id)).to.equal(400)
      expect(tarpit.connections).to.equal(1)
      travel(2)
      const later = begin(id)
      await tarpit.reached(2)
      tarpit.letGo()
      expect(await later).to.equal(400)
    })
    it('is asked at once when its client’s registration is another', async () => {
      const id = await pairwise(tarpit)
      for (const connections of [1, 2]) {
        const asked = begin(id)
        await tarpit.reached(connections)
        tarpit.letGo()
        expect(await asked).to.equal(400)
        await server.parts.clients.rotateSecret(id, 0)
      }
    })
  })
})
