//! The control channel: JSON lines over TCP, an answer for each.
//!
//! ```text
//! {"cmd":"unplug","vehicle":"agv-01","for_s":5}     server and connections closed for so long, then back
//! {"cmd":"unplug","device":"smt1-plc","for_s":5}
//! {"cmd":"fault","kind":"vehicle-stops","target":"agv-01","for_s":10,"amount":0}     see docs/faults.md
//! {"cmd":"faults"}                                  which there are, and which are active
//! {"cmd":"status"}                                  what happened on the floor so far
//! {"cmd":"stop"}                                    ends the simulated floor
//! ```

use super::endpoint::Plug;
use super::injected::{self, ActiveFault, KnownFault};
use super::{Lag, Shared};
use crate::floor::Endpoint;
use crate::judge::Contact;
use crate::statistics::Statistics;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;
use takt_maps::{DeviceId, VehicleId};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// Longest line that is read, bytes.
const LINE_MAX: u64 = 4_096;

/// Longest time that a plug may be pulled for, s.
const UNPLUG_MAX_S: f64 = 86_400.0;

/// Contacts that a status tells in words.
const CONTACTS_TOLD: usize = 10;

/// What can be asked.
#[derive(Debug, Deserialize)]
#[serde(tag = "cmd", rename_all = "snake_case", deny_unknown_fields)]
enum Command {
    /// Pull a plug.
    Unplug {
        #[serde(default)]
        vehicle: Option<String>,
        #[serde(default)]
        device: Option<String>,
        for_s: f64,
    },
    /// Let something go wrong.
    Fault {
        kind: String,
        target: String,
        #[serde(default)]
        for_s: Option<f64>,
        #[serde(default)]
        amount: Option<u32>,
    },
    /// Tell which faults there are.
    Faults {},
    /// Tell what happened so far.
    Status {},
    /// End.
    Stop {},
}

/// What is answered.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Answer {
    Done {
        ok: bool,
    },
    Faults {
        ok: bool,
        kinds: Vec<KnownFault>,
        active: Vec<ActiveFault>,
    },
    Status {
        ok: bool,
        contacts: u64,
        starvation_s: f64,
        distance_m: f64,
        steps: u64,
        simulated_s: f64,
        contacts_told: Vec<String>,
        statistics: Box<Statistics>,
        lag: Lag,
    },
    Refused {
        ok: bool,
        error: String,
    },
}

/// Everything that a connection needs.
#[derive(Clone)]
struct Control {
    shared: Arc<Shared>,
    plugs: Arc<[Plug]>,
    stop: mpsc::Sender<()>,
}

/// Accepts connections until it is dropped.
pub async fn run(
    listener: TcpListener,
    shared: Arc<Shared>,
    plugs: Vec<Plug>,
    stop: mpsc::Sender<()>,
) {
    let control = Control {
        shared,
        plugs: plugs.into(),
        stop,
    };
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            biased;
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(converse(stream, control.clone()));
                }
                Err(error) => {
                    tracing::warn!(%error, "control channel");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
    }
}

/// Answers line by line, until the other side hangs up or sends a line without end.
async fn converse(stream: TcpStream, control: Control) {
    let (reader, mut writer) = stream.into_split();
    let mut reader = BufReader::new(reader);
    let mut line = Vec::new();
    loop {
        line.clear();
        let mut limited = (&mut reader).take(LINE_MAX);
        match limited.read_until(b'\n', &mut line).await {
            Ok(1..) => {}
            Ok(0) | Err(_) => return,
        }
        let endless = line.len() as u64 == LINE_MAX && !line.ends_with(b"\n");
        let answer = if endless {
            refused(format!("a line has {LINE_MAX} bytes at most"))
        } else if line.trim_ascii().is_empty() {
            continue;
        } else {
            control.answer(&line)
        };
        let Ok(mut text) = serde_json::to_vec(&answer) else {
            return;
        };
        text.push(b'\n');
        if writer.write_all(&text).await.is_err() || endless {
            return;
        }
    }
}

