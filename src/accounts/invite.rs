//! Sends the link by which a person chooses their password: the first time, or again.

use chrono::{Duration, NaiveDate};

use crate::accounts::sign_in::new_token;
use crate::accounts::{Grant, passwords, store, trace};
use crate::app::App;
use crate::calendar;
use crate::clock::Clock;
use crate::db::Tx;
use crate::failure::{Failure, Refusal, refuse};
use crate::ids::AccountId;
use crate::journal::Actor;
use crate::sql_types::Ts;
use crate::{links, mails, outbox};

/// How long an invitation works.
pub const VALID_DAYS: i64 = 7;

/// An invitation just made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invited {
    /// The whole address of the link: in the mail, and nowhere else.
    pub href: String,
    /// The last day on which it works.
    pub until: NaiveDate,
    /// To whom it goes.
    pub email: String,
}

/// Why nobody is invited.
#[derive(Debug, thiserror::Error)]
pub enum InviteRefusal {
    /// The account is closed.
    #[error("Ce compte est désactivé. Réactivez-le d’abord.")]
    Disabled,
}

impl Refusal for InviteRefusal {
    fn code(&self) -> &'static str {
        "account_disabled"
    }
}

/// Makes an invitation and queues its mail, whose link stands nowhere in clear; those made before no longer work. Whoever has a password already, and
/// forgot it, chooses another by the same way: the old one holds until then.
///
/// # Errors
/// When there is no such account, or it is closed.
pub fn invite(
    tx: &mut Tx<'_>,
    app: &App,
    author: Actor,
    account: AccountId,
) -> Result<Invited, Failure<InviteRefusal>> {
    let clock = &app.clock;
    let now = clock.now();
    let found = store::load_account(tx, account)?;
    if found.disabled_at.is_some() {
        return refuse(InviteRefusal::Disabled);
    }
    let token = new_token()?;
    let expires_at = Ts::new(now.utc() + Duration::days(VALID_DAYS));
    store::withdraw_invitations(tx, account, now)?;
    let id = store::insert_invitation(tx, account, &passwords::token_hash(&token), now, expires_at)?;
    let facts = serde_json::json!({ "invitation": id });
    trace::write(tx, clock, author, account, "account.invited", (None, Some(facts)))?;
    let invited = Invited {
        href: app.url(&links::invitation(&token)),
        until: calendar::local_date(expires_at),
        email: found.email,
    };
    let mail = mails::Invitation {
        recipient: invited.email.clone(),
        name: found.display_name,
        roles: store::grants_of(tx, account)?.iter().map(Grant::label).collect(),
        href: invited.href.clone(),
        until: invited.until,
    };
    outbox::enqueue_sealed(tx, clock, &app.vault, mail.message()?)?;
    Ok(invited)
}

/// Withdraws the invitations of an account that were not used. Returns whether there was one.
///
/// # Errors
/// When there is no such account, or the database fails.
pub fn withdraw(
    tx: &mut Tx<'_>,
    clock: &Clock,
    author: Actor,
    account: AccountId,
) -> Result<bool, Failure<InviteRefusal>> {
    store::load_account(tx, account)?;
    let withdrawn = store::withdraw_invitations(tx, account, clock.now())? > 0;
    if withdrawn {
        trace::write(tx, clock, author, account, "account.invitation_withdrawn", (None, None))?;
    }
    Ok(withdrawn)
}
