/** What this app is told from outside. */
import { readFileSync } from 'node:fs'

export interface Settings {
  /** Where this app listens. In a container, all addresses: `0.0.0.0`. */
  host: string
  port: number
  /** Where people reach this app. Fixed here, never taken from a `Host` header: redirect URIs are built from it. */
  origin: string
  issuer: string
  /** The API's identifier, which is also where it is. */
  api: string
  clientId: string
  clientSecret: string
  /** Unset: a random one, and a restart signs everybody out of this app. */
  cookieKey: string | undefined
}

/** @throws Error with one line for whoever starts this app */
export function readSettings(env: NodeJS.ProcessEnv): Settings {
  const port = Number(env.SIGNET_CLIENT_PORT ?? 4002)
  if (!Number.isInteger(port) || port < 1 || port > 65535)
    throw new Error(`SIGNET_CLIENT_PORT is no port: ${env.SIGNET_CLIENT_PORT}`)
  return {
    host: env.SIGNET_CLIENT_HOST || 'localhost',
    port,
    origin: `http://localhost:${port}`,
    issuer: url('SIGNET_ISSUER', env.SIGNET_ISSUER ?? 'http://localhost:4000'),
    api: url('SIGNET_API', env.SIGNET_API ?? 'http://localhost:4001'),
    clientId: env.SAMPLE_CLIENT_ID ?? 'sample-client',
    clientSecret: secretFrom(env),
    cookieKey: env.SAMPLE_CLIENT_COOKIE_KEY,
  }
}

/** From a file, as containers are given secrets: what an environment holds is seen by whoever looks at the container. */
function secretFrom({ SAMPLE_CLIENT_SECRET: given, SAMPLE_CLIENT_SECRET_FILE: file }: NodeJS.ProcessEnv): string {
  const secret = given || (file && readFileSync(file, 'utf8').trim())
  if (secret) return secret
  throw new Error('SAMPLE_CLIENT_SECRET is not set: it is the secret that Signet showed when the client was added')
}

function url(name: string, value: string): string {
  if (!/^https?:$/.test(URL.parse(value)?.protocol ?? '')) throw new Error(`${name} is no http(s) URL: ${value}`)
  return value
}
