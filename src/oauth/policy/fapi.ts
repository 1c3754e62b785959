/**
 * What the FAPI 2.0 Security Profile changes for a client that is under it. What it demands of a registration is judged with it
 * (`settings/client/faults.ts`), what it demands of JWTs that a client signs beside their other demands (`client-jwts.ts`).
 */
import type { Api } from '../../permissions/apis.ts'
import { strongAlgorithms } from '../algorithms.ts'

/** A registration, or the client that the library made of it; before one is known there is no profile. */
type Profiled = { profile?: string | undefined }

export const isFapi = (client: Profiled | undefined): boolean => client?.profile === 'fapi2'

/** FAPI 2.0 Security Profile s5.3.2.2: a minute at most. */
export const codeLifetimeSeconds = (usual: number, client: Profiled): number => (isFapi(client) ? Math.min(usual, 60) : usual)

/** FAPI 2.0 Security Profile s5.4.1: what JWTs of such a client may be signed with; neither RSASSA-PKCS1-v1_5 nor what came later. */
export const mayBeSignedFor = (client: Profiled, api: Api): boolean =>
  !isFapi(client) || strongAlgorithms.some((algorithm) => algorithm === api.algorithm)
