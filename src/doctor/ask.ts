/** Asks as a stranger would, following nothing. @throws what `fetch` throws, when nobody answers */
export type Ask = (url: string, headers?: Record<string, string>) => Promise<Response>

export const ask: Ask = (url, headers = {}) => fetch(url, { headers, redirect: 'manual', signal: AbortSignal.timeout(5_000) })

/** @param code of what a connection failed with @returns what to do about it */
export function whyNot(code: string): string {
  if (/^(ENOTFOUND|EAI_AGAIN)$/.test(code)) return 'Its name leads nowhere from here: see the DNS, or issuer in the settings.'
  if (/^(ECONNREFUSED|ECONNRESET)$/.test(code)) return 'Nothing listens there: start signet serve, and the proxy before it.'
  if (/CERT|SELF_SIGNED|UNABLE_TO|ALTNAME/.test(code))
    return 'Its certificate is not good for its name: see the check certificate.'
  return 'See whether a firewall lies between; --url asks it at another address.'
}
