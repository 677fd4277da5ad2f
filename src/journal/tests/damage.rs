//! Bytes that change after they were committed: noticed wherever they are, and never more is lost than their block.

use super::*;
use proptest::prelude::*;

const GROUPS: [u64; 5] = [2, 1, 3, 2, 1];

/// Ids of the records of each group of [`GROUPS`].
fn groups() -> Vec<std::ops::Range<u64>> {
    let mut next = 0;
    let range = |size: &u64| {
        next += size;
        next - size..next
    };
    GROUPS.iter().map(range).collect()
}

#[test]
fn each_byte_matters_and_only_its_group_is_lost() {
    let intact = filled(&GROUPS);
    let log = first_log();
    let length = intact.read(&log).unwrap().len();
    let mut lost_groups = vec![0; GROUPS.len()];
    for offset in 0..length {
        let disk = MemoryDisk::new();
        put(&mut disk.clone(), &log, &intact.read(&log).unwrap());
        assert!(disk.corrupt(&log, offset, 1 << (offset % 8)));
        let outcome = read_file::<Record>(&disk, &log, IDENTITY);
        let recovered = outcome.unwrap();
        if offset < format::HEADER {
            // The blocks say all that the header said, but for the floor.
            assert_eq!(
                recovered.records,
                records(0..9),
                "byte {offset} of the header"
            );
            assert!(matches!(recovered.warnings[..], [Warning::Header { .. }]));
            continue;
        }
        assert_eq!(recovered.warnings.len(), 1, "byte {offset}");
        let lost: Vec<usize> = (0..GROUPS.len())
            .filter(|without| {
                let rest = groups()
                    .into_iter()
                    .enumerate()
                    .filter(|(group, _)| group != without)
                    .flat_map(|(_, ids)| records(ids));
                rest.eq(recovered.records.iter().cloned())
            })
            .collect();
        assert_eq!(lost.len(), 1, "byte {offset}: {:?}", recovered.records);
        lost_groups[lost[0]] += 1;
        match &recovered.warnings[0] {
            Warning::Damaged {
                offset: from,
                bytes,
                first_lost,
                records_lost,
                ..
            } => {
                assert!((*from..from + bytes).contains(&(offset as u64)));
                assert_eq!(groups()[lost[0]], *first_lost..first_lost + records_lost);
            }
            Warning::TornTail {
                offset: from,
                bytes,
                ..
            } => {
                assert_eq!(lost[0], GROUPS.len() - 1, "the last group looks torn");
                assert_eq!(from + bytes, length as u64);
            }
            other => panic!("{other}"),
        }
    }
    assert!(
        lost_groups.iter().all(|bytes| *bytes > 20),
        "{lost_groups:?}"
    );
}

#[test]
fn each_byte_of_a_checkpoint_matters_and_the_one_before_stands_in() {
    let intact = filled(&GROUPS);
    let mut journal = start(&intact).journal;
    journal.append(&record(9)).unwrap();
    // The state is everything so far, as long as this is all that a start finds.
    journal.rotate(&records(0..10)).unwrap();
    journal.append(&record(10)).unwrap();
    journal.commit().unwrap();
    let newest = files::checkpoint_name(3);
    for offset in 0..intact.size(&newest).unwrap() as usize {
        let mut disk = MemoryDisk::new();
        for file in intact.list().unwrap() {
            put(&mut disk, &file, &intact.read(&file).unwrap());
        }
        assert!(disk.corrupt(&newest, offset, 1 << (offset % 8)));
        let begun = start(&disk);
        assert_eq!(begun.records, records(0..11), "byte {offset}");
        let named = |w: &Warning| w.to_string().contains(&newest);
        assert!(
            begun.warnings.iter().any(named),
            "byte {offset}: {:?}",
            begun.warnings
        );
        assert!(
            begun.epoch > 2,
            "byte {offset}: epoch {} was used before",
            begun.epoch
        );
    }
}

