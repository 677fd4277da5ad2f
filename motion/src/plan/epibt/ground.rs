//! What priority inheritance knows of the ground: what an agent takes up where it is, and whom it keeps away from there.

/// A place: where an agent is at some moment, standing or on its way.
pub type Place = u32;

/// A piece of ground: a row of the table of reservations.
pub type Piece = u32;

/// The classes of agents that a conflict is with, a bit for each.
pub type Classes = takt_maps::ClassMask;

/// All classes.
pub const ANYBODY: Classes = Classes::MAX;

/// Places, the pieces of ground that they are made of, and which of these are in conflict.
pub trait Ground {
    /// Agents that one may push at once, at least 1.
    const PUSHED_MAX: usize;
    /// May agents in a closed ring all go on at once, if there are more than two? If not, those who follow each other do so one
    /// after the other.
    const TURNS: bool;

    /// Number of pieces.
    fn pieces(&self) -> usize;

    /// The pieces that an agent in a place takes up. No other agent ever takes up one of them at the same time.
    fn pieces_of(&self, place: Place) -> impl Iterator<Item = Piece> + '_;

    /// The pieces that others may not take up while an agent of a class is in a place, those of the place included.
    fn conflicts(&self, class: u8, place: Place) -> impl Iterator<Item = (Piece, Classes)> + '_;

    /// The same of what an agent in a place is about to leave: who has stood there from the beginning may stay.
    fn conflicts_behind(
        &self,
        class: u8,
        place: Place,
    ) -> impl Iterator<Item = (Piece, Classes)> + '_;

    /// Does who gets from a place to another one in a step begin to take up ground?
    fn begins(&self, from: Place, to: Place) -> bool;

    /// Areas that a place is in, of which each takes so many agents at most.
    fn areas(&self, place: Place) -> &[u16];

    /// Agents that an area takes, by area.
    fn capacities(&self) -> &[u16];
}
