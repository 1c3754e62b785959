/** What the primary of a cluster and its workers say to each other. */
import type { Settings } from '../settings/load.ts'

/** The first that a worker is told. */
export interface Start {
  /** As they were when the cluster started: one that is begun anew, after the file was changed, is like the others. */
  settings: Settings
  /** 1 and up; its successor has the same. */
  worker: number
  owner: string
  first: boolean
}

/** `takeUp`: the owners whose debts are this worker's from now on. */
export type Order = { start: Start } | { takeUp: string[] } | 'stop'
/** `pid` comes first of all, then one of the others. */
export type Report = { pid: number } | 'listening' | { refused: string }
