-- Each order is written again by its first report, and a batch of reports writes all orders of a page in one transaction.
-- Only with room for all of them beside the old versions do they stay within their page and leave the indexes alone. Pages
-- that are there stay as they are.
ALTER TABLE orders SET (fillfactor = 50);
