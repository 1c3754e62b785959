/**
 * `signet completion bash|zsh`: a script made from the commands as they are. It knows their names, their options and the values that are
 * few; what only the database knows (ids, addresses) it does not ask for.
 */
import type { Argument, Command, Option } from 'commander'
import { answer } from './run.ts'

export const shells = ['bash', 'zsh'] as const
export type Shell = (typeof shells)[number]

/** @param command knows its siblings */
export async function completion(shell: Shell, { json }: { json?: boolean }, command: Command): Promise<void> {
  const script = completionScript(command.parent ?? command, shell)
  answer(json, { shell, script }, [script])
}

export function completionScript(program: Command, shell: Shell): string {
  const places = placesOf(program)
  const name = program.name()
  return {
    bash: `# ${name} completion bash: source <(${name} completion bash)
_${name}_offer() { COMPREPLY+=($(compgen -W "$*" -- "\${COMP_WORDS[COMP_CWORD]}")); }
_${name}_files() { COMPREPLY+=($(compgen -f -- "\${COMP_WORDS[COMP_CWORD]}")); }
_${name}() {
  COMPREPLY=()
  _${name}_words "\${COMP_WORDS[@]:1:COMP_CWORD-1}"
}
${choosing(name, places)}
complete -F _${name} ${name}`,
    zsh: `#compdef ${name}
# ${name} completion zsh > a file named _${name} in a folder of $fpath
_${name}_offer() { compadd -- "$@"; }
_${name}_files() { _files; }
_${name}() { _${name}_words "\${(@)words[2,CURRENT-1]}"; }
${choosing(name, places)}
if [ "\${funcstack[1]-}" = "_${name}" ]; then _${name} "$@"; else compdef _${name} ${name}; fi`,
  }[shell]
}

interface Place {
  /** E.g. `/client/add`; empty for the program itself. */
  at: string
  offers: string[]
  /** Long options that want a value, with those that there are. */
  values: Map<string, readonly string[]>
  wantsFile: boolean
}

/** Goes down the words that were typed as far as they are commands, and offers what may follow: in the words of both shells. */
function choosing(name: string, places: Place[]): string {
  const known = places.map(({ at }) => at).filter((at) => at !== '')
  const values = places.flatMap(({ at, values: those }) =>
    [...those].map(
      ([option, some]) => `    '${at} ${option}') ${some.length > 0 ? `_${name}_offer ${some.join(' ')}; ` : ''}return ;;`,
    ),
  )
  const offers = places.map(({ at, offers: those, wantsFile }) => {
    const files = wantsFile ? ` _${name}_files;` : ''
    return `    '${at}') _${name}_offer ${those.join(' ')};${files} ;;`.replace(/; ;;$/, ' ;;')
  })
  return `_${name}_words() {
  local place='' word='' before=''
  for word in "$@"; do
    before="$word"
    case "$place/$word" in
      ${known.join('|')}) place="$place/$word" ;;
    esac
  done
  case "$place $before" in
${values.join('\n')}
  esac
  case "$place" in
${offers.join('\n')}
  esac
}`
}

function placesOf(command: Command, at = ''): Place[] {
  const own = command.options.flatMap(({ long }) => (long ? [long] : []))
  const args = command.registeredArguments
  const place: Place = {
    at,
    offers: [...command.commands.map((inner) => inner.name()), ...args.flatMap(choicesOf), ...own, '--help'],
    values: new Map(command.options.filter(({ required }) => required).map((option) => [String(option.long), choicesOf(option)])),
    wantsFile: args[0]?.name() === 'file',
  }
  return [place, ...command.commands.flatMap((inner) => placesOf(inner, `${at}/${inner.name()}`))]
}

const choicesOf = ({ argChoices }: Option | Argument): readonly string[] => argChoices ?? []
