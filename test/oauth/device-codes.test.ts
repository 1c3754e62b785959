/** Which steps of a device's code are taken, from where. Who loses a race has read the code as it was before. */
import { randomBytes } from 'node:crypto'
import { expect } from 'chai'
import type { Adapter, AdapterPayload } from 'oidc-provider'
import { createDeviceLimits } from '../../src/accounts/device-limits.ts'
import { createSecrets } from '../../src/crypto/secrets.ts'
import { deviceCodeAdapter } from '../../src/oauth/device-flow.ts'
import { artifactAdapter } from '../../src/oauth/records/adapter.ts'
import { createRows } from '../../src/oauth/records/rows.ts'
import { openStore } from '../../src/store/open.ts'
import type { Store } from '../../src/store/store.ts'

const now = () => 1_700_000_000
const asked = { jti: 'd', userCode: 'BCDF', params: {}, exp: now() + 60 }
const confirmed = { ...asked, inFlight: true }
const steps: Record<string, AdapterPayload> = {
  confirmed,
  allowed: { ...confirmed, accountId: 'ada' },
  refused: { ...confirmed, error: 'access_denied' },
  'refused at once': { ...asked, error: 'access_denied' },
}

describe('the code of a device', () => {
  let store: Store
  let codes: Adapter
  beforeEach(async () => {
    store = await openStore({ dataFolder: ':memory:', now })
    const rows = createRows(createSecrets([randomBytes(32).toString('hex')]), now)
    const plain = artifactAdapter('DeviceCode', { store: store.volatile, rows, endGrant: async () => {} })
    const key = randomBytes(32)
    const settings = { requestsPerNetwork: 1, attemptsPerNetwork: 1, attemptsOverall: 1, windowSeconds: 1 }
    const limits = createDeviceLimits({ counters: store.counters, limits: settings, key, now })
    codes = deviceCodeAdapter(plain, { store: store.volatile, rows }, limits, now)
    await codes.upsert('d', asked, 60)
  })
  afterEach(() => store.close())

  const take = async (...names: string[]) => {
    for (const name of names) await codes.upsert('d', steps[name]!, 60)
  }

  for (const way of [['confirmed'], ['confirmed', 'allowed'], ['confirmed', 'refused'], ['refused at once']]) {
    it(`is ${way.join(', then ')}`, async () => {
      await take(...way)
      expect(await codes.find('d')).to.deep.equal(steps[way.at(-1)!])
    })
  }

  for (const [way, late] of [
    [['confirmed'], 'confirmed'],
    [['confirmed'], 'refused at once'],
    [['refused at once'], 'confirmed'],
    [['refused at once'], 'refused at once'],
    [['confirmed', 'allowed'], 'allowed'],
    [['confirmed', 'allowed'], 'refused'],
    [['confirmed', 'refused'], 'allowed'],
    [[], 'allowed'],
  ] as [string[], string][]) {
    it(`is not ${late} once it is ${way.at(-1) ?? 'asked for alone'}`, async () => {
      await take(...way)
      const before = await codes.find('d')
      const failure = await take(late).catch((thrown: Error) => thrown)
      expect(failure).to.include({ name: 'AlreadyUsedError', error: 'invalid_request', status: 422 })
      expect(await codes.find('d')).to.deep.equal(before)
    })
  }
})
