/** The server with a policy that the settings do not allow: keys that sign for minutes. For a process whose time passes faster (`faster.mjs`). */
import { startServer } from '../../../src/main.ts'
import { loadSettings } from '../../../src/settings/load.ts'

const settings = loadSettings()
const rotateAfterSeconds = Number(process.env.ROTATE_AFTER_SECONDS)
const server = await startServer({ ...settings, keys: { ...settings.keys, rotateAfterSeconds } })
process.once('SIGTERM', () => void server.close())
