/** How far something long is: on a terminal one line that changes, elsewhere a line for each tenth. */
export function progressOf(what: string, all: number): (done: number, more?: string) => void {
  const begun = performance.now()
  let told = 0
  return (done, more = '') => {
    const tenth = Math.floor((10 * done) / all)
    const isTerminal = process.stderr.isTTY === true
    if (!isTerminal && tenth === told) return
    told = tenth
    const line = `  ${what}: ${done} of ${all}, ${Math.round((performance.now() - begun) / 1_000)} s${more && `, ${more}`}`
    process.stderr.write(isTerminal ? `\r\x1b[2K${line}${done === all ? '\n' : ''}` : `${line}\n`)
  }
}
