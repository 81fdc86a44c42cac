//! The yearly report: the real convention's year 2026 played from its adoption, and its figures by hand; who reads which
//! part of it; the closed lists.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Days, NaiveDate, NaiveTime};
use diesel::prelude::*;
use psypre::accounts::{Accountant, Administrator};
use psypre::amendments::transfer::{Transfer, transfer};
use psypre::calendar::{self, Month};
use psypre::children::{Gender, create_child};
use psypre::conventions::ServiceType;
use psypre::documents::VatRegime;
use psypre::funding_calls::draft::draft;
use psypre::funding_calls::receive::{self, Payment};
use psypre::funding_calls::send::{Sending, send};
use psypre::funding_calls::{Treasurer, look_up as funding_calls};
use psypre::hours::Minutes;
use psypre::ids::{AccountId, BudgetYearId, ChildId, InvoiceId, NeighbourhoodId, ProgrammeId, SessionId};
use psypre::invoices::issue::{self, Issuance, Order};
use psypre::invoices::{deposit, order_payment, pay};
use psypre::money::Cents;
use psypre::schema::{accounts, budget_years};
use psypre::sessions::correct::{self, Correction};
use psypre::sessions::record::{self, Recording};
use psypre::sessions::{Attendance, Reason, Slot, approve, refuse};
use serde_json::{Value, json};

use crate::on_both_databases;
use crate::rights::fields::table::{CELL, PLACE};
use crate::services::{approved, charge, open_line, said};
use crate::support::app::TestApp;
use crate::support::world::{
    ACCOUNTANT, ADMINISTRATOR, AUDITOR, CHENOVE_REFERENT, CLAIRE, LONGVIC_COORDINATOR, World, day, done,
};

/// A child of the year, and who decides on their sessions.
struct Pupil {
    id: ChildId,
    programme: ProgrammeId,
}

/// The year as it is played.
struct Year<'a> {
    world: World<'a>,
    pupils: Vec<Pupil>,
}

fn at(app: &TestApp, on: &str) {
    let evening = NaiveTime::from_hms_opt(20, 0, 0).unwrap();
    app.app.clock.set(calendar::instant(day(on), evening).unwrap().utc());
}

fn account_of(app: &TestApp, email: &str) -> AccountId {
    app.read(|conn| accounts::table.filter(accounts::email.eq(email)).select(accounts::id).first(conn))
}

fn year_of(app: &TestApp) -> BudgetYearId {
    app.read(|conn| budget_years::table.filter(budget_years::label.eq("2026")).select(budget_years::id).first(conn))
}

impl<'a> Year<'a> {
    /// 12 children in Chenôve, 6 in each of the two neighbourhoods of Dijon, 5 in Longvic, 12 in Quetigny: half of them
    /// girls, but for Longvic's two girls and three boys. Quetigny's are thirteen years old, the others nine.
    fn new(app: &'a TestApp) -> Self {
        at(app, "2026-01-05");
        let world = World::new(app);
        let dijon = world.neighbourhoods(world.dijon);
        let places = [
            (world.chenove, world.neighbourhoods(world.chenove)[0], 12, "2017-03-15"),
            (world.dijon, dijon[0], 6, "2017-03-15"),
            (world.dijon, dijon[1], 6, "2017-03-15"),
            (world.longvic, world.neighbourhoods(world.longvic)[0], 5, "2017-03-15"),
            (world.quetigny, world.neighbourhoods(world.quetigny)[0], 12, "2013-02-10"),
        ];
        let mut pupils = Vec::new();
        for (programme, neighbourhood, many, born_on) in places {
            for n in 0..many {
                let gender = if n % 2 == 1 { Gender::Girl } else { Gender::Boy };
                let id = pupil(&world, programme, neighbourhood, day(born_on), gender, n);
                world.referral(id, world.claire, 600);
                pupils.push(Pupil { id, programme });
            }
        }
        Self { world, pupils }
    }

