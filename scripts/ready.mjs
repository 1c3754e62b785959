/**
 * Runs a program of ours, or says in one sentence why this machine cannot yet. Plain JavaScript for any Node from 16 on, which could not read
 * TypeScript, with nothing imported that an old one does not have.
 */

/** @param {() => Promise<unknown>} load imports the program */
export async function begin(load) {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major < 24 || (major === 24 && minor < 7)) {
    refuse(
      `needs Node 24.7 or later, and this is ${process.versions.node}. Run npm start or npm run setup once: they bring one, which npm run finds.`,
    )
    return
  }
  const { enableCompileCache } = await import('node:module')
  enableCompileCache()
  // Before the program: Node warns of its SQLite as soon as it links what imports it.
  await import('../src/base/quiet.ts')
  try {
    await load()
  } catch (cause) {
    if (cause?.code !== 'ERR_MODULE_NOT_FOUND' || !/find package/.test(cause.message)) throw cause
    refuse('its packages are not installed. Run npm start or npm run setup once.')
  }
}

function refuse(sentence) {
  process.stderr.write(`signet: ${sentence}\n`)
  process.exitCode = 1
}
