//! A ZIP archive of any files, which are read in place.

use super::fault::Fault;
use super::zip::{self, Member};
use crate::atomic;
use crate::error::{Artifact, Error};
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

/// Maximum length of a directory: some million files.
const MOST_DIRECTORY: u64 = 1 << 28;

/// A ZIP archive, whose members are stored or deflated. Nothing is unpacked to the disk, and the
/// names of members are text only.
#[derive(Debug)]
pub struct ZipArchive {
    file: File,
    size: u64,
    members: Vec<Member>,
}

impl ZipArchive {
    /// Reads the directory of an archive.
    ///
    /// # Errors
    /// [`Error::Missing`], [`Error::Read`], [`Error::Damaged`], and [`Error::Unfit`] for encrypted
    /// members, other compressions, and members that share their bytes, as in an archive bomb.
    pub fn open(path: &Path, artifact: Artifact) -> Result<Self, Error> {
        let (file, size) = atomic::open(path, artifact)?;
        let members = zip::members(&file, size, MOST_DIRECTORY);
        let members = members.map_err(|fault| fault.at(path, artifact))?;
        let packed = members.iter().map(|member| member.packed);
        if packed.fold(0, u64::saturating_add) > size {
            let expected = "members of their own bytes";
            let got = "several of the same bytes, as in an archive bomb";
            return Err(Error::unfit(path, artifact, expected, got));
        }
        Ok(Self {
            file,
            size,
            members,
        })
    }

    /// Name and length of each member, folders included, in the order of the directory. A name may
    /// be any text: it must not be used as a path to write to.
    pub fn members(&self) -> impl Iterator<Item = (&str, u64)> {
        let members = self.members.iter();
        members.map(|member| (member.name.as_str(), member.unpacked))
    }

    /// The bytes of member `place`, checked by its checksum; `None` if there are more than `most`.
    ///
    /// # Errors
    /// The system's, and [`io::ErrorKind::InvalidData`] for a damaged member.
    pub fn read(&self, place: usize, most: u64) -> io::Result<Option<Vec<u8>>> {
        let Some(member) = self.members.get(place) else {
            return Err(io::ErrorKind::NotFound.into());
        };
        if member.unpacked > most || member.packed > most {
            return Ok(None);
        }
        let packed = member.packed_bytes(&self.file, self.size);
        let packed = packed.map_err(Fault::into_io)?;
        let mut bytes = Vec::new();
        member.content(&packed[..]).read_to_end(&mut bytes)?;
        if bytes.len() as u64 != member.unpacked {
            let message = "a member ends before its length";
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        }
        Ok(Some(bytes))
    }
}
