/**
 * The look that an operator may choose, as a stylesheet of its own: under our policy no page carries an inline style.
 * Every value is checked before it becomes CSS, and the text colours are computed, so that no choice of accent makes a page unreadable.
 */
import { BLACK, type Colour, contrast, mix, parseColour, readableOn, toHex, WHITE } from '../base/colour.ts'
import { linkTo } from './outside.ts'

export interface Theme {
  /** What the server calls itself, on every page and in every title. */
  title: string
  /** A path of this server, or an `https` URL whose origin the page's `img-src` must then allow. */
  logo?: string | undefined
  /** `#rgb`, `#rrggbb` or `oklch(L C H)`. */
  accent: string
  /** Of cards; fields and buttons take two thirds. `0px` to `32px`. */
  radius: string
  /** Family names in the order of preference; a system font follows. */
  font?: string | undefined
}

/** Grounds that text in the accent colour stands on: in each scheme the one of `style.css` that is hardest to read on. */
const LIGHT_GROUND = parseColour('oklch(0.955 0.003 265)') as Colour
const DARK_GROUND = parseColour('oklch(0.29 0.012 265)') as Colour
/** WCAG 2.2 s1.4.3, level AA, asks for 4.5; the rest is what rounding to eight bits may take. */
const READABLE = 4.55

/** @throws TypeError on the first value that is not what it says to be: settings are refused at start, not on a page. */
export function checkTheme(theme: Theme): void {
  if (theme.title.trim() === '') throw new TypeError('theme.title is empty')
  if (!parseColour(theme.accent)) throw new TypeError(`theme.accent is neither #rrggbb nor oklch(L C H): ${theme.accent}`)
  if (!/^(\d|[12]\d|3[0-2])px$/.test(theme.radius)) throw new TypeError(`theme.radius is not 0px to 32px: ${theme.radius}`)
  if (theme.logo !== undefined && linkTo(theme.logo) === undefined)
    throw new TypeError(`theme.logo is no https URL or path: ${theme.logo}`)
  if (theme.font !== undefined && !/^[\p{L}\d][\p{L}\d ,-]*$/u.test(theme.font))
    throw new TypeError(`theme.font is no list of names: ${theme.font}`)
}

/** The accent as `#rrggbb`, and what can be read on it and in it. */
export interface AccentColours {
  accent: string
  pressed: string
  /** Text on the accent. */
  onAccent: string
  /** Text in the accent. */
  inkOnLight: string
  inkOnDark: string
}

export function accentColours(theme: Theme): AccentColours {
  checkTheme(theme)
  const accent = parseColour(theme.accent) as Colour
  // Of white and black one always reaches 4.58, since their own contrast is 21 and 4.58 is its square root.
  const onAccent = contrast(WHITE, accent) >= READABLE ? WHITE : BLACK
  const ink = (ground: Colour, towards: Colour) => toHex(readableOn(ground, accent, towards, READABLE))
  return {
    accent: toHex(accent),
    pressed: toHex(mix(accent, onAccent === WHITE ? BLACK : WHITE, 0.18)),
    onAccent: toHex(onAccent),
    inkOnLight: ink(LIGHT_GROUND, BLACK),
    inkOnDark: ink(DARK_GROUND, WHITE),
  }
}

/** @returns the custom properties that `style.css` builds on. */
export function themeStylesheet(theme: Theme): string {
  const { accent, pressed, onAccent, inkOnLight, inkOnDark } = accentColours(theme)
  const properties = {
    '--accent': accent,
    '--accent-pressed': pressed,
    '--on-accent': onAccent,
    '--accent-ink': `light-dark(${inkOnLight}, ${inkOnDark})`,
    '--radius': theme.radius,
    ...(theme.font === undefined ? {} : { '--theme-font': families(theme.font) }),
  }
  const lines = Object.entries(properties).map(([name, value]) => `  ${name}: ${value};`)
  return `:root {\n${lines.join('\n')}\n}\n`
}

/** Our own mark in the browser's tab: a seal in the accent colour. */
export function favicon(theme: Theme): string {
  const accent = toHex(parseColour(theme.accent) ?? BLACK)
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><circle cx="16" cy="16" r="15" fill="${accent}"/><circle cx="16" cy="16" r="10.5" fill="none" stroke="#fff" stroke-width="1.5" opacity=".55"/><path d="M11 16.4l3.6 3.6 6.8-7.6" fill="none" stroke="#fff" stroke-width="2.6" stroke-linecap="round" stroke-linejoin="round"/></svg>\n`
}

function families(font: string): string {
  return font
    .split(',')
    .map((name) => `"${name.trim()}"`)
    .join(', ')
}
