//! Mixing for the state hash: each part of the state gives a term, and the hash is their wrapping sum, so that a change
//! costs as much as what changed and the order of changes does not matter.

/// Mixes a word into a running value (the finaliser of SplitMix64: Steele, Lea, Flood 2014).
pub(super) const fn mix(state: u64, word: u64) -> u64 {
    let mut z = state.rotate_left(17) ^ word.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
