import { randomUUID } from "node:crypto";
import { Command } from "commander";
import type { AccountView } from "../account-pages.ts";
import { CliError } from "../cli-error.ts";
import type { GatewayClient } from "../client.ts";
import { EXIT } from "../exit-codes.ts";
import { withExamples } from "../help.ts";
import { killSwitches } from "../kill-switches.ts";
import { assertKnownAccount } from "../known-account.ts";
import { type TargetOptions, withClient, withTarget } from "../target.ts";

/**
 * Two things keep an account from trading: risk's kill switch, which takes two operators to release, and the wallet's status,
 * which a shortfall sets, or an operator, and which one operator sets back.
 */

const KILL_SWITCH = "/api/v1/risk/kill-switch";
const RELEASES = `${KILL_SWITCH}/release-requests`;

/** Of `GET /api/v1/risk/kill-switch/release-requests`. */
interface ReleaseView {
  readonly id: string;
  readonly accountId: string;
  readonly status: "PENDING" | "APPROVED" | "SUPERSEDED";
  /** The keys of those who asked and approved. */
  readonly maker: string;
  readonly checker?: string;
  readonly note: string;
  readonly createdAt: string;
}

export function blockCommand(): Command {
  const command = withTarget(new Command("block"))
    .description("Stop an account: all its orders are cancelled and new ones refused")
    .argument("<account>")
    .option("--reason <text>", "why (default: asked for at the command line)")
    .option("--wallet", "in the wallet alone: its orders stand, it may cancel them and place no others")
    .action(blockAccount);
  return withExamples(command, [
    ["accounts block alice --reason runaway", "the kill switch; `accounts release` ends it"],
    ["accounts block alice --wallet", "as after a shortfall; `accounts unblock` ends it"],
  ]);
}

export function unblockCommand(): Command {
  const command = withTarget(new Command("unblock"))
    .description(
      "Let an account place orders again that a shortfall or `block --wallet` has blocked in the wallet",
    )
    .argument("<account>")
    .action(unblockAccount);
  return withExamples(command, [["accounts unblock alice", "once what it lacked is explained and covered"]]);
}

export function releaseCommand(): Command {
  const command = withTarget(new Command("release"))
    .description("Ask for an account's release, or approve one that another operator's key has asked for")
    .argument("[account]")
    .option("--note <text>", "why it may trade again", "asked for at the command line")
    .option("--approve <request>", "the release that was asked for")
    .action(releaseAccount);
  return withExamples(command, [
    ["accounts release alice --note fixed", "asks for it"],
    ["accounts release --approve r-1", "with another operator's key"],
  ]);
}

export function releasesCommand(): Command {
  const command = withTarget(new Command("releases"))
    .description("The releases that were asked for and wait for another operator's approval, latest first")
    .option("--all", "those that are done with as well: APPROVED, and SUPERSEDED by another one's approval")
    .action(listReleases);
  return withExamples(command, [
    ["accounts releases", "what there is to approve, who asked for it and why"],
    ["accounts releases --all --json", "who has approved what, for a program"],
  ]);
}

async function blockAccount(
  accountId: string,
  options: TargetOptions & { readonly reason?: string; readonly wallet?: boolean },
): Promise<void> {
  const { reason, wallet = false } = options;
  if (wallet && reason !== undefined)
    throw new CliError(EXIT.usage, `--reason: ${reason} -> not with --wallet, which keeps none`);
  await withClient(options, async (client, output) => {
    if (wallet) {
      const blocked = await setStatus(client, accountId, "BLOCKED");
      output.line(`${accountId} is blocked in the wallet; its orders stand, and it places no others.`);
      output.result(blocked);
      return;
    }
    await assertKnownAccount(client, accountId);
    const body = { accountId, reason: reason ?? "asked for at the command line" };
    const stopped = await client.post<object>(KILL_SWITCH, body);
    output.line(`${accountId} is stopped; its orders are being cancelled.`);
    output.result(stopped);
  });
}

async function unblockAccount(accountId: string, options: TargetOptions): Promise<void> {
  await withClient(options, async (client, output) => {
    const open = await setStatus(client, accountId, "OPEN");
    output.line(`${accountId} is open in the wallet.`);
    const stopped = (await killSwitches(client, output, accountId))?.get(accountId);
    if (stopped !== undefined)
      output.line(
        `It is still stopped, by ${stopped.actor}: ${stopped.reason}. ` +
          `\`bourse accounts release ${accountId}\` asks for its release.`,
      );
    output.result(open);
  });
}

async function setStatus(
  client: GatewayClient,
  accountId: string,
  status: "OPEN" | "BLOCKED",
): Promise<AccountView> {
  const path = `/api/v1/accounts/${encodeURIComponent(accountId)}/status`;
  return (await client.request<AccountView>({ method: "PUT", path, body: { status } })).body;
}

async function releaseAccount(
  accountId: string | undefined,
  options: TargetOptions & { readonly note: string; readonly approve?: string },
): Promise<void> {
  const { note, approve } = options;
  if ((accountId === undefined) === (approve === undefined))
    throw new CliError(EXIT.usage, "name the account to ask for its release, or --approve a request");
  await withClient(options, async (client, output) => {
    const answer =
      approve === undefined
        ? await client.post<{ id: string }>(RELEASES, { accountId, note }, { idempotencyKey: randomUUID() })
        : await client.post<{ id: string }>(`${RELEASES}/${encodeURIComponent(approve)}/approve`, undefined);
    output.line(
      approve === undefined
        ? `Asked for. Another operator's key approves it: bourse accounts release --approve ${answer.id}`
        : "Released: the account may trade again.",
    );
    output.result(answer);
  });
}

async function listReleases(options: TargetOptions & { readonly all?: boolean }): Promise<void> {
  await withClient(options, async (client, output) => {
    const answer = await client.get<{ releaseRequests: readonly ReleaseView[] }>(RELEASES);
    const shown = answer.releaseRequests.filter(({ status }) => options.all === true || status === "PENDING");
    if (shown.length === 0) output.line(options.all === true ? "There is none." : "None waits for approval.");
    else
      output.table(
        ["request", "account", "status", "asked by", "asked", "approved by", "note"],
        shown.map(({ id, accountId, status, maker, createdAt, checker = "", note }) => [
          id,
          accountId,
          status,
          maker,
          createdAt,
          checker,
          note,
        ]),
      );
    output.result({ releaseRequests: shown });
  });
}
