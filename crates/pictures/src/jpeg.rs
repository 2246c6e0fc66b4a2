//! Finds the end of a JPEG, and checks whether one without an end has all its pixels. Names are
//! those of ITU-T T.81.

const START_OF_IMAGE: u8 = 0xd8;
const END_OF_IMAGE: u8 = 0xd9;
const START_OF_SCAN: u8 = 0xda;
const RESTART_INTERVAL: u8 = 0xdd;
/// Coefficients per block.
const COEFFICIENTS: usize = 64;
/// A coefficient that no scan has given yet.
const ABSENT: u8 = u8::MAX;

/// A marker and its content.
struct Segment<'a> {
    marker: u8,
    /// The bytes covered by its length; empty for a marker without one.
    content: &'a [u8],
    /// The offset after it.
    end: usize,
}

/// Iterates over the markers of a file. Segments are skipped by their lengths, so a thumbnail's
/// markers don't count.
struct Segments<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Iterator for Segments<'a> {
    type Item = Segment<'a>;

    fn next(&mut self) -> Option<Segment<'a>> {
        let rest = self.bytes.get(self.at..)?;
        // A scan contains values (FF 00) and restarts (FF D0 to D7); before a marker there may be
        // fill bytes (FF FF).
        let is_marker = |pair: &[u8]| pair[0] == 0xff && !matches!(pair[1], 0 | 0xd0..=0xd7 | 0xff);
        let start = rest.windows(2).position(is_marker)?;
        let (marker, rest) = (rest[start + 1], &rest[start + 2..]);
        self.at += start + 2;
        let content = match marker {
            START_OF_IMAGE | END_OF_IMAGE | 0x01 => &[],
            _ => {
                let length = usize::from(u16::from_be_bytes(*rest.first_chunk()?));
                self.at += length;
                rest.get(2..length).unwrap_or_default()
            }
        };
        let end = self.at;
        Some(Segment {
            marker,
            content,
            end,
        })
    }
}

fn segments(bytes: &[u8]) -> Segments<'_> {
    Segments { bytes, at: 0 }
}

/// The offset after the end-of-image marker, if there is one. Cameras may append a film or another
/// picture after it.
pub(crate) fn end(bytes: &[u8]) -> Option<usize> {
    let end = segments(bytes).find(|segment| segment.marker == END_OF_IMAGE);
    end.map(|segment| segment.end)
}

/// Names the coding of a file if it can't be read.
pub(crate) fn unread_coding(bytes: &[u8]) -> Option<&'static str> {
    let frame = segments(bytes).find(|segment| is_frame(segment.marker))?;
    match frame.marker {
        0xc0..=0xc2 => None,
        0xc3 | 0xc7 => Some("a lossless JPEG"),
        0xcb | 0xcf => Some("a lossless JPEG with arithmetic coding"),
        0xc9 | 0xca | 0xcd | 0xce => Some("a JPEG with arithmetic coding"),
        _ => Some("a JPEG of a rare kind"),
    }
}

fn is_frame(marker: u8) -> bool {
    matches!(marker, 0xc0..=0xcf) && !matches!(marker, 0xc4 | 0xc8 | 0xcc)
}

/// Decodes a file without an end-of-image marker if all its pixels are there: `decode` gives the
/// same picture whatever bytes follow.
pub(crate) fn without_end<T: PartialEq>(
    bytes: &[u8],
    decode: impl Fn(&[u8]) -> Option<T>,
) -> Option<T> {
    if !has_all_scans(bytes) {
        return None;
    }
    // Half a marker at the end is not part of the scan.
    let last = bytes.iter().rposition(|byte| *byte != 0xff)?;
    let bytes = &bytes[..=last];
    let followed_by = |more: &[u8]| decode(&[bytes, more, &[0xff, END_OF_IMAGE]].concat());
    let image = followed_by(&[])?;
    let mut continuations: Vec<Vec<u8>> = (0..16).map(values).collect();
    if let Some(restart) = next_restart(bytes) {
        continuations.push([vec![0xff, restart], values(0)].concat());
    }
    let is_same = |more: &Vec<u8>| followed_by(more).is_some_and(|picture| picture == image);
    continuations.iter().all(is_same).then_some(image)
}

/// Bytes to continue a scan with: a choice of four bits, as no more may be missing, and others that
/// differ for each choice. They are enough for a unit of ten blocks, where a coefficient has at
/// most 27 bits. Some are not valid codes, which ends the picture as if nothing followed; so a
/// single choice tells little, but all choices together show whether something is missing.
fn values(first: u8) -> Vec<u8> {
    let mut state = u32::from(first);
    let value = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let [high, ..] = state.to_be_bytes();
        // The largest byte begins a marker.
        high.min(0xfe)
    };
    let mut values: Vec<u8> = (0..10 * COEFFICIENTS * 4).map(value).collect();
    values[0] = (first << 4 | values[0] & 0x0f).min(0xfe);
    values
}

/// Whether the scans give every coefficient of every component to its last bit.
fn has_all_scans(bytes: &[u8]) -> bool {
    let mut components: Vec<u8> = Vec::new();
    let mut is_progressive = false;
    // The lowest bit seen so far.
    let mut lowest: Vec<[u8; COEFFICIENTS]> = Vec::new();
    for Segment {
        marker, content, ..
    } in segments(bytes)
    {
        if is_frame(marker) {
            let (described, _) = content.get(6..).unwrap_or_default().as_chunks::<3>();
            components = described.iter().map(|component| component[0]).collect();
            lowest = vec![[ABSENT; COEFFICIENTS]; components.len()];
            is_progressive = marker == 0xc2;
        } else if marker == START_OF_SCAN {
            let Some((count, rest)) = content.split_first() else {
                return false;
            };
            let (chosen, rest) = rest.as_chunks::<2>();
            let n = usize::from(*count).min(chosen.len());
            let parameters: Vec<u8> = chosen[n..].iter().flatten().chain(rest).copied().collect();
            let (first, last, low) = match parameters[..] {
                [first, last, bits] if is_progressive => (first, last, bits & 0x0f),
                _ => (0, 63, 0),
            };
            for [id, _] in &chosen[..n] {
                let Some(at) = components.iter().position(|component| component == id) else {
                    continue;
                };
                let band = usize::from(first)..=usize::from(last);
                if let Some(band) = lowest[at].get_mut(band) {
                    band.fill(low);
                }
            }
        }
    }
    !lowest.is_empty() && lowest.iter().flatten().all(|low| *low == 0)
}

/// The next restart marker in a file with restart intervals.
fn next_restart(bytes: &[u8]) -> Option<u8> {
    let is_interval = |segment: &Segment<'_>| {
        segment.marker == RESTART_INTERVAL && segment.content.iter().any(|byte| *byte != 0)
    };
    if !segments(bytes).any(|segment| is_interval(&segment)) {
        return None;
    }
    let last_scan = segments(bytes)
        .filter(|segment| segment.marker == START_OF_SCAN)
        .last()?;
    let scan = bytes.get(last_scan.end..).unwrap_or_default();
    let is_restart = |pair: &&[u8]| pair[0] == 0xff && matches!(pair[1], 0xd0..=0xd7);
    let mut restarts = scan.windows(2).filter(is_restart);
    Some(match restarts.next_back() {
        Some(pair) => 0xd0 | (pair[1] + 1) & 7,
        None => 0xd0,
    })
}
