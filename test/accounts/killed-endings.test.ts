/**
 * A process that is killed while it ends somebody's API keys, between any two commits: no key is left that is good and that nobody knows of, and
 * whoever asks once more finds all of it done. Orders of writes that lose something are a control beside it.
 */
import { randomUUID } from 'node:crypto'
import { expect } from 'chai'
import { createAccounts } from '../../src/accounts/account.ts'
import { createTombstones } from '../../src/accounts/tombstones.ts'
import { Refusal } from '../../src/base/errors.ts'
import { digest } from '../../src/crypto/derive.ts'
import type { Passwords } from '../../src/crypto/passwords.ts'
import { createClients } from '../../src/oauth/clients/clients.ts'
import { createApis } from '../../src/permissions/apis.ts'
import { settingsSchema } from '../../src/settings/schema.ts'
import type { Condition } from '../../src/store/audit.ts'
import { openStore } from '../../src/store/open.ts'
import type { ApiKeyRow, Store } from '../../src/store/store.ts'
import { createKeyEndings } from '../../src/tokens/key-endings.ts'
import { deadApiKey, sayDead } from '../../src/tokens/revocation.ts'
import { noKeys, takingKeys } from '../support/api-keys.ts'
import { auditOf } from '../support/audit.ts'
import { api, declared } from '../support/server.ts'

const now = () => 1_800_000_000
const issuer = 'https://id.example.com'
const settings = settingsSchema.parse({ ...declared, ...takingKeys, issuer })
const email = 'ada@example.com'
const password = 'analytical engine'

/** What a store's roles write; the rest they read. */
const writes: Partial<Record<keyof Store, string[]>> = {
  accounts: ['add', 'change', 'changeIf', 'remove'],
  clients: ['add', 'replace', 'remove'],
  keys: ['add', 'remove'],
  revocations: ['add'],
  artifacts: ['removeBound'],
  volatile: ['removeBound'],
  audit: ['add'],
  letters: ['add'],
}

class Killed extends Error {}

/** The same store for a process that lives for so many commits: what is written in one turn of the event loop is one. */
function killedAfter(commits: number, store: Store): Store {
  let begun = 0
  let isOpen = false
  const counted =
    (write: (...given: unknown[]) => unknown) =>
    (...given: unknown[]) => {
      if (!isOpen) {
        begun++
        isOpen = true
        setImmediate(() => {
          isOpen = false
        })
      }
      return begun > commits ? Promise.reject(new Killed()) : write(...given)
    }
  const roles = Object.entries(writes).map(([role, names]) => {
    const real = store[role as keyof Store] as unknown as Record<string, (...given: unknown[]) => unknown>
    return [role, { ...real, ...Object.fromEntries(names.map((name) => [name, counted(real[name]!)])) }]
  })
  return { ...store, ...Object.fromEntries(roles) } as Store
}

function partsOn(store: Store) {
  const audit = auditOf(store, now)
  const mailer = {
    owe: async (letter: { kind: string }, ifThere?: Condition) => {
      await store.letters.add({ id: `${letter.kind}.${randomUUID()}`, sealed: '', expiresAt: now() + 60 }, ifThere)
    },
  }
  const endings = createKeyEndings({
    ...{ store, audit, now, apis: createApis(settings.apis, issuer, 'Signet') },
    tell: (_, ifThere) => mailer.owe({ kind: 'api-key-ended' }, ifThere),
  })
  const accounts = createAccounts({
    ...{
      store,
      audit,
      mailer,
      apiKeys: { ...noKeys, ...endings },
      issuer,
      now,
      roles: ['editor', 'admin'],
      upgrades: { begin() {} },
    },
    passwords: { hash: async () => 'hash' } as unknown as Passwords,
    checkPassword: async () => {},
    tombstones: createTombstones([Buffer.alloc(32)]),
  })
  return { store, endings, accounts, clients: createClients({ settings, store, audit, apiKeys: endings, now }) }
}
type Parts = ReturnType<typeof partsOn>

const jtis = ['one', 'two']
const row = (jti: string, owner: 'account' | 'client', id: string): ApiKeyRow => ({
  ...{ jti, kid: 'k', name: jti, audience: api, scopes: ['notes:delete'], createdAt: now() - 60, expiresAt: now() + 9_999 },
  ...(owner === 'account' ? { account: id } : { client: id }),
})

async function world(owner: 'account' | 'client') {
  const store = await openStore({ dataFolder: ':memory:', now })
  await store.revocations.begin({ id: 'list', longestSeconds: 600 })
  const { accounts, clients } = partsOn(store)
  const account = await accounts.add({ email, password, roles: ['editor'] })
  await clients.add({ id: 'machine', name: 'Machine', kind: 'machine', apis: { [api]: ['notes:read'] } })
  for (const jti of jtis)
    await (owner === 'account'
      ? store.keys.add(row(jti, owner, account.id), { account }, 50)
      : store.keys.add(row(jti, owner, 'machine'), { client: (await store.clients.find('machine'))! }, 50))
  return store
}

type Ending = (on: Parts) => Promise<unknown>

