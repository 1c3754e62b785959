/** The ratios as a picture, each beside its goal: a bar that reaches the line has reached it. On a logarithmic scale, so that twice and half look alike. */
import type { Row } from './table.ts'

const width = 860
const rowHeight = 34
const top = 64
const barsFrom = 330
const goalAt = 560
/** Pixels for twice as much. */
const octave = 90

/** @returns SVG 1.1, in the colours of the reader's light or dark mode */
export function chartOf(rows: readonly Row[]): string {
  const height = top + rows.length * rowHeight + 24
  const drawn = rows.map((row, at) => bar(row, top + at * rowHeight))
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="Each figure as a ratio to its control, beside its goal" font-family="system-ui, sans-serif" font-size="13">
<style>
svg { color-scheme: light dark; background: #fff; --text: #1f2328; --quiet: #59636e; --good: #1a7f37; --bad: #b35900; }
@media (prefers-color-scheme: dark) { svg { background: #0d1117; --text: #f0f6fc; --quiet: #9198a1; --good: #3fb950; --bad: #db8d3a; } }
text { fill: var(--text) } .quiet { fill: var(--quiet) } .good { fill: var(--good) } .bad { fill: var(--bad) } line { stroke: var(--quiet); stroke-dasharray: 3 3 }
</style>
<text x="16" y="26" font-size="16" font-weight="600">Ratios to controls of the same run</text>
<text x="16" y="46" class="quiet">A bar beyond the line has reached its goal; for what is to be small, the other way round is drawn.</text>
<line x1="${goalAt}" y1="${top - 8}" x2="${goalAt}" y2="${height - 12}"/>
${drawn.join('\n')}
</svg>
`
}

function bar({ name, against, ratio, goal }: Row, y: number): string {
  const wanted = Number(/[\d.]+/.exec(goal)?.[0] ?? 1)
  const isSmallGood = goal.startsWith('at most')
  const reached = Math.log2(isSmallGood ? wanted / ratio : ratio / wanted)
  const end = Math.min(width - 150, Math.max(barsFrom + 4, goalAt + reached * octave))
  const label = `${ratio.toFixed(2)} (${goal})`
  return [
    `<text x="16" y="${y + 10}">${escaped(name)}</text>`,
    `<text x="16" y="${y + 24}" class="quiet" font-size="11">beside ${escaped(against)}</text>`,
    `<rect x="${barsFrom}" y="${y}" width="${(end - barsFrom).toFixed(1)}" height="18" rx="3" class="${reached >= 0 ? 'good' : 'bad'}"/>`,
    `<text x="${(Math.max(end, goalAt) + 8).toFixed(1)}" y="${y + 14}">${escaped(label)}</text>`,
  ].join('')
}

const escaped = (text: string): string => text.replace(/[&<>"]/g, (one) => `&#${one.charCodeAt(0)};`)
