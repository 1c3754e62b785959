import { execFileSync } from 'node:child_process'
import { closeSync, constants, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Worker } from 'node:worker_threads'
import { hash } from '@node-rs/argon2'
import { expect } from 'chai'
import { noPassword } from '../../src/crypto/no-password.ts'
import { createPasswords, type Passwords } from '../../src/crypto/passwords.ts'
import { until } from '../support/until.ts'
import { refusalOf } from './folder.ts'

const people = { share: 'people' } as const
const strangers = { share: 'strangers' } as const
const parameters = (hash: string) => hash.split('$').slice(1, 4)

/** Takes every thread of the process's pool, each by opening a pipe that nobody writes to. @returns what lets them go */
function takeThreadPool(): () => Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'signet-pipes-'))
  const threads = Number(process.env.UV_THREADPOOL_SIZE ?? 4)
  const pipes = Array.from({ length: threads }, (_, index) => path.join(folder, String(index)))
  execFileSync('mkfifo', pipes)
  const waiting = pipes.map((pipe) => open(pipe, 'r'))
  return async () => {
    for (const pipe of pipes) closeSync(openSync(pipe, constants.O_RDWR | constants.O_NONBLOCK))
    for (const handle of await Promise.all(waiting)) await handle.close()
    rmSync(folder, { recursive: true })
  }
}

