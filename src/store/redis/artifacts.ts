/** Artifacts in Redis. */
import type { Clock } from '../../base/clock.ts'
import type { Artifact, ArtifactBond, ArtifactStore } from '../store.ts'
import { answered } from './faults.ts'
import type { PutOver, ScriptedRedis } from './scripts.ts'

/** Rows ended by one script; between scripts others have their turn. */
const SLICE = 500

/** @param prefix of every key; two stores of one Redis differ in it */
export function redisArtifacts(redis: ScriptedRedis, prefix: string, now: Clock): ArtifactStore {
  const rowKey = (model: string, id: string) => `${prefix}row:${model}:${id}`
  const uidKey = (model: string, uid: string) => `${prefix}uid:${model}:${uid}`
  const userCodeKey = (model: string, userCode: string) => `${prefix}user-code:${model}:${userCode}`

  function bondKey(bond: ArtifactBond): string {
    if ('grant' in bond) return `${prefix}grant:${bond.grant}`
    if ('account' in bond) return `${prefix}account:${bond.account}`
    return `${prefix}client:${bond.client}`
  }

  function setsOf({ model, uid, userCode, grant, account, client }: Artifact): string[] {
    return [
      ...(uid === undefined ? [] : [uidKey(model, uid)]),
      ...(userCode === undefined ? [] : [userCodeKey(model, userCode)]),
      ...(grant === undefined ? [] : [bondKey({ grant })]),
      ...(account === undefined ? [] : [bondKey({ account })]),
      ...(client === undefined ? [] : [bondKey({ client })]),
    ]
  }

  /** @param over what it may take the place of, see `PutOver` */
  async function write(artifact: Artifact, over: PutOver): Promise<boolean> {
    const fields = Object.entries(artifact).filter(([, value]) => value !== undefined)
    const links = setsOf(artifact).join('\n')
    const row = rowKey(artifact.model, artifact.id)
    const written = await answered(redis.signetPut(row, now(), artifact.expiresAt, over, links, ...fields.flat()))
    return written === 1
  }

  function artifactOf(fields: Record<string, string>): Artifact | undefined {
    const { links: _, expiresAt, consumedAt, version = '0', ...texts } = fields
    if (expiresAt === undefined || Number(expiresAt) <= now()) return undefined
    return {
      ...(texts as Pick<Artifact, 'model' | 'id' | 'payload'>),
      expiresAt: Number(expiresAt),
      ...(consumedAt !== undefined && { consumedAt: Number(consumedAt) }),
      ...(version !== '0' && { version: Number(version) }),
    }
  }

  async function findIn(set: string): Promise<Artifact | undefined> {
    const list = await answered(redis.signetFindIn(set, now()))
    return artifactOf(Object.fromEntries(pairs(list)))
  }

  return {
    async put(artifact) {
      await write(artifact, 'any')
    },
    insert: (artifact) => write(artifact, 'none'),
    replace: (artifact, expectedVersion) => write(artifact, expectedVersion),
    async find(model, id) {
      return artifactOf(await answered(redis.hgetall(rowKey(model, id))))
    },
    findByUid: (model, uid) => findIn(uidKey(model, uid)),
    findByUserCode: (model, userCode) => findIn(userCodeKey(model, userCode)),
    async consume(model, id) {
      return (await answered(redis.signetConsume(rowKey(model, id), now()))) === 1
    },
    async remove(model, id) {
      await answered(redis.signetRemove(rowKey(model, id), now()))
    },
    async grantsOf(bond) {
      const rows = await answered(redis.zrange(bondKey(bond), 0, -1))
      const found = await Promise.all(rows.map((row) => answered(redis.hgetall(row))))
      const grants = found.map((fields) => artifactOf(fields)?.grant).filter((grant) => grant !== undefined)
      return [...new Set(grants)]
    },
    async removeBound(bond) {
      let removed = 0
      for (let taken = SLICE; taken === SLICE; ) {
        const slice = await answered(redis.signetRemoveIn(bondKey(bond), now(), SLICE))
        taken = slice[0]
        removed += slice[1]
      }
      return removed
    },
    async *pages(size) {
      let cursor = '0'
      do {
        const [next, rows] = await answered(redis.scan(cursor, 'MATCH', `${literal(prefix)}row:*`, 'COUNT', size))
        cursor = next
        const found = await Promise.all(rows.map((row) => answered(redis.hgetall(row))))
        yield found.map(artifactOf).filter((artifact) => artifact !== undefined)
      } while (cursor !== '0')
    },
    async reseal({ model, id, payload: read }, payload) {
      return (await answered(redis.signetReseal(rowKey(model, id), now(), read, payload))) === 1
    },
  }
}

/** In a pattern of SCAN it stands for itself, whatever the prefix of the settings holds. */
const literal = (text: string): string => text.replace(/[*?[\]\\^]/g, '\\$&')

/** A hash comes out of a script as one list: field, value, field, value. */
function pairs(list: string[]): [string, string][] {
  return Array.from({ length: list.length / 2 }, (_, i) => [list[2 * i]!, list[2 * i + 1]!])
}
