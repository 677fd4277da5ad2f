#![allow(clippy::unwrap_used, clippy::expect_used)]

mod faults;

use super::registers::COMMAND_REGISTERS;
use super::*;
use crate::testing;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio_modbus::client::{Context, tcp};
use tokio_modbus::prelude::{Reader, Slave, Writer};

/// A served test floor.
struct Served {
    ports: Ports,
    stop: oneshot::Sender<()>,
    task: tokio::task::JoinHandle<Result<Report, ServeError>>,
    folder: tempfile::TempDir,
}

impl Served {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ports.json");
        let (stop, stopped) = oneshot::channel::<()>();
        let options = ServeOptions {
            ports_file: Some(path.clone()),
            seed: 1,
        };
        let task = tokio::spawn(serve(Arc::new(testing::floor()), options, async {
            let _ = stopped.await;
        }));
        let text = eventually(async || std::fs::read(&path).ok()).await;
        Self {
            ports: serde_json::from_slice(&text).unwrap(),
            stop,
            task,
            folder,
        }
    }

    async fn vehicle(&self) -> Context {
        connect(&self.ports.vehicles["agv-01"], 1).await.unwrap()
    }

    async fn ask(&self, line: &str) -> Value {
        let stream = TcpStream::connect(&self.ports.control).await.unwrap();
        let mut stream = BufReader::new(stream);
        stream.write_all(line.as_bytes()).await.unwrap();
        stream.write_all(b"\n").await.unwrap();
        let mut answer = String::new();
        stream.read_line(&mut answer).await.unwrap();
        serde_json::from_str(&answer).unwrap()
    }
}

async fn connect(address: &str, unit: u8) -> std::io::Result<Context> {
    tcp::connect_slave(address.parse().unwrap(), Slave(unit)).await
}

