//! What other features ask of psychologists: who they are on invoices, and their VAT.

pub use super::store::{all, load, vat_regimes};
