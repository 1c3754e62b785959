/** The scripts do in a real bash and a real zsh what they say. */
import { execFileSync, spawnSync } from 'node:child_process'
import { expect } from 'chai'
import { completionScript, type Shell, shells } from '../../src/cli/completion.ts'
import { createProgram } from '../../src/cli/program.ts'
import { clientKinds } from '../../src/settings/client/kinds.ts'

const program = createProgram()

/** What each shell would offer after these words, the last of which is begun. zsh itself leaves out what does not begin so. */
const offered: Record<Shell, (words: string[]) => string[]> = {
  bash: (words) => {
    const typed = words.map((word) => `'${word}'`).join(' ')
    const line = `COMP_WORDS=(signet ${typed}); COMP_CWORD=${words.length}; _signet; printf '%s\\n' "\${COMPREPLY[@]}"`
    return linesOf(execFileSync('bash', ['-c', `set -u; ${completionScript(program, 'bash')}\n${line}`], { encoding: 'utf8' }))
  },
  zsh: (words) => {
    const typed = words.map((word) => `'${word}'`).join(' ')
    // Outside a completion there is nothing to add to, nor files to look for.
    const stand = 'compdef() { :; }; compadd() { shift; print -l -- "$@"; }; _files() { print FILES; }'
    const line = `words=(signet ${typed}); CURRENT=${words.length + 1}; _signet`
    const said = execFileSync('zsh', ['-f', '-u', '-c', `${stand}; ${completionScript(program, 'zsh')}\n${line}`], {
      encoding: 'utf8',
    })
    return linesOf(said).filter((one) => one.startsWith(words.at(-1) as string) || one === 'FILES')
  },
}
const linesOf = (text: string) => text.split('\n').filter((line) => line !== '')

for (const shell of shells) {
  const isHere = spawnSync(shell, ['--version']).status === 0
  const describing = isHere || process.env.CI ? describe : describe.skip

  describing(`signet completion ${shell}`, () => {
    for (const [words, all] of [
      [[''], [...program.commands.map((command) => command.name()), '--help']],
      [['cl'], ['client']],
      [
        ['client', ''],
        ['add', 'rotate-secret', 'show', 'list', 'remove', '--help'],
      ],
      [['client', 'add', 'My app', '--kind', ''], clientKinds],
      [['client', 'add', 'My app', '--kind', 'm'], ['machine']],
      [
        ['client', 'rotate-secret', 'id', '--keep', ''],
        ['none', '1h', '24h', '7d'],
      ],
      [['client', 'add', 'My app', '--id', ''], []],
      [['client', 'rotate-secret', 'id', '--j'], ['--json']],
      [
        ['completion', ''],
        ['bash', 'zsh', '--json', '--help'],
      ],
      [['doctor', '--url', ''], []],
      [
        ['nothing', ''],
        [...program.commands.map((command) => command.name()), '--help'],
      ],
    ] as [string[], string[]][]) {
      it(`offers ${all.join(' ').slice(0, 60) || 'nothing'} after signet ${words.join(' ')}`, () => {
        expect(offered[shell](words)).to.have.members(all)
      })
    }

    it('offers files where one is wanted', () => {
      expect(offered[shell](['backup', 'pack'])).to.include(shell === 'bash' ? 'package.json' : 'FILES')
    })
  })
}

describe('the script for zsh', () => {
  it('is taken by zsh’s own completion', function () {
    if (spawnSync('zsh', ['--version']).status !== 0 && !process.env.CI) this.skip()
    const line = `autoload -U compinit; compinit -u -D; ${completionScript(program, 'zsh')}\nprint $_comps[signet]`
    expect(execFileSync('zsh', ['-f', '-c', line], { encoding: 'utf8' })).to.equal('_signet\n')
  })
})
