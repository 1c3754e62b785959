/**
 * Facts about what may not be read, also where the tests are run by the administrator, who may read everything: a module's default export
 * is called in a process that has given its rights up. It is loaded before that, so that the tree may lie where nobody else looks.
 */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const nobody = 65_534

export interface Outcome {
  returned?: unknown
  refused?: { code: string; message: string }
}

/** @param module its default export takes strings, and returns or throws at once */
export function asNobody(module: URL, ...args: string[]): Outcome {
  const { status, stdout, stderr } = spawnSync(process.execPath, [fileURLToPath(import.meta.url), module.href, ...args], {
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(stderr)
  return JSON.parse(stdout) as Outcome
}

function outcomeOf(call: () => unknown): Outcome {
  try {
    return { returned: call() }
  } catch (cause) {
    const { code, message } = cause as { code: string; message: string }
    return { refused: { code, message } }
  }
}

if (import.meta.main) {
  const [href = '', ...args] = process.argv.slice(2)
  const { default: call } = await import(href)
  if (process.getuid?.() === 0) {
    process.setgroups?.([])
    process.setgid?.(nobody)
    process.setuid?.(nobody)
  }
  process.stdout.write(JSON.stringify(outcomeOf(() => call(...args))))
}
