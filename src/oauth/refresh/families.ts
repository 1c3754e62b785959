/**
 * Families of refresh tokens in the store: one row for each, however long it lives. The row's version is the generation that is current;
 * sealed in it lie the seed, from which every value of the family follows, and what the tokens stand for.
 *
 * Of a family two tokens may be good: the current one, and for a while after a rotation its predecessor, so that a second tab, a retried
 * request or a lost answer signs nobody out. Everything older is a replay, and ends the grant: thief and owner cannot be told apart
 * (RFC 9700 s4.14.2). Within the window a thief gets the successor as well, and is found out the first time that it comes later.
 */
import { type AdapterPayload, errors } from 'oidc-provider'
import type { Clock } from '../../base/clock.ts'
import type { Artifact, ArtifactStore } from '../../store/store.ts'
import type { Rows } from '../records/rows.ts'
import { isGenuine, type Member, readRefreshToken } from './value.ts'

export interface FamilyParts {
  store: ArtifactStore
  rows: Rows
  endGrant(grant: string): Promise<void>
  /** Times are whole seconds: a window of ten lasts ten to eleven. 0: a predecessor is never good. */
  windowSeconds: number
  now: Clock
}

export interface Family {
  id: string
  seed: string
  /** Of the current token. */
  generation: number
  rotatedAt: number
  /** What its tokens stand for, without what differs between them. */
  payload: AdapterPayload
  row: Artifact
}

export interface Families {
  /** @returns the family of a genuine token, and whether the token is still good; undefined for any other value, or when the family is gone */
  find(value: string): Promise<{ family: Family; member: Member; isGood: boolean } | undefined>
  /** The first token of a family, which lives until its `exp`. */
  begin(id: string, seed: string, payload: AdapterPayload): Promise<void>
  /**
   * From one generation to the next, by compare-and-swap; done as well if somebody else has just done it.
   * @throws errors.InvalidGrant when the family is gone, or has gone on: then its grant is ended
   */
  advance(family: Family, to: Member, payload: AdapterPayload): Promise<void>
  /** Lets a family live until then, as it is. @throws errors.InvalidGrant when it is gone */
  extend(family: Family, expiresAt: number): Promise<void>
  remove(id: string): Promise<void>
}

const model = 'RefreshToken'

/** Beside the tokens' payload in the row. */
type Kept = AdapterPayload & { seed: string; rotatedAt: number }

export function createFamilies({ store, rows, endGrant, windowSeconds, now }: FamilyParts): Families {
  async function read(id: string): Promise<Family | undefined> {
    const row = await store.find(model, rows.idOf(id))
    if (!row) return undefined
    const { seed, rotatedAt, ...payload } = rows.open(row) as Kept
    return { id, seed, rotatedAt, payload, generation: row.version ?? 0, row }
  }

  function kept(id: string, version: number, seed: string, payload: AdapterPayload): Artifact {
    // The value follows from the rest, so that not even sealed a token lies in the store.
    const { jti: _, ...rest } = payload
    const content: Kept = { ...rest, seed, rotatedAt: now() }
    return { ...rows.row(model, id, content, undefined), version }
  }

  /** Whether the family has just gone on from this generation. */
  function isJustReplaced(family: Family, generation: number): boolean {
    return family.generation === generation + 1 && windowSeconds > 0 && now() - family.rotatedAt <= windowSeconds
  }

  return {
    async find(value) {
      const member = readRefreshToken(value)
      const family = member && (await read(member.family))
      // A generation that has not come yet is genuine only when the store has forgotten something: it is not known then.
      if (!family || !isGenuine(value, family.seed, member) || member.generation > family.generation) return undefined
      // Two generations back is a replay within the window too: two tabs that share a token and each refresh twice in a row end their grant.
      // To the server they look like a thief who keeps pace; the app lets one tab at a time refresh.
      return { family, member, isGood: member.generation === family.generation || isJustReplaced(family, member.generation) }
    },
    async begin(id, seed, payload) {
      await store.put(kept(id, 0, seed, payload))
    },
    async advance(family, to, payload) {
      const from = to.generation - 1
      const successor = () => kept(family.id, to.generation, family.seed, payload)
      if (family.generation === from && (await store.replace(successor(), from))) return
      // Somebody was quicker: the successor that they got is this very one.
      const current = await read(family.id)
      if (current && isJustReplaced(current, from)) return
      if (current?.row.grant) await endGrant(current.row.grant)
      throw new errors.InvalidGrant('refresh token already used')
    },
    async extend({ row }, expiresAt) {
      if (!(await store.replace({ ...row, expiresAt }, row.version ?? 0)))
        throw new errors.InvalidGrant('refresh token not found')
    },
    remove: (id) => store.remove(model, rows.idOf(id)),
  }
}
