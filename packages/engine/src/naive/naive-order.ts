import type { PlaceOrder } from "../commands.ts";
import { whole } from "./naive-rules.ts";
import type { NaiveOrder } from "./naive-state.ts";

/** The order that a command asks for, before it has come anywhere. */
export function newOrder(command: PlaceOrder): NaiveOrder {
  const terms = whole(command);
  const follows = terms.trailTicks !== 0 || terms.trailBps !== 0;
  const order: NaiveOrder = {
    handle: command.request,
    symbol: terms.symbol,
    account: terms.account,
    side: terms.side,
    type: terms.type,
    timeInForce: terms.timeInForce,
    postOnly: terms.postOnly,
    slide: terms.slide,
    hidden: terms.hidden,
    reduceOnly: terms.reduceOnly,
    selfTrade: terms.selfTrade,
    triggerBy: terms.triggerBy,
    peg: terms.peg,
    priceTicks: terms.type === 1 ? terms.worstPriceTicks : terms.priceTicks,
    filledLots: 0,
    leavesLots: terms.quantityLots,
    openLots: terms.quantityLots,
    displayLots: terms.displayLots,
    boundTicks: terms.peg === 0 ? 0 : terms.priceTicks,
    stopTicks: follows ? 0 : terms.stopTicks,
    trailTicks: terms.trailTicks,
    trailBps: terms.trailBps,
    ifTouched: terms.ifTouched,
    activationTicks: follows ? terms.stopTicks : 0,
    minimumLots: terms.minimumLots,
    clientId: terms.clientId,
    session: terms.session,
    group: 0,
    parent: terms.link === 2 ? terms.linkHandle : 0,
    awaits: terms.awaits,
    waits: terms.link === 2 || terms.awaits !== 0,
    ready: false,
    expireAtMs: 0,
    where: "nowhere",
    priority: 0,
  };
  const stays = sleeps(order) || order.waits || (order.type === 0 && order.timeInForce <= 2);
  if (stays && (order.timeInForce === 1 || order.timeInForce === 2)) order.expireAtMs = terms.expireAtMs;
  return order;
}

/** A stop, or a price that follows: it has not been triggered when it comes. */
export function sleeps({ stopTicks, trailTicks, trailBps }: NaiveOrder): boolean {
  return stopTicks !== 0 || trailTicks !== 0 || trailBps !== 0;
}
