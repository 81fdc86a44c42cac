//! Takes away one's own telephone, or one of one's passkeys. The password is asked again, and the second factor; where one
//! is compulsory, the last thing that proves its person stays.

use diesel::QueryResult;

use crate::accounts::confirm::{self, ConfirmRefusal};
use crate::accounts::{Means, Person, Visitor, second_factor_is_due, store, trace};
use crate::app::App;
use crate::db::{AnyConnection, DbError, Tx};
use crate::failure::{Failure, Refusal, refuse};
use crate::ids::PasskeyId;
use crate::mails::{SecurityChanged, SecurityEvent};
use crate::outbox;

/// What is to be taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// The telephone.
    Telephone,
    /// A passkey.
    Passkey(PasskeyId),
}

/// Why it stays.
#[derive(Debug, thiserror::Error)]
pub enum RemoveRefusal {
    /// Who asks is not taken for the owner.
    #[error("{0}")]
    Confirm(#[from] ConfirmRefusal),
    /// There is no other, and one is compulsory.
    #[error("Votre rôle demande un second facteur, et vous n’avez que celui-ci. Ajoutez-en d’abord un autre.")]
    Last,
}

impl Refusal for RemoveRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Confirm(refusal) => refusal.code(),
            Self::Last => "last_second_factor",
        }
    }

    fn field(&self) -> Option<&'static str> {
        if let Self::Confirm(refusal) = self { refusal.field() } else { None }
    }
}

/// What would prove an account without one of the things that do.
struct Left {
    is_there: bool,
    has_others: bool,
}

fn left_without(conn: &mut AnyConnection, who: &Person, what: What) -> QueryResult<Left> {
    let has_telephone = store::find_factor(conn, who.account)?.is_some_and(|factor| factor.secret.is_some());
    let passkeys = store::passkeys_of(conn, who.account)?;
    Ok(match what {
        What::Telephone => Left { is_there: has_telephone, has_others: !passkeys.is_empty() },
        What::Passkey(id) => Left {
            is_there: passkeys.iter().any(|one| one.id == id),
            has_others: has_telephone || passkeys.iter().any(|one| one.id != id),
        },
    })
}

/// Whether something that proves a person is the last, and compulsory: then it stays.
///
/// # Errors
/// When it is not theirs, or the database fails.
pub fn is_held(conn: &mut AnyConnection, app: &App, who: &Person, what: What) -> QueryResult<bool> {
    let left = left_without(conn, who, what)?;
    if !left.is_there {
        return Err(diesel::result::Error::NotFound);
    }
    let is_due = second_factor_is_due(app.config.second_factor, who.grants.iter().map(|grant| grant.role));
    Ok(is_due && !left.has_others)
}

/// Takes it away, ends the other sign-ins of the account, and tells its person.
///
/// # Errors
/// When it is not theirs, the password or the code is wrong, there were too many tries, or it is the last where one is
/// compulsory.
pub fn remove(
    app: &App,
    who: &Person,
    what: What,
    typed: (&str, &str),
    visitor: &Visitor,
) -> Result<(), Failure<RemoveRefusal>> {
    if app.db.read::<_, Failure<RemoveRefusal>>(|conn| Ok(is_held(conn, app, who, what)?))? {
        return refuse(RemoveRefusal::Last);
    }
    confirm::confirm(app, who, typed, visitor).map_err(|failure| failure.map(Into::into))?;
    app.db.write(|tx| {
        store::lock_account(tx, who.account)?;
        // another browser may have taken the other away meanwhile
        if is_held(tx, app, who, what)? {
            return refuse(RemoveRefusal::Last);
        }
        let has_others = left_without(tx, who, what)?.has_others;
        Ok(forget(tx, app, who, (what, has_others))?)
    })
}

fn forget(tx: &mut Tx<'_>, app: &App, who: &Person, (what, has_others): (What, bool)) -> Result<(), DbError> {
    let (clock, now) = (&app.clock, app.clock.now());
    match what {
        // recovery codes replace something: they go with the last
        _ if !has_others => {
            store::delete_factor(tx, who.account)?;
        }
        What::Telephone => store::forget_telephone(tx, who.account)?,
        What::Passkey(id) => {
            store::delete_passkey(tx, who.account, id)?;
        }
    }
    let kept = if let Means::SignIn { id, .. } = who.means { Some(id) } else { None };
    store::end_sign_ins(tx, who.account, kept, now)?;
    if let Some(asked_of) = who.asked_of() {
        store::delete_challenges_of(tx, asked_of)?;
    }
    let (action, before, event) = match what {
        What::Telephone => ("account.telephone_removed", None, SecurityEvent::TelephoneRemoved),
        What::Passkey(id) => {
            let before = serde_json::json!({ "passkey": id });
            ("account.passkey_removed", Some(before), SecurityEvent::PasskeyRemoved)
        }
    };
    trace::write(tx, clock, who.actor(), who.account, action, (before, None))?;
    let mail = SecurityChanged { recipient: who.email.clone(), event, at: now };
    outbox::enqueue(tx, clock, mail.message()?)?;
    Ok(())
}
