//! Lists of seeds: `0,3-6`.

use crate::Error;

/// Maximum number of seeds in a list.
pub const MAX_SEEDS: usize = 1_000_000;

/// Parses a list of seeds: numbers and inclusive ranges, separated by commas, in the given order.
///
/// # Errors
/// If a part is not a number or range, a range is descending, or the list is empty or has more than
/// [`MAX_SEEDS`] seeds.
pub fn parse_seeds(text: &str) -> Result<Vec<u64>, Error> {
    let mut seeds = Vec::new();
    for part in text.split(',') {
        let fault = || Error::Seeds {
            text: text.into(),
            found: part.into(),
        };
        let number = |digits: &str| {
            let digits = digits.trim();
            let plain = digits.bytes().all(|b| b.is_ascii_digit());
            if plain {
                digits.parse::<u64>().map_err(|_| fault())
            } else {
                Err(fault())
            }
        };
        let (first, last) = match part.split_once('-') {
            Some((first, last)) => (number(first)?, number(last)?),
            None => (number(part)?, number(part)?),
        };
        let n_more = last.checked_sub(first).ok_or_else(fault)?;
        if n_more >= (MAX_SEEDS - seeds.len()) as u64 {
            return Err(fault());
        }
        seeds.extend(first..=last);
    }
    Ok(seeds)
}
