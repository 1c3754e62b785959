/** What can be done to a token so that it is wrong for every verifier of RFC 9068, however lenient. */
import { encode, jwkOf, signed, signedByHmac, type TestKey } from './minting.ts'

export interface Material {
  /** A token; of a key the one within. */
  good: string
  header: Record<string, unknown>
  claims: Record<string, unknown>
  key: TestKey
  /** Another key of the same id. */
  foreign: TestKey
  /** The key that signs tokens of the other kind. */
  other: TestKey
  pick<T>(from: readonly T[]): T
  below(bound: number): number
}

export const letters = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.+/=~']
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

export const resigned = ({ header, claims, key }: Material, more: { header?: object; claims?: object }) =>
  signed({ ...header, ...more.header }, { ...claims, ...more.claims }, key)

/** Says what was done, and what came of it. */
export type Mutation = (from: Material) => [how: string, token: string]

export const mutationsOfTokens: readonly Mutation[] = [
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