describe('passwords', () => {
  let passwords: Passwords
  beforeEach(() => {
    passwords = createPasswords()
  })
  afterEach(() => passwords.close())

  it('are hashed by argon2id with parameters that travel in the hash, never twice alike', async () => {
    const [one, other] = await Promise.all([passwords.hash('correct horse', people), passwords.hash('correct horse', people)])
    expect(parameters(one)).to.deep.equal(['argon2id', 'v=19', 'm=19456,t=2,p=1'])
    expect(one).not.to.equal(other)
    expect(one).not.to.include('horse')
  })

  for (const password of ['correct horse', 'ключ 🗝', ' leading and trailing ', '\0', '', 'x'.repeat(1_024)]) {
    it(`match themselves alone: ${JSON.stringify(password.slice(0, 30))}`, async () => {
      const hash = await passwords.hash(password, people)
      expect(await passwords.matches(password, hash)).to.equal(true)
      for (const wrong of [
        `${password.slice(0, -1)}#`,
        password.toUpperCase().replace(/^[^a-z]*$/i, '?'),
        `${password.slice(1)} `,
      ])
        expect(await passwords.matches(wrong, hash), wrong).to.equal(false)
    })
  }

  it('L07: cost the same work whether right, wrong, or nobody’s', async () => {
    const hash = await passwords.hash('correct horse', people)
    const work = async (password: string, of: string | undefined) => {
      const before = passwords.computed
      const matches = await passwords.matches(password, of)
      return [matches, passwords.computed - before]
    }
    expect(await work('correct horse', hash)).to.deep.equal([true, 1])
    expect(await work('wrong horse', hash)).to.deep.equal([false, 1])
    expect(await work('correct horse', undefined)).to.deep.equal([false, 1])
  })

  for (const length of [1_025, 1_000_000]) {
    it(`L09: of ${length} characters are refused before they are hashed`, async () => {
      const long = 'x'.repeat(length)
      expect((await refusalOf(() => passwords.matches(long, undefined))).code).to.equal('password_too_long')
      expect((await refusalOf(() => passwords.hash(long, people))).code).to.equal('password_too_long')
      expect(passwords.computed).to.equal(0)
    })
  }

  it('X06: past the bound are told to come back, while those that wait are served', async () => {
    const small = createPasswords({ bounds: { people: { limit: 3, turns: 1 }, strangers: { limit: 0, turns: 1 } } })
    try {
      const asked = await Promise.allSettled(Array.from({ length: 10 }, () => small.matches('x', undefined)))
      const refused = asked.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []))
      // Two are in hand, three wait.
      expect(refused).to.have.length(5)
      for (const reason of refused) expect(reason).to.include({ code: 'busy', status: 503, retryAfterSeconds: 1 })
      expect(small.computed).to.equal(5)
      expect(await small.matches('x', await small.hash('x', people))).to.equal(true)
    } finally {
      await small.close()
    }
  })

  it('X06: of strangers, however many, neither fill the places of people nor keep them waiting to the end', async () => {
    const order: string[] = []
    const done = (who: string) => () => void order.push(who)
    const flood = Array.from({ length: 200 }, () => passwords.hash('x', strangers).then(done('stranger'), done('refused')))
    expect((await refusalOf(async () => passwords.checkRoom('strangers'))).code).to.equal('busy')
    passwords.checkRoom('people')
    await Promise.all([passwords.matches('x', undefined).then(done('person')), ...flood])
    const served = order.filter((who) => who !== 'refused')
    expect(served).to.have.length(19)
    // Two were in hand before the person came, and one may have had its turn.
    expect(served.indexOf('person')).to.be.lessThan(4)
  })

  it('X06: of people, however many, let strangers have their turns', async () => {
    const order: string[] = []
    const flood = Array.from({ length: 40 }, () => passwords.hash('x', people).then(() => void order.push('person')))
    await Promise.all([...flood, passwords.hash('x', strangers).then(() => void order.push('stranger'))])
    expect(order.indexOf('stranger')).to.be.lessThan(8)
  })

  it('are canonical before they are hashed, and one that was hashed as typed is still found', async () => {
    const typed = 'Å ngstro\u0308m ﬁve'
    const [ours, former] = [
      await passwords.hash(typed, people),
      await hash(typed, { memoryCost: 19_456, timeCost: 2, parallelism: 1 }),
    ]
    for (const same of [typed, typed.normalize('NFC'), typed.normalize('NFD'), typed.normalize('NFKC')])
      expect(await passwords.compare(same, ours), same).to.deep.equal({ matches: true, outdated: false })
    expect(await passwords.compare(typed, former)).to.deep.equal({ matches: true, outdated: true })
    expect(await passwords.matches(typed.toLowerCase(), former)).to.equal(false)
  })

  it('L07: cost by what was typed alone, whoever it is, where there are two forms of it', async () => {
    const ours = await passwords.hash('another', people)
    for (const [password, work] of [
      ['Ångström', 1],
      ['Ångström'.normalize('NFD'), 2],
    ] as const)
      for (const against of [ours, undefined]) {
        const before = passwords.computed
        expect(await passwords.matches(password, against)).to.equal(false)
        expect(passwords.computed - before).to.equal(work)
      }
  })

  it('that were hashed by other parameters are outdated, and match all the same', async () => {
    const rising = createPasswords({ work: { memoryKiB: 20_000, passes: 3 } })
    try {
      const [former, todays] = [await passwords.hash('x', people), await rising.hash('x', people)]
      expect(parameters(todays)).to.deep.equal(['argon2id', 'v=19', 'm=20000,t=3,p=1'])
      expect(await rising.compare('x', former)).to.deep.equal({ matches: true, outdated: true })
      expect(await rising.compare('x', todays)).to.deep.equal({ matches: true, outdated: false })
      expect(await rising.compare('y', former)).to.deep.equal({ matches: false, outdated: false })
    } finally {
      await rising.close()
    }
  })

  it('survive a hash that is none: that sign-in is refused at the work of any other, the next one is not', async () => {
    const before = passwords.computed
    expect(await passwords.compare('x', 'no hash')).to.deep.equal({ matches: false, outdated: false })
    expect(passwords.computed - before).to.equal(1)
    expect(await passwords.matches('x', await passwords.hash('x', people))).to.equal(true)
  })

  it('X06: need no thread of those that sign, which asynchronous hashes would take', async () => {
    await passwords.hash('the first starts the worker', people)
    const release = takeThreadPool()
    let hashed = false
    const asynchronous = hash('x', { memoryCost: 19_456, timeCost: 2, parallelism: 1 }).then(() => {
      hashed = true
    })
    try {
      for (let n = 0; n < 3; n++) await passwords.hash('x', people)
      expect(hashed).to.equal(false)
    } finally {
      await release()
    }
    await asynchronous
  })

  it('X06: cost whoever was in hand a second try when the thread dies, and nobody else anything', async () => {
    const begun: Worker[] = []
    const notice = (worker: Worker) => void begun.push(worker)
    process.on('worker', notice)
    try {
      const asked = Promise.allSettled(Array.from({ length: 5 }, () => passwords.hash('x', people)))
      const first = await until('the thread', () => begun[0])
      await first.terminate()
      const answers = await asked
      expect(answers.map(({ status }) => status)).to.deep.equal([...Array(2).fill('rejected'), ...Array(3).fill('fulfilled')])
      for (const answer of answers.slice(0, 2))
        expect((answer as PromiseRejectedResult).reason).to.include({ code: 'busy', status: 503, retryAfterSeconds: 1 })
      expect(begun).to.have.length(2)
      expect(passwords.waiting).to.equal(0)
    } finally {
      process.off('worker', notice)
    }
  })

  it('give way to everything else of the process where there are fewer cores than work', async function () {
    if (process.platform !== 'linux') this.skip()
    const niceOf = (thread: string) =>
      readFileSync(`/proc/self/task/${thread}/stat`, 'latin1')
        .replace(/^.*\) /, '')
        .split(' ')[16]
    const threads = () => new Map(readdirSync('/proc/self/task').map((thread) => [thread, niceOf(thread)]))
    const before = threads()
    await passwords.hash('x', people)
    const begun = [...threads()].filter(([thread]) => !before.has(thread)).map(([, nice]) => nice)
    expect(begun).to.include('5')
    expect(niceOf(String(process.pid))).to.equal(before.get(String(process.pid)))
  })

  it('match nothing where there is none, at the cost of one', async () => {
    expect(await passwords.compare('!', noPassword)).to.deep.equal({ matches: false, outdated: false })
    expect(passwords.computed).to.equal(1)
  })

  it('are not asked any more after they were closed, and whoever waits is told', async () => {
    const hash = await passwords.hash('x', people)
    const waiting = refusalOf(() => passwords.matches('x', hash))
    await passwords.close()
    expect((await waiting).code).to.equal('busy')
    expect((await refusalOf(() => passwords.matches('x', hash))).code).to.equal('busy')
  })
})
