//! "Did you mean": the known word nearest to a mistyped one, for floor files and for requests alike.

/// Most candidates that are looked at, so that a hint never costs more than the check itself.
const CANDIDATES_MAX: usize = 4_096;

/// A hint with the candidate nearest to `word`, if one is near enough to be meant.
pub fn did_you_mean<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    let length = word.chars().count();
    if length > 64 {
        return None;
    }
    // Up to a third of the letters wrong.
    let most = (length / 3).clamp(1, 3);
    candidates
        .into_iter()
        .take(CANDIDATES_MAX)
        .filter(|c| !c.is_empty() && c.len().abs_diff(word.len()) <= 4 * most)
        .map(|c| (distance(&word.to_lowercase(), &c.to_lowercase()), c))
        .filter(|&(d, _)| d <= most)
        .min()
        .map(|(_, c)| format!("did you mean \"{c}\"?"))
}

/// Number of letters to insert, drop, replace, or swap with their neighbour (optimal string alignment distance).
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    for (i, row) in rows.iter_mut().enumerate() {
        row[0] = i;
    }
    for (j, cell) in rows[0].iter_mut().enumerate() {
        *cell = j;
    }
    for i in 1..=a.len() {
        for j in 1..=b.len() {
            let replace = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = replace.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = least;
        }
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suggests_what_is_near_and_nothing_else() {
        let words = ["footprint", "footprint_loaded", "speed", "turn"];
        let hint = |w| did_you_mean(w, words);
        assert_eq!(
            hint("fotprint").as_deref(),
            Some("did you mean \"footprint\"?")
        );
        assert_eq!(hint("sped").as_deref(), Some("did you mean \"speed\"?"));
        assert_eq!(hint("SPEDE").as_deref(), Some("did you mean \"speed\"?"));
        assert_eq!(hint("colour"), None);
        assert_eq!(distance("abcd", "acbd"), 1);
        assert_eq!(distance("", "abc"), 3);
    }
}
