import { randomBytes } from 'node:crypto'
import { expect } from 'chai'
import { type Adapter, type AdapterPayload, errors } from 'oidc-provider'
import { createSecrets } from '../../../src/crypto/secrets.ts'
import { artifactAdapter } from '../../../src/oauth/records/adapter.ts'
import { createRows } from '../../../src/oauth/records/rows.ts'
import { createSealedCodes, type SealedCodes } from '../../../src/oauth/records/sealed-codes.ts'
import { openStore } from '../../../src/store/open.ts'
import type { Store } from '../../../src/store/store.ts'

describe('a sealed authorization code', () => {
  let time: number
  let store: Store
  let codes: SealedCodes
  let adapter: Adapter
  const now = () => time
  const secrets = createSecrets([randomBytes(32).toString('hex')])
  const rows = createRows(secrets, now)
  const random = () => randomBytes(32).toString('base64url')
  const payload = (more: object = {}) => ({
    kind: 'AuthorizationCode',
    jti: random(),
    iat: time,
    exp: time + 60,
    clientId: 'sample-native',
    grantId: 'grant',
    accountId: '78Yw7VPbX2r2RtdrbAamXQ',
    sessionUid: random(),
    expiresWithSession: true,
    sid: random(),
    authTime: time - 5,
    acr: 'urn:signet:acr:password',
    amr: ['pwd'],
    scope: 'openid profile email notes:read',
    resource: 'https://notes.example.com',
    nonce: random(),
    redirectUri: 'https://app.example.com/callback',
    codeChallenge: random(),
    codeChallengeMethod: 'S256',
    ...more,
  })
  const failureOf = (call: unknown) =>
    Promise.resolve(call).then(
      () => undefined,
      (cause: unknown) => cause,
    )

  beforeEach(async () => {
    time = 1_700_000_000
    store = await openStore({ dataFolder: ':memory:', now })
    const parts = {
      store: store.artifacts,
      rows,
      endGrant: async (grant: string) => void (await store.artifacts.removeBound({ grant })),
    }
    codes = createSealedCodes({ secrets, now, ...parts })
    adapter = codes.adapter(artifactAdapter('AuthorizationCode', parts))
  })
  afterEach(() => store.close())

  it('says all that the library put in, and nothing to anybody else', async () => {
    const issued = payload()
    const code = codes.seal(issued)!
    expect(code).to.match(/^c1\.[\w-]+$/)
    expect(code.length).to.be.below(850)
    expect(Buffer.from(code.slice(3), 'base64url').toString('latin1')).to.not.match(/sample|notes|openid|pwd/)
    expect(await adapter.find(code)).to.deep.equal({ ...issued, jti: code })
    const others = createSealedCodes({
      secrets: createSecrets([randomBytes(32).toString('hex')]),
      store: store.artifacts,
      rows,
      endGrant: async () => {},
      now,
    })
    expect(await adapter.find(others.seal(issued)!), 'another server’s').to.equal(undefined)
  })

  for (const [how, alter] of [
    ['altered', (code: string) => code.slice(0, 20) + (code[20] === 'A' ? 'B' : 'A') + code.slice(21)],
    ['cut short', (code: string) => code.slice(0, -4)],
    ['without its mark', (code: string) => code.slice(3)],
    ['with another mark', (code: string) => `c2.${code.slice(3)}`],
    ['of the mark alone', () => 'c1.'],
  ] as const) {
    it(`is unknown when it is ${how}`, async () => {
      const code = codes.seal(payload())!
      expect(await adapter.find(alter(code))).to.equal(undefined)
      expect(await failureOf(adapter.consume(alter(code)))).to.be.instanceOf(errors.InvalidGrant)
      expect(await adapter.find(code), 'the control').to.not.equal(undefined)
    })
  }

  it('T01 ends its grant when it is used again, and is known as used', async () => {
    const code = codes.seal(payload())!
    await store.artifacts.put(rows.row('RefreshToken', 'sibling', { grantId: 'grant' }, 60))
    await store.artifacts.put(rows.row('RefreshToken', 'other', { grantId: 'another' }, 60))
    await adapter.consume(code)
    expect(await adapter.find(code)).to.have.property('consumed', time)
    expect(await failureOf(adapter.consume(code))).to.be.instanceOf(errors.InvalidGrant)
    expect(await store.artifacts.find('RefreshToken', rows.idOf('sibling'))).to.equal(undefined)
    expect(await store.artifacts.find('RefreshToken', rows.idOf('other'))).to.not.equal(undefined)
    expect(await adapter.find(code), 'also after all of the grant is gone').to.have.property('consumed', time)
  })

  it('T02 is used once of a hundred times at once', async () => {
    const code = codes.seal(payload())!
    const outcomes = await Promise.allSettled(Array.from({ length: 100 }, () => adapter.consume(code)))
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).to.have.length(1)
  })

  it('is known as used for longer than it is good, by a clock that is a little behind too', async () => {
    const code = codes.seal(payload())!
    await adapter.consume(code)
    time += 100
    expect(await adapter.find(code)).to.have.property('consumed')
  })

  for (const [what, more, beside] of [
    ['asks for much', { rar: [{ type: 'payment', instructed: 'x'.repeat(1_000) }] }, 0],
    ['goes beside a long state', {}, 1_000],
    ['holds what this format does not know', { somethingNew: 1 }, 0],
  ] as const) {
    it(`is kept in a row instead when it ${what}`, async () => {
      expect(codes.seal(payload(more) as AdapterPayload, beside)).to.equal(undefined)
    })
  }

  it('stands beside those that are kept in rows', async () => {
    const kept = payload()
    await adapter.upsert(kept.jti, kept, 60)
    expect(await adapter.find(kept.jti)).to.deep.equal(kept)
    await adapter.consume(kept.jti)
    expect(await failureOf(adapter.consume(kept.jti))).to.be.instanceOf(errors.InvalidGrant)
  })
})
