//! What is read of instances, and what is said of broken ones.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use rand_core::{Rng, SeedableRng};
use rand_pcg::Pcg64Mcg;
use std::fs;
use std::sync::atomic::{AtomicU32, Ordering};

/// A folder with the files of an instance; removed in the end.
struct Folder(PathBuf);

impl Folder {
    fn new(instance: &str, map: &str, agents: &str, tasks: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("takt-lorr-{}-{number}", std::process::id());
        let folder = Self(std::env::temp_dir().join(name));
        fs::create_dir_all(&folder.0).unwrap();
        for (file, text) in [
            ("i.json", instance),
            ("m.map", map),
            ("a.agents", agents),
            ("t.tasks", tasks),
        ] {
            fs::write(folder.0.join(file), text).unwrap();
        }
        folder
    }

    fn load(&self) -> Result<LorrInstance, String> {
        load(&self.0.join("i.json")).map_err(|files| {
            let all: String = files.iter().map(Problems::plain).collect();
            all.replace(&format!("{}/", self.0.display()), "")
        })
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Nothing depends on it.
        let _ = fs::remove_dir_all(&self.0);
    }
}

const INSTANCE: &str = r#"{
    "mapFile": "m.map",
    "agentFile": "a.agents",
    "taskFile": "t.tasks",
    "teamSize": 2,
    "numTasksReveal": 1.5
}"#;
const MAP: &str = "type octile\nheight 2\nwidth 3\nmap\n.SE\n@.T\n";
const AGENTS: &str = "# version for LoRR 2024\n2\n0\n4\n";
const TASKS: &str = "# version for LoRR 2024\n3\n0,4\n2\n1,2,1\n";

fn wrong(instance: &str, map: &str, agents: &str, tasks: &str) -> String {
    Folder::new(instance, map, agents, tasks)
        .load()
        .expect_err("it loads")
}

#[test]
fn an_instance_is_read_with_its_files() {
    let instance = Folder::new(INSTANCE, MAP, AGENTS, TASKS).load().unwrap();
    assert_eq!(instance.width, 3);
    assert_eq!(instance.free, [true, true, true, false, true, false]);
    assert_eq!(instance.starts, [0, 4]);
    assert_eq!(instance.pool, 3);
    let tasks: Vec<&[u32]> = (0..instance.tasks()).map(|i| instance.task(i)).collect();
    assert_eq!(tasks, [&[0, 4][..], &[2], &[1, 2, 1]]);
}

#[test]
fn all_problems_of_all_files_are_said_at_once() {
    let said = wrong(
        &INSTANCE.replace("1.5", "-1"),
        MAP,
        "2\n3\n0\n",
        "2\n0,99\nx,5\n",
    );
    assert_eq!(
        said,
        "i.json:6:5: error: numTasksReveal can't be -1\n    \
         hint: open tasks for each robot, at most 1,000; at least one task for the team\n\
         a.agents:2:1: error: cell 3 (row 1, column 0) is blocked\n    \
         hint: a cell is its row times the width of the map plus its column, from 0\n\
         t.tasks:2:1: error: cell 99 is outside the map: it has 2 rows of 3 cells\n    \
         hint: a cell is its row times the width of the map plus its column, from 0\n\
         t.tasks:3:1: error: \"x\" is not a cell\n    \
         hint: a cell is its row times the width of the map plus its column, from 0\n\
         t.tasks:3:1: error: cell 5 (row 1, column 2) is blocked\n    \
         hint: a cell is its row times the width of the map plus its column, from 0\n"
    );
}

#[test]
fn what_is_wrong_is_named_with_its_line() {
    let cases = [
        (
            wrong("{", MAP, AGENTS, TASKS),
            "i.json:1:1: error: this is not JSON",
        ),
        (
            wrong("[]", MAP, AGENTS, TASKS),
            "i.json: error: an instance is a JSON object",
        ),
        (wrong("{}", MAP, AGENTS, TASKS), "teamSize is missing"),
        (
            wrong(&INSTANCE.replace("m.map", "no.map"), MAP, AGENTS, TASKS),
            "no.map: error: the file can't be read",
        ),
        (
            wrong(
                INSTANCE,
                "type octile\nheight 1\nwidth 3\nmap\n..\n",
                AGENTS,
                TASKS,
            ),
            "m.map:5:1: error: row 0 has 2 cells",
        ),
        (
            wrong(INSTANCE, MAP, "3\n0\n4\n", TASKS),
            "a.agents:1:1: error: the count tells 3 lines, but there are 2",
        ),
        (
            wrong(INSTANCE, MAP, "1\n0\n4\n", TASKS),
            "a.agents:3:1: error: there are more than the 1 lines",
        ),
        (
            wrong(INSTANCE, MAP, "1\n0\n", TASKS),
            "a.agents: error: 1 starts for a team of 2 robots",
        ),
        (
            wrong(INSTANCE, MAP, "2\n4\n4\n", TASKS),
            "a.agents:3:1: error: cell 4 is the start of two robots",
        ),
        (
            wrong(INSTANCE, MAP, "2\n4,0\n1\n", TASKS),
            "a.agents:2:1: error: 2 cells where a robot has one start",
        ),
        (
            wrong(INSTANCE, MAP, "", TASKS),
            "a.agents: error: the count is missing",
        ),
        (
            wrong(INSTANCE, MAP, AGENTS, "many\n0\n"),
            "t.tasks:1:1: error: \"many\" is not a count",
        ),
        (
            wrong(INSTANCE, MAP, AGENTS, "0\n"),
            "t.tasks: error: there is no task",
        ),
        (
            wrong(INSTANCE, MAP, AGENTS, "1\n0,\n"),
            "t.tasks:2:1: error: \"\" is not a cell",
        ),
    ];
    for (said, expected) in cases {
        assert!(
            said.contains(expected),
            "{expected:?} is missing in:\n{said}"
        );
    }
}

/// Files with random damage either load, with everything in bounds, or are refused with a reason.
#[test]
fn damaged_files_are_read_or_refused() {
    let mut random = Pcg64Mcg::seed_from_u64(7);
    let (mut read, mut refused) = (0, 0);
    for _ in 0..400 {
        let mut files = [INSTANCE, MAP, AGENTS, TASKS].map(|text| text.as_bytes().to_vec());
        for _ in 0..=random.next_u32() % 3 {
            let file = &mut files[random.next_u32() as usize % 4];
            let at = random.next_u32() as usize % file.len();
            match random.next_u32() % 4 {
                0 => file[at] = b"0159,.@T\n-#\"x"[random.next_u32() as usize % 13],
                1 => drop(file.remove(at)),
                2 => file.truncate(at.max(1)),
                _ => file.insert(at, b"01,\n@."[random.next_u32() as usize % 6]),
            }
        }
        let [instance, map, agents, tasks] = files.map(|f| String::from_utf8(f).unwrap());
        match Folder::new(&instance, &map, &agents, &tasks).load() {
            Ok(instance) => {
                read += 1;
                let cells = instance.starts.iter().chain(&instance.task_cells);
                assert!(cells.into_iter().all(|&c| instance.free[c as usize]));
                assert!(instance.pool > 0 && instance.tasks() > 0);
                assert!((0..instance.tasks()).all(|i| !instance.task(i).is_empty()));
            }
            Err(said) => {
                refused += 1;
                assert!(said.contains("error: "), "{said}");
            }
        }
    }
    assert!(read > 20 && refused > 100, "{read} read, {refused} refused");
}