    fn app(&self) -> &'a TestApp {
        self.world.app
    }

    /// Every contribution is called; three signatories pay, Dijon the half of it.
    fn calls(&self) {
        let (app, year) = (self.app(), year_of(self.app()));
        let (clock, who) = (&app.app.clock, Administrator { account: account_of(app, ADMINISTRATOR) });
        at(app, "2026-05-12");
        for id in done(app, |tx| draft(tx, clock, &who, year)) {
            let call = app.read(|conn| funding_calls::load(conn, id));
            let sending = Sending { to: "finances@example.org".to_owned(), amount: call.amount };
            done(app, |tx| send(tx, clock, &who, id, &sending));
        }
        at(app, "2026-06-20");
        let treasurer = Treasurer { account: account_of(app, ACCOUNTANT) };
        let calls = app.read(|conn| funding_calls::of_year(conn, year));
        for (name, cents) in [("CCAS de Chenôve", 75_000), ("CCAS de Dijon", 241_000), ("CCAS de Talant", 43_000)] {
            let call = calls.iter().find(|call| call.signatory_name == name).unwrap();
            let payment = Payment { on: day("2026-06-19"), amount: Cents(cents) };
            done(app, |tx| receive::receive(tx, clock, &treasurer, call.id, payment));
        }
    }

    /// One hour for each child in a month, eight a day from a day on; one may be missed, one may wait for its approval.
    fn month(&self, from: &str, missed: Option<(usize, Attendance)>, waits: Option<usize>) -> Vec<SessionId> {
        let app = self.app();
        let (clock, vault) = (&app.app.clock, &app.app.vault);
        at(app, &(day(from) + Days::new(14)).to_string());
        let mut made = Vec::new();
        for (n, pupil) in self.pupils.iter().enumerate() {
            let attendance = missed.filter(|(who, _)| *who == n).map_or(Attendance::Held, |(_, kind)| kind);
            let new = Recording { child: pupil.id, slot: slot(from, n), attendance, place: None };
            let id = done(app, |tx| record::record(tx, clock, vault, &self.world.psychologist(), &new));
            if waits != Some(n) {
                done(app, |tx| approve::approve(tx, clock, &self.world.coordinator(pupil.programme), id));
            }
            made.push(id);
        }
        made
    }

    fn bill(&self, month: &str) -> InvoiceId {
        let order = Order { month: Month::parse(month).unwrap(), convention: self.world.convention, seen: None };
        let clock = &self.app().app.clock;
        done(self.app(), |tx| issue::issue(tx, clock, Issuance::Own(&self.world.psychologist()), order))
    }

    /// Five hours pass from Quetigny to Dijon; the referents have four of their ten hours of practice analysis.
    fn autumn_term(&self) {
        let (app, world) = (self.app(), &self.world);
        at(app, "2026-09-15");
        let who = Administrator { account: account_of(app, ADMINISTRATOR) };
        let asked = Transfer {
            budget_year_id: year_of(app),
            from_programme_id: world.quetigny,
            to_programme_id: world.dijon,
            minutes: Minutes::from_hours(5),
            signed_on: day("2026-09-14"),
            reason: "Plus de demandes à Dijon".to_owned(),
        };
        done(app, |tx| transfer(tx, &app.app.clock, &who, world.convention, &asked));
        open_line(world, ServiceType::PracticeAnalysis, 600, 60_000);
        approved(world, &world.psychologist(), &said(ServiceType::PracticeAnalysis, "2026-09-10", "14:00", 240));
    }

    /// March is paid, June is deposited, October is issued.
    fn invoices_and_payments(&self, march: InvoiceId, june: InvoiceId) {
        let app = self.app();
        let (clock, who) = (&app.app.clock, Accountant { account: account_of(app, ACCOUNTANT) });
        let on = clock.today();
        done(app, |tx| deposit::deposit(tx, clock, &who, march, on));
        done(app, |tx| order_payment::order_payment(tx, clock, &who, march, on));
        done(app, |tx| pay::pay(tx, clock, &who, march, on));
        done(app, |tx| deposit::deposit(tx, clock, &who, june, on));
    }

    /// From the adoption to the autumn, with an amendment and a service on the way. In March a child of Chenôve is
    /// excused, in June one of Longvic does not come; a session of June is refused, corrected and approved; one of October
    /// in Quetigny waits.
    fn play(&self) {
        let (app, world) = (self.app(), &self.world);
        // before the first invoice: a tax does not change what was billed
        charge(world, &world.psychologist(), ServiceType::PracticeAnalysis, VatRegime::Franchise);
        let (clock, vault) = (&app.app.clock, &app.app.vault);
        self.month("2026-03-02", Some((0, Attendance::ExcusedAbsence)), None);
        at(app, "2026-04-02");
        let march = self.bill("2026-03");
        self.calls();
        let sessions = self.month("2026-06-01", Some((24, Attendance::UnexcusedAbsence)), Some(1));
        let reason = Reason::new("La durée n’est pas la bonne").unwrap();
        let chenove = world.coordinator(world.chenove);
        done(app, |tx| refuse::refuse(tx, clock, &chenove, sessions[1], &reason));
        let right = Correction { slot: slot("2026-06-01", 1), attendance: Attendance::Held, place: None };
        done(app, |tx| correct::correct(tx, clock, vault, &world.psychologist(), sessions[1], &right));
        done(app, |tx| approve::approve(tx, clock, &chenove, sessions[1]));
        at(app, "2026-07-02");
        let june = self.bill("2026-06");
        self.autumn_term();
        self.month("2026-10-05", None, Some(40));
        at(app, "2026-11-02");
        self.bill("2026-10");
        self.invoices_and_payments(march, june);
    }
}

