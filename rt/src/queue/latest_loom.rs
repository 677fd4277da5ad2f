//! Model check of the latest-value cell: every interleaving of two threads, every value that a load may see.
//!
//! Bounds: five writes against four refreshes with a look before, between and after; no bound on preemptions.

use super::latest::cell;
use crate::sync::Site;
use crate::sync::atomic::Ordering;
use crate::sync::weaken::weaken;
use loom::thread;

/// Writes of one value, and looks of the other side.
const WRITES: u32 = 5;
const REFRESHES: u32 = 4;

/// Some writes in one thread, looks in the other: what is seen is whole, never goes back, and ends with the last value.
fn writes_and_looks() {
    loom::model(|| {
        let (mut writer, mut reader) = cell([0u32; 2]);
        let writing = thread::spawn(move || {
            for value in 1..=WRITES {
                writer.write([value; 2]);
            }
        });
        let mut last = 0;
        let mut look = |value: &[u32; 2]| {
            assert_eq!(value[0], value[1], "half a value");
            assert!(value[0] >= last, "back in time");
            let newer = value[0] > last;
            last = value[0];
            newer
        };
        assert!(!reader.with(&mut look));
        for _ in 0..REFRESHES {
            let refreshed = reader.refresh();
            assert_eq!(reader.with(&mut look), refreshed);
        }
        writing.join().unwrap();
        assert_eq!(reader.get(), [WRITES; 2]);
    });
}

#[test]
fn values_are_whole_and_never_go_back() {
    writes_and_looks();
}

macro_rules! a_weaker_ordering_is_found {
    ($($name:ident: $site:expr, $ordering:expr;)*) => {$(
        #[test]
        #[should_panic = "Causality violation"]
        fn $name() {
            weaken($site, $ordering);
            writes_and_looks();
        }
    )*};
}

a_weaker_ordering_is_found! {
    writer_without_release_is_found: Site::WriterSwaps, Ordering::Acquire;
    writer_without_acquire_is_found: Site::WriterSwaps, Ordering::Release;
    reader_without_release_is_found: Site::ReaderSwaps, Ordering::Acquire;
    reader_without_acquire_is_found: Site::ReaderSwaps, Ordering::Release;
    relaxed_writer_is_found: Site::WriterSwaps, Ordering::Relaxed;
    relaxed_reader_is_found: Site::ReaderSwaps, Ordering::Relaxed;
}
