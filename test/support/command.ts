/** A command of `signet` in this process, on the data and keys of a server that a test started: as a second connection beside it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { runProgram } from '../../src/cli/program.ts'
import { declared, type TestServer } from './server.ts'

export interface Said {
  code: number
  /** The one JSON value that it answered. */
  answer: Record<string, unknown>
}

/** @param args without `--json`; nothing is read from standard input */
export async function signetBeside(server: TestServer, args: string[]): Promise<Said> {
  const folder = mkdtempSync(path.join(tmpdir(), 'signet-command-'))
  const { dataFolder, keyFolder, masterSecret, issuer, listen } = server.settings
  const file = path.join(folder, 'signet.yaml')
  writeFileSync(file, JSON.stringify({ ...declared, issuer, listen: { port: listen.port } }))
  const given = { SIGNET_CONFIG: file, SIGNET_DATA: dataFolder, SIGNET_KEYS: keyFolder, SIGNET_SECRET: masterSecret }
  const before = { ...process.env }
  const { write } = process.stdout
  const said: string[] = []
  Object.assign(process.env, given)
  process.stdout.write = ((text: string) => said.push(text) > 0) as typeof write
  try {
    await runProgram([...args, '--json'])
    return { code: Number(process.exitCode ?? 0), answer: JSON.parse(said.join('')) }
  } finally {
    process.stdout.write = write
    process.exitCode = undefined
    for (const name of Object.keys(given))
      if (before[name] === undefined) delete process.env[name]
      else process.env[name] = before[name]
    rmSync(folder, { recursive: true })
  }
}
