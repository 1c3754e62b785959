/**
 * File and environment -> Settings, or every fault of the file at once. The only reader of `process.env` and of the settings file.
 * What stands for a variable in the file is filled in by `environment.ts`; the default settings show every such name.
 */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { parseDocument } from 'yaml'
import { type Environment, fromEnvironment } from './environment.ts'
import { type Fault, InvalidSettings } from './invalid.ts'
import { type Issue, mendOf } from './mend.ts'
import { isDevelopment, type SettingsFile, settingsSchema } from './schema.ts'
import { inOurVoice } from './voice.ts'

export interface Settings extends SettingsFile {
  /** An http issuer on loopback; everything else is production. */
  development: boolean
  dataFolder: string
  keyFolder: string
  viewsFolder: string
  /** The master secrets, blanks between them, when given by the environment instead of a file under the key folder. */
  masterSecret?: string
  samples: { apiPort: number; clientPort: number }
}

const root = path.resolve(import.meta.dirname, '../..')

/** @throws InvalidSettings with every fault */
export function loadSettings(env: Environment = process.env): Settings {
  const file = path.resolve(env.SIGNET_CONFIG ?? path.join(root, 'config/signet.yaml'))
  const { value, variables, missing } = fromEnvironment(readSettingsFile(file), env)
  const parsed = settingsSchema.safeParse(value, { error: inOurVoice })
  const samples = { apiPort: portFrom(env, 'SIGNET_API_PORT', 4001), clientPort: portFrom(env, 'SIGNET_CLIENT_PORT', 4002) }
  const faults = [
    ...missing,
    ...faultsOf(parsed, variables, missing),
    ...Object.values(samples).filter((one) => typeof one === 'object'),
  ]
  if (!parsed.success || faults.length > 0) throw new InvalidSettings(file, faults)
  return {
    ...parsed.data,
    listen: listenOf(parsed.data, path.dirname(file)),
    mail: mailOf(parsed.data, path.dirname(file)),
    development: isDevelopment(parsed.data.issuer),
    dataFolder: path.resolve(env.SIGNET_DATA ?? path.join(root, 'data')),
    keyFolder: path.resolve(env.SIGNET_KEYS ?? path.join(root, 'keys')),
    viewsFolder: path.join(root, 'views'),
    masterSecret: env.SIGNET_SECRET || undefined,
    samples: samples as Settings['samples'],
  }
}

/** A place whose variable is missing has nothing to be judged. */
function faultsOf(
  { error }: { error?: { issues: Issue[] } },
  variables: Map<string, string[]>,
  missing: readonly Fault[],
): Fault[] {
  const unfilled = new Set(missing.map(({ path }) => path.join('.')))
  return (error?.issues ?? [])
    .filter(({ path }) => !unfilled.has(path.join('.')))
    .map((issue) => {
      const path = issue.path as (string | number)[]
      const from = variables.get(path.join('.'))
      const message = `${issue.message}${from ? ` (from ${from.join(' and ')})` : ''}`
      return { path, message, mend: mendOf(issue, path, from) }
    })
}

/** Files that the settings name lie where the settings do, unless the path is absolute. */
function listenOf({ listen }: SettingsFile, folder: string): SettingsFile['listen'] {
  const { tls } = listen
  if (!tls) return listen
  return { ...listen, tls: { certificate: path.resolve(folder, tls.certificate), key: path.resolve(folder, tls.key) } }
}

function mailOf({ mail }: SettingsFile, folder: string): SettingsFile['mail'] {
  if (!mail) return undefined
  const { passwordFile, ca } = mail.smtp
  const from = (file: string | undefined) => file && path.resolve(folder, file)
  return { ...mail, smtp: { ...mail.smtp, passwordFile: from(passwordFile), ca: from(ca) } }
}

/** What a child process of ours is started with: this environment and what is added to it. */
export function childEnvironment(extra: Environment): NodeJS.ProcessEnv {
  // The samples are clients and APIs like any other: the server's secret is none of theirs.
  return { ...process.env, SIGNET_SECRET: undefined, ...extra }
}

function readSettingsFile(file: string): unknown {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (cause) {
    const message = `The settings file ${file} cannot be read (${(cause as NodeJS.ErrnoException).code}).`
    throw unreadable(message, 'Set SIGNET_CONFIG to a file that Signet may read; config/signet.yaml shows every setting.', cause)
  }
  const document = parseDocument(text, { maxAliasCount: 0, uniqueKeys: true } as object)
  const [fault] = document.errors
  // What comes after the first cannot be told from its consequences.
  if (fault) throw unreadable(`${file} is not valid YAML: ${firstLine(fault.message)}.`, 'Mend that place, and check again.')
  try {
    return document.toJS({ maxAliasCount: 0 }) ?? {}
  } catch (cause) {
    throw unreadable(
      `${file} cannot be used: ${firstLine((cause as Error).message)}`,
      'Write out what the alias stands for.',
      cause,
    )
  }

  function unreadable(message: string, mend: string, cause?: unknown): InvalidSettings {
    return new InvalidSettings(file, [{ path: [], message, mend }], cause)
  }
}

const firstLine = (text: string): string => text.split('\n')[0]?.replace(/:$/, '') ?? ''

function portFrom(env: Environment, name: string, fallback: number): number | Fault {
  const given = env[name]
  if (given === undefined || given === '') return fallback
  if (/^\d{1,5}$/.test(given) && Number(given) <= 65_535) return Number(given)
  const message = `must be a port number, not ${JSON.stringify(given)}`
  return { path: [name], message, mend: `Set ${name} to a number up to 65535, or leave it out for ${fallback}.` }
}
