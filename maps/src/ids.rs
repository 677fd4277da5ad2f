//! Typed indices: every thing on a floor is known by its position in one of [`Floor`](crate::Floor)'s arrays.

use serde::{Deserialize, Serialize};

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident($repr:ty);)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub $repr);

        impl $name {
            /// The id as an index into the array that it belongs to.
            #[inline]
            pub const fn index(self) -> usize {
                self.0 as usize
            }

            /// The id of the element at `index`; the caller knows that it fits.
            #[inline]
            pub const fn from_index(index: usize) -> Self {
                Self(index as $repr)
            }
        }
    )*};
}

ids! {
    /// A level (storey) of the floor.
    LevelId(u8);
    /// A node of the roadmap: a point at which a vehicle may stop, and may turn.
    NodeId(u32);
    /// A *directed* edge of the roadmap; a two-way edge of the floor file is two of them that share a place.
    EdgeId(u32);
    /// Something that can be occupied: a node (`0 .. nodes`) or the ground of an edge (`nodes .. places`).
    PlaceId(u32);
    /// A vehicle kind.
    KindId(u8);
    /// A footprint class: a kind in a load state, merged where the footprints are the same (`0 .. 32`).
    ClassId(u8);
    /// A vehicle.
    VehicleId(u16);
    /// A station: where loads are handed over.
    StationId(u16);
    /// A charger.
    ChargerId(u16);
    /// A roller door.
    DoorId(u16);
    /// A zone.
    ZoneId(u16);
    /// A device: one PLC interface (of a station, door, charger) reached over Modbus TCP.
    DeviceId(u16);
    /// A handshake description.
    HandshakeId(u16);
    /// A material.
    MaterialId(u16);
    /// A buffer of one material at one station.
    BufferId(u16);
    /// A production line.
    LineId(u16);
    /// A transport order; unique in the life of a store, never 0.
    OrderId(u64);
}
