/** A tagged template that escapes whatever is put into it, unless it is HTML of the same making. Attributes stand in double quotes. */

export class Html {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

type Part = string | number | Html | undefined | Part[]

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

/** `undefined` shows as nothing, so that a part may be left out: `${error && html`…`}` */
export function html(strings: TemplateStringsArray, ...parts: Part[]): Html {
  return new Html(strings.map((string, index) => string + textOf(parts[index])).join(''))
}

function textOf(part: Part): string {
  if (part === undefined) return ''
  if (part instanceof Html) return part.text
  if (Array.isArray(part)) return part.map(textOf).join('')
  return String(part).replace(/[&<>"']/g, (character) => ENTITIES[character]!)
}

/** JSON to look at, its member names marked. */
export function json(value: unknown): Html {
  const lines = JSON.stringify(value, null, 2).split('\n')
  const marked = lines.map((line) => {
    const member = /^( *)("(?:[^"\\]|\\.)*")(: .*)$/.exec(line)
    return member ? html`${member[1]}<span class="member">${member[2]}</span>${member[3]}` : html`${line}`
  })
  return html`<pre><code>${marked.map((line) => html`${line}\n`)}</code></pre>`
}
