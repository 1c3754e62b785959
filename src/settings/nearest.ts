/** Which of the known names was meant by one that is not known. */

/** Capitals, underscores and hyphens make no difference, a mistake in every three letters little. @returns undefined when none is near */
export function nearest(name: string, known: string[]): string | undefined {
  const plain = (text: string) => text.toLowerCase().replace(/[_-]/g, '')
  const given = plain(name).slice(0, 100)
  const most = Math.max(1, Math.floor(given.length / 3))
  const distances = known.map((one) => ({ one, distance: distance(given, plain(one)) }))
  return distances.filter((one) => one.distance <= most).sort((a, b) => a.distance - b.distance)[0]?.one
}

/** Levenshtein's: how many letters have to be put in, left out or changed. */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, n) => n)
  for (const [i, letter] of [...from].entries()) {
    const next = [i + 1]
    for (let j = 0; j < to.length; j++)
      next.push(Math.min((row[j] as number) + (letter === to[j] ? 0 : 1), (row[j + 1] as number) + 1, (next[j] as number) + 1))
    row = next
  }
  return row[to.length] as number
}
