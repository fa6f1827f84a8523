import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { PointWorker } from "../crash/point-worker.ts";
import { MUTATIONS } from "./all-mutations.ts";
import { hunt } from "./hunt.ts";

describe("crash points find what is broken on purpose", () => {
  let worker: PointWorker;
  before(async () => {
    worker = await PointWorker.start();
  });
  after(() => worker.close());

  for (const mutation of MUTATIONS) {
    it(`${mutation.name}: ${mutation.about}`, async (t) => {
      const found = await hunt(worker, mutation);
      assert.ok(found !== null, "a crash point shows it");
      const { flow, at, outcome, what } = found.point;
      t.diagnostic(`--flow ${flow} --at ${at} --outcome ${outcome} (${what}): ${found.violation}`);
      assert.deepEqual(
        (await worker.run(found.point)).violations,
        [],
        "and without the mutation it is right",
      );
    });
  }
});
