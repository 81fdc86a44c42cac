//! The keys of the vault: named by number, changed while everybody works, refused when they are not the database's own;
//! and no sealed value opens anywhere but in its place.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary};
use psypre::accounts::PasskeyPurpose;
use psypre::accounts::store::{self, StoredChallenge};
use psypre::app::App;
use psypre::children::add_guardian::GuardianRefusal;
use psypre::children::{GuardianContact, edit_guardian, look_up};
use psypre::clock::Clock;
use psypre::config::{Config, KeySource};
use psypre::db::DbError;
use psypre::ids::{AskedOfId, ChildId, PasskeyChallengeId, SealedRowId};
use psypre::keys::announce::Announcer;
use psypre::keys::{add, check, retire, rotate};
use psypre::outbox::{self, Message};
use psypre::schema::{journal_entries, mails, vault_instances, vault_keys};
use psypre::sql_types::DbUuid;
use psypre::vault::{NewKey, Place, SEALED, SealedColumn, Vault, VaultError, key_of};

use crate::on_both_databases;
use crate::support::app::TestApp;
use crate::support::database::Database;
use crate::support::world::{CHENOVE_COORDINATOR, World, done};

/// Columns of bytes that nobody needs to open: hashes, files, and what tells keys apart.
const NOT_SEALED: [&str; 17] = [
    "state_hash",
    "codes_salt",
    "code_hash",
    "device_hash",
    "token_hash",
    "subject",
    "request_hash",
    "file_sha256",
    "content_sha256",
    "sha256",
    "bytes",
    "head",
    "previous_hash",
    "hash",
    "fingerprint",
    "mac",
    "previous_mac",
];

/// A column whose type says that it is sealed is in the list of the vault, with its row, and the other way round; any
/// other column of bytes is known for what it is.
#[test]
fn the_list_of_sealed_columns_is_whole() {
    let schema = std::fs::read_to_string("src/schema.rs").unwrap();
    let mut sealed = Vec::new();
    let mut table = "";
    for line in schema.lines().map(str::trim) {
        if let Some((name, rest)) = line.split_once(" (").filter(|(name, _)| !name.contains([' ', ':'])) {
            if rest.ends_with(") {") {
                table = name;
            }
        } else if let Some((column, kind)) = line.split_once(" -> ") {
            let kind = kind.trim_end_matches(',').trim_start_matches("Nullable<").trim_end_matches('>');
            assert!(
                kind != "Binary" || NOT_SEALED.contains(&column),
                "{table}.{column}: is it sealed? Then its type is Sealed, in src/schema.rs, and vault::SEALED names it"
            );
            if kind == "Sealed" {
                sealed.push(format!("{table}.{column}"));
            }
        }
    }
    let mut listed: Vec<_> = SEALED.iter().map(|column| column.name.to_owned()).collect();
    sealed.sort();
    listed.sort();
    assert!(sealed.len() >= 8, "the schema was read: {sealed:?}");
    assert_eq!(sealed, listed, "src/schema.rs and vault::SEALED name the same columns");
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = DbUuid)]
    id: SealedRowId,
    #[diesel(sql_type = Binary)]
    value: Vec<u8>,
}

fn rows(app: &TestApp, of: SealedColumn) -> Vec<Row> {
    let (table, column, row) = (of.table(), of.column(), of.row);
    let sql = format!("SELECT {row} AS id, {column} AS value FROM {table} WHERE {column} IS NOT NULL ORDER BY {row}");
    app.read(|conn| diesel::sql_query(sql).load(conn))
}

fn put(app: &TestApp, of: SealedColumn, row: SealedRowId, value: &[u8]) {
    let sql = format!("UPDATE {} SET {} = $1 WHERE {} = $2", of.table(), of.column(), of.row);
    let changed =
        app.write(|tx| diesel::sql_query(&sql).bind::<Binary, _>(value).bind::<DbUuid, _>(row).execute(&mut **tx));
    assert_eq!(changed, 1);
}

/// A guardian with all that may be known of one.
fn reachable_guardian(world: &World, child: ChildId, number: usize) {
    let app = world.app;
    let seen = world.seen(child);
    let id = app.read(|conn| look_up::guardians(conn, &app.app.vault, &seen))[0].id;
    let contact = GuardianContact {
        name: format!("Parent {number}"),
        relation: "père".to_owned(),
        phone: Some(format!("06 00 00 00 {number:02}")),
        email: Some(format!("famille{number}@courriel.example")),
    };
    let who = world.coordinator(seen.programme_id);
    done(app, |tx| edit_guardian::edit(tx, &app.app.vault, &app.app.clock, &who, child, id, &contact));
}

