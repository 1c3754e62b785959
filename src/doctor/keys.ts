/** The key folder: who may read it, whether the master secret serves, which keys sign. Looks, and makes nothing. */
import type { Clock } from '../base/clock.ts'
import { Refusal } from '../base/errors.ts'
import { type KeyFiles, type LyingFile, lookAt, lookInto } from '../crypto/key-files.ts'
import { keysInFolder } from '../crypto/key-place.ts'
import type { RingOptions } from '../crypto/keyring.ts'
import { masterSecrets } from '../crypto/master-secrets.ts'
import { isDue, rotation } from '../crypto/rotation.ts'
import { readKey, type SigningKey } from '../crypto/signing-key.ts'
import { type RingOf, ringFolder, ringOptions, ringsOf } from '../main/ring.ts'
import type { Settings } from '../settings/load.ts'
import { type Check, fail, ok, warn } from './check.ts'

/** A server publishes the next key within seconds; an hour late, none does. */
const patienceSeconds = 3_600
/** Random characters repeat little: 32 of 64 hold some 25 different ones. */
const leastDifferent = 12

export interface KeysSeen {
  checks: Check[]
  /** Ids of the keys that a server with this folder publishes; undefined where they are not in it. */
  published: string[] | undefined
  /** Seconds since the epoch, of the newest key. */
  newestAt: number | undefined
}

type Folder = NonNullable<ReturnType<typeof lookInto>>

/** @param uid of the process that looks; 0 sees what its owner would */
export async function keyChecks(settings: Settings, now: Clock, uid: number): Promise<KeysSeen> {
  const folder = folderOf(settings.keyFolder) ?? noFolder(settings)
  if ('status' in folder) return { checks: [folder], published: [], newestAt: undefined }
  const rings = settings.keys.in === 'folder' ? ringsOf(settings) : []
  const inner = rings.filter((of) => of !== 'tokens').map((of) => ({ of, seen: folderOf(ringFolder(settings, of)) }))
  const unreadable = inner.flatMap(({ seen }) => (seen && 'status' in seen ? [seen] : []))
  const folders = [folder, ...inner.flatMap(({ seen }) => (seen && !('status' in seen) ? [seen] : []))]
  const { tls } = settings.listen
  const common = [
    worst([...unreadable, ...folders.map((one) => folderCheck(one, uid, settings.development))]),
    filesCheck([...folders.flatMap(({ lying }) => lying), ...(tls ? [lookAt(tls.key)] : [])], uid),
    masterSecretCheck(settings, folder.files),
  ]
  // Opened by the master secret, out of the store: by whoever may write there.
  if (settings.keys.in === 'store') return { checks: common, published: undefined, newestAt: undefined }
  const looked = await Promise.all(
    [{ of: 'tokens' as const, seen: folder }, ...inner].map(({ of, seen }) => ringSeen(settings, now, of, seen)),
  )
  const newest = looked.flatMap(({ keys }) => keys.map(({ createdAt }) => createdAt))
  return {
    checks: [...common, ...looked.map(({ check }) => check)],
    published: looked.flatMap(({ published }) => published),
    newestAt: newest.length > 0 ? Math.max(...newest) : undefined,
  }
}

const gravity = { fail: 0, warn: 1, ok: 2 }
const worst = (checks: Check[]): Check => checks.toSorted((a, b) => gravity[a.status] - gravity[b.status])[0] as Check

/** The names of the checks. */
const ringNames: Record<RingOf, string> = { tokens: 'signing-keys', 'api-keys': 'api-key-signing-keys' }

/** @param seen undefined where there is no such folder: the first start makes it, with its keys */
async function ringSeen(
  settings: Settings,
  now: Clock,
  of: RingOf,
  seen: Folder | Check | undefined,
): Promise<{ check: Check; keys: SigningKey[]; published: string[] }> {
  const name = ringNames[of]
  const keys = seen && !('status' in seen) ? await readAll(name, seen.files) : []
  if (!Array.isArray(keys)) return { check: keys, keys: [], published: [] }
  const options = ringOptions(settings, now, of)
  return { check: ringCheck(name, options, keys, now), keys, published: publishedOf(options, keys, now) }
}

/** @returns undefined where there is none */
function folderOf(folder: string): Folder | Check | undefined {
  try {
    return lookInto(folder)
  } catch (cause) {
    if (!(cause instanceof Refusal)) throw cause
    return fail('key-folder', cause.message, 'Run this as the user that runs Signet, or see what SIGNET_KEYS names.')
  }
}

function noFolder({ keyFolder, development }: Settings): Check {
  const sentence = `There is no key folder ${keyFolder}.`
  if (development) return warn('key-folder', sentence, 'The first start makes it, with a master secret and signing keys.')
  return fail('key-folder', sentence, `mkdir -m 700 ${keyFolder}, and put a master secret there (keys/README.md).`)
}

