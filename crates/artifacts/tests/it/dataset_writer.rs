//! Datasets written picture by picture, in any order, have the same bytes as one written at once.

use crate::examples::{dataset_info, parts};
use dcgan_artifacts::{
    DatasetInfo, DatasetReader, DatasetWriter, Error, FileDigest, Kept, Part, PartData,
    digest_file, write_dataset,
};
use std::collections::BTreeMap;
use std::path::Path;

fn lengths(parts: &BTreeMap<Part, PartData>) -> BTreeMap<Part, usize> {
    parts.iter().map(|(part, data)| (*part, data.n)).collect()
}

/// Every place for which `stays` is true.
fn kept(
    parts: &BTreeMap<Part, PartData>,
    stays: impl Fn(Part, u32) -> bool,
) -> BTreeMap<Part, Kept> {
    let of_part = |(part, data): (&Part, &PartData)| {
        let n = u32::try_from(data.n).unwrap();
        let places: Vec<u32> = (0..n).filter(|place| stays(*part, *place)).collect();
        let label = |labels: &Vec<u8>| places.iter().map(|place| labels[*place as usize]).collect();
        let labels = data.labels.as_ref().map(label);
        (*part, Kept { places, labels })
    };
    parts.iter().map(of_part).collect()
}

/// Writes all pictures backwards, on one thread per part, and keeps those that stay.
fn write(
    path: &Path,
    info: &DatasetInfo,
    parts: &BTreeMap<Part, PartData>,
    kept: &BTreeMap<Part, Kept>,
) -> FileDigest {
    let writer = DatasetWriter::create(path, info, &lengths(parts)).unwrap();
    std::thread::scope(|scope| {
        for (part, data) in parts {
            let writer = &writer;
            scope.spawn(move || {
                let images = data.images.chunks_exact(info.image_len());
                for (place, pixels) in images.enumerate().rev() {
                    writer.write_image(*part, place, pixels).unwrap();
                    let mut read = vec![0; pixels.len()];
                    writer.read_image(*part, place, &mut read).unwrap();
                    assert_eq!(read, pixels);
                }
            });
        }
    });
    assert!(!path.exists(), "it has no name yet");
    writer.finish(kept).unwrap()
}

#[test]
fn all_kept_gives_the_bytes_of_one_written_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let (once, by_picture) = (folder.path().join("once"), folder.path().join("by-picture"));
    let (info, parts) = (dataset_info(), parts());
    let digest = write_dataset(&once, &info, &parts).unwrap();
    let found = write(&by_picture, &info, &parts, &kept(&parts, |_, _| true));
    assert_eq!(found, digest);
    assert_eq!(digest_file(&by_picture).unwrap(), digest);
}

#[test]
fn gaps_are_closed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dataset.safetensors");
    // Enough pictures to move across blocks and to need fewer digits afterwards.
    let n = 70_000;
    let info = dataset_info();
    let data = |first: usize, n: usize| PartData {
        images: (0..n * info.image_len())
            .map(|at| u8::try_from((first + at) * 31 % 251).unwrap())
            .collect(),
        labels: Some((0..n).map(|at| u8::from(at % 3 == 0)).collect()),
        n,
    };
    let parts = BTreeMap::from([(Part::Train, data(0, n)), (Part::Test, data(7, 12))]);
    let kept = kept(&parts, |part, place| match part {
        Part::Train => place > 9 && place % 1000 != 5 && place < 69_999,
        _ => place % 2 == 1,
    });
    let digest = write(&path, &info, &parts, &kept);
    assert_eq!(digest_file(&path).unwrap(), digest);
    let reader = DatasetReader::open(&path).unwrap();
    for (part, kept) in &kept {
        let image = |place: &u32| {
            let image_len = info.image_len();
            parts[part].images[*place as usize * image_len..][..image_len].to_vec()
        };
        let read = reader.read_part(*part).unwrap();
        assert_eq!(read.labels, kept.labels);
        assert_eq!(
            read.images,
            kept.places.iter().map(image).collect::<Vec<_>>().concat()
        );
    }
    assert_eq!(reader.len(Part::Test), Some(6));
}

#[test]
fn a_part_may_be_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let (once, path) = (folder.path().join("once"), folder.path().join("dataset"));
    let (info, mut parts) = (dataset_info(), parts());
    let mut kept = kept(&parts, |_, _| true);
    kept.remove(&Part::Test);
    write(&path, &info, &parts, &kept);
    parts.remove(&Part::Test);
    write_dataset(&once, &info, &parts).unwrap();
    let hash = |path: &Path| {
        DatasetReader::open(path)
            .unwrap()
            .content_sha256()
            .to_owned()
    };
    assert_eq!(hash(&path), hash(&once));
}

#[test]
fn what_does_not_fit_is_refused_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dataset");
    let (info, parts) = (dataset_info(), parts());
    let pixels = vec![0; info.image_len()];
    let create = || DatasetWriter::create(&path, &info, &lengths(&parts)).unwrap();
    let is_refused = |result: Result<(), Error>| {
        let error = result.unwrap_err();
        assert!(matches!(error, Error::Contradiction { .. }), "{error:?}");
    };
    is_refused(create().write_image(Part::Train, 3, &pixels));
    is_refused(create().write_image(Part::Train, 0, &pixels[1..]));
    is_refused(create().read_image(Part::Validation, usize::MAX, &mut pixels.clone()));
    let all = kept(&parts, |_, _| true);
    let change = |change: &dyn Fn(&mut Kept)| {
        let mut kept = all.clone();
        change(kept.get_mut(&Part::Train).unwrap());
        is_refused(create().finish(&kept).map(drop));
    };
    change(&|kept| kept.places = vec![0, 1, 1]);
    change(&|kept| kept.places = vec![0, 1, 3]);
    change(&|kept| kept.labels = None);
    change(&|kept| kept.labels = Some(vec![0, 1]));
    change(&|kept| kept.labels = Some(vec![0, 1, 200]));
    is_refused(create().finish(&BTreeMap::new()).map(drop));
    is_refused(DatasetWriter::create(&path, &info, &BTreeMap::new()).map(drop));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
