/** Asks as a stranger would, following nothing. @throws what `fetch` throws, when nobody answers */
export type Ask = (url: string, headers?: Record<string, string>) => Promise<Response>

export const ask: Ask = (url, headers = {}) => fetch(url, { headers, redirect: 'manual', signal: AbortSignal.timeout(5_000) })
