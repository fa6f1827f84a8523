import { type Attributes, context, propagation, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";

/** Tracing of the whole process. Without an endpoint nothing is loaded and every call below costs one comparison. */
export interface Tracing {
  readonly enabled: boolean;
  /** Sends what is not sent yet. */
  shutdown(): Promise<void>;
}

let active: Tracing = { enabled: false, shutdown: () => Promise.resolve() };

/** Starts the exporter, once a process; later calls get the same. `sampleShare` of new traces is recorded. */
export async function startTracing(options: {
  readonly endpoint: string | undefined;
  readonly sampleShare: number;
  readonly serviceName: string;
}): Promise<Tracing> {
  if (options.endpoint === undefined || active.enabled) return active;
  const [{ NodeSDK, tracing, resources }, { OTLPTraceExporter }] = await Promise.all([
    import("@opentelemetry/sdk-node"),
    import("@opentelemetry/exporter-trace-otlp-http"),
  ]);
  const sdk = new NodeSDK({
    autoDetectResources: false,
    resource: resources.resourceFromAttributes({ "service.name": options.serviceName }),
    traceExporter: new OTLPTraceExporter({ url: `${options.endpoint.replace(/\/$/, "")}/v1/traces` }),
    sampler: new tracing.ParentBasedSampler({
      root: new tracing.TraceIdRatioBasedSampler(options.sampleShare),
    }),
    metricReaders: [],
    logRecordProcessors: [],
    instrumentations: [],
  });
  sdk.start();
  active = {
    enabled: true,
    shutdown: async () => {
      active = { enabled: false, shutdown: () => Promise.resolve() };
      await sdk.shutdown();
      // So that a later start in the same process registers its own.
      trace.disable();
      context.disable();
      propagation.disable();
    },
  };
  return active;
}

export function tracingEnabled(): boolean {
  return active.enabled;
}

/** The W3C `traceparent` of what runs now, for record headers and outgoing requests; undefined without tracing. */
export function currentTraceparent(): string | undefined {
  if (!active.enabled) return undefined;
  const span = trace.getActiveSpan()?.spanContext();
  if (span === undefined) return undefined;
  return `00-${span.traceId}-${span.spanId}-${span.traceFlags.toString(16).padStart(2, "0")}`;
}

/** Runs `work` in a span that continues `traceparent`; with tracing off it just runs. */
export function inSpan<T>(
  options: {
    readonly name: string;
    readonly kind: "server" | "client" | "consumer" | "internal";
    readonly traceparent?: string | undefined;
    readonly attributes?: Attributes;
  },
  work: (span: SpanHandle) => T,
): T {
  if (!active.enabled) return work(NO_SPAN);
  const parent =
    options.traceparent === undefined
      ? context.active()
      : propagation.extract(context.active(), { traceparent: options.traceparent });
  const span = trace
    .getTracer("bourse")
    .startSpan(options.name, { kind: KINDS[options.kind], attributes: options.attributes ?? {} }, parent);
  const handle: SpanHandle = {
    set: (name, value) => span.setAttribute(name, value),
    fail: () => span.setStatus({ code: SpanStatusCode.ERROR }),
  };
  const fail = (error: unknown): never => {
    span.recordException(error as Error);
    span.setStatus({ code: SpanStatusCode.ERROR });
    span.end();
    throw error;
  };
  return context.with(trace.setSpan(parent, span), () => {
    try {
      const result = work(handle);
      if (!(result instanceof Promise)) {
        span.end();
        return result;
      }
      return result.then((value: unknown) => {
        span.end();
        return value;
      }, fail) as T;
    } catch (error) {
      return fail(error);
    }
  });
}

export interface SpanHandle {
  set(name: string, value: string | number | boolean): void;
  /** Marks it as failed. */
  fail(): void;
}

const NO_SPAN: SpanHandle = { set: () => undefined, fail: () => undefined };
const KINDS = {
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  consumer: SpanKind.CONSUMER,
  internal: SpanKind.INTERNAL,
};
