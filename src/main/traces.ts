/**
 * Traces by OpenTelemetry, sent to a collector by OTLP over HTTP. Loaded only where the settings name one. A span for each request, and in it
 * one for each hash, signature, commit and outgoing request. Attributes are from closed lists: no address, no client, nobody's name. Nothing
 * is handed on to the servers that clients name: none of them is the operator's own.
 */
import {
  type Context,
  type Span as OpenSpan,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
} from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { currentRequest } from '../base/request.ts'
import { moment, type Span, spans } from '../base/spans.ts'
import type { Answered } from '../web/observer.ts'

export interface Traces {
  /** @param traceparent of a trusted proxy (W3C Trace Context s3.2) */
  began(request: string, traceparent: string | undefined): void
  answered(one: Answered): void
  /** Sends what is left. */
  close(): Promise<void>
}

export function createTraces(endpoint: string): Traces {
  const exporter = new OTLPTraceExporter({ url: `${endpoint.replace(/\/$/, '')}/v1/traces`, timeoutMillis: 5_000 })
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': 'signet' }),
    spanProcessors: [new BatchSpanProcessor({ exporter })],
  })
  const tracer = provider.getTracer('signet')
  /** By the id of a request that is under way. */
  const open = new Map<string, OpenSpan>()

  const tell = (message: unknown) => {
    const { part, begun, ended, failed } = message as Span
    const request = open.get(currentRequest() ?? '')
    const span = tracer.startSpan(part, { startTime: begun }, request ? trace.setSpan(ROOT_CONTEXT, request) : ROOT_CONTEXT)
    if (failed) span.setStatus({ code: SpanStatusCode.ERROR })
    span.end(ended)
  }
  spans.subscribe(tell)

  return {
    began(request, traceparent) {
      // A proxy that gives one id twice has but one of them traced.
      if (open.has(request)) return
      open.set(request, tracer.startSpan('request', { kind: SpanKind.SERVER, startTime: moment() }, contextOf(traceparent)))
    },
    answered({ request, method, route, status }) {
      const span = open.get(request)
      open.delete(request)
      if (!span) return
      span.updateName(`${method} ${route}`)
      span.setAttributes({ 'http.request.method': method, 'http.route': route, 'signet.request': request })
      if (status !== undefined) span.setAttribute('http.response.status_code', status)
      if (status === undefined || status >= 500) span.setStatus({ code: SpanStatusCode.ERROR })
      span.end(moment())
    },
    async close() {
      spans.unsubscribe(tell)
      await provider.shutdown().catch(() => {})
    },
  }
}

/** W3C Trace Context s3.2.2: a version that is not known, or ids of nothing but zeros, begin a trace of their own. */
function contextOf(traceparent = ''): Context {
  const [, traceId, spanId, flags] = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/.exec(traceparent) ?? []
  if (!traceId || !spanId || !flags || /^0+$/.test(traceId) || /^0+$/.test(spanId)) return ROOT_CONTEXT
  const traceFlags = Number.parseInt(flags, 16) & TraceFlags.SAMPLED
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true })
}
