/** Sessions of strangers, which their browsers keep: the secret of a form, and what the form is about. */
import type { AdapterPayload } from 'oidc-provider'
import type { Clock } from '../../base/clock.ts'
import { requestAtHand } from './request.ts'
import type { SealedCookie } from './sealed-cookies.ts'

export interface Visits {
  find(): AdapterPayload | undefined
  /** One without a form to remember is not kept. */
  keep(session: AdapterPayload): void
  end(): void
}

const visitSeconds = 3_600

/** The forms that strangers are shown: sign-out, and the code of a device. */
const formPaths = ['/session/end', '/device']
const about = 'form'

export function createVisits(cookie: SealedCookie, now: Clock): Visits {
  const formPath = () => formPaths.find((path) => `${requestAtHand().path}/`.startsWith(`${path}/`))

  function end(): void {
    const path = formPath()
    if (path && cookie.read(about)) cookie.remove(path)
  }

  return {
    find: () => (formPath() ? cookie.read(about) : undefined),
    keep(session) {
      const path = formPath()
      if (session.state && path) cookie.keep(about, { ...session, exp: now() + visitSeconds }, path)
      else end()
    },
    end,
  }
}
