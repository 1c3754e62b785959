/** Authorization details (RFC 9396): what one of a declared type may hold, when two are the same, and what a person is shown of it. */
import type { DetailTypeSettings } from '../settings/authorization-details.ts'

export type Detail = { type: string } & Record<string, unknown>
export type DetailType = DetailTypeSettings
type Field = DetailType['fields'][string]

/** A value is shown whole, so it is refused where it could not be. */
const longestText = 200
const longestList = 50

/**
 * Whatever is not declared is a fault: nobody would have been shown it.
 * @returns what is wrong with the detail in the words of its type, or undefined; nothing that was sent, which may be any text (RFC 6749 s5.2)
 */
export function detailFault({ fields }: DetailType, detail: Detail): string | undefined {
  if (Object.keys(detail).some((name) => name !== 'type' && !Object.hasOwn(fields, name)))
    return 'it has a member that its type has not'
  for (const [name, field] of Object.entries(fields)) {
    const given = Object.hasOwn(detail, name)
    if (!given && field.required) return `${name} is missing`
    if (given && !holds(field, detail[name])) return `${name} is not what its type allows`
  }
  return undefined
}

function holds({ type, values }: Field, value: unknown): boolean {
  const allowed = (one: unknown) => values === undefined || values.includes(one as string)
  if (type === 'boolean') return typeof value === 'boolean'
  if (type === 'number') return Number.isFinite(value) && Math.abs(value as number) < 1e15 && allowed(value)
  if (type === 'string') return isShowable(value) && allowed(value)
  const isList = Array.isArray(value) && value.length > 0 && value.length <= longestList
  return isList && value.every((one) => isShowable(one) && allowed(one))
}

/** What turns others around, is not there or looks like a space (U+2800 BRAILLE PATTERN BLANK), and spaces that a page shows as fewer. */
const misleading = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]|(?! )\p{Zs}|^ | $| {2}/u

/** One line of visible text: the person has to see all that the API reads. */
function isShowable(value: unknown): boolean {
  return typeof value === 'string' && value !== '' && value.length <= longestText && !misleading.test(value)
}

/** The same to the letter, whatever the order of the members: another amount is another detail. */
export function sameDetail(one: Detail, other: Detail): boolean {
  return canonical(one) === canonical(other)
}

const canonical = (detail: Detail) => JSON.stringify(Object.entries(detail).sort(([a], [b]) => (a < b ? -1 : 1)))

export interface ShownField {
  label: string
  values: string[]
}

/** In the order of the declaration, so that the same type always reads the same. */
export function shownFields({ fields }: DetailType, detail: Detail): ShownField[] {
  return Object.entries(fields)
    .filter(([name]) => Object.hasOwn(detail, name))
    .map(([name, { label }]) => ({ label, values: [detail[name]].flat().map(inWords) }))
}

const inWords = (value: unknown): string => (typeof value === 'boolean' ? (value ? 'yes' : 'no') : String(value))

/** @param roles of the person; undefined for a machine, whose registration is the whole of its permission */
export const mayGrant = ({ roles: needed }: DetailType, roles: string[] | undefined): boolean =>
  !roles || !needed || needed.some((role) => roles.includes(role))
