/** (page, model) -> HTML. */
import { createHash } from 'node:crypto'
import { initialOf, linkTo, oneLine, webUrl } from './outside.ts'
import type { Page, PageModels } from './pages.ts'
import { checkTheme, favicon, type Theme, themeStylesheet } from './theme.ts'
import { openViews } from './views.ts'
import { utcTime } from './when.ts'

const templateOf: Record<Page, string> = {
  signIn: 'sign-in',
  signInLinkSent: 'sign-in-link-sent',
  signInByLink: 'sign-in-by-link',
  signUp: 'sign-up',
  signUpSent: 'sign-up-sent',
  signUpConfirm: 'sign-up-confirm',
  consent: 'consent',
  device: 'device',
  deviceConfirm: 'device-confirm',
  deviceDone: 'device-done',
  selectAccount: 'select-account',
  logout: 'logout',
  signedOut: 'signed-out',
  stillSignedIn: 'still-signed-in',
  error: 'error',
  recovery: 'recovery',
  recoverySent: 'recovery-sent',
  recoveryPassword: 'recovery-password',
  account: 'account',
  accountName: 'account-name',
  accountDelete: 'account-delete',
  accountDeleted: 'account-deleted',
  accountEmail: 'account-email',
  accountEmailSent: 'account-email-sent',
  emailChange: 'email-change',
  emailUndo: 'email-undo',
  emailUndone: 'email-undone',
  accountPassword: 'account-password',
  accountKeys: 'account-keys',
  accountKeyNew: 'account-key-new',
  accountKeyMade: 'account-key-made',
  accountKeyEnd: 'account-key-end',
  home: 'home',
  notFound: 'not-found',
  inbox: 'inbox',
  inboxLetter: 'inbox-letter',
}
const partials = ['layout', 'app', 'end-keys']

export interface Asset {
  body: string
  /** For `Content-Type`. */
  type: string
  /** Strong, quoted, for `ETag`. */
  etag: string
}

export interface Pages {
  /** @returns a whole document. It asks for nothing but `assets`, and for the logos of its model. */
  render<P extends Page>(page: P, model: PageModels[P]): string
  /** By path. Pages link them as `<path>?v=…`, which changes with the content: such an answer may be cached for ever. */
  readonly assets: ReadonlyMap<string, Asset>
}

export interface PagesParts {
  /** Holds the templates, `style.css` and `app.js`. */
  viewsFolder: string
  theme: Theme
  /** Said where a password is chosen, and NOT checked here. */
  shortestPassword: number
}

/**
 * @throws TypeError on a theme that is no theme, EtaParseError on a template that does not compile
 */
export function createPages({ viewsFolder, theme, shortestPassword }: PagesParts): Pages {
  checkTheme(theme)
  const views = openViews(viewsFolder)
  const { read } = views
  const assets = new Map([
    ['/assets/style.css', asset('text/css; charset=utf-8', read('style.css'))],
    ['/assets/theme.css', asset('text/css; charset=utf-8', themeStylesheet(theme))],
    ['/assets/app.js', asset('text/javascript; charset=utf-8', read('app.js'))],
    ['/assets/favicon.svg', asset('image/svg+xml', favicon(theme))],
    // Browsers ask for it beside whatever is no page of ours: a JSON document, the library's own forms.
    ['/favicon.ico', asset('image/svg+xml', favicon(theme))],
  ])
  for (const name of [...partials, ...Object.values(templateOf)]) views.add(name, read(`${name}.eta`))
  // Beside the model, never within reach of its members: no model can stand in for what makes it fit to show.
  const show = {
    appName: (name: string) => oneLine(name, 'Unnamed app'),
    name: (name: string) => oneLine(name, 'Unnamed'),
    // RFC 5321 s4.5.3.1.3: an address has at most 254 characters, and half an address names nobody.
    email: (address: string) => oneLine(address, 'Unnamed', 254),
    initial: initialOf,
    when: utcTime,
    webUrl,
    link: linkTo,
    asset: (path: string) => `${path}?v=${assets.get(path)?.etag.slice(1, 13)}`,
  }
  const site = { title: theme.title, logo: linkTo(theme.logo), shortestPassword }
  return { assets, render: (page, model) => views.render(templateOf[page], { ...model, show, site }) }
}

function asset(type: string, body: string): Asset {
  return { body, type, etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"` }
}
