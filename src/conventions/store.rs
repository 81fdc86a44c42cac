//! The tables of conventions. The import also writes the programmes, neighbourhoods and quotas that a convention brings.

mod change;
mod parts;

use chrono::NaiveDate;
use diesel::prelude::*;

pub use change::*;
pub use parts::*;

use super::{
    AbsenceRule, BudgetYear, Buyer, Convention, InvoiceChannel, MonthReopening, Neighbourhood, Period, Programme, Rate,
    RequiredReference, Rounding, ServiceType, Signatory, SignatoryKind, Terms,
};
use crate::calendar::Month;
use crate::clock::Clock;
use crate::db::{AnyConnection, Tx};
use crate::hours::Minutes;
use crate::ids::{
    AccountId, BudgetYearId, ConventionId, MonthReopeningId, NeighbourhoodId, ProgrammeId, PsychologistId, QuotaId,
    RateId, SignatoryId, TermsId,
};
use crate::money::Cents;
use crate::schema::{
    accounts, budget_years, buyers, contributions, convention_programmes, conventions, invoice_sessions, invoices,
    month_reopenings, neighbourhoods, programmes, psychologists, quotas, rates, signatories, terms,
};
use crate::sql_types::Ts;

type ConventionRow = (ConventionId, String, String, NaiveDate, NaiveDate, Option<NaiveDate>, bool);

const CONVENTION: (
    conventions::id,
    conventions::slug,
    conventions::title,
    conventions::starts_on,
    conventions::ends_on,
    conventions::signed_on,
    conventions::is_example,
) = (
    conventions::id,
    conventions::slug,
    conventions::title,
    conventions::starts_on,
    conventions::ends_on,
    conventions::signed_on,
    conventions::is_example,
);

fn convention((id, slug, title, from, until, signed_on, is_example): ConventionRow) -> Convention {
    Convention { id, slug, title, period: Period { from, until }, signed_on, is_example }
}

/// Every convention, the latest first.
pub fn conventions(conn: &mut AnyConnection) -> QueryResult<Vec<Convention>> {
    let rows = conventions::table
        .select(CONVENTION)
        .order((conventions::starts_on.desc(), conventions::slug))
        .load::<ConventionRow>(conn)?;
    Ok(rows.into_iter().map(convention).collect())
}

/// A convention.
pub fn load_convention(conn: &mut AnyConnection, id: ConventionId) -> QueryResult<Convention> {
    conventions::table.find(id).select(CONVENTION).first::<ConventionRow>(conn).map(convention)
}

/// The convention of a short name, with the hash of the file it came from.
pub fn find_by_slug(conn: &mut AnyConnection, slug: &str) -> QueryResult<Option<(Convention, Vec<u8>)>> {
    let row = conventions::table
        .filter(conventions::slug.eq(slug))
        .select((CONVENTION, conventions::file_sha256))
        .first::<(ConventionRow, Vec<u8>)>(conn)
        .optional()?;
    Ok(row.map(|(row, sha256)| (convention(row), sha256)))
}

/// The conventions in which a programme takes part on some day of a period.
pub fn conventions_of_programme(
    conn: &mut AnyConnection,
    programme: ProgrammeId,
    period: Period,
) -> QueryResult<Vec<Convention>> {
    let rows = convention_programmes::table
        .inner_join(conventions::table)
        .filter(convention_programmes::programme_id.eq(programme))
        .filter(conventions::starts_on.le(period.until).and(conventions::ends_on.ge(period.from)))
        .select(CONVENTION)
        .order(conventions::starts_on)
        .load::<ConventionRow>(conn)?;
    Ok(rows.into_iter().map(convention).collect())
}

type TermsRow = (NaiveDate, NaiveDate, i32, i32, i32, Rounding, (bool, bool), (bool, bool));

