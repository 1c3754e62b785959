/**
 * What a run of the Foundation's suite needs beside `config/conformance.yaml`: secrets and keys of this run alone, for both sides, and a
 * person with every standard claim. `npx node test/conformance/world.ts ISSUER SUITE FOLDER` writes them down; docs/conformance.md goes on from there.
 */
import { generateKeyPairSync, hash, randomBytes } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'

export const person = {
  email: 'ada@example.com',
  claims: {
    given_name: 'Ada',
    family_name: 'Lovelace',
    middle_name: 'King',
    nickname: 'Ada',
    preferred_username: 'ada',
    profile: 'https://example.com/ada',
    picture: 'https://example.com/ada.png',
    website: 'https://ada.example.com/',
    gender: 'female',
    birthdate: '1815-12-10',
    zoneinfo: 'Europe/London',
    locale: 'en-GB',
    email_verified: true,
    phone_number: '+44 20 7946 0018',
    phone_number_verified: true,
    address: {
      formatted: '12 St James’s Square\nLondon SW1Y 4JH\nUnited Kingdom',
      street_address: '12 St James’s Square',
      locality: 'London',
      region: 'Greater London',
      postal_code: 'SW1Y 4JH',
      country: 'United Kingdom',
    },
  },
}

export interface World {
  /** For the server, with `config/conformance.yaml`. */
  env: Record<string, string>
  /** For the suite, as the configuration of its plans of OpenID Connect. */
  suite: { alias: string; server: { discoveryUrl: string }; [client: string]: unknown }
  /** For the suite, as the configuration of its plan of FAPI 2.0. */
  fapi: { [member: string]: unknown }
  secrets: [string, string]
}

/** @param suite where the suite answers for this run, e.g. https://www.certification.openid.net/test/a/signet */
export function createWorld(issuer: string, suite: string): World {
  const secrets: World['secrets'] = [randomBytes(32).toString('base64url'), randomBytes(32).toString('base64url')]
  const keys = [1, 2].map((number) => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    return { ...privateKey.export({ format: 'jwk' }), kid: `suite-fapi-${number}`, use: 'sig', alg: 'ES256' }
  })
  const digestOf = (secret: string) => hash('sha256', secret, 'base64url')
  const alias = suite.split('/').at(-1) as string
  const server = { discoveryUrl: `${issuer}/.well-known/openid-configuration`, login_hint: person.email }
  const [fapi, fapi2] = keys.map((key) => ({ client_id: key.kid, scope: 'openid', jwks: { keys: [key] } }))
  return {
    env: {
      SIGNET_CONFIG: path.resolve(import.meta.dirname, '../../config/conformance.yaml'),
      SIGNET_SECRET: randomBytes(32).toString('base64url'),
      SIGNET_ISSUER: issuer,
      SUITE: suite,
      SUITE_SECRET_1_DIGEST: digestOf(secrets[0]),
      SUITE_SECRET_2_DIGEST: digestOf(secrets[1]),
      SUITE_KEY_1_X: String(keys[0]?.x),
      SUITE_KEY_1_Y: String(keys[0]?.y),
      SUITE_KEY_2_X: String(keys[1]?.x),
      SUITE_KEY_2_Y: String(keys[1]?.y),
    },
    suite: {
      alias,
      server,
      client: { client_id: 'suite-1', client_secret: secrets[0] },
      client2: { client_id: 'suite-2', client_secret: secrets[1] },
      client_secret_post: { client_id: 'suite-post', client_secret: secrets[0] },
    },
    fapi: { alias, server, client: fapi, client2: fapi2, resource: { resourceUrl: `${issuer}/userinfo` } },
    secrets,
  }
}

if (import.meta.main) {
  const [issuer, suite, folder] = process.argv.slice(2)
  if (!issuer || !suite || !folder) throw new Error('usage: node test/conformance/world.ts ISSUER SUITE FOLDER')
  const world = createWorld(issuer, suite)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const write = (name: string, text: string) => writeFileSync(path.join(folder, name), text, { mode: 0o600 })
  const env = { ...world.env, SIGNET_DATA: path.resolve(folder, 'data'), SIGNET_KEYS: path.resolve(folder, 'keys') }
  write(
    'server.env',
    Object.entries(env)
      .map(([name, value]) => `${name}=${value}\n`)
      .join(''),
  )
  write('suite.json', `${JSON.stringify(world.suite, null, 2)}\n`)
  write('suite-fapi.json', `${JSON.stringify(world.fapi, null, 2)}\n`)
  write('claims.json', `${JSON.stringify(person.claims)}\n`)
}
