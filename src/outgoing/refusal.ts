/** How a request to another server is refused, and why. */
import { Refusal } from '../base/errors.ts'

/** What was wrong, for the log: whoever caused the request is told nothing about the network behind this server. */
export type Reason =
  | 'scheme'
  | 'userinfo'
  | 'address'
  | 'redirect'
  | 'encoding'
  | 'too_large'
  | 'status'
  | 'timeout'
  | 'busy'
  | 'connection'

/** Whether places were wanting here, which says nothing about the other server, and passes as soon as somebody is done. */
export const isBusy = (thrown: unknown): thrown is Refusal => thrown instanceof Refusal && thrown.detail?.reason === 'busy'

export function no(reason: Reason, { cause, ...more }: { cause?: unknown; address?: string; status?: number } = {}): Refusal {
  const { code, message } = (cause ?? {}) as NodeJS.ErrnoException
  return new Refusal('outgoing_refused', 'Another server could not be asked, or its answer could not be used.', {
    ...(reason === 'busy' ? { status: 503, retryAfterSeconds: 3 } : { status: 502 }),
    detail: { reason, ...more, ...(reason === 'connection' && { fault: code ?? message }) },
    cause,
  })
}
