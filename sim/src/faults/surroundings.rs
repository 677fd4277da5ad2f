//! What areas and things on the way do to vehicles and doors, step by step.
//!
//! Vehicles have a protective field: whoever would touch something within the distance in which it can stop, and a
//! little more, brakes, and stands before it until it is gone. A door that a fire alarm closes is such a thing, too, but
//! not for those that are in it or can't stop before it: it waits for them.

use super::incidents::{Area, FireDoor, Pallet};
use super::{Fault, FaultKind};
use crate::floor::SimFloor;
use crate::judge::shape::{sweep, touch};
use crate::plc::{Model, trouble::Way};
use takt_maps::{EdgeId, LevelId, NodeId};

/// Room that is around a pallet when it appears, mm.
const PALLET_ROOM_MM: f64 = 200.0;

/// How much of the way ahead is looked at.
#[derive(Clone, Copy)]
enum Field {
    /// Where it is.
    Here,
    /// To where it comes to rest if it brakes now.
    Braking,
    /// A little more than that.
    Keeping,
}

impl SimFloor {
    /// Lets areas and things on the way act on vehicles and doors, before these move.
    pub(crate) fn step_surroundings(&mut self) {
        self.lay_pallets();
        self.forget_open_doors();
        for v in 0..self.vehicles.len() {
            self.stop_in_areas(v);
            let blocked = self.is_blocked(v);
            self.vehicles[v].set_blocked(blocked);
        }
        self.close_fire_doors();
    }

    /// Lays pallets down where there is room by now.
    fn lay_pallets(&mut self) {
        for i in 0..self.incidents.pallets.len() {
            let pallet = &self.incidents.pallets[i];
            if pallet.lies {
                continue;
            }
            let (level, edge, corners) = (pallet.level, pallet.edge, pallet.corners);
            let room = pallet.with_room(PALLET_ROOM_MM);
            let free = |sim: &mut Self, v| !sim.meets(v, level, &room, Field::Here);
            if (0..self.vehicles.len()).all(|v| free(self, v)) {
                self.incidents.pallets[i].lies = true;
                self.judge.put(edge, level, corners);
            }
        }
    }

    /// One pallet of an edge is taken away, or is not laid down any more.
    pub(super) fn take_pallet_away(&mut self, edge: EdgeId) {
        let pallets = &mut self.incidents.pallets;
        if let Some(at) = pallets.iter().position(|p| p.edge == edge) {
            pallets.remove(at);
            if !pallets.iter().any(|p| p.edge == edge && p.lies) {
                self.judge.take_away(edge);
            }
        }
        self.release();
    }

    /// An area is released; whom another still holds stays stopped. Doors that a fire alarm closed are in the way of
    /// those that wait before them until they are open again.
    pub(super) fn end_area(&mut self, fault: &Fault, node: NodeId) {
        let is_it = |a: &&mut Area| a.kind == fault.kind && a.node == node && !a.over;
        if let Some(area) = self.incidents.areas.iter_mut().find(is_it) {
            area.over = true;
            area.stopped.fill(false);
            for door in &area.doors {
                self.plcs[door.device.index()].set_fire(None);
            }
        }
        self.forget_open_doors();
        self.release();
    }

    /// Of areas that are released only the doors count that are not open yet.
    fn forget_open_doors(&mut self) {
        let plcs = &self.plcs;
        let is_open = |door: &FireDoor| match &plcs[door.device.index()].model {
            Model::Door(_, model) => model.is_open(),
            _ => true,
        };
        self.incidents.areas.retain_mut(|area| {
            if area.over {
                area.doors.retain(|door| !is_open(door));
            }
            !area.over || !area.doors.is_empty()
        });
    }

    /// When nothing is left, nobody looks any more: whoever was stopped is told here.
    fn release(&mut self) {
        if !self.incidents.any() {
            for vehicle in &mut self.vehicles {
                vehicle.set_area_stop(false);
                vehicle.set_blocked(false);
            }
        }
    }

