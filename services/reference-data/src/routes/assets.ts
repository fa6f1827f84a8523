import { AssetCode, AssetFields, referenceEvents } from "@bourse/contracts";
import type { Effects, OutgoingEvent, Unit } from "@bourse/delivery";
import { problem, type Route, type RouteAnswer } from "@bourse/host";
import type { Asset } from "@bourse/market";
import { Type } from "typebox";
import { audited } from "../audited.ts";
import { differences } from "../domain/listing.ts";
import type { ReferenceData } from "../reference-data.ts";
import { assetOf, insertAsset, lockForChange, selectAsset, selectAssets } from "../sql/rows.ts";

const AssetView = Type.Object(AssetFields);

/** Assets: what is owned and counted. */
export const assetRoutes: readonly Route<ReferenceData>[] = [
  {
    method: "GET",
    path: "/api/v1/assets",
    summary: "All assets, by code",
    access: "public",
    answers: { 200: Type.Object({ assets: Type.Array(AssetView) }) },
    handle: async ({ store }) => ({
      status: 200,
      body: { assets: (await store.query(selectAssets())).map(assetOf) },
    }),
  },
  {
    method: "GET",
    path: "/api/v1/assets/:asset",
    summary: "An asset",
    access: "public",
    params: Type.Object({ asset: AssetCode }),
    answers: { 200: AssetView },
    problems: ["asset_not_found"],
    handle: async ({ store }, { params }) => {
      const code = params.asset ?? "";
      const [row] = await store.query(selectAsset(code));
      if (row === undefined) return problem("asset_not_found", `There is no asset ${code}.`);
      return { status: 200, body: assetOf(row) };
    },
  },
  {
    method: "POST",
    path: "/api/v1/assets",
    summary: "List an asset. Listing it again changes nothing; its scale never changes",
    access: "operator",
    idempotency: { natural: "asset code" },
    body: AssetView,
    answers: { 200: AssetView, 201: AssetView },
    problems: ["already_exists"],
    examples: [{ asset: "USD", name: "US dollar", kind: "FIAT", scale: 6 }],
    handle: async (service, request) => {
      const asset = request.body as Asset;
      const about = { action: "assets.list", subject: asset.asset };
      const { result } = await service.delivery.commit("list asset", async (unit) =>
        audited(await listAsset(asset, unit), request, about),
      );
      if (result.status === 201) service.metrics.changes.inc({ event: "AssetListed" });
      return result;
    },
  },
];

async function listAsset(given: Asset, unit: Unit): Promise<Effects<RouteAnswer>> {
  const [, [row] = []] = await unit.run([lockForChange(), selectAsset(given.asset)]);
  if (row !== undefined) {
    const listed = assetOf(row);
    const errors = differences(listed, given);
    const answer =
      errors.length === 0
        ? { status: 200, body: listed }
        : problem("already_exists", `${given.asset} is listed with other facts, which never change.`, {
            errors,
          });
    return { statements: [], events: [], result: answer };
  }
  const { asset, name, kind, scale } = given;
  return {
    statements: [insertAsset(given)],
    events: [referenceEvent(asset, { eventType: "AssetListed", asset, name, kind, scale })],
    result: { status: 201, body: { asset, name, kind, scale } },
  };
}

/** The topic has one partition, so that an asset is always before its instruments. */
export function referenceEvent(
  key: string,
  event: OutgoingEvent<typeof referenceEvents>["event"],
): OutgoingEvent<typeof referenceEvents> {
  return { topic: referenceEvents, key, partition: 0, event };
}
