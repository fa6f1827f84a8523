import { randomUUID } from "node:crypto";
import { Command } from "commander";
import { CliError } from "../cli-error.ts";
import { EXIT } from "../exit-codes.ts";
import { wholeNumber, withExamples } from "../help.ts";
import { assertKnownAccount } from "../known-account.ts";
import { grouped } from "../output.ts";
import { type TargetOptions, withClient, withTarget } from "../target.ts";

/** Of `GET /api/v1/keys`: what is known of a key, never the key itself. */
interface KeyView {
  readonly keyId: string;
  readonly role: string;
  readonly accountId?: string;
  readonly name: string;
  readonly createdBy: string;
  readonly created: string;
  readonly revoked?: string;
}

interface IssueOptions extends TargetOptions {
  readonly operator?: boolean;
  readonly name?: string;
  readonly idempotencyKey?: string;
}

const PATH = "/api/v1/keys";
const MAX_LISTED = 1_000;

/** Machine keys: who may ask the platform for what. */
export function keysCommand(): Command {
  const issue = withTarget(new Command("issue"))
    .description("Issue a key, for a trading account or for another operator; it is shown this once")
    .argument("[account]", "the trading account that it is for")
    .option("--operator", "an operator's, who may do everything")
    .option("--name <name>", "whose it is, as people call it")
    .option("--idempotency-key <key>", "the same key shows it again for a day (default: a new one)")
    .action(issueKey);
  const list = withTarget(new Command("list"))
    .description("Keys that were issued, latest first; never the keys themselves")
    .argument("[account]", "only its keys")
    .option("-n, --limit <count>", "how many", wholeNumber(1, MAX_LISTED), MAX_LISTED)
    .action(listKeys);
  const revoke = withTarget(new Command("revoke"))
    .description("Revoke a key, for good; it works nowhere ten seconds later")
    .argument("<id>", "`bourse keys list` has it; not the key itself")
    .action(revokeKey);
  return new Command("keys")
    .description("Issue, list and revoke the keys that people and programs act with: for operators")
    .addCommand(
      withExamples(issue, [
        ['keys issue alice --name "alice\'s bot"', "may trade for alice, and nothing else"],
        ["keys issue --operator --name Olga", "another operator: two of them can release an account"],
      ]),
    )
    .addCommand(
      withExamples(list, [
        ["keys list", "whose they are, who issued them, and since when"],
        ["keys list alice --json", "alice's, for a program"],
      ]),
    )
    .addCommand(withExamples(revoke, [["keys revoke 01a2b3", "one that has leaked"]]));
}

async function issueKey(accountId: string | undefined, options: IssueOptions): Promise<void> {
  const { operator = false, name, idempotencyKey = randomUUID() } = options;
  if ((accountId === undefined) !== operator)
    throw new CliError(EXIT.usage, "name the account that the key is for, or say --operator");
  await withClient(options, async (client, output) => {
    await assertKnownAccount(client, accountId);
    const body = {
      role: operator ? "operator" : "account",
      ...(accountId === undefined ? {} : { accountId }),
      ...(name === undefined ? {} : { name }),
    };
    const issued = await client.post<KeyView & { readonly key: string }>(PATH, body, { idempotencyKey });
    const whose = accountId === undefined ? "An operator's key" : `A key of ${accountId}`;
    output.line(`${whose}, ${issued.name}, shown this once: ${issued.key}`);
    output.line(`\`bourse keys revoke ${issued.keyId}\` revokes it.`);
    output.result(issued);
  });
}

async function listKeys(
  accountId: string | undefined,
  options: TargetOptions & { readonly limit: number },
): Promise<void> {
  await withClient(options, async (client, output) => {
    const { limit } = options;
    await assertKnownAccount(client, accountId);
    const { keys } = await client.get<{ keys: readonly KeyView[] }>(PATH, { accountId, limit });
    if (keys.length === 0) output.line("There is no key.");
    else
      output.table(
        ["id", "role", "account", "name", "issued by", "issued", "revoked"],
        keys.map(({ keyId, role, accountId: account = "", name, createdBy, created, revoked = "" }) => [
          keyId,
          role,
          account,
          name,
          createdBy,
          created,
          revoked,
        ]),
      );
    if (keys.length === limit) output.note(`These are the latest ${grouped(limit)}; there may be more.`);
    output.result({ keys });
  });
}

async function revokeKey(keyId: string, options: TargetOptions): Promise<void> {
  await withClient(options, async (client, output) => {
    const { body } = await client.request<KeyView>({
      method: "DELETE",
      path: `${PATH}/${encodeURIComponent(keyId)}`,
    });
    const whose = body.accountId === undefined ? `the ${body.role}'s` : `of ${body.accountId}`;
    output.line(
      `${body.keyId}, ${body.name}, ${whose}, is revoked since ${body.revoked}: it works nowhere ten seconds later.`,
    );
    output.result(body);
  });
}
