//! Stock, counted.

use super::rule::{Rule, priority};
use crate::hash::digest;
use crate::orders::{OrderSpec, OrderState, Origin, Stop, Transition};
use serde::{Deserialize, Serialize};
use takt_maps::{BufferId, BufferRole, Floor};

/// For so long after a load came or went, a buffer asks for nothing: its PLC may still report the level before.
pub const SETTLE_MS: u64 = 2_000;

/// Most buffers that one [`Stock::due`] looks at.
const DUE_BUDGET: usize = 64;

/// The stock of one buffer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Account {
    /// Pieces in the buffer, as reported last or counted since.
    pub pieces: u32,
    /// Pieces that accepted orders will bring.
    pub incoming: u32,
    /// Pieces that accepted orders will take, and have not yet.
    pub outgoing: u32,
    /// Is `pieces` to be relied on? `false`: its PLC has not reported yet.
    pub known: bool,
    /// Asks for nothing before this time; milliseconds of controller time.
    pub settled_ms: u64,
}

impl Account {
    fn digest(&self, index: usize) -> u64 {
        digest(&[
            index as u64,
            u64::from(self.pieces) << 1 | u64::from(self.known),
            u64::from(self.incoming) << 32 | u64::from(self.outgoing),
            self.settled_ms,
        ])
    }
}

/// The stock of every buffer of a floor.
///
/// Runs in the control cycle: nothing here allocates after [`Stock::new`].
#[derive(Clone, Debug)]
pub struct Stock {
    rules: Vec<Rule>,
    accounts: Vec<Account>,
    /// Where `due` goes on, in `0 .. accounts.len()`.
    cursor: usize,
    /// Sum of the digests of all accounts.
    hash: u64,
}

impl Stock {
    /// The stock that the floor file tells. Buffers with a PLC ask for nothing until it has reported.
    pub fn new(floor: &Floor) -> Self {
        let account = |b: &takt_maps::Buffer| Account {
            pieces: b.initial,
            known: b.level.is_none(),
            ..Account::default()
        };
        let accounts: Vec<Account> = floor.buffers.iter().map(account).collect();
        let hash = accounts
            .iter()
            .enumerate()
            .fold(0u64, |sum, (i, a)| sum.wrapping_add(a.digest(i)));
        Self {
            rules: Rule::all(floor),
            accounts,
            cursor: 0,
            hash,
        }
    }

    /// The account of a buffer of this floor.
    ///
    /// # Panics
    /// If the floor has no such buffer.
    pub fn account(&self, buffer: BufferId) -> &Account {
        &self.accounts[buffer.index()]
    }

    /// All accounts, indexed by [`BufferId`].
    pub fn accounts(&self) -> &[Account] {
        &self.accounts
    }

    /// Digest of everything that future answers depend on.
    pub fn state_hash(&self) -> u64 {
        digest(&[self.hash, self.cursor as u64])
    }

    /// The buffer that the next [`Stock::due`] begins with.
    pub fn cursor(&self) -> BufferId {
        BufferId::from_index(self.cursor)
    }

    /// Puts the cursor back, after a restart; a buffer that the floor does not have counts as the first.
    pub fn restore_cursor(&mut self, cursor: BufferId) {
        self.cursor = match cursor.index() {
            at if at < self.accounts.len() => at,
            _ => 0,
        };
    }

    /// Puts an account back as it was, after a restart. A buffer that the floor does not have is passed over.
    pub fn restore(&mut self, buffer: BufferId, account: Account) {
        self.change(Some(buffer), |a, _| *a = account);
    }

    /// The PLC of a buffer says how many pieces are in it.
    pub fn reported(&mut self, buffer: BufferId, pieces: u32) {
        self.change(Some(buffer), |account, _| {
            account.pieces = pieces;
            account.known = true;
        });
    }

    /// A line has taken pieces from a buffer without PLC.
    pub fn used(&mut self, buffer: BufferId, pieces: u32) {
        self.change(Some(buffer), |account, _| {
            account.pieces = account.pieces.saturating_sub(pieces);
        });
    }

