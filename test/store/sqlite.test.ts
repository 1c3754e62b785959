import { closeSync, openSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { expect } from 'chai'
import { durableMigrations, volatileMigrations } from '../../src/store/migrations/all.ts'
import { artifactSweep, sqlArtifacts } from '../../src/store/sql/artifacts.ts'
import { counterSweep, sqlCounters } from '../../src/store/sql/counters.ts'
import { commitPerTick } from '../../src/store/sqlite/commit-per-tick.ts'
import { openFile } from '../../src/store/sqlite/file.ts'
import { openDurable, openVolatile } from '../../src/store/sqlite.ts'
import { freshPlace, refusalOf } from './place.ts'

/** How many locks this process holds on a file, as the system counts them (proc_locks(5)). */
function locksOn(file: string): number {
  const ofFile = `:${statSync(file).ino} `
  return readFileSync('/proc/locks', 'utf8')
    .split('\n')
    .filter((line) => line.includes(` ${process.pid} `) && line.includes(ofFile)).length
}

describe('a SQLite store', () => {
  const place = freshPlace()

  describe('at rest', () => {
    it('is readable to its owner alone: the folder, the database, its log', async () => {
      await place.durable().artifacts.put(place.artifact('a'))
      expect(statSync(join(place.folder, 'data')).mode & 0o777).to.equal(0o700)
      for (const suffix of ['', '-wal', '-shm']) expect(statSync(place.file + suffix).mode & 0o777).to.equal(0o600)
    })

    it('keeps the locks of a connection that is there when this process opens another', () => {
      const open = () => place.closing(openFile({ file: place.file, synchronous: 'FULL', busyTimeoutMilliseconds: 0 }))
      const locks = () => locksOn(place.file)
      open().exec('select * from sqlite_schema')
      const held = locks()
      expect(held, 'those by which other processes see it').to.not.equal(0)
      open()
      expect(locks()).to.equal(held)
      closeSync(openSync(place.file, 'r'))
      expect(locks(), 'the control: a file that is closed').to.equal(0)
    })

    it('waits for the disk where things must last, and keeps a log that readers need not wait for', () => {
      for (const [synchronous, level] of [['FULL', 2] as const, ['NORMAL', 1] as const]) {
        const database = place.closing(openFile({ file: place.file, synchronous, busyTimeoutMilliseconds: 0 }))
        expect(database.prepare('pragma synchronous').get()).to.deep.include({ synchronous: level })
        expect(database.prepare('pragma journal_mode').get()).to.deep.include({ journal_mode: 'wal' })
      }
    })

    it('keeps what it holds over closing and opening, the volatile one too', async () => {
      const first = openDurable({ file: place.file, now: place.now })
      await first.artifacts.put(place.artifact('a'))
      first.close()
      expect(await place.durable().artifacts.find('DeviceCode', 'a')).to.deep.equal(place.artifact('a'))

      place.file = join(place.folder, 'volatile.sqlite')
      const before = openVolatile({ file: place.file, now: place.now })
      await before.counters.hit('k', 60)
      before.close()
      expect((await place.volatile().counters.hit('k', 60)).count).to.equal(2)
    })
  })

  describe('rows past their expiry', () => {
    it('leave with the writes that follow, faster than new ones come', async () => {
      const store = place.volatile()
      await Promise.all(Array.from({ length: 100 }, (_, i) => store.volatile.put(place.artifact(`old-${i}`))))
      await Promise.all(Array.from({ length: 100 }, (_, i) => store.counters.hit(`old-${i}`, 60)))
      place.time += 60
      for (let i = 0; i < 10; i++) await store.volatile.put(place.artifact(`new-${i}`))
      expect(place.count('artifacts')).to.equal(10)
      expect(place.count('counters')).to.equal(0)
    })

    it('leave the durable database as well, and the living stay', async () => {
      const store = place.durable()
      await store.artifacts.put(place.artifact('old'))
      await store.artifacts.put(place.artifact('living', { expiresAt: place.time + 61 }))
      place.time += 60
      await store.clients.put({ id: 'c', registration: '{}', demo: false, createdAt: place.time })
      expect(place.count('artifacts')).to.equal(1)
      expect(await store.artifacts.find('DeviceCode', 'living')).not.to.equal(undefined)
    })
  })

  describe('at run time', () => {
    const places: [string, (database: DatabaseSync) => void][] = [
      ['is locked by another', (database) => database.exec('begin immediate')],
      ['may not be written', (database) => database.exec('pragma query_only = 1')],
      ['is full', (database) => database.exec('pragma max_page_count = 1')],
    ]
    for (const [why, hinder] of places) {
      it(`refuses a write for now while the database ${why}`, async () => {
        const { database, engine } = place.parts(durableMigrations)
        hinder(why.startsWith('is locked') ? place.stranger() : database)
        const store = sqlArtifacts(engine, place.now)
        const refusal = await refusalOf(store.put(place.artifact('a', { payload: 'p'.repeat(100_000) })))
        expect([refusal.code, refusal.status]).to.deep.equal(['temporarily_unavailable', 503])
        expect(refusal.retryAfterSeconds).to.be.greaterThan(0)
        expect(await store.find('DeviceCode', 'a')).to.equal(undefined)
      })
    }

    it('X08 keeps what it answered for and nothing else, of writes that share a commit while the file fills up', async () => {
      const { database, connection } = place.parts(durableMigrations)
      const queue = commitPerTick(connection, { sweep: () => [], onError: () => {} })
      const store = sqlArtifacts({ ...place.parts(durableMigrations).engine, write: queue.write }, place.now)
      database.exec('pragma max_page_count = 100')
      const outcomes = new Map<string, boolean>()
      for (let tick = 0; tick < 10; tick++) {
        const ids = Array.from({ length: 20 }, (_, i) => `${tick}-${i}`)
        const puts = await Promise.allSettled(ids.map((id) => store.put(place.artifact(id, { payload: 'p'.repeat(3_000) }))))
        for (const [i, { status }] of puts.entries()) outcomes.set(ids[i]!, status === 'fulfilled')
      }
      expect(new Set(outcomes.values()), 'some of each').to.have.length(2)
      for (const [id, answered] of outcomes) expect((await store.find('DeviceCode', id)) !== undefined, id).to.equal(answered)
      database.exec('pragma max_page_count = 10000')
      await store.put(place.artifact('last'))
      expect(place.stranger().prepare('pragma integrity_check').get()).to.deep.equal({ integrity_check: 'ok' })
    })

    it('refuses for now what it finds damaged, and says so to the operator', async () => {
      const { artifacts } = place.durable()
      const size = statSync(place.file).size
      // Whatever another process changes is read anew from the file.
      const stranger = place.stranger()
      stranger.exec('pragma wal_checkpoint(truncate)')
      stranger.exec("insert into clients (id, registration, demo, created_at) values ('a', '{}', 0, 0)")
      stranger.exec('pragma wal_checkpoint(truncate)')
      writeFileSync(place.file, Buffer.concat([readFileSync(place.file).subarray(0, 100), Buffer.alloc(size - 100, 0xa5)]))
      const refusal = await refusalOf(artifacts.find('DeviceCode', 'a'))
      expect([refusal.code, refusal.status]).to.deep.equal(['store_damaged', 503])
      expect(refusal.detail).to.have.property('sqlite')
    })

    it('goes on when the lock is gone, and reads meanwhile', async () => {
      const store = place.durable()
      await store.artifacts.put(place.artifact('a'))
      const other = place.stranger()
      other.exec('begin immediate')
      expect((await refusalOf(store.artifacts.put(place.artifact('b')))).code).to.equal('temporarily_unavailable')
      expect(await store.artifacts.find('DeviceCode', 'a')).to.deep.equal(place.artifact('a'))
      other.exec('rollback')
      await store.artifacts.put(place.artifact('b'))
      expect(await store.artifacts.find('DeviceCode', 'b')).to.deep.equal(place.artifact('b'))
    })

    it('writes by the queue alone', async () => {
      const { db } = place.parts(durableMigrations).engine
      const client = { id: 'a', registration: '{}', demo: 0, created_at: 0 }
      const attempts = [db.insertInto('clients').values(client).execute(), db.transaction().execute(async () => {})]
      for (const outcome of await Promise.allSettled(attempts)) expect(outcome.status).to.equal('rejected')
      expect(place.count('clients')).to.equal(0)
    })

    it('goes by an index in every look-up, sweep and removal', async () => {
      const texts = new Set<string>()
      const { database, engine } = place.parts(volatileMigrations, (text) => texts.add(text))
      database.exec('update bounds set at_most = 100')
      const [artifacts, counters] = [sqlArtifacts(engine, place.now), sqlCounters(engine, place.now)]
      await artifacts.put(place.artifact('a'))
      await artifacts.insert(place.artifact('a'))
      await artifacts.find('DeviceCode', 'a')
      await artifacts.findByUid('DeviceCode', 'u')
      await artifacts.findByUserCode('DeviceCode', 'u')
      await artifacts.consume('DeviceCode', 'a')
      await artifacts.replace(place.artifact('a', { version: 1 }), 0)
      await artifacts.remove('DeviceCode', 'a')
      for (const bond of [{ grant: 'x' }, { account: 'x' }, { client: 'x' }]) await artifacts.removeBound(bond)
      await counters.hit('k', 60)
      await counters.takeBack('k', place.time + 60)
      for (const sweep of [artifactSweep, counterSweep]) await engine.write(sweep(engine.db)({ now: place.time, limit: 10 }))
      expect(texts.size).to.equal(15)
      for (const text of texts) {
        const plan = database.prepare(`explain query plan ${text}`).all(...Array<string>(text.split('?').length - 1).fill('0'))
        for (const { detail } of plan) expect(detail, text).not.to.match(/^SCAN/)
      }
    })
  })
})
