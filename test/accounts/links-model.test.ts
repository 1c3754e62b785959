/**
 * Links of accounts against a model of them: in whatever order links are asked for and used, passwords and addresses changed, accounts disabled and
 * removed, secrets replaced, hashes renewed and time passes, each link that was ever sent is good exactly when the model says so.
 */
import { expect } from 'chai'
import fc from 'fast-check'
import { type Accounts, createAccounts } from '../../src/accounts/account.ts'
import { createEmailChanges, type EmailChanges, type EmailLink, type UndoLink } from '../../src/accounts/email-change.ts'
import { createRecovery, type Recovery, type RecoveryLink } from '../../src/accounts/recovery.ts'
import { createTombstones } from '../../src/accounts/tombstones.ts'
import { Refusal } from '../../src/base/errors.ts'
import { silentLog } from '../../src/base/log.ts'
import type { Passwords } from '../../src/crypto/passwords.ts'
import { createSecrets } from '../../src/crypto/secrets.ts'
import type { Letter } from '../../src/mail/letters.ts'
import { openStore } from '../../src/store/open.ts'
import type { Store } from '../../src/store/store.ts'
import { createLinks, type Links, linkKinds } from '../../src/tokens/links.ts'
import { noKeys } from '../support/api-keys.ts'
import { auditOf } from '../support/audit.ts'

type Purpose = 'recovery' | 'email-change' | 'email-undo'

interface SentLink {
  purpose: Purpose
  person: number
  at: number
  /** Number of the secret. */
  secret: number
  /** What it is bound to: the state of its account's credentials, or the change that it takes back. */
  bound: number
  /** The address that it gives. */
  email: string
}

interface PersonModel {
  email: string
  /** Another one with each change of what lets the person in. */
  state: number
  changes: { state: number; at: number }[]
  isDisabled: boolean
  isRemoved: boolean
}

interface Model {
  people: PersonModel[]
  links: SentLink[]
  time: number
  secrets: number[]
  states: number
}

const start = 1_700_000_000
const emails = ['ada@example.com', 'bob@example.com', 'cyd@example.com', 'dan@example.com']
const secretOf = (number: number) => `a-master-secret-for-tests-that-is-long-enough-${number}`

const lives = ({ isDisabled, isRemoved }: PersonModel) => !isDisabled && !isRemoved
const livingChanges = (model: Model, { changes }: PersonModel) =>
  changes.filter(({ at }) => at + linkKinds['email-undo'].lifetimeSeconds > model.time)

/** What the documentation says of a link, and nothing of how it is done. */
function isGood(model: Model, { purpose, person, at, secret, bound }: SentLink): boolean {
  const whose = model.people[person]!
  if (model.time - at > linkKinds[purpose].lifetimeSeconds || !model.secrets.includes(secret) || !lives(whose)) return false
  return purpose === 'email-undo' ? livingChanges(model, whose).some(({ state }) => state === bound) : whose.state === bound
}

const isFree = (model: Model, email: string, person: number) =>
  model.people.every((one, index) => index === person || one.isRemoved || one.email !== email)

/** The real thing, but for HTTP and for argon2. */
class Real {
  time = start
  numbers = [1]
  letters: Letter[] = []
  tokens: string[] = []
  ids: string[] = []
  hashes = 0
  store!: Store
  accounts!: Accounts
  recovery!: Recovery
  emails!: EmailChanges
  links!: Links
  readonly forgetful: boolean

  /** @param forgetful a change leaves the version as it is: the control */
  constructor(forgetful: boolean) {
    this.forgetful = forgetful
  }

  async begin(): Promise<void> {
    const opened = await openStore({ dataFolder: ':memory:', now: () => this.time })
    const { accounts } = opened
    const changeIf: typeof accounts.changeIf = (id, version, change) =>
      accounts.changeIf(id, version, this.forgetful ? { ...change, credentialsVersion: version } : change)
    this.store = { ...opened, accounts: { ...accounts, changeIf } }
    this.put()
    for (const email of emails.slice(0, 2)) this.ids.push((await this.accounts.add({ email, password: 'first' })).id)
  }

  /** With the secrets of now. */
  put(): void {
    const now = () => this.time
    const { store } = this
    const passwords = { hash: async () => `hash ${++this.hashes}` } as unknown as Passwords
    const mailer = {
      send: (letter: Letter) => void this.letters.push(letter),
      owe: async (letter: Letter) => void this.letters.push(letter),
    }
    const [first, ...others] = this.numbers.map(secretOf)
    const secrets = createSecrets([first as string, ...others])
    this.links = createLinks({
      secrets,
      issuer: 'https://id.example.com',
      lineage: store.lineage,
      now,
    })
    const parts = {
      ...{ store, audit: auditOf(store, now), apiKeys: noKeys, mailer, issuer: 'https://id.example.com', now, passwords },
      ...{ checkPassword: async () => {}, links: this.links, log: silentLog },
    }
    this.accounts = createAccounts({
      ...parts,
      roles: [],
      upgrades: { begin() {} },
      tombstones: createTombstones(secrets.keysFor('removed')),
    })
    this.recovery = createRecovery({ ...parts, attempts: { choosing: async () => {} } })
    this.emails = createEmailChanges(parts)
  }

