/** Tokens that are nearly good, by the thousand: what changes one knows the structure, so that each reaches another check of a verifier. */
import { keyAround } from '../api-key.ts'
import type { CredentialKind } from '../auth.ts'
import { mutationsOfKeys } from './key-mutations.ts'
import { goodHeader, signed, type TestKey, testKey } from './minting.ts'
import { mutationsOfTokens } from './token-mutations.ts'

export interface Mutant {
  readonly token: string
  /** What was done to it, for whoever has to find out why it was accepted. */
  readonly how: string
  /** One in a thousand was not changed, and has to pass: a verifier that refuses everything proves nothing. */
  readonly isGood: boolean
}

export interface Maker {
  /** Signs the good ones. */
  key: TestKey
  /** Good claims, new ones each time. */
  claims(): Record<string, unknown>
}

export interface Seed {
  token: Maker
  apiKey: Maker
  /** What the API lets in: of this are the good ones. */
  accept: readonly CredentialKind[]
  /** Where chance begins: the same number has the same mutations, but for their signatures. */
  seed: number
}

/** Without end. Every mutant but the good ones has to be refused by any API that follows RFC 9068, and for keys docs/resource-servers.md. */
export function* mutations({ token, apiKey, accept, seed }: Seed): Generator<Mutant, never> {
  const chance = chanceFrom(seed)
  const below = (bound: number) => Math.floor(chance() * bound)
  const pick = <T>(from: readonly T[]): T => from[below(from.length)] as T
  const foreign = { token: testKey(token.key.kid), apiKey: testKey(apiKey.key.kid) }
  for (let count = 1; ; count++) {
    const isGood = count % 1000 === 0
    // Of the good ones every other one, which is the two thousandth.
    const isOfKey =
      accept.includes('api_key') && (!accept.includes('access_token') || Math.floor(count / (isGood ? 1000 : 1)) % 2 === 0)
    const { key, claims } = isOfKey ? apiKey : token
    const from = { header: goodHeader(key), claims: claims(), key, pick, below }
    const rest = isOfKey ? { foreign: foreign.apiKey, other: token.key } : { foreign: foreign.token, other: apiKey.key }
    const bare = signed(from.header, from.claims, key)
    const good = isOfKey ? keyAround(bare) : bare
    const mutate = pick(isOfKey ? mutationsOfKeys : mutationsOfTokens)
    const [how, made] = isGood ? ['nothing', good] : mutate({ ...from, ...rest, good: bare })
    // A character replaced by itself is no mutation.
    yield { token: made, how, isGood: made === good }
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
