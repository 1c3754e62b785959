/** Everything that is said to the authorization server. This is the file to copy: the rest is an ordinary web app. */
import * as client from 'openid-client'
import { Unreachable } from './errors.ts'
import type { Pending, SignedIn } from './session.ts'
import type { Settings } from './settings.ts'

/**
 * What a sign-in asks for. The API's second permission is asked for when it is needed: people allow what they understand.
 * Not `offline_access`: Signet refreshes an app's access as long as the person stays signed in, and this app does nothing without them.
 */
export const FIRST_SCOPE = 'openid profile email notes:read'
export const STEP_UP_SCOPE = `${FIRST_SCOPE} notes:write`

export interface Signet {
  /**
   * @param prompt without it, Signet asks for what is new alone; `consent` asks again for what the person left unticked before
   * @returns where to send the browser, and what to remember until it comes back
   */
  begin(scope: string, prompt?: 'consent'): Promise<{ url: URL; pending: Pending }>
  /** @param callback the whole URL to which the browser came back */
  finish(callback: URL, pending: Pending): Promise<SignedIn>
  refresh(signedIn: SignedIn): Promise<SignedIn>
  signOutUrl(signedIn: SignedIn): Promise<URL>
}

export function createSignet(settings: Settings): Signet {
  const configuration = discoverOnce(settings)
  const redirectUri = `${settings.origin}/callback`
  // RFC 8707: names the API that the access token is for. Without it the server would pick this client's default.
  const resource = settings.api

  return {
    async begin(scope, prompt) {
      const pending = { state: client.randomState(), nonce: client.randomNonce(), codeVerifier: client.randomPKCECodeVerifier() }
      const url = client.buildAuthorizationUrl(await configuration(), {
        redirect_uri: redirectUri,
        scope,
        ...(prompt && { prompt }),
        resource,
        state: pending.state,
        nonce: pending.nonce,
        code_challenge: await client.calculatePKCECodeChallenge(pending.codeVerifier),
        code_challenge_method: 'S256',
      })
      return { url, pending }
    },

    async finish(callback, { state, nonce, codeVerifier }) {
      const config = await configuration()
      // Checks `state` and `iss` of the answer, then the signature, issuer, audience, times and `nonce` of the ID token.
      const checks = { expectedState: state, expectedNonce: nonce, pkceCodeVerifier: codeVerifier, idTokenExpected: true }
      const tokens = await client.authorizationCodeGrant(config, callback, checks, { resource })
      const { sub } = tokens.claims()!
      // Who that is comes from userinfo: an ID token in the code flow need not carry it (OpenID Connect Core s5.4).
      const person = await client.fetchUserInfo(config, tokens.access_token, sub)
      return {
        sub,
        name: person.name ?? person.email ?? sub,
        email: person.email,
        accessToken: tokens.access_token,
        refreshToken: tokens.refresh_token,
        idToken: tokens.id_token!,
      }
    },

    async refresh(signedIn) {
      if (signedIn.refreshToken === undefined) throw new Error('There is no refresh token: this client may not refresh')
      const tokens = await client.refreshTokenGrant(await configuration(), signedIn.refreshToken, { resource })
      // RFC 6749 s6: a new refresh token replaces the old one; without one, the old one stays.
      return {
        ...signedIn,
        accessToken: tokens.access_token,
        refreshToken: tokens.refresh_token ?? signedIn.refreshToken,
        idToken: tokens.id_token ?? signedIn.idToken,
      }
    },

    async signOutUrl({ idToken }) {
      return client.buildEndSessionUrl(await configuration(), {
        id_token_hint: idToken,
        post_logout_redirect_uri: `${settings.origin}/`,
      })
    },
  }
}

/** Discovery waits for the first that needs it and is tried again after a failure, so that this app may start before the server. */
function discoverOnce({ issuer, clientId, clientSecret }: Settings): () => Promise<client.Configuration> {
  const server = new URL(issuer)
  // Tokens over http are for a server on this very machine; for any other, openid-client refuses what is not https.
  const onThisMachine = server.protocol === 'http:' && /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(server.hostname)
  const execute = [client.enableNonRepudiationChecks, ...(onThisMachine ? [client.allowInsecureRequests] : [])]
  let known: Promise<client.Configuration> | undefined

  return () => {
    known ??= client
      .discovery(server, clientId, {}, client.ClientSecretBasic(clientSecret), { execute, timeout: 5 })
      .catch((cause) => {
        known = undefined
        throw new Unreachable(`No answer from ${issuer}`, { cause })
      })
    return known
  }
}
