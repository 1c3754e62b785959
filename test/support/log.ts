/** A log that is kept, to be read by the test. */
import type { Fields, Log } from '../../src/base/log.ts'

export type Line = { level: 'info' | 'error'; event: string } & Fields

export function keptLog(): { log: Log; lines: Line[] } {
  const lines: Line[] = []
  const write = (level: Line['level']) => (event: string, fields?: Fields) => void lines.push({ level, event, ...fields })
  return { log: { info: write('info'), error: write('error') }, lines }
}
