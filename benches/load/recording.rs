//! Sessions recorded in a second, by one client and by many.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use chrono::{Days, NaiveDate, NaiveTime};
use diesel::prelude::*;
use psypre::accounts::Psychologist;
use psypre::db::{DbError, Dialect};
use psypre::hours::Minutes;
use psypre::schema::{quotas, referrals};
use psypre::seed::Size;
use psypre::sessions::record::{self, Recording};
use psypre::sessions::{Attendance, Slot};

use crate::clients::{self, Spell, Work};
use crate::floor::{self, Bare};
use crate::http;
use crate::place::{Place, name};
use crate::report::Report;

/// How many work at once.
const LEVELS: [usize; 3] = [1, 16, 64];
/// Each level is measured so many times, in turns with its floor.
const ROUNDS: usize = 3;
const SPELL: Duration = Duration::from_millis(1200);
const TITLE: &str = "Sessions recorded, fully durable";

/// The evening, when the months of the synthetic data are over.
const NOW: &str = "2026-11-20T19:00:00Z";
/// The first day on which one may still record.
const FIRST: &str = "2026-10-01";
const LAST_DAYS: u32 = 50;
const SIZE: Size = Size { programmes: 5, psychologists: 64, children: 640, sessions: 2000, months: 3 };

/// Measures one database.
pub fn measure(dialect: Dialect, report: &mut Report) {
    let place = Place::new(dialect, NOW, SIZE);
    let diary = Diary::new(&place);
    prepare_floor(&place);
    report.heading(TITLE, "  database    clients        PsyPRE     median        p99         floor   ratio");
    for level in LEVELS {
        let (mut ours, mut bare) = (Spell::default(), Spell::default());
        for _ in 0..ROUNDS {
            bare.add(clients::during((0..level).map(|client| bare_client(&place, client)).collect(), SPELL));
            ours.add(clients::during((0..level).map(|client| diary.client(client, level)).collect(), SPELL));
        }
        report.line(TITLE, line(dialect, &level.to_string(), &ours, bare.rate()));
        if level == 16 {
            let served = http::Served::start(&diary, level);
            let (mut asked, mut bare) = (Spell::default(), Spell::default());
            for _ in 0..ROUNDS {
                bare.add(clients::during((0..level).map(|client| bare_client(&place, client)).collect(), SPELL));
                asked.add(clients::during((0..level).map(|client| served.client(client, level)).collect(), SPELL));
            }
            report.line(TITLE, line(dialect, "16 HTTP", &asked, bare.rate()));
        }
    }
}

fn line(dialect: Dialect, clients: &str, ours: &Spell, floor: f64) -> String {
    format!(
        "  {:<10} {clients:>8} {:>11.0}/s {:>7.1} ms {:>7.1} ms {floor:>11.0}/s {:>7.2}",
        name(dialect),
        ours.rate(),
        ours.within(0.5),
        ours.within(0.99),
        ours.rate() / floor
    )
}

/// Free quarters of an hour of every psychologist, outside the hours of the synthetic sessions.
pub struct Diary<'p> {
    pub place: &'p Place,
    next: Vec<AtomicU32>,
    children: Vec<Vec<psypre::ids::ChildId>>,
}

impl<'p> Diary<'p> {
    fn new(place: &'p Place) -> Self {
        let seeded = &place.seeded;
        let of =
            |rank: usize| seeded.children.iter().filter(|one| one.psychologist == rank).map(|one| one.child).collect();
        let ranks = 0..seeded.psychologists.len();
        Self { place, next: ranks.clone().map(|_| AtomicU32::new(0)).collect(), children: ranks.map(of).collect() }
    }

    /// What a psychologist records next; each child's turn comes, and so does each programme's.
    pub fn next(&self, rank: usize) -> (Psychologist, Recording) {
        let n = self.next[rank].fetch_add(1, Ordering::Relaxed);
        let (day, quarter) = (n / 56, n % 56);
        assert!(day < LAST_DAYS, "the diary is full: shorten the spells");
        let minutes = if quarter < 32 { quarter * 15 } else { 18 * 60 + (quarter - 32) * 15 };
        let on = FIRST.parse::<NaiveDate>().unwrap() + Days::new(u64::from(day));
        let time = NaiveTime::from_hms_opt(minutes / 60, minutes % 60, 0).unwrap();
        let children = &self.children[rank];
        let child = children[n as usize % children.len()];
        let slot = Slot::new(on, time, Minutes(15)).unwrap();
        (self.place.seeded.psychologists[rank], Recording { child, slot, attendance: Attendance::Held, place: None })
    }

