//! Backups: taken while everybody writes, whole, verified once restored; without a key in them, and without a name for who
//! has them alone.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use psypre::app::App;
use psypre::config::{Config, KeySource};
use psypre::db::DbError;
use psypre::seals::{seal, verify};
use psypre::vault::to_hex;
use psypre::{checks, keys};

use crate::support::app::TestApp;
use crate::support::database::{Database, server_url};
use crate::support::world::World;

/// The keys of a story's file, as bytes, and what is derived from them.
fn secrets(app: &TestApp) -> Vec<Vec<u8>> {
    let text = std::fs::read_to_string(app.folder().join("keys")).unwrap();
    let parts: Vec<&str> = text.lines().filter_map(|line| line.split_once(':')).map(|(_, hex)| hex).collect();
    assert_eq!(parts.len(), 2);
    let derived: Vec<String> = [1, 2].iter().filter_map(|id| app.app.vault.journal_part(*id)).collect();
    let derived = derived.iter().filter_map(|part| part.split_once(':')).map(|(_, hex)| hex);
    let bytes = |hex: &str| (0..32).map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap()).collect();
    let all: Vec<Vec<u8>> = parts.into_iter().chain(derived).map(bytes).collect();
    assert_eq!(all.len(), 4);
    all
}

/// Whether bytes hold a secret: raw, as hexadecimal digits of either case, or as base64 at any alignment.
fn holds(bytes: &[u8], secret: &[u8]) -> bool {
    let hex = to_hex(secret);
    let mut forms = vec![secret.to_vec(), hex.clone().into_bytes(), hex.to_uppercase().into_bytes()];
    for before in 0..3 {
        let shifted = [vec![0; before], secret.to_vec()].concat();
        let text = STANDARD_NO_PAD.encode(shifted);
        // the ends depend on what stands around
        forms.push(text.as_bytes()[4..text.len() - 4].to_vec());
    }
    let found = |form: &Vec<u8>| bytes.windows(form.len()).any(|window| window == form.as_slice());
    forms.iter().any(found)
}

fn run(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?}: {out}{err}");
    out.into_owned()
}

fn psypre(app: &TestApp, url: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_psypre"));
    command.env("DATABASE_URL", url).env_remove("PSYPRE_KEYS").env("PSYPRE_KEYS_FILE", app.folder().join("keys"));
    command
}

/// Backs up as the documents say; gives the file.
fn back_up(app: &TestApp, number: usize) -> PathBuf {
    let file = app.folder().join(format!("backup-{number}"));
    let url = &app.app.config.database_url;
    let mut backup = psypre(app, url);
    backup.arg("backup").arg(&file);
    if url.starts_with("postgres") {
        let output = backup.output().unwrap();
        assert!(!output.status.success() && String::from_utf8_lossy(&output.stderr).contains("pg_dump"));
        run(Command::new("pg_dump").arg(format!("--file={}", file.display())).arg(url));
    } else {
        run(&mut backup);
    }
    file
}

/// Restores to a database of its own; gives its address.
fn restore(app: &TestApp, file: &Path, number: usize) -> String {
    if !app.app.config.database_url.starts_with("postgres") {
        let copy = app.folder().join(format!("restored-{number}.db"));
        std::fs::copy(file, &copy).unwrap();
        return format!("sqlite://{}", copy.display());
    }
    let name = format!("restored_{}", uuid::Uuid::new_v4().simple());
    let server = format!("{}/postgres", server_url());
    run(Command::new("psql").args(["-q", "-c", &format!("CREATE DATABASE {name}")]).arg(server));
    let url = format!("{}/{name}", server_url());
    run(Command::new("psql").args(["-q", "-v", "ON_ERROR_STOP=1", "-f"]).arg(file).arg(&url));
    url
}

fn forget(url: &str) {
    if let Some((_, name)) = url.rsplit_once('/').filter(|_| url.starts_with("postgres")) {
        let server = format!("{}/postgres", server_url());
        run(Command::new("psql").args(["-q", "-c", &format!("DROP DATABASE {name} WITH (FORCE)")]).arg(server));
    }
}