fn slot(from: &str, n: usize) -> Slot {
    let on: NaiveDate = day(from) + Days::new(n as u64 / 8);
    let hour = NaiveTime::from_hms_opt(9 + n as u32 % 8, 0, 0).unwrap();
    Slot::new(on, hour, Minutes(60)).unwrap()
}

fn pupil(
    world: &World<'_>,
    programme: ProgrammeId,
    neighbourhood: NeighbourhoodId,
    born_on: NaiveDate,
    gender: Gender,
    n: usize,
) -> ChildId {
    let mut entry = world.entry(programme, "Prénom", &format!("Imaginaire-{n}"), born_on);
    (entry.gender, entry.neighbourhood_id) = (gender, neighbourhood);
    let guardian = psypre::children::GuardianContact {
        name: "Parent Imaginaire".to_owned(),
        relation: "mère".to_owned(),
        phone: Some("06 00 00 00 01".to_owned()),
        email: None,
    };
    let (who, clock, vault) = (world.coordinator(programme), &world.app.app.clock, &world.app.app.vault);
    done(world.app, |tx| {
        create_child::create(tx, vault, clock, &who, programme, &entry, std::slice::from_ref(&guardian))
    })
}

/// The cells of each place of a report, by what they count.
type Cells = BTreeMap<String, BTreeMap<String, Value>>;

/// The keys of places and of their cells are those of the table of fields: none names a child.
fn only_the_fields_written_down(report: &Value) {
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<BTreeSet<String>>();
    let places = report["places"].as_array().unwrap();
    assert!(!places.is_empty());
    for place in places {
        assert!(keys(place).iter().eq(PLACE.iter()), "{place}");
        let cells = place["cells"].as_array().unwrap();
        assert!(!cells.is_empty() && cells.iter().all(|cell| keys(cell).iter().eq(CELL.iter())), "{place}");
    }
}

fn cells(report: &Value) -> Cells {
    let key = |cell: &Value| {
        let words =
            ["age", "gender", "length", "source", "reason"].map(|list| cell[list].as_str().unwrap_or("").to_owned());
        words.join("/")
    };
    let place = |place: &Value| {
        let own = place["cells"].as_array().unwrap().iter().map(|cell| (key(cell), cell.clone()));
        (place["place"].as_str().unwrap().to_owned(), own.collect())
    };
    report["places"].as_array().unwrap().iter().map(place).collect()
}

