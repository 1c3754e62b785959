/** `npm run try`: the whole story against the running server, without a browser. What a newcomer sees first, and the smoke test of a release. */
import { decodeJwt, decodeProtectedHeader } from 'jose'
import * as oauth from 'openid-client'
import { Refusal } from './base/errors.ts'
import { openKeyFolder } from './crypto/key-files.ts'
import { masterSecrets } from './crypto/master-secrets.ts'
import { createSecrets } from './crypto/secrets.ts'
import { demoAccount, demoClients, demoSecret } from './demo.ts'
import { loadSettings, type Settings } from './settings/load.ts'
import { createVisitor } from './try/visitor.ts'

const redirectUri = 'http://127.0.0.1:8976/callback'
const scope = 'openid profile email notes:read'

interface Step {
  step: string
  detail: Record<string, unknown>
}

async function story(settings: Settings, tell: (step: Step) => void): Promise<void> {
  const api = settings.apis[0]?.identifier
  if (!settings.demo || !api)
    throw new Refusal(
      'no_demo',
      'npm run try needs the demo data and the Notes API of the default settings (demo: true, the API first).',
    )
  const insecure = settings.development ? { execute: [oauth.allowInsecureRequests] } : undefined
  const native = await discover(settings.issuer, demoClients.native, oauth.None(), insecure)

  const { tokens, answers } = await signIn(native, settings.issuer, api)
  tell({
    step: 'sign-in',
    detail: { ...answers, header: decodeProtectedHeader(tokens.access_token), token: decodeJwt(tokens.access_token) },
  })

  tell({ step: 'read', detail: await call(200, 'GET', `${api}/notes`, tokens.access_token) })
  tell({ step: 'write', detail: await call(403, 'POST', `${api}/notes`, tokens.access_token) })

  const refreshed = await oauth.refreshTokenGrant(native, tokens.refresh_token as string)
  const rotated = refreshed.refresh_token !== tokens.refresh_token
  tell({ step: 'refresh', detail: { rotated, ...(await call(200, 'GET', `${api}/notes`, refreshed.access_token)) } })

  const { machine } = demoClients
  const secret = demoSecret(
    createSecrets(masterSecrets(openKeyFolder(settings.keyFolder), { given: settings.masterSecret, mayGenerate: false })),
    machine,
  )
  const service = await discover(settings.issuer, machine, oauth.ClientSecretBasic(secret), insecure)
  const own = await oauth.clientCredentialsGrant(service, { scope: 'notes:read' })
  tell({
    step: 'client credentials',
    detail: { scope: own.scope, ...(await call(200, 'GET', `${api}/notes`, own.access_token)) },
  })
}

function discover(issuer: string, clientId: string, authentication: oauth.ClientAuth, options?: oauth.DiscoveryRequestOptions) {
  return oauth.discovery(new URL(issuer), clientId, undefined, authentication, options).catch((cause) => {
    throw new Refusal('not_running', `There is no Signet at ${issuer}: npm start runs one.`, { cause })
  })
}

/** Authorization code with PKCE, through the pages that a person sees. */
async function signIn(config: oauth.Configuration, issuer: string, api: string) {
  const verifier = oauth.randomPKCECodeVerifier()
  const [state, nonce] = [oauth.randomState(), oauth.randomNonce()]
  const url = oauth.buildAuthorizationUrl(config, {
    redirect_uri: redirectUri,
    scope,
    resource: api,
    state,
    nonce,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  })
  const visitor = createVisitor(issuer)
  const signInPage = await visitor.open(url)
  const consentPage = await visitor.submit(signInPage, '/sign-in', { email: demoAccount.email, password: demoAccount.password })
  if (consentPage.status !== 200)
    throw new Refusal('sign_in_failed', `The demo account could not sign in (${consentPage.status}): was its password changed?`)
  const { leftTo } = await visitor.submit(consentPage, '/consent', { decision: 'allow' })
  if (!leftTo) throw new Refusal('sign_in_failed', 'The sign-in did not lead back to the client.')
  const checks = { expectedState: state, expectedNonce: nonce, pkceCodeVerifier: verifier }
  const tokens = await oauth.authorizationCodeGrant(config, leftTo, checks, { resource: api })
  return { tokens, answers: { signed_in: tokens.claims()?.sub, granted: tokens.scope } }
}

/** @throws Refusal `unexpected_answer` when the API answers otherwise than the story goes */
async function call(expected: number, method: string, url: string, accessToken: string): Promise<Record<string, unknown>> {
  const headers = { authorization: `Bearer ${accessToken}`, 'content-type': 'application/json' }
  const body = method === 'POST' ? JSON.stringify({ text: 'Hello' }) : undefined
  const response = await fetch(url, { method, headers, body }).catch((cause) => {
    throw new Refusal('not_running', `The sample API does not answer at ${url}.`, { cause })
  })
  const challenge = response.headers.get('www-authenticate')
  if (response.status !== expected) {
    throw new Refusal(
      'unexpected_answer',
      `${method} ${url} answered ${response.status} where ${expected} was due: is it the sample API?`,
    )
  }
  return { request: `${method} ${url}`, status: response.status, ...(challenge && { challenge }) }
}

function inWords({ step, detail }: Step): string {
  return [`\n${step}`, ...Object.entries(detail).map(([name, value]) => `  ${name.padEnd(10)} ${said(value)}`)].join('\n')
}

function said(value: unknown): string {
  return typeof value === 'object' ? JSON.stringify(value, null, 2).replace(/\n/g, `\n${' '.repeat(13)}`) : String(value)
}

const json = process.argv.includes('--json')
const steps: Step[] = []
try {
  await story(loadSettings(), (step) => {
    steps.push(step)
    if (!json) console.log(inWords(step))
  })
  if (json) console.log(JSON.stringify({ ok: true, steps }))
} catch (cause) {
  const sentence =
    cause instanceof Refusal
      ? cause.message
      : `The story broke off after "${steps.at(-1)?.step ?? 'start'}": ${(cause as Error).message}`
  if (json) console.log(JSON.stringify({ ok: false, error: sentence, steps }))
  console.error(`signet: ${sentence}`)
  process.exitCode = 1
}
