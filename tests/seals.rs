//! Seals of the journal: one a day, mailed; with one of them, whatever somebody does to what it sealed is found, even when
//! they recompute every hash that follows.

use std::path::PathBuf;
use std::process::Command;

use chrono::{DateTime, Utc};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use psypre::db::{AnyConnection, DbError, Dialect, Tx};
use psypre::ids::{AccountId, JournalEntryId, JournalSubjectId};
use psypre::journal::{self, Actor, Chain, Entry};
use psypre::schema::{journal_chains, journal_entries, journal_seals, mails};
use psypre::seals::verify::{self, Finding};
use psypre::seals::{Seal, seal};
use psypre::sql_types::Ts;
use psypre::vault::Vault;
use psypre::{day_before, keys};
use sha2::{Digest, Sha256};

use crate::on_both_databases;
use crate::support::app::TestApp;
use crate::support::world::{AUDITOR, World};

const OFFICER: &str = "dpo@example.org";

fn at(app: &TestApp, instant: &str) {
    app.app.clock.set(instant.parse::<DateTime<Utc>>().unwrap());
}

fn sealed(app: &TestApp) -> Option<Seal> {
    seal::run(&app.app.db, &app.app.clock, &app.app.vault, Some(OFFICER)).unwrap()
}

fn findings(app: &TestApp) -> Vec<Finding> {
    app.read(|conn| verify::all(conn, &app.app.vault)).findings
}

/// Writes entries to some chains in turn.
fn grow(app: &TestApp, chains: &[Chain], entries: usize) {
    app.write(|tx| {
        for number in 0..entries {
            let entry = Entry {
                chain: chains[number % chains.len()],
                actor: Actor::System,
                action: "account.renamed",
                subject: "account",
                subject_id: uuid::Uuid::from_u128(number as u128),
                before: None,
                after: Some(serde_json::json!({ "number": number })),
            };
            journal::write(tx, &app.app.clock, entry)?;
        }
        Ok(())
    });
}

#[derive(Debug, Clone, Queryable)]
struct Row {
    id: JournalEntryId,
    chain: String,
    position: i64,
    at: Ts,
    actor_id: Option<AccountId>,
    action: String,
    subject: String,
    subject_id: JournalSubjectId,
    before: Option<String>,
    after: Option<String>,
    previous_hash: Vec<u8>,
    hash: Vec<u8>,
}

impl Row {
    /// As the program computes it: whoever reads its source can.
    fn digest(&self) -> Vec<u8> {
        let mut hasher = Sha256::new();
        let mut field = |bytes: &[u8]| {
            hasher.update((bytes.len() as u64).to_be_bytes());
            hasher.update(bytes);
        };
        field(&self.previous_hash);
        field(self.id.0.as_bytes());
        field(self.chain.as_bytes());
        field(&self.position.to_be_bytes());
        field(self.at.rfc3339().as_bytes());
        field(self.actor_id.map(|id| id.to_string()).unwrap_or_default().as_bytes());
        field(self.action.as_bytes());
        field(self.subject.as_bytes());
        field(self.subject_id.0.as_bytes());
        for facts in [&self.before, &self.after] {
            field(&[u8::from(facts.is_some())]);
            field(facts.as_deref().unwrap_or_default().as_bytes());
        }
        hasher.finalize().to_vec()
    }
}

fn chain_of(conn: &mut AnyConnection, chain: &str) -> QueryResult<Vec<Row>> {
    journal_entries::table.filter(journal_entries::chain.eq(chain)).order(journal_entries::position).load(conn)
}

/// What only who owns the database can do: takes away what refuses changes.
fn disarm(tx: &mut Tx<'_>) -> QueryResult<()> {
    let sql = match &mut **tx {
        AnyConnection::Sqlite(_) => {
            "DROP TRIGGER journal_entries_frozen; DROP TRIGGER journal_entries_kept; \
             DROP TRIGGER journal_seals_frozen; DROP TRIGGER journal_seals_kept"
        }
        AnyConnection::Pg(_) => {
            "DROP TRIGGER journal_entries_frozen ON journal_entries; DROP TRIGGER journal_seals_frozen ON journal_seals"
        }
    };
    (**tx).batch_execute(sql)
}

