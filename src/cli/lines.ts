/** A stream of text, line by line, in little memory however long it is, or a line of it. */

export interface Line {
  number: number
  /** undefined: longer than what is read */
  text: string | undefined
}

/** Without line ends, byte order mark and empty lines. @param longest characters */
export async function* linesOf(stream: AsyncIterable<Buffer | string>, longest: number): AsyncGenerator<Line> {
  const decoder = new TextDecoder()
  let number = 0
  let begun = ''
  let isTooLong = false

  function* take(text: string, isEnd: boolean): Generator<Line> {
    const pieces = text.split('\n')
    for (const [at, piece] of pieces.entries()) {
      if (begun.length + piece.length > longest) isTooLong = true
      begun = isTooLong ? '' : begun + piece
      if (at === pieces.length - 1 && !isEnd) return
      number++
      const line: Line = { number, text: isTooLong ? undefined : begun.trim() }
      begun = ''
      isTooLong = false
      if (line.text !== '') yield line
    }
  }

  for await (const chunk of stream)
    yield* take(typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true }), false)
  yield* take(decoder.decode(), true)
}
