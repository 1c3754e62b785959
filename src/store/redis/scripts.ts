/**
 * What must happen at once in Redis, as Lua scripts. A row is a hash under its own key; beside it stand sorted sets, one for each way by
 * which it is found or ended, with the row's key as member and its expiry as score. The row itself lists its sets in `links`, one a line,
 * so that taking it out needs no knowledge of their names; none holds a line break, for they are digests or printable (RFC 6749 A.1).
 * Whether a row lives is decided by the time handed in; Redis' own clock only clears away.
 *
 * ARGV[1] is the time, always. HMGET is not used: what it does not find is not false in ioredis-mock.
 */
import type { Redis } from 'ioredis'

const shared = `
  local now = tonumber(ARGV[1])

  local function living(row)
    local expires = redis.call('HGET', row, 'expiresAt')
    return expires and tonumber(expires) > now
  end

  local function each(links)
    return string.gmatch(links or '', '[^\\n]+')
  end

  local function drop(row)
    for set in each(redis.call('HGET', row, 'links')) do redis.call('ZREM', set, row) end
    redis.call('DEL', row)
  end
`

/** KEYS: the row. ARGV: now, expiry, what it may be put over (`PutOver`), its sets, then field and value by turns. @returns 1 when written */
const put = `${shared}
  local row, expires = KEYS[1], tonumber(ARGV[2])
  local lives = living(row)
  if ARGV[3] == 'none' then
    if lives then return 0 end
  elseif ARGV[3] ~= 'any' then
    if not lives or (redis.call('HGET', row, 'version') or '0') ~= ARGV[3] then return 0 end
  end
  if expires <= now then
    drop(row)
    return 1
  end

  -- A full Redis refuses the first write of a script and no later one. So this one takes room: nothing is taken apart before it passes.
  redis.call('HSET', row, 'expiresAt', ARGV[2])
  local consumed = lives and redis.call('HGET', row, 'consumedAt')
  drop(row)
  redis.call('HSET', row, 'links', ARGV[4], unpack(ARGV, 5))
  if consumed then redis.call('HSET', row, 'consumedAt', consumed) end
  local lifetime = (expires - now) * 1000
  redis.call('PEXPIRE', row, lifetime)
  for set in each(ARGV[4]) do
    -- Members that expired leave with the next that comes; a set lives as long as its longest member.
    redis.call('ZREMRANGEBYSCORE', set, '-inf', ARGV[1])
    redis.call('ZADD', set, ARGV[2], row)
    if redis.call('PTTL', set) < lifetime then redis.call('PEXPIRE', set, lifetime) end
  end
  return 1
`

/** KEYS: the row. The test for life comes first: a write to a key that has just expired would bring it back without an end. */
const consume = `${shared}
  if not living(KEYS[1]) then return 0 end
  return redis.call('HSETNX', KEYS[1], 'consumedAt', ARGV[1])
`

/** KEYS: the row. ARGV: now, the payload that was read, the payload that takes its place. @returns 1 when it was still there */
const reseal = `${shared}
  if not living(KEYS[1]) or redis.call('HGET', KEYS[1], 'payload') ~= ARGV[2] then return 0 end
  redis.call('HSET', KEYS[1], 'payload', ARGV[3])
  return 1
`

/** KEYS: the row. */
const remove = `${shared}
  drop(KEYS[1])
  return 1
`

/** KEYS: a set. @returns the fields of its living row that expires last */
const findIn = `${shared}
  for _, row in ipairs(redis.call('ZREVRANGEBYSCORE', KEYS[1], '+inf', '(' .. ARGV[1])) do
    if living(row) then return redis.call('HGETALL', row) end
  end
  return {}
`

/** KEYS: a set. ARGV: now, at most so many. @returns how many members were taken, and how many of these lived */
const removeIn = `${shared}
  local rows = redis.call('ZREVRANGE', KEYS[1], 0, tonumber(ARGV[2]) - 1)
  local lived = 0
  for _, row in ipairs(rows) do
    if living(row) then lived = lived + 1 end
    drop(row)
    redis.call('ZREM', KEYS[1], row)
  end
  return {#rows, lived}
`

/** KEYS: the counter. ARGV: now, the end of a window that opens now. @returns count and end */
const hit = `${shared}
  if living(KEYS[1]) then
    return {redis.call('HINCRBY', KEYS[1], 'count', 1), redis.call('HGET', KEYS[1], 'expiresAt')}
  end
  redis.call('HSET', KEYS[1], 'count', '1', 'expiresAt', ARGV[2])
  redis.call('PEXPIRE', KEYS[1], (tonumber(ARGV[2]) - now) * 1000)
  return {1, ARGV[2]}
`

/** KEYS: the counter. ARGV: now, the end of the window whose hit is taken back. @returns 1 when there was one */
const takeBack = `${shared}
  if not living(KEYS[1]) or redis.call('HGET', KEYS[1], 'expiresAt') ~= ARGV[2] then return 0 end
  if tonumber(redis.call('HGET', KEYS[1], 'count')) < 1 then return 0 end
  redis.call('HINCRBY', KEYS[1], 'count', -1)
  return 1
`

/** `any`: whatever is there or not; `none`: no living row; a number: a living row of that version. */
export type PutOver = 'any' | 'none' | number

/** A client that knows the scripts; the first argument of each is its key. */
export interface ScriptedRedis extends Redis {
  signetPut(
    row: string,
    now: number,
    expiresAt: number,
    over: PutOver,
    links: string,
    ...fields: (string | number)[]
  ): Promise<number>
  signetConsume(row: string, now: number): Promise<number>
  signetReseal(row: string, now: number, read: string, payload: string): Promise<number>
  signetRemove(row: string, now: number): Promise<number>
  signetFindIn(set: string, now: number): Promise<string[]>
  signetRemoveIn(set: string, now: number, atMost: number): Promise<[taken: number, lived: number]>
  signetHit(counter: string, now: number, endsAt: number): Promise<[count: number, endsAt: string]>
  signetTakeBack(counter: string, now: number, endsAt: number): Promise<number>
}

export function withScripts(client: Redis): ScriptedRedis {
  client.defineCommand('signetPut', { lua: put, numberOfKeys: 1 })
  client.defineCommand('signetConsume', { lua: consume, numberOfKeys: 1 })
  client.defineCommand('signetReseal', { lua: reseal, numberOfKeys: 1 })
  client.defineCommand('signetRemove', { lua: remove, numberOfKeys: 1 })
  client.defineCommand('signetFindIn', { lua: findIn, numberOfKeys: 1 })
  client.defineCommand('signetRemoveIn', { lua: removeIn, numberOfKeys: 1 })
  client.defineCommand('signetHit', { lua: hit, numberOfKeys: 1 })
  client.defineCommand('signetTakeBack', { lua: takeBack, numberOfKeys: 1 })
  return client as ScriptedRedis
}
