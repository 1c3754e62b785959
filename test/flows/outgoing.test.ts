/** What the server asks elsewhere goes through the guard, and the switch that opens it is loud. */
import { expect } from 'chai'
import type { Fields } from '../../src/base/log.ts'
import { startTestServer } from '../support/server.ts'

describe('the switch for private networks', () => {
  for (const allowPrivateNetworks of [true, false]) {
    it(`is ${allowPrivateNetworks ? 'said as loudly as a fault' : 'not spoken of'} at the start when it is ${allowPrivateNetworks}`, async () => {
      const errors: [string, Fields | undefined][] = []
      const log = { info() {}, error: (event: string, fields?: Fields) => void errors.push([event, fields]) }
      const server = await startTestServer({ settings: { outgoing: { allowPrivateNetworks } }, log })
      await server.close()
      expect(errors.map(([event]) => event)).to.deep.equal(allowPrivateNetworks ? ['outgoing.private_networks_allowed'] : [])
      if (allowPrivateNetworks) expect(errors[0]?.[1]?.warning).to.include('127/8').and.include('http')
    })
  }
})
