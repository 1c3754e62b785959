/** When something goes wrong: a page that says what and what to do, for whoever sits there; the whole story in this app's own output. */
import { HttpError, type Middleware } from 'koa'
import { AuthorizationResponseError, ClientError, ResponseBodyError } from 'openid-client'
import { Trouble, Unreachable } from './errors.ts'
import { troublePage } from './page.ts'

interface Told {
  status: number
  heading: string
  sentence: string
  code?: string
}

export function showTrouble(): Middleware {
  return async (ctx, next) => {
    try {
      await next()
      if (ctx.status === 404 && !ctx.body) throw new Trouble('There is no such page', 'The address may be mistyped.', 404)
    } catch (error) {
      const { status, heading, sentence, code } = tell(error)
      if (status >= 500) console.error('sample client:', error)
      if (status === 503) ctx.set('Retry-After', '2')
      ctx.status = status
      ctx.body = troublePage(heading, sentence, code)
    }
  }
}

function tell(error: unknown): Told {
  if (error instanceof Trouble) return { status: error.status, heading: error.heading, sentence: error.message }
  if (error instanceof Unreachable) {
    return { status: 503, heading: 'There is no answer', sentence: `${error.message}. Is it running? Try again in a moment.` }
  }
  // The person's own decision is no failure.
  if (error instanceof AuthorizationResponseError && error.error === 'access_denied') {
    return {
      status: 200,
      heading: 'You did not allow it',
      sentence: 'Nothing more was shared with this app. You can try again at any time.',
      code: error.error,
    }
  }
  if (error instanceof AuthorizationResponseError || error instanceof ResponseBodyError) {
    const sentence = error.error_description ?? 'It gave no reason.'
    return { status: 400, heading: 'Signet refused the request', sentence, code: error.error }
  }
  if (error instanceof ClientError && error.code === 'OAUTH_INVALID_RESPONSE') {
    const sentence = 'It does not fit the sign-in that was begun here. Please begin again.'
    return { status: 400, heading: 'This answer was not asked for', sentence }
  }
  if (error instanceof HttpError && error.expose)
    return { status: error.status, heading: 'This request was refused', sentence: error.message }
  return {
    status: 500,
    heading: 'That did not work',
    sentence: 'Something unexpected happened. The output of the sample client tells more.',
  }
}
