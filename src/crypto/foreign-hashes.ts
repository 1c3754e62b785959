/**
 * Hashes of passwords as other systems write them: which are taken, what they say, and how much work each may cost whoever tries a password. Every
 * one is verified as its own system did, bcrypt by the first 72 bytes of a password, and gives way to one of ours at the first sign-in.
 */
import { Refusal } from '../base/errors.ts'
import { noPassword } from './no-password.ts'

export type ForeignHash =
  /** `first`: the password is replaced by the hexadecimal digest of itself, as Django's `bcrypt_sha256` does. */
  | { kind: 'bcrypt'; hash: string; first?: 'sha256' }
  | { kind: 'pbkdf2'; digest: 'sha256' | 'sha1'; iterations: number; salt: Buffer; key: Buffer }
  | { kind: 'scrypt'; cost: number; blockSize: number; parallelization: number; salt: Buffer; key: Buffer }

/**
 * Each is about half a second to a second of one core here (a hash of ours: 8 ms), and twice what the system's own default takes or more: while
 * somebody tries passwords at such an account, others wait behind it.
 */
const most = {
  bcryptCost: 14,
  pbkdf2Iterations: 5_000_000,
  scryptWork: 2 ** 21,
  scryptKiB: 131_072,
  argon2KiB: 131_072,
  argon2Work: 2 ** 20,
}

const formats: { pattern: RegExp; read(groups: Record<string, string>): ForeignHash }[] = [
  {
    // Django: `bcrypt$` or `bcrypt_sha256$` before it.
    pattern: /^(?<django>bcrypt(?<sha256>_sha256)?\$)?(?<hash>\$2[aby]\$(?<cost>\d\d)\$[./A-Za-z0-9]{53})$/,
    read({ hash, sha256, cost }) {
      bound('cost of bcrypt', Number(cost), most.bcryptCost)
      return { kind: 'bcrypt', hash: String(hash), ...(sha256 && { first: 'sha256' as const }) }
    },
  },
  {
    pattern: /^pbkdf2_(?<digest>sha256|sha1)\$(?<iterations>[1-9]\d{0,14})\$(?<salt>[^$]{1,128})\$(?<key>[A-Za-z0-9+/]{27,43}=)$/,
    read({ digest, iterations, salt, key }) {
      bound('number of iterations', Number(iterations), most.pbkdf2Iterations)
      const named = { digest: digest as 'sha256' | 'sha1', iterations: Number(iterations), salt: Buffer.from(String(salt)) }
      return { kind: 'pbkdf2', ...named, key: decoded(key) }
    },
  },
  {
    // As Django writes it; its salt is text.
    pattern:
      /^scrypt\$(?<cost>\d{1,10})\$(?<salt>[^$]{1,128})\$(?<blockSize>\d{1,4})\$(?<parallelization>\d{1,4})\$(?<key>[A-Za-z0-9+/]{86}==)$/,
    read: ({ salt, key, ...work }) => ({
      kind: 'scrypt',
      ...scryptWork(work),
      salt: Buffer.from(String(salt)),
      key: decoded(key),
    }),
  },
  {
    // As passlib and PHC strings have it: the cost is a power of two, the salt is base64.
    pattern:
      /^\$scrypt\$ln=(?<log>\d{1,2}),r=(?<blockSize>\d{1,4}),p=(?<parallelization>\d{1,4})\$(?<salt>[A-Za-z0-9+/]{2,171})\$(?<key>[A-Za-z0-9+/]{22,171})$/,
    read: ({ log, salt, key, ...work }) => ({
      kind: 'scrypt',
      ...scryptWork({ ...work, cost: String(2 ** Number(log)) }),
      salt: decoded(salt),
      key: decoded(key),
    }),
  },
]

const argon2 =
  /^(?:argon2)?(?<phc>\$argon2(?:id|i|d)\$v=19\$m=(?<memory>\d{1,10}),t=(?<passes>\d{1,6}),p=(?<lanes>\d{1,3})\$(?<salt>[A-Za-z0-9+/]{11,171})\$(?<key>[A-Za-z0-9+/]{16,171}))$/

/** @throws Refusal `unknown_hash`, `costly_hash` with the bound */
export function readForeignHash(text: string): ForeignHash {
  for (const { pattern, read } of formats) {
    const groups = pattern.exec(text)?.groups
    if (groups) return read(groups)
  }
  throw new Refusal('unknown_hash', 'This is no hash of argon2, bcrypt, scrypt or PBKDF2 as this server reads them.')
}

/**
 * What is kept of a hash of another system: itself, argon2 without Django's name before it, and for one that no password matches (`!…`, `*`) that there is none.
 * @throws Refusal as `readForeignHash`
 */
export function acceptedHash(text: string): string {
  if (/^[!*]/.test(text)) return noPassword
  const { phc, memory, passes, lanes, salt, key } = argon2.exec(text)?.groups ?? {}
  if (phc === undefined) {
    readForeignHash(text)
    return text
  }
  bound('memory of argon2 in KiB', Number(memory), most.argon2KiB)
  bound('memory of argon2 in KiB times its passes', Number(memory) * Number(passes), most.argon2Work)
  bound('number of lanes of argon2', Number(lanes), 16)
  if (Number(passes) < 1 || Number(lanes) < 1 || Number(memory) < 8 * Number(lanes) || ![salt, key].every(isUnpadded))
    throw new Refusal('unknown_hash', 'The parameters of this hash of argon2 are none.')
  return phc
}

function scryptWork(text: Record<string, string>) {
  const [cost, blockSize, parallelization] = [Number(text.cost), Number(text.blockSize), Number(text.parallelization)]
  // RFC 7914 s6: N is a power of two below 2^(128 r / 8).
  if (cost < 2 || !Number.isInteger(Math.log2(cost)) || blockSize < 1 || cost >= 2 ** (16 * blockSize) || parallelization < 1)
    throw new Refusal('unknown_hash', 'The parameters of this hash of scrypt are none.')
  bound('memory of scrypt in KiB', (cost * blockSize) / 8, most.scryptKiB)
  bound('work of scrypt (N times r times p)', cost * blockSize * parallelization, most.scryptWork)
  return { cost, blockSize, parallelization }
}

/** With it, whoever knows an address could keep the thread that hashes busy for hours. */
function bound(what: string, given: number, limit: number): void {
  if (given > limit) throw new Refusal('costly_hash', `The ${what} of this hash is ${given}: at most ${limit} is taken.`)
}

/** PHC strings have base64 without padding, and in one spelling. */
const isUnpadded = (text: string | undefined) => decoded(text).toString('base64').replace(/=+$/, '') === text

const decoded = (text: string | undefined) => Buffer.from(String(text), 'base64')
