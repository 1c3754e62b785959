/**
 * `POST /api-keys/leaked`: whoever found an API key ends it here, without a sign-in. One key as JSON or as a form, or a list as GitHub's secret
 * scanning sends it, whose answer has the shape in which it wants to hear what was a false alarm.
 */
import { hash } from 'node:crypto'
import Router from '@koa/router'
import type { Context } from 'koa'
import type { FoundKey, LeakedKeys } from '../../accounts/leaked-keys.ts'
import { Refusal } from '../../base/errors.ts'
import type { Log } from '../../base/log.ts'
import { field, readBody, readForm } from '../form.ts'

export const leakedKeysPath = '/api-keys/leaked'

/** As much as the door lets in. */
const largestBytes = 64 * 1024
const mostKeys = 100

interface Report {
  found: FoundKey[]
  /** What the scanner calls each; undefined where a single key was sent, which is answered by itself. */
  types?: (string | undefined)[]
}

export function leakedKeyRoutes({ leakedKeys, log }: { leakedKeys: LeakedKeys; log: Log }): Router {
  const router = new Router()
  router.post(leakedKeysPath, async (ctx) => {
    const { found, types } = await reportOf(ctx)
    const verdicts = await leakedKeys.report(found, ctx.ip)
    const ended = verdicts.filter(({ status }) => status === 'ended').length
    log.info('api_keys.reported', { request: ctx.get('x-request-id'), ended, unknown: verdicts.length - ended })
    const [single] = verdicts
    ctx.body = types
      ? verdicts.map(({ status, isGenuine }, at) => ({
          token_hash: hash('sha256', (found[at] as FoundKey).key),
          ...(types[at] !== undefined && { token_type: types[at] }),
          label: isGenuine ? 'true_positive' : 'false_positive',
          status,
        }))
      : { status: single?.status }
  })
  return router
}

/** @throws Refusal `invalid_request` 415, 413, 400 */
async function reportOf(ctx: Context): Promise<Report> {
  const type = ctx.is('application/json', 'application/x-www-form-urlencoded')
  if (!type) throw new Refusal('invalid_request', 'Send the key as JSON or as a form.', { status: 415 })
  if (type !== 'application/json') return { found: [{ key: field(await readForm(ctx), 'key') }] }
  const said = parsed(await readBody(ctx, largestBytes))
  if (!Array.isArray(said)) return { found: [{ key: textOf(said, 'key') }] }
  if (said.length === 0 || said.length > mostKeys) throw new Refusal('invalid_request', `A list holds 1 to ${mostKeys} keys.`)
  return {
    found: said.map((one) => ({ key: textOf(one, 'token'), url: optional(one, 'url') })),
    types: said.map((one) => optional(one, 'type')),
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new Refusal('invalid_request', 'The body is not JSON.', { cause })
  }
}

function textOf(value: unknown, name: string): string {
  const text = optional(value, name)
  if (text === undefined) throw new Refusal('invalid_request', `Each key is the text of a member ${name}.`)
  return text
}

function optional(value: unknown, name: string): string | undefined {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
  const text = (value as Record<string, unknown>)[name]
  return typeof text === 'string' ? text : undefined
}
