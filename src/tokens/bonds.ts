/** Ends what hangs together, wherever it lies, and what was issued from it and lies nowhere. */
import { digest } from '../crypto/derive.ts'
import type { ArtifactBond, Store } from '../store/store.ts'
import { mostEver } from './key-endings.ts'
import { deadSubject, narrowedGrant, sayDead } from './revocation.ts'

/**
 * The sentences first: when rows are gone nobody knows any more which grants there were. Then the durable rows, which hold what could be used
 * again. Does NOT know what is in flight meanwhile: whoever ends an account or a client says so of that as well.
 * @param at seconds since the epoch
 * @returns how many grants ended by it that had not before; rows say nothing of that, since the library removes some of them at the same moment
 */
export async function endBound(
  { artifacts, volatile, revocations }: Pick<Store, 'artifacts' | 'volatile' | 'revocations'>,
  bond: ArtifactBond,
  at: number,
): Promise<number> {
  const grants = 'grant' in bond ? [bond.grant] : await artifacts.grantsOf(bond)
  const ended = await sayDead(
    revocations,
    grants.map((value) => ({ kind: 'grant', value })),
    at,
  )
  await artifacts.removeBound(bond)
  await volatile.removeBound(bond)
  return ended
}

/**
 * Ends the tokens that were issued from what is so bound, and nothing else: grants, refresh tokens, sessions and API keys go on, and give what is
 * allowed by now. For whoever lost a permission that tokens still say. What is in flight has read the old one, so the change is durable before.
 * @param at seconds since the epoch
 */
export async function endIssued(
  { artifacts, keys, revocations }: Pick<Store, 'artifacts' | 'keys' | 'revocations'>,
  bond: ArtifactBond,
  at: number,
): Promise<void> {
  const grants = await artifacts.grantsOf(bond)
  // A key stands in a grant's place in what was got in exchange for it.
  const exchanged = 'account' in bond ? await keys.of(bond, mostEver) : []
  await sayDead(
    revocations,
    [...grants, ...exchanged.map(({ jti }) => digest(jti))].map((grant) => narrowedGrant(grant, at)),
    at,
  )
}

/** Ends an account's access, with what is in flight. */
export async function endSubject(store: Parameters<typeof endBound>[0], account: string, at: number): Promise<void> {
  await sayDead(store.revocations, [deadSubject(account, at)], at)
  await endBound(store, { account }, at)
}
