//! Hosts: what surrounds the controller. Live, with threads, sockets and a disk; or in virtual time, with none of them.
//!
//! Both give the same controller the same inputs and carry out the same outputs; only clock, disk and links differ.

pub mod floor_process;
pub mod front;
pub mod judges;
pub mod live;
pub mod store;
pub mod synthetic;
pub mod virtual_time;
pub mod workers;
pub mod workload;
