//! `takt check` on floors that are broken: everything that is wrong at once, each with its place and a hint.

use std::path::Path;

use tempfile::TempDir;

use crate::program::run;

/// Something wrong: its place (0 if it is about the file as a whole), what is said of it, and what to do.
type Wrong = (u64, u64, &'static str, &'static str);

/// Broken files of this folder, and all that is wrong with each, in the order of the text.
const BROKEN: &[(&str, &str, &[Wrong])] = &[
    (
        "names.toml",
        include_str!("floors/names.toml"),
        &[
            (
                12,
                8,
                "the node \"east\" is outside its level \"ground\"",
                "from [0, 0] to [12, 8]",
            ),
            (
                15,
                20,
                "there is no node \"wset\"",
                "did you mean \"west\"?",
            ),
            (
                21,
                9,
                "speed must be from 0.001 to 65.535 m/s, not -1.5",
                "docs/floor-file.md",
            ),
            (22, 16, "acceleration must be", "write a finite number"),
            (
                26,
                8,
                "there is no vehicle kind \"shutle\"",
                "did you mean \"shuttle\"?",
            ),
            (
                30,
                8,
                "the vehicle \"S01\" is defined twice",
                "another name",
            ),
            (
                37,
                1,
                "[[station]] has no key \"colour\"",
                "the keys are: name, node",
            ),
        ],
    ),
    (
        "walls.toml",
        include_str!("floors/walls.toml"),
        &[
            (
                10,
                17,
                "\"shuttle\" scrapes a wall between \"a\" and \"b\"",
                "from [3, 2.3] to [5, 2.3]",
            ),
            (
                14,
                17,
                "goes to \"end\" never gets out again",
                "make the path two_way",
            ),
            (
                34,
                8,
                "the station \"press\" is out of reach",
                "leads away from its node",
            ),
        ],
    ),
    (
        "syntax.toml",
        include_str!("floors/syntax.toml"),
        &[(2, 7, "unclosed table", "not valid TOML")],
    ),
    (
        "empty.toml",
        "",
        &[
            (0, 0, "needs the key \"name\"", "docs/floor-file.md"),
            (0, 0, "needs the key \"nodes\"", "docs/floor-file.md"),
            (0, 0, "the floor has no vehicle kind", "[[kind]]"),
            (0, 0, "the floor has no vehicle", "[[vehicle]]"),
        ],
    ),
];

/// Checks a file of this directory in words and as JSON.
fn assert_found(directory: &TempDir, name: &str, wrong: &[Wrong]) {
    let said = run(directory.path(), &format!("check {name}"));
    let object = run(directory.path(), &format!("check {name} --json"));
    let summary = object.stderr.clone();
    assert_eq!(object.code, Some(2), "{object:?}");
    let object = object.object();
    assert_eq!(
        (&object["floor"], &object["ok"]),
        (&name.into(), &false.into())
    );
    assert!(summary.starts_with(&format!("takt: {name}: ")), "{summary}");
    let problems = object["problems"].as_array().unwrap();
    assert_eq!(problems.len(), wrong.len(), "{object:#}");
    for (problem, &(line, column, message, hint)) in problems.iter().zip(wrong) {
        assert_eq!(
            (problem["line"].as_u64(), problem["column"].as_u64()),
            (
                Some(line).filter(|&l| l > 0),
                Some(column).filter(|&c| c > 0)
            ),
            "{problem}"
        );
        assert!(
            problem["message"].as_str().unwrap().contains(message),
            "{problem}"
        );
        assert!(
            problem["hint"].as_str().unwrap().contains(hint),
            "{problem}"
        );
        let place = match line {
            0 => format!("{name}: "),
            _ => format!("{name}:{line}:{column}: "),
        };
        let is_said = |l: &str| l.starts_with(&place) && l.contains(message);
        assert!(
            said.stderr.lines().any(is_said),
            "{place}{message}: {}",
            said.stderr
        );
    }
    said.refused(2, &["hint: "]);
}

#[test]
fn everything_that_is_wrong_with_a_file_is_said_at_once() {
    let directory = tempfile::tempdir().unwrap();
    for (name, text, wrong) in BROKEN {
        std::fs::write(directory.path().join(name), text).unwrap();
        assert_found(&directory, name, wrong);
    }
}

#[test]
fn garbage_and_files_that_are_not_there_are_refused_in_words() {
    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| std::fs::write(directory.path().join(name), bytes);
    // Bytes without pattern; the third is where it stops being UTF-8.
    let mut state = 1_u32;
    let garbage: Vec<u8> = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    })
    .take(1_000_000)
    .collect();
    write("garbage.toml", &garbage).unwrap();
    let not_text = (1, 3, "not UTF-8 text", "Save it as UTF-8");
    assert_found(&directory, "garbage.toml", &[not_text]);
    let text = "[[wall]]\npoints = [[nan, 0.0]]\n".repeat(40_000);
    write("long.toml", text.as_bytes()).unwrap();
    let long = run(directory.path(), "check long.toml");
    long.refused(
        2,
        &["long.toml:2:11: error: ", "further problems are not shown"],
    );
    assert_found(
        &directory,
        "missing.toml",
        &[(0, 0, "can't be read", "check the path")],
    );
}

#[test]
fn a_floor_that_is_right_is_described() {
    let directory = Path::new(".");
    let object = run(directory, "check --json").json();
    assert_eq!(
        (&object["floor"], &object["ok"], &object["vehicles"]),
        (&"electronics-line".into(), &true.into(), &20.into())
    );
    let said = run(directory, "check");
    assert_eq!((said.code, &said.stderr[..]), (Some(0), ""));
    assert!(
        said.stdout.starts_with("electronics-line: no errors."),
        "{said:?}"
    );
}

#[test]
fn no_command_runs_a_floor_that_is_broken() {
    let directory = tempfile::tempdir().unwrap();
    let (name, text, _) = BROKEN[0];
    std::fs::write(directory.path().join(name), text).unwrap();
    for command in ["run", "serve", "sim", "floor draw"] {
        let ended = run(directory.path(), &format!("{command} {name}"));
        ended.refused(
            2,
            &[
                "names.toml:15:20: error: there is no node \"wset\"",
                "did you mean",
            ],
        );
    }
}