    /// The psychologists that a client works for: all of them have a client.
    pub fn ranks(&self, client: usize, clients: usize) -> Vec<usize> {
        (client..self.children.len()).step_by(clients).collect()
    }

    /// Records as the handlers do.
    fn client(&self, client: usize, clients: usize) -> Work<'_> {
        let app = &self.place.app;
        let mut ranks = self.ranks(client, clients).into_iter().cycle();
        Box::new(move || {
            let (who, recording) = self.next(ranks.next().unwrap());
            app.db.write(|tx| record::record(tx, &app.clock, &app.vault, &who, &recording)).unwrap();
        })
    }
}

/// The rows that a recording writes: a quota, a referral, the head of a chain; a session and an entry.
fn prepare_floor(place: &Place) {
    floor::mirror(place, "quotas", "id");
    floor::mirror(place, "referrals", "id");
    floor::mirror(place, "journal_chains", "chain");
    floor::copy(place, "sessions", "WHERE state = 'recorded' LIMIT 1", "id");
    floor::copy(place, "journal_entries", "WHERE action = 'session.recorded' LIMIT 1", "id");
}

fn bare_client(place: &Place, client: usize) -> Work<'_> {
    let reserve = "reserved_minutes = reserved_minutes + 15";
    let fresh = floor::fresh(place.dialect);
    let session = floor::again(place, "sessions", &[("id", fresh)]);
    let entry = floor::again(place, "journal_entries", &[("id", fresh)]);
    let mut bare = Bare::open(place);
    bare.prepare("quota(uuid)", &format!("UPDATE floor_quotas SET {reserve} WHERE id = $1"));
    bare.prepare("referral(uuid)", &format!("UPDATE floor_referrals SET {reserve} WHERE id = $1"));
    bare.prepare("session", &session);
    bare.prepare("chain(text)", "UPDATE floor_journal_chains SET length = length + 1 WHERE chain = $1");
    bare.prepare("entry", &entry);
    let rows = FloorRows::read(place);
    let mut n = client;
    Box::new(move || {
        n += 7;
        let programme = n % rows.programmes.len();
        let (chain, quota) = &rows.programmes[programme];
        let (quota, referral) = (place.literal(*quota), place.literal(rows.referrals[n % rows.referrals.len()]));
        bare.transaction(&match place.dialect {
            Dialect::Postgres => [
                format!("EXECUTE quota({quota})"),
                format!("EXECUTE referral({referral})"),
                "EXECUTE session".to_owned(),
                format!("EXECUTE chain('{chain}')"),
                "EXECUTE entry".to_owned(),
            ],
            Dialect::Sqlite => [
                format!("UPDATE floor_quotas SET {reserve} WHERE id = {quota}"),
                format!("UPDATE floor_referrals SET {reserve} WHERE id = {referral}"),
                session.clone(),
                format!("UPDATE floor_journal_chains SET length = length + 1 WHERE chain = '{chain}'"),
                entry.clone(),
            ],
        });
    })
}

/// The rows that the floor changes: as many as the program does, so that its clients meet as often.
struct FloorRows {
    /// The chain and a quota of each programme.
    programmes: Vec<(String, uuid::Uuid)>,
    referrals: Vec<uuid::Uuid>,
}

impl FloorRows {
    fn read(place: &Place) -> Self {
        place
            .app
            .db
            .read::<_, DbError>(|conn| {
                let all: Vec<(psypre::ids::ProgrammeId, psypre::ids::QuotaId)> =
                    quotas::table.order(quotas::id).select((quotas::programme_id, quotas::id)).load(conn)?;
                let mut programmes: Vec<(String, uuid::Uuid)> =
                    all.into_iter().map(|(programme, quota)| (format!("programme:{programme}"), quota.0)).collect();
                programmes.sort();
                programmes.dedup_by(|a, b| a.0 == b.0);
                let referrals: Vec<psypre::ids::ReferralId> = referrals::table.select(referrals::id).load(conn)?;
                Ok(Self { programmes, referrals: referrals.into_iter().map(|id| id.0).collect() })
            })
            .unwrap()
    }
}
