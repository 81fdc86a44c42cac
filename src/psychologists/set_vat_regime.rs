//! Says under which VAT regime a psychologist bills a type of service, from a day on.

use serde_json::json;

use super::{DatedVatRegime, VatRegime, regime_in_force, store};
use crate::accounts::Psychologist;
use crate::calendar::{Month, short_date};
use crate::clock::Clock;
use crate::conventions::ServiceType;
use crate::db::Tx;
use crate::failure::{Failure, Refusal, refuse};
use crate::journal::{self, Actor, Chain, Entry};

/// Why a regime is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VatRefusal {
    /// What is not care is not exempt as care.
    #[error(
        "L’exonération des soins (article 261, 4-1° du CGI) ne vaut que pour les entretiens psychologiques : choisissez \
         la franchise en base ou le taux de 20 %."
    )]
    NotCare,
    /// Charging VAT takes a number.
    #[error("Facturer la TVA demande un numéro de TVA intracommunautaire : ajoutez-le d’abord à votre identité.")]
    NoVatNumber,
    /// The sessions of that month are on an invoice that stands.
    #[error(
        "Vos séances jusqu’à {0} sont déjà facturées : choisissez une date à partir du {date}.",
        date = short_date(.0.next().first())
    )]
    AlreadyInvoiced(Month),
}

impl Refusal for VatRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::NotCare => "vat_not_care",
            Self::NoVatNumber => "vat_number_missing",
            Self::AlreadyInvoiced(_) => "vat_already_invoiced",
        }
    }

    fn field(&self) -> Option<&'static str> {
        Some(match self {
            Self::AlreadyInvoiced(_) => "from",
            _ => "regime",
        })
    }
}

/// Sets the regime of a type of service from a day on.
///
/// # Errors
/// As [`VatRefusal`] says, or when the database fails.
pub fn set_vat_regime(
    tx: &mut Tx<'_>,
    clock: &Clock,
    who: &Psychologist,
    new: DatedVatRegime,
) -> Result<(), Failure<VatRefusal>> {
    if new.regime == VatRegime::ExemptCare && new.service != ServiceType::Interview {
        return refuse(VatRefusal::NotCare);
    }
    if new.regime == VatRegime::Standard && store::load(tx, who.id)?.billing.vat_number.is_none() {
        return refuse(VatRefusal::NoVatNumber);
    }
    if let Some(month) = store::last_invoiced_month(tx, who.id)?.filter(|month| new.from <= month.last()) {
        return refuse(VatRefusal::AlreadyInvoiced(month));
    }
    let before = regime_in_force(&store::vat_regimes(tx, who.id)?, new.service, new.from);
    store::set_vat_regime(tx, who.id, new)?;
    let entry = Entry {
        chain: Chain::Account(who.account),
        actor: Actor::Account(who.account),
        action: "psychologist.vat_regime_set",
        subject: "psychologist",
        subject_id: who.id.0,
        before: before.map(|regime| json!({ "service": new.service, "regime": regime })),
        after: Some(json!({ "service": new.service, "regime": new.regime, "from": new.from })),
    };
    journal::write(tx, clock, entry)?;
    Ok(())
}
