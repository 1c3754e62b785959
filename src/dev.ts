/** `npm start`: the server, the sample API and the sample client together, with what a first try needs. The samples are processes of their own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { enableCompileCache } from 'node:module'
import path from 'node:path'

enableCompileCache()
// Imported after the cache is on, so that it holds them too: a third of the start.
const { Refusal } = await import('./base/errors.ts')
const { childEnvironment, loadSettings } = await import('./settings/load.ts')
const { startServer } = await import('./main.ts')
const { demoAccount, demoClients, demoSecret, seedDemo } = await import('./demo.ts')

const children: ChildProcess[] = []
let stopping: Promise<void> | undefined

try {
  const settings = loadSettings()
  const server = await startServer(settings)
  const stop = (code: number) => {
    stopping ??= (async () => {
      for (const child of children) child.kill('SIGTERM')
      await server.close()
      process.exit(code)
    })()
  }
  process.on('SIGTERM', () => stop(0))
  process.on('SIGINT', () => stop(0))
  if (settings.demo) await seedDemo(server.parts)
  const { apiPort, clientPort } = settings.samples
  const common = { SIGNET_ISSUER: settings.issuer, SIGNET_API_PORT: String(apiPort), SIGNET_CLIENT_PORT: String(clientPort) }
  if (settings.demo) {
    await startSample('sample-api', common, stop)
    const secret = demoSecret(server.parts.secrets, demoClients.web)
    const cookieKey = demoSecret(server.parts.secrets, `${demoClients.web}/cookie`)
    const api = settings.apis[0]?.identifier
    await startSample(
      'sample-client',
      { ...common, SIGNET_API: api, SAMPLE_CLIENT_SECRET: secret, SAMPLE_CLIENT_COOKIE_KEY: cookieKey },
      stop,
    )
  }
  welcome(
    settings.issuer,
    settings.demo,
    server.parts.inbox !== undefined,
    { apiPort, clientPort },
    settings.dataFolder,
    settings.keyFolder,
  )
} catch (cause) {
  if (!(cause instanceof Refusal)) throw cause
  console.error(`signet: ${cause.message}`)
  process.exit(1)
}

/** Resolves with the sample's first line, which it prints when it listens. A sample that ends takes the rest with it. */
function startSample(name: string, env: Record<string, string | undefined>, stop: (code: number) => void): Promise<void> {
  const child = spawn(process.execPath, [path.join(import.meta.dirname, name, 'main.ts')], {
    env: childEnvironment(env),
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  children.push(child)
  return new Promise((resolve) => {
    child.stdout?.once('data', () => resolve())
    child.once('exit', (code) => {
      if (!stopping) console.error(`signet: the ${name} ended (exit code ${code}).`)
      stop(code || 1)
    })
  })
}

function welcome(
  issuer: string,
  demo: boolean,
  hasInbox: boolean,
  ports: { apiPort: number; clientPort: number },
  dataFolder: string,
  keyFolder: string,
): void {
  const here = (folder: string) => (folder.startsWith(process.cwd()) ? path.relative(process.cwd(), folder) : folder)
  const lines = ['', '  Signet is running.', '', `  authorization server   ${issuer}`]
  if (hasInbox) lines.push(`  its letters            ${issuer}/dev/mail`)
  if (demo) {
    lines.push(
      `  sample API             http://localhost:${ports.apiPort}`,
      `  sample client          http://localhost:${ports.clientPort}   <- open this one`,
      '',
      `  demo account           ${demoAccount.email}   password: ${demoAccount.password}`,
    )
  }
  lines.push(
    '',
    `  data in ${here(dataFolder)}/, keys in ${here(keyFolder)}/; both are kept. Ctrl-C stops.`,
    `  Next: ${demo ? 'npm run try (the same without a browser), ' : ''}npm run signet -- --help`,
    '',
  )
  console.log(lines.join('\n'))
}
