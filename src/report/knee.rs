//! The knee of a curve: from where on more costs as much as before and brings little.

/// The index of the knee of a curve that grows; `xs` are in ascending order, and `ys` belong to them.
///
/// Kneedle (Satopää, Albrecht, Irwin and Raghavan, "Finding a 'Kneedle' in a Haystack", 2011), for a curve that is
/// known as a whole, without smoothing and with sensitivity 1: both axes are scaled to `0 ..= 1`; where the scaled
/// curve is farthest above the diagonal is a candidate, and it is a knee if the distance falls behind it by more than
/// the mean distance of two xs. Of several knees the one farthest above the diagonal is taken.
///
/// `None` if there is none: fewer than three points, a curve that is straight or still grows faster and faster, or one
/// that does not grow at all.
pub fn knee(xs: &[f64], ys: &[f64]) -> Option<usize> {
    let n = xs.len().min(ys.len());
    if n < 3 {
        return None;
    }
    let (x, y) = (scaled(&xs[..n])?, scaled(&ys[..n])?);
    let above: Vec<f64> = x.iter().zip(&y).map(|(x, y)| y - x).collect();
    let step = 1.0 / (n - 1) as f64;
    let is_top = |i: usize| above[i] >= above[i - 1] && above[i] > above[i + 1];
    let is_knee = |&i: &usize| {
        // Until the distance rises above the candidate again, which would be another candidate.
        let behind = above[i + 1..].iter().take_while(|&&d| d <= above[i]);
        let mut behind = behind.copied();
        above[i] > 0.0 && behind.any(|d| d < above[i] - step)
    };
    let knees = (1..n - 1).filter(|&i| is_top(i)).filter(is_knee);
    knees.max_by(|&a, &b| above[a].total_cmp(&above[b]).then(b.cmp(&a)))
}

/// Values from 0 to 1; `None` if they are all the same, or not numbers.
fn scaled(values: &[f64]) -> Option<Vec<f64>> {
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let span = most - least;
    (span > 0.0 && span.is_finite()).then(|| values.iter().map(|v| (v - least) / span).collect())
}

#[cfg(test)]
mod tests {
    use super::knee;

    fn of(points: &[(f64, f64)]) -> Option<f64> {
        let (xs, ys): (Vec<f64>, Vec<f64>) = points.iter().copied().unzip();
        knee(&xs, &ys).map(|i| xs[i])
    }

    #[test]
    fn a_curve_that_bends_has_its_knee_at_the_bend() {
        let bent = [
            (5.0, 50.0),
            (10.0, 100.0),
            (15.0, 150.0),
            (20.0, 152.0),
            (25.0, 153.0),
            (30.0, 153.0),
        ];
        assert_eq!(of(&bent), Some(15.0));
        // The paper's example: y = -1 / x + 5.
        let paper: Vec<(f64, f64)> = (0..10)
            .map(|i| f64::from(i) / 9.0)
            .map(|x| (x, -1.0 / (x + 0.1) + 5.0))
            .collect();
        assert_eq!(of(&paper), Some(2.0 / 9.0));
    }

    #[test]
    fn a_curve_that_falls_again_has_its_knee_before_its_top() {
        let jam = [
            (10.0, 100.0),
            (20.0, 190.0),
            (30.0, 240.0),
            (40.0, 250.0),
            (50.0, 200.0),
            (60.0, 120.0),
        ];
        assert_eq!(of(&jam), Some(30.0));
    }

    #[test]
    fn without_a_bend_there_is_none() {
        let straight: Vec<_> = (1..8)
            .map(|i| (f64::from(i), 10.0 * f64::from(i)))
            .collect();
        assert_eq!(of(&straight), None);
        let noisy: Vec<_> = (1..8)
            .map(|i| {
                (
                    f64::from(i),
                    10.0 * f64::from(i) + if i % 2 == 0 { 2.0 } else { -2.0 },
                )
            })
            .collect();
        assert_eq!(of(&noisy), None);
        let faster: Vec<_> = (1..8).map(|i| (f64::from(i), f64::from(i * i))).collect();
        assert_eq!(of(&faster), None);
        assert_eq!(of(&[(1.0, 5.0), (2.0, 5.0), (3.0, 5.0)]), None, "flat");
        assert_eq!(of(&[(1.0, 5.0), (2.0, 9.0)]), None, "two points");
        assert_eq!(of(&[(1.0, 5.0), (2.0, f64::NAN), (3.0, 6.0)]), None);
    }
}
