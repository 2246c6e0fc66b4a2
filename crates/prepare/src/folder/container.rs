//! Files that are inside another file: an archive, or a table.

use std::fmt;
use std::io;

/// A file of files, which are read in place and by number.
pub trait Collection: fmt::Debug + Send + Sync {
    /// Name and length of each file, in their order. A name may be any text.
    fn members(&self) -> Vec<(String, u64)>;

    /// The bytes of file `place`; `None` for more than `dcgan_pictures::MAX_FILE_BYTES`.
    ///
    /// # Errors
    /// The system's, and [`io::ErrorKind::InvalidData`] for damaged contents.
    fn read(&self, place: usize) -> io::Result<Option<Vec<u8>>>;

    /// The label of file `place`, where the collection has a column of labels.
    fn label(&self, _place: usize) -> Option<&str> {
        None
    }

    /// The names of the classes that numbers of [`Collection::label`] mean, if they are known.
    fn class_names(&self) -> &[String] {
        &[]
    }
}
