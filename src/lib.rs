//! PsyPRE: psychologists record sessions within a programme's hour quota, coordinators approve them, and the month's
//! approved sessions become invoices to Dijon Métropole.
//!
//! Modules stand in import order: each may import only those before it. Start with `router`, which lists every
//! address, or with `docs/ARCHITECTURE.md`.

pub mod sql_types;

pub mod calendar;
pub mod clock;
pub mod hours;
pub mod ids;
pub mod money;

pub mod db;
pub mod failure;
pub mod schema;
pub mod vault;

pub mod web;

pub mod journal;

pub mod conventions;
