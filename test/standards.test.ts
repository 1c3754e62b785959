/** `docs/standards.md` claims nothing without its test: every row names a fact that stands in a test file, and a foreign client which that file uses. */
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect } from 'chai'

const root = path.resolve(import.meta.dirname, '..')

interface Row {
  standard: string
  section: string
  on: string
  file: string
  title: string
  client: string
}

/** Five columns: standard, section, on by, `file`: title, foreign client. */
function rowsOf(document: string): Row[] {
  return document
    .split('\n')
    .filter((line) => /^\| (?!Standard |-)/.test(line))
    .map((line) => {
      const [standard = '', section = '', on = '', shown = '', client = ''] = line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim())
      const [, file = '', title = ''] = /^`([^`]+)`: (.+)$/.exec(shown) ?? []
      return { standard, section, on, file, title, client }
    })
}

/** What is wrong with a row; in a title, `…` stands for what a loop fills in. */
function faultOf({ standard, section, on, file, title, client }: Row): string | undefined {
  if (!standard || !section || !on || !file || !title) return 'a cell is empty'
  if (!existsSync(path.join(root, file))) return `${file} is not there`
  const text = readFileSync(path.join(root, file), 'utf8')
  const missing = title.split('…').find((part) => !text.includes(part.trim()))
  if (missing !== undefined) return `${file} has no "${missing.trim()}"`
  const witness = /^(openid-client|oauth4webapi|jose|Chromium)$/.exec(client)?.[1]
  if (!witness) return `"${client}" is no foreign client`
  return text.includes(witness === 'Chromium' ? 'support/browser' : `from '${witness}'`)
    ? undefined
    : `${file} does not use ${client}`
}

describe('docs/standards.md', () => {
  const rows = rowsOf(readFileSync(path.join(root, 'docs/standards.md'), 'utf8'))

  it('is a table', () => expect(rows.length).to.be.greaterThan(80))
  for (const row of rows) {
    it(`is true of ${row.standard} ${row.section}`, () => expect(faultOf(row)).to.equal(undefined))
  }

  const good = rows[0]!
  for (const bad of [{ file: 'test/none.test.ts' }, { title: 'flies' }, { client: 'ours' }, { client: 'Chromium' }, { on: '' }]) {
    it(`would be found out with ${JSON.stringify(bad)}`, () => expect(faultOf({ ...good, ...bad })).to.be.a('string'))
  }
})
