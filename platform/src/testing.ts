export type { Alarm } from "./testing/alarm-rules.ts";
export { metricsOf, readAlarms } from "./testing/alarm-rules.ts";
export { prometheusSkip } from "./testing/provision-prometheus.ts";
