import { expect } from 'chai'
import fc from 'fast-check'
import { contrast, parseColour, toHex } from '../../src/base/colour.ts'
import { checkTheme, themeStylesheet } from '../../src/pages/theme.ts'
import { pages, theme } from './models.ts'

const colourOf = (css: string, property: string) => {
  const [first, second] = Array.from(
    new RegExp(`${property}: ([^;]*)`).exec(css)![1]!.matchAll(/#[0-9a-f]{6}/g),
    ([hex]) => parseColour(hex)!,
  )
  return { light: first!, dark: second ?? first! }
}

describe('a theme', () => {
  const hex = fc.integer({ min: 0, max: 0xffffff }).map((value) => `#${value.toString(16).padStart(6, '0')}`)
  // As style.css sets them; the grounds that text in the accent colour stands on.
  const grounds = /--raised: light-dark\((.*?\)), (.*?\))\)/.exec(pages.assets.get('/assets/style.css')!.body)!

  it('keeps every accent readable: text on it, and text in it on both grounds', () => {
    fc.assert(
      fc.property(hex, (accent) => {
        const css = themeStylesheet({ ...theme, accent })
        const on = colourOf(css, '--on-accent').light
        expect(contrast(on, colourOf(css, '--accent').light)).to.be.at.least(4.5)
        expect(contrast(on, colourOf(css, '--accent-pressed').light)).to.be.at.least(4.5)
        const ink = colourOf(css, '--accent-ink')
        expect(contrast(ink.light, parseColour(grounds[1]!)!)).to.be.at.least(4.5)
        expect(contrast(ink.dark, parseColour(grounds[2]!)!)).to.be.at.least(4.5)
      }),
    )
  })

  it('reads hexadecimal and oklch alike', () => {
    for (const [oklch, expected] of [
      ['oklch(0.627955 0.257683 29.2339)', '#ff0000'],
      ['oklch(100% 0 0)', '#ffffff'],
      ['oklch(0 0 0)', '#000000'],
    ]) {
      expect(toHex(parseColour(oklch!)!)).to.equal(expected)
    }
    expect(parseColour('#fa0')).to.deep.equal(parseColour('#ffaa00'))
  })

  for (const [name, value] of [
    ['accent', 'red'],
    ['accent', '#12345'],
    ['accent', '#fff;} body{display:none'],
    ['accent', 'oklch(0.5 0.1 20) url(//x)'],
    ['accent', 'url(https://evil.example)'],
    ['radius', '10'],
    ['radius', '99px'],
    ['radius', '8px;color:red'],
    ['radius', 'calc(1px)'],
    ['logo', 'javascript:alert(1)'],
    ['logo', '//evil.example/logo.png'],
    ['logo', '/\\evil.example/logo.png'],
    ['font', 'Inter; } *{}'],
    ['font', '"Inter"'],
    ['title', ' '],
  ] as const) {
    it(`is refused with the ${name} ${value}`, () => {
      expect(() => checkTheme({ ...theme, [name]: value })).to.throw(TypeError, `theme.${name}`)
    })
  }

  it('puts a font before the system’s', () => {
    expect(themeStylesheet({ ...theme, font: 'Inter, Fira Sans' })).to.contain('--theme-font: "Inter", "Fira Sans";')
  })
})
