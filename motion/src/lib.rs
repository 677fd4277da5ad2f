//! Collision-free motion: a planner proposes, the traffic manager admits and grants.
//!
//! The seam between the two is small: a [`MotionSnapshot`] says where every vehicle's base ends and where it should go;
//! a [`MotionProposal`] answers with moves in a total order. Carried out one at a time in that order, no two vehicles
//! are ever in conflicting places; that is all that admission checks, and it is enough: whoever respects the order
//! between *conflicting* moves, at any speed and with any delay, is collision-free and deadlock-free.

pub mod kinematics;
pub mod plan;
pub mod proposal;
pub mod traffic;

pub use proposal::{AgentSnapshot, MotionProposal, MotionSnapshot, Move};
