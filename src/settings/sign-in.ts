/** How people are let in, and how often they may try. */
import { z } from 'zod'
import { seconds, whole } from './numbers.ts'
import type { SayFault } from './sound.ts'

const acrNames = z
  .array(z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]{1,256}$/, 'a name without spaces'))
  .min(1)
  .max(20)

export const signIn = z.strictObject({
  /** Wrong passwords for one person from one network before it has to wait. */
  attemptsPerAccount: whole(1, 1_000).default(10),
  /** Right passwords count too, since what counts has to be counted before the password is looked at. */
  attemptsPerNetwork: whole(1, 100_000).default(300),
  /** Wrong passwords for one person from everywhere, but for browsers in which that person was signed in before. */
  attemptsOverall: whole(1, 1_000_000).default(100),
  windowSeconds: seconds(10, 86_400).default(900),
  /** What a sign-in by password is worth, by names that clients ask for as `acr`; the first is the one that is said to whoever asks for none. */
  acrValues: acrNames.default(['urn:signet:acr:password']),
  /** Whether a link that is sent to the person's address signs them in too. */
  byLink: z.boolean().default(false),
  /** What that is worth, likewise. */
  linkAcrValues: acrNames.default(['urn:signet:acr:link']),
  /** Whether people are told by letter of a sign-in in a browser that was not seen with their account. */
  newDeviceLetters: z.boolean().default(true),
})

/** In development letters lie in an inbox of the server's own. */
export function signInFaults(
  { signIn: { byLink }, mail }: { signIn: z.output<typeof signIn>; mail?: object | undefined },
  isDevelopment: boolean,
  fault: SayFault,
): void {
  if (byLink && !mail && !isDevelopment)
    fault(['signIn', 'byLink'], 'sends letters, and no mail server is given', 'Add mail, or write byLink: false.')
}
