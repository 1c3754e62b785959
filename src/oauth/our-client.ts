import type { Client } from 'oidc-provider'
import type { ClientMetadata, extraMembers } from './client-metadata.ts'

/** The client as the library hands it on, with our own members. */
export type OurClient = Client & Pick<ClientMetadata, (typeof extraMembers)[number]>
