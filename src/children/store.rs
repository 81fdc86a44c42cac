//! The SQL of children, guardians, referrals and consents. What could name someone is sealed on the way in, opened on
//! the way out.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::result::Error as DieselError;
use uuid::Uuid;

use crate::accounts::Role;
use crate::children::{
    Child, ChildIdentity, ChildReference, Consent, Gender, Guardian, GuardianContact, Origin, Reader, Referral,
};
use crate::db::{AnyConnection, MultiBackend, Tx};
use crate::each;
use crate::hours::Minutes;
use crate::ids::{
    AccountId, BudgetYearId, ChildId, GuardianId, NeighbourhoodId, ProgrammeId, PsychologistId, ReferralId,
};
use crate::prepared::prepared;
use crate::schema::{
    accounts, child_reference_counters, children, consents, guardians, programmes, quotas, referrals, role_grants,
    sessions,
};
use crate::sql_types::Ts;
use crate::vault::{Place, Vault};

mod identity;

pub use identity::{birth_dates, freeze_age_bands, frozen_bands, last_booked, session_days, wipe_child, wipe_guardian};

const FIRST_NAME: &str = "children.first_name";
const LAST_NAME: &str = "children.last_name";
const BORN_ON: &str = "children.born_on";
const SCHOOL: &str = "children.school";
const GUARDIAN_NAME: &str = "guardians.name";
const GUARDIAN_RELATION: &str = "guardians.relation";
const GUARDIAN_PHONE: &str = "guardians.phone";
const GUARDIAN_EMAIL: &str = "guardians.email";

fn seal(vault: &Vault, column: &'static str, row: Uuid, text: &str) -> QueryResult<Vec<u8>> {
    vault.seal(Place { column, row }, text).map_err(|e| DieselError::SerializationError(e.into()))
}

fn seal_some(vault: &Vault, column: &'static str, row: Uuid, text: Option<&str>) -> QueryResult<Option<Vec<u8>>> {
    text.map(|text| seal(vault, column, row, text)).transpose()
}

fn open(vault: &Vault, column: &'static str, row: Uuid, value: &[u8]) -> QueryResult<String> {
    vault.open(Place { column, row }, value).map_err(|e| DieselError::DeserializationError(e.into()))
}

fn open_some(vault: &Vault, column: &'static str, row: Uuid, value: Option<&[u8]>) -> QueryResult<Option<String>> {
    value.map(|value| open(vault, column, row, value)).transpose()
}

type Sealed = Vec<u8>;
type ChildRow = (
    (ChildId, ProgrammeId, String),
    (Sealed, Sealed, Sealed, Option<Sealed>),
    (Gender, NeighbourhoodId, Option<AccountId>, NaiveDate, Option<NaiveDate>),
);

type ChildColumns = (
    (children::id, children::programme_id, children::reference),
    (children::first_name, children::last_name, children::born_on, children::school),
    (
        children::gender,
        children::neighbourhood_id,
        children::referent_id,
        children::followed_since_on,
        children::closed_on,
    ),
);
const CHILD: ChildColumns = (
    (children::id, children::programme_id, children::reference),
    (children::first_name, children::last_name, children::born_on, children::school),
    (
        children::gender,
        children::neighbourhood_id,
        children::referent_id,
        children::followed_since_on,
        children::closed_on,
    ),
);

fn open_child(vault: &Vault, row: ChildRow) -> QueryResult<Child> {
    let ((id, programme_id, reference), (first_name, last_name, born_on, school), rest) = row;
    let (gender, neighbourhood_id, referent_id, followed_since, closed_on) = rest;
    let born_on = open(vault, BORN_ON, id.0, &born_on)?;
    let identity = ChildIdentity {
        first_name: open(vault, FIRST_NAME, id.0, &first_name)?,
        last_name: open(vault, LAST_NAME, id.0, &last_name)?,
        born_on: day(&born_on)?,
        school: open_some(vault, SCHOOL, id.0, school.as_deref())?,
    };
    let reference = ChildReference(reference);
    Ok(Child {
        id,
        programme_id,
        reference,
        identity,
        gender,
        neighbourhood_id,
        referent_id,
        followed_since,
        closed_on,
    })
}

