/** Tokens that are nearly good, by the thousand: what changes one knows the structure, so that each reaches another check of a verifier. */
import { encode, goodHeader, jwkOf, signed, signedByHmac, type TestKey, testKey } from './minting.ts'

export interface Mutant {
  readonly token: string
  /** What was done to it, for whoever has to find out why it was accepted. */
  readonly how: string
  /** One in a thousand was not changed, and has to pass: a verifier that refuses everything proves nothing. */
  readonly isGood: boolean
}

export interface Seed {
  /** Signs the good ones. */
  key: TestKey
  /** Good claims, new ones each time. */
  claims(): Record<string, unknown>
  /** Where chance begins: the same number has the same mutations, but for their signatures. */
  seed: number
}

interface Material {
  good: string
  header: Record<string, unknown>
  claims: Record<string, unknown>
  key: TestKey
  /** Another key of the same id. */
  foreign: TestKey
  pick<T>(from: readonly T[]): T
  below(bound: number): number
}

const letters = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.+/=~']
const odd: readonly unknown[] = [undefined, null, true, '', ' ', 'none', '__proto__', "' OR 1=1", [], {}, [null], { jkt: 'x' }]
const notText = odd.filter((value) => typeof value !== 'string' || value === '')
const notTime = [...odd, -1, 1e308, '4000000000']
const algorithms = [
  'none',
  'None',
  'NONE',
  'HS256',
  'HS512',
  'RS256',
  'ES384',
  'es256',
  ' ES256',
  'EdDSA',
  undefined,
  null,
  ['ES256'],
  0,
]
const types = [
  'JWT',
  'ID',
  'logout+jwt',
  'dpop+jwt',
  'at+jwt ',
  'at +jwt',
  'xat+jwt',
  'application/jwt',
  undefined,
  null,
  '',
  ['at+jwt'],
  {},
]

// Values with which a token must be refused by everyone, signed or not.
const wrongHeader: Record<string, readonly unknown[]> = {
  alg: algorithms,
  typ: types,
  kid: [undefined, null, '', '__proto__', '../../dev/null', 7, [], {}],
  crit: [['x'], [], 'exp', ['b64']],
}
const wrongClaim: Record<string, readonly unknown[]> = {
  iss: [...odd, 'https://evil.example'],
  aud: [...odd, 'https://evil.example', ['https://evil.example']],
  exp: [...notTime, 0, 1_000_000_000],
  iat: [...notTime, 250_000_000_000],
  nbf: [...notTime.filter((value) => value !== undefined), 250_000_000_000],
  sub: notText,
  client_id: notText,
  jti: notText,
  cnf: [{ jkt: 'x' }, { 'x5t#S256': 'x' }, { jwk: {} }],
}

const resigned = ({ header, claims, key }: Material, more: { header?: object; claims?: object }) =>
  signed({ ...header, ...more.header }, { ...claims, ...more.claims }, key)

