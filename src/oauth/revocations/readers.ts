/** Who may read the list of revocations, where that is not everybody (`revocations.readers`). */
import type { Clock } from '../../base/clock.ts'
import { Refusal } from '../../base/errors.ts'
import type { Clients } from '../clients/clients.ts'
import { matchesSecret } from '../clients/secrets.ts'

export interface Readers {
  /**
   * Judges: that it is an API of ours (a client of kind `api`), by its secret (RFC 6749 s2.3.1, Basic alone: what a reader in any language can do without
   * a library). An API that signs assertions or shows a certificate instead has no secret to be known by.
   * @param authorization the header of that name
   * @throws Refusal `invalid_client` 401, the same whatever is wrong
   */
  check(authorization: string | undefined): Promise<void>
}

export function createReaders(clients: Pick<Clients, 'find' | 'findAnew'>, now: Clock): Readers {
  async function isReader({ id, secret }: Credentials): Promise<boolean> {
    const matches = (client: Awaited<ReturnType<Clients['find']>>) => {
      const isGood = matchesSecret(client?.client_secret, secret, now())
      return isGood && client !== undefined && client.serves.length > 0
    }
    // A secret that was made a moment ago may be one that this process has not read yet.
    return matches(await clients.find(id)) || matches(await clients.findAnew(id))
  }

  return {
    async check(authorization) {
      const given = credentialsOf(authorization)
      if (given && (await isReader(given))) return
      throw new Refusal(
        'invalid_client',
        'This list is for the APIs of this server: authenticate as one of them, by its secret.',
        {
          status: 401,
          detail: { ...(given && { client: given.id }) },
        },
      )
    },
  }
}

interface Credentials {
  id: string
  secret: string
}

/** RFC 7617 s2, each half in the encoding of forms (RFC 6749 s2.3.1). */
function credentialsOf(authorization = ''): Credentials | undefined {
  const [, encoded = ''] = /^Basic +([\w+/-]{1,2000}={0,2})$/i.exec(authorization) ?? []
  const [, id, secret] = /^([^:]+):([^:]+)$/.exec(Buffer.from(encoded, 'base64').toString()) ?? []
  if (id === undefined || secret === undefined) return undefined
  try {
    return { id: decoded(id), secret: decoded(secret) }
  } catch {
    return undefined
  }
}

const decoded = (text: string): string => decodeURIComponent(text.replaceAll('+', ' '))
