/** What every engine promises. An engine's test says how to open it and which roles it takes; the facts are the same for all. */
import type { Clock } from '../../src/base/clock.ts'
import type { AuditStore } from '../../src/store/audit.ts'
import type {
  AccountStore,
  ArtifactStore,
  ClientStore,
  CounterStore,
  KeyStore,
  LetterStore,
  LineageStore,
  NoticeStore,
  RevocationStore,
  VaultStore,
} from '../../src/store/store.ts'
import { accountFacts } from './contract/accounts.ts'
import { artifactFacts } from './contract/artifacts.ts'
import { auditFacts } from './contract/audit.ts'
import { clientFacts } from './contract/clients.ts'
import { counterFacts } from './contract/counters.ts'
import { keyFacts } from './contract/keys.ts'
import { letterFacts } from './contract/letters.ts'
import { lineageFacts } from './contract/lineage.ts'
import { naiveControl } from './contract/naive.ts'
import { noticeFacts } from './contract/notices.ts'
import { replacementFacts } from './contract/replacement.ts'
import { resealingFacts } from './contract/resealing.ts'
import { revocationFacts } from './contract/revocations.ts'
import { vaultFacts } from './contract/vault.ts'

export interface Roles {
  artifacts: ArtifactStore
  counters: CounterStore
  accounts: AccountStore
  clients: ClientStore
  keys: KeyStore
  notices: NoticeStore
  letters: LetterStore
  revocations: RevocationStore
  lineage: LineageStore
  vault: VaultStore
  audit: AuditStore
}

export interface Opened<Offered extends keyof Roles> {
  /** One for each process that might share the data, as far as the engine can have several; races run across all of them. */
  handles: Pick<Roles, Offered>[]
  close(): Promise<void>
}

export interface Engine<Offered extends keyof Roles> {
  roles: Offered[]
  /** An empty store that asks this clock alone whether something has expired. */
  open(now: Clock): Promise<Opened<Offered>>
}

export function contract<Offered extends keyof Roles>({ roles, open }: Engine<Offered>): void {
  const world = new World(open as Engine<keyof Roles>['open'])
  beforeEach(() => world.begin())
  afterEach(() => world.end())

  if (has(roles, 'artifacts')) {
    describe('artifacts', () => artifactFacts(world))
    describe('replacing an artifact', () => replacementFacts(world))
    describe('resealing artifacts', () => resealingFacts(world))
    describe('a naive adapter over the same artifacts', () => naiveControl(world))
  }
  if (has(roles, 'counters')) describe('counters', () => counterFacts(world))
  if (has(roles, 'accounts')) describe('accounts', () => accountFacts(world))
  if (has(roles, 'clients')) describe('clients', () => clientFacts(world))
  if (has(roles, 'keys')) describe('API keys', () => keyFacts(world))
  if (has(roles, 'notices')) describe('notices', () => noticeFacts(world))
  if (has(roles, 'letters')) describe('letters that are owed', () => letterFacts(world))
  if (has(roles, 'revocations')) describe('sentences of revocation', () => revocationFacts(world))
  if (has(roles, 'lineage')) describe('lineage', () => lineageFacts(world))
  if (has(roles, 'audit')) describe('the audit log', () => auditFacts(world))
  if (has(roles, 'vault')) describe('the vault', () => vaultFacts(world))
}

function has(roles: string[], role: keyof Roles): boolean {
  return roles.includes(role)
}

/** A fresh store for each fact, and a clock that stands still until it is told. */
export class World {
  time = 1_700_000_000
  #opened: Opened<keyof Roles> | undefined
  readonly #open: Engine<keyof Roles>['open']

  constructor(open: Engine<keyof Roles>['open']) {
    this.#open = open
  }

  async begin(): Promise<void> {
    this.time = 1_700_000_000
    this.#opened = await this.#open(() => this.time)
  }

  async end(): Promise<void> {
    await this.#opened?.close()
    this.#opened = undefined
  }

  get handles(): Roles[] {
    return this.#opened!.handles
  }

  /** `count` calls at once, spread over all handles. */
  race<Answer>(count: number, call: (roles: Roles, index: number) => Promise<Answer>): Promise<Answer[]> {
    return Promise.all(Array.from({ length: count }, (_, i) => call(this.handles[i % this.handles.length]!, i)))
  }
}