fn backed_up_while_everybody_writes(app: &TestApp) {
    let world = World::new(app);
    // two keys, one that sealed and one that seals
    world.entrusted_child(world.chenove, "Zéphyrine", "Duvalcourt");
    keys::add::add(&app.app.db, &app.app.clock, &app.app.vault).unwrap();
    let patience = std::time::Duration::ZERO;
    keys::rotate::rotate((&app.app.db, &app.app.clock, &app.app.vault), None, patience, &mut |_| {}).unwrap();
    seal::run(&app.app.db, &app.app.clock, &app.app.vault, None).unwrap().expect("a seal");
    let over = AtomicBool::new(false);
    let files: Vec<PathBuf> = std::thread::scope(|scope| {
        let (over, world) = (&over, &world);
        scope.spawn(move || {
            let mut number = 0;
            while !over.load(Ordering::SeqCst) {
                world.entrusted_child(world.dijon, &format!("Prénom{number}"), "Imaginaire");
                number += 1;
            }
            assert!(number > 3, "others wrote meanwhile: {number}");
        });
        let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            (0..3).map(|number| back_up(app, number)).collect()
        }));
        over.store(true, Ordering::SeqCst);
        done.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    });
    let secrets = secrets(app);
    let live = app.read(|conn| verify::all(conn, &app.app.vault));
    for (number, file) in files.iter().enumerate() {
        let bytes = std::fs::read(file).unwrap();
        assert!(bytes.windows(9).any(|window| window == b"guardians"), "the backup is read as it stands");
        for name in ["Zéphyrine", "Duvalcourt"] {
            assert!(!bytes.windows(name.len()).any(|window| window == name.as_bytes()), "{name} stands in the backup");
        }
        for secret in &secrets {
            assert!(!holds(&bytes, secret), "a key stands in the backup");
        }
        verified(app, file, number, live.entries);
    }
    for secret in &secrets {
        for form in [secret.clone(), to_hex(secret).into_bytes(), STANDARD_NO_PAD.encode(secret).into_bytes()] {
            assert!(holds(&[b"..", form.as_slice(), b".."].concat(), secret), "a key that stands there is found");
        }
    }
}

/// Restored, it holds: sums, journal, seals, sealed values; with another ring, it does not open.
fn verified(app: &TestApp, file: &Path, number: usize, most: i64) {
    let url = restore(app, file, number);
    let start = |keys: KeySource| {
        let config = Config { database_url: url.clone(), pool: 2, keys, ..(*app.app.config).clone() };
        App::start(config, app.app.clock.clone())
    };
    let restored = start(KeySource::File(app.folder().join("keys"))).unwrap();
    assert_eq!(restored.db.read::<_, DbError>(|conn| Ok(checks::run(conn)?)).unwrap(), []);
    let checked = keys::check::check(&restored.db, &restored.vault).unwrap();
    assert!(checked.unreadable.is_empty() && checked.values >= 7, "{checked:?}");
    let seals = restored.db.read::<_, DbError>(|conn| Ok(verify::all(conn, &restored.vault)?)).unwrap();
    assert_eq!((seals.findings.as_slice(), seals.seals), (&[][..], 1));
    assert!(seals.entries <= most);
    drop(restored);
    let refused = start(KeySource::Text(format!("2:{}", "11".repeat(32)))).unwrap_err().to_string();
    assert!(refused.contains("key"), "{refused}");
    forget(&url);
}

mod a_backup_holds_no_key_and_no_name_and_is_whole {
    use super::*;

    #[test]
    fn sqlite() {
        backed_up_while_everybody_writes(&TestApp::with_keys_file(Database::sqlite()));
    }

    #[test]
    fn postgres() {
        backed_up_while_everybody_writes(&TestApp::with_keys_file(Database::postgres()));
    }
}
