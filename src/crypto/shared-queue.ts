/** A bounded queue with shares: each kind of customer has its own bound and its own turns, and none can take another's. */

export interface ShareBound {
  /** How many may wait. */
  limit: number
  /** How many are served in a row while others wait too. */
  turns: number
}

export interface SharedQueue<Share extends string, Item> {
  hasRoom(share: Share): boolean
  /** @throws TypeError where there is no room; whoever adds has asked */
  add(share: Share, item: Item): void
  /** Those of one share in the order in which they came; the shares by turns, and a share in which nobody waits gives its turns away. */
  take(): Item | undefined
  /** Takes all. */
  clear(): Item[]
  readonly size: number
}

export function createSharedQueue<Share extends string, Item>(bounds: Record<Share, ShareBound>): SharedQueue<Share, Item> {
  const shares = (Object.entries(bounds) as [Share, ShareBound][]).map(([name, bound]) => ({
    name,
    ...bound,
    items: [] as Item[],
  }))
  let at = 0
  let left = shares[0]?.turns ?? 0

  const shareOf = (name: Share) => shares.find((share) => share.name === name) as (typeof shares)[number]
  const hasRoom = (name: Share) => shareOf(name).items.length < shareOf(name).limit

  return {
    hasRoom,
    add(name, item) {
      if (!hasRoom(name)) throw new TypeError(`no room for ${name}`)
      shareOf(name).items.push(item)
    },
    take() {
      for (let passed = 0; passed <= shares.length; passed++) {
        const share = shares[at]
        if (share && left > 0 && share.items.length > 0) {
          left--
          return share.items.shift()
        }
        at = (at + 1) % shares.length
        left = shares[at]?.turns ?? 0
      }
      return undefined
    },
    clear: () => shares.flatMap(({ items }) => items.splice(0)),
    get size() {
      return shares.reduce((sum, { items }) => sum + items.length, 0)
    },
  }
}
