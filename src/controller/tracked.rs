//! A list whose elements' share of the state hash is kept up to date as they change.

use std::ops::{Index, IndexMut};

/// Folds words into a number: a multiplication each, and well mixed at the end. The same on every machine.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mixer(u64);

impl Mixer {
    /// Nothing folded in yet; different for each `salt`.
    pub fn new(salt: u64) -> Self {
        Self(salt.wrapping_add(0x9e37_79b9_7f4a_7c15))
    }

    /// Folds a word in.
    #[inline]
    pub fn add(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(23) ^ word).wrapping_mul(0x9fb2_1c65_1e98_df25);
        self.0 ^= self.0 >> 32;
    }

    /// Folds a word in that may be missing.
    #[inline]
    pub fn add_option(&mut self, word: Option<u64>) {
        self.add(u64::from(word.is_some()));
        self.add(word.unwrap_or(0));
    }

    /// What it comes to (the finaliser of SplitMix64: Steele, Lea, Flood 2014).
    pub fn end(self) -> u64 {
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

/// For values that derive `Hash`.
impl std::hash::Hasher for Mixer {
    fn finish(&self) -> u64 {
        self.end()
    }
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|&b| self.add(u64::from(b)));
    }
    fn write_u8(&mut self, i: u8) {
        self.add(u64::from(i));
    }
    fn write_u16(&mut self, i: u16) {
        self.add(u64::from(i));
    }
    fn write_u32(&mut self, i: u32) {
        self.add(u64::from(i));
    }
    fn write_u64(&mut self, i: u64) {
        self.add(i);
    }
    fn write_usize(&mut self, i: usize) {
        self.add(i as u64);
    }
    fn write_isize(&mut self, i: isize) {
        self.add(i as u64);
    }
}

/// Something that contributes to the state hash.
pub(super) trait Digest {
    /// Folds everything in that decides what the controller does next.
    fn digest(&self, mixer: &mut Mixer);
}

/// A list of fixed length. Whoever gets an element to change it has it noted as touched; the hash is a sum of terms, of
/// which only those of touched elements are computed anew.
#[derive(Clone, Debug)]
pub(super) struct Tracked<T> {
    all: Vec<T>,
    terms: Vec<u64>,
    sum: u64,
    touched: Vec<u32>,
    is_touched: Vec<bool>,
}

impl<T: Digest + Default + Clone> Tracked<T> {
    /// So many elements.
    pub fn new(len: usize) -> Self {
        let mut this = Self {
            all: vec![T::default(); len],
            terms: vec![0; len],
            sum: 0,
            touched: Vec::with_capacity(len),
            is_touched: vec![false; len],
        };
        this.touch_all();
        this.settle();
        this
    }

    /// How many elements.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// All, to look at.
    pub fn iter(&self) -> std::slice::Iter<'_, T> {
        self.all.iter()
    }

    /// All, to change.
    pub fn iter_mut(&mut self) -> std::slice::IterMut<'_, T> {
        self.touch_all();
        self.all.iter_mut()
    }

    /// One, to change, if there is one.
    pub fn get_mut(&mut self, index: usize) -> Option<&mut T> {
        (index < self.all.len()).then(|| &mut self[index])
    }

    /// Those touched since they were last settled, in the order in which they were.
    pub fn touched(&self) -> &[u32] {
        &self.touched
    }

    /// Brings the sum up to date.
    pub fn settle(&mut self) {
        for at in 0..self.touched.len() {
            let index = self.touched[at] as usize;
            let term = self.term(index);
            let before = std::mem::replace(&mut self.terms[index], term);
            self.sum = self.sum.wrapping_sub(before).wrapping_add(term);
            self.is_touched[index] = false;
        }
        self.touched.clear();
    }

    /// The sum, also of what has been touched since it was last settled.
    pub fn hash(&self) -> u64 {
        self.touched.iter().fold(self.sum, |sum, &i| {
            sum.wrapping_sub(self.terms[i as usize])
                .wrapping_add(self.term(i as usize))
        })
    }

    /// The same, computed anew.
    #[cfg(any(test, debug_assertions))]
    pub fn hash_anew(&self) -> u64 {
        (0..self.all.len()).fold(0, |sum, i| sum.wrapping_add(self.term(i)))
    }

    fn touch_all(&mut self) {
        for index in 0..self.all.len() {
            self.touch(index);
        }
    }

    fn term(&self, index: usize) -> u64 {
        let mut mixer = Mixer::new(index as u64);
        self.all[index].digest(&mut mixer);
        mixer.end()
    }
}

impl<T> Tracked<T> {
    #[inline]
    fn touch(&mut self, index: usize) {
        if !std::mem::replace(&mut self.is_touched[index], true) {
            self.touched.push(index as u32);
        }
    }
}

impl<T> Index<usize> for Tracked<T> {
    type Output = T;

    #[inline]
    fn index(&self, index: usize) -> &T {
        &self.all[index]
    }
}

impl<T> IndexMut<usize> for Tracked<T> {
    #[inline]
    fn index_mut(&mut self, index: usize) -> &mut T {
        self.touch(index);
        &mut self.all[index]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    impl Digest for u64 {
        fn digest(&self, mixer: &mut Mixer) {
            mixer.add(*self);
        }
    }

    proptest! {
        #[test]
        fn the_sum_follows_every_change(
            changes in prop::collection::vec((0usize..5, 0u64..4, any::<bool>()), 0..40)
        ) {
            let mut list: Tracked<u64> = Tracked::new(5);
            let fresh = list.hash();
            for (index, value, settles) in changes {
                list[index] = value;
                prop_assert!(list.touched().contains(&(index as u32)));
                prop_assert_eq!(list.hash(), list.hash_anew());
                if settles {
                    list.settle();
                    prop_assert!(list.touched().is_empty());
                    prop_assert_eq!(list.hash(), list.hash_anew());
                }
            }
            let same = list.iter().all(|&v| v == 0);
            prop_assert_eq!(same, list.hash() == fresh);
        }
    }

    #[test]
    fn where_a_value_is_counts() {
        let (mut a, mut b): (Tracked<u64>, Tracked<u64>) = (Tracked::new(2), Tracked::new(2));
        a[0] = 1;
        b[1] = 1;
        assert_ne!(a.hash(), b.hash());
    }
}
