//! The ground: which vehicle holds each place, and how many are in each zone.

use super::zones::Zones;
use takt_maps::{ClassId, Floor, NodeId, PlaceId, VehicleId, ZoneId};

/// Stands for "no vehicle" in arrays of vehicle numbers.
pub(super) const NOBODY: u16 = u16::MAX;

/// Who holds what.
///
/// A place has one holder, since it conflicts with itself, but the holder's base may pass it several times.
#[derive(Clone, Debug)]
pub(super) struct Ground {
    /// For each place its holder, or [`NOBODY`].
    holder: Vec<u16>,
    /// For each place how often its holder holds it, `0 ..= BASE_WINDOW + 1`.
    times: Vec<u8>,
    /// For each zone how many vehicles hold a place in it, `0 ..= capacity`.
    inside: Vec<u16>,
    /// For each zone how many vehicles' bases end in it, `0 ..= inside`.
    resting: Vec<u16>,
    /// For each zone and vehicle, how many places in it the vehicle holds.
    share: Vec<u16>,
    vehicles: usize,
}

impl Ground {
    /// All ground free.
    pub fn new(places: usize, zones: usize, vehicles: usize) -> Self {
        Self {
            holder: vec![NOBODY; places],
            times: vec![0; places],
            inside: vec![0; zones],
            resting: vec![0; zones],
            share: vec![0; zones * vehicles],
            vehicles,
        }
    }

    /// Who holds a place.
    pub fn holder(&self, place: PlaceId) -> Option<VehicleId> {
        let holder = self.holder[place.index()];
        (holder != NOBODY).then_some(VehicleId(holder))
    }

    /// A vehicle other than `vehicle` that holds something in conflict with `class` in `place`.
    pub fn in_conflict(
        &self,
        floor: &Floor,
        vehicle: VehicleId,
        class: ClassId,
        place: PlaceId,
        class_of: impl Fn(VehicleId) -> ClassId,
    ) -> Option<VehicleId> {
        floor.conflicts.of(class, place).iter().find_map(|c| {
            let other = self.holder(c.place)?;
            (other != vehicle && c.classes >> class_of(other).0 & 1 == 1).then_some(other)
        })
    }

    /// May this vehicle hold a place in the zone: is it in already, or is there room?
    pub fn has_room(&self, zones: &Zones, zone: ZoneId, vehicle: VehicleId) -> bool {
        self.share[self.slot(zone, vehicle)] > 0 || self.inside[zone.index()] < zones.capacity(zone)
    }

    /// Takes a place; the caller has checked that nothing is in conflict.
    pub fn take(&mut self, zones: &Zones, place: PlaceId, vehicle: VehicleId) {
        let holder = &mut self.holder[place.index()];
        assert!(
            *holder == NOBODY || *holder == vehicle.0,
            "a place has one holder"
        );
        *holder = vehicle.0;
        self.times[place.index()] += 1;
        for &zone in zones.of(place) {
            let slot = self.slot(zone, vehicle);
            self.share[slot] += 1;
            if self.share[slot] == 1 {
                self.inside[zone.index()] += 1;
            }
        }
    }

    /// Gives a place back, once for each time that it was taken.
    pub fn release(&mut self, zones: &Zones, place: PlaceId, vehicle: VehicleId) {
        assert!(
            self.holder[place.index()] == vehicle.0 && self.times[place.index()] > 0,
            "only the holder releases"
        );
        self.times[place.index()] -= 1;
        if self.times[place.index()] == 0 {
            self.holder[place.index()] = NOBODY;
        }
        for &zone in zones.of(place) {
            let slot = self.slot(zone, vehicle);
            self.share[slot] -= 1;
            if self.share[slot] == 0 {
                self.inside[zone.index()] -= 1;
            }
        }
    }

    /// A vehicle's base ends at this node from now on.
    pub fn come_to_rest(&mut self, zones: &Zones, node: NodeId) {
        for zone in zones.of_node(node) {
            self.resting[zone.index()] += 1;
        }
    }

    /// A vehicle's base does not end at this node any more.
    pub fn leave_rest(&mut self, zones: &Zones, node: NodeId) {
        for zone in zones.of_node(node) {
            self.resting[zone.index()] -= 1;
        }
    }

    /// How many vehicles' bases end in the zone.
    pub fn resting(&self, zone: ZoneId) -> u16 {
        self.resting[zone.index()]
    }

    /// How many vehicles hold a place in the zone.
    pub fn inside(&self, zone: ZoneId) -> u16 {
        self.inside[zone.index()]
    }

    /// How often the holder of a place holds it.
    pub fn times(&self, place: PlaceId) -> u8 {
        self.times[place.index()]
    }

    fn slot(&self, zone: ZoneId, vehicle: VehicleId) -> usize {
        zone.index() * self.vehicles + vehicle.index()
    }
}
