/** What the longest words that people may type come to in a link: fewer characters than mail programs break, or a sentence before anything is made. */
import { expect } from 'chai'
import fc from 'fast-check'
import { longestEmailBytes, possibleEmailKey } from '../../src/accounts/email.ts'
import { createEmailChanges } from '../../src/accounts/email-change.ts'
import { newAccount } from '../../src/accounts/new-account.ts'
import { personName } from '../../src/accounts/person-name.ts'
import { createRecovery } from '../../src/accounts/recovery.ts'
import { createRegistration } from '../../src/accounts/registration.ts'
import { createSignInLinks } from '../../src/accounts/sign-in-links.ts'
import { createTombstones } from '../../src/accounts/tombstones.ts'
import { Refusal } from '../../src/base/errors.ts'
import { silentLog } from '../../src/base/log.ts'
import type { Passwords } from '../../src/crypto/passwords.ts'
import { createSecrets } from '../../src/crypto/secrets.ts'
import type { Letter } from '../../src/mail/letters.ts'
import { openStore } from '../../src/store/open.ts'
import { createLinks, longestLink } from '../../src/tokens/links.ts'
import { noKeys } from '../support/api-keys.ts'
import { auditOf } from '../support/audit.ts'

const now = () => 1_800_000_000
const issuer = `https://${'a'.repeat(60)}.${'b'.repeat(50)}.example`.padEnd(128, 's')
/** As the settings' most work writes it. */
const hash = `$argon2id$v=19$m=1048576,t=20,p=1$${'s'.repeat(22)}$${'h'.repeat(43)}`
const interaction = 'u'.repeat(64)
const network = '192.0.2.1'

async function world() {
  const store = await openStore({ dataFolder: ':memory:', now })
  const letters: Letter[] = []
  const keep = (letter: Letter) => void letters.push(letter)
  const secrets = createSecrets(['a-master-secret-for-tests-that-is-long-enough'])
  const attempts = { choosing: async () => {} } as unknown as Parameters<typeof createRegistration>[0]['attempts']
  const parts = {
    attempts,
    ...{ store, audit: auditOf(store, now), apiKeys: noKeys, issuer, now, log: silentLog, limits: { count: async () => {} } },
    mailer: { send: keep, owe: async (letter: Letter) => keep(letter) },
    passwords: { hash: async () => hash, checkRoom() {} } as unknown as Passwords,
    checkPassword: async () => {},
    links: createLinks({ secrets, issuer, lineage: store.lineage, now }),
  }
  const tombstones = createTombstones(secrets.keysFor('removed'))
  return {
    store,
    letters,
    registration: createRegistration({ ...parts, tombstones, roles: [] }),
    recovery: createRecovery(parts),
    emails: createEmailChanges(parts),
    signInLinks: createSignInLinks(parts),
  }
}

/** Everything that a form can send: any code point, with those that take most room, are escaped or are left out more often than chance has it. */
const unit = fc.oneof(
  fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
  fc.constantFrom(
    'a',
    '.',
    '-',
    '"',
    '\\',
    '\u0001',
    '\t',
    '/',
    '%61',
    '\u00ad',
    '\u200d',
    '𝒢',
    '\u{e0100}',
    'ü',
    '好',
    '\ufdfa',
    '\ud800',
  ),
)
const words = (longest: number) =>
  fc.oneof(
    fc.string({ unit: fc.constantFrom('a', 'Z', 'ü', '好', '𝒢'), minLength: 1, maxLength: longest }),
    fc.array(unit, { maxLength: longest }).map((units) => units.join('')),
    fc.tuple(unit, fc.integer({ min: 1, max: longest })).map(([one, times]) => one.repeat(times)),
  )
const email = fc
  .tuple(
    fc.oneof(words(80), fc.constant('ada')),
    fc.oneof(
      words(120),
      fc.domain(),
      // What Node takes for the rest of a URL behind its host.
      fc.tuple(fc.constantFrom('a.example/', 'a.example?', 'a.example#'), words(240)).map((both) => both.join('')),
      fc.tuple(fc.domain(), words(240)).map((both) => both.join('')),
    ),
  )
  .map((both) => both.join('@'))
const mostName = '𝒢'.repeat(100)
const label = '𝒢'.repeat(7)
/** 254 bytes: a domain whose ASCII is shorter than itself. */
const mostEmail = `${'好'.repeat(21)}@${`${label}.`.repeat(6)}${'\u00ad'.repeat(4)}example`

describe('a link from a letter, whatever was typed', () => {
  let made: Awaited<ReturnType<typeof world>>
  before(async () => {
    made = await world()
  })
  after(() => made.store.close())

  /** @returns the letters' links; none when what was typed was refused in words */
  async function linksOf(asking: Promise<unknown>): Promise<string[]> {
    made.letters.length = 0
    const fault = await asking.then(
      () => undefined,
      (cause) => cause,
    )
    if (fault) expect(fault).to.be.instanceOf(Refusal)
    return made.letters.flatMap(({ model }) => ('link' in model ? [model.link] : []))
  }
  const signUp = (typed: string, name: string) =>
    linksOf(made.registration.ask({ email: typed, person: { name, password: 'x' }, interaction }, network))

  it('is below the bound for the longest registration that the form takes', async () => {
    expect(Buffer.byteLength(mostEmail)).to.be.within(longestEmailBytes - 6, longestEmailBytes)
    expect(possibleEmailKey(mostEmail)).not.to.equal(undefined)
    expect(personName(mostName)).to.equal(mostName)
    const [link] = await signUp(mostEmail, mostName)
    expect(link?.length).to.be.within(longestLink - 20, longestLink - 1)
  })

  it('is below the bound, or refused in words, for any address and name', async () => {
    let letters = 0
    const property = fc.asyncProperty(email, words(130), async (typed, name) => {
      for (const [address, called] of [
        [typed, name],
        [typed, mostName],
        [mostEmail, name],
      ] as const)
        for (const link of await signUp(address, called)) expect(link.length, `${++letters}`).to.be.below(longestLink)
    })
    await fc.assert(property, { numRuns: 1_000 })
    expect(letters, 'the control: some are letters').to.be.greaterThan(100)
  })

  it('is below the bound for everything that an account with the longest address is sent, and for any other that it asks for', async () => {
    const account = newAccount({
      email: mostEmail,
      name: mostName,
      passwordHash: hash,
      createdAt: now(),
      credentialsVersion: 2 ** 48 - 2,
    })
    await made.store.accounts.add(account)
    await made.signInLinks.signedIn(account.id)
    const asked = [
      await linksOf(made.recovery.ask(mostEmail, interaction)),
      await linksOf(made.signInLinks.send(mostEmail, interaction, network)),
    ]
    await fc.assert(
      fc.asyncProperty(email, async (typed) => {
        asked.push(await linksOf(made.emails.ask(account, typed)))
      }),
      { numRuns: 1_000 },
    )
    const link = { a: account.id, v: account.credentialsVersion, e: 'ada@example.com' }
    asked.push(await linksOf(made.emails.change(link, { from: network })))
    for (const [at, links] of asked.entries()) {
      if (at < 2 || at === asked.length - 1) expect(links).to.have.length(1)
      for (const one of links) expect(one.length).to.be.below(longestLink)
    }
  })
})
