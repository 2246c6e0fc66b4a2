//! Event files: the same bytes as from TensorBoard's own library, and resuming after a kill.

use crate::examples::put;
use dcgan_artifacts::{EventFile, Summary, SummaryHistogram};
use std::fs;
use std::path::Path;

/// From `tensorboard.summary.writer.record_writer.RecordWriter` (TensorBoard 2.21) and its protobuf
/// classes, for the events of [`write`] up to step 300.
const THEIRS: &str = "\
    1800000000000000a37f4b2209000000000000f83f1a0d627261696e2e4576656e743a322a28646c780000000000\
    0000a2a521c509000000000000044010ac022a6a0a0b0a046c6f7373150000803e0a5b0a06642f7265616c2a5109\
    9a9999999999b93f11cdccccccccccec3f19000000000000084021000000000000f83f291f85eb51b81eed3f3210\
    000000000000e03f000000000000f03f3a10000000000000f03f00000000000000406fc571c5";

fn append(file: &mut EventFile, step: u64) {
    let histogram = SummaryHistogram {
        min: 0.1,
        max: 0.9,
        sum: 1.5,
        sum_squares: 0.91,
        bins: vec![(0.5, 1.0), (1.0, 2.0)],
    };
    let summaries = [
        ("loss".to_owned(), Summary::Scalar(0.25)),
        ("d/real".to_owned(), Summary::Histogram(histogram)),
    ];
    file.append(step, 2.5, &summaries).unwrap();
}

fn write(path: &Path, steps: &[u64]) {
    let mut file = EventFile::create(path, 1.5).unwrap();
    for &step in steps {
        append(&mut file, step);
    }
    file.flush().unwrap();
}

#[test]
fn its_bytes_are_those_of_tensorboards_own_writer() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events");
    write(&path, &[300]);
    let theirs: Vec<u8> = (0..THEIRS.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&THEIRS[at..at + 2], 16).unwrap())
        .collect();
    assert_eq!(fs::read(&path).unwrap(), theirs);
}

#[test]
fn a_resumed_file_equals_an_undisturbed_one() {
    let folder = tempfile::tempdir().unwrap();
    let [whole, resumed] = ["whole", "resumed"].map(|name| folder.path().join(name));
    write(&whole, &[1, 128, 1 << 40]);
    let expected = fs::read(&whole).unwrap();

    write(&resumed, &[1, 2, 128, 129]);
    let longer = fs::read(&resumed).unwrap();
    // Cut at the step, and within a record.
    for torn in [longer.len(), longer.len() - 1, expected.len() / 2] {
        put(&resumed, &longer[..torn]);
        let mut file = EventFile::resume_until(&resumed, 1, 1.5).unwrap();
        append(&mut file, 128);
        append(&mut file, 1 << 40);
        file.flush().unwrap();
        assert_eq!(fs::read(&resumed).unwrap(), expected, "{torn}");
    }
    // If there is none, a new one begins.
    fs::remove_file(&resumed).unwrap();
    drop(EventFile::resume_until(&resumed, 1, 1.5).unwrap());
    write(&whole, &[]);
    assert_eq!(fs::read(&resumed).unwrap(), fs::read(&whole).unwrap());
}

/// A damaged record is cut with everything after it, whichever byte it is; lengths are not trusted.
#[test]
fn damage_costs_the_records_from_there_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events");
    write(&path, &[1]);
    let one = fs::read(&path).unwrap().len();
    write(&path, &[1, 2]);
    let sound = fs::read(&path).unwrap();
    let begun = sound.len() - 2 * (sound.len() - one);
    for place in 0..sound.len() {
        let mut damaged = sound.clone();
        damaged[place] ^= 0x40;
        put(&path, &damaged);
        drop(EventFile::resume_until(&path, 2, 1.5).unwrap());
        let expected = match place {
            place if place < one => begun,
            _ => one,
        };
        assert_eq!(fs::read(&path).unwrap(), sound[..expected], "byte {place}");
    }
}
