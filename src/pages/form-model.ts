/** What pages with a form need to be told of it. */

/** What was wrong with a form as it was sent. */
export interface Fault {
  code: string
  sentence: string
}

export interface FormModel {
  /** Where the form goes. */
  action: string
  /** Its field of that name. */
  csrf: string
}

/** Of a form that can be refused, and is then shown again. */
export interface RefusableFormModel extends FormModel {
  error?: Fault | undefined
}
