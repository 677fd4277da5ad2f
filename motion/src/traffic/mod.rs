//! The traffic manager: admission, the action dependency graph, grants and releases.
