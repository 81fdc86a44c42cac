//! Rule 10: children with unmistakable names live a whole month, and nothing that leaves the care circle, nor anything
//! that is kept, holds a name: database file, WAL and dump, logs, mails, documents, exports, headers, addresses, errors.
//!
//! The search itself is tried: it finds the names on the pages of those who may read them, and a name planted in each
//! medium.

mod media;
mod month;
mod needles;

use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use psypre::app::App;
use psypre::calendar::Month as CalendarMonth;
use psypre::db::DbError;
use psypre::documents::{CertificateContent, Certified, certificate};
use psypre::mailer::Mailer;
use psypre::outbox::{self, Message};

use self::media::Part;
use self::month::{Family, Month};
use self::needles::Needles;
use crate::on_both_databases;
use crate::support::app::TestApp;
use crate::support::dump;
use crate::support::world::day;

const FAMILIES: [Family; 2] = [
    Family {
        first_name: "Zébulonne",
        last_name: "Quatorzième-Kérouzéré",
        born_on: "2016-02-29",
        school: "École Tournicotonne",
        guardian: "Wilhelmine Ossélafrâche",
        phone: "06 98 76 54 32",
        email: "famille.ossela@courriel-imaginaire.example",
    },
    Family {
        first_name: "Ådélaïdine",
        last_name: "Xanthogrâve d’Œuvrecourt",
        born_on: "2014-08-23",
        school: "Collège Vertigineux",
        guardian: "Philibertin Hûrlebœuf",
        phone: "07 65 43 21 98",
        email: "philibertin@boite-inventee.example",
    },
];

/// What names the two families, each word by itself.
const WORDS: [&str; 19] = [
    "Zébulonne",
    "Quatorzième",
    "Kérouzéré",
    "Tournicotonne",
    "Wilhelmine",
    "Ossélafrâche",
    "famille.ossela",
    "courriel-imaginaire",
    "06 98 76 54 32",
    "0698765432",
    "Ådélaïdine",
    "Xanthogrâve",
    "Œuvrecourt",
    "Vertigineux",
    "Philibertin",
    "Hûrlebœuf",
    "boite-inventee",
    "07 65 43 21 98",
    "0765432198",
];
/// Their birth dates, as they could be written.
const BIRTH_DATES: [&str; 8] =
    ["2016-02-29", "29/02/2016", "29 février 2016", "20160229", "2014-08-23", "23/08/2014", "23 août 2014", "20140823"];

on_both_databases! {
    /// The month, and the search.
    fn no_name_leaves_the_care_circle(app: &TestApp) {
        let started = std::time::Instant::now();
        capture_logs();
        let needles = Needles::new(&[&WORDS[..], &BIRTH_DATES[..]].concat());
        let month = Month::live(app, FAMILIES);
        let mails = send_mails(app);
        let told = |subject: &str| mails.iter().any(|(_, mail)| String::from_utf8_lossy(mail).contains(subject));
        assert!(mails.len() > 5 && told("CHE-2026-0001"), "mails were sent, and name the children by their references");
        let mut parts = month.heard;
        parts.extend(mails);
        parts.extend(kept_by(app));
        let logs = logs();
        assert!(String::from_utf8_lossy(&logs).contains("/enfants/nouveau"), "the requests are logged");
        parts.push(("the logs".to_owned(), logs));
        let leaks: Vec<String> = parts
            .iter()
            .flat_map(|(label, bytes)| needles.found_in(bytes).into_iter().map(move |word| format!("{word} in {label}")))
            .collect();
        assert!(leaks.is_empty(), "{} leaks:\n{}", leaks.len(), leaks.join("\n"));
        names_are_on_the_pages_of_those_who_may_read_them(&needles, &month.seen);
        let planted = plant_everywhere(app);
        for (medium, bytes) in &planted {
            assert!(!needles.found_in(bytes).is_empty(), "the search finds no name planted in {medium}");
        }
        let (bytes, seconds) = (parts.iter().map(|(_, bytes)| bytes.len()).sum::<usize>(), started.elapsed().as_secs_f32());
        println!(
            "privacy: {} words in {} things of {} kB, {} media planted, in {seconds:.1} s",
            WORDS.len() + BIRTH_DATES.len(),
            parts.len(),
            bytes / 1024,
            planted.len()
        );
    }
}

fn names_are_on_the_pages_of_those_who_may_read_them(needles: &Needles, pages: &[Part]) {
    let found: std::collections::BTreeSet<&str> = pages.iter().flat_map(|(_, bytes)| needles.found_in(bytes)).collect();
    let missing: Vec<&&str> = WORDS.iter().filter(|word| !found.contains(*word)).collect();
    assert!(missing.is_empty(), "the care circle never reads {missing:?}");
}

/// Sends what is queued to the folder, and reads the folder.
fn send_mails(app: &TestApp) -> Vec<Part> {
    let App { config, db, clock, .. } = &app.app;
    Mailer::new(config).unwrap().drain(db, clock, &|| false).unwrap();
    let files = files_of(&app.folder().join("mails"));
    let reminds = |(_, bytes): &Part| String::from_utf8_lossy(bytes).contains("Un rendez-vous est pr");
    assert!(files.iter().any(reminds), "a family is reminded");
    files
}

/// What leaves for a family is addressed to it, and names it nowhere else.
fn without_its_reader(bytes: Vec<u8>) -> Vec<u8> {
    let text = String::from_utf8_lossy(&bytes);
    let header = |family: &Family| format!("To: {}\r\n", family.email);
    let addressed = FAMILIES.iter().map(header).find(|header| text.contains(header.as_str()));
    addressed.map_or_else(|| bytes.clone(), |header| text.replacen(&header, "", 1).into_bytes())
}