/// Recomputes a chain from its first entry to its head, so that it holds by itself.
fn forge(tx: &mut Tx<'_>, chain: &str) -> QueryResult<()> {
    let (mut previous, mut length) = (Vec::new(), 0);
    for mut row in chain_of(tx, chain)? {
        length += 1;
        let was = (row.position, row.previous_hash.clone(), row.hash.clone());
        row.position = length;
        row.previous_hash.clone_from(&previous);
        row.hash = row.digest();
        previous.clone_from(&row.hash);
        if was == (row.position, row.previous_hash.clone(), row.hash.clone()) {
            continue;
        }
        diesel::update(journal_entries::table.find(row.id))
            .set((
                journal_entries::position.eq(row.position),
                journal_entries::previous_hash.eq(&row.previous_hash),
                journal_entries::hash.eq(&row.hash),
            ))
            .execute(&mut **tx)?;
    }
    diesel::update(journal_chains::table.find(chain))
        .set((journal_chains::length.eq(length), journal_chains::head.eq(&previous)))
        .execute(&mut **tx)
        .map(drop)
}

#[derive(Debug, Clone, Copy)]
enum Tampering {
    Alter,
    Delete,
    Swap,
    Truncate,
}

/// Does it to an entry of a chain; tells whether it could.
fn tamper(tx: &mut Tx<'_>, how: Tampering, row: &Row) -> QueryResult<bool> {
    let entry = journal_entries::table.find(row.id);
    let move_to = |tx: &mut Tx<'_>, id: JournalEntryId, position: i64| {
        diesel::update(journal_entries::table.find(id)).set(journal_entries::position.eq(position)).execute(&mut **tx)
    };
    match how {
        Tampering::Alter => diesel::update(entry)
            .set(journal_entries::after.eq(Some("{\"number\":-1}")))
            .execute(&mut **tx)
            .map(|changed| changed == 1),
        Tampering::Delete => diesel::delete(entry).execute(&mut **tx).map(|deleted| deleted == 1),
        Tampering::Swap => {
            let next: Option<JournalEntryId> = journal_entries::table
                .filter(journal_entries::chain.eq(&row.chain).and(journal_entries::position.eq(row.position + 1)))
                .select(journal_entries::id)
                .first(&mut **tx)
                .optional()?;
            let Some(next) = next else { return Ok(false) };
            move_to(tx, next, -1)?;
            move_to(tx, row.id, row.position + 1)?;
            move_to(tx, next, row.position).map(|moved| moved == 1)
        }
        Tampering::Truncate => {
            let tail = journal_entries::table
                .filter(journal_entries::chain.eq(&row.chain).and(journal_entries::position.ge(row.position)));
            diesel::delete(tail).execute(&mut **tx).map(|deleted| deleted > 0)
        }
    }
}

/// A log of so many entries in three chains, sealed, then lengthened; each entry is tampered with in turn, as it is and
/// with the chain recomputed after it. Each time is rolled back.
fn nothing_sealed_can_be_changed(app: &TestApp, how: Tampering, entries: usize) {
    let chains = [1, 2, 3].map(|n| Chain::Account(AccountId(uuid::Uuid::from_u128(n))));
    grow(app, &chains, entries);
    sealed(app).expect("the journal is sealed");
    let rows: Vec<Row> = app.read(|conn| journal_entries::table.load(conn));
    assert_eq!(rows.len(), entries);
    grow(app, &chains, 6);
    assert_eq!(findings(app), [], "what grew since the seal breaks nothing");
    let mut tried = 0;
    for row in &rows {
        let found = app.app.db.rehearse::<_, DbError>(|tx| {
            disarm(tx)?;
            if !tamper(tx, how, row)? {
                return Ok(None);
            }
            let plain = verify::all(tx, &app.app.vault)?.findings;
            forge(tx, &row.chain)?;
            let chains_alone = journal::verify(tx)?;
            Ok(Some((plain, chains_alone, verify::all(tx, &app.app.vault)?.findings)))
        });
        let Some((plain, chains_alone, forged)) = found.unwrap() else { continue };
        tried += 1;
        assert!(!plain.is_empty(), "{how:?} of {} {}", row.chain, row.position);
        assert_eq!(chains_alone, [], "once recomputed, the chain by itself sees nothing");
        let is_found =
            forged.iter().any(|it| matches!(it, Finding::Rewritten { number: 1, chain, .. } if *chain == row.chain));
        assert!(is_found, "{how:?} of {} {}, recomputed: {forged:?}", row.chain, row.position);
    }
    assert_eq!(tried, rows.len());
    assert_eq!(findings(app), []);
}

