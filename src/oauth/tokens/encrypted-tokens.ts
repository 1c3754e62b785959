/**
 * Access tokens that only their API can read (RFC 9068 s2.1, RFC 7516 around the signed token), and this server: the protected header
 * carries a handle, the token's own content key, sealed. Introspection and revocation open the very ciphertext that the API opens and
 * verify the signature inside, so that a handle in the header of any other token opens nothing.
 */
import { createPublicKey, type KeyObject } from 'node:crypto'
import type { Provider } from 'oidc-provider'
import { encryptKeepingKey, openByKey } from '../../crypto/content-keys.ts'
import { createSealer } from '../../crypto/sealing.ts'
import type { Secrets } from '../../crypto/secrets.ts'
import type { Api, Apis } from '../../permissions/apis.ts'

export interface EncryptedTokens {
  /** @param signed a signed token for an API with `encryption` */
  encrypt(signed: string, api: Api): Promise<string>
  /** @returns the signed token inside one that `encrypt` made, not verified; undefined for anything else */
  open(token: string): string | undefined
}

/** A JWE has five parts (RFC 7516 s3.1). */
export const isEncrypted = (token: string): boolean => token.split('.').length === 5

export function createEncryptedTokens(secrets: Secrets, issuer: string): EncryptedTokens {
  const sealer = createSealer(...secrets.keysFor('access-tokens/handles'))
  const context = 'handle'
  return {
    encrypt(signed, api) {
      const { algorithm, encoding, publicKey } = api.encryption!
      return encryptKeepingKey(signed, { algorithm, encoding, key: publicKeyOf(api) }, (contentKey) => ({
        ...(publicKey.kid !== undefined && { kid: publicKey.kid }),
        iss: issuer,
        aud: api.identifier,
        cty: 'at+jwt',
        handle: sealer.seal(contentKey.toString('base64url'), context),
      }))
    },
    open(token) {
      try {
        const { handle } = JSON.parse(Buffer.from(token.slice(0, token.indexOf('.')), 'base64url').toString())
        return openByKey(token, Buffer.from(sealer.open(handle, context), 'base64url'))
      } catch {
        return undefined
      }
    },
  }
}

/**
 * The library signs, and has no place for a member of ours in the header of what it encrypts: it is told of no encryption, and this is
 * done to what it signed. Rests on `getValueAndPayload` of its models, which is where they learn their format.
 */
export function encryptAccessTokens(provider: Provider, apis: Apis, tokens: EncryptedTokens): void {
  for (const { prototype } of [provider.AccessToken, provider.ClientCredentials] as unknown as { prototype: Issued }[]) {
    const sign = prototype.getValueAndPayload
    prototype.getValueAndPayload = async function () {
      const signed = await sign.call(this)
      const api = apis.find(String(this.aud))
      return api?.encryption ? { ...signed, value: await tokens.encrypt(signed.value, api) } : signed
    }
  }
}

interface Issued {
  aud?: string | string[]
  getValueAndPayload(this: Issued): Promise<{ value: string }>
}

const publicKeys = new WeakMap<Api, KeyObject>()

function publicKeyOf(api: Api): KeyObject {
  let key = publicKeys.get(api)
  if (!key) {
    key = createPublicKey({ key: api.encryption!.publicKey as never, format: 'jwk' })
    publicKeys.set(api, key)
  }
  return key
}
