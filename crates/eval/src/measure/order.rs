//! Orders and random draws that don't depend on the order of images in a file. For example, a
//! folder of pictures is sorted by class, so a split, block or subset of adjacent images would have
//! few classes.

use dcgan_random::{Purpose, Stream};

/// The stream of the halves; lower ones are for the splits in the measures.
const HALVES: u64 = 2;
/// The streams of the classes' draws, one each.
const BALANCED: u64 = 1 << 16;

/// Indices of images sorted by pixels, then by labels: the same images give the same order, and the
/// same sums, for any order of the file.
pub(crate) fn by_content(pixels: &[u8], size: usize, labels: Option<&[u8]>) -> Vec<u32> {
    let image = |at: u32| {
        let at = at as usize;
        let label = labels.map(|labels| labels[at]);
        (&pixels[at * size..(at + 1) * size], label)
    };
    let mut order = first(pixels.len() / size.max(1));
    order.sort_by(|&a, &b| image(a).cmp(&image(b)));
    order
}

/// Two random halves of n rows of equal size; of an odd number one is left out.
pub(crate) fn halves(n: usize, seed: u64) -> [Vec<u32>; 2] {
    let order = shuffled(n, seed, HALVES);
    let (one, rest) = order.split_at(n / 2);
    [one, &rest[..n / 2]].map(<[u32]>::to_vec)
}

/// A random subset of at most `at_most` images, with indices in ascending order, balanced by class
/// as far as the classes have enough images.
pub(crate) fn balanced(labels: &[u8], at_most: usize, seed: u64) -> Vec<u32> {
    let mut members = vec![Vec::new(); 256];
    for (at, &label) in (0..).zip(labels) {
        members[usize::from(label)].push(at);
    }
    let mut classes: Vec<(u64, Vec<u32>)> = (0..).zip(members).collect();
    // Small classes first, so that all others share what these lack.
    classes.retain(|(_, members)| !members.is_empty());
    classes.sort_by_key(|(class, members)| (members.len(), *class));
    let (mut left, mut drawn) = (at_most, Vec::new());
    for (i, (class, members)) in classes.iter().enumerate() {
        let share = members.len().min(left / (classes.len() - i));
        let order = shuffled(members.len(), seed, BALANCED + class);
        drawn.extend(order.iter().take(share).map(|&at| members[at as usize]));
        left -= share;
    }
    drawn.sort_unstable();
    drawn
}

/// The first n indices.
pub(crate) fn first(n: usize) -> Vec<u32> {
    (0..u32::try_from(n).unwrap_or(u32::MAX)).collect()
}

fn shuffled(n: usize, seed: u64, index: u64) -> Vec<u32> {
    let n = u32::try_from(n).unwrap_or(u32::MAX);
    Stream::new(seed, Purpose::Split, index).permutation(n)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_content_is_the_same_for_any_order_of_the_file() {
        let (pixels, labels) = ([3, 1, 2, 1, 3, 1, 0, 9], [1, 0, 0, 2]);
        assert_eq!(by_content(&pixels, 2, Some(&labels)), [3, 1, 2, 0]);
        let (pixels, labels) = ([0, 9, 3, 1, 3, 1, 2, 1], [2, 0, 1, 0]);
        assert_eq!(by_content(&pixels, 2, Some(&labels)), [0, 3, 1, 2]);
        assert_eq!(by_content(&pixels, 2, None), [0, 3, 1, 2]);
    }

    #[test]
    fn halves_have_no_image_in_common() {
        for n in [0, 1, 2, 7, 100] {
            let [a, b] = halves(n, 3);
            assert_eq!((a.len(), b.len()), (n / 2, n / 2));
            let mut all = [a, b].concat();
            all.sort_unstable();
            all.dedup();
            assert_eq!(all.len(), n / 2 * 2);
        }
        assert_ne!(halves(100, 3), halves(100, 4));
    }

    #[test]
    fn a_draw_has_equally_many_of_each_class() {
        // Sorted by class: 2, 50 and 100 images of three classes.
        let labels = [vec![4; 2], vec![7; 50], vec![9; 100]].concat();
        let of = |n: usize| {
            let drawn = balanced(&labels, n, 1);
            assert!(drawn.is_sorted());
            let of = |class| {
                drawn
                    .iter()
                    .filter(|&&at| labels[at as usize] == class)
                    .count()
            };
            [of(4), of(7), of(9)]
        };
        assert_eq!(of(0), [0, 0, 0]);
        assert_eq!(of(3), [1, 1, 1]);
        assert_eq!(of(61), [2, 29, 30]);
        assert_eq!(of(120), [2, 50, 68]);
        assert_eq!(of(152), [2, 50, 100]);
        assert_eq!(of(1000), [2, 50, 100]);
        assert_eq!(balanced(&labels, 61, 1), balanced(&labels, 61, 1));
        assert_ne!(balanced(&labels, 61, 1), balanced(&labels, 61, 2));
        // Not only the first of a class.
        assert!(balanced(&labels, 61, 1).contains(&151) || balanced(&labels, 61, 2).contains(&151));
    }
}
