//! Zones as flat rows: which zones a place is in, and which an edge enters.

use takt_maps::{EdgeId, Floor, NodeId, PlaceId, ZoneId};

/// The zones of a floor, looked up by place and by edge.
#[derive(Clone, Debug)]
pub(super) struct Zones {
    capacity: Vec<u16>,
    place_start: Vec<u32>,
    place_zones: Vec<ZoneId>,
    edge_start: Vec<u32>,
    edge_zones: Vec<ZoneId>,
    entered_max: usize,
}

impl Zones {
    /// Lays out the rows.
    pub fn new(floor: &Floor) -> Self {
        let map = &floor.roadmap;
        let mut at_place = vec![Vec::new(); map.places()];
        for (i, zone) in floor.zones.iter().enumerate() {
            for &place in &zone.places {
                // A place that is listed twice is still in the zone once.
                if at_place[place.index()].last() != Some(&ZoneId::from_index(i)) {
                    at_place[place.index()].push(ZoneId::from_index(i));
                }
            }
        }
        let at_edge: Vec<Vec<ZoneId>> = map
            .edges()
            .iter()
            .map(|edge| {
                let before = &at_place[map.place_of(edge.from).index()];
                let on = &at_place[edge.place.index()];
                let after = &at_place[map.place_of(edge.to).index()];
                let mut entered: Vec<ZoneId> = on.iter().chain(after).copied().collect();
                entered.sort_unstable();
                entered.dedup();
                entered.retain(|z| !before.contains(z));
                entered
            })
            .collect();
        let entered_max = at_edge.iter().map(Vec::len).max().unwrap_or(0);
        let (place_start, place_zones) = rows(at_place);
        let (edge_start, edge_zones) = rows(at_edge);
        Self {
            capacity: floor.zones.iter().map(|z| z.capacity).collect(),
            place_start,
            place_zones,
            edge_start,
            edge_zones,
            entered_max,
        }
    }

    /// Number of zones.
    pub fn len(&self) -> usize {
        self.capacity.len()
    }

    /// How many vehicles may be in a zone.
    pub fn capacity(&self, zone: ZoneId) -> u16 {
        self.capacity[zone.index()]
    }

    /// The zones that a place is in.
    pub fn of(&self, place: PlaceId) -> &[ZoneId] {
        let i = place.index();
        &self.place_zones[self.place_start[i] as usize..self.place_start[i + 1] as usize]
    }

    /// The zones that a node is in.
    pub fn of_node(&self, node: NodeId) -> &[ZoneId] {
        self.of(PlaceId(node.0))
    }

    /// The zones that the ground or the end of an edge is in, and its beginning is not.
    pub fn entered_by(&self, edge: EdgeId) -> &[ZoneId] {
        let i = edge.index();
        &self.edge_zones[self.edge_start[i] as usize..self.edge_start[i + 1] as usize]
    }

    /// The most zones that any edge enters.
    pub fn entered_max(&self) -> usize {
        self.entered_max
    }
}

/// Row starts and values.
fn rows(lists: Vec<Vec<ZoneId>>) -> (Vec<u32>, Vec<ZoneId>) {
    let mut start = vec![0u32];
    let mut values = Vec::new();
    for list in lists {
        values.extend(list);
        start.push(values.len() as u32);
    }
    (start, values)
}
