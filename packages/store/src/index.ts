export type { Row, Rows, SqlValue, Statement, Store, StoreOptions, Transaction } from "./port.ts";
export type { StoreErrorCode } from "./store-error.ts";
export { StoreError } from "./store-error.ts";
