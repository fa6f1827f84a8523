import { seededRandom } from "@bourse/base";
import { COMMAND, CommandWords, ORDER_TYPE, SIDE, TIME_IN_FORCE } from "@bourse/engine";

const LISTING = [1_000_000, 1_000];

/**
 * A symbol's listing and seeded orders around one price: limits that rest and trade, cancels, amends, a block now and
 * then. Command n is number n of a journal.
 */
export function seededOrders(seed: number, commands: number): CommandWords {
  const random = seededRandom(seed);
  const words = new CommandWords(commands * 8);
  words.plain(COMMAND.LIST, { request: 1, atMs: 1_000 }, 0, LISTING);
  for (let request = 2; request <= commands; request++) {
    const head = { request, atMs: 1_000 + request };
    const roll = random.below(100);
    const handle = 1 + random.below(request);
    if (roll < 30) words.cancel(head, handle);
    else if (roll < 35) words.amend(head, handle, 0, 1 + random.below(40));
    else if (roll < 36)
      words.ofAccount(
        random.below(2) === 0 ? COMMAND.BLOCK : COMMAND.UNBLOCK,
        head,
        0,
        random.below(20),
        0,
        0,
      );
    else
      words.place(head, {
        symbol: 0,
        account: random.below(20),
        side: random.below(2) === 0 ? SIDE.BUY : SIDE.SELL,
        type: ORDER_TYPE.LIMIT,
        timeInForce: random.below(10) === 0 ? TIME_IN_FORCE.IOC : TIME_IN_FORCE.GTC,
        postOnly: false,
        priceTicks: 1_000 + random.below(20) - 10,
        quantityLots: 1 + random.below(50),
        worstPriceTicks: 0,
        expireAtMs: 0,
      });
  }
  return words;
}
