//! A floor that runs: `takt run` with a data directory, its floor's process, and clients of both.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use takt::api::client::{Caller, Client};
use takt::api::v1::{
    FloorStatus, GetStatusRequest, ListOrdersRequest, ListVehiclesRequest, Order,
    SubmitOrderRequest, Vehicle,
};
use tempfile::TempDir;
use tokio::process::Child;
use tokio::sync::{Mutex, MutexGuard};

use crate::program::{Ended, takt};

/// Floors run one at a time: the machine may have two cores only.
static TURN: Mutex<()> = Mutex::const_new(());
/// Whatever a loaded machine needs to start, stop or answer.
pub const PATIENCE: Duration = Duration::from_secs(120);
/// A carriage across the floor, on a loaded machine.
pub const CARRIAGE: Duration = Duration::from_secs(240);
/// Controller and floor end by themselves after this, should everything else fail.
const LIFE: &str = "--for 20m";
/// Where a start says its ports.
const PORTS: &str = "ports.json";

/// Waits for a floor's turn to run.
pub async fn turn() -> MutexGuard<'static, ()> {
    TURN.lock().await
}

/// A running floor, with a client that may change things.
pub struct Site {
    controller: Child,
    pub client: Client,
    /// The ports file of the floor.
    pub floor_ports: PathBuf,
    directory: TempDir,
    starts: usize,
    // Released last.
    _turn: MutexGuard<'static, ()>,
}

impl Site {
    /// Starts controller and floor; returns when the API answers.
    pub async fn start() -> Self {
        let turn = turn().await;
        let directory = tempfile::tempdir().unwrap();
        let floor_ports = directory.path().join("data").join("floor-ports.json");
        let (controller, client) = launch(directory.path(), 1).await;
        Self {
            controller,
            client,
            floor_ports,
            directory,
            starts: 1,
            _turn: turn,
        }
    }

    /// Kills the controller as a power cut would; the floor is not told.
    pub async fn kill(&mut self) {
        self.controller.kill().await.unwrap();
    }

    /// Starts the controller again, with the same data.
    pub async fn start_again(&mut self) {
        self.starts += 1;
        (self.controller, self.client) = launch(self.directory.path(), self.starts).await;
    }

    /// Where the API listens.
    pub fn api_address(&self) -> String {
        let ports = std::fs::read_to_string(self.directory.path().join(PORTS)).unwrap();
        let ports: Value = serde_json::from_str(&ports).unwrap();
        ports["api"].as_str().unwrap().to_owned()
    }

    /// Writes a file for other programs in the same directory.
    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.directory.path().join(name), text).unwrap();
    }

    /// Another program in the same directory.
    pub fn takt(&self, words: &str) -> Ended {
        crate::program::run(self.directory.path(), words)
    }

    /// Ends the site as Ctrl-C does; what the controller said.
    pub async fn stop(mut self) -> Ended {
        let pid = self.controller.id().expect("still runs");
        signal("INT", pid);
        let status = tokio::time::timeout(PATIENCE, self.controller.wait()).await;
        let status = status.expect("ends when it is asked to").unwrap();
        // One that an earlier controller started is nobody's child: nobody waits for its very end.
        until(PATIENCE, "the floor's process has gone", async || {
            let gone = processes_with(&self.floor_ports).is_empty();
            gone.then_some(())
        })
        .await;
        let said = |what| std::fs::read_to_string(output(self.directory.path(), self.starts, what));
        Ended {
            code: status.code(),
            stdout: said("stdout").unwrap(),
            stderr: said("stderr").unwrap(),
        }
    }

    /// What the present controller has logged so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(output(self.directory.path(), self.starts, "stderr")).unwrap()
    }

    /// Says something to the floor's control channel, and gives the answer.
    pub fn ask_floor(&self, what: &Value) -> Value {
        ask(&self.floor_ports, what).unwrap()
    }

    /// What the floor's judge has seen: contacts, and the way driven.
    pub fn judged(&self) -> (u64, f64) {
        let status = self.ask_floor(&json!({ "cmd": "status" }));
        assert_eq!(status["ok"], true, "{status}");
        let contacts = status["contacts"].as_u64().unwrap();
        (contacts, status["distance_m"].as_f64().unwrap())
    }

    pub async fn vehicles(&self) -> Vec<Vehicle> {
        let answer = self
            .client
            .vehicles()
            .list_vehicles(ListVehiclesRequest {})
            .await;
        answer.unwrap().into_inner().vehicles
    }

    pub async fn vehicle(&self, name: &str) -> Vehicle {
        let vehicles = self.vehicles().await;
        vehicles.into_iter().find(|v| v.name == name).unwrap()
    }

    pub async fn status(&self) -> FloorStatus {
        let answer = self.client.floor().get_status(GetStatusRequest {}).await;
        answer.unwrap().into_inner()
    }

    /// All orders that are known, by id.
    pub async fn orders(&self) -> Vec<Order> {
        let mut orders = Vec::new();
        let mut page_token = String::new();
        loop {
            let request = ListOrdersRequest {
                page_size: 1_000,
                page_token,
                open_only: false,
            };
            let page = self.client.orders().list_orders(request).await;
            let page = page.unwrap().into_inner();
            orders.extend(page.orders);
            page_token = page.next_page_token;
            if page_token.is_empty() {
                return orders;
            }
        }
    }

    pub async fn submit(&self, request: SubmitOrderRequest) -> Order {
        let answer = self.client.orders().submit_order(request).await;
        answer.unwrap().into_inner()
    }

    /// Waits until the controller knows where all vehicles are.
    pub async fn located(&self) {
        until(PATIENCE, "all vehicles are located", async || {
            let located = self.vehicles().await.iter().all(|v| v.located && v.linked);
            (located && self.status().await.notice.is_empty()).then_some(())
        })
        .await
    }

    /// Waits for a vehicle that drives on an order.
    pub async fn driving(&self) -> Vehicle {
        until(PATIENCE, "a vehicle drives on an order", async || {
            let busy = |v: &Vehicle| {
                v.speed_m_s > 0.3 && ["to_pickup", "to_drop"].contains(&&v.mission[..])
            };
            self.vehicles().await.into_iter().find(busy)
        })
        .await
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        // The controller is killed with its handle; the floor would go on.
        for pid in processes_with(&self.floor_ports) {
            signal("KILL", pid);
        }
    }
}

