import { referenceEvents, type TopicEvent } from "@bourse/contracts";
import { replayTopic } from "@bourse/delivery";
import type { Invariant, InvariantReport } from "@bourse/host";
import type { Asset, Instrument } from "@bourse/market";
import { canonicalInstrument, differences } from "./domain/listing.ts";
import type { ReferenceData } from "./reference-data.ts";
import { assetOf, instrumentOf, selectAssets, selectInstruments } from "./sql/rows.ts";

/** What must hold of reference data on a quiet platform. */
export const referenceInvariants: readonly Invariant<ReferenceData>[] = [
  { name: "listing-rule", rule: "each instrument obeys the listing rule", check: obeysListingRule },
  {
    name: "rows-equal-events",
    rule: "each asset and instrument equals its last event in reference-events",
    check: rowsEqualEvents,
  },
];

const LISTED = 20;

async function obeysListingRule({ store }: ReferenceData): Promise<InvariantReport> {
  const assets = new Map((await store.query(selectAssets())).map((row) => [String(row.asset), assetOf(row)]));
  const instruments = (await store.query(selectInstruments())).map(instrumentOf);
  const violations = instruments.flatMap((instrument) => {
    const baseAsset = assets.get(instrument.baseAsset);
    const quoteAsset = assets.get(instrument.quoteAsset);
    if (baseAsset === undefined || quoteAsset === undefined)
      return [`an asset of ${instrument.symbol} is not listed`];
    const canonical = canonicalInstrument(instrument, baseAsset, quoteAsset);
    const faults = canonical.ok ? differences(canonical.value, instrument) : [canonical.error];
    return faults.map(
      ({ field, given, allowed }) => `${instrument.symbol}: ${field} is ${given}, allowed is ${allowed}`,
    );
  });
  return { checked: instruments.length, violations: violations.slice(0, LISTED) };
}

/** The topic is kept for ever, so that its events make the tables. */
async function rowsEqualEvents({ store, bus }: ReferenceData): Promise<InvariantReport> {
  const told = { assets: new Map<string, Asset>(), instruments: new Map<string, Instrument>() };
  const violations: string[] = [];
  let checked = 0;
  for (let partition = 0; partition < referenceEvents.partitions; partition++) {
    for await (const batch of replayTopic(bus, referenceEvents, partition)) {
      checked += batch.length;
      for (const { event } of batch) violations.push(...take(told, event));
    }
  }
  const assets = (await store.query(selectAssets())).map(assetOf);
  const instruments = (await store.query(selectInstruments())).map(instrumentOf);
  violations.push(
    ...compare("asset", told.assets, new Map(assets.map((each) => [each.asset, each]))),
    ...compare("instrument", told.instruments, new Map(instruments.map((each) => [each.symbol, each]))),
  );
  return { checked, violations: violations.slice(0, LISTED) };
}

function take(
  told: { readonly assets: Map<string, Asset>; readonly instruments: Map<string, Instrument> },
  event: TopicEvent<typeof referenceEvents>,
): readonly string[] {
  const { eventType, timestamp: _, ...fields } = event;
  if (eventType === "AssetListed") {
    const asset = fields as Asset;
    const twice = told.assets.has(asset.asset);
    told.assets.set(asset.asset, asset);
    return twice ? [`the asset ${asset.asset} is listed twice in the topic`] : [];
  }
  const instrument = fields as Instrument;
  const known = told.instruments.has(instrument.symbol);
  told.instruments.set(instrument.symbol, instrument);
  const early = [instrument.baseAsset, instrument.quoteAsset].filter((asset) => !told.assets.has(asset));
  return [
    ...early.map((asset) => `${instrument.symbol} is in the topic before its asset ${asset}`),
    ...(known === (eventType === "InstrumentChanged")
      ? []
      : [`${eventType} of ${instrument.symbol} has no place in the topic`]),
  ];
}

function compare<Listed extends Asset | Instrument>(
  what: string,
  told: ReadonlyMap<string, Listed>,
  kept: ReadonlyMap<string, Listed>,
): readonly string[] {
  const violations: string[] = [];
  for (const [name, event] of told) {
    const row = kept.get(name);
    if (row === undefined) violations.push(`the ${what} ${name} is in the topic and has no row`);
    else
      for (const { field, given } of differences(event, row))
        violations.push(
          `${field} of ${name} is ${given} in its row and ${event[field as keyof Listed]} in the topic`,
        );
  }
  for (const name of kept.keys())
    if (!told.has(name)) violations.push(`the ${what} ${name} has a row and is not in the topic`);
  return violations;
}
