-- Open lots as rows, for whoever asks by SQL: oldest first, in decimals of the symbol. `positions.open_lots` has them as
-- `quantity@price;quantity@price`, in lots and ticks, since a batch rewrites all lots of the positions that it changes.
-- None by average cost.
CREATE VIEW open_lots AS
  SELECT p.client_id, p.symbol, l.place::int AS place,
    split_part(l.lot, '@', 1)::numeric / power(10::numeric, i.quantity_scale) AS quantity,
    split_part(l.lot, '@', 2)::numeric / power(10::numeric, i.price_scale) AS price
  FROM positions p JOIN instruments i USING (symbol),
    unnest(string_to_array(p.open_lots, ';')) WITH ORDINALITY AS l (lot, place);
