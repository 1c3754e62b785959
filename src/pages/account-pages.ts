/** What the pages of a person's own account need to be told. */

interface Fault {
  code: string
  sentence: string
}

export interface AccountModel {
  account: { name: string; email: string }
  /** Whether the address is known to be the person's. */
  verified: boolean
  /** What was changed just now. */
  done?: string | undefined
}

export interface AccountNameModel {
  /** Where the form goes; fields `csrf`, `name`. */
  action: string
  csrf: string
  name: string
  error?: Fault | undefined
}

export interface AccountPasswordModel {
  /** Where the form goes; fields `csrf`, `current`, `password`. */
  action: string
  csrf: string
  /** For a password manager, to know whose password it is. */
  email: string
  error?: Fault | undefined
}

export interface RecoveryModel {
  /** Where the form goes; fields `csrf`, `email`, and `for`, the sign-in in which it is asked. */
  action: string
  csrf: string
  interaction?: string | undefined
  /** That sign-in. */
  backHref?: string | undefined
  /** As typed before. */
  email?: string | undefined
  error?: Fault | undefined
}

/** As the page before, whose form is sent once more for another letter. */
export interface RecoverySentModel extends RecoveryModel {
  email: string
}

export interface RecoveryPasswordModel {
  /** Where the form goes; fields `csrf`, `password`. */
  action: string
  csrf: string
  /** Whose password it is. */
  email: string
  error?: Fault | undefined
}

export interface AccountPageModels {
  recovery: RecoveryModel
  recoverySent: RecoverySentModel
  recoveryPassword: RecoveryPasswordModel
  account: AccountModel
  accountName: AccountNameModel
  accountPassword: AccountPasswordModel
}
