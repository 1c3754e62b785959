/** What each page needs to be told. A page shows its model and nothing else: it looks nothing up and decides nothing. */

import type { AccountPageModels } from './account-pages.ts'
import type { Fault } from './form-model.ts'
import type { KeyPageModels } from './key-pages.ts'
import type { SignUpPageModels } from './sign-up-pages.ts'

/** An app as a person meets it. Name and links were chosen by a stranger; `render.ts` makes them fit to show. */
export interface AppModel {
  name: string
  /** `https`, or `http` on loopback. The page that shows it needs its origin in `img-src`: see `webOrigin`. */
  logo?: string | undefined
  /** The operator vouches for the name; otherwise it is marked as unverified. */
  verified: boolean
}

export interface SignInModel {
  /** Where the form goes; fields `csrf`, `email`, `password`. */
  action: string
  csrf: string
  /** Absent when nobody asked for this sign-in but the person. */
  client: AppModel | undefined
  /** The `login_hint` of the request; fills the field until something was typed. */
  loginHint?: string | undefined
  /** As typed before, so that a refused password costs no second typing. */
  email?: string | undefined
  error?: Fault | undefined
  /** Where "E-mail me a link" posts `csrf` and `email` to; no such button without it. */
  linkAction?: string | undefined
  /** What was done just before. */
  done?: string | undefined
  /** Where somebody goes who has forgotten the password; absent where no letter can be sent. */
  recoveryHref?: string | undefined
  /** Where somebody goes who has no account; absent where nobody signs up. */
  signUpHref?: string | undefined
  /** Where "Cancel" posts `csrf` to; no such button without it. */
  abortAction?: string | undefined
  /** What asked is another device, so that there is no app to go back to. */
  onDevice?: boolean | undefined
  /** E-mail address of the account that is signed in now and about to be left. */
  switchFrom?: string | undefined
}

export interface SignInLinkSentModel {
  /** As typed; nothing is said of whether it is anybody's. */
  email: string
  minutes: number
  backHref: string
}

export interface SignInByLinkModel {
  /** Where the form posts `csrf` to. */
  action: string
  csrf: string
  /** Whom it signs in. */
  account: { name: string; email: string }
  /** Where it was asked for, in this browser; absent when it was in another. */
  client?: AppModel | undefined
  /** Who is signed in here and will be signed out. */
  leaves?: string | undefined
}

export interface Permission {
  /** The scope. */
  name: string
  /** What the checkbox posts as `scope`. */
  value: string
  /** Name of the API that it opens; absent for what concerns the account itself. */
  api?: string | undefined
  /** What the person allows, in plain words. */
  sentence: string
  /** Marked as new. Say so only beside permissions that were granted before, or the mark tells nothing. */
  isNew: boolean
  /** Cannot be unticked, and is therefore not posted: the server adds it. `openid` is always required. */
  required: boolean
  /** What exactly is allowed, where a sentence alone does not say it. */
  fields?: { label: string; values: string[] }[] | undefined
}

export interface ConsentModel {
  /** Where the form goes; fields `csrf`, `shown`, `decision` (`allow` or `deny`), and a `scope` for each ticked permission. */
  action: string
  csrf: string
  /** Stands for the permissions on the page. */
  shown: string
  /** What can be allowed is not what the person was shown before. */
  changed: boolean
  client: AppModel & { policyUri?: string | undefined; tosUri?: string | undefined }
  account: { name: string; email: string }
  /** Where "Switch account" posts `csrf` to. */
  switchAction: string
  permissions: Permission[]
  /** The host, with its port, that the person is sent to after either answer; absent when what asked is another device. */
  redirectHost?: string | undefined
  /** The answer stays on this device, where any program may claim to be the app. */
  loopback: boolean
  /** Where the account's owner takes permissions back; without it the page names the operator. */
  withdrawHref?: string | undefined
}

export interface DeviceModel {
  /** Where the form goes; fields `xsrf`, `user_code` in whatever spelling. */
  action: string
  xsrf: string
  /** As typed before, or as the address says. */
  userCode?: string | undefined
  error?: Fault | undefined
}

export interface DeviceConfirmModel {
  /** Where the form goes; fields `xsrf`, `user_code`, and `confirm=yes` or `abort=yes`. */
  action: string
  xsrf: string
  /** As the device shows it. */
  userCode: string
  client: AppModel
  /** Where the device asked for the code. It says what it calls itself, so that is no more than a hint. */
  place: { address: string; agent?: string | undefined; sameNetwork: boolean }
}

export interface DeviceDoneModel {
  client?: { name: string } | undefined
  allowed: boolean
}

export interface SelectAccountModel {
  /** Where "Continue" posts `csrf` to. */
  action: string
  csrf: string
  client: AppModel
  /** Who is signed in here. */
  account: { name: string; email: string }
  /** Where "Use another account" and "Cancel" post `csrf` to. */
  switchAction: string
  abortAction: string
}

export interface LogoutModel {
  /** Where the form goes; fields `xsrf`, and `logout=yes` unless the person stays. */
  action: string
  xsrf: string
  client?: { name: string } | undefined
  account?: { email: string } | undefined
}

export interface StillSignedInModel {
  account?: { email: string } | undefined
}

export interface ErrorModel {
  code: string
  /** For the reader. What the operator needs to know goes to the log. */
  sentence: string
  heading?: string | undefined
  /** What to do now. */
  next?: string | undefined
  /** The button that does it. */
  way?: { href: string; label: string } | undefined
  requestId?: string | undefined
  backHref?: string | undefined
}

export interface HomeModel {
  issuer: string
  development: boolean
  /** Letters come to a page of this server. */
  hasInbox?: boolean | undefined
  /** Shown in development alone. */
  sampleClientUrl?: string | undefined
}

export interface NotFoundModel {
  requestId?: string | undefined
}

/** Letters of a server in development. */
export interface InboxModel {
  /** Newest first; `at` in seconds since the epoch. */
  letters: { id: string; at: number; to: string; subject: string }[]
}

export interface InboxLetterModel {
  at: number
  to: string
  subject: string
  text: string
  /** Where the same is as HTML, for a frame of its own. */
  frameHref: string
}

export interface PageModels extends AccountPageModels, KeyPageModels, SignUpPageModels {
  signIn: SignInModel
  signInLinkSent: SignInLinkSentModel
  signInByLink: SignInByLinkModel
  consent: ConsentModel
  device: DeviceModel
  deviceConfirm: DeviceConfirmModel
  deviceDone: DeviceDoneModel
  selectAccount: SelectAccountModel
  logout: LogoutModel
  signedOut: Record<never, never>
  stillSignedIn: StillSignedInModel
  error: ErrorModel
  home: HomeModel
  notFound: NotFoundModel
  inbox: InboxModel
  inboxLetter: InboxLetterModel
}

export type Page = keyof PageModels