/// A child, whoever asks: for rules that run on behalf of a caller who was checked.
pub fn load_child(conn: &mut AnyConnection, vault: &Vault, id: ChildId) -> QueryResult<Child> {
    let known = children::table.filter(children::id.eq(id).and(children::identity_destroyed_at.is_null()));
    let row: ChildRow = known.select(CHILD).first(conn)?;
    open_child(vault, row)
}

/// The rows that a reader may see; nobody sees who it was once the identity is destroyed.
fn readable(reader: &Reader) -> children::BoxedQuery<'_, MultiBackend> {
    let all = children::table.filter(children::identity_destroyed_at.is_null()).into_boxed();
    match reader {
        Reader::Coordinator { programmes } => all.filter(children::programme_id.eq_any(programmes)),
        Reader::Referent { account, programmes } => {
            all.filter(children::programme_id.eq_any(programmes)).filter(children::referent_id.eq(*account))
        }
        Reader::Psychologist { id } => {
            let entrusted = referrals::table.filter(referrals::psychologist_id.eq(*id)).select(referrals::child_id);
            all.filter(children::id.eq_any(entrusted))
        }
    }
}

/// A child that a reader may see.
pub fn load_readable(conn: &mut AnyConnection, vault: &Vault, reader: &Reader, id: ChildId) -> QueryResult<Child> {
    let row: ChildRow = readable(reader).filter(children::id.eq(id)).select(CHILD).first(conn)?;
    open_child(vault, row)
}

type ObservedRow = (ChildId, Option<NaiveDate>, Gender, NeighbourhoodId, (NaiveDate, Option<NaiveDate>));

/// The children of whom a session was approved or invoiced in a budget year: no name is opened, and a birth date that was
/// destroyed is none.
pub fn observed(conn: &mut AnyConnection, vault: &Vault, year: BudgetYearId) -> QueryResult<Vec<ObservedRow>> {
    type Row = (ChildId, Sealed, Gender, NeighbourhoodId, (NaiveDate, Option<NaiveDate>));
    let of_year = quotas::table.filter(quotas::budget_year_id.eq(year)).select(quotas::id);
    let seen = sessions::table
        .filter(sessions::quota_id.eq_any(of_year))
        .filter(sessions::state.eq_any(["approved", "invoiced"]))
        .select(sessions::child_id);
    let rows: Vec<Row> = children::table
        .filter(children::id.eq_any(seen))
        .select((
            children::id,
            children::born_on,
            children::gender,
            children::neighbourhood_id,
            (children::followed_since_on, children::closed_on),
        ))
        .load(conn)?;
    let read = |(id, born_on, gender, neighbourhood, follow_up): Row| {
        let born_on = open(vault, BORN_ON, id.0, &born_on)?;
        let born_on = if born_on.is_empty() { None } else { Some(day(&born_on)?) };
        Ok((id, born_on, gender, neighbourhood, follow_up))
    };
    rows.into_iter().map(read).collect()
}

/// A birth date as it was sealed.
fn day(text: &str) -> QueryResult<NaiveDate> {
    text.parse().map_err(|_| DieselError::DeserializationError("a birth date is no date".into()))
}

/// Every child that a reader may see, by reference.
pub fn readable_children(conn: &mut AnyConnection, vault: &Vault, reader: &Reader) -> QueryResult<Vec<Child>> {
    let rows: Vec<ChildRow> = readable(reader).select(CHILD).order(children::reference).load(conn)?;
    rows.into_iter().map(|row| open_child(vault, row)).collect()
}

/// The children among some that a reader may see.
pub fn readable_among(
    conn: &mut AnyConnection,
    vault: &Vault,
    reader: &Reader,
    among: &[ChildId],
) -> QueryResult<Vec<Child>> {
    let rows: Vec<ChildRow> = readable(reader).filter(children::id.eq_any(among)).select(CHILD).load(conn)?;
    rows.into_iter().map(|row| open_child(vault, row)).collect()
}

/// The reference of a child.
pub fn reference_of(conn: &mut AnyConnection, id: ChildId) -> QueryResult<ChildReference> {
    children::table.find(id).select(children::reference).first(conn).map(ChildReference)
}

