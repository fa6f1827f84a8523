-- The greatest limits that an instrument has had: orders of those may still live, and trade with what comes (R9).
ALTER TABLE instruments ADD COLUMN greatest_price positive_decimal, ADD COLUMN greatest_quantity positive_decimal;
UPDATE instruments SET greatest_price = max_price, greatest_quantity = max_quantity;
ALTER TABLE instruments ALTER COLUMN greatest_price SET NOT NULL, ALTER COLUMN greatest_quantity SET NOT NULL;