/// The dated rules of a convention, in order.
pub fn terms(conn: &mut AnyConnection, convention: ConventionId) -> QueryResult<Vec<Terms>> {
    let rows = terms::table
        .filter(terms::convention_id.eq(convention))
        .select((
            terms::starts_on,
            terms::ends_on,
            terms::min_age,
            terms::max_age,
            terms::late_entry_months,
            terms::rounding,
            (terms::excused_absence_billed, terms::excused_absence_counted),
            (terms::unexcused_absence_billed, terms::unexcused_absence_counted),
        ))
        .order(terms::starts_on)
        .load::<TermsRow>(conn)?;
    let rule = |(billed, counted)| AbsenceRule { billed, counted };
    let read = |(from, until, min_age, max_age, late_entry_months, rounding, excused, unexcused): TermsRow| Terms {
        period: Period { from, until },
        min_age,
        max_age,
        late_entry_months,
        rounding,
        excused_absence: rule(excused),
        unexcused_absence: rule(unexcused),
    };
    Ok(rows.into_iter().map(read).collect())
}

/// The signatories of a convention, in the order of its file.
pub fn signatories(conn: &mut AnyConnection, convention: ConventionId) -> QueryResult<Vec<Signatory>> {
    let rows = signatories::table
        .filter(signatories::convention_id.eq(convention))
        .select((signatories::id, signatories::code, signatories::name, signatories::kind, signatories::contact_email))
        .order(signatories::id)
        .load::<(SignatoryId, String, String, SignatoryKind, Option<String>)>(conn)?;
    let read = |(id, code, name, kind, contact_email)| Signatory { id, code, name, kind, contact_email };
    Ok(rows.into_iter().map(read).collect())
}

/// The programmes of a convention, in the order in which they were first entered.
pub fn programmes(conn: &mut AnyConnection, convention: ConventionId) -> QueryResult<Vec<Programme>> {
    let rows = convention_programmes::table
        .inner_join(programmes::table)
        .filter(convention_programmes::convention_id.eq(convention))
        .select((
            programmes::id,
            programmes::code,
            programmes::name,
            programmes::town,
            convention_programmes::signatory_id,
            convention_programmes::note,
        ))
        .order(programmes::id)
        .load::<(ProgrammeId, String, String, String, SignatoryId, Option<String>)>(conn)?;
    let read = |(id, code, name, town, signatory, note)| Programme { id, code, name, town, signatory, note };
    Ok(rows.into_iter().map(read).collect())
}

/// A programme by its code, whatever its conventions: its identifier, name and town.
pub fn find_programme(conn: &mut AnyConnection, code: &str) -> QueryResult<Option<(ProgrammeId, String, String)>> {
    programmes::table
        .filter(programmes::code.eq(code))
        .select((programmes::id, programmes::name, programmes::town))
        .first(conn)
        .optional()
}

/// The neighbourhoods of programmes, in the order in which they were entered.
pub fn neighbourhoods(conn: &mut AnyConnection, of: &[ProgrammeId]) -> QueryResult<Vec<Neighbourhood>> {
    let rows = neighbourhoods::table
        .filter(neighbourhoods::programme_id.eq_any(of))
        .select((neighbourhoods::id, neighbourhoods::programme_id, neighbourhoods::code, neighbourhoods::name))
        .order(neighbourhoods::id)
        .load::<(NeighbourhoodId, ProgrammeId, String, String)>(conn)?;
    Ok(rows.into_iter().map(|(id, programme, code, name)| Neighbourhood { id, programme, code, name }).collect())
}

type YearRow = (BudgetYearId, String, NaiveDate, NaiveDate, Cents, Cents, Option<Cents>, Option<NaiveDate>);

/// The budget years of a convention, in order.
pub fn budget_years(conn: &mut AnyConnection, convention: ConventionId) -> QueryResult<Vec<BudgetYear>> {
    let rows = budget_years::table
        .filter(budget_years::convention_id.eq(convention))
        .select((
            budget_years::id,
            budget_years::label,
            budget_years::starts_on,
            budget_years::ends_on,
            budget_years::budget_cents,
            budget_years::fixed_share_cents,
            budget_years::ceiling_cents,
            budget_years::call_by_on,
        ))
        .order(budget_years::starts_on)
        .load::<YearRow>(conn)?;
    let read = |(id, label, from, until, budget, fixed_share, ceiling, call_by): YearRow| BudgetYear {
        id,
        label,
        period: Period { from, until },
        budget,
        fixed_share,
        ceiling,
        call_by,
    };
    Ok(rows.into_iter().map(read).collect())
}

