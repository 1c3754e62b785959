/**
 * A rule about several settings is judged even when another setting is faulty, so that all faults are told at once; it is not judged when
 * one of its own is. zod alone would leave every such rule out as soon as anything is wrong.
 */
import type { z } from 'zod'

/** Says what is wrong, where, and how to mend it: a sentence each, the first without its subject. */
export type SayFault = (path: (string | number)[], message: string, mend: string) => void

export const sayFault =
  (context: z.RefinementCtx): SayFault =>
  (path, message, mend) =>
    context.addIssue({ code: 'custom', path, message, params: { mend } })

/** For `when` of a refinement: there is something to judge. */
export function isRecord({ value }: { value: unknown }): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Whether nothing was found wrong in these members so far. */
export function areSound({ issues }: Pick<z.RefinementCtx, 'issues'>, members: string[]): boolean {
  return !issues.some(({ path }) => members.includes(String(path?.[0])))
}

/** The same of one member of a list, which can be sound while another is not; none is where the list itself is none. */
export function isSoundAt({ issues }: Pick<z.RefinementCtx, 'issues'>, list: string, index: number): boolean {
  return !issues.some(({ path }) => path?.[0] === list && (path.length === 1 || path[1] === index))
}