    /// A line has left pieces in a buffer without PLC.
    pub fn made(&mut self, buffer: BufferId, pieces: u32) {
        self.change(Some(buffer), |account, _| {
            account.pieces = account.pieces.saturating_add(pieces);
        });
    }

    /// Pieces that an order moves: its quantity, or a lot of the buffer that it takes from, or else of the one that it
    /// fills; 0 if no buffer is concerned.
    pub fn quantity(&self, spec: &OrderSpec) -> u32 {
        if spec.quantity > 0 {
            return spec.quantity;
        }
        let buffer = spec.pickup.buffer.or(spec.drop.buffer);
        buffer
            .and_then(|b| self.rules.get(b.index()))
            .map_or(0, |rule| rule.lot)
    }

    /// Counts what an order's step means for the stock; every transition of every order must come here, once.
    pub fn follow(&mut self, step: &Transition) {
        let (from, to) = (step.spec.pickup.buffer, step.spec.drop.buffer);
        let n = self.quantity(&step.spec);
        let settled_ms = step.at_ms.saturating_add(SETTLE_MS);
        if step.from.is_none() {
            self.change(from, |a, _| a.outgoing = a.outgoing.saturating_add(n));
            self.change(to, |a, _| a.incoming = a.incoming.saturating_add(n));
        }
        match step.to {
            OrderState::Carrying { .. } => self.change(from, |a, rule| {
                a.outgoing = a.outgoing.saturating_sub(n);
                if !rule.endless_source() {
                    a.pieces = a.pieces.saturating_sub(n);
                }
                a.settled_ms = settled_ms;
            }),
            OrderState::Completed => self.change(to, |a, _| {
                a.incoming = a.incoming.saturating_sub(n);
                a.pieces = a.pieces.saturating_add(n);
                a.settled_ms = settled_ms;
            }),
            OrderState::Cancelled | OrderState::Failed => {
                if !step.from.is_some_and(OrderState::on_board) {
                    self.change(from, |a, _| a.outgoing = a.outgoing.saturating_sub(n));
                }
                self.change(to, |a, _| a.incoming = a.incoming.saturating_sub(n));
            }
            _ => {}
        }
    }

    /// The buffer whose pieces a step of an order changes, if any.
    pub fn changed_by(step: &Transition) -> Option<BufferId> {
        match step.to {
            OrderState::Carrying { .. } => step.spec.pickup.buffer,
            OrderState::Completed => step.spec.drop.buffer,
            _ => None,
        }
    }

    /// Takes over an order that a store kept: what it will still bring and take. What it took already is not in the
    /// pieces that the store kept any more.
    pub fn resume(&mut self, spec: &OrderSpec, on_board: bool) {
        let n = self.quantity(spec);
        if !on_board {
            self.change(spec.pickup.buffer, |a, _| {
                a.outgoing = a.outgoing.saturating_add(n);
            });
        }
        self.change(spec.drop.buffer, |a, _| {
            a.incoming = a.incoming.saturating_add(n);
        });
    }

    /// The next transport that a buffer asks for, if one of the next buffers looked at does.
    ///
    /// The caller submits it and hands the transition back through [`Stock::follow`], which is what keeps it from being
    /// asked for twice; one that is refused is asked for again when the search comes round. A call looks at a bounded
    /// number of buffers and goes on in the next call, so call it a few times a cycle.
    pub fn due(&mut self, now_ms: u64) -> Option<OrderSpec> {
        for _ in 0..DUE_BUDGET.min(self.accounts.len()) {
            let at = self.cursor;
            self.cursor = (at + 1) % self.accounts.len();
            let account = &self.accounts[at];
            if !account.known || now_ms < account.settled_ms {
                continue;
            }
            let spec = match self.rules[at].role {
                BufferRole::Consume { reorder_at, from } => {
                    self.call_off(BufferId::from_index(at), reorder_at, from, now_ms)
                }
                BufferRole::Produce { collect_at, to } => {
                    self.collection(BufferId::from_index(at), collect_at, to, now_ms)
                }
                BufferRole::Source { .. } | BufferRole::Sink => None,
            };
            if spec.is_some() {
                return spec;
            }
        }
        None
    }

