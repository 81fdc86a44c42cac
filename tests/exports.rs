//! The accountant takes a month away: the same cents in every file, every document with its hash, no child's name.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};

use diesel::prelude::*;
use psypre::accounts::{Accountant, Psychologist};
use psypre::calendar::Month;
use psypre::conventions::add_rate::{self, NewRate};
use psypre::conventions::{Period, ServiceType};
use psypre::documents::VatRegime;
use psypre::exports::export::{Exporter, export};
use psypre::exports::{ExportFormat, ExportRefusal};
use psypre::failure::Failure;
use psypre::hours::Minutes;
use psypre::ids::{AccountId, ChildId, InvoiceId, ProgrammeId};
use psypre::invoices::issue::{self, Issuance, Order};
use psypre::invoices::{InvoiceKind, deposit, reissue, reject};
use psypre::journal::Actor;
use psypre::money::Cents;
use psypre::psychologists::{DatedVatRegime, set_vat_regime};
use psypre::schema::{accounts, invoice_files, invoices, journal_entries, psychologists};
use psypre::sessions::record::{self, Recording};
use psypre::sessions::{Attendance, Slot, approve};
use psypre::vault::to_hex;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::on_both_databases;
use crate::support::app::TestApp;
use crate::support::dump;
use crate::support::world::{ACCOUNTANT, CLAIRE, World, day, done};

const FIRST_NAME: &str = "Zéphyrine";
const LAST_NAME: &str = "Quenouillard";

/// October: Claire's invoice; Denis's, which charges tax at an odd rate, rejected, credited and issued again.
struct October<'a> {
    world: World<'a>,
    accountant: Accountant,
}

impl<'a> October<'a> {
    fn new(app: &'a TestApp) -> Self {
        let world = World::new(app);
        let email = accounts::email.eq(ACCOUNTANT);
        let account: AccountId = app.read(|conn| accounts::table.filter(email).select(accounts::id).first(conn));
        let october = Self { world, accountant: Accountant { account } };
        let (claire, denis) = (october.world.psychologist(), october.denis());
        let world = &october.world;
        let chenove = world.entrusted_child(world.chenove, FIRST_NAME, LAST_NAME);
        let longvic = world.entrusted_child(world.longvic, "Basile", "Tricotelle");
        let dijon = world.child(world.dijon, "Aristide", "Moutardier");
        let period = Period { from: day("2026-01-05"), until: day("2026-12-31") };
        world.referral_for(dijon, world.denis, 600, period, Some(period.from));
        october.approved(&claire, chenove, world.chenove, "2026-10-05 10:00", 60);
        october.approved(&claire, chenove, world.chenove, "2026-10-12 10:00", 45);
        october.approved(&claire, longvic, world.longvic, "2026-10-06 14:00", 90);
        october.approved(&denis, dijon, world.dijon, "2026-10-07 09:00", 30);
        october.issue(&claire);
        let wrong = october.issue(&denis);
        let (clock, who) = (&app.app.clock, &october.accountant);
        done(app, |tx| deposit::deposit(tx, clock, who, wrong, clock.today()));
        done(app, |tx| reject::reject(tx, clock, who, wrong, "Numéro d’engagement absent"));
        done(app, |tx| reissue::reissue(tx, clock, &denis, wrong, ""));
        october
    }

    /// Denis charges 20 % on 50,01 € an hour: half an hour is 25,005 €.
    fn denis(&self) -> Psychologist {
        let (world, app) = (&self.world, self.world.app);
        let who = Psychologist { account: world.denis_account, id: world.denis };
        let known = psychologists::table.find(who.id);
        app.write(|tx| {
            diesel::update(known).set(psychologists::vat_number.eq(Some("FR25900000019"))).execute(&mut **tx)
        });
        let (clock, from, service) = (&app.app.clock, day("2026-10-01"), ServiceType::Interview);
        let regime = DatedVatRegime { service, from, regime: VatRegime::Standard };
        done(app, |tx| set_vat_regime::set_vat_regime(tx, clock, &who, regime));
        let rate = NewRate { psychologist: who.id, service, hourly: Cents(5001), from };
        done(app, |tx| add_rate::add_rate(tx, clock, Actor::System, world.convention, rate));
        who
    }

