//! Arguments that several commands share.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use takt_motion::plan::Discipline;

use super::Failure;
use crate::host::live::RealTimeOptions;
use crate::scenario::FOR_MS_MAX;

/// Where to listen, and where to keep things.
#[derive(Clone, Debug, Args)]
pub struct ListenArgs {
    /// Where the gRPC API listens; port 0: any free one
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:7420")]
    pub api: SocketAddr,
    /// Where the dashboard listens; port 0: any free one
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:7421")]
    pub dashboard: SocketAddr,
    /// Write the ports that were chosen to this file, as JSON
    #[arg(long, value_name = "FILE")]
    pub ports_file: Option<PathBuf>,
    /// Where orders, stock and everything that happens are kept; without it, nowhere: a fresh start each time
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// How large that may grow; then the oldest recordings go (open orders and stock never do)
    #[arg(long, value_name = "SIZE", value_parser = data_max, default_value = DATA_MAX)]
    pub data_max: u64,
    /// A directory on another disk or machine, where it is written how far --data is durable: what its disk loses although it
    /// said that it had it is then named at the next start
    #[arg(long, value_name = "DIR", requires = "data")]
    pub witness: Option<PathBuf>,
}

/// As large as a store may grow, unless told otherwise.
pub(super) const DATA_MAX: &str = "4GiB";

impl Default for ListenArgs {
    fn default() -> Self {
        Self {
            api: SocketAddr::from(([127, 0, 0, 1], 7420)),
            dashboard: SocketAddr::from(([127, 0, 0, 1], 7421)),
            ports_file: None,
            data: None,
            data_max: 4 << 30,
            witness: None,
        }
    }
}

/// What the control cycle's thread asks of this machine; what is refused is said once, with how to grant it.
#[derive(Clone, Debug, Args)]
pub struct RealTimeArgs {
    /// SCHED_FIFO priority of the control cycle
    #[arg(long, value_name = "1..99", default_value_t = 80, value_parser = clap::value_parser!(u8).range(1..=99))]
    pub priority: u8,
    /// CPU that the control cycle has to itself as far as Takt goes, from 0 (otherwise: wherever the system puts it)
    #[arg(long, value_name = "N")]
    pub cpu: Option<usize>,
    /// Wait for the last part of each period by spinning, as 150us; at most half the period; costs its share of a core
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub spin: Option<Duration>,
}

impl Default for RealTimeArgs {
    fn default() -> Self {
        let RealTimeOptions { priority, cpu, .. } = RealTimeOptions::default();
        Self {
            priority,
            cpu,
            spin: None,
        }
    }
}

impl RealTimeArgs {
    /// For a cycle of this period. Keeps the calling thread, and those that it starts, off the cycle's CPU.
    ///
    /// # Errors
    /// If it would spin for more than half of it.
    pub fn options(&self, period: Duration) -> Result<RealTimeOptions, Failure> {
        let spin = self.spin.unwrap_or_default();
        if spin * 2 > period {
            return Err(Failure::BadInput(format!(
                "--spin {spin:?} is more than half the period of {period:?}"
            )));
        }
        if let Some(cpu) = self.cpu
            && let Err(why) = takt_rt::thread::keep_off(cpu)
        {
            tracing::warn!("the control cycle shares CPU {cpu} with the rest of Takt: {why}");
        }
        Ok(RealTimeOptions {
            priority: self.priority,
            cpu: self.cpu,
            spin,
        })
    }
}

/// Where the API is, and as whom to call it.
#[derive(Clone, Debug, Args)]
pub struct ClientArgs {
    /// Where the API listens
    #[arg(
        long,
        value_name = "ADDR:PORT",
        default_value = "127.0.0.1:7420",
        global = true
    )]
    pub api: String,
    /// Your name, as it appears beside your changes
    #[arg(long, value_name = "NAME", global = true)]
    pub person: Option<String>,
    /// Your role: viewer, operator or engineer
    #[arg(long, value_name = "ROLE", default_value = "operator", global = true)]
    pub role: String,
    /// One JSON object on stdout (JSON Lines for what streams)
    #[arg(long, global = true)]
    pub json: bool,
}

