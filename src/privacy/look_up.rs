//! What may be read of how long identities are kept.

pub use super::store::{count_destroyed, destroyed};
