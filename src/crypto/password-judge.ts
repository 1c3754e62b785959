/**
 * How many guesses a password takes somebody who tries what people choose first: common passwords, words, names of its person, rows of the
 * keyboard, dates, repetitions (zxcvbn). The only file that loads the dictionaries, 30 MB of memory; the worker loads it when the first password is chosen.
 */
import { ZxcvbnFactory } from '@zxcvbn-ts/core'
import { adjacencyGraphs, dictionary } from '@zxcvbn-ts/language-common'

export interface Strength {
  guesses: number
  /** What makes it so weak: its person's own words, a word of a list, or a pattern. */
  because: 'own' | 'common' | 'pattern'
}

/** What one judgement looks at. It takes 35 ms at worst for 64 characters, 50 ms for 100, 900 ms for 256 (measured, with a hash of 8 ms). */
const longestPart = 64

const judge = new ZxcvbnFactory({ dictionary, graphs: adjacencyGraphs, maxLength: longestPart })

/**
 * Of the first and of the last 64 characters, the stronger: a long password is weak when both its ends are.
 * @param words of its person and the site, in lower case
 */
export function strengthOf(password: string, words: string[], weakBelow: number): Strength {
  const first = strengthOfPart(password.slice(0, longestPart), words)
  if (first.guesses >= weakBelow || password.length <= longestPart) return first
  const last = strengthOfPart(password.slice(-longestPart), words)
  return last.guesses > first.guesses ? last : first
}

function strengthOfPart(part: string, words: string[]): Strength {
  const { guesses, sequence } = judge.check(part, words)
  const lists = sequence.map(({ dictionaryName }) => dictionaryName as string | undefined)
  return { guesses, because: lists.includes('userInputs') ? 'own' : lists.some(Boolean) ? 'common' : 'pattern' }
}
