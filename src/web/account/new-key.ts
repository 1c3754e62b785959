/** The page on which a person makes an API key. The key stands in the answer to its form and nowhere else: in no address, no cookie, and no page after it. */
import type Router from '@koa/router'
import type { Context } from 'koa'
import type { Limiter } from '../../accounts/limiter.ts'
import { Refusal } from '../../base/errors.ts'
import { ownPages } from '../../oauth/clients/own-client.ts'
import type { AccountKeyNewModel } from '../../pages/key-pages.ts'
import { scopeInWords } from '../../permissions/apis.ts'
import type { Account } from '../../store/store.ts'
import { keyName } from '../../tokens/asked-key.ts'
import { field } from '../form.ts'
import { inWords, refusalIn, show } from '../page.ts'
import { endModels, expiresAt, type TypedEnd, usualEnd } from './key-ends.ts'
import { apisFor, keyModel } from './key-models.ts'
import type { KeyPageParts } from './keys.ts'
import { actor } from './page.ts'
import { posting, type SignedIn, visiting } from './person.ts'

const wanted = { page: ownPages.newKey, fresh: true } as const

export interface NewKeyParts extends KeyPageParts {
  longestKeyDays: number
  /** Within `newKeysSeconds`. */
  newKeys: Limiter
}

export const newKeysSeconds = 86_400
/**
 * That a person makes within that time, or twice as many as they may have if that is more. Each leaves two sentences of revocation when it ends, for as long as it
 * would have lived, which every reader of the list keeps, and is told by a letter.
 */
const mostNewKeys = 100

/** As it stands in the form. */
interface Typed extends TypedEnd {
  name: string
  api: string
  /** API and scope, of whichever API: what was ticked before another was chosen is sent too. */
  ticks: string[]
}

export function newKeyPage(router: Router, parts: NewKeyParts): void {
  const { apiKeys, apis, declaredApis, longestKeyDays: longest, mostKeys, newKeys, pages, now } = parts

  function ask(ctx: Context, { account, csrf }: SignedIn, typed: Typed, fault?: Refusal): void {
    const open = apisFor(declaredApis, account)
    if (open.length === 0) throw noApi()
    const model = {
      ...{ action: wanted.page, csrf, name: typed.name, apis: apiModels(open, typed) },
      ...endModels(typed, { longest, now: now() }),
    }
    show(pages, ctx, 'accountKeyNew', { ...model, error: inWords(fault) }, fault)
  }

  async function make(ctx: Context, account: Account, typed: Typed) {
    const { name, api: audience, ticks } = typed
    const scopes = ticks.filter((tick) => tick.startsWith(`${audience} `)).map((tick) => tick.slice(audience.length + 1))
    // The answer that shows a key asks to be sent once more when it is loaded anew.
    const names = (await apiKeys.list({ account: account.id })).map((key) => key.name)
    if (names.includes(keyName(name))) throw nameTaken()
    const end = expiresAt(typed, { longest, now: now() })
    const taken = await newKeys.take(`new-api-keys:${account.id}`, Math.max(mostNewKeys, 2 * mostKeys))
    return apiKeys.mint({ account }, { name, audience, scopes, expiresAt: end }, actor(ctx, account)).catch(async (cause) => {
      await newKeys.giveBack(taken)
      throw cause
    })
  }

  router.get(wanted.page, async (ctx) => {
    const person = await visiting(parts, ctx, wanted)
    if (person) ask(ctx, person, { name: '', api: '', ticks: [], ...usualEnd(longest) })
  })

  router.post(wanted.page, async (ctx) => {
    const person = await posting(parts, ctx, wanted)
    if (!person) return
    const typed = typedIn(person.form)
    const made = await refusalIn(make(ctx, person.account, typed))
    if (made.fault) return ask(ctx, person, typed, made.fault)
    const { key, row } = made.value
    const { name, api, expiresAt } = keyModel(apis, row)
    show(pages, ctx, 'accountKeyMade', { name, api, expiresAt, key, audience: row.audience })
  })
}

function apiModels(open: ReturnType<typeof apisFor>, typed: Typed): AccountKeyNewModel['apis'] {
  return open.map(({ api, scopes }, at) => {
    const isChosen = typed.api === '' ? at === 0 : typed.api === api.identifier
    const permissions = scopes.map((scope) => {
      const value = `${api.identifier} ${scope}`
      return { value, sentence: scopeInWords(api, scope), isTicked: typed.ticks.includes(value) }
    })
    return { identifier: api.identifier, name: api.name, isChosen, permissions }
  })
}

function typedIn(form: URLSearchParams): Typed {
  const one = (name: string) => form.get(name) ?? ''
  return { name: one('name'), api: field(form, 'api'), ticks: form.getAll('scope'), end: one('end'), until: one('until') }
}

function nameTaken(): Refusal {
  const sentence = 'You have a key of this name. If you did not keep it when it was shown, end it and make another.'
  return new Refusal('key_name_taken', sentence, { status: 409 })
}

function noApi(): Refusal {
  return new Refusal('no_such_api', 'There is no API here that you could make a key for.', {
    status: 404,
    next: { sentence: 'Ask the operator.', way: { href: ownPages.keys, label: 'Your API keys' } },
  })
}