macro_rules! tamperings {
    ($($name:ident: $how:ident;)+) => {$(
        mod $name {
            use super::*;

            #[test]
            fn sqlite() {
                nothing_sealed_can_be_changed(&TestApp::sqlite(), Tampering::$how, 210);
            }

            #[test]
            fn postgres() {
                nothing_sealed_can_be_changed(&TestApp::postgres(), Tampering::$how, 24);
            }
        }
    )+};
}

tamperings! {
    an_entry_altered_is_found: Alter;
    an_entry_deleted_is_found: Delete;
    entries_swapped_are_found: Swap;
    a_tail_cut_is_found: Truncate;
}

/// The mails of seals that left, oldest first.
fn letters(app: &TestApp) -> Vec<PathBuf> {
    day_before::mailer(&app.app).unwrap().drain(&app.app.db, &app.app.clock, &|| false).unwrap();
    let mut files: Vec<_> =
        std::fs::read_dir(app.folder().join("mails")).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    files.retain(|file| std::fs::read_to_string(file).unwrap().contains("PSYPRE SEAL"));
    files
}

on_both_databases! {
    /// One seal a day from six o'clock, however many instances try; one mail each to the officer and the auditors; each
    /// seal names the one before.
    fn the_journal_is_sealed_once_a_day(app: &TestApp) {
        World::new(app);
        at(app, "2026-11-20T04:59:59Z");
        assert_eq!(sealed(app), None, "it is not yet six in Dijon");
        at(app, "2026-11-20T05:00:00Z");
        let second = psypre::app::App::start((*app.app.config).clone(), app.app.clock.clone()).unwrap();
        let made: Vec<Seal> = std::thread::scope(|scope| {
            let tries: Vec<_> = [&app.app, &second, &app.app, &second]
                .map(|on| scope.spawn(|| seal::run(&on.db, &on.clock, &on.vault, Some(OFFICER)).unwrap()))
                .into_iter()
                .collect();
            tries.into_iter().filter_map(|made| made.join().unwrap()).collect()
        });
        assert_eq!(made.len(), 1);
        let told = |app: &TestApp| -> Vec<String> {
            let seals = mails::table.filter(mails::kind.eq("journal_sealed")).order(mails::recipient);
            app.read(|conn| seals.select(mails::recipient).load(conn))
        };
        assert_eq!(told(app), [AUDITOR, OFFICER]);
        at(app, "2026-11-20T22:59:59Z");
        assert_eq!(sealed(app), None);
        at(app, "2026-11-21T05:00:00Z");
        let next = sealed(app).unwrap();
        assert_eq!((next.number, &next.previous), (2, &made[0].proof));
        assert_eq!(told(app).len(), 4);
        assert_eq!(findings(app), []);
    }

    /// A mailed seal is enough: its file, its text alone, or its attachment, whatever the database's owner did since, to the
    /// entries, to the seals, or to both.
    fn a_mailed_seal_finds_what_the_owner_of_the_database_did(app: &TestApp) {
        World::new(app);
        let chain = Chain::Account(AccountId(uuid::Uuid::from_u128(1)));
        grow(app, &[chain], 30);
        let made = sealed(app).unwrap();
        let letters = letters(app);
        assert_eq!(letters.len(), 2);
        let bytes = std::fs::read(&letters[0]).unwrap();
        let read = Seal::read_file(&bytes).unwrap();
        assert_eq!(read, made, "the mail has it whole");
        let short = Seal::read_file(made.short().as_bytes()).unwrap();
        assert!(short.heads.is_none());
        grow(app, &[chain], 5);
        let vault = &app.app.vault;
        let against = |conn: &mut AnyConnection, seal: &Seal| verify::mailed(conn, vault, seal);
        for seal in [&read, &short] {
            assert_eq!(app.read(|conn| against(conn, seal)), []);
        }
        let row: Row = app.read(|conn| journal_entries::table.filter(journal_entries::chain.eq(chain.to_string())).first(conn));
        let after = |deed: &dyn Fn(&mut Tx<'_>) -> QueryResult<()>| {
            app.app.db.rehearse::<_, DbError>(|tx| {
                disarm(tx)?;
                deed(tx)?;
                Ok((against(tx, &read)?, against(tx, &short)?, verify::all(tx, vault)?.findings))
            }).unwrap()
        };
        let rewrite = |tx: &mut Tx<'_>| {
            tamper(tx, Tampering::Alter, &row)?;
            forge(tx, &row.chain)
        };
        let (whole, text, own) = after(&rewrite);
        for found in [whole, text, own] {
            assert!(matches!(found[..], [Finding::Rewritten { number: 1, .. }]), "{found:?}");
        }
        // the seals deleted as well: nothing is left in the database to tell, the mail tells
        let (whole, text, own) = after(&|tx| {
            rewrite(tx)?;
            diesel::delete(journal_seals::table).execute(&mut **tx).map(drop)
        });
        assert_eq!(own, []);
        assert!(whole.contains(&Finding::NotTheMailed(1)) && whole.len() == 2, "{whole:?}");
        assert_eq!(text, [Finding::NotTheMailed(1)]);
        // the seal made again by who lacks the key
        let (whole, text, own) = after(&|tx| {
            rewrite(tx)?;
            diesel::delete(journal_seals::table).execute(&mut **tx)?;
            let guess = Vault::from_text(&format!("1:{}", "77".repeat(32))).unwrap();
            resealed(app, tx, &guess)
        });
        assert!(own.contains(&Finding::FalseSeal(1)), "{own:?}");
        assert!(whole.contains(&Finding::NotTheMailed(1)) && text.contains(&Finding::NotTheMailed(1)));
        // and by who has it: the mail tells still
        let (whole, text, own) = after(&|tx| {
            rewrite(tx)?;
            diesel::delete(journal_seals::table).execute(&mut **tx)?;
            resealed(app, tx, vault)
        });
        assert_eq!(own, [], "who has the database and the keys makes true seals: that is why they are mailed");
        assert!(whole.contains(&Finding::NotTheMailed(1)) && text.contains(&Finding::NotTheMailed(1)));
        // a file that somebody changed
        let forged = Seal { entries: 3, ..read.clone() };
        assert!(app.read(|conn| against(conn, &forged)).contains(&Finding::FalseMail(1)));
        let swapped = Seal { heads: read.heads.clone().map(|mut heads| { heads[0].length += 1; heads }), ..read.clone() };
        assert!(app.read(|conn| against(conn, &swapped)).contains(&Finding::FalseMail(1)));
    }

    /// The seal outlives the key that made it; without anything left of that key, that is said.
    fn a_seal_is_verified_after_its_key_was_retired(app: &TestApp) {
        World::new(app);
        sealed(app).unwrap();
        let ring = format!("1:{},2:{}", "5a".repeat(32), "6b".repeat(32));
        let both = Vault::from_text(&ring).unwrap();
        both.seal_with(1);
        let patience = std::time::Duration::ZERO;
        keys::rotate::rotate((&app.app.db, &app.app.clock, &both), None, patience, &mut |_| {}).unwrap();
        let left = Vault::from_text(&format!("{},2:{}", both.journal_part(1).unwrap(), "6b".repeat(32))).unwrap();
        assert_eq!(app.read(|conn| verify::all(conn, &left)).findings, []);
        at(app, "2026-11-21T05:00:00Z");
        let next = seal::run(&app.app.db, &app.app.clock, &left, None).unwrap().unwrap();
        assert_eq!((next.number, next.key), (2, 2));
        let alone = Vault::from_text(&format!("2:{}", "6b".repeat(32))).unwrap();
        let found = app.read(|conn| verify::all(conn, &alone)).findings;
        assert_eq!(found, [Finding::UnknownKey { number: 1, key: 1 }]);
    }

    /// The page shows the latest seals and verifies them; an alert is mailed when the journal does not hold.
    fn the_page_shows_the_seals(app: &TestApp) {
        World::new(app);
        let mut auditor = app.signed_in(AUDITOR);
        assert!(auditor.get("/journal").expect(200).words().contains("Aucun sceau pour l’instant"));
        let made = sealed(app).unwrap();
        let page = auditor.get("/journal").expect(200).words();
        assert!(page.contains("Sceaux du journal") && page.contains(&made.digest_start()), "{page}");
        assert!(page.contains("Authentique"), "{page}");
        auditor.post("/journal/verification", &[]).expect(303);
        let page = auditor.get("/journal").words();
        assert!(page.contains("Le journal est intact") && page.contains("1 sceau vérifié"), "{page}");
    }
}

