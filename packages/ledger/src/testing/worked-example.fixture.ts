import { applyJournals, deposit, emptyLedger, LedgerBatch, trialBalance } from "../index.ts";

// The rows that a transaction has locked and read; what isn't stored yet comes as zeros. Amounts are cents and satoshi.
const nothing = { availableUnits: 0n, heldUnits: 0n };
const batch = new LedgerBatch({
  balances: [
    { accountId: "ann", asset: "USD", ...nothing },
    { accountId: "ann", asset: "BTC", ...nothing },
    { accountId: "ben", asset: "USD", ...nothing },
    { accountId: "ben", asset: "BTC", ...nothing },
  ],
  holds: [],
  partition: 0,
});
const paidIn = { accountId: "ann", asset: "USD", amountUnits: 1_000n, partition: 0 };
console.log(batch.post(deposit({ journalId: "d1", ...paidIn })).kind);
console.log(batch.post(deposit({ journalId: "d1", ...paidIn })).kind);
batch.post(deposit({ journalId: "d2", accountId: "ben", asset: "BTC", amountUnits: 50n, partition: 0 }));

// A request that is refused leaves no trace; the next one is decided on what is really there.
const bid = { accountId: "ann", asset: "USD" };
const tooMuch = batch.openHold({ holdId: "o1", ...bid, amountUnits: 1_001n });
if (tooMuch.kind === "insufficient_funds") console.log(`${tooMuch.kind}: has ${tooMuch.balanceUnits}`);
console.log(batch.openHold({ holdId: "o2", ...bid, amountUnits: 900n }).kind);
batch.openHold({ holdId: "o3", accountId: "ben", asset: "BTC", amountUnits: 50n });

const trade = {
  tradeId: "t1",
  buyerAccountId: "ann",
  sellerAccountId: "ben",
  baseAsset: "BTC",
  quoteAsset: "USD",
  quantityUnits: 50n,
  notionalUnits: 800n,
  buyerFeeUnits: 3n,
  sellerFeeUnits: 2n,
  partition: 0,
};
console.log(batch.settle(trade, { buyer: "o2", seller: "o3" }).kind);
batch.closeHold("o2"); // gives back what the trade did not need
console.log(batch.openHold({ holdId: "o2", ...bid, amountUnits: 1n }).kind);

for (const { accountId, asset, availableUnits, heldUnits } of batch.netRows())
  console.log(`${accountId} ${asset}: ${availableUnits} available, ${heldUnits} held`);

// The journals of it balance in every asset, and lead a ledger in memory to the same balances.
const { state } = applyJournals(emptyLedger(), batch.posted());
console.log([...trialBalance(state)].map(([asset, units]) => `${asset} ${units}`).join(", "));
