#![allow(clippy::unwrap_used)]

use super::*;
use crate::report::testing;

#[test]
fn key_figures_of_a_chronicle_written_by_hand() {
    let kpis = testing::figures().kpis;
    // Three orders in 10 s, after 1, 3 and 8 s; the cancelled one does not count.
    assert_eq!(kpis.throughput_per_h, 1_080.0);
    assert_eq!(kpis.lead_mean_s, Some(4.0));
    assert_eq!(kpis.lead_p95_s, Some(8.0));
    // 10 of 20 vehicle seconds on orders, 3 of them standing for another vehicle; a fault is no waiting.
    assert_eq!(kpis.utilisation_percent, 50.0);
    assert_eq!(kpis.waiting_percent, 15.0);
    assert_eq!(kpis.waiting_per_order_s, Some(1.0));
    let keys: Vec<_> = kpis.list().iter().map(|k| k.key).collect();
    let object = serde_json::to_value(&kpis).unwrap();
    assert_eq!(object.as_object().unwrap().len(), keys.len());
    assert!(keys.iter().all(|k| object.get(*k).is_some()), "{keys:?}");
}

#[test]
fn series_of_a_chronicle_written_by_hand() {
    // Intervals of 4 s, 4 s and 2 s.
    let series = testing::figures().series;
    assert_eq!(series.throughput_per_h, [900.0, 900.0, 1_800.0]);
    assert_eq!(series.lead_mean_s, [Some(1.0), Some(3.0), Some(8.0)]);
    assert_eq!(series.late_done, [0, 0, 1]);
    assert_eq!(series.late_open, [0, 0, 1]);
    assert_eq!(series.open, [2.0, 2.0, 2.0]);
    assert_eq!(series.utilisation_percent, [50.0, 50.0, 50.0]);
    assert_eq!(series.waiting_percent, [0.0, 37.5, 0.0]);
}

#[test]
fn waiting_and_traffic_of_a_chronicle_written_by_hand() {
    let figures = testing::figures();
    let [place] = &figures.waiting[..] else {
        unreachable!("one place: {:?}", figures.waiting)
    };
    assert_eq!((place.place.as_str(), place.times), ("shelf", 1));
    assert_eq!((place.total_s, place.longest_s), (3.0, 3.0));
    assert_eq!(place.reasons, [("vehicle S02".to_owned(), 3.0)]);
    // Edges 0 and 1 are the two directions of one stretch of ground, or of two: together all that was driven.
    let driven: u64 = figures.map.driven.iter().map(|d| d.4).sum();
    assert_eq!(driven, 41);
    assert_eq!(figures.vehicles[1].out_of_order_s, 5.0);
    assert_eq!(figures.vehicles[0].doing_s[..3], [4.0, 0.0, 6.0]);
}

#[test]
fn intervals_are_round_and_few() {
    assert_eq!(bin_ms(10_000), 1_000);
    assert_eq!(bin_ms(3_600_000), 120_000);
    assert_eq!(bin_ms(8 * 3_600_000), 1_200_000);
    assert_eq!(bin_ms(366 * 86_400_000), 86_400_000);
}
