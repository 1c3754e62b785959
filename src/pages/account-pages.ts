/** What the pages of a person's own account need to be told. */

import type { FormModel, RefusableFormModel } from './form-model.ts'
import type { EndKeysModel } from './key-pages.ts'

export interface AccountModel {
  account: { name: string; email: string }
  /** Whether the address is known to be the person's. */
  verified: boolean
  /** Where the address is changed; absent where no letter can be sent. */
  emailHref?: string | undefined
  /** How many API keys there are; absent where there are none, and none can be. */
  keys?: { count: number; href: string } | undefined
  /** What was changed just now. */
  done?: string | undefined
}

/** Of the form: the fields `csrf`, `name`. */
export interface AccountNameModel extends RefusableFormModel {
  name: string
}

/** Of the form: the fields `csrf`, `email`. */
export interface AccountEmailModel extends RefusableFormModel {
  /** The address that the account has. */
  present: string
  /** As typed before. */
  email?: string | undefined
}

/** Of the form: the field `csrf`. */
export interface EmailChangeModel extends FormModel {
  present: string
  /** The address that takes its place. */
  email: string
}

/** Of the form: the field `csrf`. */
export interface EmailUndoModel extends FormModel {
  /** The address that the account gets back. */
  email: string
}

/** Of the form: the fields `csrf`, `sure=yes`. */
export interface AccountDeleteModel extends RefusableFormModel {
  email: string
}

/** Of the form: the fields `csrf`, `current`, `password`, and that of `keys`. */
export interface AccountPasswordModel extends RefusableFormModel {
  /** For a password manager, to know whose password it is. */
  email: string
  /** Where somebody goes who cannot say the present one; absent where no letter can be sent. */
  recoveryHref?: string | undefined
  /** Absent where there are none. */
  keys?: EndKeysModel | undefined
}

/** Of the form: the fields `csrf`, `email`, and `for`, the sign-in in which it is asked. */
export interface RecoveryModel extends RefusableFormModel {
  interaction?: string | undefined
  /** That sign-in. */
  backHref?: string | undefined
  /** As typed before. */
  email?: string | undefined
}

/** As the page before, whose form is sent once more for another letter. */
export interface RecoverySentModel extends RecoveryModel {
  email: string
}

/** Of the form: the fields `csrf`, `password`, and that of `keys`. */
export interface RecoveryPasswordModel extends RefusableFormModel {
  /** Whose password it is. */
  email: string
  /** Absent where there are none. */
  keys?: EndKeysModel | undefined
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