/// Takes the next reference of a programme in a year; the counter stays locked until the transaction ends, so that a
/// number is never skipped.
pub fn take_reference(tx: &mut Tx<'_>, programme: ProgrammeId, year: i32) -> QueryResult<ChildReference> {
    use child_reference_counters as counters;
    let code: String = programmes::table.find(programme).select(programmes::code).first(&mut **tx)?;
    let first = (counters::programme_id.eq(programme), counters::year.eq(year), counters::last_number.eq(0));
    let conn = &mut **tx;
    each!(conn => diesel::insert_into(counters::table).values(first).on_conflict_do_nothing().execute(conn))?;
    let number: i32 = diesel::update(counters::table.find((programme, year)))
        .set(counters::last_number.eq(counters::last_number + 1))
        .returning(counters::last_number)
        .get_result(&mut **tx)?;
    Ok(ChildReference::new(&code, year, number))
}

/// Inserts a child.
pub fn insert_child(tx: &mut Tx<'_>, vault: &Vault, child: &Child, by: AccountId, now: Ts) -> QueryResult<()> {
    let (row, identity) = (child.id.0, &child.identity);
    diesel::insert_into(children::table)
        .values((
            (
                children::id.eq(child.id),
                children::programme_id.eq(child.programme_id),
                children::reference.eq(child.reference.as_str()),
                children::first_name.eq(seal(vault, FIRST_NAME, row, &identity.first_name)?),
                children::last_name.eq(seal(vault, LAST_NAME, row, &identity.last_name)?),
                children::born_on.eq(seal(vault, BORN_ON, row, &identity.born_on.to_string())?),
                children::school.eq(seal_some(vault, SCHOOL, row, identity.school.as_deref())?),
            ),
            (
                children::gender.eq(child.gender),
                children::neighbourhood_id.eq(child.neighbourhood_id),
                children::referent_id.eq(child.referent_id),
                children::followed_since_on.eq(child.followed_since),
                children::closed_on.eq(child.closed_on),
                children::created_by.eq(Some(by)),
                children::created_at.eq(now),
            ),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// Writes what may change of a child; programme and reference never do.
pub fn update_child(tx: &mut Tx<'_>, vault: &Vault, child: &Child) -> QueryResult<()> {
    let (row, identity) = (child.id.0, &child.identity);
    diesel::update(children::table.find(child.id))
        .set((
            children::first_name.eq(seal(vault, FIRST_NAME, row, &identity.first_name)?),
            children::last_name.eq(seal(vault, LAST_NAME, row, &identity.last_name)?),
            children::born_on.eq(seal(vault, BORN_ON, row, &identity.born_on.to_string())?),
            children::school.eq(seal_some(vault, SCHOOL, row, identity.school.as_deref())?),
            children::gender.eq(child.gender),
            children::neighbourhood_id.eq(child.neighbourhood_id),
            children::referent_id.eq(child.referent_id),
            children::followed_since_on.eq(child.followed_since),
            children::closed_on.eq(child.closed_on),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// Makes whoever else changes this child's file wait until the transaction ends.
pub fn lock_child(tx: &mut Tx<'_>, id: ChildId) -> QueryResult<()> {
    diesel::update(children::table.find(id))
        .set(children::reference.eq(children::reference))
        .execute(&mut **tx)
        .map(drop)
}

type GuardianRow = (GuardianId, ChildId, Sealed, Sealed, Option<Sealed>, Option<Sealed>, Option<NaiveDate>);

/// The guardians of a child, in the order in which they were entered.
pub fn guardians_of(conn: &mut AnyConnection, vault: &Vault, child: ChildId) -> QueryResult<Vec<Guardian>> {
    let rows: Vec<GuardianRow> = guardians::table
        .filter(guardians::child_id.eq(child))
        .order((guardians::position, guardians::id))
        .select((
            guardians::id,
            guardians::child_id,
            guardians::name,
            guardians::relation,
            guardians::phone,
            guardians::email,
            guardians::reminders_since,
        ))
        .load(conn)?;
    rows.into_iter().map(|row| open_guardian(vault, row)).collect()
}

fn open_guardian(vault: &Vault, row: GuardianRow) -> QueryResult<Guardian> {
    let (id, child_id, name, relation, phone, email, reminders_since) = row;
    let contact = GuardianContact {
        name: open(vault, GUARDIAN_NAME, id.0, &name)?,
        relation: open(vault, GUARDIAN_RELATION, id.0, &relation)?,
        phone: open_some(vault, GUARDIAN_PHONE, id.0, phone.as_deref())?,
        email: open_some(vault, GUARDIAN_EMAIL, id.0, email.as_deref())?,
    };
    Ok(Guardian { id, child_id, contact, reminders_since })
}

/// Writes since when a guardian agrees to be reminded.
pub fn set_reminders(tx: &mut Tx<'_>, id: GuardianId, since: Option<NaiveDate>) -> QueryResult<()> {
    diesel::update(guardians::table.find(id)).set(guardians::reminders_since.eq(since)).execute(&mut **tx).map(drop)
}

/// The guardians of some children who agreed to be reminded and can be: each with the child.
pub fn reminded_guardians(conn: &mut AnyConnection, of: &[ChildId]) -> QueryResult<Vec<(GuardianId, ChildId)>> {
    guardians::table
        .filter(guardians::child_id.eq_any(of))
        .filter(guardians::reminders_since.is_not_null().and(guardians::email.is_not_null()))
        .order((guardians::child_id, guardians::position, guardians::id))
        .select((guardians::id, guardians::child_id))
        .load(conn)
}

/// Where a guardian is reminded, if they still agree to it.
pub fn reminder_address(conn: &mut AnyConnection, vault: &Vault, id: GuardianId) -> QueryResult<Option<String>> {
    let sealed: Option<Option<Sealed>> = guardians::table
        .filter(guardians::id.eq(id).and(guardians::reminders_since.is_not_null()))
        .select(guardians::email)
        .first(conn)
        .optional()?;
    open_some(vault, GUARDIAN_EMAIL, id.0, sealed.flatten().as_deref())
}

/// Adds a guardian after those of the child.
pub fn insert_guardian(tx: &mut Tx<'_>, vault: &Vault, guardian: &Guardian) -> QueryResult<()> {
    let before: i64 =
        guardians::table.filter(guardians::child_id.eq(guardian.child_id)).count().get_result(&mut **tx)?;
    let (row, contact) = (guardian.id.0, &guardian.contact);
    diesel::insert_into(guardians::table)
        .values((
            guardians::id.eq(guardian.id),
            guardians::child_id.eq(guardian.child_id),
            guardians::position.eq(i32::try_from(before).unwrap_or(i32::MAX)),
            guardians::name.eq(seal(vault, GUARDIAN_NAME, row, &contact.name)?),
            guardians::relation.eq(seal(vault, GUARDIAN_RELATION, row, &contact.relation)?),
            guardians::phone.eq(seal_some(vault, GUARDIAN_PHONE, row, contact.phone.as_deref())?),
            guardians::email.eq(seal_some(vault, GUARDIAN_EMAIL, row, contact.email.as_deref())?),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// Writes what is known of a guardian.
pub fn update_guardian(tx: &mut Tx<'_>, vault: &Vault, guardian: &Guardian) -> QueryResult<()> {
    let (row, contact) = (guardian.id.0, &guardian.contact);
    diesel::update(guardians::table.find(guardian.id))
        .set((
            guardians::name.eq(seal(vault, GUARDIAN_NAME, row, &contact.name)?),
            guardians::relation.eq(seal(vault, GUARDIAN_RELATION, row, &contact.relation)?),
            guardians::phone.eq(seal_some(vault, GUARDIAN_PHONE, row, contact.phone.as_deref())?),
            guardians::email.eq(seal_some(vault, GUARDIAN_EMAIL, row, contact.email.as_deref())?),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

type ReferralColumns = (
    referrals::id,
    referrals::child_id,
    referrals::psychologist_id,
    referrals::minutes,
    referrals::reserved_minutes,
    referrals::used_minutes,
    referrals::starts_on,
    referrals::ends_on,
    referrals::source,
    referrals::reason,
);
const REFERRAL: ReferralColumns = (
    referrals::id,
    referrals::child_id,
    referrals::psychologist_id,
    referrals::minutes,
    referrals::reserved_minutes,
    referrals::used_minutes,
    referrals::starts_on,
    referrals::ends_on,
    referrals::source,
    referrals::reason,
);

/// A referral as it stands.
pub fn load_referral(conn: &mut AnyConnection, id: ReferralId) -> QueryResult<Referral> {
    referrals::table.find(id).select(REFERRAL).first(conn)
}

/// The referrals of children, the latest first.
pub fn referrals_of(conn: &mut AnyConnection, of: &[ChildId]) -> QueryResult<Vec<Referral>> {
    referrals::table
        .filter(referrals::child_id.eq_any(of))
        .select(REFERRAL)
        .order((referrals::starts_on.desc(), referrals::id.desc()))
        .load(conn)
}

/// The referrals of a child to a psychologist, the latest first.
pub fn referrals_between(
    conn: &mut AnyConnection,
    child: ChildId,
    psychologist: PsychologistId,
) -> QueryResult<Vec<Referral>> {
    referrals::table
        .filter(referrals::child_id.eq(child).and(referrals::psychologist_id.eq(psychologist)))
        .select(REFERRAL)
        .order((referrals::starts_on.desc(), referrals::id.desc()))
        .load(conn)
}

/// Inserts a referral of which nothing is held yet.
pub fn insert_referral(tx: &mut Tx<'_>, referral: &Referral, by: AccountId, now: Ts) -> QueryResult<()> {
    diesel::insert_into(referrals::table)
        .values((
            referrals::id.eq(referral.id),
            referrals::child_id.eq(referral.child_id),
            referrals::psychologist_id.eq(referral.psychologist_id),
            referrals::minutes.eq(referral.minutes),
            referrals::reserved_minutes.eq(referral.reserved),
            referrals::used_minutes.eq(referral.used),
            referrals::starts_on.eq(referral.starts_on),
            referrals::ends_on.eq(referral.ends_on),
            referrals::source.eq(referral.source),
            referrals::reason.eq(referral.reason),
            referrals::created_by.eq(Some(by)),
            referrals::created_at.eq(now),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// Sets what may change of a referral, unless more is held already. Gives the referral after, or nothing.
pub fn change_referral_if_enough(
    tx: &mut Tx<'_>,
    id: ReferralId,
    (minutes, ends_on): (Minutes, NaiveDate),
    origin: Origin,
) -> QueryResult<Option<Referral>> {
    diesel::update(referrals::table.find(id))
        .filter((referrals::reserved_minutes + referrals::used_minutes).le(minutes.0))
        .set((
            referrals::minutes.eq(minutes),
            referrals::ends_on.eq(ends_on),
            referrals::source.eq(origin.source),
            referrals::reason.eq(origin.reason),
        ))
        .returning(REFERRAL)
        .get_result(&mut **tx)
        .optional()
}

/// Reserves minutes if they are left. Gives the referral after, or nothing when they are not.
pub fn reserve_if_left(tx: &mut Tx<'_>, id: ReferralId, minutes: Minutes) -> QueryResult<Option<Referral>> {
    let reserve = diesel::update(referrals::table.find(id))
        .filter((referrals::reserved_minutes + referrals::used_minutes + minutes.0).le(referrals::minutes))
        .set(referrals::reserved_minutes.eq(referrals::reserved_minutes + minutes.0))
        .returning(REFERRAL);
    prepared(reserve).get_result(&mut **tx).optional()
}

/// Moves the two sums; the CHECK refuses what would be negative or too much.
pub fn shift(tx: &mut Tx<'_>, id: ReferralId, reserved: i32, used: i32) -> QueryResult<()> {
    let shift = diesel::update(referrals::table.find(id)).set((
        referrals::reserved_minutes.eq(referrals::reserved_minutes + reserved),
        referrals::used_minutes.eq(referrals::used_minutes + used),
    ));
    let changed = shift.execute(&mut **tx)?;
    if changed == 1 { Ok(()) } else { Err(DieselError::NotFound) }
}

/// The consents to referrals, the first given first.
pub fn consents_to(conn: &mut AnyConnection, of: &[ReferralId]) -> QueryResult<Vec<Consent>> {
    consents::table.filter(consents::referral_id.eq_any(of)).order((consents::given_on, consents::id)).load(conn)
}

/// Whether a guardian had consented to a referral by a day.
pub fn is_consented(conn: &mut AnyConnection, id: ReferralId, by: NaiveDate) -> QueryResult<bool> {
    let found: i64 =
        consents::table.filter(consents::referral_id.eq(id).and(consents::given_on.le(by))).count().get_result(conn)?;
    Ok(found > 0)
}

/// Inserts a consent; a guardian gives one to a referral (`consents_once`).
pub fn insert_consent(tx: &mut Tx<'_>, consent: &Consent) -> QueryResult<()> {
    diesel::insert_into(consents::table)
        .values((
            consents::id.eq(consent.id),
            consents::referral_id.eq(consent.referral_id),
            consents::guardian_id.eq(consent.guardian_id),
            consents::given_on.eq(consent.given_on),
            consents::collected_by.eq(consent.collected_by),
            consents::recorded_at.eq(consent.recorded_at),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// The day of the last session held with each child: by a psychologist, or by any.
pub fn last_sessions(
    conn: &mut AnyConnection,
    of: &[ChildId],
    by: Option<PsychologistId>,
) -> QueryResult<BTreeMap<ChildId, NaiveDate>> {
    let mut query = sessions::table
        .filter(sessions::child_id.eq_any(of).and(sessions::attendance.eq("held")))
        .group_by(sessions::child_id)
        .select((sessions::child_id, diesel::dsl::max(sessions::session_on)))
        .into_boxed();
    if let Some(psychologist) = by {
        query = query.filter(sessions::psychologist_id.eq(psychologist));
    }
    let rows: Vec<(ChildId, Option<NaiveDate>)> = query.load(conn)?;
    Ok(rows.into_iter().filter_map(|(child, day)| Some((child, day?))).collect())
}

/// How many times a child did not come without an excuse, under each of these referrals; not what was refused.
pub fn unexcused_absences(conn: &mut AnyConnection, under: &[ReferralId]) -> QueryResult<BTreeMap<ReferralId, i64>> {
    let rows: Vec<(ReferralId, i64)> = sessions::table
        .filter(sessions::referral_id.eq_any(under).and(sessions::attendance.eq("unexcused_absence")))
        .filter(sessions::state.ne("refused"))
        .group_by(sessions::referral_id)
        .select((sessions::referral_id, diesel::dsl::count_star()))
        .load(conn)?;
    Ok(rows.into_iter().collect())
}

/// The day of the last session under a referral that is not cancelled.
pub fn last_session_under(conn: &mut AnyConnection, referral: ReferralId) -> QueryResult<Option<NaiveDate>> {
    sessions::table
        .filter(sessions::referral_id.eq(referral).and(sessions::state.ne("cancelled")))
        .select(diesel::dsl::max(sessions::session_on))
        .first(conn)
}

/// The pathway referents of programmes, with their names.
pub fn referents(
    conn: &mut AnyConnection,
    of: &[ProgrammeId],
) -> QueryResult<Vec<(AccountId, Option<ProgrammeId>, String)>> {
    role_grants::table
        .inner_join(accounts::table)
        .filter(role_grants::role.eq(Role::Referent).and(role_grants::programme_id.eq_any(of)))
        .filter(accounts::disabled_at.is_null())
        .select((accounts::id, role_grants::programme_id, accounts::display_name))
        .order((accounts::display_name, accounts::id))
        .load(conn)
}

/// How people are called.
pub fn names_of(conn: &mut AnyConnection, of: &[AccountId]) -> QueryResult<BTreeMap<AccountId, String>> {
    let rows: Vec<(AccountId, String)> =
        accounts::table.filter(accounts::id.eq_any(of)).select((accounts::id, accounts::display_name)).load(conn)?;
    Ok(rows.into_iter().collect())
}

/// What programmes are called.
pub fn programme_names(conn: &mut AnyConnection, of: &[ProgrammeId]) -> QueryResult<BTreeMap<ProgrammeId, String>> {
    let rows: Vec<(ProgrammeId, String)> =
        programmes::table.filter(programmes::id.eq_any(of)).select((programmes::id, programmes::name)).load(conn)?;
    Ok(rows.into_iter().collect())
}
