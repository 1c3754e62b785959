/**
 * Makes the answers of a server that stops the last of their connections. Node refuses new connections then, but goes on with those that
 * are kept alive: a busy proxy would send requests until it is cut off in the middle of one.
 */
import type { ServerResponse } from 'node:http'
import type { Handler } from '../web/door.ts'

export interface LastAnswers {
  handler: Handler
  /** From now on each answer ends its connection, those that are under way too. */
  begin(): void
}

export function lastAnswers(next: Handler): LastAnswers {
  const underWay = new Set<ServerResponse>()
  let begun = false
  return {
    handler(request, response) {
      if (begun) response.shouldKeepAlive = false
      underWay.add(response)
      response.once('close', () => underWay.delete(response))
      next(request, response)
    },
    begin() {
      begun = true
      for (const response of underWay) response.shouldKeepAlive = false
    },
  }
}
