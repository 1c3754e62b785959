/**
 * Around every command. Answers are for people, or with `--json` for programs: then standard output holds one JSON value, whatever comes of it.
 * A refusal is one clear line on standard error, or `{error, message}` there where the answer would stand; exit code 1 either way.
 */
import { createInterface } from 'node:readline/promises'
import { text } from 'node:stream/consumers'
import { Refusal } from '../base/errors.ts'
import { silentLog } from '../base/log.ts'
import type { Parts } from '../main/parts.ts'
import { InvalidSettings } from '../settings/invalid.ts'
import { loadSettings } from '../settings/load.ts'

/** The option of every command, so that a program can use it. */
export const json = ['--json', 'the answer as one JSON value, a refusal too'] as const

export function run<A extends unknown[]>(command: (...args: A) => Promise<void>): (...args: A) => Promise<void> {
  return async (...args) => {
    try {
      await command(...args)
    } catch (cause) {
      if (!(cause instanceof Refusal)) throw cause
      const faults = cause instanceof InvalidSettings && { faults: cause.faults }
      const json = wantsJson(args)
      const wayOut = json ? undefined : waysOut[cause.code]
      const message = wayOut === undefined ? cause.message : `${cause.message} ${wayOut}`
      refuse(json, { error: cause.code, message, ...faults })
    }
  }
}

/** For a person, behind what an inner floor says, which knows no command. */
const waysOut: Record<string, string> = {
  invalid_client_metadata: 'signet client add --help says which option gives what; all else goes into --members.',
  unknown_api_key: 'signet key list shows all.',
  unknown_account: 'signet account list shows all.',
  unknown_client: 'signet client list shows all.',
  unknown_key: 'signet keys list shows all.',
}

/** Commander hands on arguments, then options, then the command. */
const wantsJson = (args: unknown[]): boolean => (args.at(-2) as { json?: boolean } | undefined)?.json === true

/** Says no, to a program or to a person. */
export function refuse(json: boolean, said: { error: string; message: string; [more: string]: unknown }): void {
  if (json) process.stdout.write(`${JSON.stringify(said)}\n`)
  else process.stderr.write(`signet: ${said.message}\n`)
  process.exitCode = 1
}

/** Opens the store, lends it, and closes it whatever happens. The server may be running beside it. */
export async function withParts<T>(use: (parts: Parts) => Promise<T>): Promise<T> {
  // Loaded here: the primary of a cluster, which is started from this file too, needs none of it.
  const { openParts } = await import('../main/parts.ts')
  const parts = await openParts(loadSettings(), { log: silentLog })
  try {
    return await use(parts)
  } finally {
    await parts.close()
  }
}

export function answer(json: boolean | undefined, value: unknown, lines: string[]): void {
  process.stdout.write(json ? `${JSON.stringify(value)}\n` : `${lines.join('\n')}\n`)
}

/** Not an argument: those are seen by every process of the machine, and kept in the shell's history. */
export const passwordFromInput = (): Promise<string> => textFromInput('Password')

/** @param what of it is asked, where a person can be */
export async function textFromInput(what: string): Promise<string> {
  if (process.stdin.isTTY) process.stderr.write(`${what} (then Enter and Ctrl-D): `)
  return (await text(process.stdin)).replace(/\r?\n$/, '')
}

/** @returns the line that was typed; undefined where nobody can be asked */
export async function typedByPerson(question: string): Promise<string | undefined> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return undefined
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return (await lines.question(question)).trim()
  } finally {
    lines.close()
  }
}

/** Progress of what takes long: on standard error, and only to a person. */
export function tellPerson(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(text)
}
