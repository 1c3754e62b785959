/** An installation with people and clients, whose keys are an hour old so that the next one is always nearly due. */
import { randomUUID } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Account } from '../../../src/store/store.ts'
import { api } from '../../support/server.ts'
import { type Credentials, password, redirectUri } from '../../support/story.ts'
import { type Installation, install } from '../installation.ts'

export interface World {
  installation: Installation
  /** A third party, for which people are asked; the operator's own; one without a secret, whose refresh tokens rotate. */
  clients: Credentials[]
  emails: string[]
  /** The API, which asks. */
  notes: Credentials
}

const settings = {
  roles: {},
  apis: [{ identifier: api, name: 'Notes', apiKeys: true, scopes: { 'notes:read': { description: 'Read your notes' } } }],
  signIn: { attemptsPerAccount: 1_000, attemptsPerNetwork: 100_000, attemptsOverall: 100_000 },
  apiKeys: { mostPerPerson: 1_000 },
  keys: { rotateAfterSeconds: 3_600 },
  lifetimes: { authorizationCodeSeconds: 600 },
  // A client whose answer was lost asks again after the restart, however slow the machine is.
  refreshTokens: { windowSeconds: 60 },
}

/** @param more settings, instead of these */
export async function createWorld(people = 6, more: Record<string, unknown> = {}): Promise<World> {
  const installation = await install({ ...settings, ...more })
  const emails = Array.from({ length: people }, (_, i) => `person${i}@example.com`)
  const { clients, notes } = await installation.withParts(async (parts) => {
    const { passwordHash } = await parts.accounts.add({ email: 'first@example.com', password })
    // One password is hashed for all of them.
    const person = (email: string): Account => ({
      ...{ id: randomUUID(), email, emailKey: email, name: email, passwordHash },
      ...{ roles: [], claims: {}, demo: false, createdAt: parts.now(), credentialsVersion: 0 },
    })
    const everybody = [...emails, ...Array.from({ length: leavers }, (_, i) => leaver(i))]
    await Promise.all(everybody.map((email) => parts.store.accounts.add(person(email))))
    const add = async (id: string, more: object): Promise<Credentials> => {
      const base = { id, name: `The ${id} app`, redirectUris: [redirectUri], apis: { [api]: ['notes:read'] } }
      const { secret } = await parts.clients.add({ ...base, ...more })
      return { id, secret }
    }
    const { secret } = await parts.clients.add({ id: 'notes', name: 'Notes', kind: 'api', serves: [api] })
    const clients = [
      await add('web', { kind: 'web' }),
      await add('own', { kind: 'web', firstParty: true }),
      await add('phone', { kind: 'native', redirectUris: [redirectUri] }),
    ]
    return { clients, notes: { id: 'notes', secret } }
  })
  return { installation, clients, emails, notes }
}

/** People who sign in once, and are disabled. */
export const leaver = (number: number): string => `leaver${number % leavers}@example.com`
const leavers = 500

/** @returns a machine that got its registration beside the running server */
export async function addMachine({ installation }: World, id: string): Promise<Credentials> {
  const said = await installation.command(['client', 'add', id, '--id', id, '--kind', 'machine', '--api', api, '--json'])
  return { id, secret: JSON.parse(said).secret }
}

/** While no server runs: keys become older, so that a server soon makes the next one, and what was next signs. */
export function ageKeys({ keyFolder }: Installation, seconds: number): void {
  for (const name of readdirSync(keyFolder).filter((name) => /^signing-.*\.json$/.test(name))) {
    const file = path.join(keyFolder, name)
    const key = JSON.parse(readFileSync(file, 'utf8'))
    writeFileSync(file, JSON.stringify({ ...key, created_at: key.created_at - seconds }))
  }
}
