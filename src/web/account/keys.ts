/** The pages of a person's API keys: which there are, and the end of one. What is shown of a key opens nothing; how one is made: `new-key.ts`. */
import type Router from '@koa/router'
import type { Context } from 'koa'
import { Refusal } from '../../base/errors.ts'
import { ownPages } from '../../oauth/clients/own-client.ts'
import type { Api, Apis } from '../../permissions/apis.ts'
import type { ApiKeyRow } from '../../store/store.ts'
import type { ApiKeys } from '../../tokens/api-keys.ts'
import { show } from '../page.ts'
import { seeOther } from '../see-other.ts'
import { apisFor, keyModel } from './key-models.ts'
import { type AccountPageParts, actor } from './page.ts'
import { posting, type SignedIn, visiting } from './person.ts'

const wanted = { page: ownPages.keys, fresh: true } as const

export interface KeyPageParts extends AccountPageParts {
  apiKeys: ApiKeys
  apis: Pick<Apis, 'find'>
  declaredApis: Api[]
  /** That a person has at once. */
  mostKeys: number
}

export function keyPages(router: Router, parts: KeyPageParts): void {
  const { apiKeys, apis, declaredApis, mostKeys, pages, said } = parts

  router.get(wanted.page, async (ctx) => {
    const person = await visiting(parts, ctx, wanted)
    if (!person) return
    const keys = await apiKeys.list({ account: person.account.id })
    const whyNone = whyNoneMore(apisFor(declaredApis, person.account).length > 0, keys.length, mostKeys)
    show(pages, ctx, 'accountKeys', {
      keys: keys.map((key) => ({ ...keyModel(apis, key), madeAt: key.createdAt, href: pathOf(key) })),
      newHref: whyNone === undefined ? ownPages.newKey : undefined,
      whyNone,
      done: said.take(ctx),
    })
  })

  /** @throws Refusal `not_found` 404, whether it is somebody else's or nobody's */
  async function own({ account }: SignedIn, ctx: Context & { params: Record<string, string> }): Promise<ApiKeyRow> {
    const keys = await apiKeys.list({ account: account.id })
    const key = keys.find(({ jti }) => jti === ctx.params.jti)
    if (key) return key
    throw noSuchKey()
  }

  router.get(`${wanted.page}/:jti`, async (ctx) => {
    const person = await visiting(parts, ctx, wanted)
    if (!person) return
    const key = await own(person, ctx)
    show(pages, ctx, 'accountKeyEnd', { action: pathOf(key), csrf: person.csrf, ...keyModel(apis, key) })
  })

  router.post(`${wanted.page}/:jti`, async (ctx) => {
    const person = await posting(parts, ctx, wanted)
    if (!person) return
    const { id } = person.account
    const ended = await apiKeys.end({ account: id }, String(ctx.params.jti), 'person', actor(ctx, person.account))
    if (!ended) throw noSuchKey()
    said.say(ctx, 'keyEnded')
    seeOther(ctx, wanted.page)
  })
}

const pathOf = ({ jti }: ApiKeyRow) => `${wanted.page}/${jti}`

function whyNoneMore(isForSome: boolean, count: number, most: number): string | undefined {
  if (!isForSome) return 'There is no API here that you could make a key for.'
  return count >= most ? `You have ${count}, as many as there can be at once. End one to make another.` : undefined
}

function noSuchKey(): Refusal {
  return new Refusal('no_such_key', 'You have no such API key, or no longer.', {
    status: 404,
    next: {
      heading: 'No such key',
      sentence: 'It may have ended meanwhile.',
      way: { href: wanted.page, label: 'Your API keys' },
    },
  })
}
