//! The tables of psychologists as issuers, and of their VAT regimes.

use chrono::NaiveDate;
use diesel::prelude::*;

use super::{BillingIdentity, DatedVatRegime, Issuer, Mandate, VatRegime};
use crate::calendar::Month;
use crate::clock::Clock;
use crate::conventions::ServiceType;
use crate::db::{AnyConnection, Tx};
use crate::each;
use crate::ids::{AccountId, PsychologistId};
use crate::schema::{accounts, invoice_sessions, invoices, psychologists, referrals, vat_regimes};

type IdentityRow = (String, String, Option<String>, Option<String>, Option<String>, String, Option<String>);
type IssuerRow = (
    (PsychologistId, AccountId, String, String),
    IdentityRow,
    (String, String, String),
    (Option<NaiveDate>, Option<String>),
);

type Who = (psychologists::id, psychologists::account_id, accounts::display_name, accounts::email);
type Numbers = (
    psychologists::legal_name,
    psychologists::siret,
    psychologists::rpps,
    psychologists::adeli,
    psychologists::vat_number,
    psychologists::iban,
    psychologists::bic,
);
type Place = (psychologists::street, psychologists::postcode, psychologists::city);
type MandateColumns = (psychologists::mandate_signed_on, psychologists::mandate_signed_by);

const ISSUER: (Who, Numbers, Place, MandateColumns) = (
    (psychologists::id, psychologists::account_id, accounts::display_name, accounts::email),
    (
        psychologists::legal_name,
        psychologists::siret,
        psychologists::rpps,
        psychologists::adeli,
        psychologists::vat_number,
        psychologists::iban,
        psychologists::bic,
    ),
    (psychologists::street, psychologists::postcode, psychologists::city),
    (psychologists::mandate_signed_on, psychologists::mandate_signed_by),
);

fn issuer(row: IssuerRow, follows_children: bool) -> Issuer {
    let ((id, account, display_name, email), identity, (street, postcode, city), (signed_on, signed_by)) = row;
    let (legal_name, siret, rpps, adeli, vat_number, iban, bic) = identity;
    let billing = BillingIdentity { legal_name, siret, rpps, adeli, vat_number, iban, bic, street, postcode, city };
    let mandate = signed_on.zip(signed_by).map(|(signed_on, signed_by)| Mandate { signed_on, signed_by });
    Issuer { id, account, display_name, email, billing, mandate, follows_children }
}

/// A psychologist as issuer.
pub fn load(conn: &mut AnyConnection, id: PsychologistId) -> QueryResult<Issuer> {
    let row = psychologists::table
        .inner_join(accounts::table)
        .filter(psychologists::id.eq(id))
        .select(ISSUER)
        .first::<IssuerRow>(conn)?;
    let entrusted = referrals::table.filter(referrals::psychologist_id.eq(id));
    let follows_children = diesel::select(diesel::dsl::exists(entrusted)).get_result(conn)?;
    Ok(issuer(row, follows_children))
}

/// Every psychologist as issuer, by name.
pub fn all(conn: &mut AnyConnection) -> QueryResult<Vec<Issuer>> {
    let rows = psychologists::table
        .inner_join(accounts::table)
        .select(ISSUER)
        .order((accounts::display_name, psychologists::id))
        .load::<IssuerRow>(conn)?;
    let follow: Vec<PsychologistId> = referrals::table.select(referrals::psychologist_id).distinct().load(conn)?;
    let issuers = rows.into_iter().map(|row| {
        let follows_children = follow.contains(&row.0.0);
        issuer(row, follows_children)
    });
    Ok(issuers.collect())
}

/// The dated VAT regimes of a psychologist, in order.
pub fn vat_regimes(conn: &mut AnyConnection, id: PsychologistId) -> QueryResult<Vec<DatedVatRegime>> {
    let rows = vat_regimes::table
        .filter(vat_regimes::psychologist_id.eq(id))
        .select((vat_regimes::service_type, vat_regimes::starts_on, vat_regimes::regime))
        .order((vat_regimes::service_type, vat_regimes::starts_on))
        .load::<(ServiceType, NaiveDate, VatRegime)>(conn)?;
    Ok(rows.into_iter().map(|(service, from, regime)| DatedVatRegime { service, from, regime }).collect())
}

