/**
 * Whose turn it is to be told. Clients take turns, however much is owed to one of them. A client that took the last notice has a few places;
 * one that did not, or was not tried yet, has one, and all of those together leave some free: they may keep a place for as long as a request
 * lasts.
 */
export interface TurnLimits {
  atOnce: number
  /** Of a client that took the last notice. */
  atOncePerClient: number
  /** Of all those together that did not. */
  atOnceInDoubt: number
}

export interface Turns<T> {
  add(one: T): void
  /** @returns what is to be begun now, if anything */
  next(): T | undefined
  /** @param taken whether the client took it; nothing where it was not asked */
  done(one: T, taken?: boolean): void
}

export function createTurns<T extends { client: string }>(most: TurnLimits): Turns<T> {
  /** In the order of their turns, none of them empty. */
  const waiting = new Map<string, T[]>()
  const underWay = new Map<string, number>()
  const takers = new Set<string>()

  const countOf = (counted: (client: string) => boolean) =>
    [...underWay].reduce((sum, [client, count]) => sum + (counted(client) ? count : 0), 0)
  const inDoubt = (client: string) => !takers.has(client)

  function mayBegin(client: string): boolean {
    const count = underWay.get(client) ?? 0
    if (takers.has(client)) return count < most.atOncePerClient
    return count < 1 && countOf(inDoubt) < most.atOnceInDoubt
  }

  return {
    add(one) {
      const queue = waiting.get(one.client)
      if (queue) queue.push(one)
      else waiting.set(one.client, [one])
    },
    next() {
      if (countOf(() => true) >= most.atOnce) return undefined
      for (const [client, queue] of waiting) {
        if (!mayBegin(client)) continue
        const one = queue.shift()
        waiting.delete(client)
        if (queue.length > 0) waiting.set(client, queue)
        underWay.set(client, (underWay.get(client) ?? 0) + 1)
        return one
      }
      return undefined
    },
    done({ client }, taken) {
      const left = (underWay.get(client) ?? 0) - 1
      if (left > 0) underWay.set(client, left)
      else underWay.delete(client)
      if (taken === true) takers.add(client)
      if (taken === false) takers.delete(client)
    },
  }
}