  /** The links of letters since the last look, in the order in which the model makes them. */
  take(...kinds: Letter['kind'][]): void {
    for (const kind of kinds) {
      const letter = this.letters.find((one) => one.kind === kind)
      if (!letter || !('link' in letter.model)) throw new Error(`no letter ${kind} of ${this.letters.map((one) => one.kind)}`)
      this.tokens.push(new URL(letter.model.link).searchParams.get('token') as string)
    }
    this.letters = []
  }

  async isGood({ purpose }: SentLink, index: number): Promise<boolean> {
    return (await this.refusalOf(() => this.look(purpose, index))) === undefined
  }

  async look(purpose: Purpose, index: number): Promise<void> {
    const { content } = await this.links.read<RecoveryLink & EmailLink & UndoLink>(purpose, this.tokens[index] as string)
    if (purpose === 'recovery') await this.recovery.find(content)
    else if (purpose === 'email-change') await this.emails.find(content)
    else await this.emails.findUndo(content)
  }

  async use(purpose: Purpose, index: number): Promise<string | undefined> {
    const by = { from: '192.0.2.1' }
    return this.refusalOf(async () => {
      const { content } = await this.links.read<RecoveryLink & EmailLink & UndoLink>(purpose, this.tokens[index] as string)
      if (purpose === 'recovery') await this.recovery.setPassword(content, 'another', by)
      else if (purpose === 'email-change') await this.emails.change(content, by)
      else await this.emails.undo(content, by)
    })
  }

  async refusalOf(act: () => Promise<unknown>): Promise<string | undefined> {
    try {
      await act()
      return undefined
    } catch (cause) {
      if (cause instanceof Refusal) return cause.code
      throw cause
    }
  }
}

type Step = (model: Model, real: Real) => Promise<void>

/** Every link that was ever sent is asked about after each step. */
class Command implements fc.AsyncCommand<Model, Real> {
  readonly name: string
  readonly step: Step
  constructor(name: string, step: Step) {
    this.name = name
    this.step = step
  }
  check = () => true
  async run(model: Model, real: Real): Promise<void> {
    await this.step(model, real)
    for (const [index, link] of model.links.entries())
      expect(await real.isGood(link, index), `link ${index} ${JSON.stringify(link)}`).to.equal(isGood(model, link))
    for (const [index, { email, isRemoved }] of model.people.entries())
      expect((await real.store.accounts.find(real.ids[index] as string))?.email).to.equal(isRemoved ? undefined : email)
  }
  toString = () => this.name
}

const sent = (model: Model, purpose: Purpose, person: number, bound: number, email: string) =>
  void model.links.push({ purpose, person, at: model.time, secret: model.secrets[0] as number, bound, email })
const move = (model: Model, whose: PersonModel) => {
  whose.state = ++model.states
}

