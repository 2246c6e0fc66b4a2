//! The binary version of CIFAR as a source.

use crate::samples::{assert_part, dataset, folder_of, size, values};
use dcgan_artifacts::Part;
use flate2::read::GzDecoder;
use insta::assert_snapshot;
use std::io::Read as _;

const CIFAR: &str = "--out out --set prepare.source=cifar";
const TEN: &str = "cifar-10-binary.tar.gz";
const HUNDRED: &str = "cifar-100-binary.tar.gz";
const IMAGE: usize = 32 * 32 * 3;

#[test]
fn batches_of_cifar_10_in_their_archive() {
    let folder = folder_of(&[TEN]);
    folder.succeed(&format!("{CIFAR} --set prepare.cifar.path={TEN}"));
    let ten = dataset(&folder);
    assert_eq!(size(&ten), [32, 32, 3]);
    // Batches in order of their names, whatever their order in the archive.
    assert_part(&ten, Part::Train, 6, IMAGE, 0);
    assert_part(&ten, Part::Test, 3, IMAGE, 100);
    assert_eq!(ten.info().class_names, ["airplane", "automobile", "bird"]);
    let source = &ten.info().sources[0];
    assert_eq!((source.name.as_str(), source.count), (TEN, Some(9)));
    // Not compressed, it is the same dataset.
    let mut plain = Vec::new();
    GzDecoder::new(&folder.get(TEN)[..])
        .read_to_end(&mut plain)
        .unwrap();
    folder.put("plain.tar", &plain);
    folder.succeed(&format!("{CIFAR} --set prepare.cifar.path=plain.tar"));
    assert_eq!(dataset(&folder).content_sha256(), ten.content_sha256());
    // The first member once more, in front of the others.
    let member = 512 + (3 * (1 + IMAGE)).next_multiple_of(512);
    folder.put("twice.tar", &[&plain[..member], &plain].concat());
    let failure = folder.fail(&format!("{CIFAR} --set prepare.cifar.path=twice.tar"));
    assert!(
        failure.contains("`twice.tar` has `data_batch_2.bin` twice"),
        "{failure}"
    );
}

#[test]
fn the_folder_that_the_archive_unpacks_to() {
    let folder = folder_of(&[TEN]);
    folder.succeed(&format!("{CIFAR} --set prepare.cifar.path={TEN}"));
    let of_archive = dataset(&folder).content_sha256().to_owned();
    let mut plain = Vec::new();
    GzDecoder::new(&folder.get(TEN)[..])
        .read_to_end(&mut plain)
        .unwrap();
    let record = 1 + IMAGE;
    // Members start at multiples of 512, each behind a header.
    let batch = |header: usize| plain[header + 512..][..3 * record].to_vec();
    folder.put("batches/data_batch_2.bin", &batch(0));
    let next = 512 + (3 * record).next_multiple_of(512);
    folder.put("batches/data_batch_1.bin", &batch(next));
    folder.put("batches/test_batch.bin", &batch(2 * next));
    folder.put("batches/batches.meta.txt", b"airplane\nautomobile\nbird\n");
    folder.put("batches/readme.html", b"<html>");
    folder.succeed(&format!("{CIFAR} --set prepare.cifar.path=batches"));
    let of_folder = dataset(&folder);
    assert_eq!(of_folder.content_sha256(), of_archive);
    let sources = of_folder.info().sources.iter();
    let sources: Vec<(&str, Option<u64>)> = sources
        .map(|source| (source.name.as_str(), source.count))
        .collect();
    assert_eq!(
        sources,
        [
            ("batches/batches.meta.txt", None),
            ("batches/data_batch_1.bin", Some(3)),
            ("batches/data_batch_2.bin", Some(3)),
            ("batches/test_batch.bin", Some(3)),
        ]
    );
}

