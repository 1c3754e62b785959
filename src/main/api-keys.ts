/** API keys, put together: their ring is opened when it is first needed, and never where no API takes such keys. */
import type { Log } from '../base/log.ts'
import type { KeyRing } from '../crypto/keyring.ts'
import { createSignatures, type Signatures } from '../oauth/signatures.ts'
import type { Signers } from '../outgoing/signer.ts'
import type { Settings } from '../settings/load.ts'
import { type ApiKeyParts, type ApiKeys, createApiKeys } from '../tokens/api-keys.ts'
import { openRing, ringsOf } from './ring.ts'
import type { Vault } from './vault.ts'

export interface OpenApiKeys {
  apiKeys: ApiKeys
  /** Undefined where no API takes API keys. @throws Refusal as `openRing` */
  apiKeyRing(): Promise<KeyRing | undefined>
}

interface Given extends Omit<ApiKeyParts, 'ring' | 'sign'> {
  settings: Settings
  vault: Vault
  signers: Signers
  log: Log
}

export function openApiKeys({ settings, vault, signers, now, log, ...parts }: Given): OpenApiKeys {
  let opening: Promise<{ ring: KeyRing; signatures: Signatures }> | undefined
  async function open() {
    const ring = await openRing(settings, vault, now, 'api-keys')
    return { ring, signatures: createSignatures({ ring, signers, now, log }) }
  }
  /** What could not be opened is tried anew by whoever asks next. */
  function opened() {
    opening ??= open().catch((cause) => {
      opening = undefined
      throw cause
    })
    return opening
  }
  const apiKeyRing = async () => (ringsOf(settings).includes('api-keys') ? (await opened()).ring : undefined)
  return {
    apiKeys: createApiKeys({
      ...{ ...parts, settings, now, ring: apiKeyRing },
      sign: async (key, data) => (await opened()).signatures.by(key, data),
    }),
    apiKeyRing,
  }
}