    fn approved(&self, who: &Psychologist, child: ChildId, programme: ProgrammeId, at: &str, minutes: i32) {
        let app = self.world.app;
        let (on, time) = at.split_once(' ').unwrap();
        let slot = Slot::new(day(on), format!("{time}:00").parse().unwrap(), Minutes(minutes)).unwrap();
        let new = Recording { child, slot, attendance: Attendance::Held, place: None };
        let session = done(app, |tx| record::record(tx, &app.app.clock, &app.app.vault, who, &new));
        let coordinator = self.world.coordinator(programme);
        done(app, |tx| approve::approve(tx, &app.app.clock, &coordinator, session));
    }

    fn issue(&self, who: &Psychologist) -> InvoiceId {
        let order = Order { month: october(), convention: self.world.convention, seen: None };
        done(self.world.app, |tx| issue::issue(tx, &self.world.app.app.clock, Issuance::Own(who), order))
    }

    fn file(&self, format: ExportFormat) -> Vec<u8> {
        let app = &self.world.app.app;
        export(&app.db, &app.clock, Exporter::Accountant(self.accountant), october(), format).unwrap().bytes
    }
}

/// As whoever owns the database could, lets kept files change.
fn thaw(app: &TestApp) {
    let sql = if dump::is_sqlite(app) {
        "DROP TRIGGER invoice_files_frozen"
    } else {
        "ALTER TABLE invoice_files DISABLE TRIGGER invoice_files_frozen"
    };
    app.write(|tx| diesel::sql_query(sql).execute(&mut **tx));
}

fn october() -> Month {
    Month::parse("2026-10").unwrap()
}

/// What a source says of the month: each document's net, tax and gross by issuer's SIREN and number, signed.
type Amounts = BTreeMap<(String, String), (Cents, Cents, Cents)>;

fn sum(amounts: &Amounts) -> (Cents, Cents, Cents) {
    let add = |(a, b, c): (Cents, Cents, Cents), of: &(Cents, Cents, Cents)| (a + of.0, b + of.1, c + of.2);
    amounts.values().fold((Cents::ZERO, Cents::ZERO, Cents::ZERO), add)
}

fn of_database(app: &TestApp) -> Amounts {
    let rows: Vec<(String, String, InvoiceKind, Cents, Cents, Cents)> = app.read(|conn| {
        invoices::table
            .inner_join(psychologists::table)
            .select((
                psychologists::siret,
                invoices::number,
                invoices::kind,
                invoices::net_cents,
                invoices::vat_cents,
                invoices::gross_cents,
            ))
            .load(conn)
    });
    let signed = |(siret, number, kind, net, vat, gross): (String, String, InvoiceKind, Cents, Cents, Cents)| {
        let amounts = if kind == InvoiceKind::CreditNote { (-net, -vat, -gross) } else { (net, vat, gross) };
        ((siret[..9].to_owned(), number), amounts)
    };
    rows.into_iter().map(signed).collect()
}

/// The rows of a table as text, by heading.
type Rows = Vec<BTreeMap<String, String>>;

fn of_csv(bytes: &[u8]) -> Rows {
    let text = std::str::from_utf8(bytes).unwrap().strip_prefix('\u{feff}').expect("the mark of UTF-8");
    assert!(!text.replace("\r\n", "").contains('\n'), "lines end with CRLF");
    let mut reader = csv::ReaderBuilder::new().delimiter(b';').from_reader(text.as_bytes());
    let headings = reader.headers().unwrap().clone();
    let row = |row: csv::StringRecord| headings.iter().zip(&row).map(|(h, v)| (h.to_owned(), v.to_owned())).collect();
    reader.records().map(|record| row(record.unwrap())).collect()
}

fn amounts(rows: &Rows) -> Amounts {
    let read = |row: &BTreeMap<String, String>| {
        let cents = |name: &str| Cents::parse(&row[name]).unwrap_or_else(|| panic!("{name}: {}", row[name]));
        let key = (row["SIRET"][..9].to_owned(), row["Numéro"].clone());
        (key, (cents("Montant HT"), cents("TVA"), cents("Montant TTC")))
    };
    rows.iter().map(read).collect()
}

fn column(rows: &Rows, name: &str) -> Cents {
    rows.iter().map(|row| Cents::parse(&row[name]).unwrap()).sum()
}

fn of_json(json: &Value) -> Amounts {
    let cents = |amount: &Value| {
        let cents = Cents(amount["cents"].as_i64().unwrap());
        assert_eq!(amount["euros"], cents.plain());
        cents
    };
    let read = |invoice: &Value| {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let lines: Cents = invoice["lines"].as_array().unwrap().iter().map(|line| cents(&line["net"])).sum();
        assert_eq!(lines, cents(&invoice["net"]));
        let key = (text(&invoice["issuer"]["siret"])[..9].to_owned(), text(&invoice["number"]));
        (key, (cents(&invoice["net"]), cents(&invoice["vat"]), cents(&invoice["gross"])))
    };
    json["invoices"].as_array().unwrap().iter().map(read).collect()
}

