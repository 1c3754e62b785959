import fc from 'fast-check'
import {
  createApi,
  encode,
  expectAccepted,
  expectRefused,
  goodClaims,
  goodHeader,
  keys,
  mint,
  refusalOf,
  signingKey,
} from './support.ts'

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const foreign = signingKey('ES256', 'ES256')

const algorithm = fc.constantFrom<keyof typeof keys>('ES256', 'RS256', 'PS256', 'EdDSA')
const letter = fc.constantFrom(...alphabet, '.', '+', '/', '=', ' ', '\n', '\0', 'é')
const value = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom<unknown>(
    'none',
    'HS256',
    'JWT',
    'at+jwt',
    '__proto__',
    'https://evil.example',
    4_000_000_000,
    -1,
    Number.MAX_VALUE,
    ['exp'],
    { jkt: 'x' },
  ),
)
const headerMember = fc.constantFrom(
  'alg',
  'typ',
  'kid',
  'crit',
  'b64',
  'jwk',
  'jku',
  'x5u',
  'x5c',
  'cty',
  'enc',
  'zip',
  '__proto__',
)
const claim = fc.constantFrom(
  'iss',
  'aud',
  'sub',
  'client_id',
  'exp',
  'iat',
  'nbf',
  'jti',
  'scope',
  'cnf',
  'acr',
  'grant',
  '__proto__',
)

const changed = (object: object, name: string, to: unknown) =>
  Object.fromEntries([...Object.entries(object).filter(([key]) => key !== name), [name, to]])

describe('kit: mutations of good tokens', () => {
  const api = createApi({ cache: { maxEntries: 100 } })
  const refused = async (token: string, original: string) => {
    if (token !== original) await refusalOf(api.verify(token))
    // Every one is next to the good one that it was made from; what was refused before must not have been remembered.
    await api.verify(original)
  }
  const runs = { numRuns: 1000 }
  const tokens = new Map(Object.values(keys).map((key) => [key.algorithm, mint({}, {}, key)]))
  const tokenBy = (name: keyof typeof keys) => tokens.get(name) as string

  it('a thousand with a character replaced, put in or taken out', () =>
    fc.assert(
      fc.asyncProperty(algorithm, fc.nat(), letter, fc.nat(2), fc.nat(1), async (by, where, put, take, keep) => {
        const token = tokenBy(by)
        const at = where % (token.length + 1)
        await refused(token.slice(0, at) + (keep ? put : '') + token.slice(at + take), token)
      }),
      runs,
    ))

  it('a thousand with a member of the header changed under the old signature', () =>
    fc.assert(
      fc.asyncProperty(algorithm, headerMember, value, async (by, name, to) => {
        const token = tokenBy(by)
        const [, payload, signature] = token.split('.')
        await refused(`${encode(changed(goodHeader(keys[by]), name, to))}.${payload}.${signature}`, token)
      }),
      runs,
    ))

  it('a thousand with a claim changed under the old signature', () =>
    fc.assert(
      fc.asyncProperty(algorithm, claim, value, async (by, name, to) => {
        const token = tokenBy(by)
        const [header, , signature] = token.split('.')
        await refused(`${header}.${encode(changed(goodClaims(), name, to))}.${signature}`, token)
      }),
      runs,
    ))

  it('a thousand with bits of the signature flipped', () =>
    fc.assert(
      fc.asyncProperty(algorithm, fc.nat(), fc.integer({ min: 1, max: 255 }), async (by, where, mask) => {
        const token = tokenBy(by)
        const dot = token.lastIndexOf('.') + 1
        const signature = Buffer.from(token.slice(dot), 'base64url')
        const at = where % signature.length
        signature[at] = (signature[at] as number) ^ mask
        await refused(token.slice(0, dot) + signature.toString('base64url'), token)
      }),
      runs,
    ))

  it('a thousand put together from parts of several tokens', () => {
    const good = [...tokens.values(), mint({ sub: 'eve' })]
    const stock = [...good, mint({}, {}, foreign)].flatMap((token) => token.split('.'))
    const part = fc.constantFrom(...stock, '', encode({ alg: 'none', typ: 'at+jwt' }))
    return fc.assert(
      fc.asyncProperty(fc.array(part, { minLength: 1, maxLength: 6 }), async (parts) => {
        const token = parts.join('.')
        // Parts of one token can come together again.
        if (!good.includes(token)) await refused(token, tokenBy('ES256'))
      }),
      runs,
    )
  })

  it('a thousand properly signed by a key that is not published, whatever they say', () =>
    fc.assert(
      fc.asyncProperty(fc.dictionary(headerMember, value), fc.dictionary(claim, value), async (header, claims) => {
        await refused(mint(claims, header, foreign), tokenBy('ES256'))
      }),
      runs,
    ))

  it('a thousand requests with any header at all: an answer, and never a fault', () =>
    fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.string(),
          fc.string().map((text) => `Bearer ${text}`),
        ),
        fc.string(),
        async (authorization, url) => {
          const outcome = await api.check({ url, headers: { authorization } })
          if (outcome.ok || ![400, 401].includes(outcome.refusal.status)) throw new Error('it should have been refused')
          new Headers(outcome.refusal.headers)
        },
      ),
      runs,
    ))

  it('and the good ones among them pass', async () => {
    for (const token of tokens.values()) await expectAccepted(api, token)
    await expectRefused(api, mint({}, {}, foreign), 'bad_signature')
  })
})
