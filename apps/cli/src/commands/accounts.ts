import { randomUUID } from "node:crypto";
import { Command, Option } from "commander";
import { type AccountView, accountsOfPlatform } from "../account-pages.ts";
import { blockCommand, releaseCommand, releasesCommand, unblockCommand } from "../accounts/blocked.ts";
import { assertDeposits, type Deposit, gatherDeposits } from "../accounts/first-deposits.ts";
import { CliError } from "../cli-error.ts";
import type { GatewayClient } from "../client.ts";
import { EXIT } from "../exit-codes.ts";
import { withExamples } from "../help.ts";
import { type KillSwitchView, killSwitches } from "../kill-switches.ts";
import type { Output } from "../output.ts";
import { type TargetOptions, withClient, withTarget } from "../target.ts";

interface CreateOptions extends TargetOptions {
  readonly name?: string;
  readonly fund: readonly Deposit[];
  readonly withKey?: boolean;
}

interface FundOptions extends TargetOptions {
  readonly idempotencyKey?: string;
}

export function accountsCommand(): Command {
  const create = withTarget(new Command("create"))
    .description("Open a trading account; opening it again changes nothing")
    .argument("<account>", "its id: letters, digits, - and _")
    .option("--name <name>", "what people call it")
    .addOption(
      new Option("--fund <asset=amount>", "a first deposit; may be given once for each asset")
        .argParser(gatherDeposits)
        .default([], "none"),
    )
    .option("--with-key", "issue a key for the account; it is shown this once")
    .action(createAccount);
  const fund = withTarget(new Command("fund"))
    .description("Book a deposit")
    .argument("<account>")
    .argument("<asset>", "USD, BTC, AAPL")
    .argument("<amount>", "a decimal")
    .option("--idempotency-key <key>", "the same key books once (default: a new one)")
    .action(fundAccount);
  const show = withTarget(new Command("show"))
    .description("Show the balances of an account, or of all, and whether it may trade")
    .argument("[account]")
    .action(showAccounts);
  const group = withTarget(new Command("group"))
    .description("Make accounts count as one for self-trade prevention; without a group, show the account's")
    .argument("<account>")
    .argument("[group]", "its name: letters, digits, - and _")
    .option("--alone", "take the account out of its group")
    .action(groupAccount);
  return new Command("accounts")
    .description("Open, fund, show, block and group trading accounts")
    .addCommand(blockCommand())
    .addCommand(unblockCommand())
    .addCommand(releaseCommand())
    .addCommand(releasesCommand())
    .addCommand(
      withExamples(group, [
        ["accounts group alice desk-1", "together with desk-1's others"],
        ["accounts group alice", "which group it is in"],
        ["accounts group alice --alone", "in none"],
      ]),
    )
    .addCommand(
      withExamples(create, [
        [
          "accounts create alice --fund USD=10000 --with-key",
          "an account that can trade at once, and its key",
        ],
      ]),
    )
    .addCommand(withExamples(fund, [["accounts fund alice BTC 0.5", "half a bitcoin"]]))
    .addCommand(
      withExamples(show, [
        ["accounts show alice", "what alice owns, and how much of it is held for orders"],
        ["accounts show --json", "all accounts"],
      ]),
    );
}

async function groupAccount(
  accountId: string,
  selfTradeGroup: string | undefined,
  options: TargetOptions & { readonly alone?: boolean },
): Promise<void> {
  const { alone = false } = options;
  if (alone && selfTradeGroup !== undefined)
    throw new CliError(EXIT.usage, `a group or --alone: both ${selfTradeGroup} and --alone were given`);
  const path = `/api/v1/orders/accounts/${encodeURIComponent(accountId)}/self-trade-group`;
  await withClient(options, async (client, output) => {
    if (selfTradeGroup === undefined && !alone) {
      const view = await client.get<{ selfTradeGroup: string | null; state?: string }>(path);
      output.line(groupWords(accountId, view.selfTradeGroup));
      if (view.state !== undefined && view.state !== "ACCEPTED")
        output.line(`The engine: ${view.state.toLowerCase()}.`);
      output.result(view);
      return;
    }
    const { body } = await client.request<object>({
      method: "PUT",
      path,
      body: { selfTradeGroup: selfTradeGroup ?? null },
      idempotencyKey: randomUUID(),
    });
    output.line(groupWords(accountId, selfTradeGroup ?? null));
    output.result(body);
  });
}