fn unzipped(bytes: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut files = BTreeMap::new();
    for at in 0..archive.len() {
        let mut file = archive.by_index(at).unwrap();
        let mut content = Vec::new();
        file.read_to_end(&mut content).unwrap();
        files.insert(file.name().unwrap().into_owned(), content);
    }
    files
}

/// The text between two marks, each time they come.
fn between<'t>(text: &'t str, start: &'t str, end: &'t str) -> impl Iterator<Item = &'t str> {
    text.split(start).skip(1).filter_map(move |rest| rest.split_once(end).map(|(inside, _)| inside))
}

/// A sheet of a workbook: its rows under their headings, and its row of totals.
fn of_sheet(files: &BTreeMap<String, Vec<u8>>, sheet: u8) -> (Rows, BTreeMap<String, String>) {
    let text = |name: &str| String::from_utf8(files[name].clone()).unwrap();
    let (strings, xml) = (text("xl/sharedStrings.xml"), text(&format!("xl/worksheets/sheet{sheet}.xml")));
    assert!(xml.contains("<autoFilter") && xml.contains("state=\"frozen\""));
    let shared: Vec<String> = between(&strings, "<si>", "</si>")
        .map(|si| between(si, "<t", "</t>").map(|t| t.split_once('>').unwrap().1.replace("&amp;", "&")).collect())
        .collect();
    let cell = |cell: &str| {
        let (attributes, inside) = cell.split_once('>').unwrap();
        let letters = between(attributes, "r=\"", "\"").next().unwrap().trim_end_matches(|c: char| c.is_ascii_digit());
        let value = between(inside, "<v>", "</v>").next().unwrap_or_default();
        let value = if attributes.contains("t=\"s\"") {
            shared[value.parse::<usize>().unwrap()].clone()
        } else {
            value.to_owned()
        };
        (letters.to_owned(), value)
    };
    let mut rows: Vec<BTreeMap<String, String>> =
        between(&xml, "<row ", "</row>").map(|row| row.split("<c ").skip(1).map(cell).collect()).collect();
    let headings = rows.remove(0);
    let named = |row: &BTreeMap<String, String>| {
        let value = |column: &String| row.get(column).cloned().unwrap_or_default();
        headings.iter().map(|(column, heading)| (heading.clone(), value(column))).collect()
    };
    let total = rows.iter().position(|row| row.get("A").is_some_and(|first| first == "Total")).expect("totals");
    (rows[..total].iter().map(named).collect(), named(&rows[total]))
}

