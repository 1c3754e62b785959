/** How a figure is printed: beside its control of the same run, as a ratio. */

export interface Row {
  name: string
  figure: number
  control: number
  ratio: number
  against: string
  goal: string
}

export function row(name: string, figure: number, control: number, against: string, goal: string): Row {
  return { name, figure, control, ratio: figure / control, against, goal }
}

export function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] as number
}

export function printRows(rows: Row[]): void {
  for (const { name, figure, control, ratio, against, goal } of rows) {
    console.log(
      `${name.padEnd(44)} ${short(figure).padStart(9)}  ${against.padEnd(24)} ${short(control).padStart(9)}  ratio ${ratio.toFixed(2).padStart(7)}  (${goal})`,
    )
  }
}

const short = (value: number) => (value >= 1_000 ? value.toFixed(0) : value.toFixed(1))
