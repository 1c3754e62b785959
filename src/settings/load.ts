/**
 * File and environment -> Settings, or every fault of the file at once. The only reader of `process.env` and of the settings file.
 * What stands for a variable in the file is filled in by `environment.ts`; the default settings show every such name.
 */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { parseDocument } from 'yaml'
import { Refusal } from '../base/errors.ts'
import { type Environment, fromEnvironment } from './environment.ts'
import { isDevelopment, type SettingsFile, settingsSchema } from './schema.ts'
import { inOurVoice } from './voice.ts'

export interface Settings extends SettingsFile {
  /** An http issuer on loopback; everything else is production. */
  development: boolean
  dataFolder: string
  keyFolder: string
  viewsFolder: string
  /** The master secret, when given by the environment instead of a file under the key folder. */
  masterSecret?: string
  samples: { apiPort: number; clientPort: number }
}

const root = path.resolve(import.meta.dirname, '../..')

/** @throws Refusal `invalid_settings`, its sentence listing every fault with its path. */
export function loadSettings(env: Environment = process.env): Settings {
  const file = path.resolve(env.SIGNET_CONFIG ?? path.join(root, 'config/signet.yaml'))
  const { value, variables } = fromEnvironment(readSettingsFile(file), env, file)
  const parsed = settingsSchema.safeParse(value, { error: inOurVoice })
  if (!parsed.success) {
    const faults = parsed.error.issues.map(({ path, message }) => {
      const from = variables.get(path.join('.'))
      return `  ${path.join('.') || '(top)'}: ${message}${from ? ` (from ${from.join(' and ')})` : ''}`
    })
    throw new Refusal(
      'invalid_settings',
      `${file} has ${faults.length} fault${faults.length > 1 ? 's' : ''}:\n${faults.join('\n')}`,
    )
  }
  return {
    ...parsed.data,
    listen: listenOf(parsed.data, path.dirname(file)),
    development: isDevelopment(parsed.data.issuer),
    dataFolder: path.resolve(env.SIGNET_DATA ?? path.join(root, 'data')),
    keyFolder: path.resolve(env.SIGNET_KEYS ?? path.join(root, 'keys')),
    viewsFolder: path.join(root, 'views'),
    masterSecret: env.SIGNET_SECRET || undefined,
    samples: { apiPort: portFrom(env, 'SIGNET_API_PORT', 4001), clientPort: portFrom(env, 'SIGNET_CLIENT_PORT', 4002) },
  }
}

/** Files that the settings name lie where the settings do, unless the path is absolute. */
function listenOf({ listen }: SettingsFile, folder: string): SettingsFile['listen'] {
  const { tls } = listen
  if (!tls) return listen
  return { ...listen, tls: { certificate: path.resolve(folder, tls.certificate), key: path.resolve(folder, tls.key) } }
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
    throw new Refusal(
      'invalid_settings',
      `The settings file ${file} cannot be read (${(cause as NodeJS.ErrnoException).code}).`,
      { cause },
    )
  }
  const document = parseDocument(text, { maxAliasCount: 0, uniqueKeys: true } as object)
  const fault = document.errors[0]
  if (fault)
    throw new Refusal('invalid_settings', `${file} is not valid YAML: ${fault.message.split('\n')[0]?.replace(/:$/, '')}.`)
  try {
    return document.toJS({ maxAliasCount: 0 }) ?? {}
  } catch (cause) {
    throw new Refusal('invalid_settings', `${file} cannot be used: ${(cause as Error).message}`, { cause })
  }
}

function portFrom(env: Environment, name: string, fallback: number): number {
  const given = env[name]
  if (given === undefined || given === '') return fallback
  if (/^\d{1,5}$/.test(given) && Number(given) <= 65_535) return Number(given)
  throw new Refusal('invalid_settings', `${name} must be a port number, not ${JSON.stringify(env[name])}.`)
}
