// The landing page: asks the public API like anyone, once a second, and shows what it says.
const EVERY_MS = 1000;
const DEPTH = 8;
const state = document.querySelector("#state");
/** The ticks and lots of the instruments, asked once: numbers of a column have as many decimals. */
const steps = new Map();
let selected = decodeURIComponent(location.hash.slice(1)) || null;

async function get(path) {
  const answer = await fetch(path, { headers: { accept: "application/json" } });
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

async function stepsOf(symbol) {
  if (!steps.has(symbol)) {
    const { instruments } = await get("/api/v1/instruments");
    for (const { symbol: name, tickSize, lotSize } of instruments) {
      steps.set(name, { price: decimalsOf(tickSize), quantity: decimalsOf(lotSize) });
    }
  }
  return steps.get(symbol) ?? {};
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
  body.replaceChildren(...(rows.length > 0 ? rows : [row([{ text: empty, className: "empty", span }])]));
}

function direction(change) {
  if (change === undefined || Number(change) === 0) return undefined;
  return change.startsWith("-") ? "down" : "up";
}

function showMarkets(markets) {
  const rows = markets.map((market) => {
    const button = document.createElement("button");
    button.textContent = market.symbol;
    const { price } = steps.get(market.symbol) ?? {};
    const line = row(
      [
        { text: button },
        { text: padded(market.lastPrice, price) },
        { text: padded(market.bidPrice, price) },
        { text: padded(market.askPrice, price) },
        {
          text: market.changePercent24h === undefined ? undefined : `${market.changePercent24h} %`,
          className: direction(market.changePercent24h),
        },
        { text: market.volume24h },
        { text: String(market.trades24h) },
      ],
      { "data-symbol": market.symbol, "aria-selected": String(market.symbol === selected) },
    );
    line.addEventListener("click", () => choose(market.symbol));
    return line;
  });
  fill("#markets", rows, "No market yet.", 7);
}

function showBook(book) {
  const decimals = steps.get(selected) ?? {};
  const level =
    (className) =>
    ([price, quantity, orders]) =>
      row([
        { text: padded(price, decimals.price), className },
        { text: padded(quantity, decimals.quantity) },
        { text: String(orders) },
      ]);
  const asks = book.asks.slice(0, DEPTH).map(level("down")).reverse();
  const bids = book.bids.slice(0, DEPTH).map(level("up"));
  const middle = row([{ text: `${book.bids.length} bid and ${book.asks.length} ask levels`, span: 3 }], {
    class: "spread",
  });
  fill("#book", asks.length + bids.length > 0 ? [...asks, middle, ...bids] : [], "The book is empty.", 3);
  document.querySelector("#book-title").textContent = `Book of ${selected}`;
}

function showTrades(trades) {
  const decimals = steps.get(selected) ?? {};
  const rows = trades.slice(0, 2 * DEPTH + 1).map((trade) =>
    row([
      { text: new Date(trade.time).toLocaleTimeString() },
      {
        text: padded(trade.price, decimals.price),
        className: trade.aggressorSide === "BUY" ? "up" : "down",
      },
      { text: padded(trade.quantity, decimals.quantity) },
    ]),
  );
  fill("#trades", rows, "None yet.", 3);
  document.querySelector("#trades-title").textContent = `Trades of ${selected}`;
}

function choose(symbol) {
  selected = symbol;
  history.replaceState(null, "", `#${encodeURIComponent(symbol)}`);
  for (const place of document.querySelectorAll(".symbol")) place.textContent = symbol;
  void refresh();
}

async function refresh() {
  try {
    const { markets } = await get("/api/v1/markets");
    selected ??= markets[0]?.symbol ?? null;
    await Promise.all(markets.map((market) => stepsOf(market.symbol)));
    showMarkets(markets);
    if (selected !== null) {
      const at = `/api/v1/markets/${encodeURIComponent(selected)}`;
      const [book, tape] = await Promise.all([get(`${at}/book?depth=50`), get(`${at}/trades?limit=30`)]);
      showBook(book);
      showTrades(tape.trades);
    }
    state.textContent = markets.length > 0 ? "live" : "live, without markets yet";
    state.className = "live";
  } catch {
    state.textContent = "the platform does not answer; asking again";
    state.className = "away";
  }
}

for (const place of document.querySelectorAll(".origin")) place.textContent = location.origin;
if (selected !== null) choose(selected);
await refresh();
setInterval(refresh, EVERY_MS);
