import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { PROJECT_ROOT } from "./data-folder.ts";
import { unknownCommands } from "./testing/known-commands.ts";
import { operationsDocuments } from "./testing/operations-documents.ts";
import { namedCommands, shellBlocks } from "./testing/shell-blocks.ts";

const manifest = JSON.parse(readFileSync(join(PROJECT_ROOT, "package.json"), "utf8")) as {
  readonly scripts: Readonly<Record<string, string>>;
};

describe("every command that operators are told is one that there is:", () => {
  const kafka = { path: "docs/kafka.md", text: readFileSync(join(PROJECT_ROOT, "docs/kafka.md"), "utf8") };
  for (const { path, text } of [...operationsDocuments(), kafka]) {
    test(path, () => {
      const blocks = shellBlocks(path, text);
      const commands = [...blocks.map((block) => block.text), ...namedCommands(text)];
      assert.deepEqual(
        commands.flatMap((command) => unknownCommands(command, manifest)),
        [],
      );
    });
  }
});

/** Of npm itself, for who adds a dependency or uses a package. */
const NPM_ITSELF = /^npm knows no "(install|ci\)?)" here$/;

describe("every command that a README tells is one that there is:", () => {
  const paths = globSync(
    "{.,apps/*,bench,chaos,deploy/*,packages/*,platform,services/*,sim,tidy,toolchain}/README.md",
    {
      cwd: PROJECT_ROOT,
    },
  );
  assert.ok(paths.length > 30, "the READMEs are found");
  for (const path of [...paths, "CONTRIBUTING.md", "docs/how-to.md"].toSorted())
    test(path, () => {
      const text = readFileSync(join(PROJECT_ROOT, path), "utf8");
      const fences = [...text.matchAll(/^```sh[^\n]*\n(.*?)^```/gms)].map(([, inside = ""]) => inside);
      const unknown = [...fences, ...namedCommands(text)].flatMap((each) => unknownCommands(each, manifest));
      assert.deepEqual(
        unknown.filter((fault) => !NPM_ITSELF.test(fault)),
        [],
      );
    });
});

test("every command that the landing page tells is one that there is", () => {
  const page = readFileSync(join(PROJECT_ROOT, "services/gateway/src/pages/landing.html"), "utf8");
  const commands = [...page.matchAll(/<pre><code>(.*?)<\/code>/gs)].map(([, inside = ""]) =>
    inside.replace(/<[^>]*>/g, ""),
  );
  assert.match(commands.join("\n"), /npx bourse book BTC-USD/);
  assert.deepEqual(
    commands.flatMap((each) => unknownCommands(each, manifest)),
    [],
  );
  // A shell takes a bare question mark for a file's name; zsh then runs nothing.
  for (const [address] of commands.join("\n").matchAll(/\S*\?\S*/g)) assert.match(address, /^'.*'$/);
});

describe("a document's commands", () => {
  for (const [text, fault] of [
    ["npx bourse stauts", /no command "stauts"/],
    ["npx bourse accounts creat alice", /no command "creat"/],
    ["npx bourse verify --frobnicate", /no option --frobnicate/],
    ["npx bourse tail", /an argument is missing/],
    ["npx bourse down everything", /"everything" is too many/],
    ["true && npx bourse stauts | head", /no command "stauts"/],
    ["npx bourse tail wallet-events \\\n  --frobnicate 3", /no option --frobnicate/],
    ["npm run chaos:monkeys", /no "chaos:monkeys"/],
  ] as const) {
    test(`are wrong: ${JSON.stringify(text)}`, () =>
      assert.match(unknownCommands(text, manifest).join("\n"), fault));
  }

  for (const text of [
    "npx bourse tail <topic> --partition <n> --from <offset> -n 1",
    "npx bourse tail wallet-events -n 3 --json > file   # the last ones",
    "cd /srv && npx bourse verify --patience=10 | tail -n 1",
    "npx bourse accounts create alice --fund USD=100",
    "npx bourse --help",
    "npm run up:kafka && npm start",
    "bourse is a word, npx something-else is not ours",
  ]) {
    test(`are known: ${text}`, () => assert.deepEqual(unknownCommands(text, manifest), []));
  }

  test("stand in fences that say what becomes of them", () => {
    const document = "# A\n```sh run exit=3\nfalse\n```\n\n```sh check\nnpm start\n```\n```json\n{}\n```\n";
    assert.deepEqual(shellBlocks("a.md", document), [
      { path: "a.md", line: 3, mode: "run", exits: 3, text: "false" },
      { path: "a.md", line: 7, mode: "check", exits: 0, text: "npm start" },
    ]);
    for (const fence of ["sh", "bash", "sh runs", "sh run exit=x", "console run"])
      assert.throws(() => shellBlocks("a.md", `\`\`\`${fence}\nx\n\`\`\`\n`), /a\.md:1: a fence of commands/);
  });

  test("are found in running text too", () => {
    assert.deepEqual(namedCommands("Say `npx bourse\n down`, not `rm`.\n```sh run\n`npx bourse up`\n```\n"), [
      "npx bourse down",
    ]);
  });
});
