//! A [`Disk`] in a directory of the machine's file system.

use super::disk::{Disk, check_file_name};
use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Name of the file whose lock says that the directory is in use; not a name that [`Disk`] lists or accepts.
const LOCK: &str = ".lock";

/// A directory. While it is open for writing no other process can open it so, and two controllers never share a store.
#[derive(Debug)]
pub struct LiveDisk {
    directory: PathBuf,
    /// Files that were appended to, kept open.
    open: BTreeMap<String, OpenFile>,
    /// Holds the lock for as long as this lives; `None` when nothing may be changed.
    lock: Option<File>,
}

#[derive(Debug)]
struct OpenFile {
    file: File,
    /// The directory entry is new and not yet durable.
    name_unsynced: bool,
}

impl LiveDisk {
    /// Opens a directory; creates it when there is none.
    ///
    /// # Errors
    /// Those of the operating system; [`io::ErrorKind::WouldBlock`] when another process has it open.
    pub fn open(directory: &Path) -> io::Result<Self> {
        let context = |error: io::Error| {
            io::Error::new(error.kind(), format!("{}: {error}", directory.display()))
        };
        let existed = directory.is_dir();
        if !existed && directory.exists() {
            let message = format!("{}: is a file, not a directory", directory.display());
            return Err(io::Error::new(io::ErrorKind::NotADirectory, message));
        }
        fs::create_dir_all(directory).map_err(context)?;
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(directory.join(LOCK))
            .map_err(context)?;
        lock_exclusively(&lock).map_err(|error| {
            if error.kind() == io::ErrorKind::WouldBlock {
                let message = format!(
                    "{}: another process is using this store; stop it first, or name another directory",
                    directory.display()
                );
                io::Error::new(io::ErrorKind::WouldBlock, message)
            } else {
                context(error)
            }
        })?;
        let disk = Self {
            directory: directory.to_path_buf(),
            open: BTreeMap::new(),
            lock: Some(lock),
        };
        if !existed && let Some(parent) = directory.parent() {
            // Its own name must be durable, too. The parent of a bare name is empty and means the working directory.
            let parent = match parent.as_os_str().is_empty() {
                true => Path::new("."),
                false => parent,
            };
            sync_directory(parent).map_err(context)?;
        }
        Ok(disk)
    }

    /// Opens a directory for looking at it, also while a controller is at work in it. All changing calls are refused.
    ///
    /// # Errors
    /// Those of the operating system; [`io::ErrorKind::NotFound`] when there is no such directory.
    pub fn open_read_only(directory: &Path) -> io::Result<Self> {
        if !fs::metadata(directory)
            .map_err(|error| named(directory, error))?
            .is_dir()
        {
            return Err(io::Error::new(
                io::ErrorKind::NotADirectory,
                format!("{}: not a directory", directory.display()),
            ));
        }
        Ok(Self {
            directory: directory.to_path_buf(),
            open: BTreeMap::new(),
            lock: None,
        })
    }

    /// Where a file is that is about to be changed.
    fn path_to_change(&self, file: &str) -> io::Result<PathBuf> {
        match self.lock {
            Some(_) => self.path(file),
            None => Err(io::Error::new(
                io::ErrorKind::PermissionDenied,
                format!("{}: open for reading only", self.directory.display()),
            )),
        }
    }

    /// Where a file is.
    fn path(&self, file: &str) -> io::Result<PathBuf> {
        check_file_name(file)?;
        Ok(self.directory.join(file))
    }

    /// The file, open for appending.
    fn opened(&mut self, file: &str, create: bool) -> io::Result<&mut OpenFile> {
        let path = self.path_to_change(file)?;
        if !self.open.contains_key(file) {
            let existed = path.try_exists()?;
            let opened = OpenOptions::new()
                .append(true)
                .create(create)
                .open(&path)
                .map_err(|error| named(&path, error))?;
            self.open.insert(
                file.to_owned(),
                OpenFile {
                    file: opened,
                    name_unsynced: !existed,
                },
            );
        }
        self.open
            .get_mut(file)
            .ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
    }
}

impl Disk for LiveDisk {
    fn append(&mut self, file: &str, bytes: &[u8]) -> io::Result<()> {
        let path = self.path_to_change(file)?;
        let opened = self.opened(file, true)?;
        opened
            .file
            .write_all(bytes)
            .map_err(|error| named(&path, error))
    }

    fn sync(&mut self, file: &str) -> io::Result<()> {
        let path = self.path_to_change(file)?;
        let directory = self.directory.clone();
        let opened = self.opened(file, false)?;
        // `sync_data` is fdatasync: it includes the length, without which the data could not be read back.
        opened
            .file
            .sync_data()
            .map_err(|error| named(&path, error))?;
        if opened.name_unsynced {
            sync_directory(&directory)?;
            opened.name_unsynced = false;
        }
        Ok(())
    }

    fn read(&self, file: &str) -> io::Result<Vec<u8>> {
        let path = self.path(file)?;
        fs::read(&path).map_err(|error| named(&path, error))
    }

    fn size(&self, file: &str) -> io::Result<u64> {
        let path = self.path(file)?;
        let metadata = fs::metadata(&path).map_err(|error| named(&path, error))?;
        Ok(metadata.len())
    }

