/** The words that an object of options may have. TypeScript knows them; in JavaScript one that is misspelt would be an option that nobody set. */

type Words<T> = Readonly<Record<keyof T, true>>

/** @throws TypeError naming the first word that is none of `T` */
export function onlyWordsOf<T extends object>(given: T, words: Words<Required<T>>, what: string): void {
  const unknown = Object.keys(given).find((word) => !Object.hasOwn(words, word))
  if (unknown === undefined) return
  throw new TypeError(`${what} has no ${JSON.stringify(unknown)}: ${Object.keys(words).join(', ')}`)
}