/** `how` and the token. Each kind must be wrong for every verifier of RFC 9068, however lenient. */
const kinds: readonly ((from: Material) => [string, string])[] = [
  (from) => {
    const at = from.below(from.good.length)
    return ['a character replaced', from.good.slice(0, at) + from.pick(letters) + from.good.slice(at + 1)]
  },
  (from) => {
    const at = from.below(from.good.length + 1)
    return ['a character put in', from.good.slice(0, at) + from.pick(letters) + from.good.slice(at)]
  },
  (from) => {
    const at = from.below(from.good.length)
    return ['characters taken out', from.good.slice(0, at) + from.good.slice(at + 1 + from.below(8))]
  },
  (from) => {
    const parts = from.good.split('.')
    const arranged = [
      [parts[0], parts[2], parts[1]],
      [parts[1], parts[0], parts[2]],
      [parts[0], parts[1]],
      [parts[0], parts[1], ''],
      ['', parts[1], parts[2]],
      [parts[0], '', parts[2]],
      [...parts, parts[2]],
      [...parts, '', ''],
    ]
    return ['parts arranged otherwise', from.pick(arranged).join('.')]
  },
  (from) => {
    const name = from.pick(Object.keys(wrongHeader))
    const value = from.pick(wrongHeader[name] as readonly unknown[])
    return [`header ${name} = ${JSON.stringify(value)}, signed`, resigned(from, { header: { [name]: value } })]
  },
  (from) => {
    const name = from.pick(Object.keys(wrongClaim))
    const value = from.pick(wrongClaim[name] as readonly unknown[])
    return [`claim ${name} = ${JSON.stringify(value)}, signed`, resigned(from, { claims: { [name]: value } })]
  },
  (from) => {
    const name = from.pick([...Object.keys(from.claims), 'admin'])
    const [header, , signature] = from.good.split('.')
    const claims = { ...from.claims, [name]: from.pick([...odd, 'admin', 250_000_000_000]) }
    return [`claim ${name} changed, not signed`, [header, encode(claims), signature].join('.')]
  },
  (from) => {
    const alg = from.pick(algorithms.slice(0, 3))
    const input = `${encode({ ...from.header, alg })}.${encode(from.claims)}`
    return [`alg ${alg}`, `${input}.${from.pick(['', from.good.split('.')[2] as string])}`]
  },
  (from) => {
    const pem = from.key.publicKey.export({ type: 'spki', format: 'pem' }) as string
    const der = from.key.publicKey.export({ type: 'spki', format: 'der' })
    const secret = from.pick<string | Buffer>([pem, pem.trim(), der, JSON.stringify(jwkOf(from.key)), ''])
    return ['HS256 with the public key', signedByHmac({ ...from.header, alg: 'HS256' }, from.claims, secret)]
  },
  (from) => {
    const more = from.pick<object>([
      {},
      { jwk: jwkOf(from.foreign) },
      { jku: 'https://evil.example/jwks' },
      { x5u: 'https://evil.example' },
    ])
    return [
      `another key of the same id, ${JSON.stringify(Object.keys(more))}`,
      signed({ ...from.header, ...more }, from.claims, from.foreign),
    ]
  },
  (from) => {
    const [header, claims] = from.good.split('.')
    const zeros = Buffer.alloc(64)
    const signatures = [
      zeros,
      Buffer.alloc(64, 255),
      Buffer.alloc(63, 1),
      Buffer.alloc(65, 1),
      Buffer.alloc(0),
      Buffer.alloc(4096),
    ]
    return ['another signature', [header, claims, from.pick(signatures).toString('base64url')].join('.')]
  },
  (from) => ['signature in DER', signed(from.header, from.claims, from.key, 'der')],
  (from) => {
    const claims = JSON.stringify(from.claims)
    const texts = [`[${claims}]`, `${claims}x`, claims.slice(0, -1), `"${from.claims.sub}"`, 'null', '', `${claims}${claims}`]
    const last = `${claims.slice(0, -1)},"iss":"https://evil.example"}`
    return ['claims that are no object, or say a thing twice', signed(from.header, from.pick([...texts, last]), from.key)]
  },
  (from) => [
    'written for a lenient decoder',
    from.pick([
      `${from.good}=`,
      `${from.good}==`,
      `${from.good}.`,
      `.${from.good}`,
      from.good.replace('.', '=.'),
      `${from.good}~`,
    ]),
  ],
]

/** Without end. Every mutant but the good ones has to be refused by any API that follows RFC 9068. */
export function* mutations({ key, claims, seed }: Seed): Generator<Mutant, never> {
  const chance = chanceFrom(seed)
  const below = (bound: number) => Math.floor(chance() * bound)
  const pick = <T>(from: readonly T[]): T => from[below(from.length)] as T
  const foreign = testKey(key.kid)
  for (let count = 1; ; count++) {
    const from = { header: goodHeader(key), claims: claims(), key, foreign, pick, below }
    const good = signed(from.header, from.claims, key)
    const [how, token] = count % 1000 === 0 ? ['nothing', good] : pick(kinds)({ ...from, good })
    // A character replaced by itself is no mutation.
    yield { token, how, isGood: token === good }
  }
}

/** Mulberry32: small, fast and good enough to choose by. */
function chanceFrom(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
