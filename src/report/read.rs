//! Reads a `report.json` that may come from anywhere.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::figures::{FORMAT, Figures, VERSION};

/// Largest file taken, in bytes.
const BYTES_MAX: u64 = 256 << 20;

/// Why a report cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// There is no such file or directory, or it cannot be opened.
    #[error(
        "{0} can't be read: {1}. Give the directory that `takt sim --report` wrote, or its report.json"
    )]
    Io(String, std::io::Error),
    /// It is larger than any report.
    #[error("{0} is larger than {mib} MiB: it is no report", mib = BYTES_MAX >> 20)]
    Large(String),
    /// It is something else.
    #[error("{0} is not a report of `takt sim --report`: {1}")]
    NotAReport(String, String),
    /// It is of a version that this program does not know.
    #[error(
        "{0} is a report of version {1}, and this program reads version {VERSION}: make it anew with this program"
    )]
    Version(String, u64),
}

/// Reads a report: `path` is the file or the directory that holds it.
///
/// # Errors
/// See [`ReadError`].
pub fn read(path: &Path) -> Result<Figures, ReadError> {
    let file: PathBuf = if path.is_dir() {
        path.join("report.json")
    } else {
        path.to_owned()
    };
    let name = file.display().to_string();
    let io = |error| ReadError::Io(name.clone(), error);
    if std::fs::metadata(&file).map_err(io)?.len() > BYTES_MAX {
        return Err(ReadError::Large(name));
    }
    let bytes = std::fs::read(&file).map_err(io)?;
    parse(&name, &bytes)
}

/// Takes a report from the bytes of a file of this name.
///
/// # Errors
/// See [`ReadError`].
pub fn parse(name: &str, bytes: &[u8]) -> Result<Figures, ReadError> {
    let not = |why: String| ReadError::NotAReport(name.to_owned(), why);
    let value: Value = serde_json::from_slice(bytes).map_err(|e| not(format!("no JSON ({e})")))?;
    if value["format"] != FORMAT {
        return Err(not(format!("the key \"format\" is not \"{FORMAT}\"")));
    }
    match value["version"].as_u64() {
        Some(version) if version == u64::from(VERSION) => {}
        Some(version) => return Err(ReadError::Version(name.to_owned(), version)),
        None => return Err(not("it has no version".to_owned())),
    }
    let figures: Figures = serde_json::from_value(value).map_err(|e| not(e.to_string()))?;
    for (key, drawing) in [
        ("ground", &figures.map.ground),
        ("furniture", &figures.map.furniture),
    ] {
        only_shapes(drawing)
            .map_err(|why| not(format!("map.{key} is no drawing of a floor: {why}")))?;
    }
    Ok(figures)
}

/// A drawing goes into a page as it is, so it must hold shapes and nothing that a browser would carry out.
fn only_shapes(drawing: &str) -> Result<(), String> {
    const ELEMENTS: [&str; 7] = [
        "svg", "rect", "path", "text", "polyline", "polygon", "circle",
    ];
    const ATTRIBUTES: [&str; 12] = [
        "class",
        "d",
        "x",
        "y",
        "width",
        "height",
        "points",
        "cx",
        "cy",
        "r",
        "transform",
        "text-anchor",
    ];
    let whole = format!("<svg>{drawing}</svg>");
    let document = roxmltree::Document::parse(&whole).map_err(|e| e.to_string())?;
    // Nothing may close the element that the drawing is put into.
    if document.root_element().range() != (0..whole.len()) {
        return Err("it is not whole".to_owned());
    }
    for node in document.descendants().filter(|n| n.is_element()) {
        let name = node.tag_name().name();
        if !ELEMENTS.contains(&name)
            || (name == "svg" && !node.parent().is_some_and(|p| p.is_root()))
        {
            return Err(format!("it holds <{name}>"));
        }
        if let Some(a) = node.attributes().find(|a| !ATTRIBUTES.contains(&a.name())) {
            return Err(format!("<{name}> has the attribute {}", a.name()));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::report::testing;

    fn error(bytes: &[u8]) -> String {
        parse("x.json", bytes).unwrap_err().to_string()
    }

    #[test]
    fn what_was_written_is_read() {
        let figures = testing::figures();
        let text = serde_json::to_vec(&figures).unwrap();
        assert_eq!(parse("x.json", &text).unwrap(), figures);
    }

    #[test]
    fn what_is_no_report_is_refused_with_a_reason() {
        assert!(error(b"hello").contains("no JSON"));
        assert!(error(b"{}").contains("\"format\""));
        assert!(error(br#"{"format":"takt-report"}"#).contains("no version"));
        let newer = error(br#"{"format":"takt-report","version":7}"#);
        assert!(newer.contains("version 7"), "{newer}");
        assert!(error(br#"{"format":"takt-report","version":1}"#).contains("missing field"));
        let missing = read(Path::new("/nowhere/at/all")).unwrap_err().to_string();
        assert!(missing.contains("can't be read"), "{missing}");
    }

    #[test]
    fn a_drawing_that_does_more_than_draw_is_refused() {
        for bad in [
            "<script>alert(1)</script>",
            "<rect onclick=\"alert(1)\"/>",
            "</svg><script>alert(1)</script><svg>",
            "<a><rect/></a>",
            "<rect",
        ] {
            let mut figures = testing::figures();
            figures.map.furniture = bad.to_owned();
            let text = serde_json::to_vec(&figures).unwrap();
            let why = error(&text);
            assert!(why.contains("map.furniture"), "{bad}: {why}");
        }
    }
}
