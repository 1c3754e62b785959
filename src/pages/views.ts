/** The only reader of `views/`: whatever lies there is read and compiled at start, nothing afterwards. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Eta } from 'eta'

export interface Views {
  read(file: string): string
  /** By the name under which `render` and other templates (`@name`) know it. @throws EtaParseError on a template that does not compile */
  add(name: string, template: string): void
  /** @returns HTML: every value that a template shows is escaped */
  render(name: string, model: object): string
  /** @returns the values as they are. For what is not read as HTML. */
  renderPlain(name: string, model: object): string
}

export function openViews(folder: string): Views {
  const escaping = new Eta({ autoEscape: true })
  const plain = new Eta({ autoEscape: false })
  return {
    read: (file) => readFileSync(join(folder, file), 'utf8'),
    add(name, template) {
      for (const eta of [escaping, plain]) eta.loadTemplate(`@${name}`, template)
    },
    render: (name, model) => escaping.render(`@${name}`, model),
    renderPlain: (name, model) => plain.render(`@${name}`, model),
  }
}
