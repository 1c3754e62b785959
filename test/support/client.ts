/** openid-client as a client of the tested server: a real relying party that nobody here wrote, with a person to send through the pages. */
import * as client from 'openid-client'
import { createVisitor, type Visitor } from '../../src/try/visitor.ts'
import type { TestServer } from './server.ts'
import { type Credentials, passThrough, redirectUri } from './story.ts'

export interface SignedIn {
  tokens: Awaited<ReturnType<typeof client.authorizationCodeGrant>>
  claims: client.IDToken
  visitor: Visitor
  answer: URL
}

export interface RelyingParty {
  config: client.Configuration
  /** The address that it sends people to, and what it remembers of it. */
  begin(parameters?: Record<string, string>): Promise<{ url: URL; checks: client.AuthorizationCodeGrantChecks }>
  signIn(
    parameters?: Record<string, string>,
    options?: { visitor?: Visitor; email?: string; checks?: client.AuthorizationCodeGrantChecks },
  ): Promise<SignedIn>
  /** Where a person who is asked nothing, or refuses, is sent: with a code or an error. */
  answerTo(parameters: Record<string, string>, visitor?: Visitor): Promise<URL>
  userinfo(signedIn: SignedIn): Promise<client.UserInfoResponse>
}

/** @param metadata as the client knows itself; what it registered is the caller's business */
export async function relyingParty(
  server: TestServer,
  { id, secret }: Credentials,
  metadata: Partial<client.ClientMetadata> = {},
  authentication?: client.ClientAuth,
  callback = redirectUri,
): Promise<RelyingParty> {
  const config = await client.discovery(
    new URL(server.issuer),
    id,
    metadata,
    authentication ?? (secret === undefined ? client.None() : client.ClientSecretBasic(secret)),
    { execute: [client.allowInsecureRequests] },
  )

  const begin: RelyingParty['begin'] = async (parameters = {}) => {
    const [pkceCodeVerifier, expectedState, expectedNonce] = [
      client.randomPKCECodeVerifier(),
      client.randomState(),
      client.randomNonce(),
    ]
    const url = client.buildAuthorizationUrl(config, {
      redirect_uri: callback,
      scope: 'openid',
      state: expectedState,
      nonce: expectedNonce,
      code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
      code_challenge_method: 'S256',
      ...parameters,
    })
    return { url, checks: { pkceCodeVerifier, expectedState, expectedNonce, idTokenExpected: true } }
  }

  return {
    config,
    begin,
    async signIn(parameters, { visitor = createVisitor(server.issuer), email, checks } = {}) {
      const begun = await begin(parameters)
      const answer = await passThrough(visitor, await visitor.open(begun.url), email ? { email } : {})
      const tokens = await client.authorizationCodeGrant(config, answer, { ...begun.checks, ...checks })
      return { tokens, claims: tokens.claims() as client.IDToken, visitor, answer }
    },
    async answerTo(parameters, visitor = createVisitor(server.issuer)) {
      const page = await visitor.open((await begin(parameters)).url)
      if (!page.leftTo) throw new Error(`still at ${page.url} (${page.status}): ${page.html}`)
      return page.leftTo
    },
    userinfo: ({ tokens, claims }) => client.fetchUserInfo(config, tokens.access_token, claims.sub),
  }
}

/** What an authorization response says went wrong. */
export const errorOf = (answer: URL): string | null => answer.searchParams.get('error')
