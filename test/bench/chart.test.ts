/** The picture of the figures: well-formed whatever a figure is called, and every figure in it. */
import { expect } from 'chai'
import { chartOf } from '../../bench/chart.ts'
import { row } from '../../bench/table.ts'

describe('the chart of the bench', () => {
  const rows = [
    row('start <to> first "200" & so on', 200, 100, 'a control', 'at most 1.6'),
    row('verification', 100, 100, 'raw', 'at least 0.85'),
    row('far beyond', 1e9, 1, 'a control', 'above 1'),
    row('far below', 1, 1e9, 'a control', 'at least 1'),
  ]
  const chart = chartOf(rows)

  it('is well-formed: every element that begins ends, and nothing else is in angle brackets', () => {
    const open: string[] = []
    for (const [, end, name, own] of chart.matchAll(/<(\/?)([a-z]+)(?:\s+[\w:-]+="[^"<&]*")*\s*(\/?)>/g)) {
      if (end) expect(open.pop()).to.equal(name)
      else if (!own) open.push(name as string)
    }
    expect(open).to.deep.equal([])
    const rest = chart.replace(/<\/?[a-z]+(?:\s+[\w:-]+="[^"<&]*")*\s*\/?>/g, '')
    expect(rest).to.not.match(/[<>]|&(?!#\d+;)/)
  })
  it('has a bar for each figure, inside the picture, coloured by whether its goal is reached', () => {
    const bars = [...chart.matchAll(/<rect x="(\d+)" y="\d+" width="([\d.]+)" height="18" rx="3" class="(good|bad)"\/>/g)]
    expect(bars.map(([, , , kind]) => kind)).to.deep.equal(['bad', 'good', 'good', 'bad'])
    for (const [, x, width] of bars) expect(Number(x) + Number(width)).to.be.lessThan(860)
  })
  it('has colours for light and for dark', () => expect(chart).to.include('prefers-color-scheme: dark'))
})
