//! Seals the journal once a day, and mails the seal to those who watch over it.

use chrono::Timelike;

use crate::accounts::{Role, recipients};
use crate::calendar;
use crate::clock::Clock;
use crate::db::{Db, DbError, Retryable, Tx};
use crate::mails::JournalSealed;
use crate::outbox::{self, Attachment};
use crate::seals::verify::{self, Finding};
use crate::seals::{Seal, store};
use crate::vault::{Vault, VaultError};

/// The hour in Dijon from which a day's seal is made: those who receive it find it in the morning.
const FROM: u32 = 6;

/// Why the journal is not sealed.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// No key seals.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl From<diesel::result::Error> for SealError {
    fn from(e: diesel::result::Error) -> Self {
        Self::Db(e.into())
    }
}

impl Retryable for SealError {
    fn database_error(&self) -> Option<&diesel::result::Error> {
        match self {
            Self::Db(e) => e.database_error(),
            Self::Vault(_) => None,
        }
    }
}

/// Seals the journal if the day has no seal yet, after it was verified, and queues the mails. It may run as often as one
/// likes, on as many instances: the day makes it one.
///
/// # Errors
/// When the database fails.
pub fn run(db: &Db, clock: &Clock, vault: &Vault, officer: Option<&str>) -> Result<Option<Seal>, SealError> {
    let (now, today) = (clock.now(), clock.today());
    if calendar::local_time(now).hour() < FROM || db.read::<_, SealError>(|conn| Ok(store::is_sealed(conn, today)?))? {
        return Ok(None);
    }
    // verified apart, on one instant of the database: nobody waits to write meanwhile
    let findings = db.snapshot::<_, SealError>(|conn| Ok(verify::all(conn, vault)?.findings))?;
    for finding in &findings {
        tracing::error!(%finding, "the journal does not hold");
    }
    db.write::<_, SealError>(|tx| {
        let heads = store::heads(tx)?;
        if heads.is_empty() {
            return Ok(None);
        }
        let last = store::latest(tx, 1)?.pop();
        let (number, previous) = last.map_or((1, Vec::new()), |last| (last.number + 1, last.proof));
        let seal = Seal::make(vault, number, now, previous, heads)?;
        if !store::insert(tx, &seal, today)? {
            return Ok(None);
        }
        tell(tx, clock, &seal, &findings, officer)?;
        Ok(Some(seal))
    })
}

/// The data-protection officer and the auditors, each once.
fn tell(
    tx: &mut Tx<'_>,
    clock: &Clock,
    seal: &Seal,
    findings: &[Finding],
    officer: Option<&str>,
) -> diesel::QueryResult<()> {
    let mut to: Vec<String> = officer.map(str::to_owned).into_iter().collect();
    for auditor in recipients::holders(tx, Role::Auditor)? {
        if !to.iter().any(|known| known.eq_ignore_ascii_case(&auditor.email)) {
            to.push(auditor.email);
        }
    }
    let name = format!("sceau-{}-{}.txt", clock.today(), seal.number);
    let file = Attachment { name, media_type: "text/plain".to_owned(), bytes: seal.whole().into_bytes() };
    for recipient in to {
        let mail = JournalSealed {
            recipient,
            number: seal.number,
            on: clock.today(),
            entries: seal.entries,
            block: seal.short(),
            findings: i64::try_from(findings.len()).unwrap_or(i64::MAX),
            first_finding: findings.first().map(Finding::french).unwrap_or_default(),
        };
        outbox::enqueue_with(tx, clock, mail.message()?, &file)?;
    }
    Ok(())
}
