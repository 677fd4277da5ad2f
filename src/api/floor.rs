//! The floor as a whole.

use tonic::{Request, Response, Status};

use super::person;
use super::status::{ask, status};
use super::v1;
use super::v1::floor_service_server::FloorService;
use super::v1::{
    Floor, FloorStatus, GetFloorRequest, GetStatusRequest, PauseFloorRequest, ResumeFloorRequest,
};
use crate::follower::model::ReadModel;
use crate::host::front::{self, Front, Person};

/// The service.
#[derive(Debug)]
pub(super) struct FloorApi {
    front: Front,
}

impl FloorApi {
    pub(super) fn new(front: Front) -> Self {
        Self { front }
    }

    async fn pause(&self, person: Person, paused: bool) -> Result<Response<FloorStatus>, Status> {
        ask(&self.front, person, front::Request::PauseFloor { paused })
            .await
            .map_err(status)?;
        Ok(Response::new(self.front.read(floor_status)))
    }
}

#[tonic::async_trait]
impl FloorService for FloorApi {
    async fn get_floor(
        &self,
        request: Request<GetFloorRequest>,
    ) -> Result<Response<Floor>, Status> {
        person::caller(request.metadata())?;
        let (floor, stock) = self
            .front
            .read(|model| (model.floor.clone(), model.stock.clone()));
        Ok(Response::new(description(&floor, &stock)))
    }

    async fn get_status(
        &self,
        request: Request<GetStatusRequest>,
    ) -> Result<Response<FloorStatus>, Status> {
        person::caller(request.metadata())?;
        Ok(Response::new(self.front.read(floor_status)))
    }

    async fn pause_floor(
        &self,
        request: Request<PauseFloorRequest>,
    ) -> Result<Response<FloorStatus>, Status> {
        let person = person::operator(request.metadata())?;
        self.pause(person, true).await
    }

    async fn resume_floor(
        &self,
        request: Request<ResumeFloorRequest>,
    ) -> Result<Response<FloorStatus>, Status> {
        let person = person::operator(request.metadata())?;
        self.pause(person, false).await
    }
}

/// The floor's description, with `stock` pieces in each buffer.
fn description(floor: &takt_maps::Floor, stock: &[u32]) -> Floor {
    let metres = |mm: i32| f64::from(mm) / 1_000.0;
    let node_name = |id| floor.roadmap.node(id).name.clone();
    let nodes = floor.roadmap.nodes().iter().map(|node| v1::Node {
        name: node.name.clone(),
        level: floor.levels[node.level.index()].name.clone(),
        x_m: metres(node.x_mm),
        y_m: metres(node.y_mm),
    });
    let edges = floor.roadmap.edges().iter().map(|edge| v1::Edge {
        from: node_name(edge.from),
        to: node_name(edge.to),
        speed_m_s: f64::from(edge.speed_mm_s) / 1_000.0,
    });
    let stations = floor.stations.iter().map(|station| v1::Station {
        name: station.name.clone(),
        node: node_name(station.node),
    });
    let buffers = floor
        .buffers
        .iter()
        .zip(stock)
        .map(|(buffer, &pieces)| v1::Buffer {
            name: buffer.name.clone(),
            station: floor.stations[buffer.station.index()].name.clone(),
            material: floor.materials[buffer.material.index()].name.clone(),
            pieces,
            capacity: buffer.capacity,
        });
    Floor {
        name: floor.name.clone(),
        nodes: nodes.collect(),
        edges: edges.collect(),
        stations: stations.collect(),
        buffers: buffers.collect(),
    }
}

fn floor_status(model: &ReadModel) -> FloorStatus {
    let kpis = &model.kpis;
    FloorStatus {
        paused: model.paused,
        notice: model.notice.clone(),
        now_ms: model.now_ms,
        orders_done: kpis.orders_done,
        orders_open: kpis.orders_open,
        orders_late: kpis.orders_late,
        starvation_ms: kpis.starvation_ms,
        utilisation: f64::from(kpis.utilisation_permille) / 1_000.0,
        distance_m: kpis.distance_mm as f64 / 1_000.0,
        cycles: kpis.cycles,
        misses: kpis.misses,
        execution_p99_us: kpis.execution_us[1],
    }
}
