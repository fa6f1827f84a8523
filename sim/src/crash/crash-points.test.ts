import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { OUTCOMES } from "../ports/crash-gate.ts";
import { type NamedPoint, PointWorker } from "./point-worker.ts";

/** A small part of `npm run test:crash-points`, so that every test run proves its machinery. */
describe("crash points", () => {
  let worker: PointWorker;
  before(async () => {
    worker = await PointWorker.start();
  });
  after(() => worker.close());

  const violationsOf = async (points: readonly NamedPoint[]): Promise<readonly string[]> => {
    const lines: string[] = [];
    for (const point of points)
      for (const violation of (await worker.run(point)).violations)
        lines.push(`--flow ${point.flow} --at ${point.at} --outcome ${point.outcome}: ${violation}`);
    return lines;
  };

  it("an order that the account can't pay: every point", async () => {
    const points = await worker.points("rejected-by-funds");
    assert.ok(points.length >= 30, `${points.length} points`);
    assert.deepEqual(await violationsOf(points), []);
  });

  it("a fill: what wallet commits, and the snapshot, with every outcome that there is", async () => {
    const all = await worker.points("filled");
    const points = all.filter(
      ({ port, what }) =>
        port === "snapshot" || (/^(begin|transaction)$/.test(port) && what.startsWith("wallet: ")),
    );
    assert.deepEqual(new Set(points.map(({ outcome }) => outcome)), new Set(OUTCOMES));
    assert.deepEqual(await violationsOf(points), []);
  });

  it("the same flow makes the same calls each time it is run", async () => {
    const first = await worker.points("market");
    await worker.points("accepted");
    assert.deepEqual(await worker.points("market"), first);
  });
});
