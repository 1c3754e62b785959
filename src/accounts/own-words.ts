/** What a stranger knows of a person without trying: their name, their address, the site. */

/** A shorter one is in many words by chance. */
const shortestWord = 3
const mostWords = 40
const longestText = 320

/** @returns in lower case: each text whole, and its pieces; the longest first */
export function wordsOf(texts: string[]): string[] {
  const whole = texts.map((text) => text.slice(0, longestText).normalize('NFKC').toLowerCase())
  const pieces = whole.flatMap((text) => [text.split('@')[0] as string, ...text.split(/[^\p{L}\p{N}]+/u)])
  const words = new Set([...whole, ...pieces].filter((word) => word.length >= shortestWord))
  return [...words].sort((one, other) => other.length - one.length).slice(0, mostWords)
}

/** So few characters beside the words are found by trying them all. */
const fewest = 5

/** Whether a password holds such words, and hardly anything else. @param words as `wordsOf` gives them */
export function isMostlyOf(password: string, words: string[]): boolean {
  const lower = password.toLowerCase()
  const rest = words.reduce((text, word) => text.replaceAll(word, ''), lower)
  return rest !== lower && [...rest].length < fewest
}
