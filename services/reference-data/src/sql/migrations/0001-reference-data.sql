-- Prices and quantities are decimal text in the form that compileInstrument writes: they are compared and published as they
-- are, and never computed with in SQL. The full listing rule (R9) is the code's; the CHECKs catch what bypasses it.

CREATE DOMAIN positive_decimal AS text
  CHECK (VALUE ~ '^(0|[1-9][0-9]*)(\.[0-9]*[1-9])?$' AND VALUE <> '0' AND length(VALUE) <= 40);

CREATE TABLE assets (
  asset text PRIMARY KEY CHECK (asset ~ '^[A-Z0-9][A-Z0-9.]{0,15}$'),
  name text NOT NULL CHECK (name <> ''),
  kind text NOT NULL,
  scale integer NOT NULL CHECK (scale BETWEEN 0 AND 18)
);

CREATE TABLE instruments (
  symbol text PRIMARY KEY CHECK (symbol ~ '^[A-Z0-9][A-Z0-9.-]{0,31}$'),
  base_asset text NOT NULL REFERENCES assets,
  quote_asset text NOT NULL REFERENCES assets CHECK (quote_asset <> base_asset),
  tick_size positive_decimal NOT NULL,
  lot_size positive_decimal NOT NULL,
  min_quantity positive_decimal NOT NULL,
  max_quantity positive_decimal NOT NULL,
  max_price positive_decimal NOT NULL,
  maker_fee_ppm integer NOT NULL CHECK (maker_fee_ppm BETWEEN -1000000 AND 1000000),
  taker_fee_ppm integer NOT NULL CHECK (taker_fee_ppm BETWEEN -1000000 AND 1000000),
  collar_ppm integer NOT NULL CHECK (collar_ppm BETWEEN 0 AND 1000000000),
  reference_price positive_decimal NOT NULL,
  calendar text NOT NULL,
  status text NOT NULL CHECK (status IN ('TRADING', 'HALTED'))
);
