/** What the pages of a person's own account need to be told. */

interface Fault {
  code: string
  sentence: string
}

export interface AccountModel {
  account: { name: string; email: string }
  /** Whether the address is known to be the person's. */
  verified: boolean
  /** Where the address is changed; absent where no letter can be sent. */
  emailHref?: string | undefined
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

export interface AccountEmailModel {
  /** Where the form goes; fields `csrf`, `email`. */
  action: string
  csrf: string
  /** The address that the account has. */
  present: string
  /** As typed before. */
  email?: string | undefined
  error?: Fault | undefined
}

export interface EmailChangeModel {
  /** Where the form goes; field `csrf`. */
  action: string
  csrf: string
  present: string
  /** The address that takes its place. */
  email: string
}

export interface EmailUndoModel {
  /** Where the form goes; field `csrf`. */
  action: string
  csrf: string
  /** The address that the account gets back. */
  email: string
}

export interface AccountDeleteModel {
  /** Where the form goes; fields `csrf`, `sure=yes`. */
  action: string
  csrf: string
  email: string
  error?: Fault | undefined
}

export interface AccountPasswordModel {
  /** Where the form goes; fields `csrf`, `current`, `password`. */
  action: string
  csrf: string
  /** For a password manager, to know whose password it is. */
  email: string
  /** Where somebody goes who cannot say the present one; absent where no letter can be sent. */
  recoveryHref?: string | undefined
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
  accountDelete: AccountDeleteModel
  accountDeleted: Record<never, never>
  accountEmail: AccountEmailModel
  accountEmailSent: { email: string }
  emailChange: EmailChangeModel
  emailUndo: EmailUndoModel
  emailUndone: { email: string }
  accountName: AccountNameModel
  accountPassword: AccountPasswordModel
}
