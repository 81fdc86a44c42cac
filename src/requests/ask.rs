//! A pathway referent asks for a session for a child they follow.

use chrono::NaiveDate;

use crate::accounts::Referent;
use crate::calendar::french_date;
use crate::children::{ChildReference, look_up as children};
use crate::clock::Clock;
use crate::db::{DbError, Tx, violated};
use crate::failure::{Failure, Refusal, refuse};
use crate::hours::Minutes;
use crate::ids::RequestId;
use crate::requests::{Asked, Request, Standing, notices, store};
use crate::vault::Vault;

/// Why a session is not asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AskRefusal {
    /// No session is as long.
    #[error(
        "Une séance dure de 15\u{a0}min à 4\u{a0}h, par quarts d’heure ; {asked} ne convient pas. Choisissez une autre durée."
    )]
    Length {
        /// What was asked.
        asked: Minutes,
    },
    /// From a day that is past.
    #[error("Le {} est passé. Choisissez une date à venir.", french_date(*from))]
    Past {
        /// The day asked.
        from: NaiveDate,
    },
    /// The child is no longer followed.
    #[error("Le suivi de {reference} est clos. La coordination du PRE peut le rouvrir.")]
    Closed {
        /// The child.
        reference: ChildReference,
    },
    /// One question at a time.
    #[error("Une demande attend déjà une réponse pour {reference}. Retirez-la d’abord, ou attendez la réponse.")]
    AlreadyOpen {
        /// The child.
        reference: ChildReference,
    },
}

impl Refusal for AskRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Length { .. } => "session_length",
            Self::Past { .. } => "request_in_the_past",
            Self::Closed { .. } => "child_closed",
            Self::AlreadyOpen { .. } => "request_already_open",
        }
    }

    fn field(&self) -> Option<&'static str> {
        Some(match self {
            Self::Length { .. } => "duration",
            Self::Past { .. } => "from_on",
            Self::Closed { .. } | Self::AlreadyOpen { .. } => "child",
        })
    }
}

/// Asks for a session, and tells those who may answer.
///
/// # Errors
/// When the referent does not follow the child, or a rule refuses it.
pub fn ask(
    tx: &mut Tx<'_>,
    clock: &Clock,
    vault: &Vault,
    who: &Referent,
    asked: Asked,
) -> Result<RequestId, Failure<AskRefusal>> {
    let child = children::load_for(tx, vault, who, asked.child)?;
    let (today, reference) = (clock.today(), child.reference.clone());
    if !asked.duration.is_session_length() {
        return refuse(AskRefusal::Length { asked: asked.duration });
    }
    if asked.from < today {
        return refuse(AskRefusal::Past { from: asked.from });
    }
    if child.is_closed_on(asked.from) {
        return refuse(AskRefusal::Closed { reference });
    }
    let request = Request {
        id: RequestId::new(),
        programme_id: child.programme_id,
        asked,
        standing: Standing::Open,
        declined_for: None,
        session_id: None,
        requested_by: who.account,
        requested_at: clock.now(),
        answered_at: None,
    };
    store::insert(tx, &request).map_err(|e| {
        if violated(&e, "requests_one_open") || violated(&e, "requests.child_id") {
            Failure::Refused(AskRefusal::AlreadyOpen { reference })
        } else {
            Failure::Db(DbError::Query(e))
        }
    })?;
    store::write_down(tx, clock, who.account, "request.asked", &request)?;
    notices::asked(tx, clock, &request)?;
    Ok(request.id)
}