function groupWords(accountId: string, selfTradeGroup: string | null): string {
  return selfTradeGroup === null
    ? `${accountId} stands alone.`
    : `${accountId} counts as one with the others of ${selfTradeGroup}.`;
}

async function createAccount(accountId: string, options: CreateOptions): Promise<void> {
  await withClient(options, async (client, output) => {
    const { name } = options;
    await assertDeposits(client, options.fund);
    const opened = await client.post<AccountView>("/api/v1/accounts", {
      accountId,
      ...(name === undefined ? {} : { name }),
    });
    for (const { asset, amount } of options.fund) {
      // Creating it again with the same first deposits books them once.
      await deposit(client, accountId, { asset, amount }, `first-${asset}-${amount}`);
    }
    const account = options.fund.length === 0 ? opened : await readAccount(client, accountId);
    const issued =
      options.withKey === true
        ? await client.post<{ key: string }>("/api/v1/keys", { accountId }, { idempotencyKey: randomUUID() })
        : undefined;
    printAccounts(output, [account], NONE);
    if (issued !== undefined) output.line(`Its key, shown this once: ${issued.key}`);
    output.result({ ...account, ...(issued === undefined ? {} : { key: issued.key }) });
  });
}

async function fundAccount(
  accountId: string,
  asset: string,
  amount: string,
  options: FundOptions,
): Promise<void> {
  await withClient(options, async (client, output) => {
    const booked = await deposit(
      client,
      accountId,
      { asset, amount },
      options.idempotencyKey ?? randomUUID(),
    );
    output.line(`${accountId} has ${booked.available} ${asset} available, ${booked.held} held.`);
    output.result(booked);
  });
}

async function showAccounts(accountId: string | undefined, options: TargetOptions): Promise<void> {
  await withClient(options, async (client, output) => {
    const accounts =
      accountId === undefined
        ? await Array.fromAsync(accountsOfPlatform(client))
        : [await readAccount(client, accountId)];
    const stopped = await killSwitches(client, output, accountId);
    printAccounts(output, accounts, stopped ?? NONE);
    for (const account of accounts) {
      const { reason, actor, engagedAt } = stopped?.get(account.accountId) ?? {};
      if (engagedAt !== undefined)
        output.line(
          `${account.accountId} is stopped since ${engagedAt}, by ${actor}: ${reason}. ` +
            `\`bourse accounts release ${account.accountId}\` asks for its release.`,
        );
      if (account.status === "BLOCKED")
        output.line(
          `${account.accountId} is blocked in the wallet. \`bourse accounts unblock ${account.accountId}\` opens it again.`,
        );
    }
    const told = accounts.map((account) => ({ ...account, killSwitch: switchOf(account, stopped) }));
    output.result(accountId === undefined ? { accounts: told } : told[0]);
  });
}

/** null: not known. */
function switchOf(
  { accountId }: AccountView,
  stopped: ReadonlyMap<string, KillSwitchView> | null,
): KillSwitchView | null {
  return stopped === null ? null : (stopped.get(accountId) ?? { accountId, engaged: false });
}

function readAccount(client: GatewayClient, accountId: string): Promise<AccountView> {
  return client.get<AccountView>(`/api/v1/accounts/${encodeURIComponent(accountId)}`);
}

function deposit(
  client: GatewayClient,
  accountId: string,
  deposited: Deposit,
  idempotencyKey: string,
): Promise<{ readonly available: string; readonly held: string }> {
  return client.post(`/api/v1/accounts/${encodeURIComponent(accountId)}/deposits`, deposited, {
    idempotencyKey,
  });
}

const NONE: ReadonlyMap<string, KillSwitchView> = new Map();

function printAccounts(
  output: Output,
  accounts: readonly AccountView[],
  stopped: ReadonlyMap<string, KillSwitchView>,
): void {
  const rows = accounts.flatMap(({ accountId, name, status, balances }) => {
    const who = [accountId, name, stopped.has(accountId) ? `${status}, stopped` : status];
    if (balances.length === 0) return [[...who, "", "", "", ""]];
    return balances.map(({ asset, available, held, total }) => [...who, asset, available, held, total]);
  });
  if (rows.length === 0) output.line("There is no account.");
  else output.table(["account", "name", "status", "asset", "available", "held", "total"], rows);
}
