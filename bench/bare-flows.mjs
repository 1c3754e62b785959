/**
 * The control of the sign-ins: oidc-provider with its memory adapter, a sign-in page of its own and nobody asked for consent. Passwords are
 * checked as we check them, so that what differs is the rest.
 */
import { generateKeyPairSync } from 'node:crypto'
import { Provider } from 'oidc-provider'
import { createPasswords } from '../src/crypto/passwords.ts'

const port = Number(process.argv[2])
const jwk = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' })
const passwords = createPasswords()
const hash = await passwords.hash('correct horse battery staple')

const provider = new Provider(`http://localhost:${port}`, {
  jwks: { keys: [{ ...jwk, alg: 'ES256', use: 'sig' }] },
  clients: [
    {
      client_id: 'bench-web',
      client_secret: 'a-secret-of-some-length',
      grant_types: ['authorization_code', 'refresh_token'],
      redirect_uris: ['https://app.example.com/callback'],
      response_types: ['code'],
    },
  ],
  clientDefaults: { id_token_signed_response_alg: 'ES256' },
  cookies: { keys: ['a key that nobody is to know'] },
  findAccount: (_ctx, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  issueRefreshToken: () => true,
  rotateRefreshToken: false,
  interactions: { url: (_ctx, { uid }) => `/interaction/${uid}` },
  async loadExistingGrant({ oidc: { client, session, provider } }) {
    const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId })
    grant.addOIDCScope('openid')
    grant.addResourceScope('https://api.example.com', 'notes:read')
    await grant.save()
    return grant
  },
  features: {
    devInteractions: { enabled: false },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => 'https://api.example.com',
      useGrantedResource: () => true,
      getResourceServerInfo: () => ({
        scope: 'notes:read',
        audience: 'https://api.example.com',
        accessTokenFormat: 'jwt',
        jwt: { sign: { alg: 'ES256' } },
      }),
    },
  },
})

provider.use(async (ctx, next) => {
  if (!ctx.path.startsWith('/interaction/')) return next()
  const action = `/interaction/${ctx.path.split('/')[2]}/sign-in`
  if (ctx.method === 'GET') {
    ctx.body = `<form method="post" action="${action}"><input name="email"><input name="password" type="password"></form>`
    return
  }
  let text = ''
  for await (const chunk of ctx.req) text += chunk
  const form = new URLSearchParams(text)
  if (!(await passwords.matches(form.get('password'), hash))) ctx.throw(400)
  ctx.respond = false
  await provider.interactionFinished(ctx.req, ctx.res, { login: { accountId: form.get('email') } })
})
provider.listen(port, 'localhost')
