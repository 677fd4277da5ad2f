//! UTC as people write it.

/// `2026-01-01T00:00:00.000Z` for milliseconds since 1970.
pub(super) fn text(utc_ms: u64) -> String {
    let (days, ms) = (utc_ms / 86_400_000, utc_ms % 86_400_000);
    let (year, month, day) = date(days);
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{:03}Z",
        ms / 3_600_000,
        ms / 60_000 % 60,
        ms / 1_000 % 60,
        ms % 1_000
    )
}

/// Year, month and day, counted from 1, of a day since 1970 in the Gregorian calendar.
///
/// Days are counted from 1 March of year 0, so that the leap day is the last of its year: 146,097 days are 400 years, and
/// five months from March on have 153 days (Hinnant, "chrono-compatible low-level date algorithms").
fn date(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * march + 2) / 5 + 1;
    let month = if march < 10 { march + 3 } else { march - 9 };
    (era * 400 + year + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        for (ms, expected) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (1_767_225_599_999, "2025-12-31T23:59:59.999Z"),
            (1_767_225_600_000, "2026-01-01T00:00:00.000Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
        ] {
            assert_eq!(text(ms), expected);
        }
        // Every day follows the one before it.
        for day in 0..200_000 {
            let ((y, m, d), (ny, nm, nd)) = (date(day), date(day + 1));
            let next = nd == d + 1 && (ny, nm) == (y, m)
                || nd == 1 && (ny, nm) == (y, m + 1)
                || (nd, nm, ny) == (1, 1, y + 1) && (m, d) == (12, 31);
            assert!(next, "{y}-{m}-{d}");
        }
    }
}
