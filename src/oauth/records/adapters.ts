/** Which record of the library's lies where. */
import { type Adapter, type AdapterPayload, Provider } from 'oidc-provider'
import { endBound } from '../../tokens/bonds.ts'
import { behindRequest } from '../behind.ts'
import { sealedCookieNames } from '../cookies.ts'
import { deviceCodeAdapter } from '../device-flow.ts'
import type { ProviderParts } from '../parts.ts'
import { createRefreshTokens, type RefreshTokens } from '../refresh/tokens.ts'
import { createLivingTokens, type LivingTokens, storedAccessToken, type TokenParts } from '../tokens/living-tokens.ts'
import { artifactAdapter, lookUpOnly } from './adapter.ts'
import { grantAdapter } from './grant-adapter.ts'
import { interactionAdapter } from './interaction-adapter.ts'
import { refreshTokenLifetime, sessionLifetime } from './lifetimes.ts'
import { pushedRequestAdapter } from './pushed-requests.ts'
import { replayAdapter } from './replays.ts'
import { createRows } from './rows.ts'
import { createSealedCodes, type SealedCodes } from './sealed-codes.ts'
import { createSealedCookie } from './sealed-cookies.ts'
import { sessionAdapter } from './session-adapter.ts'
import { limitSaidUnavailable, saysUnavailable, withRefusalsSaid } from './unavailable.ts'
import { createVisits } from './visits.ts'

/** Strangers cause these, so they live where they can be lost and are bounded. */
const volatileModels = new Set(['Interaction', 'DeviceCode', 'PushedAuthorizationRequest'])

export interface Adapters {
  adapterOf(model: string): Adapter
  /** Their adapter and the library's settings about them know of one another. */
  refreshTokens: RefreshTokens
  codes: SealedCodes
  livingTokens: LivingTokens
}

export function adapters(parts: ProviderParts, tokens: TokenParts): Adapters {
  const { settings, secrets, store, audit, clients, deviceLimits, pushLimit, longRequestLimit, now } = parts
  const rows = createRows(secrets, now)
  /** Asked for each kind of record of one grant, at once: it ends once, and whoever ends it tells of that. */
  const ending = new Map<string, Promise<void>>()
  function endGrant(grant: string): Promise<void> {
    const begun = ending.get(grant) ?? end(grant).finally(() => ending.delete(grant))
    ending.set(grant, begun)
    return begun
  }
  async function end(grant: string): Promise<void> {
    if ((await endBound(store, { grant }, now())) > 0)
      await audit.record('grant.ended', { ...behindRequest(), detail: { by: Provider.ctx?.oidc?.route ?? 'page' } })
  }
  const refreshTokens = createRefreshTokens({
    store: store.artifacts,
    rows,
    endGrant,
    windowSeconds: settings.refreshTokens.windowSeconds,
    lifetime: refreshTokenLifetime(settings),
    now,
  })
  const names = sealedCookieNames(settings.development)
  const kept = (name: string) => createSealedCookie({ name, secrets, development: settings.development, now })
  const visits = createVisits(kept(names.visit), now)
  const sessions = sessionAdapter({ store: store.artifacts, visits, rows, lifetime: sessionLifetime(settings), now })
  const codes = createSealedCodes({ secrets, store: store.artifacts, rows, endGrant, now })
  const findGrant = (id: string) => adapterOf('Grant').find(id) as Promise<AdapterPayload | undefined>
  const livingTokens = { find: saysUnavailable(createLivingTokens(parts, tokens, findGrant).find) }
  const adapterOf = (model: string): Adapter => {
    if (model === 'Client') return lookUpOnly((id) => clients.find(id) as Promise<AdapterPayload | undefined>)
    if (model === 'AccessToken' || model === 'ClientCredentials')
      return lookUpOnly(async (token) => storedAccessToken(await livingTokens.find(token)))
    if (model === 'Session') return withRefusalsSaid(sessions)
    if (model === 'RefreshToken') return withRefusalsSaid(refreshTokens.adapter)
    const where = volatileModels.has(model) ? store.volatile : store.artifacts
    if (model === 'ReplayDetection') return withRefusalsSaid(replayAdapter({ store: store.volatile, rows, endGrant }))
    const plain = artifactAdapter(model, { store: where, rows, endGrant })
    if (model === 'Grant') return withRefusalsSaid(grantAdapter(plain, where, rows))
    if (model === 'DeviceCode') return withRefusalsSaid(deviceCodeAdapter(plain, { store: where, rows }, deviceLimits, now))
    if (model === 'AuthorizationCode') return withRefusalsSaid(codes.adapter(plain))
    if (model === 'Interaction') {
      const { hasSignedIn, giveUpSignIn } = sessions
      const beginRow = limitSaidUnavailable(longRequestLimit)
      const lifetime = sessionLifetime(settings)
      const cookie = kept(names.interaction)
      return withRefusalsSaid(interactionAdapter({ cookie, rows: plain, beginRow, hasSignedIn, giveUpSignIn, lifetime, now }))
    }
    if (model === 'PushedAuthorizationRequest') {
      const contents = artifactAdapter('PushedAuthorizationRequestContent', { store: where, rows, endGrant })
      return withRefusalsSaid(pushedRequestAdapter(plain, contents, pushLimit, settings.lifetimes.interactionSeconds))
    }
    return withRefusalsSaid(plain)
  }
  return { adapterOf, codes, refreshTokens: { ...refreshTokens, rotates: saysUnavailable(refreshTokens.rotates) }, livingTokens }
}
