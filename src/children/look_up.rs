//! What may be read of children, through whoever reads: what is not theirs is not found.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use diesel::QueryResult;

pub use super::store::{consents_to, names_of, programme_names, reference_of, referents};
use super::{AgeBand, Child, ChildReference, Consent, Guardian, Reader, Referral, normalised, store};
use crate::calendar::age_on;
use crate::db::{AnyConnection, Tx};
use crate::ids::{ChildId, GuardianId, ReferralId};
use crate::vault::Vault;

/// A child that a reader may see.
///
/// # Errors
/// When there is none that is theirs, or the database fails.
pub fn load_for(conn: &mut AnyConnection, vault: &Vault, reader: impl Into<Reader>, id: ChildId) -> QueryResult<Child> {
    store::load_readable(conn, vault, &reader.into(), id)
}

/// How some children are called, for a reader who may see them.
///
/// # Errors
/// When the database fails.
pub fn full_names(
    conn: &mut AnyConnection,
    vault: &Vault,
    reader: &Reader,
    of: &[ChildId],
) -> QueryResult<BTreeMap<ChildId, String>> {
    let children = store::readable_among(conn, vault, reader, of)?;
    Ok(children.into_iter().map(|child| (child.id, child.identity.full_name())).collect())
}

/// Makes whoever else changes a child's file wait until the transaction ends.
///
/// # Errors
/// When the database fails.
pub fn lock(tx: &mut Tx<'_>, id: ChildId) -> QueryResult<()> {
    store::lock_child(tx, id)
}

/// The age band of children on a day, for statistics: it stays known when the identity is destroyed, then by the year in
/// which something happened, and by the nearest such year otherwise.
///
/// # Errors
/// When the database fails.
pub fn age_bands(
    conn: &mut AnyConnection,
    vault: &Vault,
    of: &[ChildId],
    on: NaiveDate,
) -> QueryResult<BTreeMap<ChildId, AgeBand>> {
    use chrono::Datelike;
    let mut nearest: BTreeMap<ChildId, (u32, AgeBand)> = BTreeMap::new();
    for (child, year, band) in store::frozen_bands(conn, of)? {
        let far = year.abs_diff(on.year());
        let known = nearest.entry(child).or_insert((far, band));
        if far < known.0 {
            *known = (far, band);
        }
    }
    let mut bands: BTreeMap<ChildId, AgeBand> = nearest.into_iter().map(|(child, (_, band))| (child, band)).collect();
    for (child, born_on) in store::birth_dates(conn, vault, of)? {
        bands.insert(child, AgeBand::of(age_on(born_on, on)));
    }
    Ok(bands)
}

/// The guardians of a child that was read.
///
/// # Errors
/// When the database fails.
pub fn guardians(conn: &mut AnyConnection, vault: &Vault, child: &Child) -> QueryResult<Vec<Guardian>> {
    store::guardians_of(conn, vault, child.id)
}

/// From so many absences without an excuse under one referral, the coordinator is told.
pub const MISSED_TOO_OFTEN: i64 = 2;

/// The referrals, of these, under which the child missed too often without an excuse: how many times.
///
/// # Errors
/// When the database fails.
pub fn missed_too_often(conn: &mut AnyConnection, under: &[ReferralId]) -> QueryResult<BTreeMap<ReferralId, i64>> {
    let mut missed = store::unexcused_absences(conn, under)?;
    missed.retain(|_, times| *times >= MISSED_TOO_OFTEN);
    Ok(missed)
}

/// The guardians of some children who agreed to be reminded the day before: each with the child.
///
/// # Errors
/// When the database fails.
pub fn reminded_guardians(conn: &mut AnyConnection, of: &[ChildId]) -> QueryResult<Vec<(GuardianId, ChildId)>> {
    store::reminded_guardians(conn, of)
}

/// Where a guardian is reminded, if they still agree to it: for the mail that is leaving, and to be kept nowhere.
///
/// # Errors
/// When the database fails, or the address does not open.
pub fn reminder_address(conn: &mut AnyConnection, vault: &Vault, id: GuardianId) -> QueryResult<Option<String>> {
    store::reminder_address(conn, vault, id)
}

/// The referrals of children that a reader sees: all of them, or a psychologist's own.
///
/// # Errors
/// When the database fails.
pub fn referrals(conn: &mut AnyConnection, reader: &Reader, of: &[ChildId]) -> QueryResult<Vec<Referral>> {
    let mut all = store::referrals_of(conn, of)?;
    if let Reader::Psychologist { id } = reader {
        all.retain(|referral| referral.psychologist_id == *id);
    }
    Ok(all)
}

/// A referral and its child, that a reader may see.
///
/// # Errors
/// When there is none that is theirs, or the database fails.
pub fn load_referral_for(
    conn: &mut AnyConnection,
    vault: &Vault,
    reader: impl Into<Reader>,
    id: ReferralId,
) -> QueryResult<(Child, Referral)> {
    let reader = reader.into();
    let referral = store::load_referral(conn, id)?;
    if let Reader::Psychologist { id } = &reader
        && referral.psychologist_id != *id
    {
        return Err(diesel::result::Error::NotFound);
    }
    let child = store::load_readable(conn, vault, &reader, referral.child_id)?;
    Ok((child, referral))
}