function folderCheck(
  { files, mode, owner }: { files: KeyFiles; mode: number; owner: number },
  uid: number,
  development: boolean,
): Check {
  const { folder } = files
  if (uid !== 0 && owner !== uid)
    return fail(
      'key-folder',
      `${folder} belongs to another user (${owner}).`,
      `chown ${uid} ${folder}, or run this as that user.`,
    )
  if (mode & 0o022) return fail('key-folder', `Others can put keys into ${folder} (mode ${octal(mode)}).`, `chmod 700 ${folder}`)
  // As a clone has it, which nobody mends to try something.
  if (mode & 0o055 && development) return ok('key-folder', `Its owner alone writes to ${folder}.`)
  if (mode & 0o055) return warn('key-folder', `Others can see which keys lie in ${folder}.`, `chmod 700 ${folder}`)
  return ok('key-folder', `${folder} is its owner’s alone.`)
}

function filesCheck(lying: LyingFile[], uid: number): Check {
  const absent = lying.find(({ mode }) => mode === undefined)
  if (absent) return fail('key-files', `${absent.file} is not there.`, 'Put the key of the certificate there (listen.tls.key).')
  const open = lying.filter(({ mode = 0 }) => mode & 0o077)
  const names = (some: LyingFile[]) => some.map(({ file }) => file).join(' ')
  if (open.length > 0) return fail('key-files', `Others can read ${names(open)}.`, `chmod 600 ${names(open)}`)
  const foreign = lying.filter(({ owner }) => uid !== 0 && owner !== uid)
  if (foreign.length > 0) return fail('key-files', `${names(foreign)} belongs to another user.`, `chown ${uid} ${names(foreign)}`)
  return ok('key-files', `${lying.length} files, each its owner’s alone.`)
}

const octal = (mode: number) => (mode & 0o777).toString(8)

function masterSecretCheck({ masterSecret: given, development }: Settings, files: KeyFiles): Check {
  const name = 'master-secret'
  try {
    const secrets = masterSecrets(files, { given, mayGenerate: false })
    if (secrets.some((secret) => new Set(secret).size < leastDifferent))
      return warn(
        name,
        'A master secret looks like no random one.',
        'Put another before it, made by openssl rand -base64 32, and run signet secrets rotate (keys/README.md).',
      )
    const where = given === undefined ? 'in the key folder' : 'given by SIGNET_SECRET'
    return ok(name, `${secrets.length === 1 ? 'One master secret' : `${secrets.length} master secrets`}, ${where}.`)
  } catch (cause) {
    if (!(cause instanceof Refusal)) throw cause
    if (cause.code === 'missing_secret' && development)
      return warn(name, 'There is no master secret yet.', 'The first start makes one.')
    return fail(name, cause.message, 'keys/README.md says how a master secret is made and who may read it.')
  }
}

async function readAll(name: string, files: KeyFiles): Promise<SigningKey[] | Check> {
  try {
    const kept = await keysInFolder(files).list()
    return await Promise.all(kept.map(({ name, text }) => readKey(name, text() ?? '')))
  } catch (cause) {
    if (!(cause instanceof Refusal)) throw cause
    return fail(name, cause.message, 'Put the key back from a backup, or remove its file: another is made.')
  }
}

const keysOf = (keys: SigningKey[], algorithm: string) => keys.filter((key) => key.algorithm === algorithm)

function ringCheck(name: string, { algorithms, policy }: RingOptions, keys: SigningKey[], now: Clock): Check {
  const lacking = algorithms.filter((algorithm) => keysOf(keys, algorithm).length === 0)
  if (lacking.length > 0) return warn(name, `There is no key for ${lacking.join(', ')}.`, 'The next start makes one of each.')
  const late = algorithms.filter((algorithm) => isDue(keysOf(keys, algorithm), now() - patienceSeconds, policy))
  if (late.length > 0)
    return warn(
      name,
      `The next key for ${late.join(', ')} should have been published.`,
      'A running server does that: see whether it runs, and may write here.',
    )
  return ok(name, `${keys.length === 1 ? 'One key' : `${keys.length} keys`}, for ${algorithms.join(', ')}.`)
}

function publishedOf({ policy }: RingOptions, keys: SigningKey[], now: Clock): string[] {
  const present = [...new Set(keys.map(({ algorithm }) => algorithm))]
  return present
    .flatMap((algorithm) => rotation(keysOf(keys, algorithm), now(), policy))
    .filter(({ state }) => state !== 'gone')
    .map(({ key }) => key.kid)
}
