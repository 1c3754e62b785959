/** What the pages of signing up need to be told. */

import type { RefusableFormModel } from './form-model.ts'

/** Of the form: the fields `csrf`, `email`, `for`, the sign-in in which it is asked, and with `all` also `name` and `password`. */
export interface SignUpModel extends RefusableFormModel {
  interaction?: string | undefined
  /** That sign-in. */
  backHref?: string | undefined
  asksFor: 'all' | 'address'
  termsUri?: string | undefined
  policyUri?: string | undefined
  /** As typed before. */
  email?: string | undefined
  name?: string | undefined
}

/** "Send it once more" posts `csrf` alone. */
export interface SignUpSentModel extends RefusableFormModel {
  /** As typed; nothing is said of whether it has an account. */
  email: string
  hours: number
  /** Whether the link asks for nothing more in this browser. */
  oneClick: boolean
  backHref?: string | undefined
  changeHref: string
}

/** The form posts `csrf`, and what is asked for: nothing, the password that was chosen, or `name` and a new `password`. */
export interface SignUpConfirmModel extends RefusableFormModel {
  email: string
  name?: string | undefined
  asksFor: 'click' | 'password' | 'person'
  /** For whoever does not know the password. */
  anewHref: string
  /** Who is signed in here and will be signed out. */
  leaves?: string | undefined
}

export interface SignUpPageModels {
  signUp: SignUpModel
  signUpSent: SignUpSentModel
  signUpConfirm: SignUpConfirmModel
}