/// Looks again and again until there is something to see.
pub async fn until<T>(limit: Duration, what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(seen) = look().await {
            return seen;
        }
        assert!(begun.elapsed() < limit, "waited {limit:?} until {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Sends a signal to a process.
pub fn signal(name: &str, pid: u32) {
    // The shell's own `kill`: there need not be a program of that name. The process may have gone by itself.
    let command = format!("kill -s {name} {pid}");
    let _ = Command::new("sh")
        .args(["-c", &command])
        .stderr(Stdio::null())
        .status();
}

/// Processes that were started with this file among their arguments.
pub fn processes_with(file: &Path) -> Vec<u32> {
    let wanted = file.to_str().unwrap().as_bytes();
    let pid = |entry: std::fs::DirEntry| entry.file_name().to_str()?.parse::<u32>().ok();
    let has = |pid: &u32| {
        // It may have ended since it was listed; a process that is only waited for has no arguments.
        let arguments = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        arguments.split(|&b| b == 0).any(|a| a == wanted)
    };
    let processes = std::fs::read_dir("/proc").unwrap();
    processes.flatten().filter_map(pid).filter(has).collect()
}

fn output(directory: &Path, start: usize, what: &str) -> PathBuf {
    directory.join(format!("{what}-{start}"))
}

async fn launch(directory: &Path, start: usize) -> (Child, Client) {
    let ports = directory.join(PORTS);
    // What an earlier start said.
    let _ = std::fs::remove_file(&ports);
    let data = directory.join("data");
    let words = format!(
        "run --seed 7 --api 127.0.0.1:0 --dashboard 127.0.0.1:0 --json {LIFE} --ports-file {PORTS} --data"
    );
    let mut command = takt(directory, &words);
    // Files, not pipes: the floor's process inherits them and would keep pipes open.
    command
        .arg(&data)
        .env(
            "TAKT_LOG",
            "warn,takt::cli=info,takt::host=info,takt_plc_bridge::link=info",
        )
        .stdout(File::create(output(directory, start, "stdout")).unwrap())
        .stderr(File::create(output(directory, start, "stderr")).unwrap());
    let mut command = tokio::process::Command::from(command);
    let mut controller = command.kill_on_drop(true).spawn().unwrap();
    let ports = until(PATIENCE, "the controller says its ports", async || {
        if let Some(status) = controller.try_wait().unwrap() {
            let said = std::fs::read_to_string(output(directory, start, "stderr")).unwrap();
            panic!("the controller ended at once, with {status}:\n{said}");
        }
        std::fs::read_to_string(&ports).ok()
    })
    .await;
    let ports: Value = serde_json::from_str(&ports).unwrap();
    let caller = Caller::new(Some("li"), "operator").unwrap();
    let client = Client::connect(ports["api"].as_str().unwrap(), caller).await;
    (controller, client.unwrap())
}

/// Says something to the control channel of the floor with this ports file.
pub fn ask(floor_ports: &Path, what: &Value) -> std::io::Result<Value> {
    let ports: Value = serde_json::from_str(&std::fs::read_to_string(floor_ports)?)?;
    let mut channel = TcpStream::connect(ports["control"].as_str().unwrap())?;
    channel.set_read_timeout(Some(PATIENCE))?;
    writeln!(channel, "{what}")?;
    let mut answer = String::new();
    BufReader::new(channel).read_line(&mut answer)?;
    Ok(serde_json::from_str(&answer)?)
}
