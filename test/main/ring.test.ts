/** Signing keys in the store: nodes with key folders of their own share them. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect } from 'chai'
import { openKeyFolder } from '../../src/crypto/key-files.ts'
import { keysInFolder } from '../../src/crypto/key-place.ts'
import { openKeyRing } from '../../src/crypto/keyring.ts'
import { jwksMaxAgeSeconds, rotationPolicy } from '../../src/crypto/rotation.ts'
import { createSecrets } from '../../src/crypto/secrets.ts'
import { keysInVault } from '../../src/main/key-vault.ts'
import { importKeys, openRing } from '../../src/main/ring.ts'
import { createVault, signingKeys } from '../../src/main/vault.ts'
import type { Settings } from '../../src/settings/load.ts'
import { settingsSchema } from '../../src/settings/schema.ts'
import { type DurableRoles, openDurable } from '../../src/store/sqlite.ts'
import { refusalOf } from '../crypto/folder.ts'
import { declared, startTestServer, temporaryFolder } from '../support/server.ts'
import { cast, token } from '../support/story.ts'

const secret = 'a secret of these tests'

describe('signing keys in the store', () => {
  let nodes: DurableRoles[]
  let time: number
  const now = () => time
  beforeEach(() => {
    time = 1_700_000_000
    const file = path.join(temporaryFolder(), 'signet.sqlite')
    nodes = [1, 2].map(() => openDurable({ file, now }))
  })
  afterEach(() => {
    for (const node of nodes) node.close()
  })
  const vaultOf = (node: DurableRoles, given = secret) => createVault(node.vault, createSecrets([given]))
  const options = { algorithms: ['ES256' as const, 'RS256' as const], policy: rotationPolicy(7_776_000, 3_600), now }
  const ring = (node: number, given?: string) => openKeyRing(keysInVault(vaultOf(nodes[node]!, given), signingKeys), options)
  const kids = ({ jwks }: { jwks: { keys: { kid: string }[] } }) => jwks.keys.map(({ kid }) => kid)

  it('are one per algorithm, whichever of nodes that start together makes it', async () => {
    const rings = await Promise.all(Array.from({ length: 20 }, (_, at) => ring(at % 2)))
    expect(rings[0]!.jwks.keys.map(({ alg }) => alg)).to.have.members(['ES256', 'RS256'])
    for (const one of rings) expect(kids(one)).to.deep.equal(kids(rings[0]!))
  })
  it('the control: each of those that start together on a folder makes its own', async () => {
    const place = keysInFolder(openKeyFolder(path.join(temporaryFolder(), 'keys')))
    const slow = {
      ...place,
      create: async (...key: Parameters<typeof place.create>) => {
        await new Promise(setImmediate)
        return place.create(...key)
      },
    }
    const rings = await Promise.all(Array.from({ length: 4 }, () => openKeyRing(slow, options)))
    expect(rings[0]!.jwks.keys.length).to.be.greaterThan(2)
  })
  it('K04 are rotated on one node and known to the other, the next made once when it is due', async () => {
    const [one, other] = [await ring(0), await ring(1)]
    time += 10
    const next = await one.rotate('ES256')
    await other.tend()
    expect(kids(other)).to.deep.equal(kids(one)).and.include(next.kid)
    expect((await refusalOf(() => other.rotate('ES256'))).code).to.equal('already_rotating')
    time += options.policy.publishSeconds
    expect(other.current('ES256').kid).to.equal(next.kid)
    time += options.policy.rotateAfterSeconds
    await Promise.all(Array.from({ length: 10 }, (_, at) => [one, other][at % 2]!.tend()))
    for (const each of [one, other]) await each.tend()
    expect(one.all().map(({ state }) => state)).to.have.members(['current', 'next', 'current', 'next'])
    expect(kids(other)).to.deep.equal(kids(one))
  })
  it('K05 are removed for good, for every node', async () => {
    const [one, other] = [await ring(0), await ring(1)]
    const { kid } = one.current('ES256')
    await one.revoke(kid)
    await other.tend()
    expect(other.byKid(kid)).to.equal(undefined)
    expect(other.current('ES256').kid).to.equal(one.current('ES256').kid)
    expect(jwksMaxAgeSeconds).to.equal(300)
  })
  it('are sealed: nothing of them is seen in the store, and another secret opens none', async () => {
    const one = await ring(0)
    const text = JSON.stringify(await nodes[1]!.vault.list(''))
    for (const key of one.jwks.keys) {
      expect(text).to.not.include(key.kid)
      expect(text).to.not.include(key.x ?? key.n)
    }
    expect((await refusalOf(() => ring(1, 'another secret'))).code).to.equal('missing_secret')
  })
  it('go on when they are sealed anew under another secret', async () => {
    const one = await ring(0)
    const secrets = createSecrets(['the next secret', secret])
    expect(await createVault(nodes[0]!.vault, secrets).renew()).to.equal(2)
    expect((await refusalOf(() => one.tend())).code).to.equal('missing_secret')
    expect(kids(one), 'as it was').to.deep.equal(kids(await ring(1, 'the next secret')))
  })

  describe('taken over from a folder', () => {
    const settingsIn = (place: string, keyFolder: string) =>
      ({ ...settingsSchema.parse({ keys: { in: place } }), keyFolder }) as Settings

    it('are the same ones, and sign on', async () => {
      const folder = path.join(temporaryFolder(), 'keys')
      const before = await openRing(settingsIn('folder', folder), undefined, now)
      time += 10
      const next = await before.rotate('ES256')
      const vault = vaultOf(nodes[0]!)
      const refusal = await refusalOf(() => openRing(settingsIn('store', folder), vault, now))
      expect(refusal.code).to.equal('keys_elsewhere')
      expect(refusal.message).to.include('keys import').and.include(folder)
      expect(await importKeys(settingsIn('store', folder), vault))
        .to.have.members(kids(before))
        .and.include(next.kid)
      const after = await openRing(settingsIn('store', folder), vault, now)
      expect(after.jwks).to.deep.equal(before.jwks)
      expect(after.all().map(({ state }) => state)).to.deep.equal(before.all().map(({ state }) => state))
      expect(readdirSync(folder), 'the files stay').to.have.length(3)
      expect((await refusalOf(() => importKeys(settingsIn('store', folder), vault))).code).to.equal('already_imported')
    })
    it('are taken over ring by ring, also where the other was before', async () => {
      const keyFolder = path.join(temporaryFolder(), 'keys')
      const apis = [{ identifier: 'https://api.example.com', name: 'API', scopes: {}, apiKeys: true }]
      const inStore = { ...settingsSchema.parse({ keys: { in: 'store' }, apis }), keyFolder } as Settings
      const vault = vaultOf(nodes[0]!)
      const inFolder = { ...inStore, keys: { ...inStore.keys, in: 'folder' as const } }
      const ofApiKeys = await openRing(inFolder, undefined, now, 'api-keys')
      const ofTokens = await openRing(inStore, vault, now)
      expect((await refusalOf(() => openRing(inStore, vault, now, 'api-keys'))).code).to.equal('keys_elsewhere')
      expect(await importKeys(inStore, vault)).to.deep.equal(kids(ofApiKeys))
      expect((await openRing(inStore, vault, now, 'api-keys')).jwks).to.deep.equal(ofApiKeys.jwks)
      expect((await openRing(inStore, vault, now)).jwks, 'none of the other').to.deep.equal(ofTokens.jwks)
      expect(await createVault(nodes[0]!.vault, createSecrets(['the next secret', secret])).renew(), 'of both').to.equal(3)
    })
    it('are refused as a start refuses them, with nothing taken over', async () => {
      const folder = path.join(temporaryFolder(), 'keys')
      const vault = vaultOf(nodes[0]!)
      expect((await refusalOf(() => importKeys(settingsIn('store', folder), vault))).code).to.equal('no_keys')
      const files = openKeyFolder(folder)
      files.create('signing-1.json', '{}')
      await openKeyRing(keysInFolder(openKeyFolder(path.join(folder, 'good'))), options)
      const [good] = readdirSync(path.join(folder, 'good'))
      files.create('signing-0.json', readFileSync(path.join(folder, 'good', good!), 'utf8'))
      expect((await refusalOf(() => importKeys(settingsIn('store', folder), vault))).code).to.equal('unreadable_key')
      expect(await vault.list('')).to.deep.equal([])
    })
  })
})

describe('a server with its keys in the store', () => {
  it('signs with the same ones after it moved to a machine with another key folder', async () => {
    const folder = temporaryFolder()
    const apis = declared.apis.map((one) => ({ ...one, apiKeys: true }))
    const start = () => startTestServer({ folder, settings: { keys: { in: 'store' }, apis } })
    const first = await start()
    const who = await cast(first)
    const { keyFolder } = first.settings
    const signedBy = async (server: typeof first) => {
      const { body } = await token(server, who.machine, { grant_type: 'client_credentials', scope: 'notes:read' })
      return JSON.parse(String(Buffer.from(body.access_token!.split('.', 1)[0]!, 'base64url'))).kid
    }
    const kid = await signedBy(first)
    await first.close()
    expect(existsSync(keyFolder) && readdirSync(keyFolder), 'nor the folder of those that sign API keys').to.deep.equal([])
    const second = await start()
    expect(await signedBy(second)).to.equal(kid)
    await second.close()
  })
})