    /// Stops a vehicle that is in a stopped area: at once, or for a fire alarm as soon as it is clear of the doors.
    fn stop_in_areas(&mut self, v: usize) {
        let mut stopped = false;
        for i in 0..self.incidents.areas.len() {
            let area = &self.incidents.areas[i];
            let at = self.vehicles[v].true_position();
            if !area.over && !area.stopped[v] && area.covers(self.vehicles[v].level(), at) {
                let stops = area.kind == FaultKind::AreaEmergencyStop || self.is_clear(v, i);
                self.incidents.areas[i].stopped[v] = stops;
            }
            stopped |= self.incidents.areas[i].stopped[v];
        }
        self.vehicles[v].set_area_stop(stopped);
    }

    /// Is a vehicle clear of all doors of an area, and able to stop before them?
    fn is_clear(&mut self, v: usize, area: usize) -> bool {
        let level = self.incidents.areas[area].level;
        (0..self.incidents.areas[area].doors.len()).all(|d| {
            let line = self.incidents.areas[area].doors[d].line;
            !self.meets(v, level, &line, Field::Braking)
        })
    }

    /// Does something on its way make it brake?
    fn is_blocked(&mut self, v: usize) -> bool {
        for i in 0..self.incidents.pallets.len() {
            let Pallet {
                level,
                corners,
                lies,
                ..
            } = self.incidents.pallets[i];
            if lies && self.meets(v, level, &corners, Field::Keeping) {
                return true;
            }
        }
        for i in 0..self.incidents.areas.len() {
            for d in 0..self.incidents.areas[i].doors.len() {
                let level = self.incidents.areas[i].level;
                let line = self.incidents.areas[i].doors[d].line;
                if self.meets(v, level, &line, Field::Keeping)
                    && !self.meets(v, level, &line, Field::Braking)
                {
                    return true;
                }
            }
        }
        false
    }

    /// Tells the doors of fire alarms whether they are clear.
    fn close_fire_doors(&mut self) {
        for i in 0..self.incidents.areas.len() {
            if self.incidents.areas[i].over {
                continue;
            }
            let level = self.incidents.areas[i].level;
            for d in 0..self.incidents.areas[i].doors.len() {
                let FireDoor { device, line } = self.incidents.areas[i].doors[d];
                let occupied = |sim: &mut Self, v| sim.meets(v, level, &line, Field::Braking);
                let way = if (0..self.vehicles.len()).any(|v| occupied(self, v)) {
                    Way::Occupied
                } else {
                    Way::Clear
                };
                self.plcs[device.index()].set_fire(Some(way));
            }
        }
    }

    /// Does a vehicle touch an outline (a line or a rectangle), or will it on its way ahead?
    fn meets(&mut self, v: usize, level: LevelId, outline: &[(f64, f64)], field: Field) -> bool {
        let vehicle = &self.vehicles[v];
        let at = vehicle.true_position();
        let shape = self.judge.shape(v, vehicle.loaded());
        let ahead = match field {
            Field::Here => None,
            _ => vehicle.motion().ahead(vehicle.is_blocked()),
        };
        let by_mm = match (field, ahead) {
            (Field::Braking, Some(ahead)) => ahead.braking_mm,
            (Field::Keeping, Some(ahead)) => ahead.keeping_mm,
            _ => 0.0,
        };
        // Most are far away.
        let [a, b] = [outline[0], outline[outline.len() / 2]];
        let across = ((a.0 - b.0) * (a.0 - b.0) + (a.1 - b.1) * (a.1 - b.1)).sqrt();
        let (dx, dy) = ((a.0 + b.0) / 2.0 - at.0, (a.1 + b.1) / 2.0 - at.1);
        let reach = shape.radius() + by_mm + across / 2.0;
        if vehicle.level() != level || dx * dx + dy * dy > reach * reach {
            return false;
        }
        let placed = &mut self.incidents.outline;
        let facing = vehicle.motion().facing();
        shape.place(at, facing, placed);
        if let Some(ahead) = ahead {
            let (dx, dy) = ahead.direction;
            sweep(placed, (dx * by_mm, dy * by_mm));
        }
        if touch(placed, outline) {
            return true;
        }
        let turned = ahead.and_then(|a| a.turned);
        turned.is_some_and(|facing| {
            shape.place(at, facing, placed);
            matches!(field, Field::Keeping) && touch(placed, outline)
        })
    }
}
