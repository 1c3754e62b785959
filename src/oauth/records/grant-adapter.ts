/**
 * Grants. One that stands is changed by compare-and-swap: a request that read it before it ended would bring it back by writing it, and
 * with it every token that hangs on it; and of two answers at once the later would undo what the earlier refused.
 *
 * The version that was read has to come back with the write. The library drops what is no member of its model, so it is made one: that
 * rests on `IN_PAYLOAD`, which is undocumented.
 */
import type { Adapter, Grant, Provider } from 'oidc-provider'
import type { ArtifactStore } from '../../store/store.ts'
import type { Rows } from './rows.ts'

const model = 'Grant'

/** Somebody else wrote the grant since it was read, or ended it. */
class GrantChanged extends Error {}

/** @param plain does what is the same for every model */
export function grantAdapter(plain: Adapter, store: ArtifactStore, rows: Rows): Adapter {
  return {
    ...plain,
    async find(value) {
      const row = await store.find(model, rows.idOf(value))
      const payload = rows.open(row)
      return payload && { ...payload, version: row?.version ?? 0 }
    },
    async upsert(value, { version, ...payload }, lifetimeSeconds) {
      const row = rows.row(model, value, payload, lifetimeSeconds)
      const isNew = typeof version !== 'number'
      const isWritten = await (isNew ? store.insert(row) : store.replace({ ...row, version: version + 1 }, version))
      if (!isWritten) throw new GrantChanged('the grant was changed or ended since it was read')
    },
  }
}

export function rememberVersions({ Grant }: Provider): void {
  const members = (Grant as unknown as { IN_PAYLOAD: string[] }).IN_PAYLOAD
  Object.defineProperty(Grant, 'IN_PAYLOAD', { value: [...members, 'version'] })
}

/**
 * Changes a grant and saves it.
 * @param read the grant as it was found; undefined to make one
 * @param owner whose grant it is
 * @param change is made once more on what stands there now if somebody was quicker, and on another grant with an id of its own if this one
 *   has ended; false: there is nothing to save
 */
export async function changeGrant(
  provider: Provider,
  read: Grant | undefined,
  owner: { accountId: string; clientId: string },
  change: (grant: Grant) => boolean,
): Promise<Grant> {
  let grant = read ?? new provider.Grant(owner)
  while (change(grant)) {
    try {
      await grant.save()
      return grant
    } catch (cause) {
      if (!(cause instanceof GrantChanged)) throw cause
      grant = (await provider.Grant.find(grant.jti)) ?? new provider.Grant(owner)
    }
  }
  return grant
}
