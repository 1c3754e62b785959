/** A key folder of the test's own. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect } from 'chai'
import { Refusal } from '../../src/base/errors.ts'

/** A folder for each fact of the surrounding `describe`, not made yet. */
export function freshKeyFolder(): { path: string } {
  const folder = { path: '' }
  let parent = ''
  beforeEach(() => {
    parent = mkdtempSync(path.join(tmpdir(), 'signet-keys-'))
    folder.path = path.join(parent, 'keys')
  })
  afterEach(() => rmSync(parent, { recursive: true }))
  return folder
}

export async function refusalOf(call: () => unknown): Promise<Refusal> {
  let thrown: unknown
  try {
    await call()
  } catch (cause) {
    thrown = cause
  }
  expect(thrown).to.be.instanceOf(Refusal)
  return thrown as Refusal
}
