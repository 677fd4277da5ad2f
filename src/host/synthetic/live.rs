//! The synthetic floor live: a thread that takes commands and reports by the clock.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::time::{Duration, Instant};

use takt_maps::Floor;
use takt_plc_bridge::ToField;

use super::fleet::Fleet;
use crate::host::live::{Field, FieldChoice, FieldInbox};

/// Time between two looks at what came and who is due.
const POLL: Duration = Duration::from_millis(1);

/// The synthetic floor as the field of a live host. Its thread ends when the host drops its end.
pub fn field(floor: Arc<Floor>) -> FieldChoice {
    FieldChoice::Other(Box::new(move |inbox| {
        let (tell, told) = channel();
        let run = move || run(&floor, &told, &inbox);
        let thread = std::thread::Builder::new().name("takt-synthetic".to_owned());
        if let Err(error) = thread.spawn(run) {
            // The controller then waits for vehicles that never report, and says so.
            tracing::error!("the synthetic floor's thread could not be started: {error}");
        }
        Arc::new(Ends { tell })
    }))
}

/// Where the host hands commands over.
struct Ends {
    tell: Sender<ToField>,
}

impl Field for Ends {
    fn send(&self, message: ToField) {
        // The thread is gone only if it could not be started, which has been reported.
        let _ = self.tell.send(message);
    }
}

fn run(floor: &Floor, told: &Receiver<ToField>, inbox: &FieldInbox) {
    let mut fleet = Fleet::new(floor);
    let begun = Instant::now();
    loop {
        let now_ms = begun.elapsed().as_millis() as u64;
        loop {
            match told.try_recv() {
                Ok(message) => fleet.command(&message, now_ms),
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => return,
            }
        }
        fleet.poll(now_ms, &inbox);
        std::thread::sleep(POLL);
    }
}
