//! A file of another program, its arrays, and their values.

use super::array::{Array, Place};
use super::element::Element;
use super::fault::Fault;
use super::{npy, zip};
use crate::container::Container;
use crate::digest::BLOCK;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

/// Maximum number of archive members whose headers are read.
const MOST_ARRAYS: usize = 1024;
/// Maximum length of an archive's directory: some thousand arrays.
const MOST_DIRECTORY: u64 = 1 << 20;
/// Names of image arrays, likeliest first, each with the name of its labels.
pub(super) const NAMES: [(&str, &str); 2] = [("images", "labels"), ("arr_0", "arr_1")];

/// A file and the arrays in it.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) file: File,
    /// Size of an archive in bytes.
    pub(super) size: u64,
    pub(super) arrays: BTreeMap<String, Array>,
    /// Descriptions of other contents.
    pub(super) others: Vec<String>,
}

impl Source {
    pub(super) fn npy(mut file: File, size: u64, path: &Path) -> Result<Self, Fault> {
        file.seek(SeekFrom::Start(0))?;
        let header = npy::header(&mut &file)?;
        let name = path
            .file_stem()
            .map(dcgan_hints::text_of)
            .unwrap_or_default();
        let array = Array::new(header.shape, header.element, Place::At(header.bytes));
        array.require_bytes(&name, size.saturating_sub(header.bytes))?;
        Ok(Self {
            file,
            size,
            arrays: BTreeMap::from([(name, array)]),
            others: Vec::new(),
        })
    }

    pub(super) fn npz(file: File, size: u64) -> Result<Self, Fault> {
        let members = zip::members(&file, size, MOST_DIRECTORY)?;
        if members
            .iter()
            .any(|member| member.name.ends_with("data.pkl"))
        {
            let got = "an archive of `torch.save`, which may hold any program";
            return Err(Fault::unfit("an .npz of NumPy or a safetensors file", got));
        }
        if members.len() > MOST_ARRAYS {
            let got = members.len().to_string();
            return Err(Fault::unfit(format!("at most {MOST_ARRAYS} arrays"), got));
        }
        let (mut arrays, mut others) = (BTreeMap::new(), Vec::new());
        for member in members {
            let Some(name) = member.name.strip_suffix(".npy").map(str::to_owned) else {
                others.push(format!("`{}`", member.name));
                continue;
            };
            let header = match npy::header(&mut member.open(&file, size)?) {
                // Arrays of text or records next to the images are ignored.
                Err(Fault::Unfit(..))
                    if !NAMES.iter().any(|(a, b)| [*a, *b].contains(&name.as_str())) =>
                {
                    others.push(format!("`{name}`"));
                    continue;
                }
                header => header?,
            };
            let bytes = member.unpacked.saturating_sub(header.bytes);
            let array = Array::new(
                header.shape,
                header.element,
                Place::In(member, header.bytes),
            );
            array.require_bytes(&name, bytes)?;
            arrays.insert(name, array);
        }
        Ok(Self {
            file,
            size,
            arrays,
            others,
        })
    }

    /// The arrays of a safetensors file, with offsets already checked against its size.
    pub(super) fn container(container: Container) -> Result<Self, Fault> {
        let (mut arrays, mut others) = (BTreeMap::new(), Vec::new());
        for (name, place) in &container.places {
            match Element::of_safetensors(place.dtype) {
                None => others.push(format!("`{name}` of type {:?}", place.dtype)),
                Some(element) => {
                    let array = Array::new(place.shape.clone(), element, Place::At(place.start));
                    array.require_bytes(name, place.bytes)?;
                    arrays.insert(name.clone(), array);
                }
            }
        }
        Ok(Self {
            file: container.into_file(),
            size: 0,
            arrays,
            others,
        })
    }

    /// The bytes of an array.
    pub(super) fn open(&self, array: &Array) -> Result<Box<dyn Read + '_>, Fault> {
        let bytes = array.bytes().unwrap_or_default();
        match &array.place {
            Place::At(start) => {
                let mut file = &self.file;
                file.seek(SeekFrom::Start(*start))?;
                Ok(Box::new(file.take(bytes)))
            }
            Place::In(member, before) => {
                let mut content = member.open(&self.file, self.size)?;
                io::copy(&mut (&mut content).take(*before), &mut io::sink())?;
                Ok(Box::new(content))
            }
        }
    }

    /// Passes on the numbers of an array.
    pub(super) fn each(&self, array: &Array, mut take: impl FnMut(f64)) -> Result<(), Fault> {
        let element = array.element;
        let mut left = array.bytes().unwrap_or_default();
        let mut reader = self.open(array)?;
        // A multiple of every element's bytes.
        let mut block = vec![0; usize::try_from(left).unwrap_or(BLOCK).min(BLOCK)];
        while left > 0 {
            let n = usize::try_from(left).unwrap_or(BLOCK).min(BLOCK);
            reader.read_exact(&mut block[..n])?;
            element.each(&block[..n], &mut take);
            left -= n as u64;
        }
        Ok(())
    }

    /// Names of everything in the file.
    pub(super) fn names(&self) -> String {
        let arrays = self.arrays.keys().map(|name| format!("`{name}`"));
        let names: Vec<String> = arrays.chain(self.others.clone()).take(20).collect();
        if names.is_empty() {
            "none".into()
        } else {
            names.join(", ")
        }
    }
}
