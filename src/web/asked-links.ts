/**
 * In which sign-in of this browser a link was asked for last: there it goes on, if it is opened in the same browser. A sealed cookie of the link's page,
 * so that whoever opens a link that somebody else asked for is not led into a sign-in that is not theirs. It is sent to that page alone, so whoever
 * asks in a second tab asks anew: the link of the first signs in as in another browser.
 */
import type { SealedCookie } from '../oauth/records/sealed-cookies.ts'
import { linkKinds } from '../tokens/links.ts'

export interface Asked {
  /** Of the interaction. */
  uid: string
  client: string
  /** When it ends, in seconds since the epoch. */
  exp: number
}

/** Within a request. */
export interface AskedLinks {
  note(asked: Asked): void
  find(uid: string): Asked | undefined
}

const { path } = linkKinds['sign-in']
const about = 'asked-links'

export function createAskedLinks(cookie: SealedCookie): AskedLinks {
  return {
    note: (asked) => void cookie.keep(about, { ...asked }, path),
    find(uid) {
      const asked = cookie.read(about) as Asked | undefined
      return asked?.uid === uid ? asked : undefined
    },
  }
}
