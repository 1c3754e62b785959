/**
 * In which sign-ins of this browser a link was asked for: there it goes on, if it is opened in the same browser. A sealed cookie of the link's page,
 * so that whoever opens a link that somebody else asked for is not led into a sign-in that is not theirs.
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
/** Tabs; a link of one that is pushed out signs in beside it. */
const most = 8

export function createAskedLinks(cookie: SealedCookie): AskedLinks {
  const read = () => (cookie.read(about)?.asked ?? []) as Asked[]
  return {
    note(asked) {
      const kept = [asked, ...read().filter(({ uid }) => uid !== asked.uid)].slice(0, most)
      cookie.keep(about, { asked: kept, exp: Math.max(...kept.map(({ exp }) => exp)) }, path)
    },
    find: (uid) => read().find((one) => one.uid === uid),
  }
}
