import { plainVenue, type VenueSize } from "../spine/venue.ts";

/** How a venue may have grown: one thing at a time, against the plain one. */
export interface Scenario {
  readonly name: ScenarioName;
  readonly words: string;
  readonly size: VenueSize;
  /** Orders far from the market that rest before the load begins. */
  readonly resting: number;
}

export const SCENARIOS = ["plain", "symbols", "accounts", "resting"] as const;
export type ScenarioName = (typeof SCENARIOS)[number];

const PLAIN_ACCOUNTS = 2_000;

/** `quick`: a twentieth of the growth, to see that it runs. */
export function scenariosOf(quick: boolean): readonly Scenario[] {
  const plain = plainVenue(PLAIN_ACCOUNTS);
  const symbols = quick ? 100 : 1_000;
  const accounts = quick ? 4_000 : 100_000;
  const resting = quick ? 20_000 : 1_000_000;
  return [
    { name: "plain", words: "4 symbols, 2,000 accounts", size: plain, resting: 0 },
    {
      name: "symbols",
      words: `${count(symbols)} symbols`,
      size: { ...plain, symbols, symbolsEach: 4 },
      resting: 0,
    },
    {
      name: "accounts",
      words: `${count(accounts)} accounts`,
      size: { ...plain, accounts, symbolsEach: 1 },
      resting: 0,
    },
    { name: "resting", words: `${count(resting)} orders resting`, size: plain, resting },
  ];
}

function count(value: number): string {
  return value.toLocaleString("en-US");
}
