/** A command of `signet` in this process, on the data and keys of a server that a test started: as a second connection beside it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { inThisProcess } from '../cli/program.ts'
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
  const given = { SIGNET_CONFIG: file, SIGNET_DATA: dataFolder, SIGNET_KEYS: keyFolder, SIGNET_SECRET: masterSecret as string }
  try {
    const { code, stdout } = await inThisProcess([...args, '--json'], given)
    return { code: code as number, answer: JSON.parse(stdout) }
  } finally {
    rmSync(folder, { recursive: true })
  }
}
