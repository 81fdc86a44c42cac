//! What a bearer token may do of what its person may: read only, or in some areas of the API only.

use std::collections::BTreeSet;

use crate::accounts::store::StoredToken;

crate::text_enum! {
    /// A part of the API.
    Area {
        /// Sessions, bookings, approvals, services, and who approves in whose place.
        Sessions => "sessions",
        /// Openings and leaves.
        Openings => "openings",
        /// Children, referrals, and requests for a session.
        Children => "children",
        /// Invoices, exports and calls for funds.
        Money => "money",
        /// The convention, hours, budgets, and the yearly report.
        Convention => "convention",
        /// What families asked about their data, and how long it is kept.
        Privacy => "privacy",
        /// The journal, and who read the children's files.
        Journal => "journal",
    }
}

impl Area {
    /// As users see it.
    pub fn french(self) -> &'static str {
        match self {
            Self::Sessions => "Séances, réservations, validations",
            Self::Openings => "Permanences et absences",
            Self::Children => "Enfants, orientations, demandes",
            Self::Money => "Factures, exports, appels de fonds",
            Self::Convention => "Convention, quotités, budgets, bilan",
            Self::Privacy => "Données personnelles",
            Self::Journal => "Journal, consultations",
        }
    }
}

/// The area of what begins the addresses of the API. What is not here is for tokens that are for all only.
const AREAS: [(&str, Area); 26] = [
    ("sessions", Area::Sessions),
    ("bookings", Area::Sessions),
    ("approvals", Area::Sessions),
    ("services", Area::Sessions),
    ("service-approvals", Area::Sessions),
    ("substitutions", Area::Sessions),
    ("me/calendar-feed", Area::Sessions),
    ("openings", Area::Openings),
    ("leaves", Area::Openings),
    ("children", Area::Children),
    ("referrals", Area::Children),
    ("requests", Area::Children),
    ("invoices", Area::Money),
    ("exports", Area::Money),
    ("funding-calls", Area::Money),
    ("funding-receipts", Area::Money),
    ("conventions", Area::Convention),
    ("convention-drafts", Area::Convention),
    ("quotas", Area::Convention),
    ("budgets", Area::Convention),
    ("budget-lines", Area::Convention),
    ("reports", Area::Convention),
    ("data-requests", Area::Privacy),
    ("retention", Area::Privacy),
    ("audit", Area::Journal),
    ("readings", Area::Journal),
];
/// What every token may ask: who it acts for, and what the API is.
const ALWAYS: [&str; 2] = ["/api/v1/me", "/api/v1/openapi.json"];

/// The area of an address of the API; nothing for what belongs to none.
pub fn area_of(path: &str) -> Option<Area> {
    let asked = path.strip_prefix("/api/v1/")?;
    let begins = |known: &str| asked.strip_prefix(known).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    AREAS.iter().find(|(known, _)| begins(known)).map(|(_, area)| *area)
}

/// Whether every token may read an address of the API.
pub fn is_always_open(path: &str) -> bool {
    ALWAYS.contains(&path)
}

impl StoredToken {
    /// What it may do.
    pub fn scope(&self) -> Scope {
        Scope::of_stored(self.is_read_only, self.areas.as_deref())
    }
}

/// What a token may do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scope {
    /// Whether it changes nothing.
    pub is_read_only: bool,
    /// The areas of the API that it is for; absent for all, pages included.
    areas: Option<BTreeSet<Area>>,
}

impl Scope {
    /// All that its person may.
    pub fn whole() -> Self {
        Self::default()
    }

    /// What is asked for: these areas, or all when none is named.
    pub fn of(is_read_only: bool, areas: BTreeSet<Area>) -> Self {
        Self { is_read_only, areas: (!areas.is_empty()).then_some(areas) }
    }

    /// Whether it lets a request through; what the person may is asked after.
    pub fn allows(&self, is_reading: bool, path: &str) -> bool {
        if self.is_read_only && !is_reading {
            return false;
        }
        let Some(areas) = &self.areas else { return true };
        area_of(path).is_some_and(|area| areas.contains(&area)) || (is_reading && is_always_open(path))
    }

    /// The areas as they are stored; nothing for all.
    pub fn stored_areas(&self) -> Option<String> {
        let words: Vec<&str> = self.areas.as_ref()?.iter().map(|area| area.as_str()).collect();
        Some(words.join(","))
    }

    /// Reads what is stored. An area that is not known any more stays closed.
    pub fn of_stored(is_read_only: bool, areas: Option<&str>) -> Self {
        Self { is_read_only, areas: areas.map(|all| all.split(',').filter_map(|word| word.parse().ok()).collect()) }
    }

    /// "Lecture seule : Séances, réservations, validations".
    pub fn french(&self) -> String {
        let rights = if self.is_read_only { "Lecture seule" } else { "Lecture et écriture" };
        let Some(areas) = &self.areas else { return format!("{rights}, partout") };
        let areas: Vec<&str> = areas.iter().map(|area| area.french()).collect();
        format!("{rights} : {}", areas.join(" ; "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_narrow_token_opens_what_it_names_and_no_more() {
        let scope = Scope::of(true, BTreeSet::from([Area::Money]));
        for (is_reading, path, allowed) in [
            (true, "/api/v1/invoices", true),
            (true, "/api/v1/exports/invoices", true),
            (false, "/api/v1/invoices", false),
            (true, "/api/v1/children", false),
            (true, "/api/v1/me", true),
            (true, "/factures", false),
            (true, "/api/v1/unknown", false),
            (true, "/api/v1/invoices-of-others", false),
            (true, "/api/v1/me/calendar-feed", false),
        ] {
            assert_eq!(scope.allows(is_reading, path), allowed, "{path}");
        }
        let writing = Scope { is_read_only: false, ..scope.clone() };
        assert!(writing.allows(false, "/api/v1/invoices") && !writing.allows(false, "/api/v1/me/calendar-feed"));
        assert!(Scope::whole().allows(false, "/mon-compte/nom"));
        let stored = scope.stored_areas();
        assert_eq!(Scope::of_stored(true, stored.as_deref()), scope);
        let gone = Scope::of_stored(false, Some("gone"));
        assert!(AREAS.iter().all(|(word, _)| !gone.allows(true, &format!("/api/v1/{word}"))), "an area that is gone");
    }
}
