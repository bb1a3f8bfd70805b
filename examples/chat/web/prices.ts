// The prices that are followed, and the order book of one symbol.

import { pricesBook, pricesWatch, type Auth, type Level, type PricesTick } from './api.js';
import { $, make } from './elements.js';
import type { Client } from './handfast.js';

const SYMBOLS = ['BTC-EUR', 'ETH-EUR', 'SOL-EUR'];
/** How long a book is shown before it is asked for again, in milliseconds. */
const BOOK_KEPT = 3000;
/** How many prices of a symbol are drawn. */
const PRICES_KEPT = 60;

const history = new Map<string, number[]>();
let bookSymbol = SYMBOLS[0] as string;
let bookAsked = 0;
let client: Client<Auth> | undefined;

/** Follows the prices until the connection is lost, and shows the book. */
export async function followPrices(own: Client<Auth>): Promise<void> {
  client = own;
  void showBook(own);
  const ticks = own.stream(pricesWatch, { symbols: SYMBOLS });
  try {
    for await (const tick of ticks) {
      showTick(tick);
      if (tick.symbol === bookSymbol && Date.now() - bookAsked > BOOK_KEPT) void showBook(own);
    }
  } catch {
    // The connection was lost; the next one follows them again.
  }
}

function showTick({ symbol, price, side, change = 0 }: PricesTick): void {
  const prices = [...(history.get(symbol) ?? []), Number(price)].slice(-PRICES_KEPT);
  history.set(symbol, prices);
  const row = priceRow(symbol);
  const set = (part: string, text: string, tone: string): void => {
    const element = row.querySelector(`.${part}`);
    if (element === null) return;
    element.textContent = text;
    element.className = `${part} ${tone}`;
  };
  set('price', price, side === 'buy' ? 'up' : 'down');
  set('change', `${change < 0 ? '' : '+'}${(change * 100).toFixed(2)} %`, change < 0 ? 'down' : 'up');
  row.querySelector('polyline')?.setAttribute('points', sparkline(prices));
  row.querySelector('svg')?.setAttribute('class', change < 0 ? 'down' : 'up');
}

function priceRow(symbol: string): HTMLElement {
  const id = `price-${symbol}`;
  const known = document.getElementById(id);
  if (known !== null) return known;
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('viewBox', '0 0 100 20');
  svg.setAttribute('preserveAspectRatio', 'none');
  svg.setAttribute('aria-hidden', 'true');
  svg.append(document.createElementNS('http://www.w3.org/2000/svg', 'polyline'));
  const button = make(
    'button',
    { type: 'button', title: `Show the order book of ${symbol}` },
    make('span', { className: 'symbol', textContent: symbol }),
    make('span', { className: 'price' }),
    svg,
    make('span', { className: 'change' }),
  );
  button.addEventListener('click', () => {
    bookSymbol = symbol;
    if (client !== undefined) void showBook(client);
  });
  const row = make('li', { id }, button);
  $('prices').append(row);
  return row;
}

/** The points of a line through some values, in a box of 100 by 20. */
function sparkline(values: readonly number[]): string {
  const low = Math.min(...values);
  const range = Math.max(...values) - low || 1;
  const step = 100 / Math.max(values.length - 1, 1);
  return values
    .map((value, i) => `${(i * step).toFixed(1)},${(19 - ((value - low) / range) * 18).toFixed(1)}`)
    .join(' ');
}

async function showBook(own: Client<Auth>): Promise<void> {
  const symbol = bookSymbol;
  bookAsked = Date.now();
  const book = await own.call(pricesBook, { symbol, depth: 8 });
  if (!book.ok || symbol !== bookSymbol) return;
  const { bids, asks } = book.value;
  $('book-name').textContent = `Order book ${symbol}`;
  const cells = (level: Level | undefined): readonly [string, string] => level ?? ['', ''];
  $('book').replaceChildren(
    ...Array.from({ length: Math.max(bids.length, asks.length) }, (_, i) => {
      const [bid, bidAmount] = cells(bids[i]);
      const [ask, askAmount] = cells(asks[i]);
      return make('tr', {}, ...[bidAmount, bid, ask, askAmount].map(textContent => make('td', { textContent })));
    }),
  );
}
