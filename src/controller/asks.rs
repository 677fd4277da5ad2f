//! What people and programs ask for, and the orders that the floor's own stock asks for.

use takt_maps::{DeviceId, OrderId, VehicleId};
use takt_rt::mutant::{Mutant, is_on};
use takt_scheduler::orders::OrderSpec;

use super::fleet::Mission;
use super::{Ask, Controller, Delta, Outputs, Refused, moves};

/// Most call-offs that one cycle turns into orders.
const CALL_OFFS_PER_CYCLE: usize = 4;

impl Controller {
    /// Carries a request out and answers it.
    pub(super) fn take_ask<O: Outputs>(&mut self, token: u64, request: Ask, out: &mut O) {
        let result = match request {
            Ask::Submit(spec) => self
                .submit(spec, Some(token), out)
                .map(Some)
                .map_err(Refused::Order),
            Ask::Cancel(order) => self.cancel(order, out).map(|()| None),
            Ask::PauseVehicle(vehicle, paused) => match self.fleet.get_mut(vehicle.index()) {
                Some(v) => {
                    v.paused = paused;
                    v.command_due = true;
                    self.dispatch_due = true;
                    out.delta(Delta::VehiclePaused { vehicle, paused });
                    Ok(None)
                }
                None => Err(Refused::UnknownVehicle),
            },
            Ask::PauseFloor(paused) => {
                self.floor_paused = paused;
                self.fleet.iter_mut().for_each(|v| v.command_due = true);
                out.delta(Delta::FloorPaused { paused });
                Ok(None)
            }
            Ask::Prioritise(order, priority) => {
                let done = self.orders.prioritise(order, priority);
                if done.is_ok() {
                    self.dispatch_due = true;
                    out.delta(Delta::Prioritised { order, priority });
                }
                done.map(|()| None).map_err(Refused::Order)
            }
            Ask::BlockEdge(edge, blocked) => match self.blocked.get_mut(edge.index()) {
                Some(is_blocked) => {
                    *is_blocked = blocked;
                    self.plan_wanted = true;
                    out.delta(Delta::EdgeBlocked { edge, blocked });
                    Ok(None)
                }
                None => Err(Refused::UnknownEdge),
            },
            Ask::LocateVehicle(vehicle) => self.locate_anew(vehicle).map(|()| None),
        };
        out.delta(Delta::Answer { token, result });
    }

    fn submit<O: Outputs>(
        &mut self,
        spec: OrderSpec,
        token: Option<u64>,
        out: &mut O,
    ) -> Result<OrderId, takt_scheduler::orders::Refusal> {
        let id = OrderId(self.next_order);
        let now_ms = self.now_ms;
        // `Submitted` comes before the first transition of its order, so that a follower knows the order.
        self.orders.check(&spec)?;
        out.delta(Delta::Submitted {
            id,
            spec,
            token,
            at_ms: now_ms,
        });
        self.orders
            .submit(id, spec, now_ms, &mut moves(&mut self.stock, out))?;
        self.next_order += 1;
        self.dispatch_due = true;
        Ok(id)
    }

    fn cancel<O: Outputs>(&mut self, id: OrderId, out: &mut O) -> Result<(), Refused> {
        let vehicle = self.orders.get(id).and_then(|o| o.state.vehicle());
        self.orders
            .cancel(id, self.now_ms, &mut moves(&mut self.stock, out))
            .map_err(Refused::Order)?;
        if let Some(vehicle) = vehicle
            && !is_on(Mutant::KeepCancelled)
        {
            self.release(vehicle, id);
        }
        self.dispatch_due = true;
        Ok(())
    }

    /// The vehicle that was on its way for an order has nothing more to do for it.
    fn release(&mut self, vehicle: VehicleId, id: OrderId) {
        let v = &mut self.fleet[vehicle.index()];
        if matches!(v.mission, Mission::Order { id: on, .. } if on == id) {
            v.mission = Mission::Idle;
            v.transfer = None;
        }
    }

    /// Waiting orders whose time has come, or whose predecessor is done, become open.
    pub(super) fn release_orders<O: Outputs>(&mut self, out: &mut O) {
        let mut changed = false;
        let mut emit = moves(&mut self.stock, out);
        self.orders.tick(self.now_ms, &mut |transition| {
            changed = true;
            emit(transition);
        });
        drop(emit);
        self.dispatch_due |= changed;
    }

    /// Call-offs of parts and collections of empties that have become due.
    pub(super) fn call_off<O: Outputs>(&mut self, out: &mut O) {
        if !self.all_located || self.stopping {
            return;
        }
        for _ in 0..CALL_OFFS_PER_CYCLE {
            let Some(spec) = self.stock.due(self.now_ms) else {
                return;
            };
            if self.submit(spec, None, out).is_err() {
                // No room: it is still due when there is some.
                return;
            }
        }
    }

    /// Levels that a station's PLC reports.
    pub(super) fn take_levels<O: Outputs>(&mut self, device: DeviceId, out: &mut O) {
        let image = self.devices[device.index()].inputs;
        for i in 0..self.level_points[device.index()].len() {
            let (buffer, point) = self.level_points[device.index()][i];
            let pieces = u32::from(image.get(point));
            let before = *self.stock.account(buffer);
            self.stock.reported(buffer, pieces);
            if !before.known || before.pieces != pieces {
                out.delta(Delta::Stock { buffer, pieces });
            }
        }
    }
}
