/**
 * Whose turn it is to be told. Creditors take turns, however much is owed to one of them. One that took what it was told last has a few places;
 * one that did not, or was not tried yet, has one, and all of those together leave some free: they may keep a place for as long as a request
 * lasts.
 */
export interface TurnLimits {
  atOnce: number
  /** Of one that took what it was told last. */
  atOncePerCreditor: number
  /** Of all those together that did not. */
  atOnceInDoubt: number
}

export interface Turns<T> {
  add(one: T): void
  /** @returns what is to be begun now, if anything */
  next(): T | undefined
  /** @param taken whether it was taken; nothing where the creditor was not asked */
  done(one: T, taken?: boolean): void
}

export function createTurns<T>(most: TurnLimits, creditorOf: (one: T) => string): Turns<T> {
  /** In the order of their turns, none of them empty. */
  const waiting = new Map<string, T[]>()
  const underWay = new Map<string, number>()
  const takers = new Set<string>()

  const countOf = (counted: (creditor: string) => boolean) =>
    [...underWay].reduce((sum, [creditor, count]) => sum + (counted(creditor) ? count : 0), 0)
  const inDoubt = (creditor: string) => !takers.has(creditor)

  function mayBegin(creditor: string): boolean {
    const count = underWay.get(creditor) ?? 0
    if (takers.has(creditor)) return count < most.atOncePerCreditor
    return count < 1 && countOf(inDoubt) < most.atOnceInDoubt
  }

  return {
    add(one) {
      const creditor = creditorOf(one)
      const queue = waiting.get(creditor)
      if (queue) queue.push(one)
      else waiting.set(creditor, [one])
    },
    next() {
      if (countOf(() => true) >= most.atOnce) return undefined
      for (const [creditor, queue] of waiting) {
        if (!mayBegin(creditor)) continue
        const one = queue.shift()
        waiting.delete(creditor)
        if (queue.length > 0) waiting.set(creditor, queue)
        underWay.set(creditor, (underWay.get(creditor) ?? 0) + 1)
        return one
      }
      return undefined
    },
    done(one, taken) {
      const creditor = creditorOf(one)
      const left = (underWay.get(creditor) ?? 0) - 1
      if (left > 0) underWay.set(creditor, left)
      else underWay.delete(creditor)
      if (taken === true) takers.add(creditor)
      if (taken === false) takers.delete(creditor)
    },
  }
}
