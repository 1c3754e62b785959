import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { rmSync } from 'node:fs'
import { expect } from 'chai'
import { type JWTPayload, SignJWT } from 'jose'
import { openKeyFolder } from '../../../src/crypto/key-files.ts'
import { keysInFolder } from '../../../src/crypto/key-place.ts'
import { type KeyRing, openKeyRing } from '../../../src/crypto/keyring.ts'
import { rotationPolicy } from '../../../src/crypto/rotation.ts'
import {
  type AccessTokenClaims,
  type AccessTokenReader,
  createAccessTokenReader,
} from '../../../src/oauth/tokens/access-tokens.ts'
import { storedAccessToken } from '../../../src/oauth/tokens/living-tokens.ts'
import type { Account } from '../../../src/store/store.ts'
import { temporaryFolder } from '../../support/server.ts'

const issuer = 'https://id.example.com'
const now = () => 1_700_000_000
const claims: JWTPayload = {
  iss: issuer,
  sub: 'ada',
  aud: 'https://api.example.com',
  client_id: 'app',
  jti: 'j',
  iat: now() - 10,
  exp: now() + 590,
  grant: 'g',
  scope: 'openid',
}

const extension = 'https://example.com/extension'

interface Changes {
  claims?: Record<string, unknown>
  header?: Record<string, unknown>
  key?: KeyObject | Uint8Array
}

describe('reading an own access token', () => {
  const folder = temporaryFolder()
  let ring: KeyRing
  let reader: AccessTokenReader
  before(async () => {
    ring = await openKeyRing(keysInFolder(openKeyFolder(folder)), {
      algorithms: ['ES256', 'RS256', 'PS256', 'EdDSA'],
      policy: rotationPolicy(7_776_000, 3_600),
      now,
    })
    reader = createAccessTokenReader({ ring, issuer, encrypted: { open: () => undefined }, now })
  })
  after(() => rmSync(folder, { recursive: true }))
  const signatureOf = (jwt: string) => Buffer.from(jwt.slice(jwt.lastIndexOf('.') + 1), 'base64url')

  function token({ claims: changed = {}, header = {}, key }: Changes = {}): Promise<string> {
    const alg = (header.alg as 'ES256') ?? 'ES256'
    const known = key ? ring.current('ES256') : ring.current(alg)
    return new SignJWT({ ...claims, ...changed })
      .setProtectedHeader({ alg, typ: 'at+jwt', kid: known.kid, ...header })
      .sign(key ?? known.privateKey!, { crit: { [extension]: true } })
  }

  for (const alg of ['ES256', 'RS256', 'PS256', 'EdDSA']) {
    it(`accepts one by ${alg}`, async () => {
      expect(await reader.read(await token({ header: { alg } }))).to.deep.equal(claims)
    })
  }

  const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
  const bad: [string, () => Changes][] = [
    ['of another issuer', () => ({ claims: { iss: `${issuer}/` } })],
    ['without issuer', () => ({ claims: { iss: undefined } })],
    ['expired', () => ({ claims: { exp: now() } })],
    ['not yet valid', () => ({ claims: { nbf: now() + 60 } })],
    ...['sub', 'aud', 'client_id', 'jti', 'iat', 'exp'].map((name): [string, () => Changes] => [
      `without ${name}`,
      () => ({ claims: { [name]: undefined } }),
    ]),
    ['that is an ID token', () => ({ header: { typ: 'JWT' } })],
    ['that is a logout token', () => ({ header: { typ: 'logout+jwt' } })],
    ['without typ', () => ({ header: { typ: undefined } })],
    ['without kid', () => ({ header: { kid: undefined } })],
    ['of an unknown kid', () => ({ header: { kid: '../../master.secret' } })],
    ['under the kid of a key for another algorithm', () => ({ header: { kid: ring.current('RS256').kid } })],
    ['signed by a stranger', () => ({ key: stranger })],
    [
      'signed by the public key as a secret',
      () => ({
        header: { alg: 'HS256' },
        key: Buffer.from(JSON.stringify(ring.current('ES256').publicJwk)),
      }),
    ],
    ['with an extension that it must be understood with', () => ({ header: { crit: [extension], [extension]: 1 } })],
  ]
  for (const [what, changes] of bad) {
    it(`refuses one ${what}`, async () => {
      expect(await reader.read(await token(changes()))).to.equal(undefined)
    })
  }

  it('refuses what was altered, and what is no token', async () => {
    const good = await token()
    const [header, body, signature] = good.split('.') as [string, string, string]
    const none = Buffer.from(JSON.stringify({ alg: 'none', typ: 'at+jwt' })).toString('base64url')
    for (const text of [
      `${none}.${body}.`,
      `${none}.${body}.${signature}`,
      `${header}.${body}`,
      `${good}.`,
      '',
      'x',
      '..',
      `${header}.${header}.${signature}`,
    ])
      expect(await reader.read(text), text).to.equal(undefined)
    expect(await reader.read(good)).not.to.equal(undefined)
  })

  for (const alg of ['RS256', 'PS256']) {
    it(`R16 knows a signature by ${alg} with its leading zeros alone`, async () => {
      let whole = await token({ header: { alg } })
      for (let jti = 0; signatureOf(whole)[0] !== 0; jti++) whole = await token({ header: { alg }, claims: { jti: String(jti) } })
      expect(await reader.read(whole)).to.include({ sub: 'ada' })
      const chopped = signatureOf(whole).subarray(1).toString('base64url')
      expect(await reader.read(whole.replace(/[^.]*$/, chopped))).to.equal(undefined)
    })
  }
  it('R16 knows its signature in one spelling alone', async () => {
    const good = await token()
    const [signature = ''] = good.split('.').slice(2)
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    // 64 bytes end in a character of which four bits are nothing's.
    const last = alphabet.indexOf(signature.at(-1)!)
    const others = [1, 2, 8, 15].map((bits) => signature.slice(0, -1) + alphabet[last + bits])
    for (const spelling of [...others, `${signature}==`, `${signature}=`, `${signature} `]) {
      expect(Buffer.from(spelling, 'base64url').toString('base64url'), 'the same bytes').to.equal(signature)
      expect(await reader.read(good.replace(signature, spelling)), spelling).to.equal(undefined)
    }
    expect(await reader.read(good)).not.to.equal(undefined)
  })

  it('is for the library the payload of a token without audience, of the account itself, and nothing where there is none', () => {
    const account = { id: 'ada' } as Account
    const own = { ...(claims as unknown as AccessTokenClaims), sub: 'pairwise', userinfo_claims: ['birthdate'] }
    const expected = {
      kind: 'AccessToken',
      jti: 'j',
      iat: claims.iat,
      exp: claims.exp,
      accountId: 'ada',
      clientId: 'app',
      grantId: 'g',
      scope: 'openid',
      claims: { userinfo: { birthdate: null } },
    }
    expect(storedAccessToken({ claims: own, account })).to.deep.equal(expected)
    // The library then demands the proof (RFC 9449 s7, RFC 8705 s3).
    for (const cnf of [{ jkt: 'k' }, { 'x5t#S256': 'c' }])
      expect(storedAccessToken({ claims: { ...own, cnf }, account })).to.deep.equal({ ...expected, ...cnf })
    expect(storedAccessToken({ claims: own })).to.equal(undefined)
    expect(storedAccessToken(undefined)).to.equal(undefined)
  })
})