/// What each signatory pays for a budget year.
pub fn contributions(conn: &mut AnyConnection, year: BudgetYearId) -> QueryResult<Vec<(SignatoryId, Cents)>> {
    contributions::table
        .filter(contributions::budget_year_id.eq(year))
        .select((contributions::signatory_id, contributions::amount_cents))
        .order(contributions::signatory_id)
        .load(conn)
}

/// What each programme is allotted for a budget year.
pub fn allotted(conn: &mut AnyConnection, year: BudgetYearId) -> QueryResult<Vec<(ProgrammeId, Minutes)>> {
    quotas::table
        .filter(quotas::budget_year_id.eq(year))
        .select((quotas::programme_id, quotas::allotted_minutes))
        .order(quotas::programme_id)
        .load(conn)
}

/// The rates of a convention: everybody's and each psychologist's own.
pub fn rates(conn: &mut AnyConnection, convention: ConventionId) -> QueryResult<Vec<Rate>> {
    let rows = rates::table
        .filter(rates::convention_id.eq(convention))
        .select((rates::psychologist_id, rates::service_type, rates::hourly_cents, rates::starts_on))
        .order((rates::service_type, rates::starts_on, rates::id))
        .load::<(Option<PsychologistId>, ServiceType, Cents, NaiveDate)>(conn)?;
    Ok(rows
        .into_iter()
        .map(|(psychologist, service, hourly, from)| Rate { psychologist, service, hourly, from })
        .collect())
}

type BuyerRow = (
    (String, String, String, String, String, String),
    (InvoiceChannel, RequiredReference, Option<String>, Option<String>, Option<String>, i32),
);

/// The buyer of a convention.
pub fn buyer(conn: &mut AnyConnection, convention: ConventionId) -> QueryResult<Buyer> {
    let (identity, settings) = buyers::table
        .find(convention)
        .select((
            (buyers::name, buyers::siren, buyers::siret, buyers::street, buyers::postcode, buyers::city),
            (
                buyers::channel,
                buyers::required_reference,
                buyers::service_code,
                buyers::engagement_number,
                buyers::contract_number,
                buyers::payment_days,
            ),
        ))
        .first::<BuyerRow>(conn)?;
    let (name, siren, siret, street, postcode, city) = identity;
    let (channel, required_reference, service_code, engagement_number, contract_number, payment_days) = settings;
    Ok(Buyer {
        name,
        siren,
        siret,
        street,
        postcode,
        city,
        channel,
        required_reference,
        service_code,
        engagement_number,
        contract_number,
        payment_days,
    })
}

/// Psychologists and how they are called, for the choice of whose rate it is.
pub fn psychologist_names(conn: &mut AnyConnection) -> QueryResult<Vec<(PsychologistId, String)>> {
    psychologists::table
        .inner_join(accounts::table)
        .filter(accounts::disabled_at.is_null())
        .select((psychologists::id, accounts::display_name))
        .order(accounts::display_name)
        .load(conn)
}

/// The latest month for which a psychologist has an invoice that stands.
pub fn last_invoiced_month(conn: &mut AnyConnection, psychologist: PsychologistId) -> QueryResult<Option<Month>> {
    let latest = invoices::table
        .inner_join(invoice_sessions::table)
        .filter(invoices::psychologist_id.eq(psychologist).and(invoice_sessions::is_live.eq(true)))
        .select(invoices::month_on)
        .order(invoices::month_on.desc())
        .first::<NaiveDate>(conn)
        .optional()?;
    Ok(latest.map(Month::of))
}

