/** Where somebody watches: one line that changes, and is gone when the figures come. */
export function progress(what: string, done: number, all: number): void {
  if (!process.stderr.isTTY) return
  process.stderr.write(`\r\x1b[2K  ${what}: ${Math.floor((100 * done) / all)} %`)
  if (done >= all) process.stderr.write('\r\x1b[2K')
}
