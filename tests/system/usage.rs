//! Words that the program does not know, and things that it must not do: said with a reason and a way out.

use std::net::TcpListener;
use std::path::Path;

use crate::program::run;
use crate::site::turn;

#[test]
fn what_is_mistyped_is_answered_with_what_may_be_meant() {
    for (words, said) in [
        ("rnu", "\"run\""),
        ("chekc", "'check'"),
        ("floor serv", "'serve'"),
        ("run --sede 3", "'--seed'"),
        ("sim --jsn", "'--json'"),
        ("run electronics-lime", "\"electronics-line\""),
    ] {
        run(Path::new("."), words).refused(2, &[said]);
    }
}

#[test]
fn values_that_cannot_be_are_refused_with_what_could() {
    for (words, said) in [
        ("run --for 0s", "more than 0"),
        ("run --for soon", "write 90s, 15m or 8h"),
        ("sim --for 5y", "use us, ms, s, m, h or d"),
        ("run --api 7420", "--api"),
        ("run --cell 0m", "0.1m to 100m"),
        ("run --floor-ports nowhere.json", "ports file nowhere.json"),
        ("run --seed=-1", "--seed"),
        ("run --priority 100", "1..=99"),
        ("run --spin 6ms", "more than half the period of 10ms"),
        ("bench cycle --period 100us", "from 250us to 100ms"),
        ("bench cycle --period 1s", "from 250us to 100ms"),
        ("bench cycle --vehicles 0", "1..=20000"),
        (
            "bench cycle --spin 501us",
            "more than half the period of 1ms",
        ),
        ("bench queue --rounds 0", "1..=1000"),
        ("bench cylce", "'cycle'"),
        ("sim --vehicles 3", "--vehicles is for MovingAI grids"),
        ("bench traffic --cell 2m", "--cell is for MovingAI grids"),
        ("check electronics-line --vehicles 3", "--sweep vehicles=N"),
    ] {
        run(Path::new("."), words).refused(2, &[said]);
    }
}

#[test]
fn a_controller_without_addresses_does_not_wait_for_ever() {
    let said = ["no address for", "and 15 more", "--floor-ports", "takt run"];
    run(Path::new("."), "serve").refused(2, &said);
}

#[test]
fn listeners_stay_on_this_machine() {
    let directory = tempfile::tempdir().unwrap();
    for words in [
        "run --data data --api 0.0.0.0:0",
        "run --data data --dashboard 192.0.2.1:7421",
        "serve --api [::]:0",
    ] {
        let said = ["cannot listen on", "without TLS and authentication"];
        run(directory.path(), words).refused(2, &said);
    }
    // Nothing was begun.
    assert_eq!(directory.path().read_dir().unwrap().count(), 0);
}

#[tokio::test]
async fn a_port_that_is_taken_is_named_with_a_way_out() {
    let _turn = turn().await;
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = taken.local_addr().unwrap();
    for (option, other) in [("--api", "--dashboard"), ("--dashboard", "--api")] {
        let words = format!("run --for 5s {option} {at} {other} 127.0.0.1:0");
        let ended = run(Path::new("."), &words);
        ended.refused(1, &[&at.to_string(), option, "or port 0"]);
    }
}