/// Tries again until there is something; the bound is only to end a test that hangs.
async fn eventually<T>(mut attempt: impl AsyncFnMut() -> Option<T>) -> T {
    for _ in 0..6_000 {
        if let Some(found) = attempt().await {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it never came");
}

/// The registers of a command to drive to node 1, with one waypoint.
fn to_node_1() -> Vec<u16> {
    let mut words = vec![0; COMMAND_REGISTERS];
    words[..9].copy_from_slice(&[1, 1, 60_000, 0, 0, 0, 0, 0, 1]);
    words[9..19].copy_from_slice(&[0, 1, 0, 1, 0, 2_000, 0, 0, 2_000, 0]);
    words[119] = 9;
    words
}

#[tokio::test]
async fn a_vehicle_drives_over_modbus_and_the_floor_ends_in_order() {
    let served = Served::start().await;
    let mut vehicle = served.vehicle().await;
    vehicle
        .write_multiple_registers(0, &to_node_1())
        .await
        .unwrap()
        .unwrap();
    let read = vehicle.read_holding_registers(0, 120).await.unwrap();
    assert_eq!(read.unwrap(), to_node_1());
    let report = eventually(async || {
        let words = vehicle.read_input_registers(0, 24).await.unwrap().unwrap();
        (words[15] == 1).then_some(words)
    })
    .await;
    assert_eq!((report[0], report[4], report[13]), (1, 0, 9));
    assert_eq!(
        (report[6], report[7], report[8], report[9]),
        (0, 2_000, 0, 0)
    );

    let status = served.ask(r#"{"cmd":"status"}"#).await;
    assert_eq!(
        (&status["ok"], &status["contacts"]),
        (&json!(true), &json!(0))
    );
    assert_eq!(status["distance_m"], json!(2.0));
    assert!(status["steps"].as_u64().unwrap() > 0);

    served.stop.send(()).unwrap();
    let report = served.task.await.unwrap().unwrap();
    assert_eq!(report.statistics.vehicles[0].distance_mm, 2_000);
    assert!(!served.folder.path().join("ports.json").exists());
    assert!(vehicle.read_input_registers(0, 1).await.is_err());
}

#[tokio::test]
async fn wrong_requests_get_the_exception_that_says_why() {
    use tokio_modbus::ExceptionCode::*;
    let served = Served::start().await;
    let mut vehicle = served.vehicle().await;
    let read = vehicle.read_input_registers(20, 5).await.unwrap();
    assert_eq!(read, Err(IllegalDataAddress));
    let read = vehicle.read_input_registers(0, 0).await.unwrap();
    assert_eq!(read, Err(IllegalDataValue));
    let read = vehicle.read_coils(0, 1).await.unwrap();
    assert_eq!(read, Err(IllegalFunction));
    let written = vehicle.write_multiple_registers(119, &[1, 2]).await;
    assert_eq!(written.unwrap(), Err(IllegalDataAddress));
    // A waypoint without speed: refused, and nothing of it is kept.
    let mut slow = to_node_1();
    slow[17] = 0;
    let written = vehicle.write_multiple_registers(0, &slow).await.unwrap();
    assert_eq!(written, Err(IllegalDataValue));
    let kept = vehicle.read_holding_registers(0, 10).await.unwrap();
    assert_eq!(kept.unwrap(), [0; 10]);
    let mut stranger = connect(&served.ports.vehicles["agv-01"], 7).await.unwrap();
    let read = stranger.read_input_registers(0, 1).await.unwrap();
    assert_eq!(read, Err(GatewayTargetDevice));
}

#[tokio::test]
async fn register_by_register_a_command_counts_when_its_last_register_is_written() {
    let served = Served::start().await;
    let mut vehicle = served.vehicle().await;
    let words = to_node_1();
    for at in (0..20).chain([119]) {
        let told = vehicle.read_input_registers(13, 1).await.unwrap().unwrap();
        assert_eq!(told, [0]);
        let written = vehicle.write_single_register(at, words[usize::from(at)]);
        written.await.unwrap().unwrap();
    }
    let told = vehicle.read_input_registers(12, 6).await.unwrap().unwrap();
    assert_eq!((told[0], told[1], told[5]), (1, 9, 1));
}

#[tokio::test]
async fn a_device_speaks_through_its_registers() {
    let served = Served::start().await;
    let mut door = connect(&served.ports.devices["door-plc"], 1).await.unwrap();
    let says = |words: Vec<u16>| (words[0] & 1, words[0] >> 1 & 1);
    let words = door.read_input_registers(100, 1).await.unwrap().unwrap();
    assert_eq!(says(words), (0, 1));
    door.write_multiple_registers(200, &[1])
        .await
        .unwrap()
        .unwrap();
    eventually(async || {
        let words = door.read_input_registers(100, 6).await.unwrap().unwrap();
        (says(words) == (1, 0)).then_some(())
    })
    .await;
    assert!(door.read_input_registers(99, 1).await.unwrap().is_err());
}

#[tokio::test]
async fn an_unplugged_vehicle_is_gone_and_comes_back_on_its_port() {
    let served = Served::start().await;
    let mut vehicle = served.vehicle().await;
    vehicle
        .write_multiple_registers(0, &to_node_1())
        .await
        .unwrap()
        .unwrap();
    let answer = served
        .ask(r#"{"cmd":"unplug","vehicle":"agv-01","for_s":0.5}"#)
        .await;
    assert_eq!(answer, json!({"ok": true}));
    // The connection ends, a new one is refused.
    eventually(async || vehicle.read_input_registers(0, 1).await.err()).await;
    let address = served.ports.vehicles["agv-01"].clone();
    let mut back = eventually(async || connect(&address, 1).await.ok()).await;
    // In the meantime it went on with what it knew.
    let report = eventually(async || {
        let words = back.read_input_registers(0, 24).await.unwrap().unwrap();
        (words[15] == 1).then_some(words)
    })
    .await;
    assert_eq!(report[2], 1);
    // The others did not notice.
    let other = connect(&served.ports.vehicles["agv-02"], 1).await;
    assert!(other.unwrap().read_input_registers(0, 24).await.is_ok());
}

#[tokio::test]
async fn the_control_channel_says_what_is_wrong_with_a_line() {
    let served = Served::start().await;
    for (line, part) in [
        ("hello", "not a command"),
        (r#"{"cmd":"fly"}"#, "unknown variant `fly`"),
        (
            r#"{"cmd":"unplug","vehicle":"agv-99","for_s":1}"#,
            "no vehicle \"agv-99\"",
        ),
        (
            r#"{"cmd":"unplug","device":"x","for_s":1}"#,
            "no device \"x\"",
        ),
        (
            r#"{"cmd":"unplug","for_s":1}"#,
            "either a vehicle or a device",
        ),
        (
            r#"{"cmd":"unplug","vehicle":"agv-01","for_s":-1}"#,
            "for_s is more than 0",
        ),
        (
            r#"{"cmd":"unplug","vehicle":"agv-01"}"#,
            "missing field `for_s`",
        ),
        (&"x".repeat(5_000), "4096 bytes at most"),
    ] {
        let answer = served.ask(line).await;
        assert_eq!(answer["ok"], json!(false));
        let error = answer["error"].as_str().unwrap();
        assert!(error.contains(part), "{error}");
    }
    let answer = served.ask(r#"{"cmd":"stop"}"#).await;
    assert_eq!(answer, json!({"ok": true}));
    served.task.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_ports_file_that_cannot_be_written_is_an_error_that_names_it() {
    let options = ServeOptions {
        ports_file: Some("/nowhere/at/all/ports.json".into()),
        seed: 1,
    };
    let served = serve(Arc::new(testing::floor()), options, std::future::pending()).await;
    let error = served.unwrap_err().to_string();
    assert!(error.contains("/nowhere/at/all/ports.json"), "{error}");
}
