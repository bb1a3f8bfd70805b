//! The load generator: one thread, frames that are encoded beforehand, many messages for each call of the system. It must never be what
//! limits a server, and reports how busy it was.

mod connect;
mod echo;
mod fan_out;
mod frames;
mod latency;
mod pool;
mod requests;

pub(crate) use connect::connect;
pub(crate) use echo::echo;
pub(crate) use fan_out::fan_out;
pub(crate) use latency::latency;

pub(crate) type Failure = Box<dyn std::error::Error>;

/// Connections, and requests in flight of each.
pub(crate) const ECHO: (usize, usize) = (echo::CONNECTIONS, echo::IN_FLIGHT);

/// Members of the channel, and publications in flight.
pub(crate) const FAN_OUT: (usize, usize) = (fan_out::MEMBERS, fan_out::IN_FLIGHT);
