#![allow(clippy::unwrap_used)]

use std::time::Duration;

use super::*;
use crate::report::testing;

fn a_page() -> String {
    let host = Host::here(10.0, Duration::from_millis(500));
    page(&testing::figures(), &testing::chronicle(), &host)
}

#[test]
fn the_page_stands_alone_and_has_every_section() {
    let page = a_page();
    testing::assert_self_contained(&page);
    for (id, name) in SECTIONS {
        assert!(page.contains(&format!("<section id=\"{id}\">")), "{id}");
        assert!(page.contains(&format!("<h2>{name}</h2>")), "{name}");
    }
    for chart in [
        "Throughput",
        "Lead time",
        "Lateness",
        "Line starvation",
        "Utilisation",
    ] {
        assert!(page.contains(&format!("<figcaption>{chart}")), "{chart}");
    }
}

#[test]
fn the_page_says_what_happened() {
    let page = a_page();
    for part in [
        "a &lt;small&gt; corridor, seed 7",
        "2 vehicles: 2 shuttle",
        "vehicle S02 (3 s)",
        "still &lt;there&gt;",
        "S01 is &lt;where&gt; S02 is",
        "<dt>Violations</dt><dd><span class=\"bad\">1 ✗</span></dd>",
        "<span class=\"bad\">1 ✗</span>",
        "class=\"heat h5\"",
    ] {
        assert!(page.contains(part), "{part}");
    }
}

#[test]
fn a_run_in_which_nothing_happened_has_a_page_too() {
    let floor = testing::floor();
    let chronicle = Chronicle::new(2);
    let outcome = crate::host::virtual_time::Outcome {
        simulated_s: 0.0,
        ..testing::outcome()
    };
    let figures = Figures::new(&floor, &outcome, &chronicle, 1_000);
    let page = super::page(&figures, &chronicle, &Host::here(0.0, Duration::ZERO));
    testing::assert_self_contained(&page);
    assert!(!page.contains("NaN") && !page.contains("inf"));
}
