//! What pages and other features ask of invoices.

pub use super::store::{
    ListFilter, MonthOfPsychologist, MonthSummary, Search, StateTotal, content, credit_note_of, lines, list,
    list_count, load, load_for, months_of_psychologist, of_psychologist, summary,
};
