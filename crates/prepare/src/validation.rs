//! Draws a validation part from the training part, with the same number of images per class.

use crate::Error;
use dcgan_artifacts::PartData;
use dcgan_random::{Purpose, Stream};

/// The indices, ascending, of the images of `n` that go into the validation part.
///
/// Class c uses the stream of (seed, `ValidationDraw`, c); without labels all images are one class.
/// Classes without images are skipped.
///
/// # Errors
/// [`Error::ValidationShare`] if `count` is not a multiple of the number of classes with images,
/// [`Error::ValidationSize`] if a class would have no image left.
pub(crate) fn draw(
    n: usize,
    labels: Option<&[u8]>,
    class_names: &[String],
    count: usize,
    seed: u64,
) -> Result<Vec<u32>, Error> {
    let n = u32::try_from(n).unwrap_or(u32::MAX);
    // By class number; empty for classes without images.
    let members: Vec<Vec<u32>> = match labels {
        None => vec![(0..n).collect()],
        Some(labels) => {
            let mut members = vec![Vec::new(); class_names.len()];
            for (label, image_idx) in labels.iter().zip(0..n) {
                members[usize::from(*label)].push(image_idx);
            }
            members
        }
    };
    let sizes = || members.iter().map(Vec::len).filter(|&n| n > 0);
    let classes = sizes().count().max(1);
    let most = (sizes().min().unwrap_or(1) - 1) * classes;
    if !count.is_multiple_of(classes) {
        return Err(Error::ValidationShare {
            classes,
            got: count,
            most,
        });
    }
    let share = count / classes;
    let mut drawn = Vec::with_capacity(count);
    for (class, members) in members.iter().enumerate().filter(|(_, of)| !of.is_empty()) {
        if members.len() <= share {
            let class = match class_names.get(class) {
                Some(name) if labels.is_some() => format!("class `{name}`"),
                _ => "all classes".into(),
            };
            return Err(Error::ValidationSize {
                class,
                expected: share,
                got: members.len(),
                most,
            });
        }
        let of_class = u32::try_from(members.len()).unwrap_or(u32::MAX);
        let order = Stream::new(seed, Purpose::ValidationDraw, class as u64).permutation(of_class);
        drawn.extend(order.iter().take(share).map(|at| members[*at as usize]));
    }
    drawn.sort_unstable();
    Ok(drawn)
}

/// Moves the images `drawn` (ascending) of `image_bytes` each out of `part` and returns them; both
/// keep their order. The second list has the indices of the remaining images.
pub(crate) fn split(
    part: &mut PartData,
    drawn: &[u32],
    image_bytes: usize,
) -> (PartData, Vec<u32>) {
    let mut validation = PartData {
        images: Vec::with_capacity(drawn.len() * image_bytes),
        labels: part
            .labels
            .as_ref()
            .map(|_| Vec::with_capacity(drawn.len())),
        n: drawn.len(),
    };
    let mut kept = Vec::with_capacity(part.n - drawn.len());
    let mut next = drawn.iter().peekable();
    for (image_idx, number) in (0..part.n).zip(0u32..) {
        let image = image_idx * image_bytes..(image_idx + 1) * image_bytes;
        if next.next_if_eq(&&number).is_some() {
            validation.images.extend_from_slice(&part.images[image]);
            if let (Some(to), Some(from)) = (&mut validation.labels, &part.labels) {
                to.push(from[image_idx]);
            }
        } else {
            // The remaining images move up, in place.
            part.images.copy_within(image, kept.len() * image_bytes);
            if let Some(labels) = &mut part.labels {
                labels[kept.len()] = labels[image_idx];
            }
            kept.push(number);
        }
    }
    part.n = kept.len();
    part.images.truncate(part.n * image_bytes);
    if let Some(labels) = &mut part.labels {
        labels.truncate(part.n);
    }
    (validation, kept)
}

/// Whether a file or an image goes into the test part: its hash as a fraction is below `share`.
pub(crate) fn is_held_out(sha256: &[u8; 32], share: f64) -> bool {
    hash_share(sha256) < share
}

/// The largest share that doesn't take a file or an image of this hash.
pub(crate) fn hash_share(sha256: &[u8; 32]) -> f64 {
    let mut first = [0; 4];
    first.copy_from_slice(&sha256[..4]);
    f64::from(u32::from_be_bytes(first)) / 2f64.powi(32)
}
