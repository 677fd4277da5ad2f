//! The witness of a store, beside the real program.

use std::fs;
use std::path::Path;

use crate::program::{Ended, run};
use crate::site::turn;

const SHORT: &str = "--json --api 127.0.0.1:0 --dashboard 127.0.0.1:0";

fn witnessed(directory: &Path, floor: &str) -> Ended {
    let words = format!("run {floor} --for 3s {SHORT} --data data --witness elsewhere");
    run(directory, &words)
}

#[tokio::test]
async fn a_store_that_is_lost_is_named_by_its_witness() {
    let _turn = turn().await;
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path();
    let first = witnessed(at, "");
    let counts = &first.json()["host"]["witness"];
    assert!(counts["written"].as_u64().unwrap() > 0, "{counts}");
    assert_eq!(counts["failed"], 0);
    assert!(!first.stderr.contains("LOSS"), "{}", first.stderr);

    // As it was: nothing to say.
    let second = witnessed(at, "");
    assert_eq!(second.code, Some(0), "{second:?}");
    assert!(!second.stderr.contains("LOSS"), "{}", second.stderr);

    // All that the disk said it had is gone.
    fs::remove_dir_all(at.join("data")).unwrap();
    let third = witnessed(at, "");
    assert_eq!(third.code, Some(0), "{third:?}");
    for said in [
        "LOSS: the store is empty",
        "of life 2",
        "records that the disk had said it has are lost",
    ] {
        assert!(third.stderr.contains(said), "{said}: {}", third.stderr);
    }
    let stat = run(at, "journal stat --data data --json").json();
    assert_eq!(stat["lives"][0]["epoch"], 3, "behind what was lost: {stat}");

    // A witness that is lost says so, too, and is written anew.
    fs::remove_dir_all(at.join("elsewhere")).unwrap();
    let fourth = witnessed(at, "");
    assert!(
        fourth.stderr.contains("the witness is new"),
        "{}",
        fourth.stderr
    );
    let fifth = witnessed(at, "");
    assert!(
        !fifth.stderr.contains("the witness is new"),
        "{}",
        fifth.stderr
    );
}

#[tokio::test]
async fn a_witness_that_cannot_be_one_is_refused() {
    let _turn = turn().await;
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path();
    run(at, "run --for 1s --witness elsewhere").refused(2, &["--data"]);
    fs::write(at.join("file"), "x").unwrap();
    for (witness, said) in [
        ("file", "not a directory"),
        ("data", "lies in the store itself"),
        ("data/witness", "lies in the store itself"),
    ] {
        let words = format!("run --for 1s {SHORT} --data data --witness {witness}");
        run(at, &words).refused(2, &[witness, said]);
    }
    // That of another floor is not written over.
    assert_eq!(witnessed(at, "").code, Some(0));
    let built_in = concat!(env!("CARGO_MANIFEST_DIR"), "/floors/electronics-line.toml");
    let text = fs::read_to_string(built_in).unwrap();
    let mine = text.replace("deadline_s = 900", "deadline_s = 901");
    assert_ne!(mine, text);
    fs::write(at.join("mine.toml"), mine).unwrap();
    let other = format!("run mine.toml --for 1s {SHORT} --data other --witness elsewhere");
    run(at, &other).refused(2, &["elsewhere", "the witness of a store of another floor"]);
}