/// A duration like `90s`, `15m`, `8h`, `250ms`, or a bare number of seconds.
pub fn duration(text: &str) -> Result<Duration, String> {
    let text = text.trim();
    let split = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let number: f64 = number
        .parse()
        .map_err(|_| format!("'{text}' is not a duration; write 90s, 15m or 8h"))?;
    let seconds = match unit.trim() {
        "us" => number / 1e6,
        "ms" => number / 1_000.0,
        "" | "s" => number,
        "m" | "min" => number * 60.0,
        "h" => number * 3_600.0,
        "d" => number * 86_400.0,
        other => {
            return Err(format!(
                "'{other}' is not a unit of time; use us, ms, s, m, h or d"
            ));
        }
    };
    if !(seconds > 0.0 && seconds <= FOR_MS_MAX as f64 / 1_000.0) {
        return Err("a duration is more than 0 and at most 366d".to_owned());
    }
    Ok(Duration::from_secs_f64(seconds))
}

/// A duration as [`duration`] reads it, to the millisecond.
pub(super) fn spelled(duration: Duration) -> String {
    match duration.as_millis() {
        ms if ms.is_multiple_of(60_000) => format!("{}m", ms / 60_000),
        ms if ms.is_multiple_of(1_000) => format!("{}s", ms / 1_000),
        ms => format!("{ms}ms"),
    }
}

/// One of the disciplines of traffic, by its name.
pub(super) fn discipline() -> impl TypedValueParser<Value = Discipline> {
    PossibleValuesParser::new(Discipline::ALL.map(Discipline::name)).map(|name| {
        let named = Discipline::ALL.into_iter().find(|d| d.name() == name);
        named.unwrap_or_default()
    })
}

/// A size that a store can keep to: the newest two logs stay in any case.
pub(super) fn data_max(text: &str) -> Result<u64, String> {
    match bytes(text)? {
        size if size < 1 << 20 => Err("a store needs 1MiB at least".to_owned()),
        size => Ok(size),
    }
}

/// A size like `4GiB`, `500MiB`, or a bare number of bytes.
pub fn bytes(text: &str) -> Result<u64, String> {
    let text = text.trim();
    let split = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let factor: u64 = match unit.trim() {
        "" | "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        "TiB" => 1 << 40,
        other => {
            return Err(format!(
                "'{other}' is not a unit of size; use KiB, MiB, GiB or TiB"
            ));
        }
    };
    number
        .parse::<u64>()
        .ok()
        .and_then(|n| n.checked_mul(factor))
        .ok_or_else(|| format!("'{text}' is not a size; write 500MiB or 4GiB"))
}

/// A length like `1m`, `0.5m`, `500mm`, or a bare number of metres.
pub fn metres(text: &str) -> Result<f64, String> {
    let text = text.trim();
    let (number, factor) = match (text.strip_suffix("mm"), text.strip_suffix('m')) {
        (Some(mm), _) => (mm, 0.001),
        (None, Some(m)) => (m, 1.0),
        (None, None) => (text, 1.0),
    };
    let value: f64 = number
        .trim()
        .parse()
        .map_err(|_| format!("'{text}' is not a length; write 1m or 500mm"))?;
    let value = value * factor;
    if (0.1..=100.0).contains(&value) {
        Ok(value)
    } else {
        Err("a cell is 0.1m to 100m wide".to_owned())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn durations_and_lengths_have_units() {
        assert_eq!(duration("90s").unwrap(), Duration::from_secs(90));
        assert_eq!(duration("1.5h").unwrap(), Duration::from_secs(5_400));
        assert_eq!(duration("250ms").unwrap(), Duration::from_millis(250));
        assert_eq!(duration("150us").unwrap(), Duration::from_micros(150));
        for text in ["10m", "90s", "1500ms", "480m"] {
            assert_eq!(spelled(duration(text).unwrap()), text);
        }
        assert_eq!(metres("500mm").unwrap(), 0.5);
        assert_eq!(bytes("2KiB").unwrap(), 2_048);
        for bad in ["", "GiB", "-1", "5 parsecs", "1.5GiB", "99999999999TiB"] {
            assert!(bytes(bad).is_err(), "{bad}");
        }
        for bad in ["", "abc", "-5s", "5y", "0s", "NaN", "1e999h", "inf"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
        for bad in ["0m", "-1m", "x", "1km", "NaN"] {
            assert!(metres(bad).is_err(), "{bad}");
        }
    }
}
