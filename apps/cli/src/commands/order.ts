import { randomUUID } from "node:crypto";
import { Argument, Command, Option } from "commander";
import type { GatewayClient } from "../client.ts";
import { wholeNumber, withExamples } from "../help.ts";
import { assertKnownAccount } from "../known-account.ts";
import { type NamingOptions, named, namingQuery, readOrder } from "../orders/named-order.ts";
import { fillsCommand } from "../orders/order-fills.ts";
import {
  PLACE_EXAMPLES,
  sessionTimeout,
  type TermOptions,
  termsOf,
  withTerms,
} from "../orders/order-terms.ts";
import { type Order, printOrder, printOrders } from "../orders/order-view.ts";
import type { Output } from "../output.ts";
import { type TargetOptions, withClient, withTarget } from "../target.ts";

interface PlaceOptions extends TargetOptions, TermOptions {
  readonly clientOrderId?: string;
  readonly wait: boolean;
}

interface AmendOptions extends NamingOptions {
  readonly quantity?: string;
  readonly price?: string;
}

interface ShowOptions extends NamingOptions {
  readonly symbol?: string;
  readonly open?: boolean;
  readonly limit: number;
}

export function orderCommand(): Command {
  return new Command("order")
    .description("Place, amend, cancel and show orders, and what they have filled")
    .addCommand(placeCommand())
    .addCommand(amendCommand())
    .addCommand(cancelCommand())
    .addCommand(cancelAllCommand())
    .addCommand(sessionCommand())
    .addCommand(showCommand())
    .addCommand(fillsCommand());
}

function placeCommand(): Command {
  const command = withTerms(
    withTarget(new Command("place"))
      .description("Place an order of any type; its options decide which, --type makes sure")
      .addArgument(new Argument("<side>").choices(["buy", "sell"]))
      .argument("<quantity>", "a decimal, in lots")
      .argument("<symbol>", "BTC-USD, AAPL"),
  )
    .option(
      "--client-order-id <id>",
      "your own id for it; the same id places it once, for ever (default: a new one)",
    )
    .option("--no-wait", "return before the engine has seen it")
    .action(place);
  return withExamples(command, PLACE_EXAMPLES);
}

function amendCommand(): Command {
  const command = named(new Command("amend"))
    .description("Change an order's total quantity, its price, or both")
    .option("--quantity <quantity>", "the new total, what is filled included")
    .option("--price <price>", "the new limit")
    .action(amend);
  return withExamples(command, [
    ["order amend 0f3c... --quantity 0.4", "by order id"],
    ["order amend --account alice --client-order-id a-1 --price 59990", "by your own id"],
  ]);
}

function cancelCommand(): Command {
  const command = named(new Command("cancel")).description("Cancel an order").action(cancel);
  return withExamples(command, [
    ["order cancel 0f3c...", "by order id"],
    ["order cancel --account alice --client-order-id a-1", "by your own id"],
  ]);
}

function cancelAllCommand(): Command {
  const command = withTarget(new Command("cancel-all"))
    .description("Cancel all open orders of an account, or those of a symbol or side")
    .option("--account <account>", "whose orders; an account's own key needs none")
    .option("--symbol <symbol>", "only of this symbol")
    .addOption(new Option("--side <side>", "only of this side").choices(["buy", "sell"]))
    .action(cancelAll);
  return withExamples(command, [
    ["order cancel-all --account alice", "all of an account"],
    ["order cancel-all --account alice --symbol AAPL --side buy", "its bids in one symbol"],
  ]);
}

function sessionCommand(): Command {
  const account = (command: Command): Command =>
    withTarget(command)
      .argument("<session>", "the name that orders were placed with as --session")
      .option("--account <account>", "whose session; an account's own key needs none");
  const keep = account(new Command("keep"))
    .description("Keep a session alive: without another sign of life in time its orders are cancelled")
    .option("--timeout-ms <milliseconds>", "how long it may be silent", sessionTimeout, 30_000)
    .action(keepSession);
  const close = account(new Command("close"))
    .description("Cancel all open orders of a session")
    .action(closeSession);
  return new Command("session")
    .description("Keep or close a session: its orders are cancelled when its client is gone")
    .addCommand(
      withExamples(keep, [
        ["order session keep desk-1 --account alice --timeout-ms 5000", "five seconds more"],
      ]),
    )
    .addCommand(withExamples(close, [["order session close desk-1 --account alice", "cancel them now"]]));
}

function showCommand(): Command {
  const command = named(new Command("show"))
    .description("Show an order, or the orders of an account, newest first")
    .option("--symbol <symbol>", "only of this symbol")
    .option("--open", "only those that are not finished")
    .option("--limit <orders>", "how many", wholeNumber(1, 1_000), 50)
    .action(show);
  return withExamples(command, [
    ["order show 0f3c...", "one order"],
    ["order show --account alice --open", "what alice has in the market"],
  ]);
}