fn files_of(folder: &Path) -> Vec<Part> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path());
    let read = |path: std::path::PathBuf| {
        if path.is_dir() {
            return files_of(&path);
        }
        let bytes = std::fs::read(&path).unwrap();
        let is_mail = path.extension().is_some_and(|end| end == "eml");
        vec![(path.display().to_string(), if is_mail { without_its_reader(bytes) } else { bytes })]
    };
    entries.flat_map(read).collect()
}

/// All that the database keeps: its files, or what `pg_dump` writes, and every row.
fn kept_by(app: &TestApp) -> Vec<Part> {
    let rows =
        dump::rows(app).into_iter().map(|(table, rows)| (format!("the table {table}"), rows.join("\n").into_bytes()));
    let mut parts: Vec<Part> = rows.collect();
    let documents = invoice_files(app);
    parts.extend(documents.iter().flat_map(|(name, bytes)| media::parts(name, bytes)));
    if dump::is_sqlite(app) {
        let files = files_of(app.folder());
        let holds = |end: &str| files.iter().any(|(name, _)| name.ends_with(end));
        assert!(holds("psypre.db") && holds("psypre.db-wal"), "the file and its WAL are searched");
        parts.extend(files);
    } else if let Ok(dump) = Command::new("pg_dump").arg(&app.app.config.database_url).output() {
        assert!(dump.status.success(), "pg_dump: {}", String::from_utf8_lossy(&dump.stderr));
        parts.push(("pg_dump".to_owned(), dump.stdout));
    }
    parts
}

/// The documents of invoices, as they are kept.
fn invoice_files(app: &TestApp) -> Vec<Part> {
    use diesel::{QueryDsl, RunQueryDsl};
    use psypre::schema::invoice_files as f;
    let files: Vec<(String, Vec<u8>)> = app.read(|conn| f::table.select((f::kind, f::bytes)).load(conn));
    assert!(!files.is_empty(), "documents are kept");
    files.into_iter().map(|(kind, bytes)| (format!("the kept file {kind}"), bytes)).collect()
}

/// A name in each medium, as a careless hand would leave it there.
fn plant_everywhere(app: &TestApp) -> Vec<Part> {
    let name = "Zébulonne Quatorzième-Kérouzéré";
    tracing::trace!(child = name, "planted");
    let text = format!("Bonjour,\n\nla séance de {name} est validée.\n");
    let message = Message {
        kind: "planted",
        dedupe_key: None,
        recipient: "quelquun@example.org".to_owned(),
        subject: format!("Séance de {name}"),
        html: format!("<p>{text}</p>"),
        text,
        calendar: None,
    };
    app.app.db.write::<_, DbError>(|tx| Ok(outbox::enqueue(tx, &app.app.clock, message.clone())?)).unwrap();
    let tables = kept_by(app)
        .into_iter()
        .filter(|(label, _)| label == "the table mails" || label == "pg_dump" || label.ends_with("-wal"));
    let mut planted: Vec<Part> = tables.collect();
    assert!(planted.len() >= 2, "in the table, and in the WAL or the dump");
    let before = files_of(&app.folder().join("mails"));
    planted.extend(send_mails(app).into_iter().filter(|mail| !before.contains(mail)));
    let pdf = certificate(&CertificateContent {
        of: Certified::Sessions,
        convention: "Convention".to_owned(),
        programme: format!("PRE de {name}"),
        run_by: "CCAS".to_owned(),
        month: CalendarMonth::parse("2026-11").unwrap(),
        made_on: day("2026-12-01"),
        rows: Vec::new(),
    });
    let mut pdf_parts = media::parts("a PDF", &pdf.unwrap());
    pdf_parts.retain(|(label, _)| label == "a PDF, its text");
    planted.extend(pdf_parts);
    let mut workbook = rust_xlsxwriter::Workbook::new();
    workbook.add_worksheet().write(0, 0, name).unwrap();
    let archive = zipped("mois.xlsx", &workbook.save_to_buffer().unwrap());
    let inside = media::parts("a ZIP", &archive).into_iter().map(|(_, bytes)| bytes).collect::<Vec<_>>().concat();
    planted.push(("an XLSX in a ZIP".to_owned(), inside));
    let mut nobody = app.anonymous();
    let sent = nobody.get("/enfants?nom=Z%C3%A9bulonne").expect(303);
    planted.push(("the headers".to_owned(), format!("{:?}", sent.headers).into_bytes()));
    planted.push(("the logs".to_owned(), logs()));
    planted
}

fn zipped(name: &str, bytes: &[u8]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    archive.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
    archive.write_all(bytes).unwrap();
    archive.finish().unwrap().into_inner()
}

static LOGS: Mutex<Vec<u8>> = Mutex::new(Vec::new());

struct Sink;

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        LOGS.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Keeps every line of every crate, at the finest level; the client of these tests alone, which is no part of the
/// program, is not listened to.
fn capture_logs() {
    use tracing_subscriber::util::SubscriberInitExt;
    let filter = tracing_subscriber::EnvFilter::new("trace,ureq=off,ureq_proto=off");
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).with_writer(|| Sink).finish();
    // the first story of a process listens for all
    let _listening = subscriber.try_init();
}

fn logs() -> Vec<u8> {
    LOGS.lock().unwrap_or_else(PoisonError::into_inner).clone()
}
