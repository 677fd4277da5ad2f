//! The way between one link and its server, in memory: messages in both directions, which may be late, lost or doubled.
//! What a message is, a frame or a value, it does not know.

use rand_pcg::Pcg32;
use std::collections::VecDeque;

use super::conditions::{Conditions, Fate};

/// How the newest connection is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Line {
    /// There is none, or it was broken.
    Broken,
    /// It carries.
    Open,
    /// It swallows what is put in.
    Swallows,
}

/// A message on its way.
#[derive(Debug)]
struct Flight<M> {
    at_ms: u64,
    /// Number of its connection.
    connection: u64,
    to_server: bool,
    message: M,
}

/// What becomes of an attempt to connect.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Dialled {
    /// There is nobody.
    Refused,
    /// No answer.
    Silence,
    /// It is answered after so many milliseconds.
    After(u64),
}

/// What happened to messages on a wire.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct WireCounts {
    pub(super) lost: u64,
    pub(super) copied: u64,
    pub(super) held_back: u64,
}

/// The way between one link and its server.
#[derive(Debug)]
pub(super) struct Wire<M> {
    conditions: Conditions,
    plugged: bool,
    random: Pcg32,
    /// Number of the newest connection; a link has one at a time.
    connection: u64,
    line: Line,
    flights: Vec<Flight<M>>,
    /// Answers that have arrived and were not read yet.
    arrived: VecDeque<M>,
    counts: WireCounts,
}

impl<M: Copy> Wire<M> {
    /// The wire of link `index`. Each has random numbers of its own: what happens on one says nothing of others.
    pub(super) fn new(seed: u64, index: usize) -> Self {
        Self {
            conditions: Conditions::default(),
            plugged: true,
            random: Pcg32::new(seed, index as u64),
            connection: 0,
            line: Line::Broken,
            flights: Vec::new(),
            arrived: VecDeque::new(),
            counts: WireCounts::default(),
        }
    }

    /// From now on it is like this; true if a connection has broken by that.
    pub(super) fn set(&mut self, conditions: Conditions, reset: bool, plugged: bool) -> bool {
        let half_opens = conditions.half_open && !self.conditions.half_open;
        self.conditions = conditions;
        self.plugged = plugged;
        let breaks = reset || !plugged;
        if !breaks && !half_opens {
            return false;
        }
        let newest = self.connection;
        let before = self.flights.len();
        // What is on its way on older connections is in buffers of the server's side already.
        (self.flights).retain(|flight| plugged && flight.connection != newest);
        self.counts.lost += (before - self.flights.len()) as u64;
        if half_opens && self.line == Line::Open {
            self.line = Line::Swallows;
        }
        let was = self.line;
        if breaks {
            self.line = Line::Broken;
            self.arrived.clear();
        }
        breaks && was != Line::Broken
    }

    /// Does everything that is put in now arrive at once?
    pub(super) fn is_clear(&self) -> bool {
        self.line == Line::Open
            && self.conditions == Conditions::default()
            && self.flights.is_empty()
            && self.arrived.is_empty()
    }

    /// May something that is put in now be on its way for a while?
    pub(super) fn is_quick(&self) -> bool {
        self.conditions == Conditions::default() && self.flights.is_empty()
    }

    /// Somebody wants to connect.
    pub(super) fn dial(&mut self) -> Dialled {
        if !self.plugged {
            Dialled::Refused
        } else if self.conditions.outage {
            Dialled::Silence
        } else {
            let there = self.conditions.way_ms(&mut self.random);
            Dialled::After(there + self.conditions.way_ms(&mut self.random))
        }
    }

    /// A new connection, the number of which it gives back; nothing more is read from the one before.
    pub(super) fn connect(&mut self) -> u64 {
        self.connection += 1;
        self.line = Line::Open;
        self.arrived.clear();
        self.connection
    }

    /// Can nothing be put into this connection, or be read from it?
    pub(super) fn is_broken(&self, connection: u64) -> bool {
        self.line == Line::Broken || connection != self.connection
    }

    /// The newest connection.
    pub(super) fn newest(&self) -> u64 {
        self.connection
    }

    /// Puts a request into the newest connection at `now_ms`. The server is asked by `serve`, at once or on a later
    /// [`deliver`](Self::deliver).
    pub(super) fn send(
        &mut self,
        now_ms: u64,
        request: M,
        serve: &mut impl FnMut(&M) -> Option<M>,
    ) {
        match self.line {
            Line::Open => self.put(now_ms, self.connection, true, request, serve),
            Line::Swallows => self.counts.lost += 1,
            Line::Broken => {}
        }
    }

    /// When something arrives next.
    pub(super) fn next_ms(&self) -> Option<u64> {
        self.flights.iter().map(|flight| flight.at_ms).min()
    }

    /// Lets the message arrive that is due at `now_ms` or before, the first of them; false if there is none.
    pub(super) fn deliver(&mut self, now_ms: u64, serve: &mut impl FnMut(&M) -> Option<M>) -> bool {
        let due = |(_, flight): &(usize, &Flight<M>)| flight.at_ms <= now_ms;
        let flights = self.flights.iter().enumerate().filter(due);
        let Some((first, _)) = flights.min_by_key(|(i, flight)| (flight.at_ms, *i)) else {
            return false;
        };
        let flight = self.flights.remove(first);
        if self.conditions.outage {
            self.counts.lost += 1;
        } else {
            self.arrive(
                now_ms,
                flight.connection,
                flight.to_server,
                flight.message,
                serve,
            );
        }
        true
    }

    /// The first answer that has arrived.
    pub(super) fn peek(&self) -> Option<&M> {
        self.arrived.front()
    }

    /// Takes the first answer that has arrived.
    pub(super) fn take(&mut self) -> Option<M> {
        self.arrived.pop_front()
    }

    /// Forgets answers that have arrived: they were read with the first of them.
    pub(super) fn discard(&mut self) {
        self.arrived.clear();
    }

    /// What happened to messages so far.
    pub(super) fn counts(&self) -> WireCounts {
        self.counts
    }

    fn put(
        &mut self,
        now_ms: u64,
        connection: u64,
        to_server: bool,
        message: M,
        serve: &mut impl FnMut(&M) -> Option<M>,
    ) {
        let Fate::Arrives {
            after_ms,
            held_back,
            again_after_ms,
        } = self.conditions.fate(&mut self.random)
        else {
            self.counts.lost += 1;
            return;
        };
        self.counts.held_back += u64::from(held_back);
        let flight = |after_ms: u64| Flight {
            at_ms: now_ms + after_ms,
            connection,
            to_server,
            message,
        };
        if after_ms > 0 {
            self.flights.push(flight(after_ms));
        }
        if let Some(again_after_ms) = again_after_ms {
            self.counts.copied += 1;
            self.flights.push(flight(again_after_ms));
        }
        if after_ms == 0 {
            self.arrive(now_ms, connection, to_server, message, serve);
        }
    }

    fn arrive(
        &mut self,
        now_ms: u64,
        connection: u64,
        to_server: bool,
        message: M,
        serve: &mut impl FnMut(&M) -> Option<M>,
    ) {
        if to_server {
            // An answer over a connection that its link has left is read by nobody, but it is made.
            if let Some(answer) = serve(&message) {
                self.put(now_ms, connection, false, answer, serve);
            }
        } else if connection == self.connection && self.line == Line::Open {
            self.arrived.push_back(message);
        }
    }
}
