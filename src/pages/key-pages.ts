/** What the pages of a person's API keys need to be told. Times are in seconds since the epoch. */
import type { FormModel, RefusableFormModel } from './form-model.ts'

/** A key as its owner knows it: nothing of it that would open anything. */
export interface KeyModel {
  name: string
  /** Name of the API that it is for. */
  api: string
  /** What it may do, in plain words. */
  sentences: string[]
  expiresAt: number
}

export interface AccountKeysModel {
  /** `href` leads to where it is ended. */
  keys: (KeyModel & { madeAt: number; href: string })[]
  /** Where another is made; absent where none can be. */
  newHref?: string | undefined
  /** Why none can be, where none can be. */
  whyNone?: string | undefined
  /** What was done just now. */
  done?: string | undefined
}

/**
 * Of the form: the fields `csrf`, `name`, `api`, for each tick a `scope` as its `value`, and `end`: one of `ends`, or `date` with `until`, a day.
 */
export interface AccountKeyNewModel extends RefusableFormModel {
  /** As typed before, as all that follows. */
  name: string
  /** Those that a key can be for. Of one alone no choice is shown. */
  apis: { identifier: string; name: string; isChosen: boolean; permissions: KeyPermission[] }[]
  /** In days from now. */
  ends: { days: number; isChosen: boolean }[]
  /** The day that ends it, as `2027-03-31`, between the first and the last that may be. */
  date: { isChosen: boolean; until: string; first: string; last: string }
}

export interface KeyPermission {
  value: string
  sentence: string
  isTicked: boolean
}

export interface AccountKeyMadeModel extends Omit<KeyModel, 'sentences'> {
  /** Shown this once. */
  key: string
  /** The API's address or whatever else names it. */
  audience: string
}

/** Of the form: the field `csrf`. */
export interface AccountKeyEndModel extends FormModel, KeyModel {}

/** The box of a form by which keys are ended too: the field `keys`, which is `asked` where the box is, and `end` as well where it is ticked. */
export interface EndKeysModel {
  /** At least one. */
  count: number
  isTicked: boolean
}

export interface KeyPageModels {
  accountKeys: AccountKeysModel
  accountKeyNew: AccountKeyNewModel
  accountKeyMade: AccountKeyMadeModel
  accountKeyEnd: AccountKeyEndModel
}
