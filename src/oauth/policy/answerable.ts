/**
 * Whether a token request can be answered, asked while nothing has happened yet. The library finds out when the code is used up and the
 * refresh token rotated: a client that mended its request, or came back when its own keys could be fetched again, would be a thief by then.
 */
import { errors, type KoaContextWithOIDC, Provider } from 'oidc-provider'
import type { SigningAlgorithm } from '../../settings/algorithms.ts'
import type { OurClient } from '../clients/our-client.ts'
import { refuseMoreThanGranted } from '../consent/rich-requests.ts'
import { saysUnavailable } from '../records/unavailable.ts'
import type { Signatures } from '../signatures.ts'
import { type ResourcePolicy, resourceServerInfo } from './resource.ts'

export type AnswerPolicy = ResourcePolicy & { signatures: Signatures }

/** A code of either kind or a refresh token: what the library reads of one before it issues. */
interface Source {
  resource?: string | string[] | undefined
  resourceIndicators: Set<string | undefined>
  scopes: Set<string>
}

/**
 * Checks: the resource, the authorization details, that there is a key to encrypt the ID token to, and that what signs is there. Does NOT check what
 * the library asks before it uses anything up, nor the proof of possession that comes with a code.
 * @throws errors.InvalidTarget, errors.InvalidAuthorizationDetails, errors.InvalidClientMetadata as the library would later; 503 for want of a signer
 */
export async function refuseUnanswerable(policy: AnswerPolicy, ctx: KoaContextWithOIDC, source: Source): Promise<void> {
  const client = ctx.oidc.client as OurClient
  const signed = new Set([await refuseResource(policy, ctx, source)])
  refuseMoreThanGranted(ctx, source)
  const scopes = ctx.oidc.params?.scope ? ctx.oidc.requestParamScopes : source.scopes
  if (scopes.has('openid')) {
    await refuseWithoutKey(client as unknown as Encrypting)
    signed.add(client.idTokenSignedResponseAlg as SigningAlgorithm)
  }
  await saysUnavailable(policy.signatures.areAtHand)(signed)
}

/**
 * For codes, which the library uses up before it asks any of this. Rests on `consume` of its models, where all else is checked already; a
 * device that was denied has nobody's code.
 */
export function answerBeforeUse({ AuthorizationCode, DeviceCode }: Provider, policy: AnswerPolicy): void {
  for (const { prototype } of [AuthorizationCode, DeviceCode] as unknown as { prototype: Consumable }[]) {
    const consume = prototype.consume
    prototype.consume = async function () {
      if (Provider.ctx && this.accountId) await refuseUnanswerable(policy, Provider.ctx, this)
      await consume.call(this)
    }
  }
}

type Consumable = Source & { accountId?: string; consume(this: Consumable): Promise<void> }

/** @returns what the access token will be signed with */
async function refuseResource(policy: ResourcePolicy, ctx: KoaContextWithOIDC, source: Source): Promise<SigningAlgorithm> {
  const { apis } = policy
  const [resource] = [(ctx.oidc.params?.resource ?? source.resource ?? []) as string | string[]].flat()
  if (resource === undefined) return apis.userinfo.algorithm
  if (!source.resourceIndicators.has(resource)) throw new errors.InvalidTarget()
  await resourceServerInfo(policy, ctx, resource, ctx.oidc.client as OurClient)
  return (apis.find(resource) ?? apis.userinfo).algorithm
}

/** How the library knows a client whose ID tokens are encrypted (OpenID Connect Registration s2). */
interface Encrypting {
  idTokenEncryptedResponseAlg?: string
  asymmetricKeyStore: { refresh(): Promise<void>; selectForEncrypt(wanted: { alg: string; use: 'enc' }): object[] }
}

/** What a client publishes may be out of reach, or have no key that fits (`clients/encryption-keys.ts`). */
async function refuseWithoutKey({ idTokenEncryptedResponseAlg: alg, asymmetricKeyStore: keys }: Encrypting): Promise<void> {
  if (alg === undefined) return
  await keys.refresh()
  if (keys.selectForEncrypt({ alg, use: 'enc' }).length === 0)
    throw new errors.InvalidClientMetadata(`no suitable encryption key found (${alg})`)
}
