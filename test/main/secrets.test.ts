/** What outlasts secrets, and a restored database. */
import { expect } from 'chai'
import { silentLog } from '../../src/base/log.ts'
import { createSecrets } from '../../src/crypto/secrets.ts'
import type { Parts } from '../../src/main/parts.ts'
import { makeSafe } from '../../src/main/restore.ts'
import { settleSecrets } from '../../src/main/secrets.ts'
import { apiKeySigningKeys, createVault, signingKeys, witnessed } from '../../src/main/vault.ts'
import { type DurableRoles, openDurable } from '../../src/store/sqlite.ts'
import { refusalOf } from '../crypto/folder.ts'

const now = () => 1_700_000_000
const [old, fresh] = ['the-secret-of-before', 'the-secret-of-after']
const opened: DurableRoles[] = []
const open = () => {
  const store = openDurable({ file: ':memory:', now })
  opened.push(store)
  return store
}
afterEach(() => {
  for (const store of opened.splice(0)) store.close()
})

function partsOn(store: DurableRoles, ...given: [string, ...string[]]): Parts {
  const secrets = createSecrets(given)
  return { store, secrets, vault: createVault(store.vault, secrets), log: silentLog } as unknown as Parts
}
const settle = (store: DurableRoles, ...given: [string, ...string[]]) => settleSecrets(partsOn(store, ...given))

describe('the keys that outlast secrets', () => {
  it('are at first what they were before they were kept, and stay so under any secret', async () => {
    const store = open()
    const kept = await settle(store, old)
    expect(kept).to.deep.equal({
      subjects: createSecrets([old]).keysFor('pairwise-subjects')[0],
      cookies: createSecrets([old]).keysFor('cookies')[0].toString('base64url'),
    })
    expect(await settle(store, fresh, old)).to.deep.equal(kept)
    await partsOn(store, fresh, old).vault.renew()
    expect(await settle(store, fresh)).to.deep.equal(kept)
    expect((await refusalOf(() => settle(store, old))).code).to.equal('missing_secret')
  })
  it('are made once by nodes that start together', async () => {
    const store = open()
    const [first, ...others] = await Promise.all([old, old, old].map((secret) => settle(store, secret)))
    for (const other of others) expect(other).to.deep.equal(first)
  })
  it('are not seen in the store, where every secret that was first has left its name', async () => {
    const store = open()
    const { subjects, cookies } = await settle(store, old)
    await settle(store, fresh, old)
    const text = JSON.stringify(await store.vault.list(''))
    for (const secret of [old, fresh, cookies, subjects.toString('base64url')]) expect(text).to.not.include(secret)
    expect(await witnessed(store.vault)).to.have.members([...createSecrets([old, fresh]).names])
  })
})

describe('the vault of a database that is restored', () => {
  const options = (...given: [string, ...string[]]) => ({ bringBackClients: false, now, secrets: createSecrets(given).names })
  for (const prefix of [signingKeys, apiKeySigningKeys]) {
    const key = (name: string, secret: string) => (store: DurableRoles) => partsOn(store, secret).vault.add(prefix + name, name)
    const keysOf = async ({ vault }: DurableRoles) => (await vault.list(prefix)).map(({ name }) => name.slice(prefix.length))

    it(`brings back no key of ${prefix} that was revoked since, and keeps those of now`, async () => {
      const [restored, present] = [open(), open()]
      for (const put of [key('revoked', old), key('kept', old)]) await put(restored)
      for (const put of [key('kept', fresh), key('made since', fresh)]) await put(present)
      await makeSafe(restored, present, options(fresh))
      expect(await keysOf(restored)).to.deep.equal(['kept', 'made since'])
      expect(await partsOn(restored, fresh).vault.find(`${prefix}kept`), 'as it was sealed last').to.equal('kept')
    })
    it(`has no key of ${prefix} when nobody knows which were revoked`, async () => {
      const restored = open()
      await key('unknown', old)(restored)
      const kept = await settle(restored, old)
      await makeSafe(restored, undefined, options(old))
      expect(await keysOf(restored)).to.deep.equal([])
      expect(await settle(restored, old)).to.deep.equal(kept)
    })
  }
  it('has the keys that outlast secrets of its own accounts, not those of an installation that was begun anew', async () => {
    const [restored, present] = [open(), open()]
    const kept = await settle(restored, old)
    expect(await settle(present, fresh)).to.not.deep.equal(kept)
    await makeSafe(restored, present, options(fresh, old))
    expect(await settle(restored, fresh, old)).to.deep.equal(kept)
  })
  it('has them from the present when the secret that they were sealed under is dropped since', async () => {
    const [restored, present] = [open(), open()]
    const kept = await settle(restored, old)
    for (const { name, sealed } of await restored.vault.list('')) await present.vault.add({ name, sealed })
    await partsOn(present, fresh, old).vault.renew()
    await makeSafe(restored, present, options(fresh))
    expect(await settle(restored, fresh)).to.deep.equal(kept)
  })
})

describe('API keys of a database that is restored', () => {
  it('are gone, those of the backup and those that were made since', async () => {
    const [restored, present] = [open(), open()]
    const row = { kid: 'k', client: 'robot', name: '', audience: '', scopes: [], createdAt: now(), expiresAt: now() + 60 }
    await restored.keys.add({ jti: 'of the backup', ...row }, 'declared', 1)
    await present.keys.add({ jti: 'made since', ...row }, 'declared', 1)
    expect(await restored.keys.list(10), 'the control').to.have.length(1)
    await makeSafe(restored, present, { bringBackClients: false, now, secrets: createSecrets([old]).names })
    expect(await restored.keys.list(10)).to.deep.equal([])
  })
})
