/** APIs that chose ML-DSA (FIPS 204, RFC 9964): their tokens are verified by jose and by the kit, and nobody else notices. */
import { generateKeyPairSync } from 'node:crypto'
import { expect } from 'chai'
import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose'
import { mayBeSignedFor } from '../../src/oauth/policy/fapi.ts'
import type { Api } from '../../src/permissions/apis.ts'
import { createResourceServer, defineResource } from '../../src/resource-server/index.ts'
import { postQuantumAlgorithms, signingAlgorithms } from '../../src/settings/algorithms.ts'
import { settingsSchema } from '../../src/settings/schema.ts'
import { introspect } from '../support/questions.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { type Credentials, token } from '../support/story.ts'

/** In bytes, FIPS 204 table 2. */
const sizes = {
  'ML-DSA-44': { signature: 2_420, publicKey: 1_312 },
  'ML-DSA-65': { signature: 3_309, publicKey: 1_952 },
  'ML-DSA-87': { signature: 4_627, publicKey: 2_592 },
} as const
const identifierOf = (algorithm: string) => `https://${algorithm.toLowerCase()}.example.com`
const classic = identifierOf('ES256')
const scopes = { read: { description: 'Read' } }

describe('an API that chose ML-DSA', () => {
  let server: TestServer
  let machine: Credentials
  let asking: Credentials
  before(async () => {
    const apis = ['ES256', 'RS256', ...postQuantumAlgorithms].map((algorithm) => ({
      identifier: identifierOf(algorithm),
      name: algorithm,
      algorithm,
      scopes,
    }))
    server = await startTestServer({ settings: { apis } })
    const all = Object.fromEntries(apis.map(({ identifier }) => [identifier, ['read']]))
    const add = async (id: string, members: object) => {
      const { secret } = await server.parts.clients.add({ id, name: id, ...members })
      return { id, secret }
    }
    machine = await add('machine', { kind: 'machine', apis: all })
    asking = await add('asking', { kind: 'api', serves: Object.keys(all) })
  })
  after(() => server.close())

  const tokenFor = async (algorithm: string) => {
    const { status, body } = await token(server, machine, {
      grant_type: 'client_credentials',
      scope: 'read',
      resource: identifierOf(algorithm),
    })
    expect(status).to.equal(200)
    return body.access_token as string
  }
  const keySet = async () => {
    const text = await (await fetch(`${server.issuer}/jwks`)).text()
    return { text, keys: (JSON.parse(text) as { keys: Record<string, string>[] }).keys }
  }
  const kit = (algorithm: string, more: object = {}) =>
    createResourceServer({
      issuer: server.issuer,
      resource: defineResource({ id: identifierOf(algorithm), scopes: { read: 'Read' } }),
      ...more,
    })

  for (const algorithm of postQuantumAlgorithms) {
    it(`has tokens by ${algorithm} that jose verifies by the published key, of the sizes that are documented`, async () => {
      const jwt = await tokenFor(algorithm)
      const verified = await jwtVerify(jwt, createRemoteJWKSet(new URL(`${server.issuer}/jwks`)), {
        issuer: server.issuer,
        audience: identifierOf(algorithm),
        typ: 'at+jwt',
      })
      expect(verified.protectedHeader.alg).to.equal(algorithm)
      expect(Buffer.from(jwt.split('.')[2]!, 'base64url')).to.have.length(sizes[algorithm].signature)
      const key = (await keySet()).keys.find(({ kid }) => kid === verified.protectedHeader.kid)!
      expect(key).to.have.all.keys('kty', 'alg', 'pub', 'kid', 'use')
      expect(key).to.include({ kty: 'AKP', alg: algorithm })
      expect(Buffer.from(key.pub!, 'base64url')).to.have.length(sizes[algorithm].publicKey)
      // docs/operating.md: what a proxy has to let through. A person's token with some roles has 300 characters more.
      expect(jwt.length - Math.ceil((sizes[algorithm].signature * 4) / 3), 'what is not signature').to.be.within(300, 600)
    })
    it(`has tokens by ${algorithm} that the kit takes when it is told to, and not otherwise`, async () => {
      const jwt = await tokenFor(algorithm)
      const { claims } = await kit(algorithm, { algorithms: [algorithm] }).verify(jwt)
      expect(claims.sub).to.equal('machine')
      const refused = await kit(algorithm)
        .verify(jwt)
        .catch((cause: { code?: string }) => cause.code)
      expect(refused).to.equal('invalid_token')
      const flipped = jwt.slice(0, -20) + (jwt.at(-20) === 'A' ? 'B' : 'A') + jwt.slice(-19)
      const forged = await kit(algorithm, { algorithms: [algorithm] })
        .verify(flipped)
        .catch((cause: { code?: string }) => cause.code)
      expect(forged).to.equal('invalid_token')
    })
    it(`answers for tokens by ${algorithm} at introspection`, async () => {
      const jwt = await tokenFor(algorithm)
      expect(await introspect(server, asking, jwt)).to.include({ active: true, scope: 'read' })
      const [header, payload] = jwt.split('.')
      const other = (await tokenFor(algorithm)).split('.')[2]
      expect(await introspect(server, asking, `${header}.${payload}.${other}`)).to.deep.equal({ active: false })
    })
  }
  it('changes nothing for the others: those who verify RS256 and ES256 by the same key set do so', async () => {
    for (const algorithm of ['RS256', 'ES256']) {
      const jwt = await tokenFor(algorithm)
      expect(decodeProtectedHeader(jwt).alg).to.equal(algorithm)
      await jwtVerify(jwt, createRemoteJWKSet(new URL(`${server.issuer}/jwks`)), { algorithms: ['RS256', 'ES256'] })
      await kit(algorithm).verify(jwt)
    }
    const metadata = (await (await fetch(`${server.issuer}/.well-known/openid-configuration`)).json()) as Record<string, string[]>
    expect(metadata.id_token_signing_alg_values_supported).to.deep.equal(['ES256', 'RS256'])
  })
  it('has a key set that it alone makes larger: without it no such key is made or published', async () => {
    expect((await keySet()).text.length).to.be.within(8_500, 9_500)
    const plain = await startTestServer({
      settings: { apis: [{ identifier: classic, name: 'Classic', scopes }] },
    })
    try {
      const text = await (await fetch(`${plain.issuer}/jwks`)).text()
      expect(text).to.not.match(/AKP|ML-DSA/)
      expect(text.length).to.be.below(1_000)
    } finally {
      await plain.close()
    }
  })
  it('is not for a client under FAPI 2.0, whose JWTs have three algorithms', () => {
    const taken = signingAlgorithms.filter((algorithm) => mayBeSignedFor({ profile: 'fapi2' }, { algorithm } as Api))
    expect(taken).to.deep.equal(['ES256', 'PS256', 'EdDSA'])
    for (const algorithm of signingAlgorithms) expect(mayBeSignedFor({}, { algorithm } as Api)).to.equal(true)
  })
  it('has no encrypted tokens by ML-DSA-87: they would be longer than anybody takes', () => {
    const publicKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' })
    const judged = (algorithm: string) =>
      settingsSchema.safeParse({ apis: [{ identifier: classic, name: 'x', scopes, algorithm, encryption: { publicKey } }] })
    expect(judged('ML-DSA-65').success).to.equal(true)
    expect(judged('ML-DSA-87').error?.issues.map(({ path }) => path.join('.'))).to.deep.equal(['apis.0.algorithm'])
  })
})
