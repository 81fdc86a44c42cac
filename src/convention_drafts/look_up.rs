//! What may be read of drafts.

pub use super::store::{load, open};
