/** Whole numbers in the digits that Django writes its times in: `0-9`, `A-Z`, `a-z`, the greatest first. */

const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** Eight digits are less than 2^53, and as seconds the year 6.9 million. No leading zeros: one spelling for each number. */
const canonical = /^(?:0|[1-9A-Za-z][0-9A-Za-z]{0,7})$/

/** @param number whole, from 0 to 62^8 - 1 */
export function toBase62(number: number): string {
  if (!Number.isInteger(number) || number < 0 || number >= 62 ** 8) throw new TypeError(`${number} is not from 0 to 62^8 - 1`)
  let text = ''
  for (let rest = number; rest > 0; rest = Math.floor(rest / 62)) text = digits[rest % 62] + text
  return text || '0'
}

/** @returns undefined for what is no number, or is not written as `toBase62` would */
export function fromBase62(text: string): number | undefined {
  if (!canonical.test(text)) return undefined
  return [...text].reduce((number, digit) => number * 62 + digits.indexOf(digit), 0)
}
