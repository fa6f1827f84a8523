/** A series in two states. `null`: it is not there. A counter grows by so much from one scrape to the next. */
interface Series {
  readonly sound: number | { readonly grows: number } | null;
  readonly broken: number | { readonly grows: number };
}

/** What an alert's series look like while all is well, and while it rings. "unreachable": the page can't be had. */
export type AlarmCase = "unreachable" | Readonly<Record<string, Series>>;

const nowSeconds = (): number => Math.floor(Date.now() / 1_000);
const HTTP = "http_request_duration_seconds_count";
const LATENCY = "bourse_delivery_event_latency_ms";

/** For each alert of the rules; a test that finds one of them missing here fails. */
export const ALARM_CASES: Readonly<Record<string, AlarmCase>> = {
  BourseProcessDown: "unreachable",
  BourseNotReady: { 'bourse_ready{service="risk"}': { sound: 1, broken: 0 } },
  BourseDatabaseDown: { 'bourse_database_up{service="wallet",pool="http"}': { sound: 1, broken: 0 } },
  BourseDatabasePoolExhausted: {
    'bourse_database_pool_waiting{service="order",pool="http"}': { sound: 0, broken: 7 },
  },
  BourseBusDown: { 'bourse_delivery_bus_up{service="order"}': { sound: 1, broken: 0 } },
  // Half open counts: it opens again and again.
  BourseBreakerOpen: { 'bourse_peer_breaker_state{peer="wallet"}': { sound: 0, broken: 1 } },
  BourseServerErrors: {
    [`${HTTP}{service="order",method="POST",route="/api/v1/orders",status="201"}`]: {
      sound: { grows: 100 },
      broken: { grows: 100 },
    },
    [`${HTTP}{service="order",method="POST",route="/api/v1/orders",status="503"}`]: {
      sound: { grows: 1 },
      broken: { grows: 10 },
    },
    // A health check that is answered 503 is no error of anybody.
    [`${HTTP}{service="order",method="GET",route="/health/ready",status="503"}`]: {
      sound: { grows: 100 },
      broken: { grows: 0 },
    },
  },
  BourseEventLoopLag: { nodejs_eventloop_lag_p99_seconds: { sound: 0.01, broken: 0.9 } },
  BourseDiskLow: {
    'bourse_data_disk_free_bytes{service="order"}': { sound: 500, broken: 99 },
    'bourse_data_disk_size_bytes{service="order"}': { sound: 1_000, broken: 1_000 },
  },
  BourseJobFailing: {
    'job_runs_total{service="order",job="orphans",outcome="failed"}': {
      sound: { grows: 0 },
      broken: { grows: 2 },
    },
  },
  BourseSubscriptionStopped: stopped("wallet", "settlement", "undecodable_record"),
  BourseSequenceGap: stopped("portfolio", "positions", "sequence_gap"),
  BourseEpochAhead: stopped("order", "executions", "epoch_ahead"),
  BourseEngineStopped: stopped("matching", "engine", "invariant"),
  BourseRecordsParked: {
    'bourse_delivery_parked_records{service="portfolio",subscription="positions",reason="undecodable_record"}':
      {
        sound: 0,
        broken: 1,
      },
  },
  BourseDeadLetterStorm: stopped("portfolio", "positions", "too_many_parked"),
  BourseSubscriptionRetrying: {
    'bourse_delivery_subscription_state{service="wallet",subscription="settlement",state="running"}': {
      sound: 1,
      broken: 0,
    },
    'bourse_delivery_subscription_state{service="wallet",subscription="settlement",state="retrying"}': {
      sound: null,
      broken: 1,
    },
  },
  BourseDeadLettersRising: {
    'bourse_delivery_dead_letters_total{service="trade-processor",subscription="trade-events",reason="unknown_symbol"}':
      {
        sound: { grows: 0 },
        broken: { grows: 1_000 },
      },
  },
  BourseEventsLate: {
    [`${LATENCY}_bucket{service="wallet",subscription="settlement",le="10000"}`]: {
      sound: { grows: 100 },
      broken: { grows: 0 },
    },
    [`${LATENCY}_bucket{service="wallet",subscription="settlement",le="60000"}`]: {
      sound: { grows: 100 },
      broken: { grows: 100 },
    },
    [`${LATENCY}_bucket{service="wallet",subscription="settlement",le="+Inf"}`]: {
      sound: { grows: 100 },
      broken: { grows: 100 },
    },
  },
  BourseCommittedBehind: {
    'bourse_delivery_committed_lag{service="wallet",subscription="settlement"}': {
      sound: 100_000,
      broken: 100_001,
    },
  },
  // Together they are behind by more than either of them.
  BourseGroupUnsettled: {
    'bourse_delivery_rebalances_total{service="wallet",subscription="settlement"}': {
      sound: { grows: 0 },
      broken: { grows: 5 },
    },
  },
  BourseConsumerBehind: {
    'bourse_delivery_consumer_lag{service="wallet",subscription="settlement",topic="trade-events",partition="0"}':
      {
        sound: 10,
        broken: 6_000,
      },
    'bourse_delivery_consumer_lag{service="wallet",subscription="settlement",topic="trade-events",partition="1"}':
      {
        sound: 10,
        broken: 6_000,
      },
  },
  BourseOutboxWaiting: {
    'bourse_delivery_outbox_waiting_seconds{service="order",topic="order-events"}': {
      sound: 0.2,
      broken: 31,
    },
  },
  BourseOutboxBacklog: {
    'bourse_delivery_outbox_backlog{service="order",topic="order-events"}': { sound: 99, broken: 100_001 },
  },
  BourseRelayFailing: {
    'bourse_delivery_relay_failing{service="order",topic="order-events"}': { sound: 0, broken: 1 },
  },
  BourseRelayStopped: {
    'bourse_delivery_relay_stopped_partitions{service="order",topic="order-events"}': { sound: 0, broken: 1 },
  },
  BourseLogLostEnd: {
    'bourse_delivery_lost_ends_total{service="order",topic="order-events"}': {
      sound: { grows: 0 },
      broken: { grows: 1 },
    },
  },
  BourseSnapshotFailing: {
    'bourse_delivery_snapshot_failures_total{service="matching",subscription="engine"}': {
      sound: { grows: 0 },
      broken: { grows: 1 },
    },
  },
  BourseClockJumped: {
    'bourse_delivery_clock_jumps_total{service="order",direction="ahead"}': {
      sound: { grows: 0 },
      broken: { grows: 1 },
    },
  },
  BourseIdempotencyNearlyFull: {
    'bourse_delivery_idempotency_rows{service="wallet"}': { sound: 100, broken: 801 },
    'bourse_delivery_idempotency_rows_limit{service="wallet"}': { sound: 1_000, broken: 1_000 },
  },
  BourseSettlementShortfall: {
    'wallet_shortfalls_total{service="wallet"}': { sound: { grows: 0 }, broken: { grows: 1 } },
  },
  BourseAccountBlocked: { 'wallet_accounts_blocked{service="wallet"}': { sound: 0, broken: 1 } },
  BourseInvariantViolated: {
    'bourse_invariant_violations{service="wallet",invariant="journals-balance"}': { sound: 0, broken: 2 },
  },
  BourseEngineLag: { 'order_engine_lag_seconds{service="order"}': { sound: 0.1, broken: 2.5 } },
  BourseRiskUncleanStart: {
    'risk_unclean_start{service="risk"}': { sound: 1, broken: 1 },
    process_start_time_seconds: { sound: nowSeconds() - 10_000, broken: nowSeconds() },
  },
  BourseRiskBehind: { 'risk_orders_overdue{service="risk"}': { sound: 0, broken: 3 } },
  BourseOrphansReleased: {
    'order_orphans_released_total{service="order",what="hold"}': {
      sound: { grows: 0 },
      broken: { grows: 1 },
    },
  },
  BourseStaleBook: { 'market_data_stale_books{service="market-data"}': { sound: 0, broken: 1 } },
};

function stopped(service: string, subscription: string, code: string): AlarmCase {
  const series = `bourse_delivery_stopped_parts{service="${service}",subscription="${subscription}",code="${code}"}`;
  return { [series]: { sound: null, broken: 1 } };
}
