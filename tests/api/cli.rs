//! The commands that are clients of the API: what they print, and how they end.

use std::process::Stdio;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

use crate::hall::*;

struct Ran {
    code: i32,
    stdout: String,
    stderr: String,
}

impl Ran {
    fn json(&self) -> Value {
        assert_eq!((self.code, &self.stderr[..]), (0, ""), "{}", self.stderr);
        serde_json::from_str(&self.stdout).unwrap()
    }
}

fn takt(api: &str, words: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_takt"));
    command
        .args(words.split_whitespace())
        .args(["--api", api])
        .env("USER", "li")
        .stdin(Stdio::null());
    command.kill_on_drop(true);
    command
}

async fn run(api: &str, words: &str) -> Ran {
    let output = soon(takt(api, words).output()).await.unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ran {
        code: output.status.code().unwrap(),
        stdout: text(output.stdout),
        stderr: text(output.stderr),
    }
}

#[tokio::test]
async fn orders_are_submitted_listed_and_cancelled() {
    let hall = Hall::open().await;
    let api = &hall.address;
    let submit =
        "order submit --from store --to line-1 --deadline 10m --priority 9 --client-id mes-1";
    let order = run(api, &format!("{submit} --json")).await.json();
    assert_eq!(
        (&order["id"], &order["person"], &order["state"]),
        (&1.into(), &"li".into(), &"waiting".into())
    );
    let until = order["deadline_ms"].as_i64().unwrap() - hall.utc(NOW_MS);
    assert!(
        (600_000..700_000).contains(&until),
        "in 10 minutes, not in {until} ms"
    );
    let again = run(api, submit).await;
    assert_eq!(
        (again.code, &again.stdout[..]),
        (0, "order 1: store -> line-1, waiting\n"),
        "{}",
        again.stderr
    );

    let listed = run(api, "order list --json").await.json();
    assert_eq!(listed["orders"].as_array().unwrap().len(), 1);
    let table = run(api, "order list").await.stdout;
    let lines: Vec<_> = table.lines().collect();
    assert!(
        lines.len() == 2 && lines[0].contains("PRIORITY") && lines[1].contains("line-1"),
        "{table}"
    );

    let cancelled = run(api, "order cancel 1 --person wang --json").await.json();
    assert_eq!(cancelled["state"], "cancelled");
    let twice = run(api, "order cancel 1").await;
    assert!(
        twice.code == 1 && twice.stderr.contains("it is cancelled"),
        "{}",
        twice.stderr
    );
    let none = run(api, "order list --open").await;
    assert_eq!(
        (none.code, &none.stdout[..], &none.stderr[..]),
        (0, "", "no orders open\n")
    );
}

#[tokio::test]
async fn what_is_wrong_is_said_in_the_words_of_the_command() {
    let hall = Hall::open().await;
    let api = &hall.address;
    let wrong = run(api, "order submit --from stor --to line-1 --priority 10").await;
    assert_eq!((wrong.code, &wrong.stdout[..]), (2, ""));
    for part in [
        "--from: there is no station \"stor\"",
        "did you mean \"store\"?",
        "--priority: is 10",
    ] {
        assert!(wrong.stderr.contains(part), "{}", wrong.stderr);
    }
    let role = run(api, "vehicle pause S01 --role viewer").await;
    assert!(
        role.code == 1 && role.stderr.contains("operator"),
        "{}",
        role.stderr
    );
    assert_eq!(run(api, "vehicle pause").await.code, 2);
    assert_eq!(run(api, "vehicle pause S01 --role boss").await.code, 2);
    let nowhere = run("127.0.0.1:1", "order list").await;
    assert!(
        nowhere.code == 1 && nowhere.stderr.contains("127.0.0.1:1"),
        "{}",
        nowhere.stderr
    );
    assert!(nowhere.stderr.contains("takt run"), "{}", nowhere.stderr);
    assert_eq!(run("nowhere", "order list").await.code, 2);
}

#[tokio::test]
async fn vehicles_are_listed_paused_and_resumed() {
    let hall = Hall::open().await;
    let api = &hall.address;
    let paused = |vehicle: usize| hall.front.read(|m| m.vehicles[vehicle].paused);
    assert_eq!(run(api, "vehicle pause S02").await.stdout, "S02: paused\n");
    assert!(paused(1));
    let table = run(api, "vehicle list").await.stdout;
    assert!(table.lines().nth(2).unwrap().contains("paused"), "{table}");
    let listed = run(api, "vehicle list --json").await.json();
    assert_eq!(
        (
            &listed["vehicles"][1]["paused"],
            &listed["vehicles"][0]["paused"]
        ),
        (&true.into(), &false.into())
    );
    assert_eq!(
        run(api, "vehicle resume S02 --json").await.json()["paused"],
        false
    );
    assert!(!paused(1));
    assert_eq!(
        run(api, "vehicle pause --all").await.stdout,
        "floor: paused\n"
    );
    assert!(hall.front.read(|m| m.paused));
    assert_eq!(
        run(api, "vehicle resume --all --json").await.json()["paused"],
        false
    );
    assert!(!hall.front.read(|m| m.paused));
}

#[tokio::test]
async fn a_watch_is_a_line_for_each_change_until_the_server_stops() {
    let mut hall = Hall::open().await;
    let client = hall.operator().await;
    submit(&client).await;
    let mut command = takt(&hall.address, "order watch --json");
    let mut watch = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(watch.stdout.take().unwrap()).lines();
    for id in 1..=2 {
        let line = soon(lines.next_line()).await.unwrap().unwrap();
        let order: Value = serde_json::from_str(&line).unwrap();
        assert_eq!((&order["id"], &order["revision"]), (&id.into(), &id.into()));
        submit(&client).await;
    }
    soon(hall.close()).await;
    assert_eq!(soon(watch.wait()).await.unwrap().code(), Some(1));
}
