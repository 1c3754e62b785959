/** What a failed command means for whoever asked. */
import { Refusal } from '../../base/errors.ts'

/** Error replies of a server that will serve again: starting, failing over, without memory or disk, held up by a script. */
const passing = /^(LOADING|READONLY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|NOREPLICAS|MISCONF|BUSY) /

/** Runs a command; what makes sense to try again becomes a Refusal. */
export async function answered<Answer>(command: Promise<Answer>): Promise<Answer> {
  try {
    return await command
  } catch (error) {
    throw faultOf(error as Error)
  }
}

function faultOf(error: Error): unknown {
  if (error.name === 'ReplyError') {
    if (error.message.startsWith('OOM ')) {
      return new Refusal('store_full', 'The server holds as much as it may. Please try again later.', {
        status: 503,
        retryAfterSeconds: 30,
        cause: error,
      })
    }
    if (!passing.test(error.message)) return error
  }
  return new Refusal('temporarily_unavailable', 'The server cannot store anything at the moment. Please try again.', {
    status: 503,
    retryAfterSeconds: 5,
    detail: { redis: error.message },
    cause: error,
  })
}
