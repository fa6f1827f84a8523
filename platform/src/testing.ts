export type { Alarm } from "./testing/alarm-rules.ts";
export { metricsOf, readAlarms } from "./testing/alarm-rules.ts";
export { programSkip, provisionProgram } from "./testing/debian-program.ts";
export type { TestClickHouse } from "./testing/start-clickhouse.ts";
export { CLICKHOUSE, startClickHouse } from "./testing/start-clickhouse.ts";
export { PROMETHEUS } from "./testing/start-prometheus.ts";