/// The latest month for which a psychologist has an invoice that stands.
pub fn last_invoiced_month(conn: &mut AnyConnection, id: PsychologistId) -> QueryResult<Option<Month>> {
    let latest = invoices::table
        .inner_join(invoice_sessions::table)
        .filter(invoices::psychologist_id.eq(id).and(invoice_sessions::is_live.eq(true)))
        .select(invoices::month_on)
        .order(invoices::month_on.desc())
        .first::<NaiveDate>(conn)
        .optional()?;
    Ok(latest.map(Month::of))
}

/// Makes an account a psychologist; fails on `psychologists_account_unique` when it is one.
pub fn insert(
    tx: &mut Tx<'_>,
    clock: &Clock,
    account: AccountId,
    new: &BillingIdentity,
) -> QueryResult<PsychologistId> {
    let id = PsychologistId::new();
    diesel::insert_into(psychologists::table)
        .values((
            psychologists::id.eq(id),
            psychologists::account_id.eq(account),
            psychologists::legal_name.eq(&new.legal_name),
            psychologists::siret.eq(&new.siret),
            psychologists::rpps.eq(&new.rpps),
            psychologists::adeli.eq(&new.adeli),
            psychologists::vat_number.eq(&new.vat_number),
            psychologists::iban.eq(&new.iban),
            psychologists::bic.eq(&new.bic),
            psychologists::street.eq(&new.street),
            psychologists::postcode.eq(&new.postcode),
            psychologists::city.eq(&new.city),
            psychologists::created_at.eq(clock.now()),
        ))
        .execute(&mut **tx)?;
    Ok(id)
}

/// Changes a billing identity.
pub fn update_billing(tx: &mut Tx<'_>, id: PsychologistId, new: &BillingIdentity) -> QueryResult<()> {
    diesel::update(psychologists::table.find(id))
        .set((
            psychologists::legal_name.eq(&new.legal_name),
            psychologists::siret.eq(&new.siret),
            psychologists::rpps.eq(&new.rpps),
            psychologists::adeli.eq(&new.adeli),
            psychologists::vat_number.eq(&new.vat_number),
            psychologists::iban.eq(&new.iban),
            psychologists::bic.eq(&new.bic),
            psychologists::street.eq(&new.street),
            psychologists::postcode.eq(&new.postcode),
            psychologists::city.eq(&new.city),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// Sets or takes away the billing mandate.
pub fn set_mandate(tx: &mut Tx<'_>, id: PsychologistId, mandate: Option<&Mandate>) -> QueryResult<()> {
    diesel::update(psychologists::table.find(id))
        .set((
            psychologists::mandate_signed_on.eq(mandate.map(|m| m.signed_on)),
            psychologists::mandate_signed_by.eq(mandate.map(|m| &m.signed_by)),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// Sets a VAT regime from a day on, in place of the one that began on the same day.
pub fn set_vat_regime(tx: &mut Tx<'_>, id: PsychologistId, new: DatedVatRegime) -> QueryResult<()> {
    let row = (
        vat_regimes::psychologist_id.eq(id),
        vat_regimes::service_type.eq(new.service),
        vat_regimes::starts_on.eq(new.from),
        vat_regimes::regime.eq(new.regime),
    );
    let key = (vat_regimes::psychologist_id, vat_regimes::service_type, vat_regimes::starts_on);
    let conn = &mut **tx;
    each!(conn => diesel::insert_into(vat_regimes::table)
        .values(row)
        .on_conflict(key)
        .do_update()
        .set(vat_regimes::regime.eq(new.regime))
        .execute(conn))?;
    Ok(())
}
