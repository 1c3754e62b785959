/** What a person is called, by themselves. */
import { Refusal } from '../base/errors.ts'

const longest = 100

/** @returns the name without blanks around it, 1 to 100 characters that can be seen. @throws Refusal `invalid_name` */
export function personName(typed: string): string {
  const name = typed.normalize('NFC').replace(/\s+/gu, ' ').trim()
  if (/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u.test(name) || !/[^\p{C}\p{Z}]/u.test(name))
    throw new Refusal('invalid_name', 'Please write a name that can be read.', { status: 422 })
  if ([...name].length > longest) throw new Refusal('invalid_name', `A name has at most ${longest} characters.`, { status: 422 })
  return name
}
