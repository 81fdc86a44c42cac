//! Lets in somebody whose identity another service proved, second factor included.

use chrono::Duration;

use crate::accounts::open::{self, Opened, Proofs};
use crate::accounts::{Visitor, passwords, store, trace};
use crate::app::App;
use crate::db::Tx;
use crate::failure::{Failure, Refusal, refuse};
use crate::ids::AccountId;
use crate::journal::Actor;
use crate::sql_types::Ts;

/// Why somebody who proved who they are is not let in.
#[derive(Debug, thiserror::Error)]
pub enum ComeInRefusal {
    /// The account is closed.
    #[error("Ce compte est désactivé. Adressez-vous à l’administration de la Métropole.")]
    Closed,
    /// The account opens nothing.
    #[error("{0}")]
    Open(#[from] open::OpenRefusal),
    /// The invitation was used, withdrawn, replaced or is past its date; or its account has a password, and what
    /// protects it is not to be gone round by a mailbox.
    #[error("Cette invitation ne sert plus : elle a été utilisée, remplacée, ou sa date est passée.")]
    InvitationGone,
}

impl Refusal for ComeInRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Closed => "account_disabled",
            Self::Open(refusal) => refusal.code(),
            Self::InvitationGone => "invitation_gone",
        }
    }
}

/// Opens a sign-in of an account, that ends after `lasts` whatever its use: as late as the session of who vouches for
/// its person, with two proofs.
///
/// # Errors
/// When the account is closed or holds no role.
pub fn come_in(
    tx: &mut Tx<'_>,
    app: &App,
    account: AccountId,
    lasts: Duration,
    visitor: &Visitor,
) -> Result<Opened, Failure<ComeInRefusal>> {
    store::lock_account(tx, account)?;
    if store::load_account(tx, account)?.disabled_at.is_some() {
        return refuse(ComeInRefusal::Closed);
    }
    let opened = open::open(tx, &app.clock, app.config.second_factor, account, Proofs::Two, visitor)
        .map_err(|failure| failure.map(ComeInRefusal::from))?;
    if let Opened::In(new) = &opened {
        let until = Ts::new(app.clock.now().utc() + lasts);
        store::close_sign_in_at(tx, &passwords::token_hash(&new.token), until)?;
    }
    Ok(opened)
}

/// Uses up the invitation of an account into which nobody came yet, without a password: its person comes in by who
/// vouches for them. Whoever holds the link could have chosen a password by it; they get nothing more this way.
///
/// # Errors
/// When the invitation no longer works, or its account has a password or a second factor.
pub fn accept(tx: &mut Tx<'_>, app: &App, token: &str) -> Result<AccountId, Failure<ComeInRefusal>> {
    let now = app.clock.now();
    let Some(invitation) = store::find_open_invitation(tx, &passwords::token_hash(token), now)? else {
        return refuse(ComeInRefusal::InvitationGone);
    };
    let account = invitation.account;
    let is_new = !invitation.has_factor && !store::has_password(tx, account)?;
    if !is_new || !store::use_invitation(tx, invitation.id, now)? {
        return refuse(ComeInRefusal::InvitationGone);
    }
    trace::write(tx, &app.clock, Actor::Account(account), account, "account.invitation_accepted", (None, None))?;
    Ok(account)
}