const ALL: &str = "////";
const GIRLS: &str = "/girl///";
const BOYS: &str = "/boy///";

/// Children, sessions held, excused and unexcused absences, minutes, cents.
fn figures(cells: &Cells, place: &str, of: &str) -> [Option<i64>; 6] {
    let cell = &cells[place][of];
    ["children", "held_sessions", "excused_absences", "unexcused_absences", "minutes", "cost_cents"]
        .map(|name| cell[name].as_i64())
}

on_both_databases! {
    /// 41 children, an hour each in March, June and October: 123 sessions less one that waits for its approval. Of the
    /// 122, 120 were held: 120 h at 60 €, 7 200 €.
    fn the_year_2026_by_hand(app: &TestApp) {
        let year = Year::new(app);
        year.play();
        at(app, "2027-01-15");
        let mut administrator = year.world.program(account_of(app, ADMINISTRATOR));
        let report = administrator.get("/api/v1/reports/2026").expect(200).json();
        only_the_fields_written_down(&report);
        let seen = cells(&report);
        let shown = |place: &str, expected: [i64; 6]| assert_eq!(figures(&seen, place, ALL), expected.map(Some), "{place}");
        shown("Ensemble des PRE", [41, 120, 1, 1, 7_200, 720_000]);
        // 12 children and 36 sessions, one of them excused
        shown("PRE de Chenôve (le Mail)", [12, 35, 1, 0, 2_100, 210_000]);
        shown("PRE de Dijon", [12, 36, 0, 0, 2_160, 216_000]);
        shown("PRE de Dijon, les Grésilles", [6, 18, 0, 0, 1_080, 108_000]);
        // 5 children and 15 sessions, one missed
        shown("PRE de Longvic (le Bief du Moulin)", [5, 14, 0, 1, 840, 84_000]);
        // 12 children and 36 sessions, one not approved
        shown("PRE de Quetigny (le Centre-ville)", [12, 35, 0, 0, 2_100, 210_000]);
        shown("PRE de Talant (le Belvédère)", [0; 6]);
        by_hand_what_is_masked(&seen);

        // 12 500 € of the Métropole and 7 500 € called, of which 750 + 2 410 + 430 came
        let all = json!({ "signatory": null, "contribution_cents": 2_000_000, "called_cents": 750_000, "received_cents": 359_000 });
        assert_eq!(report["contributions"].as_array().unwrap().last(), Some(&all));
        // 260 h at 60 €, whoever has them; one session to approve; three months of 40 h, the first paid
        let sessions = json!({
            "of": "sessions", "budgeted_cents": 1_560_000, "committed_cents": 6_000, "invoiced_cents": 720_000, "paid_cents": 240_000,
        });
        assert_eq!(report["spending"][0], sessions);
        assert_eq!(report["spending"][2]["budgeted_cents"], 2_000_000);
        assert_eq!(report["counted_until"], "2026-12-31");

        let mut browser = app.signed_in(ADMINISTRATOR);
        let page = browser.get("/bilan?annee=2026").expect(200).words();
        for words in ["Bilan 2026", "PRE de Chenôve (le Mail) 12 35 1 0 35 h 2 100,00 €", "masqué", "7 200,00 €", "3 590,00 €"] {
            assert!(page.contains(words), "{words}: {page}");
        }
        assert!(!page.contains("Imaginaire") && !page.contains("CHE-2026"), "{page}");
        let pdf = browser.get("/bilan/2026.pdf").expect(200);
        assert!(pdf.body.starts_with(b"%PDF-1.7"));
        assert!(browser.get("/bilan/2026.xlsx").expect(200).body.starts_with(b"PK"));
        browser.get("/bilan/2026.doc").expect(404);
        browser.get("/bilan?annee=1999").expect(404);
        views_agree(&year, &seen);
    }

    /// Before anything is approved there is nobody; four children are too few for any table.
    fn a_year_begins_with_too_few(app: &TestApp) {
        let world = World::new(app);
        let mut administrator = app.signed_in(ADMINISTRATOR);
        assert!(administrator.get("/bilan").expect(200).words().contains("Ensemble des PRE 0 0 0 0"));
        let child = world.entrusted_child(world.longvic, "Zoé", "Imaginaire");
        let new = Recording { child, slot: slot("2026-11-16", 0), attendance: Attendance::Held, place: None };
        let (clock, vault) = (&app.app.clock, &app.app.vault);
        let id = done(app, |tx| record::record(tx, clock, vault, &world.psychologist(), &new));
        done(app, |tx| approve::approve(tx, clock, &world.coordinator(world.longvic), id));
        let page = administrator.get("/bilan").expect(200).words();
        assert!(page.contains("Trop peu d’enfants pour un tableau") && !page.contains("Ensemble des PRE"), "{page}");
        let report = world.program(account_of(app, ADMINISTRATOR)).get("/api/v1/reports/2026").expect(200).json();
        assert_eq!(report["places"], json!([]));
        assert!(administrator.get("/bilan/2026.pdf").expect(200).body.starts_with(b"%PDF-1.7"));
    }
}

