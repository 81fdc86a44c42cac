//! What the data-protection officer answers for: who opened which child's file, and how long an identity is kept.

pub mod api;
pub mod extend;
pub mod look_up;
pub mod pages_readings;
pub mod pages_retention;
pub mod readings_file;
pub mod retention;
mod store;

use chrono::{Days, Duration, NaiveDate};

use crate::children::Destruction;
use crate::config::Retention;
use crate::ids::{ChildId, ProgrammeId};
use crate::readings::Filter;
use crate::sql_types::Ts;
use crate::web::Query;

/// What a query asks of the openings, by the names that its values have there.
fn filter_of(query: &Query, [person, reference, from, until]: [&str; 4]) -> Filter {
    let text = |name: &str| query.get(name).map(str::to_owned);
    let day = |name: &str| query.get(name).and_then(|day| day.parse().ok());
    Filter { person: text(person), reference: text(reference), child: None, from: day(from), until: day(until) }
}

crate::text_enum! {
    /// Why an identity is kept longer: chosen from a list, so that no name stands in it.
    ExtensionReason {
        /// A dispute or an appeal goes on.
        Litigation => "litigation",
        /// The follow-up is to begin again.
        FollowUp => "follow_up",
        /// The family asks for it.
        Family => "family",
        /// A law asks for it.
        Duty => "duty",
    }
}

impl ExtensionReason {
    /// The words that users read.
    pub const fn french(self) -> &'static str {
        match self {
            Self::Litigation => "Un recours ou une procédure est en cours",
            Self::FollowUp => "Le suivi doit reprendre",
            Self::Family => "La famille le demande",
            Self::Duty => "Une obligation légale l’impose",
        }
    }
}

/// Among whom one looks.
enum Among<'a> {
    /// Those whose follow-up began by a day: everywhere, or in some programmes.
    EnteredBy(NaiveDate, Option<&'a [ProgrammeId]>),
    /// One child.
    One(ChildId),
}

/// How long a child's identity is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Whose.
    pub child: ChildId,
    /// The programme that followed the child.
    pub programme: ProgrammeId,
    /// The child's reference.
    pub reference: String,
    /// The day of the last contact: see [decision 11](../../docs/decisions/0011-identities-are-destroyed.md).
    pub last_contact_on: NaiveDate,
    /// The end of the time counted from the last contact.
    pub ends_on: NaiveDate,
    /// Until when it is kept nonetheless, and why, if a coordinator decided so.
    pub extended: Option<(NaiveDate, ExtensionReason)>,
    /// When the coordinator was told of this day.
    pub told_at: Option<Ts>,
}

impl Kept {
    /// The day from which it is kept no longer.
    pub fn due_on(&self) -> NaiveDate {
        self.extended.map_or(self.ends_on, |(until_on, _)| until_on.max(self.ends_on))
    }

    /// Whether it is to be destroyed now: it is time, and the coordinator was told long enough ago.
    pub fn is_due(&self, today: NaiveDate, now: Ts, terms: Retention) -> bool {
        let notice = Duration::days(terms.notice_days.into());
        self.due_on() <= today && self.told_at.is_some_and(|told_at| told_at.utc() + notice <= now.utc())
    }

    /// The day on which it is destroyed if nothing is decided, as it stands today.
    pub fn destroyed_on(&self, today: NaiveDate, terms: Retention) -> NaiveDate {
        let told_on = self.told_at.map_or(today, crate::calendar::local_date);
        let noticed = told_on.checked_add_days(Days::new(terms.notice_days.into())).unwrap_or(NaiveDate::MAX);
        self.due_on().max(noticed)
    }
}

/// An identity that was destroyed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destroyed {
    /// The reference, which stays.
    pub reference: String,
    /// The programme's name.
    pub programme: String,
    /// When.
    pub at: Ts,
    /// Why.
    pub cause: Destruction,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_destroyed_before_it_was_told() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let at = |text: &str| Ts::new(text.parse().unwrap());
        let terms = Retention { notice_days: 30, ..Retention::default() };
        let mut kept = Kept {
            child: ChildId::new(),
            programme: ProgrammeId::new(),
            reference: "CHE-2024-0001".to_owned(),
            last_contact_on: day("2024-11-01"),
            ends_on: day("2026-11-01"),
            extended: None,
            told_at: None,
        };
        let (today, now) = (day("2026-11-20"), at("2026-11-20T09:00:00Z"));
        assert!(!kept.is_due(today, now, terms), "not told");
        assert_eq!(kept.destroyed_on(today, terms), day("2026-12-20"));
        kept.told_at = Some(at("2026-10-21T10:00:00Z"));
        assert!(!kept.is_due(today, now, terms), "told an hour too late");
        kept.told_at = Some(at("2026-10-21T09:00:00Z"));
        assert!(kept.is_due(today, now, terms));
        assert_eq!(kept.destroyed_on(today, terms), day("2026-11-20"));
        kept.extended = Some((day("2026-11-21"), ExtensionReason::Family));
        assert!(!kept.is_due(today, now, terms), "kept longer");
    }
}
