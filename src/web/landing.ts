/**
 * How a link from a letter lands. Programs that look at letters open every link in them, and browsers keep addresses in their history, so:
 *
 *     GET  /link/recovery?token=…        looks whether it is ours and not too old, and changes nothing; a cookie keeps it for a page of its own
 *     GET  /link/recovery/1b0c…          the page, which says what the link is about
 *     POST /link/recovery/1b0c…          acts, for whoever has the cookie and our form
 *
 * Each link has a page of its own: two that are open in two tabs do not meet, and what is confirmed is what the page said. The cookie is worth no
 * more than the link. Who is signed in here, and whether the link is still good for anything, is for its page to ask.
 */
import type { Context, Middleware } from 'koa'
import type { Clock } from '../base/clock.ts'
import { type NextStep, Refusal } from '../base/errors.ts'
import { digest } from '../crypto/derive.ts'
import type { Json } from '../crypto/packed-json.ts'
import { withinRequest } from '../oauth/records/request.ts'
import type { SealedCookie } from '../oauth/records/sealed-cookies.ts'
import { type LinkPurpose, type Links, linkKinds, type ReadLink } from '../tokens/links.ts'
import type { Csrf } from './csrf.ts'
import { readForm } from './form.ts'
import { refusalIn } from './page.ts'
import { seeOther } from './see-other.ts'

/** A link that is open in this browser. */
export interface Landed<T> extends ReadLink<T> {
  /** Where the page's form posts `csrf` and whatever else it has. */
  action: string
  csrf: string
  /** Forgets it here; for when it has done what it was for. */
  close(): void
}

export interface LandingPage<T extends Json> {
  purpose: LinkPurpose
  /** What whoever is refused can do: how they get another link, or do without. */
  next: NextStep
  /** @throws Refusal of the link (`link_…`), to which `next` is added as far as it has none of its own */
  show(ctx: Context, landed: Landed<T>): Promise<void> | void
  /** As `show`. */
  act(ctx: Context, landed: Landed<T>, form: URLSearchParams): Promise<void> | void
  /** The page once more, when `act` refused what was typed and the link is still good; without it that refusal is the answer. */
  again?(ctx: Context, landed: Landed<T>, form: URLSearchParams, fault: Refusal): Promise<void> | void
}

export interface LandingParts {
  links: Links
  cookie: SealedCookie
  csrf: Csrf
  now: Clock
}

/** A link that is good for weeks does not lie that long in a browser that others may use. */
const landedSeconds = 3_600

export function landing<T extends Json>({ links, cookie, csrf, now }: LandingParts, page: LandingPage<T>): Middleware {
  const { purpose } = page
  const { path } = linkKinds[purpose]
  const own = landedPath(purpose)
  const pathOf = (id: string) => `${path}/${id}`
  const about = (id: string) => `link/${purpose}/${id}`

  async function land(ctx: Context): Promise<void> {
    // A browser that fetches ahead is told to ask again when somebody follows the link.
    if (ctx.get('Sec-Purpose').includes('prefetch')) return answerNothing(ctx, 503)
    const token = given(ctx)
    const { expiresAt } = await links.read(purpose, token)
    const id = digestOf(token)
    const exp = Math.min(expiresAt, now() + landedSeconds)
    if (!cookie.keep(about(id), { token, exp }, pathOf(id))) throw new TypeError('a link that is longer than a cookie')
    seeOther(ctx, pathOf(id))
  }

  async function landed(id: string): Promise<Landed<T>> {
    const kept = cookie.read(about(id))
    if (kept === undefined) throw notOpen()
    const link = await links.read<T>(purpose, String(kept.token))
    return { ...link, action: pathOf(id), csrf: csrf.tokenFor(about(id)), close: () => cookie.remove(pathOf(id)) }
  }

  async function posted(ctx: Context, id: string): Promise<void> {
    const form = await readForm(ctx)
    csrf.check(about(id), form.get('csrf'))
    const link = await landed(id)
    const { fault } = await refusalIn(Promise.try(() => page.act(ctx, link, form)))
    if (!fault) return
    if (!page.again || isOfLink(fault)) throw fault
    await page.again(ctx, link, form, fault)
  }

  async function shown(ctx: Context, id: string): Promise<void> {
    ctx.type = 'html'
    await page.show(ctx, await landed(id))
  }

  function answerOf({ method, path: asked }: Context): ((ctx: Context) => Promise<void>) | undefined {
    const id = own.exec(asked)?.[1]
    if (asked !== path && id === undefined) return undefined
    if (method === 'HEAD') return async (ctx) => answerNothing(ctx, 200)
    if (method === 'GET') return id === undefined ? land : (ctx) => shown(ctx, id)
    return method === 'POST' && id !== undefined ? (ctx) => posted(ctx, id) : undefined
  }

  return async (ctx, next) => {
    const answer = answerOf(ctx)
    if (!answer) return next()
    await withinRequest(ctx, () => answer(ctx).catch((cause) => withNext(cause, page.next)))
  }
}

/** The pages of links of a purpose; the group is a page's own name. */
export const landedPath = (purpose: LinkPurpose): RegExp => new RegExp(`^${linkKinds[purpose].path}/([0-9a-f]{16})$`)

/** Its name is in the log's cut path and no secret: nothing leads back from it to the link. */
const digestOf = (token: string): string => Buffer.from(digest(token), 'base64url').toString('hex').slice(0, 16)

/** @throws Refusal `link_invalid` 422 */
function given({ query }: Context): string {
  if (typeof query.token === 'string') return query.token
  throw new Refusal('link_invalid', 'This link is not complete.', { status: 422 })
}

function notOpen(): Refusal {
  return new Refusal('link_not_open', 'This page belongs to a link that is not open in this browser, or no longer.', {
    status: 422,
    next: { heading: 'Please open the link again', sentence: 'Go back to the letter and open its link once more.' },
  })
}

function answerNothing(ctx: Context, status: number): void {
  ctx.status = status
  ctx.body = ''
}

/** Nothing that is typed on the page helps. */
const isOfLink = ({ code }: Refusal) => code.startsWith('link_')

/** @throws what was thrown, and a refusal of the link with what its reader can do */
function withNext(cause: unknown, next: NextStep): never {
  if (!(cause instanceof Refusal) || !isOfLink(cause)) throw cause
  const { code, message, status, detail } = cause
  throw new Refusal(code, message, { status, detail, next: { ...next, ...cause.next }, cause })
}