const endings: Record<string, ['account' | 'client', Ending]> = {
  'a key': ['account', async ({ endings: of }) => Promise.all(jtis.map((jti) => of.end('operator', jti, 'operator', {})))],
  'a role': ['account', ({ accounts }) => accounts.setRoles(email, ['admin'])],
  'an account, disabled': ['account', ({ accounts }) => accounts.disable(email)],
  'an account, removed': ['account', ({ accounts }) => accounts.remove(email)],
  'a password, with all keys': ['account', ({ accounts }) => accounts.setPassword(email, password, { endKeys: true })],
  'an account’s access': ['account', ({ accounts }) => accounts.endAccess(email)],
  'a client’s access': ['client', ({ clients }) => clients.endAccess('machine')],
  'a client, removed': ['client', ({ clients }) => clients.remove('machine')],
  'a secret that others have': ['client', ({ clients }) => clients.rotateSecret('machine', 0, { isCompromised: true })],
}

/** As somebody would who wrote it down as it came to mind. */
const naive: Record<string, ['account' | 'client', Ending]> = {
  'the row before its sentence': [
    'account',
    async ({ store }) => {
      await Promise.all(jtis.map((jti) => store.keys.remove(jti)))
      await sayDead(store.revocations, jtis.map((jti) => row(jti, 'account', '')).flatMap(deadApiKey), now())
    },
  ],
  'the account before its keys': [
    'account',
    async ({ store, endings: of }) => {
      const account = await store.accounts.findByEmailKey(email)
      if (!account) throw new Refusal('unknown_account', '')
      await store.accounts.remove(account.id, createTombstones([Buffer.alloc(32)]).of(account, now()))
      await of.endAll({ account: account.id }, 'deleted', {})
    },
  ],
}

/** @returns which keys are good for whoever asks nobody, though they ended or nobody could end them */
async function lost(store: Store): Promise<string[]> {
  const said = await Promise.all(jtis.map((jti) => store.revocations.find([{ kind: 'token', value: digest(jti) }])))
  const rows = await Promise.all(jtis.map((jti) => store.keys.find(jti)))
  const isOwned = async ({ account, client }: ApiKeyRow) =>
    Boolean(await (account === undefined ? store.clients.find(client) : store.accounts.find(account)))
  const known = await Promise.all(rows.map(async (one) => one !== undefined && (await isOwned(one))))
  return jtis.filter((_, at) => said[at]?.length === 0 && !known[at])
}

/** Killed after each of its commits in turn. @returns what was lost, and after how many, and how many there were in all */
async function killed([owner, end]: ['account' | 'client', Ending]) {
  const losses: string[] = []
  for (let commits = 0; ; commits++) {
    const store = await world(owner)
    try {
      const outcome = await end(partsOn(killedAfter(commits, store))).then(
        () => 'done',
        (cause) => (cause instanceof Killed ? 'killed' : Promise.reject(cause)),
      )
      const say = (what: string[], when: string) => losses.push(...what.map((jti) => `${jti}, ${when} ${commits}`))
      say(await lost(store), 'after')
      await end(partsOn(store)).catch((cause) => {
        if (!(cause instanceof Refusal) || !cause.code.startsWith('unknown_')) throw cause
      })
      const left = (await store.keys.list(10)).map(({ jti }) => jti)
      say(left, 'there though asked again, after')
      say(await lost(store), 'in the end after')
      const entries = (await store.audit.list({ act: 'api_key.ended' }, 10)).map(({ detail }) => detail.jti)
      say(
        jtis.filter((jti) => entries.filter((one) => one === jti).length !== 1),
        'not recorded once, after',
      )
      if (outcome === 'done') return { losses, commits }
    } finally {
      await store.close()
    }
  }
}

describe('whoever is killed while API keys end', () => {
  for (const [name, ending] of Object.entries(endings))
    it(`P03 P07 loses nothing, and finds it done when asked again: ${name}`, async () => {
      const { losses, commits } = await killed(ending)
      expect(losses).to.deep.equal([])
      expect(commits).to.be.greaterThan(1)
    })

  it('P07 brings none back by enabling what was disabled by half', async () => {
    const store = await world('account')
    try {
      // What is said of the account, and no more.
      const dying = partsOn(killedAfter(1, store)).accounts.disable(email)
      expect(await dying.catch((cause) => cause)).to.be.instanceOf(Killed)
      expect(await store.accounts.findByEmailKey(email)).to.have.property('disabledAt')
      expect(await store.keys.list(10), 'the control').to.have.length(2)
      await partsOn(store).accounts.enable(email)
      expect(await store.keys.list(10)).to.deep.equal([])
      expect(await lost(store)).to.deep.equal([])
    } finally {
      await store.close()
    }
  })

  it('P03 leaves none that was made while its client was removed', async () => {
    const store = await world('client')
    try {
      const { clients, keys, revocations } = store
      const late = row('late', 'client', 'machine')
      // Behind the end of those that were there, and before that of the client.
      const remove = async (id: string) => (await keys.add(late, { client: (await clients.find(id))! }, 50)) && clients.remove(id)
      await partsOn({ ...store, clients: { ...clients, remove } }).clients.remove('machine')
      expect(await keys.list(10)).to.deep.equal([])
      expect(await revocations.find([{ kind: 'token', value: digest('late') }])).to.have.length(1)
    } finally {
      await store.close()
    }
  })

  for (const [name, ending] of Object.entries(naive))
    it(`would lose some by another order: ${name}`, async () => {
      expect((await killed(ending)).losses).to.not.deep.equal([])
    })
})
