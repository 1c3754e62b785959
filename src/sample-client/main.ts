/** A web app that signs people in with Signet and calls an API in their name. Read signet.ts next. */
import { createApp } from './app.ts'
import { readSettings, type Settings } from './settings.ts'

function start(settings: Settings): void {
  const server = createApp(settings).listen(settings.port, settings.host, () => {
    console.log(`sample client ${settings.origin}   (people from ${settings.issuer}, notes from ${settings.api})`)
  })
  server.on('error', (error: NodeJS.ErrnoException) => {
    stop(error.code === 'EADDRINUSE' ? `port ${settings.port} is taken; set SIGNET_CLIENT_PORT` : error.message)
  })
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => server.close())
}

function stop(why: string): void {
  console.error(`sample client: ${why}`)
  process.exitCode = 1
}

try {
  start(readSettings(process.env))
} catch (error) {
  stop((error as Error).message)
}