#[test]
fn the_two_kinds_of_labels_of_cifar_100() {
    let folder = folder_of(&[HUNDRED]);
    let arguments = format!("{CIFAR} --set prepare.cifar.path={HUNDRED}");
    folder.succeed(&arguments);
    let fine = dataset(&folder);
    assert_part(&fine, Part::Train, 6, IMAGE, 0);
    assert_eq!(fine.info().class_names, ["apple", "aquarium_fish", "baby"]);
    folder.succeed(&format!("{arguments} --set prepare.cifar.labels=coarse"));
    let coarse = dataset(&folder);
    let train = coarse.read_part(Part::Train).unwrap();
    assert_eq!(train.images, values(6 * IMAGE, 0));
    assert_eq!(train.labels.unwrap(), [1, 0, 1, 1, 0, 1]);
    assert_eq!(coarse.info().class_names, ["aquatic_mammals", "fish"]);
    folder.succeed(&format!("{arguments} --set prepare.cifar.labels=none"));
    assert_eq!(dataset(&folder).labels(Part::Train), None);
}

#[test]
fn what_does_not_fit_is_refused_with_a_way_out() {
    let folder = folder_of(&[TEN, "medmnist.npz"]);
    let fail = |path: &str| folder.fail(&format!("{CIFAR} --set prepare.cifar.path={path}"));
    assert_snapshot!(folder.fail(CIFAR), @r"
    exit code 2
    error: `prepare.cifar.path` is not set: expected a file, as `prepare.source` is `cifar`
    hint: give `--set prepare.cifar.path=cifar-10-binary.tar.gz`, or a folder
    ");
    assert_snapshot!(fail("none.tar.gz"), @r"
    exit code 3
    error: file `none.tar.gz` does not exist
    hint: check the path
    ");
    assert_snapshot!(fail("medmnist.npz"), @r"
    exit code 3
    error: `medmnist.npz` is no tar archive: expected one, plain or gzip
    hint: give `cifar-10-binary.tar.gz` or `cifar-100-binary.tar.gz`, the binary versions, or the folder that one unpacks to
    ");
    let bytes = folder.get(TEN);
    folder.put("cut.tar.gz", &bytes[..bytes.len() / 2]);
    assert_snapshot!(fail("cut.tar.gz"), @r"
    exit code 3
    error: could not read `cut.tar.gz`
    caused by: incomplete deflate stream
    hint: the download may have been cut: get the file again
    ");
    folder.put("folder/notes.txt", b"none");
    assert_snapshot!(fail("folder"), @r"
    exit code 3
    error: `folder` has no batch of CIFAR: expected `data_batch_1.bin` to `data_batch_5.bin` of CIFAR-10, or `train.bin` of CIFAR-100
    hint: give `cifar-10-binary.tar.gz` or `cifar-100-binary.tar.gz`, the binary versions, or the folder that one unpacks to
    ");
    folder.put("short/data_batch_1.bin", &[1; 5000]);
    assert_snapshot!(fail("short"), @r"
    exit code 3
    error: `data_batch_1.bin` in `short` ends within a record: expected a multiple of 3073 bytes
    hint: the download may have been cut: get the file again
    ");
    folder.put("label/data_batch_1.bin", &[77; 3073]);
    folder.put("label/batches.meta.txt", b"airplane\n");
    assert_snapshot!(fail("label"), @r"
    exit code 3
    error: label 77 of image 0 of `data_batch_1.bin` has no class: expected labels below 1, the number of names of classes
    hint: name every class in `prepare.class_names`, or leave it empty
    ");
    assert_snapshot!(
        folder.fail(&format!(
            "{CIFAR} --set prepare.cifar.path={TEN} --set prepare.cifar.labels=coarse"
        )),
        @r"
    exit code 3
    error: `data_batch_2.bin` in `cifar-10-binary.tar.gz` has one label per image: expected two, as `prepare.cifar.labels` is `coarse`
    hint: set `prepare.cifar.labels` to `fine`
    "
    );
}
