import { Refusal } from '../base/errors.ts'
import { startServer } from '../main.ts'
import { loadSettings } from '../settings/load.ts'
import { answer, refuse } from './run.ts'

/** Runs until SIGTERM or SIGINT, then finishes what is under way. A clean exit also writes the compile cache. */
export async function serve(): Promise<void> {
  const settings = loadSettings()
  const server = await startServer(settings)
  // Heard from before it is said that the server stands: whoever waits for that may end it at once.
  const asked = new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve())
  })
  server.parts.log.info('listening', { issuer: settings.issuer, port: server.port, development: settings.development })
  await asked
  await server.close()
}

export async function checkSettings({ json }: { json?: boolean }): Promise<void> {
  try {
    const { issuer, development, apis, clients } = loadSettings()
    const summary = { valid: true, issuer, development, apis: apis.length, clients: clients.length }
    answer(json, summary, [
      `The settings are valid: ${issuer} (${development ? 'development' : 'production'}), APIs: ${apis.length}, declared clients: ${clients.length}.`,
    ])
  } catch (cause) {
    if (!json || !(cause instanceof Refusal)) throw cause
    refuse(true, { valid: false, error: cause.code, message: cause.message, faults: faultsIn(cause.message) })
  }
}

/** Under a heading, a line each; or one sentence, when the file could not be read as far as that. */
function faultsIn(message: string): string[] {
  const [first = '', ...faults] = message.split('\n').map((line) => line.trim())
  return faults.length > 0 ? faults : [first]
}
