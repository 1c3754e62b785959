/**
 * Protects an API with the access tokens of an OAuth 2.0 issuer, verified by its published keys, without a call per request.
 *
 *     const notes = defineResource({ id: 'https://api.example.com', scopes: { 'notes:read': 'Read your notes' } })
 *     const api = createResourceServer({ issuer: 'https://id.example.com', resource: notes })
 *     const { protect, metadata } = koa(api)
 */
export type { Auth, CredentialKind } from './auth.ts'
export type { Refusal } from './challenge.ts'
export type { RequestLike } from './credentials.ts'
export type { DecryptOptions } from './decrypt.ts'
export type { DpopMode, DpopOptions } from './dpop.ts'
export { BearerError, type ErrorCode, type Reason } from './errors.ts'
export { koa, type Protected } from './koa.ts'
export type { ProtectedResourceMetadata } from './metadata.ts'
export type { ResourceServerEvent, ResourceServerOptions } from './options.ts'
export type { Need, Requirement } from './requirement.ts'
export { defineResource, type Resource, type ResourceDefinition, type ScopeDefinition, type ScopeOf } from './resource.ts'
export type { RevocationOptions } from './revocations.ts'
export { createResourceServer, type Outcome, type ResourceServer } from './server.ts'
export type { Algorithm } from './signature.ts'
export type { StandardSchema } from './standard-schema.ts'