#[test]
fn a_log_that_is_gone_is_missed() {
    let mut disk = filled(&GROUPS);
    let mut journal = start(&disk).journal;
    journal.append(&record(9)).unwrap();
    journal.rotate(&records(0..10)).unwrap();
    drop(journal);
    for number in [2, 3] {
        assert!(disk.corrupt(&files::checkpoint_name(number), 41, 1));
    }
    disk.remove(&files::log_name(2)).unwrap();
    let begun = start(&disk);
    assert_eq!(begun.records, records(0..9));
    let gap = |w: &&Warning| {
        matches!(
            w,
            Warning::Gap {
                first_lost: 9,
                records_lost: 1,
                ..
            }
        )
    };
    assert_eq!(
        begun.warnings.iter().filter(gap).count(),
        1,
        "{:?}",
        begun.warnings
    );
}

#[test]
fn a_damaged_log_goes_on_and_the_next_checkpoint_heals_it() {
    let disk = filled(&GROUPS);
    assert!(disk.corrupt(&first_log(), format::HEADER + format::BLOCK_HEADER, 0xff));
    // The first group lost its records 0 and 1.
    let mut begun = start(&disk);
    assert_eq!(begun.records, records(2..9));
    assert!(matches!(begun.warnings[..], [Warning::Damaged { .. }]));
    begun.journal.append(&record(9)).unwrap();
    begun.journal.commit().unwrap();
    drop(begun.journal);
    let again = start(&disk);
    assert_eq!((again.records, again.warnings), (records(2..10), vec![]));
}

#[test]
fn a_block_inside_a_record_is_not_taken_for_one() {
    // A real block as a record that somebody sent: its numbers fit where it will lie, only its place does not.
    let donor = MemoryDisk::new();
    let begin = |disk: &MemoryDisk| {
        let opened = open::<_, Vec<u8>, Vec<u8>>(disk.clone(), IDENTITY).unwrap();
        opened.begin(&[]).unwrap()
    };
    let log = first_log();
    let mut journal = begin(&donor);
    journal.append(&b"x".to_vec()).unwrap();
    journal.commit().unwrap();
    let begins = journal.log_bytes() as usize;
    journal.append(&b"forged".to_vec()).unwrap();
    journal.commit().unwrap();
    let block = donor.read(&log).unwrap()[begins..].to_vec();

    let disk = MemoryDisk::new();
    let mut journal = begin(&disk);
    for part in [b"before".to_vec(), block, b"after".to_vec()] {
        journal.append(&part).unwrap();
        journal.commit().unwrap();
    }
    let bytes = disk.read(&log).unwrap();
    let marker = |at: &usize| bytes[*at..].starts_with(&format::MARKER);
    let markers: Vec<usize> = (0..bytes.len()).filter(marker).collect();
    assert_eq!(markers.len(), 4, "three blocks, and one that is none");
    assert!(disk.corrupt(&log, markers[1] + format::BLOCK_HEADER, 1));
    let recovered = read_file::<Vec<u8>>(&disk, &log, IDENTITY).unwrap();
    assert_eq!(recovered.records, [b"before".to_vec(), b"after".to_vec()]);
}

proptest! {
    #[test]
    fn garbage_is_never_a_record_nor_a_panic(
        from in format::HEADER..1500usize,
        garbage in prop::collection::vec(prop_oneof![any::<u8>(), prop::sample::select(&format::MARKER[..])], 0..400),
        keep_rest: bool,
    ) {
        let log = first_log();
        let mut disk = filled(&GROUPS);
        let bytes = disk.read(&log).unwrap();
        let from = from.min(bytes.len());
        let to = if keep_rest { (from + garbage.len()).min(bytes.len()) } else { bytes.len() };
        let changed = [&bytes[..from], &garbage, &bytes[to..]].concat();
        put(&mut disk, &log, &changed);
        let begun = start(&disk);
        // What is read is what was written, in order, with gaps at most, and everything before the garbage is there.
        let mut written = records(0..9).into_iter();
        for record in &begun.records {
            prop_assert!(written.any(|candidate| candidate == *record), "{record:?}");
        }
        let whole_before = {
            let mut before = MemoryDisk::new();
            put(&mut before, &log, &bytes[..from]);
            read_file::<Record>(&before, &log, IDENTITY).unwrap()
        };
        prop_assert!(begun.records.starts_with(&whole_before.records));
    }
}
