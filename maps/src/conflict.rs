//! Conflict sets: which places can two vehicles not be in at the same time.
//!
//! A vehicle in a place, in a footprint class, sweeps an area; two places conflict for two classes when these areas
//! can touch. The sets are computed from geometry once, at load, and extended by zones of capacity 1. Everything that
//! plans or grants asks only this table, so one algorithm serves every floor.

use crate::ids::{ClassId, PlaceId};

/// A set of footprint classes, bit `c` for class `c`.
pub type ClassMask = u32;

/// One entry of a conflict set: this place, when held by a vehicle of one of these classes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Conflict {
    /// The other place.
    pub place: PlaceId,
    /// The classes of the other vehicle for which it is a conflict; never 0.
    pub classes: ClassMask,
}

/// Conflict sets for each footprint class and place, in compressed rows.
///
/// Symmetric: if class `a` in place `p` conflicts with class `b` in place `q`, then the other way round too.
/// Every place conflicts with itself for all classes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ConflictSets {
    places: usize,
    start: Vec<u32>,
    entries: Vec<Conflict>,
}

impl ConflictSets {
    /// Builds the table from unordered conflicting pairs `((class, place), (class, place))`; each may be given in
    /// either direction or both. Self-conflicts of each place are added.
    pub fn from_pairs(
        places: usize,
        classes: usize,
        pairs: impl IntoIterator<Item = ((ClassId, PlaceId), (ClassId, PlaceId))>,
    ) -> Self {
        let pairs = pairs.into_iter().flat_map(|((ca, pa), (cb, pb))| {
            let entry = |place, class: ClassId| Conflict {
                place,
                classes: 1 << class.0,
            };
            [((ca, pa), entry(pb, cb)), ((cb, pb), entry(pa, ca))]
        });
        Self::from_entries(places, classes, pairs)
    }

    /// Builds the table from its entries, in any order; each must be given in both directions. Self-conflicts of each
    /// place are added.
    ///
    /// # Panics
    /// If there are more than 32 classes, or a class or place beyond the counts.
    pub fn from_entries(
        places: usize,
        classes: usize,
        entries: impl IntoIterator<Item = ((ClassId, PlaceId), Conflict)>,
    ) -> Self {
        assert!(classes <= 32, "a class mask has 32 bits");
        let row = |c: ClassId, p: PlaceId| {
            assert!(
                c.index() < classes && p.index() < places,
                "row of the table"
            );
            (c.index() * places + p.index()) as u32
        };
        let mut flat: Vec<(u32, PlaceId, ClassMask)> = entries
            .into_iter()
            .map(|((c, p), entry)| (row(c, p), entry.place, entry.classes))
            .collect();
        let all: ClassMask = if classes == 32 {
            !0
        } else {
            (1 << classes) - 1
        };
        for class in 0..classes {
            for place in 0..places {
                let (c, p) = (ClassId::from_index(class), PlaceId::from_index(place));
                flat.push((row(c, p), p, all));
            }
        }
        flat.sort_unstable();
        let mut start = vec![0u32; places * classes + 1];
        let mut entries: Vec<Conflict> = Vec::with_capacity(flat.len());
        let mut last = None;
        for (row, place, mask) in flat {
            if last == Some((row, place)) {
                if let Some(entry) = entries.last_mut() {
                    entry.classes |= mask;
                }
                continue;
            }
            last = Some((row, place));
            entries.push(Conflict {
                place,
                classes: mask,
            });
            start[row as usize + 1] += 1;
        }
        for i in 0..places * classes {
            start[i + 1] += start[i];
        }
        Self {
            places,
            start,
            entries,
        }
    }

    /// What conflicts with a vehicle of `class` in `place`, sorted by place; contains `place` itself.
    #[inline]
    pub fn of(&self, class: ClassId, place: PlaceId) -> &[Conflict] {
        let row = class.index() * self.places + place.index();
        &self.entries[self.start[row] as usize..self.start[row + 1] as usize]
    }

    /// Do these two conflict?
    pub fn conflict(&self, a: (ClassId, PlaceId), b: (ClassId, PlaceId)) -> bool {
        let set = self.of(a.0, a.1);
        set.binary_search_by_key(&b.1, |c| c.place)
            .is_ok_and(|i| set[i].classes >> b.0.0 & 1 == 1)
    }

    /// The size of the largest set.
    pub fn largest(&self) -> usize {
        self.start
            .windows(2)
            .map(|w| (w[1] - w[0]) as usize)
            .max()
            .unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_become_a_symmetric_table_with_self_conflicts() {
        let (c0, c1) = (ClassId(0), ClassId(1));
        let (p, q) = (PlaceId(0), PlaceId(2));
        let sets = ConflictSets::from_pairs(3, 2, [((c0, p), (c1, q))]);
        assert!(sets.conflict((c0, p), (c1, q)));
        assert!(sets.conflict((c1, q), (c0, p)));
        assert!(!sets.conflict((c1, p), (c1, q)));
        assert!(sets.conflict((c1, p), (c0, p)));
        assert_eq!(
            sets.of(c0, PlaceId(1)),
            &[Conflict {
                place: PlaceId(1),
                classes: 0b11
            }]
        );
    }
}
