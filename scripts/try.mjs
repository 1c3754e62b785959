/** `npm run try`, which says what is missing where nothing is set up yet. */
const { begin } = await import('./ready.mjs')
await begin(() => import('../src/try.ts'))
