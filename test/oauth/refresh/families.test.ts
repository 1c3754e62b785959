import { randomBytes } from 'node:crypto'
import { expect } from 'chai'
import { errors } from 'oidc-provider'
import { createSecrets } from '../../../src/crypto/secrets.ts'
import { createRows } from '../../../src/oauth/records/rows.ts'
import { createFamilies, type Families, type Family } from '../../../src/oauth/refresh/families.ts'
import { newFamily, newSeed, refreshToken } from '../../../src/oauth/refresh/value.ts'
import { openStore } from '../../../src/store/open.ts'
import type { Store } from '../../../src/store/store.ts'

describe('families of refresh tokens', () => {
  let time: number
  let store: Store
  let ended: string[]
  let families: Families
  let [id, seed] = ['', '']
  const now = () => time
  const rows = createRows(createSecrets([randomBytes(32).toString('hex')]), now)
  const of = (windowSeconds: number) =>
    createFamilies({ store: store.artifacts, rows, endGrant: async (grant) => void ended.push(grant), windowSeconds, now })
  const value = (generation: number) => refreshToken(seed, { family: id, generation })
  const payload = () => ({
    jti: value(0),
    accountId: 'ada',
    clientId: 'app',
    grantId: 'grant',
    exp: time + 1_000,
    scope: 'openid',
  })

  beforeEach(async () => {
    time = 1_700_000_000
    ended = []
    store = await openStore({ dataFolder: ':memory:', now })
    families = of(10)
    ;[id, seed] = [newFamily(), newSeed()]
    await families.begin(id, seed, payload())
  })
  afterEach(() => store.close())

  async function rotate(from: number, by = families): Promise<void> {
    const { family } = (await by.find(value(from)))!
    await by.advance(family, { family: id, generation: from + 1 }, payload())
  }
  const goodness = async (generation: number, by = families) => (await by.find(value(generation)))?.isGood
  const refusalOf = (call: Promise<unknown>) =>
    call.then(
      () => undefined,
      (cause: unknown) => cause,
    )

  it('lie in one row, which holds no token and shows neither seed nor payload', async () => {
    await rotate(0)
    const row = (await store.artifacts.find('RefreshToken', rows.idOf(id)))!
    expect(row).to.include({ account: 'ada', client: 'app', grant: rows.grantOf('grant'), version: 1, expiresAt: time + 1_000 })
    expect(JSON.stringify(row)).not.to.match(new RegExp(`${id}|${seed}|sgr_|openid`))
    expect(JSON.stringify(rows.open(row))).not.to.include('sgr_')
    expect(await store.artifacts.removeBound({ grant: rows.grantOf('grant') })).to.equal(1)
  })

  it('know their genuine members, and what these stand for', async () => {
    const { family, isGood } = (await families.find(value(0)))!
    expect(isGood).to.equal(true)
    expect(family.payload).to.deep.equal({
      accountId: 'ada',
      clientId: 'app',
      grantId: 'grant',
      exp: time + 1_000,
      scope: 'openid',
    })
    const forged = [
      refreshToken(newSeed(), { family: id, generation: 0 }),
      refreshToken(seed, { family: newFamily(), generation: 0 }),
      value(0).replace('.0.', '.1.'),
      'anything',
    ]
    for (const other of forged) expect(await families.find(other), other).to.equal(undefined)
  })

  it('do not know a generation that has not come, as after a restored backup', async () => {
    expect(await families.find(value(1))).to.equal(undefined)
    expect(await goodness(0)).to.equal(true)
  })

  it('take the current generation, and the previous one from ten to less than eleven seconds', async () => {
    await rotate(0)
    for (const [seconds, expected] of [
      [0, true],
      [10, true],
      [11, false],
    ] as const) {
      time = 1_700_000_000 + seconds
      expect(await goodness(0), `after ${seconds}`).to.equal(expected)
      expect(await goodness(1), `after ${seconds}`).to.equal(true)
    }
  })

  it('take nothing older than the previous one, within the window either', async () => {
    await rotate(0)
    await rotate(1)
    expect([await goodness(0), await goodness(1), await goodness(2)]).to.deep.equal([false, true, true])
  })

  it('take no previous one at all without a window', async () => {
    await rotate(0)
    expect(await goodness(0, of(0))).to.equal(false)
  })

  it('are advanced once by whoever comes at the same moment; all the others are told the same', async () => {
    let replaced = 0
    const { replace } = store.artifacts
    store.artifacts.replace = async (...args) => {
      const won = await replace(...args)
      if (won) replaced += 1
      return won
    }
    const seen = (await Promise.all(Array.from({ length: 100 }, () => families.find(value(0))))) as { family: Family }[]
    await Promise.all(seen.map(({ family }) => families.advance(family, { family: id, generation: 1 }, payload())))
    expect(replaced).to.equal(1)
    expect(ended).to.deep.equal([])
    expect((await families.find(value(1)))?.family.generation).to.equal(1)
  })

  const delays: [string, () => Promise<void>][] = [
    ['by two generations', () => rotate(1)],
    [
      'and the window is over',
      async () => {
        time += 11
      },
    ],
  ]
  for (const [what, delay] of delays) {
    it(`are ended by whoever is so slow that they have gone on ${what}`, async () => {
      const { family } = (await families.find(value(0)))!
      await rotate(0)
      await delay()
      const refusal = await refusalOf(families.advance(family, { family: id, generation: 1 }, payload()))
      expect(refusal).to.be.instanceOf(errors.InvalidGrant)
      expect(ended).to.deep.equal([rows.grantOf('grant')])
    })
  }

  it('stay ended for whoever found them before', async () => {
    const { family } = (await families.find(value(0)))!
    await families.remove(id)
    for (const call of [
      families.advance(family, { family: id, generation: 1 }, payload()),
      families.extend(family, time + 2_000),
    ]) {
      expect(await refusalOf(call)).to.be.instanceOf(errors.InvalidGrant)
    }
    expect(await families.find(value(0))).to.equal(undefined)
  })

  it('live longer when extended, and are otherwise as they were', async () => {
    const before = (await families.find(value(0)))!.family
    await families.extend(before, time + 2_000)
    time += 1_500
    const after = (await families.find(value(0)))!
    expect(after.isGood).to.equal(true)
    expect(after.family).to.deep.equal({ ...before, row: { ...before.row, expiresAt: before.row.expiresAt + 1_000 } })
  })
})
