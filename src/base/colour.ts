/** Just enough of colour to promise that text on it, or in it, can be read: WCAG 2.2 contrast of sRGB colours. */

/** Linear-light red, green and blue, 0 to 1. */
export type Colour = readonly [number, number, number]

export const WHITE: Colour = [1, 1, 1]
export const BLACK: Colour = [0, 0, 0]

/** @returns undefined unless `value` is `#rgb`, `#rrggbb` or `oklch(L C H)`; nothing else is let into a stylesheet. */
export function parseColour(value: string): Colour | undefined {
  const hex = /^#([0-9a-f]{3}|[0-9a-f]{6})$/i.exec(value)?.[1]
  if (hex !== undefined) return fromHex(hex.length === 3 ? hex.replace(/./g, '$&$&') : hex)
  const oklch = /^oklch\( *(\d{1,3}(?:\.\d+)?|\.\d+)(%?) +(\d?\.\d+|\d) +(\d{1,3}(?:\.\d+)?)(?:deg)? *\)$/.exec(value)
  if (!oklch) return undefined
  return fromOklch(Number(oklch[1]) / (oklch[2] ? 100 : 1), Number(oklch[3]), Number(oklch[4]))
}

/** WCAG 2.2 contrast ratio, 1 to 21. */
export function contrast(one: Colour, other: Colour): number {
  const [a, b] = [luminance(one) + 0.05, luminance(other) + 0.05]
  return Math.max(a, b) / Math.min(a, b)
}

/** @returns the colour nearest to `colour`, on its way to `towards`, that reaches `ratio` on `ground`. */
export function readableOn(ground: Colour, colour: Colour, towards: Colour, ratio: number): Colour {
  for (let share = 0; share < 1; share += 0.02) {
    const candidate = mix(colour, towards, share)
    if (contrast(candidate, ground) >= ratio) return candidate
  }
  return towards
}

export function mix(colour: Colour, other: Colour, share: number): Colour {
  const channel = (index: 0 | 1 | 2) => colour[index] * (1 - share) + other[index] * share
  return [channel(0), channel(1), channel(2)]
}

export function toHex(colour: Colour): string {
  const byte = (linear: number) => {
    const encoded = linear <= 0.0031308 ? 12.92 * linear : 1.055 * linear ** (1 / 2.4) - 0.055
    return Math.round(encoded * 255)
      .toString(16)
      .padStart(2, '0')
  }
  return `#${colour.map(byte).join('')}`
}

function luminance([red, green, blue]: Colour): number {
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

function fromHex(hex: string): Colour {
  const channel = (at: number) => {
    const encoded = Number.parseInt(hex.slice(at, at + 2), 16) / 255
    return encoded <= 0.04045 ? encoded / 12.92 : ((encoded + 0.055) / 1.055) ** 2.4
  }
  return [channel(0), channel(2), channel(4)]
}

/** The matrices of CSS Color 4 s9; what lies outside sRGB is clipped. */
function fromOklch(lightness: number, chroma: number, hueDegrees: number): Colour {
  const hue = (hueDegrees * Math.PI) / 180
  const [a, b] = [chroma * Math.cos(hue), chroma * Math.sin(hue)]
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3
  const clip = (value: number) => Math.min(1, Math.max(0, value))
  return [
    clip(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
    clip(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
    clip(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s),
  ]
}
