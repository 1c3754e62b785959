import { expect } from 'chai'
import { z } from 'zod'
import type { StandardSchema } from '../../src/resource-server/index.ts'
import { createResourceServer } from '../../src/resource-server/index.ts'
import { bearer, createApi, ISSUER, jwksOf, keys, mint, NOW, notes } from './support.ts'

describe('kit: claims by a schema', () => {
  const withSchema = <C extends object>(claims: StandardSchema<C>) =>
    createResourceServer({ issuer: ISSUER, resource: notes, jwks: jwksOf(keys.ES256), now: () => NOW, claims })
  const tenants = z.object({ tenant: z.string().transform((name) => name.toUpperCase()) })

  it('gives handlers what the schema made, by its type', async () => {
    const { claims } = await withSchema(tenants).verify(mint({ tenant: 'acme' }))
    const tenant: string = claims.tenant
    expect(tenant).to.equal('ACME')
    // @ts-expect-error: the schema names no such claim
    expect(claims.other).to.equal(undefined)
  })
  it('waits for a schema that takes its time', async () => {
    const { claims } = await withSchema(tenants.refine(async () => true)).verify(mint({ tenant: 'acme' }))
    expect(claims.tenant).to.equal('ACME')
  })
  it('refuses a token that does not fit, each time that it comes', async () => {
    const api = withSchema(tenants)
    for (const tenant of [undefined, 7, null]) {
      const token = mint({ tenant })
      for (let time = 0; time < 2; time++) {
        const outcome = await api.check(bearer(token))
        expect(outcome).to.have.nested.property('error.reason', 'unfit_claims')
        expect(outcome).to.have.nested.property('refusal.status', 401)
      }
    }
  })
  it('is asked after the signature and the claims of RFC 9068 alone', async () => {
    let asked = 0
    const api = withSchema(z.object({}).refine(() => ++asked > 0))
    for (const token of [mint({ exp: 1 }), mint({ aud: 'x' }), `${mint().slice(0, -4)}AAAA`])
      await api.verify(token).catch(() => {})
    expect(asked).to.equal(0)
    await api.verify(mint())
    expect(asked).to.equal(1)
  })
  it('is refused where it is none', () => {
    expect(() => createApi({ claims: { parse: () => true } as never })).to.throw(TypeError)
  })
})
