/** Reads the letters of a server in development as whoever they were sent to, over HTTP, so that a server in another process will do. */
import type { Received } from '../../src/mail/inbox.ts'
import type { LetterKind } from '../../src/mail/letters.ts'
import { until } from './until.ts'

export async function lettersOf({ issuer }: { issuer: string }): Promise<Received[]> {
  const answer = await fetch(`${issuer}/dev/mail`, { headers: { accept: 'application/json' } })
  return (await answer.json()) as Received[]
}

/** Waits for the newest letter to an address, of a kind if one is given; `after` is one that is known already. */
export function letterTo(
  server: { issuer: string },
  address: string,
  kind?: LetterKind,
  after?: Pick<Received, 'id'>,
): Promise<Received> {
  return until(`a letter ${kind ?? ''} to ${address}`, async () => {
    const letter = (await lettersOf(server)).find((one) => one.to === address && (kind === undefined || one.kind === kind))
    return letter?.id === after?.id ? undefined : letter
  })
}

/** The one link of a letter: what a person would click, as its text says it. */
export function linkOf({ text }: Pick<Received, 'text'>): string {
  const links = text.split('\n').filter((line) => /^https?:\/\/\S+$/.test(line))
  if (links.length !== 1) throw new Error(`a letter with ${links.length} links:\n${text}`)
  return links[0] as string
}
