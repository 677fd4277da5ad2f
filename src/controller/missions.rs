//! Missions: what follows when a vehicle has come to where it was sent.

use takt_maps::{ChargerId, StationId, VehicleId};

use super::fleet::{Dock, DockPhase, Mission, Transfer};
use super::{Controller, Outputs, moves};

/// A charging vehicle is full from here on.
pub(super) const FULL_PERMILLE: u16 = 980;

impl Controller {
    /// Vehicles that stand at their goal begin there what they came for.
    pub(super) fn advance_missions<O: Outputs>(&mut self, out: &mut O) {
        for place in 0..self.looks.len() {
            let vehicle = self.looked_at(place);
            if !self.may_move(vehicle) || !self.fleet[vehicle.index()].stands() {
                continue;
            }
            let Some(node) = self.traffic.at_rest(vehicle) else {
                continue;
            };
            self.give_load_up(vehicle);
            let v = &self.fleet[vehicle.index()];
            match v.mission {
                Mission::Order { id, loaded } => {
                    let Some((pickup, drop)) = self.stops(id) else {
                        continue;
                    };
                    let station = if loaded { drop } else { pickup };
                    // Nothing irreversible before its cause is durable.
                    if self.floor.stations[station.index()].node == node
                        && v.mission_cycle <= self.durable_cycle
                    {
                        self.begin_transfer(vehicle, station, !loaded, out);
                    }
                }
                Mission::Charge(charger) if self.floor.chargers[charger.index()].node == node => {
                    self.connect(vehicle, charger);
                }
                _ => {}
            }
        }
    }

    fn begin_transfer<O: Outputs>(
        &mut self,
        vehicle: VehicleId,
        station: StationId,
        taking: bool,
        out: &mut O,
    ) {
        let Mission::Order { id, .. } = self.fleet[vehicle.index()].mission else {
            return;
        };
        let mut emit = moves(&mut self.stock, out);
        let begun = if taking {
            self.orders.loading(id, self.now_ms, &mut emit)
        } else {
            self.orders.unloading(id, self.now_ms, &mut emit)
        };
        // Refused where a restart finds it begun already: then it is begun again.
        drop((begun, emit));
        self.fleet[vehicle.index()].transfer = Some(Transfer {
            station,
            taking,
            dialogue: None,
            acting: false,
            failed: false,
            not_before_ms: self.now_ms,
            failures: 0,
        });
    }

    fn connect(&mut self, vehicle: VehicleId, charger: ChargerId) {
        self.fleet[vehicle.index()].dock = Some(Dock {
            charger,
            phase: DockPhase::Connecting,
            dialogue: None,
        });
    }
}
