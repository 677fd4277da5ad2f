//! Planning: from a snapshot to a proposal.
