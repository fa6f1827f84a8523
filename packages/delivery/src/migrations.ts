/** Delivery's tables and functions, applied in every service's schema before its own migrations. */
export const deliveryMigrations: URL = new URL("../sql/migrations/", import.meta.url);
