//! A market that moves by itself: prices that walk at random, and order books around them.

use crate::api::{
    Decimal, Level, PricesSnapshot, PricesTick, PricesTickSide, Symbol, UnknownSymbolError,
};
use std::{
    collections::BTreeMap,
    hash::{BuildHasher, RandomState},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// What is traded, and what it cost yesterday, in cents.
const SYMBOLS: [(&str, i64); 3] = [
    ("BTC-EUR", 5_812_345),
    ("ETH-EUR", 298_712),
    ("SOL-EUR", 14_250),
];

/// How often a price moves.
const EVERY: Duration = Duration::from_millis(200);

pub struct Market {
    prices: Mutex<BTreeMap<&'static str, Price>>,
}

#[derive(Clone, Copy)]
struct Price {
    yesterday: i64,
    now: i64,
    side: PricesTickSide,
}

impl Market {
    pub fn new() -> Arc<Self> {
        let price = |cents| Price {
            yesterday: cents,
            now: cents,
            side: PricesTickSide::Buy,
        };
        let prices = SYMBOLS
            .into_iter()
            .map(|(symbol, cents)| (symbol, price(cents)))
            .collect();
        Arc::new(Self {
            prices: Mutex::new(prices),
        })
    }

    fn prices(&self) -> MutexGuard<'_, BTreeMap<&'static str, Price>> {
        self.prices.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Moves the prices, for ever.
    pub async fn trade(self: Arc<Self>) {
        let random = RandomState::new();
        let mut clock = tokio::time::interval(EVERY);
        for step in 0u64.. {
            clock.tick().await;
            for (symbol, price) in self.prices().iter_mut() {
                // Up to a thousandth up or down, drawn back to yesterday's price a little.
                let random = (random.hash_one((step, symbol)) % 2001) as i64 - 1000;
                let pull = (price.yesterday - price.now) / 200;
                let change = price.now * random / 1_000_000 + pull;
                price.side = if change >= 0 {
                    PricesTickSide::Buy
                } else {
                    PricesTickSide::Sell
                };
                price.now += change;
            }
        }
    }

    fn find(&self, symbol: &Symbol) -> Result<Price, UnknownSymbolError> {
        let prices = self.prices();
        prices
            .get(symbol.as_str())
            .copied()
            .ok_or(UnknownSymbolError)
    }

    pub fn tick(&self, symbol: &Symbol) -> Result<PricesTick, UnknownSymbolError> {
        let price = self.find(symbol)?;
        Ok(PricesTick {
            symbol: symbol.clone(),
            price: decimal(price.now),
            side: price.side,
            change: Some((price.now - price.yesterday) as f64 / price.yesterday as f64),
        })
    }

    /// The order book: levels a cent and more away from the price, thicker the further they are.
    pub fn book(&self, symbol: &Symbol, depth: i64) -> Result<PricesSnapshot, UnknownSymbolError> {
        let price = self.find(symbol)?;
        let level = |cents: i64, i: i64| Level(decimal(cents), decimal(37 * i + cents % 100));
        let step = (price.now / 20_000).max(1);
        Ok(PricesSnapshot {
            symbol: symbol.clone(),
            bids: (1..=depth)
                .map(|i| level(price.now - i * step, i))
                .collect(),
            asks: (1..=depth)
                .map(|i| level(price.now + i * step, i))
                .collect(),
        })
    }
}

/// Cents as a decimal number. Prices stay near those of yesterday, so they are not negative.
fn decimal(cents: i64) -> Decimal {
    format!("{}.{:02}", cents / 100, cents % 100)
        .parse()
        .expect("digits, a point and two more digits are a decimal number")
}