    /// A lot for a buffer that runs low, if there is room for it and its source has it.
    fn call_off(
        &self,
        buffer: BufferId,
        reorder_at: u32,
        from: BufferId,
        now_ms: u64,
    ) -> Option<OrderSpec> {
        let (account, rule) = (&self.accounts[buffer.index()], &self.rules[buffer.index()]);
        let expected = account.pieces.saturating_add(account.incoming);
        if expected > reorder_at {
            return None;
        }
        let quantity = self.available(from, rule.lot)?;
        if expected.saturating_add(quantity) > rule.capacity {
            return None;
        }
        let left_ms = rule.time_for_ms(expected);
        Some(self.spec(
            from,
            buffer,
            quantity,
            left_ms,
            now_ms,
            Origin::CallOff(buffer),
        ))
    }

    /// A lot away from a buffer that fills up, if it can go where it should.
    fn collection(
        &self,
        buffer: BufferId,
        collect_at: u32,
        to: BufferId,
        now_ms: u64,
    ) -> Option<OrderSpec> {
        let (account, rule) = (&self.accounts[buffer.index()], &self.rules[buffer.index()]);
        let there = account.pieces.saturating_sub(account.outgoing);
        if there < collect_at.max(rule.lot) {
            return None;
        }
        let (target, target_rule) = (&self.accounts[to.index()], &self.rules[to.index()]);
        let filled = u64::from(target.pieces) + u64::from(target.incoming) + u64::from(rule.lot);
        if target_rule.role != BufferRole::Sink && filled > u64::from(target_rule.capacity) {
            return None;
        }
        let left_ms = rule.time_for_ms(rule.capacity.saturating_sub(there));
        let origin = Origin::Collection(buffer);
        Some(self.spec(buffer, to, rule.lot, left_ms, now_ms, origin))
    }

    /// How much of a lot a buffer can give: all of it, or the rest of a finite source.
    fn available(&self, from: BufferId, lot: u32) -> Option<u32> {
        let (account, rule) = (&self.accounts[from.index()], &self.rules[from.index()]);
        if rule.endless_source() {
            return Some(lot);
        }
        let there = account.pieces.saturating_sub(account.outgoing);
        match rule.role {
            _ if there >= lot => Some(lot),
            BufferRole::Source { .. } if there > 0 => Some(there),
            _ => None,
        }
    }

    /// An order between two buffers, due when `left_ms` have passed.
    fn spec(
        &self,
        from: BufferId,
        to: BufferId,
        quantity: u32,
        left_ms: Option<u64>,
        now_ms: u64,
        origin: Origin,
    ) -> OrderSpec {
        let stop = |buffer: BufferId| Stop {
            station: self.rules[buffer.index()].station,
            buffer: Some(buffer),
        };
        OrderSpec {
            pickup: stop(from),
            drop: stop(to),
            quantity,
            priority: left_ms.map_or(0, priority),
            release_ms: now_ms,
            deadline_ms: left_ms.map(|left| now_ms.saturating_add(left)),
            depends_on: None,
            origin,
        }
    }

    /// Changes an account and the digest sum with it; nothing for no buffer, or one that the floor does not have.
    fn change(&mut self, buffer: Option<BufferId>, change: impl FnOnce(&mut Account, &Rule)) {
        let Some(index) = buffer.map(BufferId::index) else {
            return;
        };
        if let Some(account) = self.accounts.get_mut(index) {
            self.hash = self.hash.wrapping_sub(account.digest(index));
            change(account, &self.rules[index]);
            self.hash = self.hash.wrapping_add(account.digest(index));
        }
    }
}

#[cfg(test)]
#[path = "stock_tests.rs"]
mod tests;
