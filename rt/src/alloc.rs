//! An allocator that knows what the control cycle must not do: it counts the calls of each thread, and can trap them.
//!
//! Install it in the program; unarmed, it costs a nanosecond a call:
//!
//! ```
//! use takt_rt::alloc::{self, Watched};
//!
//! #[global_allocator]
//! static ALLOCATOR: Watched = Watched;
//!
//! let before = alloc::calls();
//! drop(std::hint::black_box(Box::new(1)));
//! assert_eq!(alloc::calls() - before, 2); // freeing is a call, too
//! ```

use std::alloc::{GlobalAlloc, Layout, System};
use std::backtrace::Backtrace;
use std::cell::Cell;
use std::ffi::OsStr;

/// Set to 1, a program that asks ([`trap_asked_for`]) arms the trap on its cycle's thread.
pub const TRAP_VARIABLE: &str = "TAKT_TRAP_ALLOCATIONS";

/// The system's allocator, watched.
#[derive(Clone, Copy, Debug, Default)]
pub struct Watched;

std::thread_local! {
    // Plain cells, made without allocation and without a destructor: they can be used at any time, in any thread.
    static CALLS: Cell<u64> = const { Cell::new(0) };
    static HELD: Cell<i64> = const { Cell::new(0) };
    static TRAPS: Cell<bool> = const { Cell::new(false) };
}

/// Calls of the allocator by the calling thread so far, frees included; 0 where [`Watched`] is not installed.
pub fn calls() -> u64 {
    CALLS.get()
}

/// Bytes that the calling thread has been given and has not given back; less than 0 if it frees what others were given.
/// 0 where [`Watched`] is not installed.
pub fn held() -> i64 {
    HELD.get()
}

/// From now on, in the calling thread, a call of the allocator ends the program, with a backtrace on stderr (or no more).
pub fn trap(armed: bool) {
    TRAPS.set(armed);
}

/// Is the trap asked for in the environment?
pub fn trap_asked_for() -> bool {
    std::env::var_os(TRAP_VARIABLE).as_deref() == Some(OsStr::new("1"))
}

/// Counts a call; `bytes` for the message of the trap, `taken` and `given_back` for what the thread holds.
#[inline]
fn watch(what: &str, bytes: usize, taken: usize, given_back: usize) {
    CALLS.set(CALLS.get() + 1);
    HELD.set(HELD.get() + taken as i64 - given_back as i64);
    if TRAPS.get() {
        sprung(what, bytes);
    }
}

#[cold]
#[inline(never)]
fn sprung(what: &str, bytes: usize) -> ! {
    // What follows allocates.
    TRAPS.set(false);
    let thread = std::thread::current();
    eprintln!(
        "takt: the thread '{}' must not call the allocator any more, and asked it to {what} {bytes} bytes ({TRAP_VARIABLE} is set); it was here:\n{}",
        thread.name().unwrap_or("?"),
        Backtrace::force_capture()
    );
    std::process::abort();
}

// SAFETY: every call is handed on unchanged; counting touches plain thread-local cells only, and the trap never returns.
unsafe impl GlobalAlloc for Watched {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        watch("allocate", layout.size(), layout.size(), 0);
        // SAFETY: the caller's promises are handed on.
        unsafe { System.alloc(layout) }
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        watch("allocate", layout.size(), layout.size(), 0);
        // SAFETY: the caller's promises are handed on.
        unsafe { System.alloc_zeroed(layout) }
    }

    #[inline]
    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, bytes: usize) -> *mut u8 {
        watch("reallocate to", bytes, bytes, layout.size());
        // SAFETY: the caller's promises are handed on.
        unsafe { System.realloc(pointer, layout, bytes) }
    }

    #[inline]
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        watch("free", layout.size(), 0, layout.size());
        // SAFETY: the caller's promises are handed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}
