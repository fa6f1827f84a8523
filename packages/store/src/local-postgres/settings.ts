/** For a laptop with two cores and a few gigabytes, and nothing that could lose a commit. */
export const LAPTOP_SETTINGS: Readonly<Record<string, string>> = {
  fsync: "on",
  synchronous_commit: "on",
  full_page_writes: "on",
  max_connections: "100",
  shared_buffers: "256MB",
  wal_buffers: "16MB",
  wal_compression: "off",
  min_wal_size: "256MB",
  max_wal_size: "2GB",
  checkpoint_timeout: "15min",
  effective_cache_size: "1GB",
  // Two cores: a parallel query would take them from everyone else, and needs more /dev/shm than containers have.
  max_parallel_workers_per_gather: "0",
  jit: "off",
  // Rows that only come, and updates that stay on their page, leave vacuum little to do; on two cores it is in the way.
  autovacuum_max_workers: "1",
  autovacuum_vacuum_insert_threshold: "-1",
  timezone: "UTC",
  log_timezone: "UTC",
  // A refused batch would otherwise be written out with all its values, again and again.
  log_min_error_statement: "panic",
  log_error_verbosity: "terse",
};
