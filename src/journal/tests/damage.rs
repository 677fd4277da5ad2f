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
    let length = intact.read(FILE).unwrap().len();
    let mut lost_groups = vec![0; GROUPS.len()];
    for offset in 0..length {
        let disk = MemoryDisk::new();
        put(&mut disk.clone(), FILE, &intact.read(FILE).unwrap());
        assert!(disk.corrupt(FILE, offset, 1 << (offset % 8)));
        let outcome = read::<Record>(&disk, FILE, IDENTITY);
        if offset < format::HEADER {
            assert!(outcome.is_err(), "byte {offset} of the header");
            continue;
        }
        let recovered = outcome.unwrap();
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
            } => {
                assert!((*from..from + bytes).contains(&(offset as u64)));
                assert_eq!(groups()[lost[0]], *first_lost..first_lost + records_lost);
            }
            Warning::TornTail {
                offset: from,
                bytes,
            } => {
                assert_eq!(lost[0], GROUPS.len() - 1, "the last group looks torn");
                assert_eq!(from + bytes, length as u64);
            }
        }
    }
    assert!(
        lost_groups.iter().all(|bytes| *bytes > 20),
        "{lost_groups:?}"
    );
}

#[test]
fn a_damaged_journal_goes_on_and_a_checkpoint_heals_it() {
    let disk = filled(&GROUPS);
    assert!(disk.corrupt(FILE, format::HEADER + format::BLOCK_HEADER, 0xff));
    // The first group lost its records 0 and 1.
    let (mut journal, recovered) = open(&disk);
    assert_eq!(recovered.records, records(2..9));
    journal.append(&record(9)).unwrap();
    journal.commit().unwrap();
    drop(journal);
    let (mut journal, recovered) = open(&disk);
    assert_eq!(recovered.records, records(2..10));
    assert_eq!(recovered.warnings.len(), 1);
    journal.checkpoint(&recovered.records).unwrap();
    drop(journal);
    let (_, recovered) = open(&disk);
    assert_eq!(
        (recovered.records, recovered.warnings),
        (records(2..10), vec![])
    );
}

#[test]
fn a_block_inside_a_record_is_not_taken_for_one() {
    // A real block as a record that somebody sent: its numbers fit where it will lie, only its place does not.
    let donor = MemoryDisk::new();
    let (mut journal, _) = Journal::open(donor.clone(), FILE, IDENTITY).unwrap();
    journal.append(&b"x".to_vec()).unwrap();
    journal.commit().unwrap();
    let begins = journal.size_bytes() as usize;
    journal.append(&b"forged".to_vec()).unwrap();
    journal.commit().unwrap();
    let block = donor.read(FILE).unwrap()[begins..].to_vec();

    let disk = MemoryDisk::new();
    let (mut journal, _) = Journal::open(disk.clone(), FILE, IDENTITY).unwrap();
    for part in [b"before".to_vec(), block, b"after".to_vec()] {
        journal.append(&part).unwrap();
        journal.commit().unwrap();
    }
    let bytes = disk.read(FILE).unwrap();
    let marker = |at: &usize| bytes[*at..].starts_with(&format::MARKER);
    let markers: Vec<usize> = (0..bytes.len()).filter(marker).collect();
    assert_eq!(markers.len(), 4, "three blocks, and one that is none");
    assert!(disk.corrupt(FILE, markers[1] + format::BLOCK_HEADER, 1));
    let recovered = read::<Vec<u8>>(&disk, FILE, IDENTITY).unwrap();
    assert_eq!(recovered.records, [b"before".to_vec(), b"after".to_vec()]);
}

proptest! {
    #[test]
    fn garbage_is_never_a_record_nor_a_panic(
        from in format::HEADER..1500usize,
        garbage in prop::collection::vec(prop_oneof![any::<u8>(), prop::sample::select(&format::MARKER[..])], 0..400),
        keep_rest: bool,
    ) {
        let mut disk = filled(&GROUPS);
        let bytes = disk.read(FILE).unwrap();
        let from = from.min(bytes.len());
        let to = if keep_rest { (from + garbage.len()).min(bytes.len()) } else { bytes.len() };
        let changed = [&bytes[..from], &garbage, &bytes[to..]].concat();
        put(&mut disk, FILE, &changed);
        let (_, recovered) = open(&disk);
        // What is read is what was written, in order, with gaps at most, and everything before the garbage is there.
        let mut written = records(0..9).into_iter();
        for record in &recovered.records {
            prop_assert!(written.any(|candidate| candidate == *record), "{record:?}");
        }
        let whole_before = read::<Record>(&{
            let mut before = MemoryDisk::new();
            put(&mut before, FILE, &bytes[..from]);
            before
        }, FILE, IDENTITY).unwrap();
        prop_assert!(recovered.records.starts_with(&whole_before.records));
    }
}
