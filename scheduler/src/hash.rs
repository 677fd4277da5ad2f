//! A hash of state that is kept up to date change by change.
//!
//! Each element (an order, a buffer) contributes a 64-bit number; the hash is their wrapping sum, so an element's
//! change costs one subtraction and one addition, and the order in which elements came does not matter.

/// Mixes one word into a running digest: the finaliser of SplitMix64 (Steele, Lea, Flood 2014) over their sum.
#[inline]
pub(crate) const fn mix(digest: u64, word: u64) -> u64 {
    let mut z = digest
        .rotate_left(17)
        .wrapping_add(word)
        .wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// Digest of a short list of words.
#[inline]
pub(crate) fn digest(words: &[u64]) -> u64 {
    words.iter().fold(0, |d, &w| mix(d, w))
}

/// `None` as 0, `Some(x)` as `x + 1`: tells apart what must differ in a digest.
#[inline]
pub(crate) fn option(value: Option<u64>) -> u64 {
    value.map_or(0, |v| v.wrapping_add(1))
}
