//! A place for files that outlive the program.

use std::io;

/// A flat set of named files, with what a journal needs and no more.
///
/// What each call promises against a crash of the machine:
/// - [`append`](Disk::append) and [`truncate`](Disk::truncate): nothing until the file is synced. After a crash the file
///   has what was synced, followed by any part of the rest, possibly with holes; what was cut off may be back.
/// - [`sync`](Disk::sync): all of the file, and that it exists, is durable when it returns.
/// - [`rename`](Disk::rename) and [`remove`](Disk::remove): happen entirely or not at all, durable when they return.
///
/// After `append` or `sync` has failed, the state of the file is unknown until it is read again (Linux may drop pages
/// that it failed to write and report it only once).
pub trait Disk {
    /// Appends to a file; creates it when there is none.
    ///
    /// # Errors
    /// Those of the operating system; part of `bytes` may have been appended.
    fn append(&mut self, file: &str, bytes: &[u8]) -> io::Result<()>;

    /// Makes everything appended so far durable.
    ///
    /// # Errors
    /// Those of the operating system; [`io::ErrorKind::NotFound`] when there is no such file.
    fn sync(&mut self, file: &str) -> io::Result<()>;

    /// All of a file.
    ///
    /// # Errors
    /// Those of the operating system; [`io::ErrorKind::NotFound`] when there is no such file.
    fn read(&self, file: &str) -> io::Result<Vec<u8>>;

    /// Length of a file in bytes.
    ///
    /// # Errors
    /// Those of the operating system; [`io::ErrorKind::NotFound`] when there is no such file.
    fn size(&self, file: &str) -> io::Result<u64>;

    /// The names of all files, sorted.
    ///
    /// # Errors
    /// Those of the operating system.
    fn list(&self) -> io::Result<Vec<String>>;

    /// Renames a file, over an existing one if need be.
    ///
    /// # Errors
    /// Those of the operating system; whether it happened is then unknown.
    fn rename(&mut self, from: &str, to: &str) -> io::Result<()>;

    /// Removes a file.
    ///
    /// # Errors
    /// Those of the operating system; [`io::ErrorKind::NotFound`] when there is no such file.
    fn remove(&mut self, file: &str) -> io::Result<()>;

    /// Cuts a file off after `length` bytes.
    ///
    /// # Errors
    /// Those of the operating system; [`io::ErrorKind::InvalidInput`] when the file is shorter.
    fn truncate(&mut self, file: &str, length: u64) -> io::Result<()>;
}

/// A disk of which only the user's choice is known: a directory, or memory.
impl<D: Disk + ?Sized> Disk for Box<D> {
    fn append(&mut self, file: &str, bytes: &[u8]) -> io::Result<()> {
        (**self).append(file, bytes)
    }
    fn sync(&mut self, file: &str) -> io::Result<()> {
        (**self).sync(file)
    }
    fn read(&self, file: &str) -> io::Result<Vec<u8>> {
        (**self).read(file)
    }
    fn size(&self, file: &str) -> io::Result<u64> {
        (**self).size(file)
    }
    fn list(&self) -> io::Result<Vec<String>> {
        (**self).list()
    }
    fn rename(&mut self, from: &str, to: &str) -> io::Result<()> {
        (**self).rename(from, to)
    }
    fn remove(&mut self, file: &str) -> io::Result<()> {
        (**self).remove(file)
    }
    fn truncate(&mut self, file: &str, length: u64) -> io::Result<()> {
        (**self).truncate(file, length)
    }
}

/// Refuses names that could lead out of the directory or hide a file.
///
/// # Errors
/// [`io::ErrorKind::InvalidInput`] unless the name is made of letters, digits, `-`, `_` and `.` and does not start with
/// a `.`.
pub fn check_file_name(file: &str) -> io::Result<()> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if file.is_empty() || file.starts_with('.') || !file.chars().all(allowed) {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            format!(
                "{file:?} is no name for a store's file (letters, digits, '-', '_', '.', not starting with '.')"
            ),
        ));
    }
    Ok(())
}
