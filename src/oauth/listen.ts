/** Hears of the library's events, whose types know neither all of their names nor what comes with them. */
import type { KoaContextWithOIDC, Provider } from 'oidc-provider'

export type Listen<What> = (event: string, listener: (ctx: KoaContextWithOIDC, what: What) => void) => void

/** @returns `provider.on`, for events that bring a `What` beside their context */
export const listenTo = <What>(provider: Provider): Listen<What> => provider.on.bind(provider) as Listen<What>
