/** Debian's Django, to ask whether it reads what we sign, and signs what we read. */
import { spawnSync } from 'node:child_process'
import path from 'node:path'
import type { Json } from '../../src/crypto/packed-json.ts'

const python = '/usr/bin/python3'
const script = path.resolve(import.meta.dirname, '../vectors/ask-django.py')

export const isDjangoInstalled = (): boolean => spawnSync(python, ['-c', 'import django']).status === 0

/** Facts that need a real Django: skipped by name where none is installed, but not where the project is being judged. */
export function describeWithDjango(title: string, facts: (this: Mocha.Suite) => void): void {
  if (isDjangoInstalled()) {
    describe(title, facts)
    return
  }
  const reason = 'Django is not installed (Debian: apt install python3-django)'
  describe(title, () => {
    if (!process.env.CI) it.skip(reason)
    else
      it('asks a real Django', () => {
        throw new Error(reason)
      })
  })
}

/** As `ask-django.py` says; all in one go, since starting Python is what takes time. */
export function askDjango(questions: Record<string, Json>[]): Record<string, Json>[] {
  const input = questions.map((question) => `${JSON.stringify(question)}\n`).join('')
  const { status, stdout, stderr } = spawnSync(python, [script], { input, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 })
  if (status !== 0) throw new Error(`Django did not answer: ${stderr}`)
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
}
