/**
 * Text and links that strangers chose (a client's name, its logo, its policy), made fit to stand on a page that people trust.
 * Escaping is the template's business; this is about what stays misleading once it is escaped.
 */

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/

/** @returns the URL in its canonical form if a browser may be sent there from our pages: `https`, or `http` on loopback; no credentials. */
export function webUrl(value: string | undefined): string | undefined {
  const url = value === undefined ? null : URL.parse(value)
  if (!url || url.username || url.password) return undefined
  if (url.protocol === 'https:') return url.href
  return url.protocol === 'http:' && LOOPBACK.test(url.hostname) ? url.href : undefined
}

/** @returns the origin of a `webUrl`, for the policy of the page that shows a picture from there. */
export function webOrigin(value: string | undefined): string | undefined {
  const url = webUrl(value)
  return url === undefined ? undefined : new URL(url).origin
}

/** @returns a path on our own host, or a `webUrl`. A path that starts with two slashes, or hides them, leads to another host. */
export function linkTo(value: string | undefined): string | undefined {
  return value !== undefined && /^\/(?![/\\])[^\s\\]*$/.test(value) ? value : webUrl(value)
}

const LONGEST_NAME = 64

/**
 * One line of visible text. Control, direction and zero-width characters go, since they let a name read backwards or look like another's;
 * what is longer than a name is cut, since it would push the question off the screen.
 * @param fallback stands in when nothing visible is left
 */
export function oneLine(value: string, fallback: string, longest = LONGEST_NAME): string {
  const visible = value
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, ' ')
    .replace(/[\p{Cf}\p{Cs}\p{Co}\p{Cn}]/gu, '')
    .replace(/\s+/g, ' ')
    .trim()
  if (visible === '') return fallback
  const letters = Array.from(new Intl.Segmenter('en').segment(visible), ({ segment }) => segment)
  return letters.length > longest ? `${letters.slice(0, longest).join('')}…` : visible
}

/** The letter that stands for an app without a logo. */
export function initialOf(name: string): string {
  return (name.match(/[\p{L}\p{N}]/u)?.[0] ?? '?').toUpperCase()
}
