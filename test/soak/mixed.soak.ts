/** A server under everything that people and programs do, for twenty minutes: its memory, its open files and its rows stay as they are. */
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as wait } from 'node:timers/promises'
import { expect } from 'chai'
import { createVisitor } from '../../src/try/visitor.ts'
import { progressOf } from '../support/progress.ts'
import { revoke } from '../support/questions.ts'
import { authorizationUrl, type Credentials, pkce, redeem, refresh, token } from '../support/story.ts'
import { type Chance, chanceOf } from './chance.ts'
import { riseOf } from './flat.ts'
import type { ServerProcess } from './installation.ts'
import { signIn as signSomebodyIn } from './kill/actors.ts'
import type { Family } from './kill/ledger.ts'
import { addMachine, createWorld, type World } from './kill/world.ts'
import { scaled, seed } from './scale.ts'

const seconds = scaled(1_200)
const everySeconds = 5
/** Sessions, grants and refresh tokens live for five minutes here: by then as many end as begin. */
const livesSeconds = 300
const settledSeconds = 480
const lifetimes = {
  interactionSeconds: 60,
  authorizationCodeSeconds: 60,
  sessionSeconds: livesSeconds,
  refreshTokenSeconds: livesSeconds,
  grantSeconds: livesSeconds,
}
/** Of wrong passwords and right ones: what is counted is counted for a minute, and is gone. */
const signIn = { attemptsPerAccount: 1_000, attemptsPerNetwork: 100_000, attemptsOverall: 100_000, windowSeconds: 60 }
/** Of their mean, from the first to the last sample after it has settled. */
const mayRise = 0.1

interface Sample {
  megabytes: number
  files: number
  rows: number
}

describe(`${seconds} seconds of everything, seed ${seed}`, function () {
  this.timeout(0)
  let world: World
  let server: ServerProcess
  let machine: Credentials
  before(async () => {
    world = await createWorld(20, { lifetimes, signIn })
    machine = await addMachine(world, 'machine')
    server = await world.installation.start()
  })
  after(async () => {
    await server?.stop()
    world?.installation.remove()
  })

  it('leave memory, open files and rows as they are, and nothing fails', async () => {
    const failed: string[] = []
    const counts: Record<string, number> = {}
    let isOver = false
    const everybody = Object.entries(acts(world, machine, chanceOf(seed))).map(async ([name, { perSecond, act }]) => {
      counts[name] = 0
      while (!isOver) {
        const next = wait(1_000 / perSecond)
        await act().then(
          () => counts[name]!++,
          (cause) => failed.push(`${name}: ${cause}`),
        )
        await next
      }
    })
    const samples: Sample[] = []
    const progress = progressOf('everything', seconds)
    for (let passed = 0; passed < seconds; passed += everySeconds) {
      await wait(everySeconds * 1_000)
      const sample = sampleOf(world, server)
      samples.push(sample)
      progress(passed + everySeconds, JSON.stringify(sample))
    }
    isOver = true
    await Promise.all(everybody)

    const settled = samples.slice(settledSeconds / everySeconds)
    const rises = Object.fromEntries(
      (['megabytes', 'files', 'rows'] as const).map((what) => [what, riseOf(settled.map((sample) => sample[what]))]),
    )
    console.log({ counts, failed: failed.length, first: samples[0], settled: settled[0], last: samples.at(-1), rises })
    expect(failed.slice(0, 10)).to.deep.equal([])
    if (seconds < 2 * settledSeconds) return console.log('Too short to say whether anything rises.')
    for (const [what, rise] of Object.entries(rises)) expect(rise, what).to.be.lessThan(mayRise)
  })
})

function sampleOf({ installation }: World, { child }: ServerProcess): Sample {
  const status = readFileSync(`/proc/${child.pid}/status`, 'utf8')
  const rows = ['signet.sqlite', 'volatile.sqlite'].map((name) => rowsIn(path.join(installation.dataFolder, name)))
  return {
    megabytes: Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1_024),
    files: readdirSync(`/proc/${child.pid}/fd`).length,
    rows: rows.reduce((sum, one) => sum + one, 0),
  }
}

function rowsIn(file: string): number {
  const database = new DatabaseSync(file, { readOnly: true })
  try {
    const tables = database.prepare("select name from sqlite_schema where type = 'table'").all()
    return tables.reduce((sum, { name }) => sum + Number(database.prepare(`select count(*) as n from "${name}"`).get()?.n), 0)
  } finally {
    database.close()
  }
}

interface Act {
  perSecond: number
  act(): Promise<unknown>
}

/** What goes on at once. Whoever is not answered as expected throws. */
function acts({ installation, clients, emails }: World, machine: Credentials, chance: Chance): Record<string, Act> {
  const living: { family: Family; until: number }[] = []
  const taken = (): Family | undefined => {
    while (living[0] && living[0].until < performance.now()) living.shift()
    return living.splice(chance.between(0, living.length - 1), 1)[0]?.family
  }
  const keep = (family: Family, until = performance.now() + (livesSeconds / 2) * 1_000) => living.push({ family, until })
  const expectStatus = (wanted: number, { status }: { status: number }) => {
    if (status !== wanted) throw new Error(`${status} instead of ${wanted}`)
  }
  return {
    signIn: {
      perSecond: 2,
      async act() {
        for (const family of (await signSomebodyIn({ installation }, chance.oneOf(clients)!, chance.oneOf(emails)!)).families)
          keep(family)
      },
    },
    refresh: {
      perSecond: 8,
      async act() {
        const one = living[chance.between(0, living.length - 1)]
        if (!one || one.until < performance.now()) return
        living.splice(living.indexOf(one), 1)
        const answer = await refresh(installation, one.family.client, one.family.refreshToken)
        expectStatus(200, answer)
        keep(Object.assign(one.family, { refreshToken: answer.body.refresh_token ?? one.family.refreshToken }), one.until)
        living.sort((a, b) => a.until - b.until)
      },
    },
    revoke: {
      perSecond: 0.5,
      async act() {
        const family = taken()
        if (family) await revoke(installation, family.client, family.refreshToken)
      },
    },
    signOut: {
      perSecond: 0.5,
      async act() {
        const visitor = taken()?.session.visitor
        if (!visitor) return
        const page = await visitor.submit(await visitor.open('/session/end'), '/session/end/confirm', { logout: 'yes' })
        expectStatus(200, page)
      },
    },
    machine: {
      perSecond: 20,
      act: async () =>
        expectStatus(200, await token(installation, machine, { grant_type: 'client_credentials', scope: 'notes:read' })),
    },
    stranger: {
      perSecond: 5,
      act: async () =>
        expectStatus(
          200,
          await createVisitor(installation.issuer).open(authorizationUrl(installation.issuer, 'web', pkce().challenge)),
        ),
    },
    replay: {
      perSecond: 0.5,
      async act() {
        const family = taken()
        if (family) expectStatus(400, await redeem(installation, family.client, family.code))
      },
    },
    verifier: { perSecond: 2, act: async () => expectStatus(200, await fetch(`${installation.issuer}/jwks`)) },
    guesser: {
      perSecond: 2,
      act: async () =>
        expectStatus(401, await token(installation, { id: 'machine', secret: 'a guess' }, { grant_type: 'client_credentials' })),
    },
  }
}
