/** Why settings cannot be used: every fault, where it is, and how to mend it. */
import { Refusal } from '../base/errors.ts'

export interface Fault {
  /** Members from the top of the file; empty for the file as a whole. */
  path: readonly (string | number)[]
  message: string
  /** What to do, as a sentence. */
  mend: string
}

export class InvalidSettings extends Refusal {
  readonly file: string
  readonly faults: readonly Fault[]

  /** @param cause what reading failed with */
  constructor(file: string, faults: readonly Fault[], cause?: unknown) {
    const [first] = faults
    const whole = faults.length === 1 && first?.path.length === 0 && first.message.includes(file)
    super('invalid_settings', whole ? first.message : listed(file, faults), { cause })
    this.file = file
    this.faults = faults
  }
}

const listed = (file: string, faults: readonly Fault[]): string =>
  [`${file} has ${faults.length} fault${faults.length > 1 ? 's' : ''}:`, ...faults.map((fault) => `  ${said(fault)}`)].join('\n')

export const said = ({ path, message }: Fault): string => `${path.join('.') || '(top)'}: ${message}`
