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

impl Granted {
    /// What is missing and how to grant it, in one line; `None` when nothing is.
    pub fn missing(&self) -> Option<String> {
        let mut line = String::new();
        for refusal in &self.refused {
            let before = if line.is_empty() {
                "without "
            } else {
                ", without "
            };
            line += &format!("{before}{} ({})", refusal.what, refusal.why);
        }
        // Several things may be granted in the same way.
        let mut ways: Vec<&str> = self.refused.iter().map(|r| r.how_to_grant).collect();
        ways.dedup();
        (!line.is_empty()).then(|| format!("{line}; to grant it: {}", ways.join("; ")))
    }
}

impl RealTime {
    /// Applies the settings to the calling thread (locked memory: to the process). Call it once, before the first cycle.
    pub fn apply(&self) -> Granted {
        self.apply_after(|| ())
    }

    /// The same, with a gate between what harms nobody and the priority.
    ///
    /// A thread with a priority, above all one that spins, may keep others from starting: let `gate` block until all
    /// that work together exist and are where they belong.
    pub fn apply_after(&self, gate: impl FnOnce()) -> Granted {
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
            note(
                "locked memory".into(),
                system::lock_memory(),
                GRANT_REAL_TIME,
            );
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
        gate();
        if let Some(priority) = self.priority {
            let what = format!("SCHED_FIFO priority {priority}");
            note(what, system::schedule_fifo(priority), GRANT_REAL_TIME);
        }
        granted
    }
}

/// Priority and locked memory are asked for together, and granted together.
const GRANT_REAL_TIME: &str = "sudo setcap cap_sys_nice,cap_ipc_lock+ep on the program file, or LimitRTPRIO=99 and LimitMEMLOCK=infinity in its systemd unit, or 'ulimit -r 99 -l unlimited' in the shell that starts it";
const GRANT_CPU: &str = "name a CPU of this machine that the process may use (taskset -p, AllowedCPUs= in the systemd unit)";
const GRANT_STACK: &str = "start the thread with a stack at least twice as large";
const GRANT_LINUX: &str = "run on Linux 2.6.28 or later";

/// What a thread has cost so far that a real-time thread should not.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Usage {
    /// Page faults that read from a disk.
    pub major_faults: u64,
    /// Page faults that did not.
    pub minor_faults: u64,
    /// Times that something else was given the CPU while the thread wanted to compute.
    pub preemptions: u64,
}

impl Usage {
    /// What has come to it since `before`.
    #[must_use]
    pub fn since(self, before: Self) -> Self {
        Self {
            major_faults: self.major_faults - before.major_faults,
            minor_faults: self.minor_faults - before.minor_faults,
            preemptions: self.preemptions - before.preemptions,
        }
    }
}

/// Lets the calling thread step back behind others on the same CPU: `nice` is 1 to 19, 19 the farthest.
///
/// For work that may wait for milliseconds beside work that somebody waits for.
///
/// # Errors
/// What the system says against it.
pub fn step_back(nice: i32) -> Result<(), String> {
    system::step_back(nice)
}

/// What the calling thread has cost so far; all 0 where the system does not say.
pub fn usage() -> Usage {
    system::usage()
}

/// How the calling thread is scheduled: "SCHED_FIFO 80", "SCHED_OTHER".
pub fn scheduler() -> String {
    system::scheduler()
}

/// Keeps the calling thread, and those that it starts from now on, off a CPU that another one has to itself.
///
/// # Errors
/// In words, if that leaves it none, or the system refuses.
pub fn keep_off(cpu: usize) -> Result<(), String> {
    system::keep_off(cpu)
}

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

#[cfg(not(target_os = "linux"))]
#[path = "thread/elsewhere.rs"]
mod system;
#[cfg(target_os = "linux")]
#[path = "thread/linux.rs"]
mod system;

#[cfg(test)]
mod tests;
