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

pub(super) fn keep_off(_cpu: usize) -> Result<(), String> {
    unsupported()
}

pub(super) fn tighten_timers() -> Result<(), String> {
    unsupported()
}

pub(super) fn step_back(_nice: i32) -> Result<(), String> {
    unsupported()
}

pub(super) fn lock_memory() -> Result<(), String> {
    unsupported()
}

pub(super) fn usage() -> super::Usage {
    super::Usage::default()
}

pub(super) fn scheduler() -> String {
    "ordinary".into()
}

pub(super) fn stack_bytes() -> Option<usize> {
    None
}
