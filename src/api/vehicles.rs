//! Vehicles.

use std::time::Duration;

use takt_maps::VehicleId;
use tonic::{Request, Response, Status};

use super::person;
use super::status::{ask, invalid, status};
use super::submit::unknown;
use super::v1::vehicles_server::Vehicles;
use super::v1::*;
use super::view::Frame;
use super::watch::{self, Stopping, Watch};
use crate::host::front::{self, Front, Person, Rejection};

/// Time between two answers of a watch, if the caller does not say.
const INTERVAL_DEFAULT_MS: u32 = 500;

/// The service.
#[derive(Debug)]
pub(super) struct VehiclesApi {
    front: Front,
    stopping: Stopping,
}

impl VehiclesApi {
    pub(super) fn new(front: Front, stopping: Stopping) -> Self {
        Self { front, stopping }
    }

    /// Carries a change of a vehicle out, and shows the vehicle after it.
    async fn change(
        &self,
        person: Person,
        name: &str,
        request: impl FnOnce(VehicleId) -> front::Request,
    ) -> Result<Response<Vehicle>, Status> {
        let id = self.named(name)?;
        ask(&self.front, person, request(id))
            .await
            .map_err(status)?;
        let vehicle = self
            .front
            .read(|model| Frame::of(model).vehicle(id, &model.vehicles[id.index()]));
        Ok(Response::new(vehicle))
    }

    async fn pause(
        &self,
        person: Person,
        name: &str,
        paused: bool,
    ) -> Result<Response<Vehicle>, Status> {
        let request = |vehicle| front::Request::PauseVehicle { vehicle, paused };
        self.change(person, name, request).await
    }

    fn named(&self, name: &str) -> Result<VehicleId, Status> {
        if name.is_empty() {
            return Err(invalid("name", "is missing: the name of a vehicle"));
        }
        let floor = self.front.read(|model| model.floor.clone());
        let found = floor
            .vehicles
            .iter()
            .position(|v| v.name == name)
            .map(VehicleId::from_index);
        found.ok_or_else(|| {
            let names = floor.vehicles.iter().map(|v| v.name.as_str());
            status(Rejection::NotFound(unknown("vehicle", name, names)))
        })
    }
}

/// All vehicles, as they are now.
pub(super) fn all_vehicles(front: &Front) -> ListVehiclesResponse {
    let (frame, views) = front.read(|model| (Frame::of(model), model.vehicles.clone()));
    let ids = (0..views.len()).map(VehicleId::from_index);
    ListVehiclesResponse {
        vehicles: ids
            .zip(&views)
            .map(|(id, view)| frame.vehicle(id, view))
            .collect(),
    }
}

#[tonic::async_trait]
impl Vehicles for VehiclesApi {
    async fn list_vehicles(
        &self,
        request: Request<ListVehiclesRequest>,
    ) -> Result<Response<ListVehiclesResponse>, Status> {
        person::caller(request.metadata())?;
        Ok(Response::new(all_vehicles(&self.front)))
    }

    type WatchVehiclesStream = Watch<ListVehiclesResponse>;

    async fn watch_vehicles(
        &self,
        request: Request<WatchVehiclesRequest>,
    ) -> Result<Response<Self::WatchVehiclesStream>, Status> {
        person::caller(request.metadata())?;
        let interval_ms = match request.into_inner().interval_ms {
            0 => INTERVAL_DEFAULT_MS,
            ms @ 50..=60_000 => ms,
            ms => {
                return Err(invalid(
                    "interval_ms",
                    format!("is {ms}; it goes from 50 to 60000"),
                ));
            }
        };
        let interval = Duration::from_millis(u64::from(interval_ms));
        Ok(Response::new(watch::vehicles(
            self.front.clone(),
            interval,
            self.stopping.clone(),
        )))
    }

    async fn pause_vehicle(
        &self,
        request: Request<PauseVehicleRequest>,
    ) -> Result<Response<Vehicle>, Status> {
        let person = person::operator(request.metadata())?;
        self.pause(person, &request.into_inner().name, true).await
    }

    async fn resume_vehicle(
        &self,
        request: Request<ResumeVehicleRequest>,
    ) -> Result<Response<Vehicle>, Status> {
        let person = person::operator(request.metadata())?;
        self.pause(person, &request.into_inner().name, false).await
    }

    async fn locate_vehicle(
        &self,
        request: Request<LocateVehicleRequest>,
    ) -> Result<Response<Vehicle>, Status> {
        let person = person::operator(request.metadata())?;
        let request_for = |vehicle| front::Request::LocateVehicle { vehicle };
        self.change(person, &request.into_inner().name, request_for)
            .await
    }
}