/// Seals the chains as they stand in a transaction, and keeps it: what the program does, by somebody else's hand.
fn resealed(app: &TestApp, tx: &mut Tx<'_>, vault: &Vault) -> QueryResult<()> {
    let heads: Vec<(String, i64, Vec<u8>)> = journal_chains::table.order(journal_chains::chain).load(&mut **tx)?;
    let lines: String = heads
        .iter()
        .map(|(chain, length, hash)| format!("{chain} {length} {}\n", psypre::vault::to_hex(hash)))
        .collect();
    let (now, entries) = (app.app.clock.now(), heads.iter().map(|(_, length, _)| length).sum::<i64>());
    let digest = psypre::vault::to_hex(&Sha256::digest(lines.as_bytes()));
    let proved = format!("number: 1\nsealed-at: {}\nentries: {entries}\nprevious: \ndigest: {digest}\n", now.rfc3339());
    let (key, proof) = vault.sign(proved.as_bytes()).unwrap();
    diesel::insert_into(journal_seals::table)
        .values((
            journal_seals::number.eq(1),
            journal_seals::sealed_on.eq(app.app.clock.today()),
            journal_seals::sealed_at.eq(now),
            journal_seals::entries.eq(entries),
            journal_seals::heads.eq(&lines),
            journal_seals::previous_mac.eq(Vec::new()),
            journal_seals::key_id.eq(i32::from(key)),
            journal_seals::mac.eq(proof.to_vec()),
        ))
        .execute(&mut **tx)
        .map(drop)
}

