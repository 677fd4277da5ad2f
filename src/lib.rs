//! Takt.
