//! A hash that tells floors apart.

use crate::floor::{Control, Floor};
use std::fmt::{self, Write};

/// FNV-1a over 64 bits (Fowler, Noll, Vo): small, stable, the same on every platform.
struct Fnv(u64);

impl Write for Fnv {
    fn write_str(&mut self, s: &str) -> fmt::Result {
        for byte in s.bytes() {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        Ok(())
    }
}

/// Hash of all that matters to the controller.
///
/// Left out are what follows from the rest (conflict sets), and network addresses: a device that gets another address
/// is still the same floor, and its orders must survive that.
pub fn digest(floor: &Floor) -> u64 {
    let mut hash = Fnv(0xcbf2_9ce4_8422_2325);
    // The hasher never refuses a byte.
    let _ = describe(floor, &mut hash);
    hash.0
}

/// Writes the floor in a form that is the same whenever the floor is.
fn describe(floor: &Floor, out: &mut Fnv) -> fmt::Result {
    let Floor {
        name,
        digest: _,
        levels,
        roadmap,
        conflicts: _,
        walls,
        kinds,
        classes,
        vehicles,
        stations,
        chargers,
        parking,
        doors,
        zones,
        devices,
        handshakes,
        materials,
        buffers,
        lines,
        control,
        workload,
    } = floor;
    write!(
        out,
        "{name:?}{levels:?}{walls:?}{kinds:?}{classes}{stations:?}{chargers:?}{parking:?}"
    )?;
    write!(
        out,
        "{doors:?}{zones:?}{handshakes:?}{materials:?}{buffers:?}{lines:?}"
    )?;
    describe_control(control, out)?;
    write!(out, "{workload:?}")?;
    for n in roadmap.nodes() {
        write!(out, "{:?} {} {} {};", n.name, n.level.0, n.x_mm, n.y_mm)?;
    }
    for e in roadmap.edges() {
        let door = e.door.map_or(-1, |d| i64::from(d.0));
        let (from, to, place) = (e.from.0, e.to.0, e.place.0);
        write!(
            out,
            "{from} {to} {place} {} {} {} {door};",
            e.length_mm, e.speed_mm_s, e.kinds
        )?;
    }
    for v in vehicles {
        write!(out, "{:?} {} {};", v.name, v.kind.0, v.start.0)?;
    }
    for d in devices {
        write!(
            out,
            "{:?} {} {} {} {}",
            d.name, d.read_at, d.read_words, d.write_at, d.write_words
        )?;
        write!(out, "{:?}{:?};", d.inputs, d.outputs)?;
    }
    Ok(())
}

/// Periods and limits. Keys that are younger than the first stores are written only where they differ from their
/// defaults, so that those stores still belong to their floors.
fn describe_control(control: &Control, out: &mut impl Write) -> fmt::Result {
    let default = Control::default();
    let Control {
        cycle_us,
        budget_permille,
        overruns_max,
        planner_ms,
        dispatcher_ms,
        transfer_ms,
        link_timeout_ms,
        orders_max,
        clearance_mm,
        position_tolerance_mm,
    } = control;
    write!(
        out,
        "Control {{ cycle_us: {cycle_us}, planner_ms: {planner_ms}, dispatcher_ms: {dispatcher_ms}, \
         transfer_ms: {transfer_ms}, link_timeout_ms: {link_timeout_ms}, orders_max: {orders_max}, \
         clearance_mm: {clearance_mm}, position_tolerance_mm: {position_tolerance_mm} }}"
    )?;
    if *budget_permille != default.budget_permille {
        write!(out, "budget_permille: {budget_permille}")?;
    }
    if *overruns_max != default.overruns_max {
        write!(out, "overruns_max: {overruns_max}")?;
    }
    Ok(())
}
