/** How the server is run: how many processes, and what is written down of what they do. */
import { z } from 'zod'
import { whole } from './numbers.ts'

/** What is written to standard error, one JSON line per event. */
export const log = z.strictObject({
  level: z.enum(['info', 'error']).default('info'),
  /** A line for each request that was answered. */
  requests: z.boolean().default(false),
})

/** Who did what that changes who may do what. */
export const audit = z.strictObject({
  keepDays: whole(1, 36_500).default(400),
  /** Also each sign-in by password, which costs a durable write. */
  signIns: z.boolean().default(false),
})

/** For Prometheus, on a port of its own, which is not for everybody. */
export const metrics = z.strictObject({
  host: z.string().min(1).default('localhost'),
  /** Of the first worker; each of the others has the next. */
  port: whole(1, 65_535),
})

/** For an OpenTelemetry collector of the operator's. */
export const traces = z.strictObject({
  /** Its base address for OTLP over HTTP; `/v1/traces` is added. */
  endpoint: z.url({ protocol: /^https?$/ }),
})

/** Processes that serve the same port. */
export const cluster = z.strictObject({
  /** `auto`: one for each core. */
  workers: z.union([z.literal('auto'), whole(1, 64)], { error: 'has to be a whole number from 1 to 64, or auto' }).default(1),
})

export const revocations = z.strictObject({
  /** Of the list of what ended: everybody, or clients of kind api, by their secret. */
  readers: z.enum(['public', 'authenticated']).default('public'),
})
