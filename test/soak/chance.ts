/** Chance that can be had again: the same seed gives the same numbers. */
export interface Chance {
  /** From 0 up to, not including, 1. */
  next(): number
  /** A whole number, both ends included. */
  between(least: number, most: number): number
  oneOf<T>(items: readonly T[]): T | undefined
  /** At most `count` of them, each once. */
  some<T>(items: readonly T[], count: number): T[]
}

/** mulberry32 */
export function chanceOf(seed: number): Chance {
  let state = seed >>> 0
  function next(): number {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
  const between = (least: number, most: number) => least + Math.floor(next() * (most - least + 1))
  return {
    next,
    between,
    oneOf: (items) => items[between(0, items.length - 1)],
    some(items, count) {
      const left = [...items]
      const taken = []
      while (left.length > 0 && taken.length < count) taken.push(...left.splice(between(0, left.length - 1), 1))
      return taken
    },
  }
}
