/**
 * What is demanded of JWTs that clients sign, beyond what the library checks of itself: who signed, for whom, with which algorithm of
 * those that are on, `exp`, `nbf` by its tolerance of 15 seconds, and, for an assertion, that it was not used before.
 */
import { errors, type KoaContextWithOIDC } from 'oidc-provider'
import type { Clock } from '../../base/clock.ts'
import { strongAlgorithms } from '../algorithms.ts'
import type { OurClient } from '../clients/our-client.ts'
import { isFapi } from './fapi.ts'

type Members = Record<string, unknown>
type Demands = (ctx: KoaContextWithOIDC, claims: Members, header: Members, client: OurClient) => void

/** What was used is remembered until it expires (RFC 7523 s3), so that the end may not be years ahead. */
const longestSeconds = 3_600
/** FAPI 2.0 Security Profile s5.3.2.1: clocks differ; beyond this they are wrong. */
const mostAheadSeconds = 60

/** RFC 8725 s3.11: a JWT that says what it is for is good for nothing else. */
const hasType = ({ typ }: Members, own: string): boolean =>
  typ === undefined || (typeof typ === 'string' && ['jwt', own].includes(typ.toLowerCase().replace(/^application\//, '')))

const isStrong = ({ alg }: Members): boolean => strongAlgorithms.some((one) => one === alg)

/** RFC 7523 s3. @throws errors.InvalidClientAuth, 401 `invalid_client` */
export function assertionDemands(issuer: string, now: Clock): Demands {
  return (_ctx, claims, header, client) => {
    const fault = (sentence: string): never => {
      throw new errors.InvalidClientAuth(sentence)
    }
    const { aud, exp, iat } = claims
    if (!hasType(header, 'client-authentication+jwt')) fault('typ says that this JWT is no client assertion')
    if ((exp as number) > now() + longestSeconds) fault(`exp is more than ${longestSeconds} seconds ahead`)
    if ((iat as number) > now() + mostAheadSeconds) fault(`iat is more than ${mostAheadSeconds} seconds ahead`)
    if (!isFapi(client)) return
    // FAPI 2.0 Security Profile s5.3.2.1 and s5.4.1: the issuer alone and as a string, and no RSASSA-PKCS1-v1_5.
    if (aud !== issuer) fault('aud is not the issuer alone')
    if (!isStrong(header)) fault(`alg is none of ${strongAlgorithms.join(', ')}`)
  }
}

/** RFC 9101 s4 and s10. @throws errors.InvalidRequestObject */
export function requestObjectDemands(now: Clock): Demands {
  return (ctx, claims, header, client) => {
    const fault = (sentence: string): never => {
      throw new errors.InvalidRequestObject(sentence)
    }
    const { exp, nbf, iat, sub } = claims
    // The library writes down what was pushed without a signature as a JWT of its own, and shows it here again.
    if (header.alg === 'none' && ctx.oidc.entities.PushedAuthorizationRequest) return
    if (!hasType(header, 'oauth-authz-req+jwt')) fault('typ says that this JWT is no request object')
    // RFC 9101 s10.8: it could be taken for a client assertion elsewhere.
    if (sub === client.clientId) fault('sub is the client')
    if ((iat as number) > now() + mostAheadSeconds) fault(`iat is more than ${mostAheadSeconds} seconds ahead`)
    if (!isFapi(client)) return
    if (!isStrong(header)) fault(`alg is none of ${strongAlgorithms.join(', ')}`)
    // FAPI 2.0 Message Signing s5.3.1.
    if (typeof nbf !== 'number' || typeof exp !== 'number') return fault('nbf and exp are needed')
    if (nbf < now() - longestSeconds) fault(`nbf is more than ${longestSeconds} seconds ago`)
    if (exp <= nbf || exp - nbf > longestSeconds) fault(`exp is more than ${longestSeconds} seconds after nbf`)
  }
}
