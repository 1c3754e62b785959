/** Time travel for a server in this process: the library reads `Date.now` itself, so that is what is moved. */
const realNow = Date.now

/** Seconds since the epoch, whole ones, as a JWT says them. */
export const now = (): number => Math.floor(Date.now() / 1000)

export function travel(seconds: number): void {
  const offset = Date.now() - realNow() + seconds * 1000
  Date.now = () => realNow() + offset
}

export function returnToPresent(): void {
  Date.now = realNow
}
