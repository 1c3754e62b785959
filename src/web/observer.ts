/** What became of each request, once its connection is done with it: for a line of the log, and for whoever counts. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Middleware } from 'koa'
import type { KoaContextWithOIDC } from 'oidc-provider'
import type { Stopwatch } from '../base/clock.ts'
import { routeOf } from './route-names.ts'

export interface Answered {
  request: string
  method: string
  route: string
  /** Undefined when the connection was gone before there was an answer. */
  status: number | undefined
  milliseconds: number
  /** The whole answer was handed over. */
  complete: boolean
  /** The client that was asked about or proved itself, if the request named one that is registered. */
  client?: string | undefined
}

/** Whoever writes down, counts or traces. */
export interface Tally {
  began?(request: string, traceparent: string | undefined): void
  answered(one: Answered): void
  granted?(grantType: unknown): void
}

export interface Observer {
  observe(request: IncomingMessage, response: ServerResponse, id: string): void
  /** Stands before everything that learns of a client. */
  noteClient: Middleware
}

/** @returns nothing where nobody wants to know: then nobody looks on */
export function createObserver(tallies: Tally[], elapsed: Stopwatch): Observer | undefined {
  if (tallies.length === 0) return undefined
  const clients = new WeakMap<IncomingMessage, string>()
  return {
    observe(request, response, id) {
      const begun = elapsed()
      const { method = '', url = '' } = request
      for (const one of tallies) one.began?.(id, request.headers.traceparent as string | undefined)
      response.once('close', () => {
        const answered: Answered = {
          request: id,
          method,
          route: routeOf(url),
          status: response.headersSent ? response.statusCode : undefined,
          milliseconds: Math.round(10 * (elapsed() - begun)) / 10,
          complete: response.writableFinished,
          client: clients.get(request),
        }
        for (const one of tallies) one.answered(answered)
      })
    },
    async noteClient(ctx, next) {
      try {
        await next()
      } finally {
        const id = (ctx as Partial<KoaContextWithOIDC>).oidc?.entities.Client?.clientId
        if (id !== undefined) clients.set(ctx.req, id)
      }
    },
  }
}
