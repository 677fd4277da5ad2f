//! Makes a thread fit for real time, as far as the machine permits.
//!
//! Nothing here can fail: what is refused is reported, with the reason and the way to grant it, and the thread runs on
//! as an ordinary one.

use std::fmt;

/// What a real-time thread asks of the machine. The default asks for all that needs no choice of a CPU.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RealTime {
    /// SCHED_FIFO priority, `1 ..= 99`; above 50 it comes before the kernel's own interrupt threads.
    pub priority: Option<u8>,
    /// The CPU to stay on, from 0; keep others off it with `isolcpus=` or a cpuset.
    pub cpu: Option<usize>,
    /// Keep all memory of the process in RAM, present and future.
    pub lock_memory: bool,
    /// Touch so much of the stack now, so that no page fault comes later, in bytes; at most half the thread's stack.
    pub prefault_stack_bytes: usize,
}

impl Default for RealTime {
    fn default() -> Self {
        Self {
            priority: Some(49),
            cpu: None,
            lock_memory: true,
            prefault_stack_bytes: 256 * 1024,
        }
    }
}

/// What a thread was granted and what not.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Granted {
    /// A few words each: "SCHED_FIFO priority 49".
    pub granted: Vec<String>,
    /// What it has to do without.
    pub refused: Vec<Refusal>,
}

/// Something that the machine did not grant. Displays as one line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refusal {
    /// What was asked for.
    pub what: String,
    /// Why not.
    pub why: String,
    /// What a person can do about it.
    pub how_to_grant: &'static str,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "no {}: {}; to grant it: {}",
            self.what, self.why, self.how_to_grant
        )
    }
}

impl RealTime {
    /// Applies the settings to the calling thread (locked memory: to the process). Call it once, before the first cycle.
    pub fn apply(&self) -> Granted {
        let mut granted = Granted::default();
        let mut note =
            |what: String, outcome: Result<(), String>, how_to_grant: &'static str| match outcome {
                Ok(()) => granted.granted.push(what),
                Err(why) => granted.refused.push(Refusal {
                    what,
                    why,
                    how_to_grant,
                }),
            };
        // Memory first: locking it includes the pages of the stack that the next step touches.
        if self.lock_memory {
            note("locked memory".into(), system::lock_memory(), GRANT_MEMORY);
        }
        if self.prefault_stack_bytes > 0 {
            let what = format!("stack of {} KiB touched", self.prefault_stack_bytes / 1024);
            note(what, prefault_stack(self.prefault_stack_bytes), GRANT_STACK);
        }
        if let Some(cpu) = self.cpu {
            note(format!("CPU {cpu} alone"), system::pin(cpu), GRANT_CPU);
        }
        note(
            "timer slack of 1 ns".into(),
            system::tighten_timers(),
            GRANT_LINUX,
        );
        if let Some(priority) = self.priority {
            let what = format!("SCHED_FIFO priority {priority}");
            note(what, system::schedule_fifo(priority), GRANT_PRIORITY);
        }
        granted
    }
}

const GRANT_PRIORITY: &str = "sudo setcap cap_sys_nice,cap_ipc_lock+ep on the program, or LimitRTPRIO=99 in the systemd unit, or 'rtprio 99' in /etc/security/limits.conf";
const GRANT_MEMORY: &str = "sudo setcap cap_sys_nice,cap_ipc_lock+ep on the program, or LimitMEMLOCK=infinity in the systemd unit, or 'ulimit -l unlimited'";
const GRANT_CPU: &str = "name a CPU of this machine that the process may use (taskset -p, AllowedCPUs= in the systemd unit)";
const GRANT_STACK: &str = "start the thread with a stack at least twice as large";
const GRANT_LINUX: &str = "run on Linux 2.6.28 or later";

/// Touches `bytes` of stack below the current frame.
fn prefault_stack(bytes: usize) -> Result<(), String> {
    const PAGE: usize = 4096;
    /// One page a frame; `black_box` keeps the compiler from removing it or turning the recursion into a loop.
    #[inline(never)]
    fn touch(pages_left: usize) -> u8 {
        let mut page = [0u8; PAGE];
        let page = std::hint::black_box(&mut page);
        page[0] = 1;
        let below = if pages_left > 1 {
            touch(pages_left - 1)
        } else {
            0
        };
        std::hint::black_box(page)[0].wrapping_add(below)
    }

    if let Some(size) = system::stack_bytes()
        && bytes > size / 2
    {
        return Err(format!("the thread's stack has only {} KiB", size / 1024));
    }
    std::hint::black_box(touch(bytes.div_ceil(PAGE)));
    Ok(())
}

#[cfg(target_os = "linux")]
mod system {
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

    /// By default a timer of an ordinary thread may fire 50 us late, to save wake-ups.
    pub(super) fn tighten_timers() -> Result<(), String> {
        let slack_ns: libc::c_ulong = 1;
        // SAFETY: takes a number and changes the calling thread only.
        checked(unsafe { libc::prctl(libc::PR_SET_TIMERSLACK, slack_ns) })
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
}

#[cfg(not(target_os = "linux"))]
mod system {
    //! Other systems are for looking around, not for control.

    fn unsupported() -> Result<(), String> {
        Err("only Linux is supported".into())
    }

    pub(super) fn schedule_fifo(_priority: u8) -> Result<(), String> {
        unsupported()
    }

    pub(super) fn pin(_cpu: usize) -> Result<(), String> {
        unsupported()
    }

    pub(super) fn tighten_timers() -> Result<(), String> {
        unsupported()
    }

    pub(super) fn lock_memory() -> Result<(), String> {
        unsupported()
    }

    pub(super) fn stack_bytes() -> Option<usize> {
        None
    }
}

#[cfg(test)]
mod tests {
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
        let lines: Vec<String> = granted.refused.iter().map(Refusal::to_string).collect();
        assert!(
            lines[0].contains("the thread's stack has only"),
            "{lines:?}"
        );
        assert!(lines[1].contains("CPU 100000"), "{lines:?}");
        assert!(lines[2].contains("1 ..= 99"), "{lines:?}");
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
}
