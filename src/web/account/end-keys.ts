/** The box beside a new password by which its person ends their API keys as well: whoever knew the old one may have made some, or read theirs. */
import type { EndKeysModel } from '../../pages/key-pages.ts'
import type { Account } from '../../store/store.ts'
import type { ApiKeys } from '../../tokens/api-keys.ts'

/** @returns undefined where there is none to be ended */
export async function endKeysBox(
  apiKeys: Pick<ApiKeys, 'list'>,
  { id }: Pick<Account, 'id'>,
  isTicked: boolean,
): Promise<EndKeysModel | undefined> {
  const { length: count } = await apiKeys.list({ account: id })
  return count > 0 ? { count, isTicked } : undefined
}

/** @returns `unasked` where no box was shown: there was no key then */
export function saidOfKeys(form: URLSearchParams): 'end' | 'keep' | 'unasked' {
  const given = form.getAll('keys')
  if (given.includes('end')) return 'end'
  return given.includes('asked') ? 'keep' : 'unasked'
}