/// A child in a list, with what one needs to act.
#[derive(Debug, Clone)]
pub struct ListedChild {
    /// The child.
    pub child: Child,
    /// The referrals that the reader sees, the latest first, each with its consents.
    pub referrals: Vec<(Referral, Vec<Consent>)>,
    /// The day of the last session held.
    pub last_session_on: Option<NaiveDate>,
}

impl ListedChild {
    /// The referral valid on a day, or else the next, or else the last.
    pub fn referral_on(&self, day: NaiveDate) -> Option<&(Referral, Vec<Consent>)> {
        let current = self.referrals.iter().find(|(referral, _)| referral.period().contains(day));
        let next = || self.referrals.iter().rev().find(|(referral, _)| referral.starts_on > day);
        current.or_else(next).or_else(|| self.referrals.first())
    }
}

/// Which children are listed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Followed {
    /// Those followed today.
    #[default]
    Open,
    /// Those whose follow-up is over.
    Closed,
    /// All.
    All,
}

/// By what a list of children is sorted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Order {
    /// Family name, then given name.
    #[default]
    Name,
    /// Reference.
    Reference,
    /// Day of the last session held; those without one come first.
    LastSession,
}

/// What is asked of a list of children.
#[derive(Debug, Clone, Default)]
pub struct Search {
    /// Words of a name, or a part of a reference; empty finds all.
    pub text: String,
    /// Which.
    pub followed: Followed,
    /// Sorted by what.
    pub order: Order,
    /// From the greatest to the least.
    pub descending: bool,
}

/// The children that a reader sees and that match, sorted. Names are sealed: they are opened and compared here, inside
/// the reader's own children, on letters without accents.
///
/// # Errors
/// When the database fails.
pub fn search(
    conn: &mut AnyConnection,
    vault: &Vault,
    reader: &Reader,
    search: &Search,
    today: NaiveDate,
) -> QueryResult<Vec<ListedChild>> {
    let words = normalised(&search.text);
    let mut found = store::readable_children(conn, vault, reader)?;
    found.retain(|child| is_followed(child, search.followed, today) && matches(child, &words));
    let mut listed = list(conn, reader, found)?;
    match search.order {
        Order::Name => listed.sort_by_cached_key(|row| sort_name(&row.child)),
        Order::Reference => listed.sort_by(|a, b| a.child.reference.cmp(&b.child.reference)),
        Order::LastSession => listed.sort_by_key(|row| row.last_session_on),
    }
    if search.descending {
        listed.reverse();
    }
    Ok(listed)
}

fn is_followed(child: &Child, followed: Followed, today: NaiveDate) -> bool {
    match followed {
        Followed::Open => !child.is_closed_on(today),
        Followed::Closed => child.is_closed_on(today),
        Followed::All => true,
    }
}

/// Whether every word is in the name or in the reference.
fn matches(child: &Child, words: &str) -> bool {
    let key = normalised(&format!("{} {}", child.identity.full_name(), child.reference));
    words.split(' ').all(|word| key.contains(word))
}

fn sort_name(child: &Child) -> (String, String, ChildReference) {
    (normalised(&child.identity.last_name), normalised(&child.identity.first_name), child.reference.clone())
}

/// A child that was read, with their referrals and last session.
///
/// # Errors
/// When the database fails.
pub fn with_referrals(conn: &mut AnyConnection, reader: &Reader, child: Child) -> QueryResult<ListedChild> {
    list(conn, reader, vec![child])?.pop().ok_or(diesel::result::Error::NotFound)
}

fn list(conn: &mut AnyConnection, reader: &Reader, children: Vec<Child>) -> QueryResult<Vec<ListedChild>> {
    let ids: Vec<ChildId> = children.iter().map(|child| child.id).collect();
    let psychologist = if let Reader::Psychologist { id } = reader { Some(*id) } else { None };
    let last_sessions = store::last_sessions(conn, &ids, psychologist)?;
    let referrals = referrals(conn, reader, &ids)?;
    let mut consents: BTreeMap<ReferralId, Vec<Consent>> = BTreeMap::new();
    for consent in store::consents_to(conn, &referrals.iter().map(|referral| referral.id).collect::<Vec<_>>())? {
        consents.entry(consent.referral_id).or_default().push(consent);
    }
    let mut by_child: BTreeMap<ChildId, Vec<(Referral, Vec<Consent>)>> = BTreeMap::new();
    for referral in referrals {
        let given = consents.remove(&referral.id).unwrap_or_default();
        by_child.entry(referral.child_id).or_default().push((referral, given));
    }
    let row = |child: Child| ListedChild {
        referrals: by_child.remove(&child.id).unwrap_or_default(),
        last_session_on: last_sessions.get(&child.id).copied(),
        child,
    };
    Ok(children.into_iter().map(row).collect())
}