on_both_databases! {
    /// Each sealed value of two families, tried in each place where a sealed value stands: it opens in its own only. With
    /// any bit changed, it opens nowhere. In the database, each swap is found by the check, and named.
    fn a_value_opens_in_its_place_only_and_whole(app: &TestApp) {
        let world = World::new(app);
        for (number, (first, last)) in [("Zoé", "Essai"), ("Noé", "Exemple")].into_iter().enumerate() {
            let child = world.child(world.chenove, first, last);
            reachable_guardian(&world, child, number);
        }
        for account in [world.claire_account, world.denis_account] {
            app.telephone(account);
            app.passkey(account);
            let (id, expires_at) = (PasskeyChallengeId::new(), app.app.clock.now());
            let state = app.app.vault.seal(Place { column: "passkey_challenges.state", row: id.0 }, "{}").unwrap();
            let asked = StoredChallenge { id, state, expires_at };
            app.write(|tx| store::put_challenge(tx, AskedOfId(account.0), PasskeyPurpose::Prove, &asked));
        }
        let vault = &app.app.vault;
        let all: Vec<(SealedColumn, Row)> =
            SEALED.iter().flat_map(|column| rows(app, *column).into_iter().map(|row| (*column, row))).collect();
        for column in SEALED {
            let there = all.iter().filter(|(of, _)| of == column).count();
            assert!(there >= 2, "{}: the scene has two values of each column, for their swap", column.name);
        }
        let place = |(column, row): &(SealedColumn, Row)| Place { column: column.name, row: row.id.0 };
        for one in &all {
            for other in &all {
                let is_own = one.0 == other.0 && one.1.id == other.1.id;
                assert_eq!(vault.open(place(other), &one.1.value).is_ok(), is_own, "{} in {}", one.0.name, other.0.name);
            }
            for bit in 0..one.1.value.len() * 8 {
                let mut altered = one.1.value.clone();
                altered[bit / 8] ^= 1 << (bit % 8);
                assert!(vault.open(place(one), &altered).is_err(), "{} with bit {bit} changed", one.0.name);
            }
        }
        let unreadable = || check::check(&app.app.db, vault).unwrap().unreadable;
        assert!(unreadable().is_empty());
        for (at, one) in all.iter().enumerate() {
            let other = &all[(at + 1) % all.len()];
            put(app, one.0, one.1.id, &other.1.value);
            put(app, other.0, other.1.id, &one.1.value);
            let found = unreadable();
            assert_eq!(found.len(), 2, "{} and {}: {found:?}", one.0.name, other.0.name);
            assert!(found.iter().any(|it| it.row == one.1.id.0 && it.to_string().contains(one.0.name)), "{found:?}");
            put(app, one.0, one.1.id, &one.1.value);
            put(app, other.0, other.1.id, &other.1.value);
        }
    }

    /// The ring must have the keys that sealed the database: otherwise the start says which one is missing or wrong, and
    /// no page is there to fail. A database from before its keys were known learns them by itself.
    fn keys_that_are_not_the_databases_own_are_refused_at_the_start(app: &TestApp) {
        let world = World::new(app);
        world.child(world.chenove, "Zoé", "Essai");
        let start = |keys: KeySource| {
            let config = Config { keys, pool: 2, ..(*app.app.config).clone() };
            App::start(config, app.app.clock.clone()).map(|app| app.vault.sealing()).map_err(|e| e.to_string())
        };
        let text = |text: String| start(KeySource::Text(text));
        let (right, wrong) = ("5a".repeat(32), "5b".repeat(32));
        assert_eq!(text(format!("1:{right}")), Ok(1));
        let said = text(format!("1:{wrong}")).unwrap_err();
        assert!(said.contains("key 1 is not the one that sealed this database"), "{said}");
        assert!(!said.contains(&right[..16]) && !said.contains(&wrong[..16]), "no key in the words: {said}");
        let said = text(format!("2:{right}")).unwrap_err();
        assert!(said.contains("key 1") && said.contains("put it back"), "{said}");
        let nowhere = app.folder().join("lost-keys");
        let said = start(KeySource::File(nowhere.clone())).unwrap_err();
        assert!(said.contains("is not there") && !nowhere.exists(), "no new key hides that the old one is lost: {said}");
        assert_eq!(text(format!("1:{right},2:{wrong}")), Ok(1), "a newer key seals only after a rotation");

        app.write(|tx| diesel::delete(vault_keys::table).execute(&mut **tx));
        let said = text(format!("1:{wrong}")).unwrap_err();
        assert!(said.contains("these are not the keys that sealed it"), "{said}");
        let said = text(format!("3:{wrong}")).unwrap_err();
        assert!(said.contains("these are not the keys that sealed it"), "{said}");
        assert_eq!(text(format!("1:{right}")), Ok(1));
        let learnt: i64 = app.read(|conn| vault_keys::table.count().get_result(conn));
        assert_eq!(learnt, 1);
    }

    /// A key that a server at work lacks is not used; one that values or servers need is not retired.
    fn a_key_is_used_once_everybody_has_it_and_retired_once_nobody_needs_it(app: &TestApp) {
        let world = World::new(app);
        let child = world.child(world.chenove, "Zoé", "Essai");
        let (db, clock) = (&app.app.db, &app.app.clock);
        let old = Vault::from_text(&format!("1:{}", "5a".repeat(32))).unwrap();
        let both = Vault::from_text(&format!("1:{},2:{}", "5a".repeat(32), "6b".repeat(32))).unwrap();
        both.seal_with(1);
        let mut behind = Announcer::new();
        behind.follow(db, clock, &old).unwrap();
        let rotate = |to| rotate::rotate((db, clock, &both), to, Duration::ZERO, &mut |_| {});
        let said = rotate(None).unwrap_err().to_string();
        assert!(said.contains("do not have key 2"), "{said}");
        assert_eq!(both.sealing(), 1);
        assert!(matches!(rotate(Some(9)), Err(rotate::RotateError::Unknown(9))));
        behind.leave(db).unwrap();
        assert_eq!(app.read(|conn| vault_instances::table.count().get_result::<i64>(conn)), 0);

        let mut follows = Announcer::new();
        let theirs = Vault::from_text(&format!("1:{},2:{}", "5a".repeat(32), "6b".repeat(32))).unwrap();
        follows.follow(db, clock, &theirs).unwrap();
        assert_eq!(theirs.sealing(), 1, "the database says which key seals, not its number");
        let said = rotate(None).unwrap_err().to_string();
        assert!(said.contains("still seal with another key"), "{said}");
        assert!(matches!(retire::retire(db, clock, &both, 1), Err(retire::RetireError::InUse { key: 1, .. })));
        follows.follow(db, clock, &theirs).unwrap();
        assert_eq!(theirs.sealing(), 2);
        assert_eq!(rotate(None).unwrap().values, 0, "all was sealed again already");

        let who = world.coordinator(world.chenove);
        let seen = app.read(|conn| look_up::load_for(conn, &theirs, &who, child));
        assert_eq!(seen.identity.first_name, "Zoé");
        assert!(matches!(retire::retire(db, clock, &both, 2), Err(retire::RetireError::Seals(2))));
        assert!(matches!(retire::retire(db, clock, &both, 7), Err(retire::RetireError::Unknown(7))));
        let column = SEALED[0];
        let (new, text) = (&rows(app, column)[0], "Zoé");
        let stale = old.seal(Place { column: column.name, row: new.id.0 }, text).unwrap();
        put(app, column, new.id, &stale);
        assert!(matches!(retire::retire(db, clock, &both, 1), Err(retire::RetireError::Needed { key: 1, values: 1 })));
        assert_eq!(rotate(None).unwrap().values, 1);
        let secret = Message {
            kind: "test",
            dedupe_key: None,
            recipient: "qui@example.org".to_owned(),
            subject: "Un lien".to_owned(),
            text: "Un lien qui ouvre".to_owned(),
            html: "<p>Un lien qui ouvre</p>".to_owned(),
            calendar: None,
        };
        app.write(|tx| outbox::enqueue_sealed(tx, clock, &old, secret.clone()));
        assert!(matches!(retire::retire(db, clock, &both, 1), Err(retire::RetireError::Mails { key: 1, mails: 1 })));
        app.write(|tx| diesel::update(mails::table).set(mails::sent_at.eq(clock.now())).execute(&mut **tx));
        assert!(!retire::retire(db, clock, &both, 1).unwrap(), "the ring of the environment is not ours to write");
        assert!(matches!(rotate(Some(1)), Err(rotate::RotateError::Retired(1))));
        let told: Vec<String> = app.read(|conn| {
            let keys = journal_entries::table.filter(journal_entries::subject.eq("key"));
            keys.order(journal_entries::position).select(journal_entries::action).load(conn)
        });
        assert_eq!(told, ["key.seals", "key.rotated", "key.retired"]);
        // what remains of the first key opens nothing, and verifies the seals of the journal
        let part = both.journal_part(1).unwrap();
        let alone = Vault::from_text(&format!("{part},2:{}", "6b".repeat(32))).unwrap();
        assert!(check::check(db, &alone).unwrap().unreadable.is_empty());
        // the story ends with the application's own ring, which lacks the new key
        for column in SEALED {
            for row in rows(app, *column) {
                let place = Place { column: column.name, row: row.id.0 };
                put(app, *column, row.id, &old.seal(place, &both.open(place, &row.value).unwrap()).unwrap());
            }
        }
    }
}