async function place(side: string, quantity: string, symbol: string, options: PlaceOptions): Promise<void> {
  await withClient(options, async (client, output) => {
    const order = await client.post<Order>("/api/v1/orders", {
      symbol,
      side: side.toUpperCase(),
      quantity,
      ...termsOf(options),
      clientOrderId: options.clientOrderId ?? randomUUID(),
    });
    const settled = options.wait ? await withOutcome(client, order) : order;
    printOrder(output, settled);
    output.result(settled);
  });
}

const OUTCOME_LOOKS = 40;
const OUTCOME_LOOK_MS = 25;

/** The order once the engine has seen it, or as it is after a second: the platform answers before it matches. */
async function withOutcome(client: GatewayClient, placed: Order): Promise<Order> {
  let order = placed;
  for (let look = 0; look < OUTCOME_LOOKS && order.status === "PENDING"; look++) {
    await new Promise((resolve) => setTimeout(resolve, OUTCOME_LOOK_MS));
    order = await client.get<Order>(`/api/v1/orders/${placed.orderId}`);
  }
  return order;
}

async function amend(orderId: string | undefined, options: AmendOptions): Promise<void> {
  await withClient(options, async (client, output) => {
    const { quantity, price } = options;
    const { orderId: id } = await readOrder(client, orderId, options);
    const { body } = await client.request<{ order: Order }>({
      method: "PATCH",
      path: `/api/v1/orders/${id}`,
      body: { ...(quantity === undefined ? {} : { quantity }), ...(price === undefined ? {} : { price }) },
      idempotencyKey: randomUUID(),
    });
    tellCommanded(output, "The amendment is on its way; the engine decides.", body.order);
  });
}

async function cancel(orderId: string | undefined, options: NamingOptions): Promise<void> {
  await withClient(options, async (client, output) => {
    const { body } = await client.request<{ order: Order }>({
      method: "DELETE",
      path: orderId === undefined ? "/api/v1/orders" : `/api/v1/orders/${encodeURIComponent(orderId)}`,
      // By client order id an order is cancelled that is not there yet, for good (R10).
      ...(orderId === undefined ? { query: namingQuery(options) } : {}),
      idempotencyKey: randomUUID(),
    });
    tellCommanded(output, "The cancel is on its way; a fill may be faster.", body.order);
  });
}

interface CancelAllOptions extends TargetOptions {
  readonly account?: string;
  readonly symbol?: string;
  readonly side?: string;
}

async function cancelAll({ account, symbol, side, ...target }: CancelAllOptions): Promise<void> {
  await withClient(target, async (client, output) => {
    await assertKnownAccount(client, account);
    const { body } = await client.request<{ requestIds: readonly string[] }>({
      method: "DELETE",
      path: "/api/v1/orders",
      query: { accountId: account, symbol, side: side?.toUpperCase() },
      idempotencyKey: randomUUID(),
    });
    output.line("The cancels are on their way; a fill may be faster.");
    output.result(body);
  });
}

interface SessionOptions extends TargetOptions {
  readonly account?: string;
  readonly timeoutMs: number;
}

async function keepSession(session: string, options: SessionOptions): Promise<void> {
  await withClient(options, async (client, output) => {
    const { account, timeoutMs } = options;
    await assertKnownAccount(client, account);
    const { body } = await client.request<{ closesAt: string }>({
      method: "PUT",
      path: `/api/v1/orders/sessions/${encodeURIComponent(session)}`,
      body: { ...(account === undefined ? {} : { accountId: account }), timeoutMs },
    });
    output.line(`Its orders are cancelled at ${body.closesAt}, unless it is kept again.`);
    output.result(body);
  });
}

async function closeSession(session: string, options: SessionOptions): Promise<void> {
  await withClient(options, async (client, output) => {
    await assertKnownAccount(client, options.account);
    const { body } = await client.request<{ requestIds: readonly string[] }>({
      method: "DELETE",
      path: `/api/v1/orders/sessions/${encodeURIComponent(session)}`,
      query: { accountId: options.account },
      idempotencyKey: randomUUID(),
    });
    output.line("The cancels are on their way; a fill may be faster.");
    output.result(body);
  });
}

async function show(orderId: string | undefined, options: ShowOptions): Promise<void> {
  await withClient(options, async (client, output) => {
    if (orderId !== undefined || options.clientOrderId !== undefined) {
      const order = await readOrder(client, orderId, options);
      printOrder(output, order);
      output.result(order);
      return;
    }
    const { account, symbol, limit } = options;
    const status = options.open === true ? ["PENDING", "OPEN", "PARTIALLY_FILLED"] : undefined;
    const query = { accountId: account, symbol, limit, status };
    const page = await client.get<{ orders: readonly Order[]; nextCursor?: string }>("/api/v1/orders", query);
    printOrders(output, page.orders);
    if (page.nextCursor !== undefined) output.line(`There are more; --limit ${limit} shows the newest.`);
    output.result(page);
  });
}

function tellCommanded(output: Output, words: string, order: Order | undefined): void {
  output.line(words);
  if (order !== undefined) printOrder(output, order);
  output.result(order ?? {});
}
