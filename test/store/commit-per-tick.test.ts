import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect } from 'chai'
import { CompiledQuery } from 'kysely'
import { Refusal } from '../../src/base/errors.ts'
import { commitPerTick, type WriteQueue } from '../../src/store/sqlite/commit-per-tick.ts'
import { type Connection, connectionOf } from '../../src/store/sqlite/connection.ts'
import { openFile } from '../../src/store/sqlite/file.ts'

describe('writes of one tick', () => {
  let folder: string
  let connection: Connection
  let queue: WriteQueue
  let seen: string[]
  /** Throws before the statement of this text is run. */
  let breakAt: { text: string; rollBackFirst?: boolean } | undefined
  let reader: DatabaseSync

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'signet-store-'))
    const file = join(folder, 'test.sqlite')
    const real = connectionOf(openFile({ file, synchronous: 'FULL', busyTimeoutMilliseconds: 0 }))
    real.run({ sql: 'create table facts (name text primary key)', parameters: [] })
    reader = new DatabaseSync(file)
    seen = []
    breakAt = undefined
    connection = {
      ...real,
      get inTransaction() {
        return real.inTransaction
      },
      run(query) {
        seen.push(query.sql)
        if (query.sql === breakAt?.text) {
          if (breakAt.rollBackFirst) real.run({ sql: 'rollback', parameters: [] })
          throw new Error('broken')
        }
        return real.run(query)
      },
    }
    queue = commitPerTick(connection, { sweep: () => [], onError: () => {} })
  })

  afterEach(() => {
    connection.close()
    reader.close()
    rmSync(folder, { recursive: true })
  })

  const INSERT = 'insert into facts (name) values (?)'
  const statement = (sql: string, ...parameters: unknown[]) => ({ compile: () => CompiledQuery.raw(sql, parameters) })
  const insert = (name: string) => queue.write(statement(INSERT, name))
  /** What another process sees. */
  const committed = () =>
    reader
      .prepare('select name from facts order by name')
      .all()
      .map(({ name }) => name)

  it('share one commit', async () => {
    await Promise.all(['a', 'b', 'c'].map(insert))
    expect(seen.filter((sql) => sql === 'commit')).to.have.length(1)
    expect(seen.filter((sql) => sql === INSERT)).to.have.length(3)
    await insert('d')
    expect(seen.filter((sql) => sql === 'commit')).to.have.length(2)
  })

  it('are answered after the commit, which others then see', async () => {
    const order: unknown[] = []
    const answers = ['a', 'b'].map((name) => insert(name).then(() => order.push([name, seen.at(-1), committed()])))
    await Promise.all(answers)
    expect(order).to.deep.equal([
      ['a', 'commit', ['a', 'b']],
      ['b', 'commit', ['a', 'b']],
    ])
  })

  it('fail alone', async () => {
    const answers = await Promise.allSettled([
      insert('a'),
      insert('a'),
      queue.write(statement('insert into nowhere values (1)')),
      insert('b'),
    ])
    expect(answers.map(({ status }) => status)).to.deep.equal(['fulfilled', 'rejected', 'rejected', 'fulfilled'])
    expect(committed()).to.deep.equal(['a', 'b'])
  })

  it('all fail when the commit fails, and nothing of them stays', async () => {
    breakAt = { text: 'commit' }
    const answers = await Promise.allSettled([insert('a'), insert('b')])
    expect(answers.map(({ status }) => status)).to.deep.equal(['rejected', 'rejected'])
    expect(committed()).to.deep.equal([])
    breakAt = undefined
    await insert('a')
    expect(committed()).to.deep.equal(['a'])
  })

  it('all fail when SQLite rolls back by itself, also those that had gone well', async () => {
    breakAt = { text: 'break', rollBackFirst: true }
    const answers = await Promise.allSettled([insert('a'), queue.write(statement('break')), insert('b')])
    expect(answers.map(({ status }) => status)).to.deep.equal(['rejected', 'rejected', 'rejected'])
    expect(committed()).to.deep.equal([])
  })

  it('go on when the sweep beside them fails, of which the operator is told', async () => {
    const told: unknown[] = []
    queue = commitPerTick(connection, { sweep: () => [statement('sweep nothing')], onError: (error) => told.push(error) })
    await insert('a')
    expect(committed()).to.deep.equal(['a'])
    expect(told).to.have.length(1)
  })

  it('are committed by closing, and refused after it', async () => {
    const early = insert('a')
    queue.close()
    expect(committed()).to.deep.equal(['a'])
    await early
    const late = await insert('b').catch((error: unknown) => error)
    expect(late).to.be.instanceOf(Refusal).with.property('code', 'temporarily_unavailable')
  })

  describe('while another process holds the lock', () => {
    /** What is put off, done when a fact says so. */
    let put: (() => void)[]
    beforeEach(() => {
      put = []
      queue = commitPerTick(connection, { sweep: () => [], onError: () => {}, later: (_, run) => put.push(run) })
      reader.exec('begin immediate')
    })
    const aTurn = () => new Promise((resolve) => setImmediate(resolve))
    const tryAgain = () => put.splice(0).forEach((run) => void run())

    it('wait for it, one more with them, and share a commit', async () => {
      const answers = [insert('a')]
      await aTurn()
      expect(put).to.have.length(1)
      answers.push(insert('b'))
      await aTurn()
      expect(put, 'nobody asks beside them').to.have.length(1)
      reader.exec('rollback')
      expect(committed()).to.deep.equal([])
      tryAgain()
      await Promise.all(answers)
      expect(committed()).to.deep.equal(['a', 'b'])
      expect(seen.filter((sql) => sql === 'commit')).to.have.length(1)
    })

    it('are refused after two seconds of tries, and whoever came later is not', async () => {
      const early = insert('a').catch((error: unknown) => error)
      await aTurn()
      for (let tries = 1; tries < 40; tries++) tryAgain()
      const late = insert('b')
      tryAgain()
      expect(await early)
        .to.be.instanceOf(Refusal)
        .with.property('code', 'temporarily_unavailable')
      reader.exec('rollback')
      tryAgain()
      await late
      expect(committed()).to.deep.equal(['b'])
    })

    it('are refused at once where nobody puts anything off, and by closing', async () => {
      const impatient = commitPerTick(connection, { sweep: () => [], onError: () => {} })
      const refused = [insert('a'), impatient.write(statement(INSERT, 'b'))].map((answer) =>
        answer.catch((error: unknown) => error),
      )
      await aTurn()
      queue.close()
      for (const error of await Promise.all(refused)) expect(error).to.be.instanceOf(Refusal)
      expect(put.length, 'the one that waited').to.equal(1)
      reader.exec('rollback')
      tryAgain()
      expect(committed()).to.deep.equal([])
    })
  })
})