/// How many children the rotation is tried on.
const CHILDREN: usize = 150;

/// The program itself, on the database and the keys of a story.
fn psypre(app: &TestApp, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_psypre"));
    command.args(arguments).env("DATABASE_URL", &app.app.config.database_url).env_remove("PSYPRE_KEYS");
    command.env("PSYPRE_KEYS_FILE", app.folder().join("keys")).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

#[track_caller]
fn ran(app: &TestApp, arguments: &[&str]) -> String {
    let output = psypre(app, arguments).output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{arguments:?}: {out}{err}");
    out.into_owned()
}

/// Rotates, is killed after its first lines, and rotates again to the end.
fn rotate_killed_once(app: &TestApp) {
    let mut child = psypre(app, &["keys", "rotate"]).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.next().unwrap().unwrap().contains("sealed again"));
    child.kill().unwrap();
    child.wait().unwrap();
    let left = SEALED.iter().flat_map(|column| rows(app, *column)).filter(|row| key_of(&row.value) == 1).count();
    assert!(left > 0, "it was killed in the middle");
    let said = ran(app, &["keys", "rotate"]);
    assert!(said.contains("Key 2 sealed every value that opens"), "{said}");
}

/// Two servers that follow the same file of keys, one of them answering over HTTP, readers and writers on both; the key
/// is added, the rotation killed, taken up, ended, the old key retired: no read fails, no edit is lost.
fn rotates_while_everybody_works(app: &TestApp) {
    let world = World::new(app);
    app.app.clock.set(Clock::system().now().utc());
    let children: Vec<ChildId> =
        (0..CHILDREN).map(|n| world.child(world.chenove, &format!("Prénom{n}"), &format!("Nom{n}"))).collect();
    let config = Config { pool: 4, ..(*app.app.config).clone() };
    let second = App::start(config, app.app.clock.clone()).unwrap();
    let (over, reads) = (AtomicBool::new(false), AtomicU64::new(0));
    let edits = std::thread::scope(|scope| {
        for server in [&app.app, &second] {
            let (over, children, who, reads) = (&over, &children, world.coordinator(world.chenove), &reads);
            scope.spawn(move || {
                let mut announcer = Announcer::new();
                while !over.load(Ordering::SeqCst) {
                    app.app.clock.set(Clock::system().now().utc());
                    announcer.follow(&server.db, &server.clock, &server.vault).unwrap();
                    std::thread::sleep(Duration::from_millis(100));
                }
            });
            scope.spawn(move || {
                for child in children.iter().cycle().take_while(|_| !over.load(Ordering::SeqCst)) {
                    let read = |conn: &mut psypre::db::AnyConnection| {
                        let found = look_up::load_for(conn, &server.vault, &who, *child)?;
                        Ok(look_up::guardians(conn, &server.vault, &found)?.len())
                    };
                    assert_eq!(server.db.read::<_, DbError>(read).unwrap(), 1);
                    reads.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
        let (over, reads) = (&over, &reads);
        scope.spawn(move || {
            let mut browser = app.signed_in(CHENOVE_COORDINATOR);
            while !over.load(Ordering::SeqCst) {
                browser.get("/enfants").expect(200);
                reads.fetch_add(1, Ordering::SeqCst);
            }
        });
        let editor = scope.spawn(|| {
            let (mut edits, mut last) = (0, [0; CHILDREN]);
            let who = world.coordinator(world.chenove);
            while !over.load(Ordering::SeqCst) {
                let (at, server) = (edits * 7 % CHILDREN, [&app.app, &second][edits % 2]);
                edits += 1;
                last[at] = edits;
                let contact = GuardianContact {
                    name: format!("Parent modifié {edits}"),
                    relation: "mère".to_owned(),
                    phone: Some("06 00 00 00 02".to_owned()),
                    email: None,
                };
                let edited: Result<(), psypre::failure::Failure<GuardianRefusal>> = server.db.write(|tx| {
                    let found = look_up::load_for(tx, &server.vault, &who, children[at])?;
                    let id = look_up::guardians(tx, &server.vault, &found)?[0].id;
                    edit_guardian::edit(tx, &server.vault, &server.clock, &who, children[at], id, &contact)
                });
                edited.unwrap();
                std::thread::sleep(Duration::from_millis(2));
            }
            last
        });
        let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            ran(app, &["keys", "add"]);
            wait_until_announced(app, "1,2");
            rotate_killed_once(app);
            ran(app, &["keys", "retire", "1"]);
            wait_until_announced(app, "2");
            let before = reads.load(Ordering::SeqCst);
            while reads.load(Ordering::SeqCst) < before + 50 {
                std::thread::sleep(Duration::from_millis(10));
            }
        }));
        over.store(true, Ordering::SeqCst);
        let last = editor.join().unwrap();
        if let Err(panic) = done {
            std::panic::resume_unwind(panic);
        }
        last
    });
    assert!(edits.iter().filter(|last| **last > 0).count() > 5, "edits were made meanwhile");
    let vault = Vault::from_file(&app.folder().join("keys")).unwrap();
    assert_eq!(vault.known(), [2]);
    let who = world.coordinator(world.chenove);
    for (child, last) in children.iter().zip(edits).filter(|(_, last)| *last > 0) {
        let read = |conn: &mut psypre::db::AnyConnection| {
            look_up::load_for(conn, &vault, &who, *child).and_then(|found| look_up::guardians(conn, &vault, &found))
        };
        assert_eq!(app.read(read)[0].contact.name, format!("Parent modifié {last}"), "the last edit stays");
    }
    let checked = check::check(&app.app.db, &vault).unwrap();
    assert!(checked.unreadable.is_empty() && checked.values >= 7 * CHILDREN as u64 - 300, "{checked:?}");
    assert!(ran(app, &["keys", "check"]).contains("every sealed value opens"));
    assert!(ran(app, &["keys", "list"]).contains("retired"));
    assert!(!psypre(app, &["keys", "retire", "2"]).output().unwrap().status.success());
}

fn wait_until_announced(app: &TestApp, keys: &str) {
    for _ in 0..200 {
        let known: Vec<String> = app.read(|conn| vault_instances::table.select(vault_instances::known).load(conn));
        if known.len() == 2 && known.iter().all(|known| known == keys) {
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("the servers did not announce {keys}");
}

mod a_rotation_while_everybody_works {
    use super::*;

    #[test]
    fn sqlite() {
        rotates_while_everybody_works(&TestApp::with_keys_file(Database::sqlite()));
    }

    #[test]
    fn postgres() {
        rotates_while_everybody_works(&TestApp::with_keys_file(Database::postgres()));
    }
}

/// Keys of the environment are printed, to be put there by hand; those of a file come into it.
#[test]
fn a_new_key_goes_where_the_others_are() {
    let app = TestApp::sqlite();
    let (id, new) = add::add(&app.app.db, &app.app.clock, &app.app.vault).unwrap();
    let NewKey::ForEnvironment(part) = new else { panic!("there is no file: {new:?}") };
    assert!(id == 2 && part.starts_with("2:") && part.len() == 66, "{}", part.len());
    assert_eq!(app.app.vault.known(), [1]);
    let counted: i64 = app.read(|conn| {
        diesel::sql_query("SELECT COUNT(*) AS n FROM journal_entries WHERE action = 'key.added'")
            .get_result::<Count>(conn)
            .map(|count| count.n)
    });
    assert_eq!(counted, 1);
    let nobodys = Vault::from_text(&format!("9:{}", "11".repeat(32))).unwrap();
    let place = Place { column: SEALED[0].name, row: uuid::Uuid::nil() };
    let sealed = app.app.vault.seal(place, "x").unwrap();
    assert!(matches!(nobodys.open(place, &sealed), Err(VaultError::UnknownKey(_, 1))));
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    n: i64,
}