/// The command that whoever keeps the mails asks for.
#[test]
fn a_saved_mail_is_verified_from_the_command_line() {
    let app = TestApp::sqlite();
    assert_eq!(app.app.db.dialect(), Dialect::Sqlite);
    World::new(&app);
    let chain = Chain::Account(AccountId(uuid::Uuid::from_u128(1)));
    grow(&app, &[chain], 10);
    sealed(&app).unwrap();
    let letter = letters(&app).remove(0);
    let verified = |file: &PathBuf| {
        let output = Command::new(env!("CARGO_BIN_EXE_psypre"))
            .args(["audit", "verify", "--seal"])
            .arg(file)
            .env("DATABASE_URL", &app.app.config.database_url)
            .env("PSYPRE_KEYS", format!("1:{}", "5a".repeat(32)))
            .output()
            .unwrap();
        (
            output.status.success(),
            String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap(),
        )
    };
    let (well, said) = verified(&letter);
    assert!(well && said.contains("the journal is what it was"), "{said}");
    let nothing = app.folder().join("nothing.txt");
    std::fs::write(&nothing, "Bonjour").unwrap();
    let (well, said) = verified(&nothing);
    assert!(!well && said.contains("holds no seal"), "{said}");
    let copy: Vec<Row> = app.read(|conn| chain_of(conn, &chain.to_string()));
    app.write(|tx| {
        disarm(tx)?;
        tamper(tx, Tampering::Delete, &copy[3])?;
        forge(tx, &chain.to_string())
    });
    let (well, said) = verified(&letter);
    assert!(!well && said.contains("it was rewritten or cut"), "{said}");
}
