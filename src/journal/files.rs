//! The names of a journal's files.
//!
//! `log-00000007.takt` holds records in the order in which they were appended; `checkpoint-00000007.takt` stands for
//! all records before that log.

use std::io;

use takt_rt::host::Disk;

/// The name of a log.
pub fn log_name(number: u32) -> String {
    format!("log-{number:08}.takt")
}

/// The name of a checkpoint.
pub fn checkpoint_name(number: u32) -> String {
    format!("checkpoint-{number:08}.takt")
}

/// Numbers of all logs and of all checkpoints in a store, ascending.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Files {
    /// Numbers of the logs.
    pub logs: Vec<u32>,
    /// Numbers of the checkpoints.
    pub checkpoints: Vec<u32>,
}

impl Files {
    /// What is there. Other files of the store are left out.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn list(disk: &impl Disk) -> io::Result<Self> {
        let mut files = Self::default();
        for name in disk.list()? {
            let number = |prefix| {
                let digits: &str = name.strip_prefix(prefix)?.strip_suffix(".takt")?;
                let plain = digits.len() >= 8 && digits.bytes().all(|b| b.is_ascii_digit());
                digits.parse::<u32>().ok().filter(|_| plain)
            };
            files.logs.extend(number("log-"));
            files.checkpoints.extend(number("checkpoint-"));
        }
        files.logs.sort_unstable();
        files.checkpoints.sort_unstable();
        Ok(files)
    }

    /// The greatest number in use; 0 when there is none.
    pub fn last(&self) -> u32 {
        let of = |numbers: &[u32]| numbers.last().copied().unwrap_or(0);
        of(&self.logs).max(of(&self.checkpoints))
    }

    /// All numbers in use, ascending, each once.
    pub fn numbers(&self) -> Vec<u32> {
        let mut numbers = [&self.logs[..], &self.checkpoints].concat();
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }

    /// Is there nothing?
    pub fn is_empty(&self) -> bool {
        self.logs.is_empty() && self.checkpoints.is_empty()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use takt_rt::host::MemoryDisk;

    #[test]
    fn only_names_of_a_journal_are_taken() {
        let mut disk = MemoryDisk::new();
        let others = ["log-1.takt", "log-0000000x.takt", "log-00000009.takt.new"];
        for name in [&log_name(7), &log_name(12), &checkpoint_name(7)]
            .into_iter()
            .map(String::as_str)
            .chain(others)
        {
            disk.append(name, b"x").unwrap();
        }
        let files = Files::list(&disk).unwrap();
        assert_eq!(
            (&files.logs[..], &files.checkpoints[..]),
            (&[7, 12][..], &[7][..])
        );
        assert_eq!(files.last(), 12);
    }
}
