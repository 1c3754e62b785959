import { chmodSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { Refusal } from '../../src/base/errors.ts'
import { durableMigrations } from '../../src/store/migrations/all.ts'
import { openVolatile } from '../../src/store/sqlite.ts'
import { asNobody } from '../support/nobody.ts'
import { freshPlace } from './place.ts'

describe('opening a SQLite file', () => {
  const place = freshPlace()

  function refusalOfOpening(): string {
    let refusal: unknown
    try {
      place.durable()
    } catch (error) {
      refusal = error
    }
    expect(refusal).to.be.instanceOf(Refusal)
    const { code, message } = refusal as Refusal
    expect(message).to.include(place.file)
    expect(message).not.to.include('\n')
    return code
  }

  it('refuses what is not a database', () => {
    mkdirSync(join(place.folder, 'data'))
    writeFileSync(place.file, 'Dear diary, '.repeat(100))
    expect(refusalOfOpening()).to.equal('store_damaged')
    expect(readFileSync(place.file, 'utf8')).to.equal('Dear diary, '.repeat(100))
  })

  it('refuses a folder in the place of the file', () => {
    mkdirSync(place.file, { recursive: true })
    expect(refusalOfOpening()).to.equal('store_unusable')
  })

  it('refuses a file in the place of the folder', () => {
    writeFileSync(join(place.folder, 'data'), '')
    expect(refusalOfOpening()).to.equal('store_unusable')
  })

  it('refuses what it may not read', () => {
    const open = new URL('./open-durable.ts', import.meta.url)
    mkdirSync(join(place.folder, 'data'))
    writeFileSync(place.file, '')
    chmodSync(place.folder, 0o755)
    chmodSync(join(place.folder, 'data'), 0o777)
    chmodSync(place.file, 0o000)
    const { code, message } = asNobody(open, place.file).refused!
    expect(code).to.equal('store_unusable')
    expect(message).to.include(place.file).and.not.include('\n')
    chmodSync(place.file, 0o666)
    expect(asNobody(open, place.file)).to.deep.equal({})
  })

  it('refuses what another program has locked', async () => {
    place.durable()
    place.stranger().exec('begin immediate')
    expect(refusalOfOpening()).to.equal('store_unusable')
  })

  it('refuses what a newer release wrote, and leaves it as it is', () => {
    place.durable()
    place.stranger().exec('update schema_version set version = 1000')
    expect(refusalOfOpening()).to.equal('store_too_new')
    expect(place.stranger().prepare('select version from schema_version').get()?.version).to.equal(1000)
  })

  for (const [how, harm] of [
    ['another kind of file', () => writeFileSync(place.file, 'Dear diary, '.repeat(100))],
    ['cut short', () => truncateSync(place.file, 8192 + 100)],
    ['overwritten in its middle', () => writeFileSync(place.file, readFileSync(place.file).fill(0xaa, 4096, 12_288))],
  ] as const) {
    it(`makes a volatile file anew that is ${how}, and says so`, async () => {
      const before = openVolatile({ file: place.file, now: place.now })
      await before.volatile.put(place.artifact('a'))
      before.close()
      harm()
      const told: unknown[] = []
      const after = place.volatile({ onError: (error) => told.push(error) })
      expect(told).to.have.length(1)
      expect(told[0]).to.be.instanceOf(Refusal).with.property('code', 'store_damaged')
      await after.volatile.put(place.artifact('b'))
      expect(await after.volatile.find('DeviceCode', 'a')).to.equal(undefined)
      expect(await after.volatile.find('DeviceCode', 'b')).to.deep.equal(place.artifact('b'))
    })
  }

  it('leaves a damaged volatile file to whoever may make it anew, where others may have it open', () => {
    openVolatile({ file: place.file, now: place.now }).close()
    writeFileSync(place.file, 'Dear diary, '.repeat(100))
    const opening = () => openVolatile({ file: place.file, now: place.now, mayRemake: false })
    expect(opening).to.throw(Refusal).with.property('code', 'store_damaged')
    expect(readFileSync(place.file, 'utf8')).to.match(/^Dear diary/)
  })

  it('brings a database of an earlier version up to date and keeps its rows', async () => {
    const { database } = place.parts(durableMigrations.slice(0, 1))
    const { model, id, payload, expiresAt } = place.artifact('a')
    database
      .prepare('insert into artifacts (model, id, payload, expires_at) values (?, ?, ?, ?)')
      .run(model, id, payload, expiresAt)
    const store = place.durable()
    expect(await store.artifacts.find('DeviceCode', 'a')).to.deep.equal(place.artifact('a'))
    expect(await store.clients.list(1)).to.deep.equal([])
  })
})
