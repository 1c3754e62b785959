/** What a server asked of the system, by strace: which requests it read, what it wrote to the log of its database, when the disk had it, when it answered. */
import { readFileSync } from 'node:fs'
import { until } from './until.ts'

/** What strace is started with, before the program, which is its parent: a signal to it goes to the program. */
export const tracing = (file: string): string[] => [
  'strace',
  '--daemonize=grandchild',
  ...['--follow-forks', '--decode-fds=all', '--string-limit=120', `--output=${file}`],
  '--trace=read,write,writev,sendto,sendmsg,pwrite64,fsync,fdatasync',
]

/** A request and its answer. */
export interface Exchange {
  /** `POST /token` */
  request: string
  /** The beginning of what was answered. */
  answer: string
  /** Writes to the log since the exchange before. */
  written: number
  /** Those among them of which the disk was not asked to have them before the answer went out. */
  unsynced: number
}

/** Resolves when the tracer has written down the end of a program that ended. */
export async function traceOf(file: string, pid: number): Promise<string> {
  const end = new RegExp(`^${pid} +\\+\\+\\+ (exited|killed)`, 'm')
  return until(`the end of ${pid}`, () => {
    const trace = readFileSync(file, 'utf8')
    return end.test(trace) && trace
  })
}

/** @param log the name of the file whose writes and syncs count */
export function exchangesOf(trace: string, log: string): Exchange[] {
  const exchanges: Exchange[] = []
  /** By socket: the request that waits for its answer. */
  const asked = new Map<string, string>()
  let written = 0
  let unsynced = 0
  for (const { name, of, text } of callsIn(trace)) {
    const request = name === 'read' && /"((?:GET|POST) [^ ?]+)/.exec(text)?.[1]
    if (request) asked.set(of, request)
    else if (name === 'pwrite64' && of.endsWith(log)) [written, unsynced] = [written + 1, unsynced + 1]
    else if (/^f(data)?sync$/.test(name) && of.endsWith(log)) unsynced = 0
    else if (/^(write|send)/.test(name) && text.includes('HTTP/1.1 ') && asked.has(of)) {
      exchanges.push({ request: asked.get(of) as string, answer: text, written, unsynced })
      asked.delete(of)
      written = 0
    }
  }
  return exchanges
}

interface Call {
  name: string
  /** The file or socket that it is about. */
  of: string
  text: string
}

/** In the order in which they ended; one that another thread's interrupted stands on two lines. */
function* callsIn(trace: string): Generator<Call> {
  const begun = new Map<string, string>()
  for (const line of trace.split('\n')) {
    const [, thread = '', rest = ''] = /^(\d+) +(.*)$/.exec(line) ?? []
    if (rest.endsWith('<unfinished ...>')) {
      begun.set(thread, rest.replace(/ *<unfinished \.\.\.>$/, ''))
      continue
    }
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(rest)
    const text = resumed ? `${begun.get(thread)}${resumed[1]}` : rest
    const call = /^(\w+)\(\d+<((?:[^<>]|<[^<>]*>|->)*)>/.exec(text)
    if (call) yield { name: call[1] as string, of: call[2] as string, text }
  }
}