/// Enters a convention.
pub fn insert_convention(tx: &mut Tx<'_>, clock: &Clock, new: &Convention, file_sha256: &[u8]) -> QueryResult<()> {
    diesel::insert_into(conventions::table)
        .values((
            conventions::id.eq(new.id),
            conventions::slug.eq(&new.slug),
            conventions::title.eq(&new.title),
            conventions::starts_on.eq(new.period.from),
            conventions::ends_on.eq(new.period.until),
            conventions::signed_on.eq(new.signed_on),
            conventions::file_sha256.eq(file_sha256),
            conventions::is_example.eq(new.is_example),
            conventions::created_at.eq(clock.now()),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// Enters dated rules.
pub fn insert_terms(tx: &mut Tx<'_>, convention: ConventionId, new: &Terms) -> QueryResult<()> {
    diesel::insert_into(terms::table)
        .values((
            terms::id.eq(TermsId::new()),
            terms::convention_id.eq(convention),
            terms::starts_on.eq(new.period.from),
            terms::ends_on.eq(new.period.until),
            terms::min_age.eq(new.min_age),
            terms::max_age.eq(new.max_age),
            terms::late_entry_months.eq(new.late_entry_months),
            terms::excused_absence_counted.eq(new.excused_absence.counted),
            terms::excused_absence_billed.eq(new.excused_absence.billed),
            terms::unexcused_absence_counted.eq(new.unexcused_absence.counted),
            terms::unexcused_absence_billed.eq(new.unexcused_absence.billed),
            terms::rounding.eq(new.rounding),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// Enters a signatory.
pub fn insert_signatory(tx: &mut Tx<'_>, convention: ConventionId, new: &Signatory) -> QueryResult<()> {
    diesel::insert_into(signatories::table)
        .values((
            signatories::id.eq(new.id),
            signatories::convention_id.eq(convention),
            signatories::code.eq(&new.code),
            signatories::name.eq(&new.name),
            signatories::kind.eq(new.kind),
            signatories::contact_email.eq(&new.contact_email),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// Enters a programme that no convention had yet.
pub fn insert_programme(tx: &mut Tx<'_>, new: &Programme) -> QueryResult<()> {
    diesel::insert_into(programmes::table)
        .values((
            programmes::id.eq(new.id),
            programmes::code.eq(&new.code),
            programmes::name.eq(&new.name),
            programmes::town.eq(&new.town),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// Makes a programme take part in a convention.
pub fn attach_programme(tx: &mut Tx<'_>, convention: &Convention, programme: &Programme) -> QueryResult<()> {
    diesel::insert_into(convention_programmes::table)
        .values((
            convention_programmes::convention_id.eq(convention.id),
            convention_programmes::starts_on.eq(convention.period.from),
            convention_programmes::ends_on.eq(convention.period.until),
            convention_programmes::programme_id.eq(programme.id),
            convention_programmes::signatory_id.eq(programme.signatory),
            convention_programmes::note.eq(&programme.note),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// Enters a neighbourhood.
pub fn insert_neighbourhood(tx: &mut Tx<'_>, new: &Neighbourhood) -> QueryResult<()> {
    diesel::insert_into(neighbourhoods::table)
        .values((
            neighbourhoods::id.eq(new.id),
            neighbourhoods::programme_id.eq(new.programme),
            neighbourhoods::code.eq(&new.code),
            neighbourhoods::name.eq(&new.name),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// Enters a budget year.
pub fn insert_budget_year(tx: &mut Tx<'_>, convention: ConventionId, new: &BudgetYear) -> QueryResult<()> {
    diesel::insert_into(budget_years::table)
        .values((
            budget_years::id.eq(new.id),
            budget_years::convention_id.eq(convention),
            budget_years::label.eq(&new.label),
            budget_years::starts_on.eq(new.period.from),
            budget_years::ends_on.eq(new.period.until),
            budget_years::budget_cents.eq(new.budget),
            budget_years::fixed_share_cents.eq(new.fixed_share),
            budget_years::ceiling_cents.eq(new.ceiling),
            budget_years::call_by_on.eq(new.call_by),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// Enters what a signatory pays for a budget year.
pub fn insert_contribution(
    tx: &mut Tx<'_>,
    year: BudgetYearId,
    signatory: SignatoryId,
    amount: Cents,
) -> QueryResult<()> {
    diesel::insert_into(contributions::table)
        .values((
            contributions::budget_year_id.eq(year),
            contributions::signatory_id.eq(signatory),
            contributions::amount_cents.eq(amount),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// Allots a programme its time for a budget year; nothing of it is reserved or used yet.
pub fn insert_quota(tx: &mut Tx<'_>, programme: ProgrammeId, year: BudgetYearId, allotted: Minutes) -> QueryResult<()> {
    diesel::insert_into(quotas::table)
        .values((
            quotas::id.eq(QuotaId::new()),
            quotas::programme_id.eq(programme),
            quotas::budget_year_id.eq(year),
            quotas::allotted_minutes.eq(allotted),
            quotas::reserved_minutes.eq(Minutes::ZERO),
            quotas::used_minutes.eq(Minutes::ZERO),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// Enters a rate.
pub fn insert_rate(tx: &mut Tx<'_>, convention: ConventionId, new: &Rate) -> QueryResult<RateId> {
    let id = RateId::new();
    diesel::insert_into(rates::table)
        .values((
            rates::id.eq(id),
            rates::convention_id.eq(convention),
            rates::psychologist_id.eq(new.psychologist),
            rates::service_type.eq(new.service),
            rates::starts_on.eq(new.from),
            rates::hourly_cents.eq(new.hourly),
        ))
        .execute(&mut **tx)?;
    Ok(id)
}

/// Enters a convention's buyer.
pub fn insert_buyer(tx: &mut Tx<'_>, convention: ConventionId, new: &Buyer) -> QueryResult<()> {
    diesel::insert_into(buyers::table)
        .values((
            buyers::convention_id.eq(convention),
            buyers::name.eq(&new.name),
            buyers::siren.eq(&new.siren),
            buyers::siret.eq(&new.siret),
            buyers::street.eq(&new.street),
            buyers::postcode.eq(&new.postcode),
            buyers::city.eq(&new.city),
            buyers::service_code.eq(&new.service_code),
            buyers::engagement_number.eq(&new.engagement_number),
            buyers::contract_number.eq(&new.contract_number),
            buyers::required_reference.eq(new.required_reference),
            buyers::channel.eq(new.channel),
            buyers::payment_days.eq(new.payment_days),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// Changes what a buyer asks of invoices: its references and its channel.
pub fn update_buyer(tx: &mut Tx<'_>, convention: ConventionId, new: &Buyer) -> QueryResult<usize> {
    diesel::update(buyers::table.find(convention))
        .set((
            buyers::siret.eq(&new.siret),
            buyers::service_code.eq(&new.service_code),
            buyers::engagement_number.eq(&new.engagement_number),
            buyers::contract_number.eq(&new.contract_number),
            buyers::required_reference.eq(new.required_reference),
            buyers::channel.eq(new.channel),
        ))
        .execute(&mut **tx)
}

/// The months of a convention that were reopened, the latest reopening first.
pub fn reopenings(conn: &mut AnyConnection, convention: ConventionId) -> QueryResult<Vec<MonthReopening>> {
    let rows = month_reopenings::table
        .inner_join(accounts::table)
        .filter(month_reopenings::convention_id.eq(convention))
        .select((
            month_reopenings::month_on,
            month_reopenings::reason,
            month_reopenings::until_on,
            accounts::display_name,
            month_reopenings::opened_at,
        ))
        .order((month_reopenings::opened_at.desc(), month_reopenings::id))
        .load::<(NaiveDate, String, NaiveDate, String, Ts)>(conn)?;
    let read = |(month_on, reason, until, by, at)| MonthReopening { month: Month::of(month_on), reason, until, by, at };
    Ok(rows.into_iter().map(read).collect())
}

/// Reopens a month, for a reason, until a day.
pub fn insert_reopening(
    tx: &mut Tx<'_>,
    clock: &Clock,
    who: AccountId,
    convention: ConventionId,
    (month, reason, until): (Month, &str, NaiveDate),
) -> QueryResult<MonthReopeningId> {
    let id = MonthReopeningId::new();
    diesel::insert_into(month_reopenings::table)
        .values((
            month_reopenings::id.eq(id),
            month_reopenings::convention_id.eq(convention),
            month_reopenings::month_on.eq(month.first()),
            month_reopenings::reason.eq(reason),
            month_reopenings::until_on.eq(until),
            month_reopenings::opened_by.eq(who),
            month_reopenings::opened_at.eq(clock.now()),
        ))
        .execute(&mut **tx)?;
    Ok(id)
}
