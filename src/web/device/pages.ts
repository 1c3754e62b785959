/** The pages on which a person enters the code of another device (RFC 8628 s3.3), filled in for the protocol library. */
import type { Client, KoaContextWithOIDC } from 'oidc-provider'
import { networkOf } from '../../accounts/networks.ts'
import { Refusal } from '../../base/errors.ts'
import type { Log } from '../../base/log.ts'
import type { OurClient } from '../../oauth/clients/our-client.ts'
import type { DevicePages } from '../../oauth/device-flow.ts'
import type { Fault as FormFault } from '../../pages/form-model.ts'
import type { Refusals } from '../../pages/refusals.ts'
import type { Pages } from '../../pages/render.ts'
import type { Headers } from '../headers.ts'
import { appOf } from '../interaction/step.ts'
import { sayNo } from '../say-no.ts'
import { givenCode } from './gate.ts'

const action = '/device'

/** Why a code was not taken, by the name of the library's class, which it does not export; the last is ours as well. */
const sentences: Record<string, string> = {
  NoCodeError: 'Enter the code that your device shows.',
  NotFoundError: 'There is no such code. Compare it with the one on your device: it may show a newer one by now.',
  ExpiredError: 'This code has expired. Start again on your device to get a new one.',
  AlreadyUsedError: 'This code was used before. Start again on your device to get a new one.',
}

interface Fault extends Error {
  error?: string
  error_description?: string
  retryAfterSeconds?: number
}

export interface DevicePageParts {
  pages: Pages
  refusals: Refusals
  headers: Headers
  log: Log
}

export function devicePages({ pages, refusals, headers, log }: DevicePageParts): DevicePages {
  function enter(ctx: KoaContextWithOIDC, fault?: Fault): void {
    const { user_code: typed, xsrf: posted } = (ctx.oidc.params ?? {}) as { user_code?: string; xsrf?: string }
    const { name = '', error: code = name, error_description: description, retryAfterSeconds } = fault ?? {}
    const sentence = sentences[name] ?? (code === 'too_many_attempts' ? description : undefined)
    if (!fault) {
      ask(ctx, secretOf(ctx), givenCode(ctx))
      return
    }
    keepSecret(ctx)
    log.info('device_code.refused', { request: ctx.get('x-request-id'), network: networkOf(ctx.ip), reason: code })
    if (retryAfterSeconds) ctx.set('Retry-After', String(retryAfterSeconds))
    if (name === 'AbortedError') finished(ctx, false)
    else if (sentence === undefined || posted === undefined) refuse(ctx, fault, sentence)
    else {
      if (ctx.status === 200) ctx.status = 422
      ask(ctx, posted, typed, { code, sentence })
    }
  }

  function ask(ctx: KoaContextWithOIDC, xsrf: string, userCode?: string, error?: FormFault): void {
    ctx.type = 'html'
    ctx.body = pages.render('device', { action, xsrf, userCode, error })
  }

  /** What cannot be helped on the page itself; from there the person may begin again. */
  function refuse(ctx: KoaContextWithOIDC, { error = 'server_error', error_description }: Fault, sentence?: string): void {
    if (ctx.status === 200) ctx.status = 400
    const no = sentence
      ? new Refusal('invalid_request', sentence, { status: ctx.status })
      : { error, error_description, status: ctx.status }
    sayNo(ctx, refusals, no, { as: 'html', backHref: action })
  }

  function finished(ctx: KoaContextWithOIDC, allowed: boolean): void {
    const { client } = ctx.oidc
    ctx.type = 'html'
    ctx.body = pages.render('deviceDone', { allowed, client: client && { name: client.clientName ?? client.clientId } })
  }

  return {
    enter,
    confirm(ctx, client: Client, { address, agent }, userCode) {
      ctx.type = 'html'
      ctx.set('Content-Security-Policy', headers.policyShowing(client.logoUri, { leadsOut: false }))
      const place = {
        address: address.replace(/^::ffff:/i, ''),
        agent: agent || undefined,
        sameNetwork: networkOf(address) === networkOf(ctx.ip),
      }
      ctx.body = pages.render('deviceConfirm', {
        action,
        xsrf: secretOf(ctx),
        userCode,
        client: appOf(client as OurClient),
        place,
      })
    },
    done: (ctx) => finished(ctx, true),
  }
}

/**
 * For the page of a fault the library makes a new secret, and would save the session a second time for it. The one that was posted is still
 * good, in other tabs too, so the session stays as it was saved.
 */
function keepSecret(ctx: KoaContextWithOIDC): void {
  Object.assign(ctx.oidc.session ?? {}, { touched: false })
}

const secretOf = (ctx: KoaContextWithOIDC) => String((ctx.oidc.session as unknown as { state: { secret: string } }).state.secret)
