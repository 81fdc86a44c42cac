//! `psypre check`, `audit verify`, `audit seal`, `backup`, `purge` and `outbox send`: what keeps an installation well.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use psypre::app::App;
use psypre::db::DbError;
use psypre::purge::{self, Purged};
use psypre::seals::{Seal, seal, verify};
use psypre::{checks, day_before, keys, readings, reminders};

use crate::commands::{Outcome, tell};

/// Verifies every invariant.
pub fn check(app: &App) -> Outcome {
    let violations = app.db.read::<_, DbError>(|conn| Ok(checks::run(conn)?))?;
    let unreadable = keys::check::check(&app.db, &app.vault)?.unreadable;
    let wrong: Vec<String> =
        violations.iter().map(ToString::to_string).chain(unreadable.iter().map(ToString::to_string)).collect();
    tell("every invariant holds", &wrong)
}

/// Verifies every chain of the journal and every seal of it, and the journal against seals that were mailed.
pub fn verify(app: &App, files: &[PathBuf]) -> Outcome {
    let mailed = files.iter().map(|file| read_seal(file)).collect::<Result<Vec<_>, _>>()?;
    let (verified, of_files) = app.db.snapshot::<_, DbError>(|conn| {
        let verified = verify::all(conn, &app.vault)?;
        let each = mailed.iter().map(|seal| verify::mailed(conn, &app.vault, seal));
        Ok((verified, each.collect::<Result<Vec<_>, _>>()?))
    })?;
    let mut wrong: Vec<String> = verified.findings.iter().map(ToString::to_string).collect();
    for ((file, seal), findings) in files.iter().zip(&mailed).zip(of_files) {
        if findings.is_empty() {
            let (number, at) = (seal.number, seal.sealed_at.rfc3339());
            println!("{}: the journal is what it was when seal {number} was made, {at}", file.display());
        }
        wrong.extend(findings.iter().map(|finding| format!("{}: {finding}", file.display())));
    }
    tell(&format!("the journal holds: {} entries, {} seals", verified.entries, verified.seals), &wrong)
}

fn read_seal(file: &Path) -> Result<Seal, Box<dyn std::error::Error>> {
    let bytes = std::fs::read(file).map_err(|e| format!("{}: {e}", file.display()))?;
    Ok(Seal::read_file(&bytes).ok_or_else(|| format!("{} holds no seal of the journal", file.display()))?)
}

/// Seals the journal, unless the day has its seal.
pub fn seal(app: &App) -> Outcome {
    match seal::run(&app.db, &app.clock, &app.vault, app.config.publisher.dpo_email.as_deref())? {
        Some(seal) => print!("{}", seal.whole()),
        None => println!("the journal is sealed already, or it is not six in the morning yet"),
    }
    Ok(ExitCode::SUCCESS)
}

/// Copies the embedded database to a new file, while it is in use.
pub fn backup(app: &App, file: &Path) -> Outcome {
    if file.exists() {
        return Err(format!("{} exists already: a backup never overwrites a file", file.display()).into());
    }
    if app.db.back_up(file)? {
        println!("The database is copied to {}.", file.display());
        println!("The keys that open its names are not in it: keep them elsewhere (PSYPRE_KEYS or the file of keys).");
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!(
        "This database is PostgreSQL, which has its own tool:\n  pg_dump --format=custom --file={} \"$DATABASE_URL\"\n\
         and pg_restore brings it back. Keep PSYPRE_KEYS elsewhere: without them no name opens.",
        file.display()
    );
    Ok(ExitCode::FAILURE)
}

/// Deletes what is kept no longer, or says how much that would be.
pub fn purge(app: &App, dry_run: bool) -> Outcome {
    let Purged {
        half_sign_ins,
        invitations,
        idempotency_keys,
        sign_ins,
        mails,
        throttles,
        proconnect_returns,
        passkey_challenges,
    } = if dry_run { app.db.read(|conn| purge::count(conn, &app.clock))? } else { purge::run(&app.db, &app.clock)? };
    let months = app.config.retention.readings_months;
    let old_readings = if dry_run {
        app.db.read::<_, DbError>(|conn| Ok(readings::count_old(conn, &app.clock, months)?))?
    } else {
        i64::try_from(readings::purge(&app.db, &app.clock, months)?)?
    };
    println!("{}", if dry_run { "Would delete:" } else { "Deleted:" });
    println!("  {invitations} expired invitations");
    println!("  {half_sign_ins} sign-ins that waited too long for their second proof");
    println!("  {idempotency_keys} idempotency keys older than {} days", purge::IDEMPOTENCY_DAYS);
    println!("  {sign_ins} sign-ins ended for {} days", purge::SIGN_IN_DAYS);
    println!("  {mails} mails sent more than {} days ago", purge::MAIL_DAYS);
    println!("  {old_readings} openings of children's files older than {months} months");
    println!("  {throttles} counts of failed sign-ins older than {} days", purge::THROTTLE_DAYS);
    println!("  {proconnect_returns} returns from ProConnect older than {} day", purge::PROCONNECT_RETURN_DAYS);
    println!("  {passkey_challenges} challenges of passkeys past their time");
    Ok(ExitCode::SUCCESS)
}

/// Queues what the day brings and sends what is due, once: for a machine that runs commands by the clock rather than the server.
pub fn send_mails(app: &App) -> Outcome {
    reminders::run(&app.db, &app.clock)?;
    seal::run(&app.db, &app.clock, &app.vault, app.config.publisher.dpo_email.as_deref())?;
    let round = day_before::mailer(app)?.drain(&app.db, &app.clock, &|| false)?;
    println!("accepted {}, put off {}, given up {}", round.accepted, round.put_off, round.rejected);
    if let Some(why) = &round.cut_short {
        println!("mail cannot leave: {why}");
    }
    let well = round.cut_short.is_none() && round.rejected == 0;
    Ok(if well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
