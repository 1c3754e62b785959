import { expect } from 'chai'
import { agentInWords } from '../../src/web/agents.ts'

const mozilla = 'Mozilla/5.0'
const webkit = 'AppleWebKit/537.36 (KHTML, like Gecko)'

describe('what a browser calls itself', () => {
  for (const [userAgent, words] of [
    [`${mozilla} (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0`, 'Firefox on Linux'],
    [`${mozilla} (Windows NT 10.0; Win64; x64) ${webkit} Chrome/142.0.0.0 Safari/537.36`, 'Chrome on Windows'],
    [`${mozilla} (Windows NT 10.0; Win64; x64) ${webkit} Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0`, 'Edge on Windows'],
    [`${mozilla} (Linux; Android 10; K) ${webkit} Chrome/142.0.0.0 Mobile Safari/537.36`, 'Chrome on Android'],
    [`${mozilla} (Linux; Android 15) ${webkit} SamsungBrowser/28.0 Chrome/130.0 Safari/537.36`, 'Samsung Internet on Android'],
    [
      `${mozilla} (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1`,
      'Safari on iPhone',
    ],
    [
      `${mozilla} (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Safari/605.1.15`,
      'Safari on macOS',
    ],
    [`${mozilla} (X11; CrOS x86_64 14541.0.0) ${webkit} Chrome/142.0.0.0 Safari/537.36 OPR/127.0`, 'Opera on ChromeOS'],
    ['curl/8.5.0 (Linux)', 'a program on Linux'],
    ['Firefox/145.0', 'Firefox'],
    ['curl/8.5.0', undefined],
    ['', undefined],
    ['call 0900 1234, your account is blocked', undefined],
    [`${'x'.repeat(600)} Firefox/1 Linux`, undefined],
  ] as const)
    it(`is ${words ?? 'nothing'} for ${userAgent.slice(0, 60)}`, () => expect(agentInWords(userAgent)).to.equal(words))
})
