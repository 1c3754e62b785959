import { expect } from 'chai'
import { type Line, linesOf } from '../../src/cli/lines.ts'

async function linesIn(pieces: (string | Buffer)[], longest = 20): Promise<Line[]> {
  const stream = (async function* () {
    yield* pieces
  })()
  const lines: Line[] = []
  for await (const line of linesOf(stream, longest)) lines.push(line)
  return lines
}

const whole = Buffer.from('\uFEFFone\r\ntwo\n\n  \nfünf 🗝\nlast')
const expected = [
  { number: 1, text: 'one' },
  { number: 2, text: 'two' },
  { number: 5, text: 'fünf 🗝' },
  { number: 6, text: 'last' },
]

describe('a stream of lines', () => {
  for (const size of [1, 2, 3, 7, 100])
    it(`is the same however it is cut: into pieces of ${size} bytes`, async () => {
      const pieces = Array.from({ length: Math.ceil(whole.length / size) }, (_, at) => whole.subarray(at * size, (at + 1) * size))
      expect(await linesIn(pieces)).to.deep.equal(expected)
    })

  it('has what is too long as a line without text, and goes on with the next', async () => {
    const long = ['short\n', ...Array<string>(1_000).fill('x'.repeat(1_000)), '\nnext\n', 'y'.repeat(20), '\n', 'z'.repeat(21)]
    expect(await linesIn(long)).to.deep.equal([
      { number: 1, text: 'short' },
      { number: 2, text: undefined },
      { number: 3, text: 'next' },
      { number: 4, text: 'y'.repeat(20) },
      { number: 5, text: undefined },
    ])
  })

  it('may be empty', async () => {
    for (const nothing of [[], [''], ['\n\n']]) expect(await linesIn(nothing)).to.deep.equal([])
  })
})
