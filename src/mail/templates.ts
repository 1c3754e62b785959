/**
 * A letter is written once, as paragraphs with an empty line between them, and comes out as text and as HTML:
 *
 *     Subject: Confirm your e-mail address
 *
 *     An ordinary paragraph. Its lines are joined.
 *
 *     [Confirm my address](<%= it.link %>)
 *
 *     -- Small print.
 *
 * The first is the subject, `[…](…)` a button, `-- ` small print. What a paragraph is follows from the template alone, before anything is
 * filled in: no value can add one. A paragraph that comes out empty is left out.
 */
import { oneLine } from '../pages/outside.ts'
import { accentColours, type Theme } from '../pages/theme.ts'
import { openViews, type Views } from '../pages/views.ts'
import { shown } from './shown.ts'

export interface LetterWords {
  subject: string
  text: string
  html: string
}

export interface LetterTemplates {
  fill(name: string, model: object): LetterWords
}

interface Paragraph {
  kind: 'text' | 'button' | 'small'
  /** Names of templates. */
  words: string
  href?: string
}

interface Template {
  subject: string
  paragraphs: Paragraph[]
}

/** @throws TypeError on a letter without a subject, EtaParseError on one that does not compile */
export function openLetterTemplates(
  names: readonly string[],
  { viewsFolder, theme, issuer }: { viewsFolder: string; theme: Theme; issuer: string },
): LetterTemplates {
  const views = openViews(viewsFolder)
  views.add('letters/layout', views.read('letters/layout.eta'))
  const templates = new Map(names.map((name) => [name, templateOf(views, name)]))
  const site = { title: theme.title, host: new URL(issuer).host }
  const look = { ...accentColours(theme), radius: theme.radius }

  return {
    fill(name, given) {
      const template = templates.get(name)
      if (!template) throw new TypeError(`there is no letter ${name}`)
      const model = { ...given, show: shown, site }
      const subject = oneLine(views.renderPlain(template.subject, model), site.title, 200)
      const paragraphs = template.paragraphs.map(({ kind, words, href }) => ({
        kind,
        text: joined(views.renderPlain(words, model)),
        html: joined(views.render(words, model)),
        href: href === undefined ? undefined : views.renderPlain(href, model).trim(),
      }))
      const there = paragraphs.filter(({ text }) => text !== '')
      return {
        subject,
        text: textOf(there, site),
        html: views.render('letters/layout', { subject, paragraphs: there, site, look }),
      }
    },
  }
}

function templateOf(views: Views, name: string): Template {
  const [first = '', ...rest] = views
    .read(`letters/${name}.eta`)
    .trim()
    .split(/\n\s*\n/)
  const subject = /^Subject: (.+)$/s.exec(first)?.[1]
  if (subject === undefined) throw new TypeError(`views/letters/${name}.eta does not begin with "Subject: "`)
  const added = (part: string, template: string) => {
    views.add(`letters/${name}/${part}`, template)
    return `letters/${name}/${part}`
  }
  const paragraphs = rest.map((paragraph, index): Paragraph => {
    const [, label, href] = /^\[(.+)\]\((.+)\)$/s.exec(paragraph) ?? []
    if (label !== undefined && href !== undefined)
      return { kind: 'button', words: added(`${index}`, label), href: added(`${index}-href`, href) }
    const [, small] = /^-- (.+)$/s.exec(paragraph) ?? []
    return { kind: small === undefined ? 'text' : 'small', words: added(`${index}`, small ?? paragraph) }
  })
  return { subject: added('subject', subject), paragraphs }
}

const joined = (text: string) => text.replace(/\s+/g, ' ').trim()

/** A link stands on a line of its own, which nothing of ours breaks. */
function textOf(
  paragraphs: { text: string; href: string | undefined }[],
  { title, host }: { title: string; host: string },
): string {
  const parts = paragraphs.map(({ text, href }) => (href === undefined ? text : `${text}:\n${href}`))
  return `${[...parts, `--\u0020\n${title}, ${host}`].join('\n\n')}\n`
}
