//! Pages that the law asks of a public site, and the help; filled from the configuration.

pub mod pages;
