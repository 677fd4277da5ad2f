//! Where vehicles start: on park positions first, never so close that they touch, and where each can reach the others.

use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};
use rand_core::Rng;
use rand_pcg::Pcg32;

/// What the choice is made from.
pub(super) struct Ground<'a> {
    /// Position of each point in millimetres.
    pub points: &'a [(i64, i64)],
    /// Park positions, in the order of the model.
    pub parking: &'a [usize],
    /// Pairs of points, in the direction of travel.
    pub edges: &'a [(usize, usize)],
    /// Radius of the circle around the reference point that holds each vehicle, in millimetres.
    pub radii: &'a [i64],
}

/// One point for each vehicle, or the number of vehicles that found one.
///
/// Only points of the largest part count in which every point reaches every other; of equal parts, the one with more
/// park positions, then the one with the first point.
pub(super) fn starts(
    ground: &Ground<'_>,
    clearance_mm: i64,
    seed: u64,
) -> Result<Vec<usize>, usize> {
    let mut is_park = vec![false; ground.points.len()];
    ground.parking.iter().for_each(|&p| is_park[p] = true);
    let part = largest_part(ground, &is_park);
    let mut in_part = vec![false; ground.points.len()];
    part.iter().for_each(|&p| in_part[p] = true);
    let park = ground.parking.iter().copied().filter(|&p| in_part[p]);
    let mut others: Vec<usize> = part.into_iter().filter(|&p| !is_park[p]).collect();
    shuffle(&mut others, &mut Pcg32::new(seed, 1));
    let mut candidates: Vec<usize> = park.chain(others).collect();
    let mut taken: Vec<usize> = Vec::with_capacity(ground.radii.len());
    for (vehicle, &radius) in ground.radii.iter().enumerate() {
        let fits = |&point: &usize| {
            taken.iter().enumerate().all(|(other, &at)| {
                let apart = radius + ground.radii[other] + clearance_mm;
                let (a, b) = (ground.points[point], ground.points[at]);
                let (dx, dy) = (i128::from(a.0 - b.0), i128::from(a.1 - b.1));
                dx * dx + dy * dy >= i128::from(apart) * i128::from(apart)
            })
        };
        let Some(index) = candidates.iter().position(fits) else {
            return Err(vehicle);
        };
        taken.push(candidates.remove(index));
    }
    Ok(taken)
}

/// The points of the largest strongly connected part, in the order of the model.
fn largest_part(ground: &Ground<'_>, is_park: &[bool]) -> Vec<usize> {
    let mut graph = DiGraph::<(), (), usize>::default();
    for _ in ground.points {
        graph.add_node(());
    }
    for &(a, b) in ground.edges {
        graph.add_edge(NodeIndex::new(a), NodeIndex::new(b), ());
    }
    let mut parts: Vec<Vec<usize>> = kosaraju_scc(&graph)
        .into_iter()
        .map(|part| {
            let mut part: Vec<usize> = part.into_iter().map(NodeIndex::index).collect();
            part.sort_unstable();
            part
        })
        .collect();
    let parked = |part: &[usize]| part.iter().filter(|&&p| is_park[p]).count();
    parts.sort_by_key(|part| {
        (
            std::cmp::Reverse(part.len()),
            std::cmp::Reverse(parked(part)),
            part.first().copied(),
        )
    });
    parts.into_iter().next().unwrap_or_default()
}

/// Fisher and Yates.
fn shuffle(values: &mut [usize], random: &mut Pcg32) {
    for i in (1..values.len()).rev() {
        let j = ((u64::from(random.next_u32()) * (i as u64 + 1)) >> 32) as usize;
        values.swap(i, j);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;

    /// A ring of five points 2 m apart in a row, and a dead end 5 that nobody leaves.
    fn ground<'a>(radii: &'a [i64], parking: &'a [usize]) -> Ground<'a> {
        Ground {
            points: &[
                (0, 0),
                (2_000, 0),
                (4_000, 0),
                (6_000, 0),
                (8_000, 0),
                (0, 9_000),
            ],
            parking,
            edges: &[(0, 1), (1, 2), (2, 3), (3, 4), (4, 0), (0, 5)],
            radii,
        }
    }

    #[test]
    fn park_positions_come_first_and_dead_ends_never() {
        assert_eq!(
            starts(&ground(&[500, 500], &[5, 3, 1]), 50, 1),
            Ok(vec![3, 1])
        );
        let all = starts(&ground(&[500; 5], &[3]), 50, 1).unwrap();
        assert_eq!(all[0], 3);
        assert!(!all.contains(&5));
        assert_eq!(starts(&ground(&[500; 6], &[3]), 50, 1), Err(5));
    }

    #[test]
    fn vehicles_that_would_touch_keep_a_point_free() {
        assert_eq!(
            starts(&ground(&[1_000; 3], &[0, 1, 2, 4]), 50, 1),
            Ok(vec![0, 2, 4])
        );
        assert_eq!(starts(&ground(&[1_000; 4], &[0, 1, 2, 4]), 50, 1), Err(3));
    }

    #[test]
    fn a_ring_of_many_points_is_one_part() {
        // Longer than a search by recursion would bear.
        let count = 100_000;
        let points: Vec<(i64, i64)> = (0..count).map(|i| (i * 1_000, 0)).collect();
        let edges: Vec<(usize, usize)> = (0..points.len())
            .map(|i| (i, (i + 1) % points.len()))
            .collect();
        let ring = Ground {
            points: &points,
            parking: &[7],
            edges: &edges,
            radii: &[400],
        };
        assert_eq!(starts(&ring, 50, 1), Ok(vec![7]));
        assert_eq!(
            largest_part(&ring, &vec![false; points.len()]).len(),
            points.len()
        );
    }

    #[test]
    fn the_seed_decides_when_there_is_no_parking() {
        let choice = |seed| starts(&ground(&[100; 3], &[]), 50, seed).unwrap();
        assert_eq!(choice(1), choice(1));
        assert!((2..20).any(|seed| choice(seed) != choice(1)));
    }
}
