/** A person without a browser: keeps cookies, follows redirects, fills in the forms of the real pages. For `npm run try` and for tests. */

export interface Form {
  action: string
  fields: [string, string][]
}

export interface Page {
  url: URL
  status: number
  headers: Headers
  html: string
  forms: Form[]
  /** Where the last redirect led, when it led away from the visited server; then there is no page to see. */
  leftTo?: URL
}

export interface Visitor {
  open(url: string | URL): Promise<Page>
  /** Fills in the form whose action ends so. A value of `undefined` leaves its field out. */
  submit(page: Page, actionEnd: string, values: Record<string, string | string[] | undefined>): Promise<Page>
  /** One request with this visitor's cookies, no redirect followed. */
  fetch(url: string | URL, init?: RequestInit): Promise<Response>
  cookies: Map<string, { value: string; path: string; attributes: string }>
}

/**
 * @param home the server that is visited; a redirect away from it is not followed, its address is the result
 * @param ask how a request is made; it follows no redirect
 */
export function createVisitor(
  home: string,
  headers: Record<string, string> = {},
  ask: (url: URL, init: RequestInit) => Promise<Response> = fetch,
): Visitor {
  const cookies: Visitor['cookies'] = new Map()
  const origin = new URL(home).origin

  async function visit(url: string | URL, init: RequestInit = {}): Promise<Response> {
    const target = new URL(url, origin)
    const cookie = [...cookies]
      .filter(([, { path }]) => target.pathname === path || target.pathname.startsWith(path.endsWith('/') ? path : `${path}/`))
      .map(([name, { value }]) => `${name.split(' ')[0]}=${value}`)
      .join('; ')
    const response = await ask(target, {
      ...init,
      redirect: 'manual',
      headers: { accept: 'text/html', ...headers, ...(cookie && { cookie }), ...(init.headers as Record<string, string>) },
    })
    for (const line of response.headers.getSetCookie()) keep(cookies, line)
    return response
  }

  async function follow(response: Response, url: URL): Promise<Page> {
    for (let hop = 0; hop < 20; hop++) {
      const location = response.headers.get('location')
      if (response.status < 300 || response.status >= 400 || !location) break
      await response.arrayBuffer()
      url = new URL(location, url)
      if (url.origin !== origin)
        return { url, status: response.status, headers: response.headers, html: '', forms: [], leftTo: url }
      response = await visit(url)
    }
    const html = await response.text()
    return { url, status: response.status, headers: response.headers, html, forms: formsIn(html) }
  }

  return {
    cookies,
    fetch: visit,
    open: async (url) => follow(await visit(url), new URL(url, origin)),
    async submit(page, actionEnd, values) {
      const form = page.forms.find(({ action }) => action.endsWith(actionEnd))
      if (!form) throw new TypeError(`no form ${actionEnd} on ${page.url} (${page.status}): ${page.html.slice(0, 2_000)}`)
      const body = new URLSearchParams(form.fields.filter(([name]) => !Object.hasOwn(values, name)))
      for (const [name, value] of Object.entries(values))
        for (const one of [value].flat()) if (one !== undefined) body.append(name, one)
      const action = new URL(form.action, page.url)
      return follow(await visit(action, { method: 'POST', body }), action)
    },
  }
}

function keep(cookies: Visitor['cookies'], line: string): void {
  const [pair = '', ...attributes] = line.split(';').map((part) => part.trim())
  const at = pair.indexOf('=')
  const path = /path=([^;]*)/i.exec(line)?.[1] ?? '/'
  const key = `${pair.slice(0, at)} ${path}`
  const value = pair.slice(at + 1)
  if (value === '' || /expires=Thu, 01 Jan 1970/i.test(line)) cookies.delete(key)
  else cookies.set(key, { value, path, attributes: attributes.join('; ') })
}

/** What a browser would post from each form: hidden and text inputs, what is ticked and chosen. Our own pages, so their HTML is known to be plain. */
function formsIn(html: string): Form[] {
  return [...html.matchAll(/<form\b([^>]*)>([\s\S]*?)<\/form>/g)].map(([, opening = '', inside = '']) => ({
    action: attribute(opening, 'action') ?? '',
    fields: [...inside.matchAll(/<input\b([^>]*)>/g)].flatMap(([, input = '']): [string, string][] => {
      const name = attribute(input, 'name')
      const ticks = ['checkbox', 'radio'].includes(attribute(input, 'type') ?? '')
      return name && (!ticks || /\bchecked\b/.test(input)) && !/\bdisabled\b/.test(input)
        ? [[name, attribute(input, 'value') ?? '']]
        : []
    }),
  }))
}

function attribute(tag: string, name: string): string | undefined {
  const value = new RegExp(`\\b${name}="([^"]*)"`).exec(tag)?.[1]
  return value
    ?.replace(/&quot;/g, '"')
    .replace(/&#39;/g, "'")
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&amp;/g, '&')
}
