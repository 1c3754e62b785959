/** One thing that the doctor looked at. */

export type Status = 'ok' | 'warn' | 'fail'

export interface Check {
  /** Stable, for programs: `key-files`, `database` … */
  name: string
  status: Status
  /** What was seen, for whoever runs the server. */
  sentence: string
  /** What to do about it; not there where all is well. */
  mend?: string
}

export const ok = (name: string, sentence: string): Check => ({ name, status: 'ok', sentence })
export const warn = (name: string, sentence: string, mend: string): Check => ({ name, status: 'warn', sentence, mend })
export const fail = (name: string, sentence: string, mend: string): Check => ({ name, status: 'fail', sentence, mend })
