//! Where the Modbus TCP servers of a floor are: from the floor file, or from the ports file of a simulated floor.

use serde::Deserialize;
use std::collections::BTreeMap;
use std::net::{SocketAddr, ToSocketAddrs};
use takt_maps::{Address, Floor};
use thiserror::Error;

/// Unit id that servers named in a ports file answer to.
pub const PORTS_FILE_UNIT: u8 = 1;

/// A Modbus TCP server: socket address and unit id.
pub type Server = (SocketAddr, u8);

/// The servers of a floor, in the order of its arrays; what has none has no link.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Addresses {
    /// One entry a vehicle.
    pub vehicles: Vec<Option<Server>>,
    /// One entry a device.
    pub devices: Vec<Option<Server>>,
}

/// Why addresses cannot be used.
#[derive(Debug, Error)]
pub enum AddressError {
    /// The host is unknown, or the text is no `host:port`.
    #[error("{0}: cannot resolve `{1}`, a host and a port are expected (`plc-3:502`): {2}")]
    Resolve(String, String, std::io::Error),
    /// The name has no address at all.
    #[error("{0}: `{1}` has no address")]
    NoAddress(String, String),
    /// Two vehicles, or a vehicle and a device, at the same server.
    #[error("{0} and {1} have the same address {2} and unit {3}; each vehicle needs its own")]
    Shared(String, String, SocketAddr, u8),
    /// The ports file is not what `takt floor serve` writes.
    #[error("the ports file is not readable: {0}")]
    Json(#[from] serde_json::Error),
    /// A name in the ports file that the floor does not have.
    #[error("the ports file names {0}, which this floor does not have: is it another floor's?")]
    Unknown(String),
    /// A name of the floor that the ports file does not have.
    #[error("{0} is not in the ports file: is it another floor's?")]
    Missing(String),
    /// Not an address in the ports file.
    #[error("the ports file says `{1}` for {0}, an address such as `127.0.0.1:5020` is expected")]
    NotAnAddress(String, String),
}

#[derive(Deserialize)]
struct PortsFile {
    #[serde(default)]
    vehicles: BTreeMap<String, String>,
    #[serde(default)]
    devices: BTreeMap<String, String>,
}

impl Addresses {
    /// The addresses in the floor file. Host names are resolved now, which may block for as long as the system's
    /// resolver takes.
    ///
    /// # Errors
    /// The first name that cannot be resolved, or two vehicles at one server.
    pub fn from_floor(floor: &Floor) -> Result<Self, AddressError> {
        let vehicles = floor.vehicles.iter();
        let devices = floor.devices.iter();
        let addresses = Self {
            vehicles: vehicles
                .map(|v| resolve("vehicle", &v.name, v.address.as_ref()))
                .collect::<Result<_, _>>()?,
            devices: devices
                .map(|d| resolve("device", &d.name, d.address.as_ref()))
                .collect::<Result<_, _>>()?,
        };
        addresses.check(floor)
    }

    /// The addresses in a ports file, the JSON object that `takt floor serve` writes:
    /// `{"vehicles": {"AGV1": "127.0.0.1:40001"}, "devices": {"S1": "127.0.0.1:40002"}}`. It names every vehicle and
    /// device of the floor; other keys are left alone. Unit ids are [`PORTS_FILE_UNIT`].
    ///
    /// # Errors
    /// Text that is no such object, names that do not fit the floor, or two vehicles at one server.
    pub fn from_ports_file(json: &str, floor: &Floor) -> Result<Self, AddressError> {
        let file: PortsFile = serde_json::from_str(json)?;
        let vehicles: Vec<_> = floor.vehicles.iter().map(|v| v.name.as_str()).collect();
        let devices: Vec<_> = floor.devices.iter().map(|d| d.name.as_str()).collect();
        let addresses = Self {
            vehicles: by_name("vehicle", file.vehicles, &vehicles)?,
            devices: by_name("device", file.devices, &devices)?,
        };
        addresses.check(floor)
    }