on_both_databases! {
    /// Rejected, credited, issued again, with an odd rate and tax: each file tells the same cents as the database.
    fn every_file_of_a_month_adds_up_to_the_cent(app: &TestApp) {
        let october = October::new(app);
        let truth = of_database(app);
        assert_eq!(truth.len(), 4, "two invoices of Denis, his credit note, Claire's");
        let (net, vat, gross) = sum(&truth);
        assert_eq!((net, vat, gross), (Cents(19_500 + 2501), Cents(500), Cents(22_501)));

        let csv = of_csv(&october.file(ExportFormat::Csv));
        assert_eq!(amounts(&csv), truth);
        let credit_note = csv.iter().find(|row| row["Type"] == "Avoir").unwrap();
        assert_eq!((credit_note["Montant TTC"].as_str(), credit_note["Heures"].as_str()), ("-30,01", "-0,50"));
        assert_eq!(credit_note["Facture annulée"], "F2026-0001");

        let json: Value = serde_json::from_slice(&october.file(ExportFormat::Json)).unwrap();
        assert_eq!(of_json(&json), truth);
        assert_eq!(json["totals"]["gross"]["cents"], gross.0);
        let programmes = json["programmes"].as_array().unwrap();
        assert_eq!(programmes.iter().map(|p| p["net"]["cents"].as_i64().unwrap()).sum::<i64>(), net.0);

        let workbook = unzipped(&october.file(ExportFormat::Xlsx));
        let (sheet, totals) = of_sheet(&workbook, 1);
        assert_eq!(amounts(&sheet), truth);
        assert_eq!(Cents::parse(&totals["Montant TTC"]), Some(gross));
        let (lines, totals) = of_sheet(&workbook, 2);
        assert_eq!((column(&lines, "Montant HT"), Cents::parse(&totals["Montant HT"])), (net, Some(net)));
        let (programmes, totals) = of_sheet(&workbook, 3);
        assert_eq!((column(&programmes, "Montant HT"), Cents::parse(&totals["Montant HT"])), (net, Some(net)));
        assert_eq!((totals["Heures"].as_str(), totals["Séances"].as_str()), ("3.75", "4"));

        let archive = unzipped(&october.file(ExportFormat::Zip));
        assert_eq!(amounts(&of_csv(&archive["psypre-factures-2026-10.csv"])), truth);
        assert_eq!(column(&of_csv(&archive["psypre-lignes-2026-10.csv"]), "Montant HT"), net);
        let manifest: Value = serde_json::from_slice(&archive["manifest.json"]).unwrap();
        let of_invoices = |file: &&Value| file["path"].as_str().unwrap().starts_with(['f', 'a']);
        let files = manifest["files"].as_array().unwrap();
        let told: i64 = files.iter().filter(of_invoices).map(|file| file["gross_cents"].as_i64().unwrap()).sum();
        assert_eq!((told, manifest["totals"]["gross"]["cents"].as_i64()), (gross.0, Some(gross.0)));
    }

    /// The archive holds what was kept, byte for byte, a certificate a programme, and the hash of each file.
    fn the_archive_proves_what_it_holds(app: &TestApp) {
        let october = October::new(app);
        let bytes = october.file(ExportFormat::Zip);
        assert!(bytes == october.file(ExportFormat::Zip), "the same month at the same time is the same file");
        let mut archive = unzipped(&bytes);
        let hashes = String::from_utf8(archive.remove("manifeste.txt").unwrap()).unwrap();
        let hashes: BTreeMap<&str, &str> =
            hashes.lines().map(|line| line.split_once("  ").unwrap()).map(|(hash, path)| (path, hash)).collect();
        let found: BTreeMap<&str, String> =
            archive.iter().map(|(path, content)| (path.as_str(), to_hex(&Sha256::digest(content)))).collect();
        assert!(found.iter().all(|(path, hash)| hashes.get(path) == Some(&hash.as_str())), "{hashes:#?} {found:#?}");
        assert_eq!(found.len(), hashes.len());
        let kept: Vec<Vec<u8>> = app.read(|conn| invoice_files::table.select(invoice_files::sha256).load(conn));
        assert_eq!(kept.len(), 7, "four documents, three statements");
        assert!(kept.iter().all(|hash| found.values().any(|known| *known == to_hex(hash))));
        let certificates: Vec<_> = archive.keys().filter(|path| path.starts_with("certificats/")).collect();
        let code = |code: &str| format!("certificats/service-fait-2026-10-{code}-dijon-2024-2026.pdf");
        assert_eq!(certificates, [&code("CHE"), &code("DIJ"), &code("LON")]);
        assert!(certificates.iter().all(|path| archive[*path].starts_with(b"%PDF-")));
    }

    /// A file that is not what was issued any more stops the archive, whoever asks and however: nobody pays on it.
    fn an_altered_file_is_not_exported(app: &TestApp) {
        let october = October::new(app);
        let (hash, issued): (Vec<u8>, Vec<u8>) = app.read(|conn| {
            invoice_files::table
                .select((invoice_files::sha256, invoice_files::bytes))
                .order(invoice_files::sha256)
                .first(conn)
        });
        let keep = |bytes: &[u8]| {
            let file = invoice_files::table.filter(invoice_files::sha256.eq(&hash));
            app.write(|tx| diesel::update(file).set(invoice_files::bytes.eq(bytes)).execute(&mut **tx));
        };
        thaw(app);
        keep(&[&issued[..], b"\n"].concat());
        let system = &app.app;
        let ask = |format| export(&system.db, &system.clock, Exporter::Accountant(october.accountant), self::october(), format);
        let Err(Failure::Refused(ExportRefusal::Altered(title))) = ask(ExportFormat::Zip) else { panic!("it is exported") };
        let page = app.signed_in(ACCOUNTANT).get("/exports/2026-10.zip").expect(422);
        assert!(page.words().contains(&title) && page.words().contains("empreinte"), "{}", page.words());
        let mut program = october.world.program(october.accountant.account);
        let answer = program.get("/api/v1/exports/invoices?month=2026-10&format=zip").expect(422).json();
        assert_eq!(answer["code"], "file_altered");
        let told: i64 = app.read(|conn| {
            journal_entries::table.filter(journal_entries::action.eq("month.exported")).count().get_result(conn)
        });
        assert_eq!(told, 0, "what did not leave is not told as having left");
        // the others read no kept file
        assert!(ask(ExportFormat::Csv).is_ok());
        keep(&issued);
        assert!(ask(ExportFormat::Zip).is_ok());
    }

    /// A child is a reference in whatever leaves with the accountant.
    fn no_file_names_a_child(app: &TestApp) {
        let october = October::new(app);
        for format in ExportFormat::ALL {
            let bytes = october.file(*format);
            let inside = if matches!(format, ExportFormat::Xlsx | ExportFormat::Zip) { unzipped(&bytes) } else { BTreeMap::new() };
            for content in inside.values().chain([&bytes]) {
                let text = String::from_utf8_lossy(content);
                for name in [FIRST_NAME, LAST_NAME, "Tricotelle", "Moutardier"] {
                    assert!(!text.contains(name), "{format}: {name}");
                }
            }
        }
    }

    /// Each export is told on the accountant's chain: which month, in which format, and the hash of the file.
    fn each_export_is_told_in_the_journal(app: &TestApp) {
        let october = October::new(app);
        let bytes = october.file(ExportFormat::Csv);
        let system = &app.app;
        export(&system.db, &system.clock, Exporter::System, self::october(), ExportFormat::Json).unwrap();
        let told: Vec<(String, Option<AccountId>, Option<String>)> = app.read(|conn| {
            journal_entries::table
                .filter(journal_entries::action.eq("month.exported"))
                .select((journal_entries::chain, journal_entries::actor_id, journal_entries::after))
                .order(journal_entries::actor_id.is_null())
                .load(conn)
        });
        let account = october.accountant.account;
        assert_eq!(told.len(), 2);
        assert_eq!((&told[0].0, told[0].1), (&format!("account:{account}"), Some(account)));
        let after: Value = serde_json::from_str(told[0].2.as_deref().unwrap()).unwrap();
        assert_eq!((&after["month"], &after["format"]), (&"2026-10".into(), &"csv".into()));
        assert_eq!(after["sha256"], to_hex(&Sha256::digest(&bytes)));
        assert_eq!((&told[1].0, told[1].1), (&format!("convention:{}", october.world.convention), None));
    }

    /// The accountant sees what a month holds and takes its files; a month without invoices says what to do.
    fn the_accountant_takes_the_files(app: &TestApp) {
        let october = October::new(app);
        let mut browser = app.signed_in(ACCOUNTANT);
        let page = browser.get("/exports").expect(200);
        for words in ["octobre 2026", "225,01", "3 factures", "1 avoir", "4 séances, 3 h 45", "PRE de Longvic"] {
            assert!(page.words().replace('\u{202f}', " ").contains(words), "{words}: {}", page.words());
        }
        let file = browser.get("/exports/2026-10.csv").expect(200);
        assert_eq!(file.header("content-disposition"), Some("attachment; filename=\"psypre-factures-2026-10.csv\""));
        assert_eq!(file.body, october.file(ExportFormat::Csv));
        let empty = browser.get("/exports?mois=2026-09").expect(200);
        assert!(empty.words().contains("Aucune facture pour septembre 2026"), "{}", empty.words());
        assert!(empty.text().contains("/exports?mois=2026-10"));
        assert_eq!(of_csv(&browser.get("/exports/2026-09.csv").expect(200).body), Rows::new());
        browser.get("/exports/2026-10.pdf").expect(404);
        browser.get("/exports/2026-13.csv").expect(404);
        app.signed_in(CLAIRE).get("/exports/2026-10.csv").expect(403);
    }

    /// A program takes the same file.
    fn a_program_takes_the_same_file(app: &TestApp) {
        let october = October::new(app);
        let mut program = october.world.program(october.accountant.account);
        let answer = program.get("/api/v1/exports/invoices?month=2026-10&format=json").expect(200);
        assert_eq!(answer.body, october.file(ExportFormat::Json));
        let wrong = program.get("/api/v1/exports/invoices?month=octobre").expect(400);
        assert!(wrong.text().contains("2026-10"), "{}", wrong.text());
        october.world.program(october.world.claire_account).get("/api/v1/exports/invoices?month=2026-10").expect(403);
    }
}