const steps = {
  'ask for recovery':
    (person: number): Step =>
    async (model, real) => {
      const whose = model.people[person]!
      await real.recovery.ask(whose.email)
      // Somebody else may have the address of whoever was removed.
      const owner = model.people.findIndex((one) => lives(one) && one.email === whose.email)
      if (owner < 0) return expect(real.letters).to.deep.equal([]) && undefined
      real.take('recovery')
      sent(model, 'recovery', owner, model.people[owner]!.state, whose.email)
    },
  'ask for another address':
    (person: number, email: string): Step =>
    async (model, real) => {
      const whose = model.people[person]!
      const account = await real.store.accounts.find(real.ids[person] as string)
      if (!account || !lives(whose)) return
      const refused = await real.refusalOf(() => real.emails.ask(account, email))
      if (email === whose.email || livingChanges(model, whose).length >= 5) return expect(refused).to.be.a('string') && undefined
      expect(refused).to.equal(undefined)
      if (!isFree(model, email, person)) {
        expect(real.letters.map(({ kind }) => kind)).to.deep.equal(['address-in-use'])
        real.letters = []
        return
      }
      real.take('email-change')
      sent(model, 'email-change', person, whose.state, email)
    },
  'use a link':
    (chosen: number): Step =>
    async (model, real) => {
      if (model.links.length === 0) return
      const index = chosen % model.links.length
      const link = model.links[index]!
      const whose = model.people[link.person]!
      const before = whose.email
      const givesAddress = link.purpose !== 'recovery'
      const expected = isGood(model, link) && (!givesAddress || isFree(model, link.email, link.person))
      const refused = await real.use(link.purpose, index)
      expect(refused === undefined, `${refused} for ${JSON.stringify(link)}`).to.equal(expected)
      // What a refused change would have told of is not kept (`Mailer.owe`).
      if (!expected) real.letters = []
      if (!expected) return
      const living = livingChanges(model, whose)
      move(model, whose)
      if (givesAddress) whose.email = link.email
      if (link.purpose === 'email-change') {
        whose.changes = [...living, { state: whose.state, at: model.time }]
        real.take('email-changed')
        sent(model, 'email-undo', link.person, whose.state, before)
      } else if (link.purpose === 'email-undo') {
        whose.changes = living.slice(
          0,
          living.findIndex(({ state }) => state === link.bound),
        )
        real.take('recovery')
        sent(model, 'recovery', link.person, whose.state, whose.email)
      } else real.letters = []
    },
  'set a password':
    (person: number): Step =>
    async (model, real) => {
      const whose = model.people[person]!
      if (whose.isRemoved) return
      await real.accounts.setPassword(whose.email, 'another')
      real.letters = []
      move(model, whose)
    },
  disable:
    (person: number): Step =>
    async (model, real) => {
      const whose = model.people[person]!
      if (whose.isRemoved) return
      await real.accounts.disable(whose.email)
      whose.isDisabled = true
      move(model, whose)
    },
  enable:
    (person: number): Step =>
    async (model, real) => {
      const whose = model.people[person]!
      if (whose.isRemoved) return
      await real.accounts.enable(whose.email)
      whose.isDisabled = false
    },
  remove:
    (person: number): Step =>
    async (model, real) => {
      const whose = model.people[person]!
      if (whose.isRemoved) return
      await real.accounts.remove(whose.email)
      real.letters = []
      whose.isRemoved = true
    },
  'hash anew':
    (person: number): Step =>
    async (_model, real) => {
      const account = await real.store.accounts.find(real.ids[person] as string)
      if (account) await real.store.accounts.replaceHash(account.id, account.passwordHash, `hash ${++real.hashes}`)
    },
  'replace the secret': (): Step => async (model, real) => {
    model.secrets.unshift(Math.max(...model.secrets) + 1)
    real.numbers = [...model.secrets]
    real.put()
  },
  'drop the oldest secret': (): Step => async (model, real) => {
    if (model.secrets.length > 1) model.secrets.pop()
    real.numbers = [...model.secrets]
    real.put()
  },
  wait:
    (seconds: number): Step =>
    async (model, real) => {
      model.time += seconds
      real.time += seconds
    },
}

const person = fc.integer({ min: 0, max: 1 })
const command = <A extends unknown[]>(
  name: string,
  weight: number,
  step: (...given: A) => Step,
  ...given: { [K in keyof A]: fc.Arbitrary<A[K]> }
) => ({
  weight,
  arbitrary: fc.tuple(...given).map((values) => new Command(`${name} ${values.join(' ')}`, step(...(values as A)))),
})
const weighted = [
  command('ask for recovery', 5, steps['ask for recovery'], person),
  command('ask for another address', 8, steps['ask for another address'], person, fc.constantFrom(...emails)),
  command('use link', 12, steps['use a link'], fc.nat(40)),
  command('set a password', 2, steps['set a password'], person),
  command('disable', 1, steps.disable, person),
  command('enable', 2, steps.enable, person),
  command('remove', 1, steps.remove, person),
  command('hash anew', 2, steps['hash anew'], person),
  command('replace the secret', 1, steps['replace the secret']),
  command('drop the oldest secret', 1, steps['drop the oldest secret']),
  command('wait', 3, steps.wait, fc.constantFrom(1, 1_800, 3_600, 3_601, 86_401, 7 * 86_400)),
]
/** As often as their weights say. */
const commands = fc.commands(
  weighted.flatMap(({ weight, arbitrary }) => Array.from({ length: weight }, () => arbitrary)),
  { maxCommands: 40, size: 'max' },
)

async function hold(runs: number, forgetful: boolean): Promise<void> {
  await fc.assert(
    fc.asyncProperty(commands, async (all) => {
      const real = new Real(forgetful)
      await real.begin()
      const people = emails
        .slice(0, 2)
        .map((email, state) => ({ email, state, changes: [], isDisabled: false, isRemoved: false }))
      const model: Model = { people, links: [], time: start, secrets: [1], states: 2 }
      try {
        await fc.asyncModelRun(() => ({ model, real }), all)
      } finally {
        await real.store.close()
      }
    }),
    { numRuns: runs, ...(process.env.SIGNET_SEED && { seed: Number(process.env.SIGNET_SEED) }) },
  )
}

describe('links of accounts, beside a model of them', () => {
  it('are good exactly when the model says, in three hundred random lives', () => hold(300, false))

  it('the control: are found out where a change leaves what they are bound to', async () => {
    const outcome = await hold(300, true).then(
      () => 'nothing',
      (cause: Error) => cause.message,
    )
    expect(outcome).to.include('Property failed')
  })
})
