//! The export of a month in each format, in a process of its own, so that its memory is known.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use diesel::prelude::*;
use psypre::app::App;
use psypre::calendar::Month;
use psypre::clock::Clock;
use psypre::db::{AnyConnection, DbError};
use psypre::exports::ExportFormat;
use psypre::exports::export::{Exporter, export};
use psypre::ids::InvoiceId;
use psypre::schema::{accounts, children, invoice_files, invoice_lines, invoices, psychologists, sessions};

use crate::place::{Place, config, name};
use crate::report::Report;

/// The word with which this program calls itself.
pub const ALONE: &str = "export-alone";
const ROUNDS: usize = 3;
const TITLE: &str = "A month's export, each in a process of its own";

/// One export as its process told it.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
struct Told {
    seconds: f64,
    /// What the process held before it began, and at most.
    before_kib: u64,
    peak_kib: u64,
    bytes: usize,
}

/// Measures every format.
pub fn measure(place: &Place, month: Month, report: &mut Report) {
    let billed: i64 = place
        .app
        .db
        .read::<_, DbError>(|conn| {
            Ok(sessions::table.filter(sessions::state.eq("invoiced")).count().get_result(conn)?)
        })
        .unwrap();
    report.heading(
        TITLE,
        "  database   format  sessions        PsyPRE      size  memory, of which export       floor   ratio",
    );
    for format in ExportFormat::ALL {
        let mut told = Vec::new();
        let mut floors = Vec::new();
        for _ in 0..ROUNDS {
            let one = call(place, month, *format);
            floors.push(bare(place, month, *format, one.bytes));
            told.push(one);
        }
        floors.sort_unstable_by(f64::total_cmp);
        told.sort_unstable_by(|a, b| a.seconds.total_cmp(&b.seconds));
        let (ours, floor) = (&told[ROUNDS / 2], floors[ROUNDS / 2]);
        report.line(
            TITLE,
            format!(
                "  {:<10} {:<6} {billed:>9} {:>10.3} s {:>6} KiB {:>6} MiB {:>13} MiB {floor:>10.3} s {:>7.1}",
                name(place.dialect),
                format.to_string(),
                ours.seconds,
                ours.bytes / 1024,
                ours.peak_kib / 1024,
                ours.peak_kib.saturating_sub(ours.before_kib) / 1024,
                ours.seconds / floor
            ),
        );
    }
}

fn call(place: &Place, month: Month, format: ExportFormat) -> Told {
    let output = Command::new(std::env::current_exe().unwrap())
        .args([ALONE, place.url(), &month.iso(), &format.to_string()])
        .arg(place.folder().join("export"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Exports as the command line does, and tells how it went.
pub fn alone(arguments: &[String]) {
    let [url, month, format, file] = arguments else { panic!("the measure calls itself with four words") };
    let format: ExportFormat = format.parse().unwrap();
    let app = App::start(config(url), Clock::system()).unwrap();
    let before_kib = memory("VmRSS:");
    let started = Instant::now();
    let made = export(&app.db, &app.clock, Exporter::System, Month::parse(month).unwrap(), format).unwrap();
    std::fs::write(file, &made.bytes).unwrap();
    let seconds = started.elapsed().as_secs_f64();
    let told = Told { seconds, before_kib, peak_kib: memory("VmHWM:"), bytes: made.bytes.len() };
    println!("{}", serde_json::to_string(&told).unwrap());
}

fn memory(what: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let kib = |line: &str| line.strip_prefix(what)?.trim().strip_suffix(" kB")?.parse().ok();
    status.lines().find_map(kib).unwrap_or_default()
}

/// Reads the rows that the format needs, and writes as many bytes.
fn bare(place: &Place, month: Month, format: ExportFormat, bytes: usize) -> f64 {
    let file = place.folder().join("floor");
    let mut conn = place.connect();
    let started = Instant::now();
    read_invoices(&mut conn, month).unwrap();
    match format {
        ExportFormat::Zip => read_documents(&mut conn, month, &file).unwrap(),
        _ => std::fs::write(&file, vec![b' '; bytes]).unwrap(),
    }
    started.elapsed().as_secs_f64()
}

fn read_invoices(conn: &mut AnyConnection, month: Month) -> QueryResult<()> {
    let found: Vec<(InvoiceId, String, String)> = invoices::table
        .inner_join(psychologists::table)
        .filter(invoices::month_on.eq(month.first()))
        .select((invoices::id, invoices::number, invoices::content))
        .load(conn)?;
    let ids: Vec<InvoiceId> = found.into_iter().map(|(id, ..)| id).collect();
    let lines: Vec<(InvoiceId, psypre::hours::Minutes, psypre::money::Cents)> = invoice_lines::table
        .filter(invoice_lines::invoice_id.eq_any(ids))
        .select((invoice_lines::invoice_id, invoice_lines::minutes, invoice_lines::net_cents))
        .load(conn)?;
    assert!(!lines.is_empty());
    Ok(())
}

/// The kept files, and the sessions that the certificates tell.
fn read_documents(conn: &mut AnyConnection, month: Month, file: &Path) -> QueryResult<()> {
    let files: Vec<Vec<u8>> = invoice_files::table
        .inner_join(invoices::table)
        .filter(invoices::month_on.eq(month.first()))
        .select(invoice_files::bytes)
        .load(conn)?;
    let rows: Vec<(chrono::NaiveDate, psypre::hours::Minutes, String, String, Option<String>)> = sessions::table
        .inner_join(children::table)
        .inner_join(psychologists::table)
        .left_join(accounts::table.on(accounts::id.nullable().eq(sessions::decided_by)))
        .filter(sessions::session_on.between(month.first(), month.last()).and(sessions::state.eq("invoiced")))
        .select((
            sessions::session_on,
            sessions::billed_minutes,
            children::reference,
            psychologists::legal_name,
            accounts::display_name.nullable(),
        ))
        .load(conn)?;
    let told: String =
        rows.iter().map(|(on, minutes, child, who, by)| format!("{on} {minutes} {child} {who} {by:?}\n")).collect();
    std::fs::write(file, files.concat().into_iter().chain(told.into_bytes()).collect::<Vec<u8>>()).unwrap();
    Ok(())
}
