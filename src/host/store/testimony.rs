//! What a witness says of the store that a start has found.

use std::fmt;

use super::witness::{Mark, Seen};

/// Where a store ends, as a start finds it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StoreEnd {
    /// Its last life; 0: it is new.
    pub epoch: u32,
    /// The last cycle of which it has something; `None`: it has none of that life, or another build wrote it.
    pub cycle: Option<u64>,
    /// Number of the record that would come next.
    pub records: u64,
    /// The order id that would come next.
    pub next_order: u64,
}

/// What a witness says. Displays as what a person should know.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Testimony {
    /// The store has all that the witness saw durable.
    Whole,
    /// The witness is new, and the store is not.
    New,
    /// The witness cannot be read any more.
    Damaged,
    /// Lives since the witness was last written: it knows nothing of them.
    Unwitnessed {
        /// The first of them.
        from: u32,
        /// The last of them.
        to: u32,
    },
    /// The store ends before what the witness saw durable.
    Loss {
        /// Where the store ends.
        store: StoreEnd,
        /// How far it was durable.
        mark: Mark,
    },
    /// A start before this one found a loss, and ended before its first cycle: nobody has been told.
    Untold,
}

impl Testimony {
    /// Compares.
    pub fn of(seen: Seen, store: StoreEnd) -> Self {
        match seen {
            Seen::Nothing if store.epoch == 0 => Self::Whole,
            Seen::Nothing => Self::New,
            Seen::Damaged => Self::Damaged,
            Seen::Mark(mark) if store.records < mark.records || store.epoch < mark.epoch => {
                Self::Loss { store, mark }
            }
            Seen::Mark(mark) if store.epoch > mark.epoch => Self::Unwitnessed {
                from: mark.epoch + 1,
                to: store.epoch,
            },
            Seen::Mark(_) => Self::Whole,
        }
    }

    /// Is something lost that was durable?
    pub fn is_loss(&self) -> bool {
        matches!(self, Self::Loss { .. } | Self::Untold)
    }
}

impl fmt::Display for Testimony {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole => write!(f, "the store has all that its witness saw durable"),
            Self::New => write!(
                f,
                "the witness is new: what the store may have lost until now cannot be told"
            ),
            Self::Damaged => write!(
                f,
                "the witness is damaged: what the store may have lost until now cannot be told; it is written anew"
            ),
            Self::Unwitnessed { from, to } if from == to => write!(
                f,
                "the witness knows nothing of life {to}: what the store may have lost of it cannot be told"
            ),
            Self::Unwitnessed { from, to } => write!(
                f,
                "the witness knows nothing of lives {from} to {to}: what the store may have lost of them cannot be told"
            ),
            Self::Loss { store, mark } => loss(f, store, mark),
            Self::Untold => write!(
                f,
                "LOSS: the start before this one found that the store has lost something, and ended before its first cycle; its log says what"
            ),
        }
    }
}

fn loss(f: &mut fmt::Formatter<'_>, store: &StoreEnd, mark: &Mark) -> fmt::Result {
    match (store.epoch, store.cycle) {
        (0, _) => write!(f, "LOSS: the store is empty")?,
        (epoch, Some(cycle)) => write!(f, "LOSS: the store ends at cycle {cycle} of life {epoch}")?,
        (epoch, None) => write!(f, "LOSS: the store ends in life {epoch}")?,
    }
    write!(
        f,
        "; the witness saw it durable up to cycle {} of life {}: {} records that the disk had said it has are lost, ",
        mark.cycle,
        mark.epoch,
        mark.records.saturating_sub(store.records),
    )?;
    let last = mark.next_order.saturating_sub(1);
    match last.checked_sub(store.next_order) {
        Some(0) => write!(f, "order {last} with them")?,
        Some(_) => write!(f, "orders {} to {last} with them", store.next_order)?,
        None => write!(f, "no order with them, but perhaps what became of orders")?,
    }
    write!(
        f,
        "; numbers go on behind what was lost. Compare open orders, loads and stock with the floor, and do not trust this disk"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(epoch: u32, records: u64, next_order: u64) -> StoreEnd {
        StoreEnd {
            epoch,
            cycle: Some(70),
            records,
            next_order,
        }
    }

    fn seen(epoch: u32, records: u64, next_order: u64) -> Seen {
        Seen::Mark(Mark {
            floor: 1,
            epoch,
            records,
            cycle: 90,
            next_order,
        })
    }

    #[test]
    fn a_store_that_ends_too_early_is_a_loss_and_no_other() {
        let of = Testimony::of;
        assert_eq!(of(Seen::Nothing, end(0, 0, 1)), Testimony::Whole);
        assert_eq!(of(Seen::Nothing, end(1, 5, 1)), Testimony::New);
        assert_eq!(of(Seen::Damaged, end(1, 5, 1)), Testimony::Damaged);
        assert_eq!(of(seen(3, 40, 7), end(3, 40, 7)), Testimony::Whole);
        // What was committed after the witness was last written.
        assert_eq!(of(seen(3, 40, 7), end(3, 44, 8)), Testimony::Whole);
        let alone = Testimony::Unwitnessed { from: 4, to: 5 };
        assert_eq!(of(seen(3, 40, 7), end(5, 60, 9)), alone);
        assert!(of(seen(3, 40, 7), end(3, 39, 7)).is_loss());
        // A whole life is gone, and another wrote more since than was lost.
        assert!(of(seen(5, 40, 7), end(4, 50, 7)).is_loss());
        assert!(of(seen(1, 40, 7), end(0, 0, 1)).is_loss());
    }

    #[test]
    fn a_loss_says_what_is_missing() {
        let words = |seen, end| Testimony::of(seen, end).to_string();
        let said = words(seen(3, 40, 9), end(2, 30, 7));
        assert!(
            said.contains("ends at cycle 70 of life 2; the witness saw it durable up to cycle 90 of life 3: 10 records")
                && said.contains("orders 7 to 8 with them"),
            "{said}"
        );
        let said = words(seen(3, 40, 8), end(3, 30, 7));
        assert!(said.contains("order 7 with them"), "{said}");
        let said = words(seen(3, 40, 7), end(3, 30, 7));
        assert!(said.contains("no order with them"), "{said}");
        assert!(words(seen(3, 40, 7), end(0, 0, 1)).contains("the store is empty"));
    }
}