    /// Several devices may be blocks of one PLC, but a vehicle's server is its own.
    fn check(self, floor: &Floor) -> Result<Self, AddressError> {
        let mut seen: BTreeMap<Server, String> = BTreeMap::new();
        for (device, server) in floor.devices.iter().zip(&self.devices) {
            if let Some(server) = *server {
                seen.insert(server, format!("device `{}`", device.name));
            }
        }
        for (vehicle, server) in floor.vehicles.iter().zip(&self.vehicles) {
            let Some(server) = *server else { continue };
            let this = format!("vehicle `{}`", vehicle.name);
            if let Some(other) = seen.insert(server, this.clone()) {
                return Err(AddressError::Shared(other, this, server.0, server.1));
            }
        }
        Ok(self)
    }
}

fn resolve(
    what: &str,
    name: &str,
    address: Option<&Address>,
) -> Result<Option<Server>, AddressError> {
    let Some(address) = address else {
        return Ok(None);
    };
    let who = || format!("{what} `{name}`");
    let socket = &address.socket;
    let mut found = socket
        .to_socket_addrs()
        .map_err(|e| AddressError::Resolve(who(), socket.clone(), e))?;
    match found.next() {
        Some(first) => Ok(Some((first, address.unit))),
        None => Err(AddressError::NoAddress(who(), socket.clone())),
    }
}

fn by_name(
    what: &str,
    mut file: BTreeMap<String, String>,
    names: &[&str],
) -> Result<Vec<Option<Server>>, AddressError> {
    let mut servers = Vec::with_capacity(names.len());
    for name in names {
        let who = || format!("{what} `{name}`");
        let text = file
            .remove(*name)
            .ok_or_else(|| AddressError::Missing(who()))?;
        match text.parse() {
            Ok(socket) => servers.push(Some((socket, PORTS_FILE_UNIT))),
            Err(_) => return Err(AddressError::NotAnAddress(who(), text)),
        }
    }
    match file.into_keys().next() {
        Some(name) => Err(AddressError::Unknown(format!("{what} `{name}`"))),
        None => Ok(servers),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use takt_maps::{Device, KindId, NodeId, Vehicle};

    fn floor() -> Floor {
        let vehicle = |name: &str, socket: &str| Vehicle {
            name: name.into(),
            kind: KindId(0),
            start: NodeId(0),
            address: Some(Address {
                socket: socket.into(),
                unit: 7,
            }),
        };
        let device = |name: &str| Device {
            name: name.into(),
            address: None,
            read_at: 0,
            read_words: 1,
            write_at: 0,
            write_words: 1,
            inputs: vec![],
            outputs: vec![],
        };
        Floor {
            vehicles: vec![vehicle("A1", "127.0.0.1:4001"), vehicle("A2", "[::1]:4002")],
            devices: vec![device("S1"), device("S2")],
            ..Floor::default()
        }
    }

    #[test]
    fn floor_file_gives_address_and_unit() {
        let addresses = Addresses::from_floor(&floor()).unwrap();
        assert_eq!(
            addresses.vehicles[0],
            Some(("127.0.0.1:4001".parse().unwrap(), 7))
        );
        assert_eq!(
            addresses.vehicles[1],
            Some(("[::1]:4002".parse().unwrap(), 7))
        );
        assert_eq!(addresses.devices, [None, None]);
    }

    #[test]
    fn floor_file_problems_are_named() {
        let mut bad = floor();
        bad.vehicles[1].address.as_mut().unwrap().socket = "no port".into();
        let error = Addresses::from_floor(&bad).unwrap_err().to_string();
        assert!(
            error.starts_with("vehicle `A2`: cannot resolve `no port`"),
            "{error}"
        );
        let mut shared = floor();
        shared.vehicles[1].address = shared.vehicles[0].address.clone();
        let error = Addresses::from_floor(&shared).unwrap_err().to_string();
        assert!(
            error.starts_with("vehicle `A1` and vehicle `A2` have the same address"),
            "{error}"
        );
    }

    #[test]
    fn ports_file_gives_every_endpoint() {
        let json = r#"{"vehicles": {"A2": "127.0.0.1:2", "A1": "127.0.0.1:1"},
            "devices": {"S1": "127.0.0.1:3", "S2": "127.0.0.1:3"}, "api": "127.0.0.1:9"}"#;
        let addresses = Addresses::from_ports_file(json, &floor()).unwrap();
        let at = |port| Some((SocketAddr::from(([127, 0, 0, 1], port)), 1));
        assert_eq!(addresses.vehicles, [at(1), at(2)]);
        assert_eq!(addresses.devices, [at(3), at(3)], "two blocks of one PLC");
    }

    #[test]
    fn ports_file_problems_are_named() {
        let devices = r#""devices": {"S1": "127.0.0.1:3", "S2": "127.0.0.1:4"}"#;
        let cases = [
            ("{", "not readable"),
            ("5", "not readable"),
            (r#"{"vehicles": {"A1": 5}}"#, "not readable"),
            (
                r#"{"vehicles": {"A1": "127.0.0.1:1"}}"#,
                "vehicle `A2` is not in",
            ),
            (
                r#"{"vehicles": {"A1": "127.0.0.1:1", "A2": "here"}}"#,
                "says `here` for vehicle `A2`",
            ),
            (
                r#"{"vehicles": {"A1": "127.0.0.1:1", "A2": "127.0.0.1:2", "A3": "127.0.0.1:5"}}"#,
                "names vehicle `A3`",
            ),
            (
                &format!(
                    r#"{{"vehicles": {{"A1": "127.0.0.1:1", "A2": "127.0.0.1:4"}}, {devices}}}"#
                ),
                "device `S2` and vehicle `A2` have the same address",
            ),
        ];
        for (json, expected) in cases {
            let error = Addresses::from_ports_file(json, &floor())
                .unwrap_err()
                .to_string();
            assert!(error.contains(expected), "{json}: {error}");
        }
    }
}
