// The landing page: asks the public API like anyone, once a second, and shows what it says.
const EVERY_MS = 1000;
const PATIENCE_MS = 5000;
const DEPTH = 8;
const state = document.querySelector("#state");
/** The ticks and lots of the instruments, asked once: numbers of a column have as many decimals. */
const steps = new Map();
/** The row of each market. It stays as its figures change: a new one would lose a click, and the keyboard's place. */
const lines = new Map();
/** What the address or the visitor asked for; null: nothing. */
let wanted = addressed();
/** What is on its way. */
let asking = new AbortController();

/** The market that the address names; an address that can't be read names none. */
function addressed() {
  try {
    return decodeURIComponent(location.hash.slice(1)) || null;
  } catch {
    return null;
  }
}

async function get(path, signal) {
  const answer = await fetch(path, {
    headers: { accept: "application/json" },
    signal: AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]),
  });
  if (!answer.ok) throw new Error(`${answer.status}`);
  return answer.json();
}

function decimalsOf(step) {
  return step.includes(".") ? step.split(".")[1].length : 0;
}

/** Pads a decimal string; numbers stay text, since doubles would round them. */
function padded(text, decimals) {
  if (text === undefined || decimals === undefined || decimals === 0) return text;
  const [whole, fraction = ""] = text.split(".");
  return `${whole}.${fraction.padEnd(decimals, "0")}`;
}

async function learnSteps(markets, signal) {
  if (markets.every(({ symbol }) => steps.has(symbol))) return;
  const { instruments } = await get("/api/v1/instruments", signal);
  for (const { symbol, tickSize, lotSize } of instruments) {
    steps.set(symbol, { price: decimalsOf(tickSize), quantity: decimalsOf(lotSize) });
  }
}

function row(cells, attributes = {}) {
  const line = document.createElement("tr");
  for (const [name, value] of Object.entries(attributes)) line.setAttribute(name, value);
  for (const { text, className, span } of cells) {
    const cell = line.insertCell();
    if (text instanceof Node) cell.append(text);
    else cell.textContent = text ?? "–";
    if (className) cell.className = className;
    if (span) cell.colSpan = span;
  }
  return line;
}

function fill(table, rows, empty, span) {
  const body = document.querySelector(`${table} tbody`);
  if (rows.length > 0 && sameItems(rows, body.rows)) return;
  body.replaceChildren(...(rows.length > 0 ? rows : [row([{ text: empty, className: "empty", span }])]));
}

function sameItems(some, others) {
  return some.length === others.length && some.every((each, at) => each === others[at]);
}

/** With its sign and two decimals: the sign says what the colour does, and the column lines up. */
function percent(change) {
  if (change === undefined) return undefined;
  const figure = padded(change, 2);
  return `${direction(change) === "up" ? `+${figure}` : figure.replace("-", "−")} %`;
}

function direction(change) {
  if (change === undefined || Number(change) === 0) return undefined;
  return change.startsWith("-") ? "down" : "up";
}

function showMarkets(markets, selected) {
  const rows = markets.map((market) => {
    const line = lineOf(market.symbol);
    line.querySelector("button").ariaCurrent = market.symbol === selected ? "true" : null;
    const { price, quantity } = steps.get(market.symbol) ?? {};
    const change = market.changePercent24h;
    const figures = [
      padded(market.lastPrice, price),
      padded(market.bidPrice, price),
      padded(market.askPrice, price),
      percent(change),
      padded(market.volume24h, quantity),
      String(market.trades24h),
    ];
    for (const [at, figure] of figures.entries()) line.cells[at + 1].textContent = figure ?? "–";
    line.cells[4].className = direction(change) ?? "";
    return line;
  });
  fill("#markets", rows, "No markets yet.", 7);
}

function lineOf(symbol) {
  const known = lines.get(symbol);
  if (known !== undefined) return known;
  const button = document.createElement("button");
  button.textContent = symbol;
  const line = row([{ text: button }, {}, {}, {}, {}, {}, {}], { "data-symbol": symbol });
  line.addEventListener("click", () => choose(symbol));
  lines.set(symbol, line);
  return line;
}

function showBook(book, selected) {
  const decimals = steps.get(selected) ?? {};
  const level =
    (side, className) =>
    ([price, quantity, orders]) =>
      row([
        { text: side, className },
        { text: padded(price, decimals.price), className },
        { text: padded(quantity, decimals.quantity) },
        { text: String(orders) },
      ]);
  const asks = book.asks.slice(0, DEPTH).map(level("Ask", "down")).reverse();
  const bids = book.bids.slice(0, DEPTH).map(level("Bid", "up"));
  const middle = row([{ text: `${book.bids.length} bid and ${book.asks.length} ask levels`, span: 4 }], {
    class: "spread",
  });
  fill("#book", asks.length + bids.length > 0 ? [...asks, middle, ...bids] : [], "The book is empty.", 4);
  document.querySelector("#book-title").textContent = `Book of ${selected}`;
}

function showTrades(trades, selected) {
  const decimals = steps.get(selected) ?? {};
  const rows = trades.slice(0, 2 * DEPTH + 1).map((trade) => {
    const [side, className] = trade.aggressorSide === "BUY" ? ["Buy", "up"] : ["Sell", "down"];
    return row([
      { text: trade.time.slice(0, 19).replace("T", " ") },
      { text: side, className: `word ${className}` },
      { text: padded(trade.price, decimals.price), className },
      { text: padded(trade.quantity, decimals.quantity) },
    ]);
  });
  fill("#trades", rows, "No trades yet.", 4);
  document.querySelector("#trades-title").textContent = `Trades of ${selected}`;
}

function choose(symbol) {
  wanted = symbol;
  history.replaceState(null, "", `#${encodeURIComponent(symbol)}`);
  void refresh();
}

/** In the commands to try; only where it is another, since a visitor may be about to copy them. */
function nameSymbol(symbol) {
  for (const place of document.querySelectorAll(".symbol")) {
    if (place.textContent !== symbol) place.textContent = symbol;
  }
}

/** What is on its way still is given up: its answer would be of another moment, or of another market. */
async function refresh() {
  asking.abort();
  asking = new AbortController();
  const { signal } = asking;
  try {
    const { markets } = await get("/api/v1/markets", signal);
    await learnSteps(markets, signal);
    const selected = (markets.find(({ symbol }) => symbol === wanted) ?? markets[0])?.symbol ?? null;
    showMarkets(markets, selected);
    if (selected === wanted && wanted !== null) nameSymbol(wanted);
    if (selected !== null) await showMarket(selected, signal);
    tell(markets.length > 0 ? "live" : "live, without markets yet", "live");
  } catch {
    if (signal.aborted) return;
    tell("the platform does not answer; asking again", "away");
  }
}

/** What is written is read out by a screen reader, also where it says the same. */
function tell(text, className) {
  if (state.textContent !== text) state.textContent = text;
  state.className = className;
}

async function showMarket(symbol, signal) {
  const at = `/api/v1/markets/${encodeURIComponent(symbol)}`;
  const [book, tape] = await Promise.all([
    get(`${at}/book?depth=50`, signal),
    get(`${at}/trades?limit=30`, signal),
  ]);
  showBook(book, symbol);
  showTrades(tape.trades, symbol);
}

// A link that is followed on the page, and the way back.
addEventListener("hashchange", () => {
  wanted = addressed();
  void refresh();
});
for (const place of document.querySelectorAll(".origin")) place.textContent = location.origin;
for (;;) {
  await refresh();
  await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
}
