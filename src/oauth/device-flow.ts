/** The device authorization grant (RFC 8628): how codes look, which pages a person meets, and what the library leaves to its adapter. */
import {
  type Adapter,
  type AdapterPayload,
  type Client,
  type Configuration,
  errors,
  type KoaContextWithOIDC,
  Provider,
} from 'oidc-provider'
import { type DeviceLimits, pollIntervalSeconds } from '../accounts/device-limits.ts'
import type { Clock } from '../base/clock.ts'
import { listenTo } from './listen.ts'
import { longestRequest } from './policy/requests.ts'
import type { ArtifactParts } from './records/adapter.ts'
import { saidByLibrary } from './refusals.ts'

/** Where a device asked for its code: its network and what it calls itself, both only as true as a request is. */
export type DevicePlace = { address: string; agent: string }

export interface DevicePages {
  /** Asks for the code. @param fault why the one before was not taken; an error of the library by its class's name */
  enter(ctx: KoaContextWithOIDC, fault?: Error): void
  confirm(ctx: KoaContextWithOIDC, client: Client, place: DevicePlace, userCode: string): void
  done(ctx: KoaContextWithOIDC): void
}

const model = 'DeviceCode'
const longestAgent = 256
/** A code that has expired is known for a while, so that device and person are told so, and not that there never was one. */
const rememberedSeconds = 300

/** A session may hold more than the library puts there; it is this browser's own. */
type DeviceState = { secret: string; userCode?: string } | undefined
const stateOf = (ctx: KoaContextWithOIDC | undefined) => ctx?.oidc.session as { state?: DeviceState } | undefined

type DeviceFlow = NonNullable<NonNullable<Configuration['features']>['deviceFlow']>

export function deviceFlow(pages: DevicePages): DeviceFlow {
  return {
    enabled: true,
    // RFC 8628 s6.1: no vowels, so no words, and nothing that looks like a digit. 34.6 bits, see `accounts/device-limits.ts`.
    charset: 'base-20',
    mask: '****-****',
    deviceInfo: (ctx): DevicePlace => ({ address: ctx.ip, agent: ctx.get('user-agent').slice(0, longestAgent) }),
    userCodeInputSource: (ctx, _form, _out, fault) => pages.enter(ctx, fault),
    userCodeConfirmSource(ctx, _form, client, place, userCode) {
      const session = stateOf(ctx)
      if (session?.state) session.state = { ...session.state, userCode: ctx.oidc.deviceCode?.userCode }
      pages.confirm(ctx, client, place as DevicePlace, userCode)
    },
    successSource: (ctx) => pages.done(ctx),
  }
}

/** RFC 8628 s3.2: the interval belongs into the answer; the library leaves it out, since it does not hold anybody to one. */
export function sayInterval(provider: Provider): void {
  listenTo<object>(provider)('device_authorization.success', (_ctx, answer) =>
    Object.assign(answer, { interval: pollIntervalSeconds }),
  )
}

/** Somebody else was quicker. The library's class of that name, which it does not export, says that somebody was there before. */
class AlreadyUsedError extends errors.InvalidRequest {
  constructor() {
    super('the code was used by somebody else at the same moment', 422)
  }
}

/** @param parts its row, which is written by compare-and-swap, so that of two people who confirm or answer a code at once one is let on */
export function deviceCodeAdapter(
  adapter: Adapter,
  { store, rows }: Pick<ArtifactParts, 'store' | 'rows'>,
  limits: DeviceLimits,
  now: Clock,
): Adapter {
  return {
    ...adapter,
    async upsert(value, payload, lifetimeSeconds) {
      if (JSON.stringify(payload.params).length > longestRequest) throw new errors.InvalidRequest('the request is too long')
      const version = stepOf(payload)
      const row = { ...rows.row(model, value, payload, (lifetimeSeconds ?? 0) + rememberedSeconds), version }
      if (version === steps.asked) {
        // Here, where the row is made, so that no way of asking for a code goes past the limit.
        if (Provider.ctx) await saidByLibrary(limits.beginRequest(Provider.ctx.ip))
        await store.put(row)
      } else if (!(await store.replace(row, stepBefore(payload)))) throw new AlreadyUsedError()
    },
    /** RFC 8628 s3.5: a device that is told to wait has to do so. Whoever is done, refused or too late is answered at once. */
    async find(value) {
      const payload = await adapter.find(value)
      if (payload && isPending(payload, now) && Provider.ctx?.oidc.route === 'token' && (await limits.polledTooSoon(value)))
        throw new errors.CustomOIDCProviderError(
          'slow_down',
          `poll every ${pollIntervalSeconds} seconds at most, and 5 seconds later from now on`,
        )
      return payload
    },
    async findByUserCode(code) {
      const ctx = Provider.ctx
      // What this browser was just asked to confirm is no guess.
      if (ctx && stateOf(ctx)?.state?.userCode !== code) await saidByLibrary(limits.beginEntry(ctx.ip))
      return adapter.findByUserCode(code)
    },
  }
}

/** How far a code has come, which is its row's version: nobody takes a step from where it no longer is. */
const steps = { asked: 0, confirmed: 1, answered: 2 }
const isAnswered = ({ accountId, error }: AdapterPayload) => Boolean(accountId || error)
const stepOf = (code: AdapterPayload) => (isAnswered(code) ? steps.answered : code.inFlight ? steps.confirmed : steps.asked)
/** Where a code was when it was read: one may be refused before it is confirmed. */
const stepBefore = (code: AdapterPayload) => (isAnswered(code) && code.inFlight ? steps.confirmed : steps.asked)

function isPending(code: AdapterPayload, now: Clock): boolean {
  return !isAnswered(code) && (code.exp ?? 0) > now()
}
