/** Each kind of token that an API must refuse. Those that lack nothing but what their name says are signed by the issuer's own key. */
import { keyAround } from '../api-key.ts'
import { encode, goodHeader, jwkOf, signed, signedByHmac, type TestKey, testKey } from './minting.ts'

export interface Ingredients {
  /** The key that the issuer signs with at the moment. */
  key(): TestKey
  /** The key that the issuer signs API keys with at the moment. */
  keyOfKeys(): TestKey
  /** Good claims, new ones each time. */
  claims(): Record<string, unknown> & { exp: number; iat: number }
  /** Good claims of an API key. */
  claimsOfKey(): Record<string, unknown> & { exp: number; iat: number }
  now(): number
}

/** @returns a maker for each kind; every call makes another token */
export function badTokens({ key, keyOfKeys, claims, claimsOfKey, now }: Ingredients) {
  const foreign = testKey()
  const withClaims = (more: object) => signed(goodHeader(key()), { ...claims(), ...more }, key())
  const withHeader = (more: object, by = key()) => signed({ ...goodHeader(key()), ...more }, claims(), by)
  const withoutSignature = (more: object) => `${encode({ ...goodHeader(key()), ...more })}.${encode(claims())}.`
  const good = () => withClaims({})
  const pem = () => key().publicKey.export({ type: 'spki', format: 'pem' })
  const parts = () => good().split('.') as [string, string, string]
  const bareKey = (more: object = {}, by = keyOfKeys()) =>
    signed({ ...goodHeader(by), typ: 'api-key+jwt' }, { ...claimsOfKey(), ...more }, by)
  const goodKey = () => keyAround(bareKey())
  const hmacHeader = () => ({ ...goodHeader(key()), alg: 'HS256' })

  return {
    // Its time.
    expired: () => withClaims({ iat: now() - 7200, exp: now() - 3600 }),
    notYetValid: () => withClaims({ nbf: now() + 3600 }),
    issuedInTheFuture: () => withClaims({ iat: now() + 3600, exp: now() + 7200 }),
    withoutExpiry: () => withClaims({ exp: undefined }),
    expiryAsText: () => withClaims({ exp: String(claims().exp) }),
    livesTooLong: () => withClaims({ exp: now() + 400 * 86_400 }),

    // Whom it is from, for and about.
    wrongIssuer: () => withClaims({ iss: 'https://other-issuer.example' }),
    issuerWithSlash: () => withClaims({ iss: `${claims().iss}/` }),
    wrongAudience: () => withClaims({ aud: 'https://other-api.example' }),
    audienceThatBeginsAlike: () => withClaims({ aud: `${claims().aud}.evil.example` }),
    withoutAudience: () => withClaims({ aud: undefined }),
    withoutSubject: () => withClaims({ sub: undefined }),
    withoutClient: () => withClaims({ client_id: undefined }),
    withoutId: () => withClaims({ jti: undefined }),
    boundToKey: () => withClaims({ cnf: { jkt: '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I' } }),

    // What it is.
    idToken: () => signed({ ...goodHeader(key()), typ: 'JWT' }, { ...claims(), nonce: 'n', client_id: undefined }, key()),
    withoutType: () => withHeader({ typ: undefined }),
    logoutToken: () => withHeader({ typ: 'logout+jwt' }),

    // Who signed it.
    algNone: () => withoutSignature({ alg: 'none' }),
    algNoneInCapitals: () => withoutSignature({ alg: 'NONE' }),
    algNoneWithSignature: () => withHeader({ alg: 'none' }),
    withoutAlgorithm: () => withHeader({ alg: undefined }),
    hs256WithPublicKey: () => signedByHmac(hmacHeader(), claims(), pem()),
    hs256WithPublicJwk: () => signedByHmac(hmacHeader(), claims(), JSON.stringify(jwkOf(key()))),
    foreignKey: () => withHeader({}, foreign),
    unknownKey: () => withHeader({ kid: foreign.kid }, foreign),
    withoutKeyId: () => withHeader({ kid: undefined }),
    embeddedKey: () => withHeader({ jwk: jwkOf(foreign) }, foreign),
    keyByAddress: () => withHeader({ jku: 'https://evil.example/jwks', kid: foreign.kid }, foreign),
    criticalExtension: () => withHeader({ crit: ['https://example.com/extension'], 'https://example.com/extension': true }),

    // Its form.
    withoutSignature: () => withoutSignature({}),
    signatureInDer: () => signed(goodHeader(key()), claims(), key(), 'der'),
    otherClaims: () => `${parts()[0]}.${encode({ ...claims(), sub: 'somebody-else' })}.${parts()[2]}`,
    shortened: () => good().slice(0, -2),
    padded: () => `${good()}==`,
    claimsThatAreNoJson: () => signed(goodHeader(key()), 'not JSON', key()),
    claimsInArray: () => signed(goodHeader(key()), [claims()], key()),
    junk: () => 'junk',

    // API keys: each is refused by an API that accepts keys as well as by one that does not.
    keyWithoutPrefix: () => bareKey(),
    keyWithOtherPrefix: () => goodKey().replace('signet', 'Signet'),
    keyWithoutChecksum: () => goodKey().slice(0, -7),
    keyMistyped: () => goodKey().replace(/.$/, (last) => (last === '0' ? '1' : '0')),
    keyThatExpired: () => keyAround(bareKey({ iat: now() - 7200, exp: now() - 3600 })),
    keyThatLivesTooLong: () => keyAround(bareKey({ exp: now() + 367 * 86_400 })),
    keyForOtherAudience: () => keyAround(bareKey({ aud: 'https://other-api.example' })),
    keyFromOtherIssuer: () => keyAround(bareKey({ iss: 'https://other-issuer.example' })),
    keySignedAsToken: () => keyAround(bareKey({}, key())),
    keySignedByStranger: () => keyAround(bareKey({}, { ...foreign, kid: keyOfKeys().kid })),
    tokenAsKey: () => keyAround(good()),
    tokenAsKeySignedAsKey: () => keyAround(withHeader({ kid: keyOfKeys().kid }, keyOfKeys())),
    tokenSignedAsKey: () => withHeader({ kid: keyOfKeys().kid }, keyOfKeys()),
  } satisfies Record<string, () => string>
}

export type BadTokens = ReturnType<typeof badTokens>
