/**
 * How long each part of the work took, told to whoever subscribed as soon as it is over. While nobody does, nothing is measured and nothing
 * is loaded. What a part is about is not said here, but for a few attributes of closed lists.
 */
import { channel } from 'node:diagnostics_channel'
import { systemFineClock, systemStopwatch } from './clock.ts'

export type Part = 'password.hash' | 'signature' | 'outgoing.request' | 'store.commit'

export interface Span {
  part: Part
  /** Milliseconds since the epoch, with fractions. */
  begun: number
  ended: number
  failed: boolean
}

export const spans = channel('signet.span')

/** Milliseconds of a clock that does not go back, as of the epoch. */
export const moment = (): number => origin + systemStopwatch()
const origin = systemFineClock() - systemStopwatch()

export function timed<T>(part: Part, work: () => Promise<T>): Promise<T> {
  if (!spans.hasSubscribers) return work()
  const begun = moment()
  const tell = (failed: boolean) => spans.publish({ part, begun, ended: moment(), failed } satisfies Span)
  return work().then(
    (outcome) => {
      tell(false)
      return outcome
    },
    (cause) => {
      tell(true)
      throw cause
    },
  )
}
