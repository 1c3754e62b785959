/**
 * What a client names has to be there: APIs, scopes, types of authorization details, certificates, addresses that this server asks. One judgement
 * for clients that the settings declare and for those that are added beside them; a client that names what is not there would silently get nothing.
 */
import { absentMend, scopeMend } from '../named.ts'
import type { SayFault } from '../sound.ts'
import { sameIdentifier } from '../uri.ts'
import type { ClientRegistration } from './registration.ts'

/** Of the settings, what a client can depend on. */
export interface Surroundings {
  apis: { identifier: string; scopes: Record<string, unknown> }[]
  authorizationDetails: Record<string, unknown>
  mutualTls?: { verifiedHeader?: string | undefined } | undefined
  outgoing: { allowPrivateNetworks: boolean }
}

interface Rule {
  /** Where one of these is faulty, the rule is not judged. */
  needs: (keyof Surroundings)[]
  judge(client: ClientRegistration, around: Surroundings, fault: SayFault): void
}

/** Each says its paths within the client. */
export const surroundingRules: Rule[] = [
  { needs: ['apis'], judge: apiFaults },
  { needs: ['authorizationDetails'], judge: detailTypeFaults },
  { needs: ['mutualTls'], judge: certificateFaults },
  { needs: ['outgoing'], judge: addressFaults },
]

function apiFaults(client: ClientRegistration, { apis }: Surroundings, fault: SayFault): void {
  const byIdentifier = new Map(apis.map((api) => [sameIdentifier(api.identifier), api]))
  const absent = (identifier: string) => `${identifier} is not in apis`
  for (const list of ['apis', 'exchanges'] as const) {
    for (const [identifier, scopes] of Object.entries(client[list])) {
      const api = byIdentifier.get(sameIdentifier(identifier))
      if (!api) fault([list, identifier], absent(identifier), absentMend(identifier, apis))
      const unknown = api && scopes.find((scope) => !Object.hasOwn(api.scopes, scope))
      if (api && unknown !== undefined) fault([list, identifier], `has no scope "${unknown}"`, scopeMend(unknown, api.scopes))
    }
  }
  for (const [at, identifier] of client.serves.entries())
    if (!byIdentifier.has(sameIdentifier(identifier))) fault(['serves', at], absent(identifier), absentMend(identifier, apis))
}

function detailTypeFaults(client: ClientRegistration, { authorizationDetails }: Surroundings, fault: SayFault): void {
  const unknown = client.authorizationDetailsTypes.find((type) => !Object.hasOwn(authorizationDetails, type))
  if (unknown !== undefined)
    fault(
      ['authorizationDetailsTypes'],
      `"${unknown}" is not in authorizationDetails`,
      'Declare the type in authorizationDetails, or remove it here.',
    )
}

function certificateFaults(
  { authentication, certificateBound }: ClientRegistration,
  around: Surroundings,
  fault: SayFault,
): void {
  const byCertificate = certificateBound || authentication === 'self_signed_tls_client_auth'
  if (byCertificate && !around.mutualTls)
    fault(
      [],
      'is known by its certificate: mutualTls has to be set',
      'Set mutualTls.certificateHeader to the header in which the proxy hands certificates on.',
    )
  if (authentication === 'tls_client_auth' && !around.mutualTls?.verifiedHeader)
    fault(
      ['authentication'],
      'needs mutualTls.verifiedHeader',
      'Set mutualTls.verifiedHeader to the header in which the proxy says SUCCESS; or use self_signed_tls_client_auth.',
    )
}

/** Of the form alone: which address a name leads to is judged when it is asked (see `outgoing`). */
function addressFaults(client: ClientRegistration, { outgoing }: Surroundings, fault: SayFault): void {
  if (outgoing.allowPrivateNetworks) return
  for (const member of ['jwksUri', 'sectorIdentifierUri', 'backchannelLogoutUri'] as const)
    if (URL.parse(client[member] ?? '')?.protocol === 'http:')
      fault([member], 'must be https, unless outgoing.allowPrivateNetworks is on', 'Serve it over https.')
}
