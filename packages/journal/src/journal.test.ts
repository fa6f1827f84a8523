import assert from "node:assert/strict";
import {
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { Journal, type JournalOptions, type OpenedJournal } from "./journal.ts";
import type { JournalError } from "./journal-error.ts";
import { GROUP_HEADER_BYTES, SEGMENT_HEADER_BYTES } from "./layout.ts";
import { scratchFolder } from "./testing/scratch.ts";
import { walkJournal } from "./walk-journal.ts";
import type { Place } from "./walk-segment.ts";

const VERSION = 7;
const knows = (version: number): boolean => version === VERSION;
const ignore = (): void => {};

interface Read {
  readonly first: number;
  readonly commands: number;
  readonly text: string;
}

/** A group whose bytes are a text, for tests that don't care what commands mean. */
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

function open(folder: string, more: Partial<JournalOptions> = {}): OpenedJournal & { readonly read: Read[] } {
  const read: Read[] = [];
  const opened = Journal.open(
    { folder, version: VERSION, knows, ...more },
    ({ firstSequence, commands, payload }) =>
      read.push({ first: firstSequence, commands, text: new TextDecoder().decode(payload) }),
  );
  return { ...opened, read };
}

function written(t: TestContext, texts: readonly string[], more: Partial<JournalOptions> = {}): string {
  const folder = scratchFolder(t);
  const { journal } = open(folder, more);
  for (const text of texts) journal.commit(bytesOf(text), text.length);
  journal.abandon();
  return folder;
}

const segments = (folder: string): string[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith(".journal"))
    .sort()
    .map((name) => join(folder, name));
const only = (folder: string): string => segments(folder)[0] as string;
const refusal = (code: string, offset?: number) => (error: JournalError) => {
  assert.equal(error.code, code, error.message);
  if (offset !== undefined) assert.equal(error.offset, offset, error.message);
  return true;
};
const texts = ({ read }: { readonly read: readonly Read[] }): string[] => read.map(({ text }) => text);

describe("a journal", () => {
  it("gives back what was committed, group by group, and goes on behind it", (t) => {
    const folder = written(t, ["one", "two and more", "three"]);
    const again = open(folder);
    assert.deepEqual(again.read, [
      { first: 1, commands: 3, text: "one" },
      { first: 4, commands: 12, text: "two and more" },
      { first: 16, commands: 5, text: "three" },
    ]);
    assert.equal(again.wasClosed, false);
    assert.equal(again.tornBytes, 0);
    again.journal.commit(bytesOf("four"), 4);
    assert.equal(again.journal.place.sequence, 24);
    again.journal.close();
    const last = open(folder);
    assert.deepEqual(texts(last), ["one", "two and more", "three", "four"]);
    assert.equal(last.wasClosed, true);
    last.journal.close();
  });

  it("has the same bytes for the same groups", (t) => {
    const [left, right] = [written(t, ["a", "bb", "ccc"]), written(t, ["a", "bb", "ccc"])];
    assert.deepEqual(readFileSync(only(left)), readFileSync(only(right)));
  });

  it("takes one owner at a time", (t) => {
    const folder = scratchFolder(t);
    const first = open(folder);
    assert.throws(() => open(folder), refusal("journal_in_use"));
    first.journal.close();
    open(folder).journal.close();
  });

  it("refuses to go on once it is closed", (t) => {
    const { journal } = open(scratchFolder(t));
    journal.close();
    assert.throws(() => journal.commit(bytesOf("late"), 1), /open, this one is closed/);
  });

  it("refuses a version that the binary does not know, and begins a segment for a new one", (t) => {
    const folder = written(t, ["old"]);
    assert.throws(
      () => open(folder, { knows: (version) => version === 8 }),
      refusal("journal_version_unknown", 0),
    );
    const both = { version: 8, knows: (version: number) => version === 7 || version === 8 };
    const { journal } = open(folder, both);
    journal.commit(bytesOf("new"), 1);
    journal.close();
    assert.equal(segments(folder).length, 2);
    assert.throws(() => open(folder), refusal("journal_version_unknown", 0));
    const again = open(folder, both);
    assert.deepEqual(texts(again), ["old", "new"]);
    again.journal.close();
  });
});

describe("segments", () => {
  const small = { segmentBytes: 600 };
  const letters = ["a", "b", "c", "d"].map((letter) => letter.repeat(400));

  it("follow each other, and what was only opened and closed does no harm", (t) => {
    const folder = scratchFolder(t);
    const read: string[][] = [];
    for (const letter of ["", "", "", "", "", "", "", "", "a", "", "", "", "b"]) {
      const opened = open(folder, { segmentBytes: 300 });
      read.push(texts(opened));
      if (letter !== "") opened.journal.commit(bytesOf(letter.repeat(200)), 1);
      opened.journal.close();
    }
    assert.ok(segments(folder).length > 4);
    assert.deepEqual(read.at(-1), ["a".repeat(200)]);
    const { sequence } = walkJournal({ folder, knows }, ignore) ?? assert.fail();
    assert.equal(sequence, 2);
  });

  it("before a snapshot are not read, and may be gone", (t) => {
    const folder = written(t, letters, small);
    const places: Place[] = [];
    walkJournal({ folder, knows }, (_group, place) => places.push(place));
    const from = (after: Place): string[] => {
      const read: string[] = [];
      walkJournal({ folder, knows, after }, ({ payload }) => read.push(new TextDecoder().decode(payload)));
      return read;
    };
    places.forEach((place, index) => {
      assert.deepEqual(from(place), letters.slice(index + 1));
    });
    rmSync(segments(folder)[0] as string);
    rmSync(segments(folder)[0] as string);
    const [first, second, third] = places as [Place, Place, Place];
    assert.deepEqual(from(second), letters.slice(2));
    assert.deepEqual(from(third), letters.slice(3));
    assert.throws(() => from(first), refusal("journal_segment_missing"));
    assert.throws(() => walkJournal({ folder, knows }, ignore), refusal("journal_segment_missing"));
    assert.throws(() => from({ ...second, hash: first.hash }), refusal("journal_corrupt", 0));
  });
});

describe("a torn tail", () => {
  const committed = ["first", "second group", "the last group, which is torn"];

  /** Each length that the file may have had when the power went, the rest absent or still zero. */
  for (const rest of ["absent", "zero"] as const) {
    it(`is cut at every byte of the last group, what comes after it ${rest}`, (t) => {
      const folder = written(t, committed);
      const bytes = readFileSync(only(folder));
      const before = written(t, committed.slice(0, 2));
      const { end, path } = walkJournal({ folder: before, knows }, ignore) ?? assert.fail("it has groups");
      assert.equal(path, only(before));
      const whole = walkJournal({ folder, knows }, ignore)?.end ?? assert.fail("it has groups");
      for (let length = end; length < whole; length++) {
        const kept = bytes.subarray(0, length);
        writeFileSync(only(folder), rest === "zero" ? Buffer.concat([kept, Buffer.alloc(4_096)]) : kept);
        const { journal, read, tornBytes } = open(folder);
        const isWhole = length >= end + GROUP_HEADER_BYTES + (committed[2] as string).length;
        assert.deepEqual(
          read.map(({ text }) => text),
          isWhole && rest === "zero" ? committed : isWhole ? committed : committed.slice(0, 2),
          `${length} bytes`,
        );
        if (!isWhole) assert.ok(tornBytes <= length - end, `${tornBytes} of ${length - end} bytes are cut`);
        journal.commit(bytesOf("after"), 1);
        journal.abandon();
        const again = open(folder);
        assert.equal(texts(again).at(-1), "after");
        again.journal.abandon();
      }
    });
  }

  it("is cut when its parts reached the disk in another order, and its bytes are counted", (t) => {
    const folder = written(t, committed);
    const { end } =
      walkJournal({ folder: written(t, committed.slice(0, 2)), knows }, ignore) ?? assert.fail();
    const bytes = readFileSync(only(folder));
    bytes.fill(0, end, end + 16);
    writeFileSync(only(folder), bytes);
    const { journal, read, tornBytes } = open(folder);
    assert.deepEqual(read.length, 2);
    assert.equal(tornBytes, GROUP_HEADER_BYTES + (committed[2] as string).length);
    journal.abandon();
    assert.equal(
      walkJournal({ folder, knows }, ignore)?.tornBytes,
      0,
      "it is cut before anything is written",
    );
  });

  it("of a segment that has no group yet leaves the groups before it", (t) => {
    const folder = written(t, ["x".repeat(400), "y".repeat(400)], { segmentBytes: 600 });
    assert.equal(segments(folder).length, 2);
    truncateSync(segments(folder)[1] as string, SEGMENT_HEADER_BYTES + 10);
    const { journal, read, tornBytes } = open(folder, { segmentBytes: 600 });
    assert.equal(read.length, 1);
    assert.equal(tornBytes, 10);
    journal.commit(bytesOf("next"), 1);
    journal.close();
    assert.deepEqual(texts(open(folder)), ["x".repeat(400), "next"]);
  });
});

describe("damage", () => {
  it("of any bit before the last group stops with the file and the group's offset, and nothing is cut", (t) => {
    const folder = written(t, ["first", "second group", "third"]);
    const path = only(folder);
    const bytes = readFileSync(path);
    const second = SEGMENT_HEADER_BYTES + GROUP_HEADER_BYTES + 8;
    const third = second + GROUP_HEADER_BYTES + 16;
    for (let offset = 0; offset < third; offset++) {
      // Padding, and what a header leaves free behind its hash, are checked or mean nothing.
      const damaged = Buffer.from(bytes);
      damaged[offset] = (damaged[offset] as number) ^ (1 << (offset % 8));
      writeFileSync(path, damaged);
      const isPadding = isBetween(offset, second - 3, second) || isBetween(offset, third - 4, third);
      if (isPadding) continue;
      const at = offset < SEGMENT_HEADER_BYTES ? 0 : offset < second ? SEGMENT_HEADER_BYTES : second;
      assert.throws(() => open(folder), refusal("journal_corrupt", at), `bit at byte ${offset}`);
      assert.deepEqual(readFileSync(path), damaged, "what is damaged stays as it is");
    }
  });

  it("of the last group of a journal that was closed is no torn tail", (t) => {
    const folder = scratchFolder(t);
    const { journal } = open(folder);
    journal.commit(bytesOf("the only group"), 1);
    journal.close();
    flip(only(folder), SEGMENT_HEADER_BYTES + GROUP_HEADER_BYTES);
    assert.throws(() => open(folder), refusal("journal_corrupt", SEGMENT_HEADER_BYTES));
  });

  it("is a header that is torn", (t) => {
    const folder = written(t, ["group"]);
    truncateSync(only(folder), SEGMENT_HEADER_BYTES - 1);
    assert.throws(() => open(folder), refusal("journal_corrupt", 0));
  });

  it("is a segment that ends too early, that is missing, or that is another's", (t) => {
    const texts = ["a", "b", "c"].map((letter) => letter.repeat(400));
    const small = { segmentBytes: 600 };
    const short = written(t, texts, small);
    const [first = "", second = "", third = ""] = segments(short);
    truncateSync(second, statSync(second).size - 8);
    assert.throws(() => open(short), refusal("journal_corrupt", SEGMENT_HEADER_BYTES));
    truncateSync(second, SEGMENT_HEADER_BYTES);
    assert.throws(() => open(short), refusal("journal_corrupt", 0));
    copyFileSync(first, second);
    assert.throws(() => open(short), refusal("journal_corrupt", 0));
    rmSync(second);
    assert.throws(() => open(short), refusal("journal_segment_missing"));
    rmSync(first);
    assert.throws(() => open(short), refusal("journal_segment_missing"));
    assert.equal(segments(short)[0], third);
  });

  it("is a whole group of another journal in its place", (t) => {
    const [folder, other] = [written(t, ["aaa", "bbb", "ccc"]), written(t, ["AAA", "bbb", "ccc"])];
    const bytes = readFileSync(only(folder));
    const second = SEGMENT_HEADER_BYTES + GROUP_HEADER_BYTES + 8;
    bytes.set(readFileSync(only(other)).subarray(second, second + GROUP_HEADER_BYTES + 8), second);
    writeFileSync(only(folder), bytes);
    assert.throws(() => open(folder), refusal("journal_corrupt", second));
  });
});

describe("a disk that refuses", () => {
  const full = (): never => {
    throw Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" });
  };

  it("fails the commit; nothing of it counts, and the journal takes no more until it is opened again", async (t) => {
    const { NODE_DISK } = await import("./journal-disk.ts");
    for (const broken of ["write", "part of a write", "sync"] as const) {
      const folder = scratchFolder(t);
      let refuses = false;
      const { journal } = open(folder, {
        disk: {
          write: (file, buffers, position) => {
            if (!refuses || broken === "sync") return NODE_DISK.write(file, buffers, position);
            if (broken === "write" || buffers.length === 1) return full();
            return NODE_DISK.write(file, [(buffers[0] as Uint8Array).subarray(0, 20)], position);
          },
          sync: (file) => (refuses && broken === "sync" ? full() : NODE_DISK.sync(file)),
        },
      });
      journal.commit(bytesOf("kept"), 1);
      refuses = true;
      assert.throws(() => journal.commit(bytesOf("lost"), 1), refusal("journal_write_failed"));
      assert.equal(journal.place.sequence, 1, "what was not acknowledged does not count");
      refuses = false;
      assert.throws(() => journal.commit(bytesOf("more"), 1), /open, this one is failed/);
      journal.close();
      const again = open(folder);
      // After a failed sync the bytes may be there or not; after a failed write they are not.
      assert.deepEqual(texts(again), broken === "sync" ? ["kept", "lost"] : ["kept"]);
      again.journal.close();
    }
  });

  it("at any call, also between two segments, has lost nothing that was acknowledged", async (t) => {
    const { NODE_DISK } = await import("./journal-disk.ts");
    const groups = ["a", "b", "c", "d"].map((letter) => letter.repeat(300));
    let survived = false;
    for (let failing = 1; !survived; failing++) {
      const folder = scratchFolder(t);
      let calls = 0;
      const call = (): void => {
        if (++calls === failing) full();
      };
      const disk = {
        write: (file: number, buffers: readonly Uint8Array[], position: number) => {
          call();
          return NODE_DISK.write(file, buffers, position);
        },
        sync: (file: number) => {
          call();
          NODE_DISK.sync(file);
        },
      };
      const acknowledged: string[] = [];
      try {
        const { journal } = open(folder, { disk, segmentBytes: 600 });
        t.after(() => journal.abandon());
        for (const group of groups) {
          journal.commit(bytesOf(group), 1);
          acknowledged.push(group);
        }
        journal.close();
        survived = true;
      } catch (error) {
        refusal("journal_write_failed")(error as JournalError);
      }
      // What the failed owner still holds is let go as if its process had ended.
      const copy = scratchFolder(t);
      for (const path of segments(folder)) copyFileSync(path, join(copy, basename(path)));
      const { journal, read } = open(copy);
      const found = read.map(({ text }) => text);
      const inFlight = groups.slice(0, acknowledged.length + 1);
      assert.deepEqual(
        found,
        found.length > acknowledged.length ? inFlight : acknowledged,
        `call ${failing}`,
      );
      journal.commit(bytesOf("next"), 1);
      journal.close();
      assert.equal(texts(open(copy)).at(-1), "next");
    }
  });

  it("is asked to sync each group before it is acknowledged", async (t) => {
    const { NODE_DISK } = await import("./journal-disk.ts");
    const calls: string[] = [];
    const { journal } = open(scratchFolder(t), {
      disk: {
        write: (...write) => {
          calls.push("write");
          return NODE_DISK.write(...write);
        },
        sync: (file) => {
          NODE_DISK.sync(file);
          calls.push("sync");
        },
      },
    });
    calls.length = 0;
    for (const group of ["one", "two"]) {
      journal.commit(bytesOf(group), 1);
      calls.push("acknowledged");
    }
    journal.abandon();
    assert.deepEqual(calls, ["write", "sync", "acknowledged", "write", "sync", "acknowledged"]);
  });

  it("writes in parts where the system takes parts", async (t) => {
    const { NODE_DISK } = await import("./journal-disk.ts");
    const folder = scratchFolder(t);
    const { journal } = open(folder, {
      disk: {
        write: (file, buffers, position) =>
          NODE_DISK.write(file, [Buffer.concat(buffers).subarray(0, 7_001)], position),
        sync: NODE_DISK.sync,
      },
    });
    journal.commit(bytesOf("z".repeat(20_000)), 1);
    journal.close();
    assert.deepEqual(texts(open(folder)), ["z".repeat(20_000)]);
  });

  it("leaves no journal behind when not even the first segment can be made", (t) => {
    const folder = scratchFolder(t);
    const disk = { write: full, sync: full };
    assert.throws(() => open(folder, { disk }), refusal("journal_write_failed"));
    mkdirSync(folder, { recursive: true });
    assert.deepEqual(segments(folder), []);
    open(folder).journal.close();
  });
});

function isBetween(value: number, from: number, to: number): boolean {
  return value >= from && value < to;
}

function flip(path: string, offset: number): void {
  const bytes = readFileSync(path);
  bytes[offset] = (bytes[offset] as number) ^ 1;
  writeFileSync(path, bytes);
}
