#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;

/// In a thread of its own, so that the settings end with it.
fn apply(settings: RealTime) -> Granted {
    std::thread::spawn(move || settings.apply()).join().unwrap()
}

#[test]
fn everything_asked_for_is_granted_or_explained() {
    let granted = apply(RealTime {
        priority: Some(10),
        cpu: Some(0),
        lock_memory: false,
        prefault_stack_bytes: 64 * 1024,
    });
    assert_eq!(granted.granted.len() + granted.refused.len(), 4);
    for refusal in &granted.refused {
        let line = refusal.to_string();
        assert!(
            line.starts_with("no ") && line.contains("to grant it"),
            "{line}"
        );
        assert!(!line.contains('\n'), "{line}");
    }
}

#[test]
fn the_impossible_is_refused_with_its_reason() {
    let granted = apply(RealTime {
        priority: Some(100),
        cpu: Some(100_000),
        lock_memory: false,
        prefault_stack_bytes: 1 << 40,
    });
    assert_eq!(granted.refused.len(), 3, "{granted:?}");
    let line = granted.missing().unwrap();
    assert!(line.starts_with("without stack of"), "{line}");
    assert_eq!(line.matches("to grant it").count(), 1, "{line}");
    assert!(
        !line.contains('\n') && line.contains("CPU 100000 alone"),
        "{line}"
    );
    let lines: Vec<String> = granted.refused.iter().map(Refusal::to_string).collect();
    assert!(
        lines[0].contains("the thread's stack has only"),
        "{lines:?}"
    );
    assert!(lines[1].contains("CPU 100000"), "{lines:?}");
    assert!(lines[2].contains("1 ..= 99"), "{lines:?}");
}

#[test]
fn where_nothing_is_refused_nothing_is_missing() {
    assert_eq!(Granted::default().missing(), None);
    let same_way = |what: &str| Refusal {
        what: what.into(),
        why: "no".into(),
        how_to_grant: "ask",
    };
    let granted = Granted {
        granted: Vec::new(),
        refused: vec![same_way("this"), same_way("that")],
    };
    assert_eq!(
        granted.missing().unwrap(),
        "without this (no), without that (no); to grant it: ask"
    );
}

#[test]
fn the_gate_is_passed_before_the_priority_is_given() {
    let (before, after) = std::thread::spawn(|| {
        let mut before = String::new();
        let asked = RealTime {
            priority: Some(1),
            lock_memory: false,
            ..RealTime::default()
        };
        asked.apply_after(|| before = scheduler());
        (before, scheduler())
    })
    .join()
    .unwrap();
    assert_eq!(before, "SCHED_OTHER");
    assert!(after == "SCHED_FIFO 1" || after == before, "{after}");
}

#[test]
#[cfg(target_os = "linux")]
fn threads_are_kept_off_a_cpu_unless_it_is_the_only_one() {
    let count = || std::thread::available_parallelism().map_or(1, usize::from);
    let (before, kept, after) = std::thread::spawn(move || {
        let before = count();
        let kept = keep_off(0);
        // What is started from here is kept off as well.
        let after = std::thread::spawn(count).join().unwrap();
        (before, kept, after)
    })
    .join()
    .unwrap();
    match kept {
        // The process may not have had that one.
        Ok(()) => assert!(after == before - 1 || after == before),
        Err(why) => assert_eq!((before, &why[..]), (1, "it is the only CPU")),
    }
}

#[test]
fn page_faults_are_counted() {
    let before = usage();
    let pages = vec![1u8; 4 << 20];
    std::hint::black_box(&pages);
    assert!(usage().minor_faults >= before.minor_faults);
    assert!(usage().major_faults >= before.major_faults);
}

#[test]
fn threads_started_by_a_real_time_thread_are_ordinary() {
    let policies = std::thread::spawn(|| {
        let asked = RealTime {
            priority: Some(1),
            lock_memory: false,
            ..RealTime::default()
        };
        let granted = asked.apply();
        let fifo = granted.granted.iter().any(|what| what.contains("FIFO"));
        // SAFETY: takes a process id; 0 is the calling thread.
        let own = unsafe { libc::sched_getscheduler(0) } & !libc::SCHED_RESET_ON_FORK;
        // SAFETY: as above.
        let child = std::thread::spawn(|| unsafe { libc::sched_getscheduler(0) });
        (fifo, own, child.join().unwrap())
    });
    let (fifo, own, child) = policies.join().unwrap();
    assert_eq!(own == libc::SCHED_FIFO, fifo);
    assert_eq!(child, libc::SCHED_OTHER);
}
