import { expect } from 'chai'
import { credentials } from '../../src/store/migrations/015-credentials.ts'
import { durableMigrations } from '../../src/store/migrations/all.ts'
import { freshPlace } from './place.ts'

describe('a database from before credentials had a version', () => {
  const place = freshPlace()

  it('has confirmed those addresses of which operators said so, whatever else people are said to be', async () => {
    const { database } = place.parts(durableMigrations.slice(0, durableMigrations.indexOf(credentials)))
    const claims = {
      said: { nickname: 'Ada', email_verified: true },
      denied: { email_verified: false, phone_number_verified: true },
      silent: {},
      tricky: { address: { formatted: '"email_verified":true' }, nickname: '{"email_verified":true}' },
    }
    const insert = database.prepare(
      `insert into accounts (id, email, email_key, name, password_hash, roles, demo, created_at, claims) values (?, ?, ?, 'n', 'h', '[]', 0, 5, ?)`,
    )
    for (const [id, said] of Object.entries(claims)) insert.run(id, `${id}@b.example`, `${id}@b.example`, JSON.stringify(said))
    const { accounts } = place.durable()
    expect(
      (await accounts.list(10)).map(({ id, emailVerifiedAt, credentialsVersion }) => [id, emailVerifiedAt, credentialsVersion]),
    ).to.deep.equal([
      ['denied', undefined, 0],
      ['said', 5, 0],
      ['silent', undefined, 0],
      ['tricky', undefined, 0],
    ])
  })
})
