/** What a password has to be, and how much work it costs to guess at its hash. */
import { z } from 'zod'
import { whole } from './numbers.ts'

/** The least that OWASP's Password Storage Cheat Sheet allows for argon2id, with one lane. */
export const leastWork = { memoryKiB: 19_456, passes: 2 }

export const passwords = z.strictObject({
  /** Characters. NIST SP 800-63B-4 s3.1.1.2 demands 8, and 15 where the password is the only proof. */
  shortest: whole(8, 64).default(8),
  /** Of one hash; one is made at a time. A hash of other work is made anew when its person signs in. */
  memoryKiB: whole(leastWork.memoryKiB, 1_048_576).default(leastWork.memoryKiB),
  passes: whole(leastWork.passes, 20).default(leastWork.passes),
})
