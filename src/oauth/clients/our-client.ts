/** A client as the library hands it on: its own members in camelCase, ours as `answers/metadata.ts` names them. */
import type { Client } from 'oidc-provider'
import type { ClientMetadata, extraMembers } from './metadata.ts'

export type OurClient = Client & Pick<ClientMetadata, (typeof extraMembers)[number]>
