//! The frame of a page: one file with its style, which opens from the file system and asks nothing of the network.

pub(super) use takt_maps::draw::escaped;

/// The style sheet of every page.
const STYLE: &str = include_str!("page.css");

/// A whole page; `body` is HTML that is well-formed as XML.
pub(super) fn document(title: &str, body: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n\
         <title>{}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n{body}</main>\n</body>\n</html>\n",
        escaped(title)
    )
}

/// A section with a heading, what it means, and its content.
pub(super) fn section(id: &str, heading: &str, meaning: &str, content: &str) -> String {
    format!(
        "<section id=\"{id}\">\n<h2>{}</h2>\n<p class=\"meaning\">{}</p>\n{content}</section>\n",
        escaped(heading),
        escaped(meaning)
    )
}

/// A table: heads, then rows of cells that are HTML; a head that begins with `#` is about numbers.
pub(super) fn table(heads: &[&str], rows: &[Vec<String>]) -> String {
    let class = |column: usize| match heads.get(column) {
        Some(head) if head.starts_with('#') => " class=\"n\"",
        _ => "",
    };
    let mut out = String::from("<table>\n<thead><tr>");
    for (column, head) in heads.iter().enumerate() {
        let head = escaped(head.trim_start_matches('#'));
        out += &format!("<th{}>{head}</th>", class(column));
    }
    out += "</tr></thead>\n<tbody>\n";
    for row in rows {
        out += "<tr>";
        for (column, cell) in row.iter().enumerate() {
            out += &format!("<td{}>{cell}</td>", class(column));
        }
        out += "</tr>\n";
    }
    out + "</tbody>\n</table>\n"
}

/// A number with thousands apart (by thin spaces) and so many digits after the point.
pub(super) fn number(value: f64, decimals: usize) -> String {
    let plain = format!("{value:.decimals$}");
    let (whole, rest) = plain.split_at(plain.find('.').unwrap_or(plain.len()));
    let (sign, digits) = whole
        .strip_prefix('-')
        .map_or(("", whole), |d| ("\u{2212}", d));
    let mut out = String::from(sign);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) && digits.len() > 4 {
            out.push('\u{2009}');
        }
        out.push(digit);
    }
    out + rest
}

/// A time in seconds as people read it: `12 s`, `3 min 20 s`, `2 h 5 min`.
pub(super) fn time(seconds: f64) -> String {
    let whole = seconds.round() as u64;
    match (whole / 3_600, whole / 60 % 60, whole % 60) {
        (0, 0, s) => format!("{s} s"),
        (0, m, 0) => format!("{m} min"),
        (0, m, s) => format!("{m} min {s} s"),
        (h, 0, _) => format!("{h} h"),
        (h, m, _) => format!("{h} h {m} min"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_times_are_as_people_read_them() {
        assert_eq!(number(1_234_567.25, 1), "1\u{2009}234\u{2009}567.2");
        assert_eq!(number(-1_234.0, 0), "\u{2212}1234");
        assert_eq!(time(12.4), "12 s");
        assert_eq!(time(200.0), "3 min 20 s");
        assert_eq!(time(7_500.0), "2 h 5 min");
        assert_eq!(escaped("<a & \"b\">"), "&lt;a &amp; &quot;b&quot;&gt;");
    }
}
