//! Invoices issued in a second, with their files; then the export of the month that they make.

use diesel::prelude::*;
use psypre::accounts::Psychologist;
use psypre::calendar::Month;
use psypre::db::{DbError, Dialect};
use psypre::ids::SessionId;
use psypre::invoices::issue::{self, Issuance, Order};
use psypre::schema::sessions;
use psypre::seed::Size;
use psypre::sessions::approve_many;

use crate::clients::{self, Spell, Work};
use crate::exporting;
use crate::floor::{self, Bare};
use crate::place::{Place, name};
use crate::report::Report;

/// The day after the month.
const NOW: &str = "2026-11-02T07:00:00Z";
const MONTH: &str = "2026-10";
/// As many as make ten thousand sessions on invoices, absences and cancellations deducted.
const SIZE: Size = Size { programmes: 5, psychologists: 64, children: 640, sessions: 11_400, months: 1 };
/// Invoices that one client issues, then that sixteen issue; the last ones wait for the export.
const ALONE: usize = 16;
const TOGETHER: usize = 16;
const TITLE: &str = "Invoices issued with their files, fully durable";

/// Measures one database.
pub fn measure(dialect: Dialect, report: &mut Report) {
    let place = Place::new(dialect, NOW, SIZE);
    approve_the_rest(&place);
    let month = Month::parse(MONTH).unwrap();
    let order = Order { month, convention: place.seeded.convention, seen: None };
    let issue = |who: &Psychologist| {
        let app = &place.app;
        app.db.write(|tx| issue::issue(tx, &app.clock, Issuance::Own(who), order)).unwrap();
    };
    let all = &place.seeded.psychologists;
    // the first makes the sample that the floor writes
    issue(&all[0]);
    let floor = prepare_floor(&place);
    report.heading(TITLE, "  database    clients        PsyPRE     median                      floor   ratio");
    let (alone, rest) = all[1..].split_at(ALONE);
    let (mut ours, mut bare) = (Spell::default(), Spell::default());
    for who in alone {
        bare.add(clients::times(vec![bare_client(&place, &floor, who)], 1));
        ours.add(clients::times(vec![Box::new(|| issue(who))], 1));
    }
    report.line(TITLE, line(dialect, 1, &ours, bare.rate()));
    let (mut ours, mut bare) = (Spell::default(), Spell::default());
    let rounds = rest.chunks(TOGETHER).filter(|part| part.len() == TOGETHER);
    for part in rounds {
        bare.add(clients::times(part.iter().map(|who| bare_client(&place, &floor, who)).collect(), 1));
        let issue = &issue;
        ours.add(clients::times(part.iter().map(|who| Box::new(move || issue(who)) as Work<'_>).collect(), 1));
    }
    report.line(TITLE, line(dialect, TOGETHER, &ours, bare.rate()));
    for part in rest.chunks(TOGETHER).filter(|part| part.len() < TOGETHER) {
        part.iter().for_each(issue);
    }
    exporting::measure(&place, month, report);
}

fn line(dialect: Dialect, clients: usize, ours: &Spell, floor: f64) -> String {
    format!(
        "  {:<10} {clients:>8} {:>11.1}/s {:>7.1} ms {:>24.1}/s {:>7.2}",
        name(dialect),
        ours.rate(),
        ours.within(0.5),
        floor,
        ours.rate() / floor
    )
}

/// The last week waits still for its coordinators.
fn approve_the_rest(place: &Place) {
    let app = &place.app;
    for who in &place.seeded.coordinators {
        let waiting: Vec<SessionId> = app
            .db
            .read::<_, DbError>(|conn| {
                Ok(sessions::table
                    .filter(sessions::programme_id.eq_any(&who.programmes).and(sessions::state.eq("recorded")))
                    .select(sessions::id)
                    .load(conn)?)
            })
            .unwrap();
        for part in waiting.chunks(200) {
            app.db.write(|tx| approve_many::approve_many(tx, &app.clock, who, part)).unwrap();
        }
    }
}

/// The statements that write the sample again.
struct Statements {
    line: String,
    file: String,
    entry: String,
    mail: String,
}

fn prepare_floor(place: &Place) -> Statements {
    floor::mirror(place, "invoice_counters", "psychologist_id, year");
    floor::mirror(place, "journal_chains", "chain");
    floor::mirror(place, "sessions", "id");
    floor::copy(place, "invoices", "LIMIT 1", "id");
    floor::copy(place, "invoice_lines", "", "invoice_id, position");
    floor::copy(place, "invoice_files", "", "invoice_id, kind");
    floor::copy(place, "invoice_sessions", "LIMIT 0", "invoice_id, session_id");
    floor::copy(place, "journal_entries", "WHERE action = 'invoice.issued' LIMIT 1", "id");
    floor::copy(place, "mails", "WHERE kind = 'invoice_issued'", "id");
    let mut conn = place.connect();
    diesel::connection::SimpleConnection::batch_execute(
        &mut conn,
        "CREATE INDEX floor_sessions_psychologist ON floor_sessions (psychologist_id)",
    )
    .unwrap();
    let fresh = floor::fresh(place.dialect);
    Statements {
        line: floor::again(place, "invoice_lines", &[("invoice_id", "%")]),
        file: floor::again(place, "invoice_files", &[("invoice_id", "%")]),
        entry: floor::again(place, "journal_entries", &[("id", fresh)]),
        mail: floor::again(place, "mails", &[("id", fresh)]),
    }
}

/// The rows of one invoice: its number, itself, lines, files, sessions, the journal and the mails.
fn bare_client<'p>(place: &'p Place, floor: &'p Statements, who: &Psychologist) -> Work<'p> {
    let mut bare = Bare::open(place);
    let (id, psychologist) = (place.literal(uuid::Uuid::new_v4()), place.literal(who.id.0));
    let statements = [
        format!(
            "UPDATE floor_invoice_counters SET last_number = last_number + 1 WHERE psychologist_id = {psychologist}"
        ),
        floor::again(place, "invoices", &[("id", &id)]),
        floor.line.replace('%', &id),
        floor.file.replace('%', &id),
        format!(
            "UPDATE floor_sessions SET state = 'invoiced', invoice_id = {id} \
             WHERE psychologist_id = {psychologist} AND state = 'approved'"
        ),
        format!(
            "INSERT INTO floor_invoice_sessions (invoice_id, session_id, is_live) \
             SELECT {id}, id, {} FROM floor_sessions WHERE psychologist_id = {psychologist} AND state = 'invoiced'",
            if place.dialect == Dialect::Postgres { "TRUE" } else { "1" }
        ),
        format!("UPDATE floor_journal_chains SET length = length + 1 WHERE chain = 'account:{}'", who.account),
        floor.entry.clone(),
        floor.mail.clone(),
    ];
    Box::new(move || bare.transaction(&statements))
}
