#![allow(clippy::unwrap_used)]
//! Broken files of all sorts: refused with problems, never with a panic, and soon.

use crate::formats::{LoadOptions, load, load_text};
use proptest::prelude::*;
use std::io::Write;

const FLOOR: &str = include_str!("../../../../floors/electronics-line.toml");
const MANUAL: &str = include_str!("../../../../docs/floor-file.md");

/// The manual's example.
fn example() -> &'static str {
    MANUAL
        .split("```")
        .nth(1)
        .unwrap()
        .trim_start_matches("toml\n")
}

fn fine(text: &str) -> bool {
    let options = LoadOptions::default();
    match load_text("floor.toml", text, &options) {
        Ok(_) => true,
        Err(problems) => {
            assert!(problems.counts().0 > 0, "an error says why");
            assert!(!problems.plain().is_empty());
            false
        }
    }
}

#[test]
fn the_floors_that_are_mutated_below_are_fine() {
    assert!(fine(FLOOR) && fine(example()));
}

/// Things that turn up where they should not.
const SPLINTERS: &[&str] = &[
    "nan",
    "-1",
    "inf",
    "1e400",
    "99999999999999999999",
    "-0.0",
    "\"\"",
    "[]",
    "{}",
    "[[",
    "]]",
    "=",
    "\n",
    "\u{0}",
    "\u{feff}",
    "true",
    "[[path]]\n",
    "[nodes]\n",
    "1979-05-27",
    "'''",
    "\"\\u0000\"",
    "0xffff",
    "{ at = [1, 2] }",
    "[0.0]",
    "65536",
    "4294967296",
    "1e9",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn mutated_files_never_panic(
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0usize..40, 0..SPLINTERS.len(), 0u8..4), 1..6)
    ) {
        let mut text = example().to_owned();
        for (at, length, splinter, how) in edits {
            let starts: Vec<usize> = match how {
                // At a value, the most telling place, or anywhere.
                0 | 1 => text.match_indices("= ").map(|(i, _)| i + 2).collect(),
                _ => text.char_indices().map(|(i, _)| i).collect(),
            };
            if starts.is_empty() {
                continue;
            }
            let start = starts[at.index(starts.len())];
            let end = match how {
                0 => text[start..].find(['\n', ',']).map_or(text.len(), |i| start + i),
                _ => (start..=text.len()).filter(|&i| text.is_char_boundary(i)).take(length + 1).last().unwrap_or(start),
            };
            let splinter = if how == 3 { "" } else { SPLINTERS[splinter] };
            text.replace_range(start..end, splinter);
        }
        fine(&text);
    }

    #[test]
    fn files_with_lines_missing_never_panic(lines in prop::collection::vec(any::<prop::sample::Index>(), 1..8)) {
        let mut text: Vec<&str> = FLOOR.lines().collect();
        for line in lines {
            text.remove(line.index(text.len()));
        }
        fine(&text.join("\n"));
    }

    #[test]
    fn noise_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        fine(&String::from_utf8_lossy(&bytes));
    }
}

#[test]
fn files_that_are_no_floors_are_refused() {
    let folder = std::env::temp_dir().join(format!("takt-maps-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let refused = |name: &str, bytes: &[u8]| {
        let path = folder.join(name);
        std::fs::File::create(&path)
            .unwrap()
            .write_all(bytes)
            .unwrap();
        load(&path, &LoadOptions::default()).unwrap_err().plain()
    };
    let garbage: Vec<u8> = (0..10u32 << 20)
        .map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8)
        .collect();
    assert!(refused("large.toml", &garbage).contains("larger than 8 MiB"));
    assert!(refused("garbage.toml", &garbage[..1 << 20]).contains("not UTF-8"));
    let printable: Vec<u8> = garbage[..7 << 20].iter().map(|b| b' ' + b % 95).collect();
    assert!(refused("printable.toml", &printable).contains(":1:"));
    let nested = "[".repeat(1 << 20);
    assert!(refused("nested.toml", format!("a = {nested}").as_bytes()).contains(":1:"));
    assert!(refused("empty.toml", b"").contains("needs the key \"name\""));
    let missing = load(&folder.join("none.toml"), &LoadOptions::default()).unwrap_err();
    assert!(missing.plain().contains("can't be read"));
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn the_format_is_known_by_what_a_file_begins_with() {
    let options = LoadOptions {
        vehicles: Some(1),
        ..LoadOptions::default()
    };
    let grid = "type octile\nheight 3\nwidth 4\nmap\n....\n....\n....\n";
    let floor = load_text("somewhere", grid, &options)
        .map_err(|p| p.plain())
        .unwrap()
        .floor;
    assert_eq!(floor.roadmap.nodes().len(), 12);
    assert!(load_text("somewhere", "<model/>", &options).is_err());
    assert_eq!(
        load_text("somewhere", example(), &options)
            .unwrap()
            .floor
            .name,
        "two-stations"
    );
}
