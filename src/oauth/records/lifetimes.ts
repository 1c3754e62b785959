/** From settings to ends: sessions and families of refresh tokens. */
import type { Settings } from '../../settings/load.ts'

/** How long something lives on that is kept alive by use, up to an end that no use moves. */
export interface Lifetime {
  /** Without being used. */
  idleSeconds: number
  /** However much it is used. */
  absoluteSeconds: number
}

export const sessionLifetime = ({ lifetimes }: Pick<Settings, 'lifetimes'>): Lifetime => ({
  idleSeconds: lifetimes.sessionIdleSeconds,
  absoluteSeconds: lifetimes.sessionSeconds,
})

export const refreshTokenLifetime = ({ lifetimes }: Pick<Settings, 'lifetimes'>): Lifetime => ({
  idleSeconds: lifetimes.refreshTokenIdleSeconds,
  absoluteSeconds: lifetimes.refreshTokenSeconds,
})

/** @param began when the absolute lifetime began @returns seconds from now, at least one: the library takes no less */
export function remainingSeconds({ idleSeconds, absoluteSeconds }: Lifetime, began: number, now: number): number {
  return Math.max(1, Math.min(idleSeconds, began + absoluteSeconds - now))
}

/** Asked of what is stored, since it may have been stored under longer lifetimes than are set now. */
export function isPastItsEnd({ absoluteSeconds }: Lifetime, began: number, now: number): boolean {
  return began + absoluteSeconds <= now
}
