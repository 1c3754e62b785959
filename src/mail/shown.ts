/** What makes a value fit to stand in a letter, beside what makes it fit for a page. */
import { oneLine } from '../pages/outside.ts'
import { inUnits, utcTime } from '../pages/when.ts'

/** What some mail program would make a link of: an address of the web or of mail, a host name, whatever stands for the dot. */
const likeALink = /[/\\@]|:\S|[.。．｡]\S/u

/** @returns nothing for what could be taken for a link, or is nobody's name */
function name(given: string): string {
  const line = oneLine(given, '')
  return likeALink.test(line) ? '' : line
}

/** Full of dots and slashes by its nature, so they are taken out. */
const unlinked = (given: string, longest: number) =>
  oneLine(given, '', longest)
    .replace(/[/\\@:.。．｡]+/gu, ' ')
    .trim()

export const shown = {
  name,
  greeting(given: string): string {
    const line = name(given)
    return line === '' ? 'Hello,' : `Hello ${line},`
  },
  /** What a browser calls itself. */
  agent: (given: string) => unlinked(given, 160),
  /** What somebody calls a thing, or an operator a permission. */
  label: (given: string) => unlinked(given, 80) || '?',
  /** @returns nothing for what is none */
  network: (given: string) => (/^[0-9a-f:.]{2,39}$/i.test(given) ? given : ''),
  when: utcTime,
  lasting: inUnits,
}
