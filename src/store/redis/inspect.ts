/** How a Redis is set, as far as it lets itself be asked. */
import { connectRedis } from '../redis.ts'

export interface RedisFacts {
  version: string
  /** 0: none. */
  maxMemoryBytes: number
  /** `noeviction` and its like. */
  evictionPolicy: string
  appendsOnly: boolean
  /** `always`, `everysec`, `no`; undefined when this user may not ask for it. */
  appendSync: string | undefined
}

/** @throws Refusal `store_unusable` when it cannot be reached */
export async function inspectRedis(url: string): Promise<RedisFacts> {
  const client = await connectRedis({ url, onError() {} })
  try {
    const facts = new Map(
      (await client.info()).split('\r\n').flatMap((line) => {
        const [, name, value] = /^(\w+):(.*)$/.exec(line) ?? []
        return name === undefined ? [] : [[name, value ?? ''] as const]
      }),
    )
    const asked = (await client.config('GET', 'appendfsync').catch(() => [])) as string[]
    return {
      version: facts.get('redis_version') ?? 'unknown',
      maxMemoryBytes: Number(facts.get('maxmemory') ?? 0),
      evictionPolicy: facts.get('maxmemory_policy') ?? 'unknown',
      appendsOnly: facts.get('aof_enabled') === '1',
      appendSync: asked[1],
    }
  } finally {
    client.disconnect()
  }
}
