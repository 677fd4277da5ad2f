//! Floors from files: the native TOML format, MovingAI grids and openTCS plant models.

pub mod lorr;
pub mod movingai;
pub mod native;
pub mod opentcs;
pub mod scen;

use crate::compile::compile;
use crate::floor::Floor;
use crate::problem::{Problem, Problems};
use crate::spec::{FloorSpec, Span};
use crate::suggest::did_you_mean;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Largest native floor file, in bytes.
pub const TOML_BYTES_MAX: usize = 8 << 20;

/// Largest file of any other format, in bytes.
pub const FILE_BYTES_MAX: usize = 64 << 20;

/// What the user decides where a format leaves it open; native floor files decide all of it themselves.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct LoadOptions {
    /// Width of a grid's cell, in metres.
    pub cell_m: f64,
    /// Number of vehicles; `None`: what the format suggests.
    pub vehicles: Option<usize>,
    /// Places vehicles and stations on grids.
    pub seed: u64,
}

impl Default for LoadOptions {
    fn default() -> Self {
        Self {
            cell_m: 1.0,
            vehicles: None,
            seed: 1,
        }
    }
}

/// A floor that can be used, and what there is to say about it.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The floor.
    pub floor: Floor,
    /// Warnings only.
    pub warnings: Problems,
    /// What the file contains and Takt does not use yet, one line a sort.
    pub unused: Vec<String>,
    /// Is it a grid? Then the size of its cells and its fleet are the user's to decide.
    pub is_grid: bool,
}

impl From<Floor> for Loaded {
    /// A floor about which there is nothing to say.
    fn from(floor: Floor) -> Self {
        Self {
            floor,
            warnings: Problems::new("", "", Vec::new()),
            unused: Vec::new(),
            is_grid: false,
        }
    }
}

/// The floors inside the binary, by name; the first is the default.
pub const BUILTIN: &[&str] = &["electronics-line"];

/// A floor inside the binary; `None` if there is none of that name.
pub fn builtin(name: &str) -> Option<Result<Loaded, Problems>> {
    let text = match name {
        "electronics-line" => include_str!("../../../floors/electronics-line.toml"),
        _ => return None,
    };
    Some(native_floor(&format!("{name}.toml"), text))
}

/// Reads and compiles a floor file.
///
/// The format is known by the file's extension (`.toml`, `.map`, `.xml`), otherwise by what it begins with.
///
/// # Errors
/// All problems that were found, if one of them is an error.
pub fn load(path: &Path, options: &LoadOptions) -> Result<Loaded, Problems> {
    let name = path.display().to_string();
    let text = read(path, &name)?;
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    parse(&name, &stem, extension(path), &text, options)
}

/// Compiles a floor from text, as [`load`] does from a file called `name`.
///
/// # Errors
/// As [`load`].
pub fn load_text(name: &str, text: &str, options: &LoadOptions) -> Result<Loaded, Problems> {
    let path = Path::new(name);
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    parse(name, &stem, extension(path), text, options)
}

fn extension(path: &Path) -> Option<&str> {
    path.extension().and_then(|e| e.to_str())
}

/// The formats.
enum Format {
    Native,
    MovingAi,
    OpenTcs,
}

fn format_of(extension: Option<&str>, text: &str) -> Format {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    match extension {
        Some("toml") => Format::Native,
        Some("map") => Format::MovingAi,
        Some("xml") => Format::OpenTcs,
        _ if text.starts_with("type ") => Format::MovingAi,
        _ if text.starts_with('<') => Format::OpenTcs,
        _ => Format::Native,
    }
}

fn parse(
    name: &str,
    stem: &str,
    extension: Option<&str>,
    text: &str,
    options: &LoadOptions,
) -> Result<Loaded, Problems> {
    let renamed = |p: Problems| Problems::new(name, text, p.list().to_vec());
    let (spec, unused, is_grid) = match format_of(extension, text) {
        Format::Native => return native_floor(name, text),
        Format::MovingAi => {
            let spec = movingai::parse(text, options, stem).map_err(renamed)?;
            (spec, vec![], true)
        }
        Format::OpenTcs => {
            let (spec, unused) = opentcs::parse(text, options, stem).map_err(renamed)?;
            (spec, unused, false)
        }
    };
    let loaded = finish(name, text, &spec, Vec::new())?;
    Ok(Loaded {
        unused,
        is_grid,
        ..loaded
    })
}

fn native_floor(name: &str, text: &str) -> Result<Loaded, Problems> {
    match native::parse(text) {
        Ok((spec, problems)) => finish(name, text, &spec, problems),
        Err(problems) => Err(Problems::new(name, text, problems)),
    }
}

fn finish(
    name: &str,
    text: &str,
    spec: &FloorSpec,
    read: Vec<Problem>,
) -> Result<Loaded, Problems> {
    match compile(spec, read) {
        Ok((floor, warnings)) => Ok(Loaded {
            warnings: Problems::new(name, text, warnings),
            ..Loaded::from(floor)
        }),
        Err(problems) => Err(Problems::new(name, text, problems)),
    }
}

/// The text of a file, refused unread if it is too large.
fn read(path: &Path, name: &str) -> Result<String, Problems> {
    let max = match extension(path) {
        Some("map" | "xml") => FILE_BYTES_MAX,
        _ => TOML_BYTES_MAX,
    };
    read_text(path, name, max)
}

/// The text of a file of at most `max` bytes.
fn read_text(path: &Path, name: &str, max: usize) -> Result<String, Problems> {
    let refuse = |problem| Err(Problems::one(name, problem));
    let mut bytes = Vec::new();
    // Reading is bounded too: a pipe or device has no length beforehand.
    let read = File::open(path).and_then(|f| f.take(max as u64 + 1).read_to_end(&mut bytes));
    if let Err(error) = read {
        let builtin = did_you_mean(name, BUILTIN.iter().copied());
        let hint = builtin.unwrap_or_else(|| "check the path and its permissions".to_owned());
        let problem = Problem::error(format!("the file can't be read: {error}"), None);
        return refuse(problem.hint(hint));
    }
    if bytes.len() > max {
        let problem = Problem::error(format!("the file is larger than {} MiB", max >> 20), None);
        return refuse(problem.hint("is it a floor file?"));
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let valid = String::from_utf8_lossy(&error.as_bytes()[..at]).into_owned();
        let span = Span {
            start: at as u32,
            end: at as u32,
        };
        let problem = Problem::error("the file is not UTF-8 text from here on", Some(span));
        let problem = problem.hint("is it a floor file? Save it as UTF-8");
        Problems::new(name, valid, vec![problem])
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_floors_in_the_binary_have_no_problems() {
        for name in BUILTIN {
            let loaded = builtin(name).unwrap().map_err(|p| p.plain()).unwrap();
            assert_eq!(loaded.warnings.plain(), "");
            assert_eq!(loaded.floor.name, *name);
            // What stands must not fill the aisles: sets stay local.
            assert!(loaded.floor.conflicts.largest() < 25);
        }
        assert!(builtin("atlantis").is_none());
    }
}
