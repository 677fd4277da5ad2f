//! The calls, each with its refusal in words.

use std::{fs, io, mem};

/// The outcome of a call that returns 0, or else -1 with `errno`.
fn checked(outcome: libc::c_int) -> Result<(), String> {
    match outcome {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error().to_string()),
    }
}

pub(super) fn schedule_fifo(priority: u8) -> Result<(), String> {
    if !(1..=99).contains(&priority) {
        return Err("the priority must be in 1 ..= 99".into());
    }
    // SAFETY: all-zero is a valid `sched_param`.
    let mut parameter: libc::sched_param = unsafe { mem::zeroed() };
    parameter.sched_priority = priority.into();
    // SAFETY: `parameter` is valid for the call; process id 0 is the calling thread. Threads that it starts later
    // go back to ordinary scheduling.
    checked(unsafe {
        libc::sched_setscheduler(0, libc::SCHED_FIFO | libc::SCHED_RESET_ON_FORK, &parameter)
    })
}

pub(super) fn pin(cpu: usize) -> Result<(), String> {
    if cpu >= libc::CPU_SETSIZE as usize {
        return Err(format!("CPU numbers end at {}", libc::CPU_SETSIZE - 1));
    }
    // SAFETY: all-zero is a valid, empty CPU set.
    let mut set: libc::cpu_set_t = unsafe { mem::zeroed() };
    // SAFETY: `cpu` is inside the set.
    unsafe { libc::CPU_SET(cpu, &mut set) };
    // SAFETY: `set` is valid for the call and its size is told; 0 is the calling thread.
    checked(unsafe { libc::sched_setaffinity(0, mem::size_of_val(&set), &set) })
}

pub(super) fn keep_off(cpu: usize) -> Result<(), String> {
    // SAFETY: all-zero is a valid, empty CPU set.
    let mut set: libc::cpu_set_t = unsafe { mem::zeroed() };
    // SAFETY: `set` may be written and its size is told; 0 is the calling thread.
    checked(unsafe { libc::sched_getaffinity(0, mem::size_of_val(&set), &mut set) })?;
    if cpu < libc::CPU_SETSIZE as usize {
        // SAFETY: `cpu` is inside the set.
        unsafe { libc::CPU_CLR(cpu, &mut set) };
    }
    // SAFETY: `set` is a valid CPU set.
    if unsafe { libc::CPU_COUNT(&set) } == 0 {
        return Err("it is the only CPU".into());
    }
    // SAFETY: `set` is valid for the call and its size is told; 0 is the calling thread.
    checked(unsafe { libc::sched_setaffinity(0, mem::size_of_val(&set), &set) })
}

/// By default a timer of an ordinary thread may fire 50 us late, to save wake-ups.
pub(super) fn tighten_timers() -> Result<(), String> {
    let slack_ns: libc::c_ulong = 1;
    // SAFETY: takes a number and changes the calling thread only.
    checked(unsafe { libc::prctl(libc::PR_SET_TIMERSLACK, slack_ns) })
}

/// Linux keeps a nice value for each thread, and 0 means the calling one.
pub(super) fn step_back(nice: i32) -> Result<(), String> {
    // SAFETY: takes numbers and changes the calling thread only.
    checked(unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, nice) })
}

pub(super) fn lock_memory() -> Result<(), String> {
    // With a limit, locking succeeds now and allocations fail later, which would end the process.
    if !may_lock_without_limit() {
        return Err(match memory_lock_limit() {
            Some(bytes) => format!("the limit is {} KiB", bytes / 1024),
            None => "not permitted".into(),
        });
    }
    // SAFETY: takes flags only.
    checked(unsafe { libc::mlockall(libc::MCL_CURRENT | libc::MCL_FUTURE) })
}

fn may_lock_without_limit() -> bool {
    /// Number of the capability, from `linux/capability.h`.
    const CAP_IPC_LOCK: u32 = 14;
    let capable = fs::read_to_string("/proc/self/status").is_ok_and(|status| {
        status
            .lines()
            .find_map(|line| line.strip_prefix("CapEff:"))
            .and_then(|hex| u64::from_str_radix(hex.trim(), 16).ok())
            .is_some_and(|capabilities| capabilities >> CAP_IPC_LOCK & 1 == 1)
    });
    capable || memory_lock_limit() == Some(libc::RLIM_INFINITY)
}

fn memory_lock_limit() -> Option<u64> {
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: `limit` may be written.
    let outcome = unsafe { libc::getrlimit(libc::RLIMIT_MEMLOCK, &mut limit) };
    (outcome == 0).then_some(limit.rlim_cur)
}

pub(super) fn usage() -> super::Usage {
    // SAFETY: all-zero is a valid `rusage`.
    let mut used: libc::rusage = unsafe { mem::zeroed() };
    // SAFETY: `used` may be written.
    let outcome = unsafe { libc::getrusage(libc::RUSAGE_THREAD, &mut used) };
    debug_assert_eq!(outcome, 0, "the calling thread's usage is always known");
    super::Usage {
        major_faults: used.ru_majflt as u64,
        minor_faults: used.ru_minflt as u64,
        preemptions: used.ru_nivcsw as u64,
    }
}

pub(super) fn scheduler() -> String {
    // SAFETY: takes a process id; 0 is the calling thread.
    let policy = unsafe { libc::sched_getscheduler(0) } & !libc::SCHED_RESET_ON_FORK;
    // SAFETY: all-zero is a valid `sched_param`.
    let mut parameter: libc::sched_param = unsafe { mem::zeroed() };
    // SAFETY: `parameter` may be written; process id 0 is the calling thread.
    unsafe { libc::sched_getparam(0, &mut parameter) };
    match policy {
        libc::SCHED_FIFO => format!("SCHED_FIFO {}", parameter.sched_priority),
        libc::SCHED_RR => format!("SCHED_RR {}", parameter.sched_priority),
        libc::SCHED_OTHER => "SCHED_OTHER".into(),
        libc::SCHED_BATCH => "SCHED_BATCH".into(),
        libc::SCHED_IDLE => "SCHED_IDLE".into(),
        other => format!("policy {other}"),
    }
}

/// Size of the calling thread's stack; `None` when the system does not say.
pub(super) fn stack_bytes() -> Option<usize> {
    // SAFETY: all-zero is a valid attribute object to be initialised by the call below.
    let mut attributes: libc::pthread_attr_t = unsafe { mem::zeroed() };
    let mut size = 0;
    // SAFETY: the calling thread exists, and `attributes` may be written; it is destroyed after use.
    unsafe {
        if libc::pthread_getattr_np(libc::pthread_self(), &mut attributes) != 0 {
            return None;
        }
        let outcome = libc::pthread_attr_getstacksize(&attributes, &mut size);
        libc::pthread_attr_destroy(&mut attributes);
        (outcome == 0).then_some(size)
    }
}
