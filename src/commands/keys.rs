//! `psypre keys …`: the keys that seal names, changed while everybody works.

use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use clap::Subcommand;
use psypre::app::App;
use psypre::db::DbError;
use psypre::keys::check::{self, Checked};
use psypre::keys::{self, add, retire, rotate};
use psypre::vault::{NewKey, to_hex};

use crate::commands::Outcome;

/// How long to wait for servers that seal with an older key.
const PATIENCE: Duration = Duration::from_secs(60);

/// The keys that seal names.
#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    /// Show the keys by number and fingerprint, how many values each sealed, and which servers have them
    List,
    /// Make a key: in the file of keys, or printed to be added to PSYPRE_KEYS; it seals nothing before a rotation
    Add,
    /// Seal every value again with the newest key, while the servers work; stopped, it is taken up by asking again
    Rotate {
        /// Another key than the newest
        #[arg(long, value_name = "ID")]
        to: Option<u8>,
    },
    /// Take a key that no value needs out of the ring
    Retire {
        /// Its number
        id: u8,
    },
    /// Open every sealed value; exit 1 naming each that does not open
    Check,
}

/// Runs a command on keys.
pub fn run(app: &App, command: &KeysCommand) -> Outcome {
    match command {
        KeysCommand::List => list(app),
        KeysCommand::Add => add_key(app),
        KeysCommand::Rotate { to } => rotate_to(app, *to),
        KeysCommand::Retire { id } => retire_key(app, *id),
        KeysCommand::Check => check_all(app),
    }
}

fn list(app: &App) -> Outcome {
    let (known, counted, servers) = app.db.read::<_, DbError>(|conn| {
        Ok((keys::known(conn)?, keys::counted(conn)?, keys::instances(conn, app.clock.now())?))
    })?;
    let values = |id: u8| counted.iter().filter(|counted| counted.key == id).map(|counted| counted.values).sum::<i64>();
    for key in &known {
        let state = match (key.is_sealing, key.retired_at) {
            (true, _) => "seals".to_owned(),
            (false, None) => "opens".to_owned(),
            (false, Some(at)) => format!("retired {}", at.rfc3339()),
        };
        println!("key {}  {}  {:>8} values  {state}", key.id, to_hex(&key.fingerprint), values(key.id));
    }
    for id in app.vault.known().into_iter().filter(|id| !known.iter().any(|key| key.id == *id)) {
        let fingerprint = app.vault.fingerprint(id).unwrap_or_default();
        println!("key {id}  {}  {:>8} values  added, seals nothing yet", to_hex(&fingerprint), values(id));
    }
    for server in servers {
        let (label, known, sealing) = (server.label, server.known, server.sealing);
        println!("server {label}  has {known}, seals with {sealing}");
    }
    Ok(ExitCode::SUCCESS)
}

fn add_key(app: &App) -> Outcome {
    match add::add(&app.db, &app.clock, &app.vault)? {
        (id, NewKey::InFile) => {
            println!("Key {id} is in the file of keys; servers that read this file follow in seconds.");
            println!("Copy the file where you keep the keys, apart from backups, then: psypre keys rotate");
        }
        (id, NewKey::ForEnvironment(part)) => {
            eprintln!("Key {id}: add what follows to PSYPRE_KEYS, after a comma, and where you keep the keys.");
            eprintln!("Restart every server with it, one after the other, then: psypre keys rotate");
            println!("{part}");
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn rotate_to(app: &App, to: Option<u8>) -> Outcome {
    let mut tell = |progress: rotate::Progress| {
        println!("{:>8} values sealed again, {}", progress.values, progress.column.name);
        // whoever watches through a pipe sees it too
        if let Err(e) = std::io::stdout().flush() {
            tracing::debug!(error = %e, "progress is not read");
        }
    };
    let rotated = rotate::rotate((&app.db, &app.clock, &app.vault), to, PATIENCE, &mut tell)?;
    for unreadable in &rotated.unreadable {
        println!("left as it is: {unreadable}");
    }
    println!("Key {} sealed every value that opens: {} sealed again.", rotated.key, rotated.values);
    Ok(if rotated.unreadable.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn retire_key(app: &App, id: u8) -> Outcome {
    if retire::retire(&app.db, &app.clock, &app.vault, id)? {
        println!("Key {id} is out of the file of keys; what verifies the journal's older seals stays there, as s{id}.");
        println!("Backups made before the rotation still need it: destroy its copies with the last of them.");
        return Ok(ExitCode::SUCCESS);
    }
    match app.vault.journal_part(id) {
        Some(part) => {
            eprintln!(
                "No value needs key {id}. In PSYPRE_KEYS, put what follows in its place, and restart the servers:"
            );
            println!("{part}");
        }
        None => eprintln!("No value needs key {id}, and it is not in PSYPRE_KEYS."),
    }
    Ok(ExitCode::SUCCESS)
}

fn check_all(app: &App) -> Outcome {
    let Checked { values, unreadable } = check::check(&app.db, &app.vault)?;
    crate::commands::tell(&format!("every sealed value opens: {values}"), &unreadable)
}
