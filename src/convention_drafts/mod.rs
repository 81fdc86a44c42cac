//! Drafts of conventions: the next convention is prepared on screen, checked as its file would be, and enters by the same
//! import on the day it is signed. Until then nothing of it exists for sessions, quotas, calls or exports.
//!
//! A draft holds the same typed structure as the file (`crate::conventions::file`): one reader, one check, one import.

pub mod api;
pub mod check;
pub mod discard;
pub mod edit;
pub mod look_up;
pub mod pages;
mod pages_fields;
mod pages_read;
pub mod pages_section;
pub mod sign;
pub mod start;
mod store;

use crate::conventions::file::ConventionFile;
use crate::ids::{ConventionDraftId, ConventionId};
use crate::sql_types::Ts;

/// A convention that is being prepared.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// Which.
    pub id: ConventionDraftId,
    /// What it says so far.
    pub file: ConventionFile,
    /// How often it was changed: who writes says what they saw.
    pub version: i32,
    /// The convention that it became, once signed.
    pub convention: Option<ConventionId>,
    /// When it was changed last.
    pub changed_at: Ts,
}

impl Draft {
    /// Whether it is a convention, that only an amendment changes.
    pub fn is_signed(&self) -> bool {
        self.convention.is_some()
    }

    /// Its page.
    pub fn href(&self) -> String {
        crate::links::convention_draft(self.id)
    }

    /// Its title, or what stands for it.
    pub fn title(&self) -> &str {
        if self.file.convention.title.is_empty() { "Convention sans titre" } else { &self.file.convention.title }
    }
}

/// A part of a convention, edited by its own form: the sections of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Title, period.
    Heading,
    /// Who is invoiced.
    Buyer,
    /// The parties.
    Signatories,
    /// The programmes and their neighbourhoods.
    Programmes,
    /// The grants that the budget is made of.
    Grants,
    /// The budget years, their contributions and quotas.
    Years,
    /// What the years keep for practice analysis and training.
    ServiceLines,
    /// The dated rules.
    Terms,
    /// The rates.
    Rates,
}

impl Part {
    /// Every part, in the order of the file.
    pub const ALL: [Self; 9] = [
        Self::Heading,
        Self::Buyer,
        Self::Signatories,
        Self::Programmes,
        Self::Grants,
        Self::Years,
        Self::ServiceLines,
        Self::Terms,
        Self::Rates,
    ];

    /// Its word in an address.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Heading => "convention",
            Self::Buyer => "acheteur",
            Self::Signatories => "parties",
            Self::Programmes => "pre",
            Self::Grants => "subventions",
            Self::Years => "exercices",
            Self::ServiceLines => "prestations",
            Self::Terms => "regles",
            Self::Rates => "tarifs",
        }
    }

    /// The section of the file that names it.
    pub const fn section(self) -> &'static str {
        match self {
            Self::Heading => "convention",
            Self::Buyer => "buyer",
            Self::Signatories => "signatories",
            Self::Programmes => "programmes",
            Self::Grants => "grants",
            Self::Years => "budget_years",
            Self::ServiceLines => "service_lines",
            Self::Terms => "terms",
            Self::Rates => "rates",
        }
    }

    /// The part of a word.
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|part| part.word() == word)
    }

    /// Its title.
    pub const fn french(self) -> &'static str {
        match self {
            Self::Heading => "Titre et période",
            Self::Buyer => "Acheteur",
            Self::Signatories => "Parties",
            Self::Programmes => "PRE et quartiers",
            Self::Grants => "Subventions",
            Self::Years => "Exercices, participations et quotités",
            Self::ServiceLines => "Analyse de la pratique et formations",
            Self::Terms => "Règles",
            Self::Rates => "Tarifs horaires",
        }
    }

    /// The part that a section of the file is edited in.
    pub fn of_section(section: &str) -> Self {
        match section {
            "buyer" => Self::Buyer,
            "signatories" => Self::Signatories,
            "neighbourhoods" | "programmes" => Self::Programmes,
            "grants" => Self::Grants,
            "budget_years" => Self::Years,
            "service_lines" => Self::ServiceLines,
            "terms" => Self::Terms,
            "rates" => Self::Rates,
            _ => Self::Heading,
        }
    }
}
