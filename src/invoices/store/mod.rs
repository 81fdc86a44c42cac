//! The tables of invoices; and, of sessions and services, that an invoice bills them.

mod billed;
mod issued;
mod shown;

pub use billed::*;
pub use issued::*;
pub use shown::*;
