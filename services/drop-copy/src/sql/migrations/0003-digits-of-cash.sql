-- An amount has up to 38 digits of its asset's minor units (R9). In units of 10^-18 those of an asset with fewer decimals are
-- more: 56 where it has none.
ALTER TABLE clients
  ALTER COLUMN opening TYPE numeric(56, 0),
  ALTER COLUMN pay_in TYPE numeric(56, 0),
  ALTER COLUMN payout TYPE numeric(56, 0),
  ALTER COLUMN traded TYPE numeric(56, 0);
