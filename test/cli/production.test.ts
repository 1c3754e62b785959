/** What production refuses to stand beside, started in this process. */
import { expect } from 'chai'
import { createSecrets } from '../../src/crypto/secrets.ts'
import { demoAccount, demoClients, demoSecret, seedDemo } from '../../src/demo.ts'
import type { Parts } from '../../src/main/parts.ts'
import { refusalOf } from '../store/place.ts'
import { startTestServer, temporaryFolder } from '../support/server.ts'

const issuer = 'https://id.example.com'

describe('demo data', () => {
  it('is put once, and leaves alone what was changed since', async () => {
    const server = await startTestServer()
    try {
      const { parts } = server
      await seedDemo(parts)
      await parts.accounts.setPassword(demoAccount.email, 'difference engine')
      await parts.accounts.setRoles(demoAccount.email, ['editor'])
      await seedDemo(parts)
      expect((await parts.accounts.authenticate(demoAccount.email, 'difference engine'))?.roles).to.deep.equal(['editor'])
      expect((await parts.clients.list(10)).map(({ id }) => id)).to.have.members(Object.values(demoClients))
    } finally {
      await server.close()
    }
  })

  it('has secrets that follow from the master secret, one for each client', () => {
    const secrets = Object.values(demoClients).flatMap((id) => [
      demoSecret(createSecrets(['one']), id),
      demoSecret(createSecrets(['other']), id),
    ])
    expect(new Set(secrets)).to.have.property('size', secrets.length)
  })

  for (const [what, seed] of [
    ['the demo account', ({ accounts }) => accounts.add({ ...demoAccount, demo: true })],
    ['a demo client', ({ clients }) => clients.putDemo({ id: 'sample', name: 'Sample', kind: 'machine' }, 'secret')],
    ['both', seedDemo],
  ] as [string, (parts: Parts) => Promise<unknown>][]) {
    it(`L16: stops production: ${what}`, async () => {
      const folder = temporaryFolder()
      const development = await startTestServer({ folder })
      await seed(development.parts)
      await development.close()
      const refusal = await refusalOf(startTestServer({ folder, issuer }))
      expect(refusal).to.include({ code: 'demo_data' })
      expect(refusal.message).to.include(folder)
      const again = await startTestServer({ folder })
      await again.close()
      const elsewhere = await startTestServer({ issuer })
      await elsewhere.close()
    })
  }
})