/// Longvic has two girls and three boys: both are masked. The girls of all being 6 + 6 + 2 + 6 = 20, one other programme
/// must be masked for who subtracts, and one more for who knows that one.
fn by_hand_what_is_masked(seen: &Cells) {
    let longvic = "PRE de Longvic (le Bief du Moulin)";
    for gender in [GIRLS, BOYS] {
        assert_eq!(figures(seen, longvic, gender), [None; 6], "{gender}");
        let places = ["PRE de Chenôve (le Mail)", "PRE de Dijon", "PRE de Quetigny (le Centre-ville)"];
        let masked = places.iter().filter(|place| figures(seen, place, gender)[0].is_none()).count();
        let is_whole_masked = figures(seen, "Ensemble des PRE", gender)[0].is_none();
        assert!(masked >= 2 || is_whole_masked, "{gender}: {masked}");
    }
    // the neighbourhoods of Dijon have three of each
    assert_eq!(figures(seen, "PRE de Dijon, les Grésilles", GIRLS), [None; 6]);
    // what is not about genders is large or zero everywhere
    assert_eq!(figures(seen, longvic, "6-10////")[0], Some(5));
    assert_eq!(figures(seen, "PRE de Quetigny (le Centre-ville)", "11-16////")[0], Some(12));
    assert_eq!(figures(seen, "Ensemble des PRE", "////unspecified")[0], Some(41));
}

/// A coordinator reads their programme and what all have in common, with the same cells masked; the accountant reads the
/// accounts; the others read nothing.
fn views_agree(year: &Year<'_>, whole: &Cells) {
    let app = year.app();
    let report =
        year.world.program(account_of(app, LONGVIC_COORDINATOR)).get("/api/v1/reports/2026").expect(200).json();
    only_the_fields_written_down(&report);
    let theirs = cells(&report);
    assert_eq!(theirs.keys().collect::<Vec<_>>(), ["Ensemble des PRE", "PRE de Longvic (le Bief du Moulin)"]);
    for (place, cells) in &theirs {
        assert_eq!(Some(cells), whole.get(place), "{place}");
    }
    let names: Vec<&str> =
        report["contributions"].as_array().unwrap().iter().filter_map(|one| one["signatory"].as_str()).collect();
    assert_eq!(names, ["CCAS de Longvic"]);
    let page = app.signed_in(LONGVIC_COORDINATOR).get("/bilan?annee=2026").expect(200).words();
    assert!(page.contains("PRE de Longvic") && !page.contains("Chenôve"), "{page}");

    let report = year.world.program(account_of(app, ACCOUNTANT)).get("/api/v1/reports/2026").expect(200).json();
    assert_eq!(report["places"], json!([]));
    assert_eq!(report["contributions"].as_array().unwrap().len(), 7);
    for email in [CLAIRE, CHENOVE_REFERENT, AUDITOR] {
        let mut browser = app.signed_in(email);
        browser.get("/bilan").expect(403);
        browser.get("/bilan/2026.pdf").expect(403);
    }
}