impl Control {
    fn answer(&self, line: &[u8]) -> Answer {
        match serde_json::from_slice(line) {
            Err(error) => refused(format!(
                "not a command: {error}; known are fault, faults, unplug, status and stop"
            )),
            Ok(Command::Fault {
                kind,
                target,
                for_s,
                amount,
            }) => match self.inject(&kind, &target, for_s, amount) {
                Ok(()) => Answer::Done { ok: true },
                Err(error) => refused(error),
            },
            Ok(Command::Faults {}) => {
                let (floor, now_ms) = {
                    let sim = self.shared.sim();
                    (sim.floor().clone(), sim.now_ms())
                };
                Answer::Faults {
                    ok: true,
                    kinds: injected::known(),
                    active: self.shared.injected().active(&floor, now_ms),
                }
            }
            Ok(Command::Status {}) => self.status(),
            Ok(Command::Stop {}) => {
                // Full means that it has been told already.
                let _ = self.stop.try_send(());
                Answer::Done { ok: true }
            }
            Ok(Command::Unplug {
                vehicle,
                device,
                for_s,
            }) => match self.unplug(vehicle.as_deref(), device.as_deref(), for_s) {
                Ok(()) => Answer::Done { ok: true },
                Err(error) => refused(error),
            },
        }
    }

    fn inject(
        &self,
        kind: &str,
        target: &str,
        for_s: Option<f64>,
        amount: Option<u32>,
    ) -> Result<(), String> {
        let floor = self.shared.sim().floor().clone();
        let fault = injected::meant(&floor, kind, target, for_s, amount)?;
        self.shared.injected().add(&floor, fault)?;
        if !injected::pull(&fault, &self.plugs) {
            return Err("its plug is being pulled too often; wait until it is back".into());
        }
        tracing::info!(kind, target, for_s, amount = fault.amount, "fault injected");
        Ok(())
    }

    fn unplug(
        &self,
        vehicle: Option<&str>,
        device: Option<&str>,
        for_s: f64,
    ) -> Result<(), String> {
        if !(for_s > 0.0 && for_s <= UNPLUG_MAX_S) {
            return Err(format!(
                "for_s is more than 0 and at most {UNPLUG_MAX_S}, not {for_s}"
            ));
        }
        let floor = self.shared.sim().floor().clone();
        let endpoint = match (vehicle, device) {
            (Some(name), None) => {
                let index = floor.vehicles.iter().position(|v| v.name == name);
                let index = index.ok_or_else(|| format!("there is no vehicle \"{name}\""))?;
                Endpoint::Vehicle(VehicleId::from_index(index))
            }
            (None, Some(name)) => {
                let index = floor.devices.iter().position(|d| d.name == name);
                let index = index.ok_or_else(|| format!("there is no device \"{name}\""))?;
                Endpoint::Device(DeviceId::from_index(index))
            }
            _ => return Err("unplug names either a vehicle or a device".into()),
        };
        let plug = self.plugs.iter().find(|p| p.endpoint == endpoint);
        if plug.is_some_and(|p| p.pull(Duration::from_secs_f64(for_s))) {
            tracing::info!(?endpoint, for_s, "plug pulled");
            Ok(())
        } else {
            Err("it is being unplugged too often; wait until it is back".into())
        }
    }

    fn status(&self) -> Answer {
        let (statistics, contacts_told) = {
            let sim = self.shared.sim();
            let told = sim.contacts().iter().take(CONTACTS_TOLD);
            (sim.statistics(), told.map(told_contact).collect())
        };
        Answer::Status {
            ok: true,
            contacts: statistics.contacts,
            starvation_s: statistics.starvation_ms() as f64 / 1000.0,
            distance_m: statistics.distance_mm() as f64 / 1000.0,
            steps: statistics.steps,
            simulated_s: statistics.simulated_ms as f64 / 1000.0,
            contacts_told,
            statistics: Box::new(statistics),
            lag: *self.shared.lag(),
        }
    }
}

fn told_contact(contact: &Contact) -> String {
    format!("{contact:?}")
}

fn refused(error: String) -> Answer {
    Answer::Refused { ok: false, error }
}
