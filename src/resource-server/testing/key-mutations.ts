/** What can be done to an API key: to its form, to the token within, and to who signed it. */
import { keyAround } from '../api-key.ts'
import { signed } from './minting.ts'
import { letters, type Material, type Mutation, mutationsOfTokens, resigned } from './token-mutations.ts'

const ofKeysAlone: readonly Mutation[] = [
  (from) => {
    const key = keyAround(from.good)
    const at = from.below(key.length)
    return ['a character of a key replaced', key.slice(0, at) + from.pick(letters) + key.slice(at + 1)]
  },
  (from) => {
    const key = keyAround(from.good)
    const at = from.below(key.length)
    return ['characters of a key taken out', key.slice(0, at) + key.slice(at + 1 + from.below(8))]
  },
  (from) => {
    const key = keyAround(from.good)
    const [prefix, checksum] = ['signet_', key.slice(-7)]
    const written = [
      from.good,
      prefix + from.good,
      from.good + checksum,
      key.toUpperCase(),
      key.replace(prefix, 'Signet_'),
      keyAround(key),
      keyAround(prefix + from.good),
      `${prefix}${checksum}`,
      keyAround(''),
      `${key}${checksum}`,
    ]
    return ['a key written otherwise', from.pick(written)]
  },
  ({ header, claims, other, pick }) => {
    const kid = pick([header.kid, other.kid])
    return ['a key signed by what signs tokens', keyAround(signed({ ...header, kid }, claims, other))]
  },
  (from) => {
    const token = resigned(from, { header: { typ: from.pick(['at+jwt', 'application/at+jwt', 'AT+JWT']) } })
    return ['an access token signed by what signs keys', from.pick([token, keyAround(token)])]
  },
  (from) => ['a key for 367 days', keyAround(resigned(from, { claims: { exp: (from.claims.iat as number) + 367 * 86_400 } }))],
]

/** Those of tokens are made to the one within: prefix and checksum around it are right. */
export const mutationsOfKeys: readonly Mutation[] = [
  ...ofKeysAlone,
  ...mutationsOfTokens.map((mutate) => (from: Material): [string, string] => {
    const [how, token] = mutate(from)
    return [`in a key: ${how}`, keyAround(token)]
  }),
]
