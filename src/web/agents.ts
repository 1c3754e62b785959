/**
 * What a browser calls itself, in the words of its person: "Firefox on Windows". A hint and no more, since a program says what it likes; whatever
 * is not known is nothing, so that nobody puts words of theirs into a letter of ours.
 */

/** In the order in which they are looked for: most pretend to be several. */
const browsers: [RegExp, string][] = [
  [/\b(?:Edg|EdgA|EdgiOS)\//, 'Edge'],
  [/\b(?:OPR|Opera)\//, 'Opera'],
  [/\bSamsungBrowser\//, 'Samsung Internet'],
  [/\b(?:Firefox|FxiOS)\//, 'Firefox'],
  [/\b(?:Chrome|CriOS|HeadlessChrome)\//, 'Chrome'],
  [/\bVersion\/\S+ (?:Mobile\/\S+ )?Safari\//, 'Safari'],
]

const systems: [RegExp, string][] = [
  [/\bWindows\b/, 'Windows'],
  [/\b(?:iPhone|iPod)\b/, 'iPhone'],
  [/\biPad\b/, 'iPad'],
  [/\bAndroid\b/, 'Android'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\b(?:Macintosh|Mac OS X)\b/, 'macOS'],
  [/\bLinux\b/, 'Linux'],
]

/** @param userAgent the header; only its first 512 characters are looked at. @returns undefined when neither is known */
export function agentInWords(userAgent: string): string | undefined {
  const given = userAgent.slice(0, 512)
  const nameIn = (list: [RegExp, string][]) => list.find(([pattern]) => pattern.test(given))?.[1]
  const [browser, system] = [nameIn(browsers), nameIn(systems)]
  return browser && system ? `${browser} on ${system}` : (browser ?? (system && `a program on ${system}`))
}
