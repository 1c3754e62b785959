/** What the pages of signing up need to be told. */

interface Fault {
  code: string
  sentence: string
}

export interface SignUpModel {
  /** Where the form goes; fields `csrf`, `email`, `for`, the sign-in in which it is asked, and with `all` also `name` and `password`. */
  action: string
  csrf: string
  interaction?: string | undefined
  /** That sign-in. */
  backHref?: string | undefined
  asksFor: 'all' | 'address'
  termsUri?: string | undefined
  policyUri?: string | undefined
  /** As typed before. */
  email?: string | undefined
  name?: string | undefined
  error?: Fault | undefined
}

export interface SignUpSentModel {
  /** Where "Send it once more" posts `csrf` to. */
  action: string
  csrf: string
  /** As typed; nothing is said of whether it has an account. */
  email: string
  hours: number
  /** Whether the link asks for nothing more in this browser. */
  oneClick: boolean
  backHref?: string | undefined
  changeHref: string
  error?: Fault | undefined
}

export interface SignUpConfirmModel {
  /** Where the form posts `csrf` to, and what is asked for: nothing, the password that was chosen, or `name` and a new `password`. */
  action: string
  csrf: string
  email: string
  name?: string | undefined
  asksFor: 'click' | 'password' | 'person'
  /** For whoever does not know the password. */
  anewHref: string
  /** Who is signed in here and will be signed out. */
  leaves?: string | undefined
  error?: Fault | undefined
}

export interface SignUpPageModels {
  signUp: SignUpModel
  signUpSent: SignUpSentModel
  signUpConfirm: SignUpConfirmModel
}
