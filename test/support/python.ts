/** Debian's Python, with a module of Debian's. */
import { spawnSync } from 'node:child_process'

export const python = '/usr/bin/python3'

/**
 * Facts that need a real Python: skipped by name where something is not installed, but not where the project is being judged.
 * @param packages of Debian, each with what it is imported as
 */
export function describeWithPython(
  packages: Record<string, string>,
  title: string,
  facts: (this: Mocha.Suite) => void,
): Mocha.Suite {
  const isThere = spawnSync(python, ['-c', `import ${Object.values(packages).join(', ')}`]).status === 0
  if (isThere) return describe(title, facts)
  const reason = `something is not installed (Debian: apt install ${Object.keys(packages).join(' ')})`
  return describe(title, () => {
    if (!process.env.CI) it.skip(reason)
    else
      it('asks a real Python', () => {
        throw new Error(reason)
      })
  })
}
