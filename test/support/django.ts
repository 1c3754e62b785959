/** Debian's Django, to ask whether it reads what we sign, and signs what we read. */
import { spawnSync } from 'node:child_process'
import path from 'node:path'
import type { Json } from '../../src/crypto/packed-json.ts'
import { describeWithPython, python } from './python.ts'

const script = path.resolve(import.meta.dirname, '../vectors/ask-django.py')

export const describeWithDjango = (title: string, facts: (this: Mocha.Suite) => void): Mocha.Suite =>
  describeWithPython({ 'python3-django': 'django' }, title, facts)

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