    fn list(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.directory)? {
            let entry = entry?;
            if entry.file_type()?.is_file()
                && let Ok(name) = entry.file_name().into_string()
                && check_file_name(&name).is_ok()
            {
                names.push(name);
            }
        }
        names.sort();
        Ok(names)
    }

    fn rename(&mut self, from: &str, to: &str) -> io::Result<()> {
        let (from_path, to_path) = (self.path_to_change(from)?, self.path(to)?);
        fs::rename(&from_path, &to_path).map_err(|error| named(&from_path, error))?;
        // An open handle follows its file, not the name.
        self.open.remove(to);
        if let Some(mut opened) = self.open.remove(from) {
            opened.name_unsynced = false;
            self.open.insert(to.to_owned(), opened);
        }
        sync_directory(&self.directory)
    }

    fn remove(&mut self, file: &str) -> io::Result<()> {
        let path = self.path_to_change(file)?;
        self.open.remove(file);
        fs::remove_file(&path).map_err(|error| named(&path, error))?;
        sync_directory(&self.directory)
    }

    fn truncate(&mut self, file: &str, length: u64) -> io::Result<()> {
        let path = self.path_to_change(file)?;
        let opened = self.opened(file, false)?;
        let length_now = opened.file.metadata()?.len();
        if length_now < length {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!(
                    "{}: has {length_now} bytes, cannot be cut off after {length}",
                    path.display()
                ),
            ));
        }
        opened
            .file
            .set_len(length)
            .map_err(|error| named(&path, error))
    }
}

/// The error with the file that it is about.
fn named(path: &Path, error: io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

/// Makes the names in a directory durable.
#[cfg(unix)]
fn sync_directory(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

/// Other systems have no such call.
#[cfg(not(unix))]
fn sync_directory(_directory: &Path) -> io::Result<()> {
    Ok(())
}

/// Takes the lock that ends with the process, however that ends.
#[cfg(unix)]
fn lock_exclusively(file: &File) -> io::Result<()> {
    use std::os::fd::AsRawFd;
    // SAFETY: the descriptor is open, since `file` is borrowed.
    match unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_EX | libc::LOCK_NB) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Other systems are for looking at stores, not for controlling.
#[cfg(not(unix))]
fn lock_exclusively(_file: &File) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use super::*;

    /// A directory of this test's own, empty.
    fn directory(test: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("takt-rt-{}-{test}", std::process::id()));
        match fs::remove_dir_all(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => panic!("{error}"),
            _ => path,
        }
    }

    #[test]
    fn files_survive_the_handle() {
        let path = directory("survive");
        let mut disk = LiveDisk::open(&path).unwrap();
        disk.append("a", b"one").unwrap();
        disk.append("a", b"two").unwrap();
        disk.sync("a").unwrap();
        disk.append("b.new", b"three").unwrap();
        disk.sync("b.new").unwrap();
        disk.rename("b.new", "b").unwrap();
        disk.append("b", b"four").unwrap();
        drop(disk);

        let mut disk = LiveDisk::open(&path).unwrap();
        assert_eq!(disk.list().unwrap(), ["a", "b"]);
        assert_eq!(disk.read("a").unwrap(), b"onetwo");
        assert_eq!(disk.read("b").unwrap(), b"threefour");
        disk.truncate("a", 4).unwrap();
        disk.append("a", b"!").unwrap();
        assert_eq!(disk.read("a").unwrap(), b"onet!");
        assert_eq!(
            disk.truncate("a", 6).unwrap_err().kind(),
            io::ErrorKind::InvalidInput
        );
        disk.rename("a", "b").unwrap();
        disk.append("b", b"?").unwrap();
        assert_eq!(disk.read("b").unwrap(), b"onet!?");
        disk.remove("b").unwrap();
        assert!(disk.list().unwrap().is_empty());
        fs::remove_dir_all(&path).unwrap();
    }

    #[test]
    fn a_store_in_use_is_refused() {
        let path = directory("lock");
        let disk = LiveDisk::open(&path).unwrap();
        let error = LiveDisk::open(&path).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
        assert!(error.to_string().contains("another process"), "{error}");
        drop(disk);
        drop(LiveDisk::open(&path).unwrap());
        fs::remove_dir_all(&path).unwrap();
    }

    #[test]
    fn a_store_in_use_can_be_looked_at_but_not_changed() {
        let path = directory("read-only");
        let missing = LiveDisk::open_read_only(&path).unwrap_err();
        assert_eq!(missing.kind(), io::ErrorKind::NotFound);
        let mut disk = LiveDisk::open(&path).unwrap();
        disk.append("a", b"one").unwrap();
        let mut looking = LiveDisk::open_read_only(&path).unwrap();
        assert_eq!(looking.list().unwrap(), ["a"]);
        assert_eq!(looking.read("a").unwrap(), b"one");
        for outcome in [
            looking.append("a", b"two"),
            looking.sync("a"),
            looking.rename("a", "b"),
            looking.remove("a"),
            looking.truncate("a", 0),
        ] {
            let error = outcome.unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::PermissionDenied, "{error}");
        }
        assert_eq!(disk.read("a").unwrap(), b"one");
        fs::remove_dir_all(&path).unwrap();
    }

    #[test]
    fn missing_files_and_bad_names_are_errors() {
        let path = directory("errors");
        let mut disk = LiveDisk::open(&path).unwrap();
        for outcome in [
            disk.sync("x"),
            disk.remove("x"),
            disk.truncate("x", 0),
            disk.read("x").map(drop),
        ] {
            let error = outcome.unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::NotFound, "{error}");
        }
        for name in ["", "..", ".lock", "a/b", "../a", "a b", "a\0"] {
            let error = disk.append(name, b"").unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidInput, "{error}");
        }
        assert!(disk.list().unwrap().is_empty());
        fs::remove_dir_all(&path).unwrap();
    }
}
