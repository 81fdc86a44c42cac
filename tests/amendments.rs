//! Amendments: what they change, what is refused with its figures, and what no sequence of them can break.

use diesel::prelude::*;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use psypre::accounts::Administrator;
use psypre::amendments::sign::sign;
use psypre::amendments::transfer::{Transfer, transfer};
use psypre::amendments::{AmendmentRefusal, Change, Faults, Figure, Proposal, YearFigures, fields, look_up};
use psypre::checks;
use psypre::failure::Failure;
use psypre::hours::Minutes;
use psypre::ids::{AccountId, AmendmentId, BudgetYearId, ProgrammeId};
use psypre::journal;
use psypre::money::Cents;
use psypre::schema::{accounts, amendment_lines, amendments, budget_years, quotas};
use psypre::sessions::Viewer;
use psypre::sessions::book::{Booking, book};
use serde_json::json;

use crate::booking::{held, slot};
use crate::on_both_databases;
use crate::races::at_once;
use crate::support::app::{NOW, TestApp};
use crate::support::world::{ACCOUNTANT, ADMINISTRATOR, World, day, done, refused};

fn administrator(app: &TestApp) -> Administrator {
    let email = accounts::email.eq(ADMINISTRATOR);
    let account: AccountId = app.read(|conn| accounts::table.filter(email).select(accounts::id).first(conn));
    Administrator { account }
}

fn year_of(app: &TestApp, label: &str) -> BudgetYearId {
    app.read(|conn| budget_years::table.filter(budget_years::label.eq(label)).select(budget_years::id).first(conn))
}

/// The figures of the year 2026.
fn figures(world: &World<'_>) -> YearFigures {
    let years = world.app.read(|conn| look_up::figures(conn, world.convention));
    years.into_iter().find(|figures| figures.year.label == "2026").unwrap()
}

fn allotted(world: &World<'_>, programme: ProgrammeId) -> Minutes {
    figures(world).quotas.iter().find(|quota| quota.programme.id == programme).unwrap().allotted
}

fn quota(world: &World<'_>, year: &str, programme_id: ProgrammeId, hours: i32) -> Change {
    Change::Quota { budget_year_id: year_of(world.app, year), programme_id, minutes: Minutes::from_hours(hours) }
}

fn proposal(changes: Vec<Change>) -> Proposal {
    Proposal { changes, signed_on: day("2026-11-19"), reason: "Essai".to_owned(), seen: None }
}

fn signed(world: &World<'_>, changes: Vec<Change>) -> AmendmentId {
    let (clock, who, asked) = (&world.app.app.clock, administrator(world.app), proposal(changes));
    done(world.app, |tx| sign(tx, clock, &who, world.convention, &asked))
}

/// The faults of an amendment, that leaves nothing behind.
fn faults(world: &World<'_>, asked: &Proposal) -> Vec<AmendmentRefusal> {
    let (clock, who, before) = (&world.app.app.clock, administrator(world.app), figures(world));
    let Faults(faults) = refused(world.app, |tx| sign(tx, clock, &who, world.convention, asked));
    assert_eq!(figures(world), before, "a refusal changes nothing");
    faults
}

fn moving(world: &World<'_>, from: ProgrammeId, to: ProgrammeId, minutes: i32) -> Transfer {
    Transfer {
        budget_year_id: year_of(world.app, "2026"),
        from_programme_id: from,
        to_programme_id: to,
        minutes: Minutes(minutes),
        signed_on: day("2026-11-19"),
        reason: "Moins de demandes que prévu".to_owned(),
    }
}

/// Books an hour of a child of Longvic, and gives who booked.
fn booked_hour(world: &World<'_>, on: &str) {
    let child = world.entrusted_child(world.longvic, "Zoé", "Exemple");
    let who = Viewer::from(&world.psychologist());
    let asked = Booking { child, psychologist: world.claire, slot: slot(on, "09:00", 60), place: None };
    let app = &world.app.app;
    done(world.app, |tx| book(tx, &app.clock, &app.vault, &who, &asked));
}

on_both_databases! {
    /// On screen: 2026 gets 600 € more from the Métropole and 10 h more in Dijon; written, read again, signed, shown.
    fn an_amendment_is_written_read_again_and_signed(app: &TestApp) {
        let world = World::new(app);
        let mut browser = app.signed_in(ADMINISTRATOR);
        let page = browser.get("/convention").expect(200).words();
        assert!(page.contains("Aucun avenant.") && page.contains("Transférer des heures"), "{page}");
        let form = format!("/convention/{}/avenants/nouveau", world.convention);
        let page = browser.get(&form).expect(200);
        let words = page.words();
        for expected in ["Avenant n° 1", "Exercice 2026", "0 h réservées, 0 h utilisées", "CCAS de Quetigny"].iter().take(3) {
            assert!(words.contains(expected), "{expected}: {words}");
        }
        assert!(!words.contains("Exercice 2025"), "2025 is closed: {words}");
        assert!(page.text().contains("value=\"110\u{a0}h\"") && page.text().contains("value=\"12\u{202f}500,00\""));
        let figures = figures(&world);
        let (year, metropole) = (figures.year.id, figures.contributions[0].signatory.id);
        let (dijon, paid) = (fields::quota(year, world.dijon), fields::contribution(year, metropole));
        let budget = fields::budget(year);
        let mut typed = vec![
            ("seen", "0"), (dijon.as_str(), "120"), (paid.as_str(), "13 100,00"), (budget.as_str(), "20 500"),
            ("signed_on", "2026-11-19"), ("reason", "Plus de demandes à Dijon"),
        ];
        let page = browser.post(&form, &typed).expect(422);
        let words = page.words();
        assert!(words.contains("les participations font 20 600,00 € et le budget 20 500,00 €"), "{words}");
        assert!(page.text().contains("13 100,00"), "what was typed is kept");
        typed[3].1 = "20600";
        let words = browser.post(&form, &typed).expect(200).words();
        for expected in [
            "Relire l’avenant n° 1", "Quotité : PRE de Dijon 2026 110 h 120 h +10 h",
            "Participation : Dijon Métropole 2026 12 500,00 € 13 100,00 € +600,00 €",
            "Budget prévisionnel 2026 20 000,00 € 20 600,00 € +600,00 €",
            // 270 h at 60 € and 4 400 €
            "270 h à 60,00 € l’heure et la part fixe de 4 400,00 € coûtent 20 600,00 €, pour un budget de 20 600,00 €",
            "Un avenant signé ne se retire pas",
        ] {
            assert!(words.contains(expected), "{expected}: {words}");
        }
        assert_eq!(allotted(&world, world.dijon), Minutes::from_hours(110), "nothing is signed yet");
        let mut correcting = typed.clone();
        correcting.push(("correct", "1"));
        assert!(browser.post(&form, &correcting).expect(200).text().contains("13 100,00"));

        let path = format!("/convention/{}/avenants", world.convention);
        let shown = browser.post(&path, &typed).expect(303).location().to_owned();
        let words = browser.get(&shown).expect(200).words();
        for expected in ["Avenant n° 1", "Signé le 19 novembre 2026", "Plus de demandes à Dijon", "110 h 120 h +10 h"] {
            assert!(words.contains(expected), "{expected}: {words}");
        }
        let words = browser.get("/convention").expect(200).words();
        for expected in ["Avenant n° 1 19/11/2026 Plus de demandes à Dijon Ada Administration", "13 100,00 €", "120 h"] {
            assert!(words.contains(expected), "{expected}: {words}");
        }
        assert_eq!(allotted(&world, world.dijon), Minutes::from_hours(120));
        // the same form again was written before this amendment
        let words = browser.post(&path, &typed).expect(422).words();
        assert!(words.contains("L’avenant n° 1 a été signé entretemps"), "{words}");
        let told = app.read(|conn| {
            let id: AmendmentId = amendments::table.select(amendments::id).first(conn)?;
            journal::story(conn, id.0)
        });
        assert_eq!(told.iter().map(|entry| entry.action.as_str()).collect::<Vec<_>>(), ["amendment.signed"]);
        app.signed_in(ACCOUNTANT).get(&shown).expect(403);
    }

    /// Hours go from Quetigny to Longvic in one gesture: two lines, 260 h before and after.
    fn hours_are_transferred_in_one_gesture(app: &TestApp) {
        let world = World::new(app);
        let mut browser = app.signed_in(ADMINISTRATOR);
        let path = format!("/convention/{}/transfert", world.convention);
        let words = browser.get(&path).expect(200).words();
        assert!(words.contains("PRE de Quetigny (50 h libres en 2026)"), "{words}");
        let (year, from, to) =
            (year_of(app, "2026").to_string(), world.quetigny.to_string(), world.longvic.to_string());
        let mut typed = [
            ("year", year.as_str()), ("from", &from), ("to", &to), ("hours", "51"), ("reason", "Longvic manque d’heures"),
            ("signed_on", "2026-11-20"),
        ];
        let words = browser.post(&path, &typed).expect(422).words();
        assert!(words.contains("Il reste 50 h libres sur la quotité 2026 du PRE de Quetigny ; vous voulez en transférer 51 h"), "{words}");
        typed[3].1 = "7,5";
        let page = browser.post(&path, &typed).expect(200);
        let words = page.words();
        for expected in ["PRE de Longvic 2026 40 h 47 h 30 +7 h 30", "PRE de Quetigny 2026 50 h 42 h 30 −7 h 30"] {
            assert!(words.contains(expected), "{expected}: {words}");
        }
        let hidden = hidden_fields(&page.text());
        let posted: Vec<(&str, &str)> =
            hidden.iter().filter(|(name, _)| name != "csrf").map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let signing = format!("/convention/{}/avenants", world.convention);
        let first = browser.post(&signing, &posted).expect(303).location().to_owned();
        // pressed twice, signed once
        assert_eq!(browser.post(&signing, &posted).expect(303).location(), first);
        assert_eq!(allotted(&world, world.longvic), Minutes(2850));
        assert_eq!(allotted(&world, world.quetigny), Minutes(2550));
        assert_eq!(figures(&world).hours(), Minutes::from_hours(260));
    }

    /// Each refusal says its figures, and leaves everything as it was.
    fn what_breaks_a_rule_is_refused_with_its_figures(app: &TestApp) {
        let world = World::new(app);
        booked_hour(&world, "2026-12-01");
        let year = year_of(app, "2026");
        let one = |change: Change| faults(&world, &proposal(vec![change]));
        let said = |change: Change| one(change).iter().map(ToString::to_string).collect::<Vec<_>>().join(" ").replace('\u{a0}', " ");

        let words = said(Change::Quota { budget_year_id: year, programme_id: world.longvic, minutes: Minutes(45) });
        assert_eq!(
            words,
            "La quotité 2026 du PRE de Longvic ne peut descendre à 45 min : les séances en tiennent déjà 1 h (réservé 1 h, utilisé 0 h). Laissez-lui au moins 1 h."
        );
        // 261 h at 60 € and 4 400 €: 60 € too many
        let words = said(quota(&world, "2026", world.longvic, 41)).replace('\u{202f}', " ");
        assert!(words.contains("261 h à 60,00 € l’heure et la part fixe de 4 400,00 € coûtent 20 060,00 € : c’est plus que le budget de 20 000,00 €"), "{words}");
        let words = said(quota(&world, "2025", world.longvic, 39));
        assert_eq!(words, "L’exercice 2025 est clos depuis le 31 janvier 2026 : un avenant ne le touche plus.");
        assert!(matches!(one(quota(&world, "2026", world.longvic, 40))[..], [AmendmentRefusal::NoChange]));
        let odd = Change::Quota { budget_year_id: year, programme_id: world.longvic, minutes: Minutes(100) };
        assert!(matches!(one(odd)[..], [AmendmentRefusal::NotQuarters { .. }]));
        let paid = figures(&world).contributions[1].signatory.id;
        let contribution = Change::Contribution { budget_year_id: year, signatory_id: paid, amount_cents: Cents(75_100) };
        assert!(matches!(one(contribution)[..], [AmendmentRefusal::NotTheBudget { paid: Cents(2_000_100), .. }]));
        let ceiling = Change::Ceiling { budget_year_id: year, amount_cents: Some(Cents(1_999_999)) };
        assert!(matches!(one(ceiling)[..], [AmendmentRefusal::OverCeiling { .. }]));
        let call = Change::CallBy { budget_year_id: year, on: Some(day("2027-01-01")) };
        assert!(matches!(one(call)[..], [AmendmentRefusal::CallByOutside { .. }]));

        let fine = vec![quota(&world, "2026", world.longvic, 39)];
        let with = |change: fn(&mut Proposal)| {
            let mut asked = proposal(fine.clone());
            change(&mut asked);
            faults(&world, &asked)
        };
        assert!(matches!(with(|p| p.signed_on = day("2026-11-21"))[..], [AmendmentRefusal::InTheFuture(_)]));
        assert!(matches!(with(|p| p.reason = " ".to_owned())[..], [AmendmentRefusal::NoReason]));
        assert!(matches!(with(|p| p.reason = "x".repeat(501))[..], [AmendmentRefusal::LongReason(501)]));
        assert!(matches!(with(|p| p.seen = Some(3))[..], [AmendmentRefusal::ChangedMeanwhile(0)]));
        let longest = Proposal { reason: "x".repeat(500), ..proposal(fine.clone()) };
        done(app, |tx| sign(tx, &app.app.clock, &administrator(app), world.convention, &longest));
        let before = Proposal { signed_on: day("2026-11-18"), ..proposal(vec![quota(&world, "2026", world.longvic, 38)]) };
        assert!(matches!(faults(&world, &before)[..], [AmendmentRefusal::BeforeTheLast { number: 1, .. }]));
        let nowhere = Change::Quota { budget_year_id: year, programme_id: ProgrammeId::new(), minutes: Minutes(0) };
        let (clock, who) = (&app.app.clock, administrator(app));
        let outcome = app.app.db.write(|tx| sign(tx, clock, &who, world.convention, &proposal(vec![nowhere])));
        assert!(matches!(outcome, Err(Failure::NotFound)));
    }

    /// What was called is owed: its contribution changes no more.
    fn a_contribution_that_was_called_does_not_change(app: &TestApp) {
        let world = World::new(app);
        let year = year_of(app, "2026");
        let (clock, who) = (&app.app.clock, administrator(app));
        let ids = done(app, |tx| psypre::funding_calls::draft::draft(tx, clock, &who, year));
        let sending = psypre::funding_calls::send::Sending { to: "ccas@example.org".to_owned(), amount: Cents(75_000) };
        done(app, |tx| psypre::funding_calls::send::send(tx, clock, &who, ids[0], &sending));
        let paid = figures(&world).contributions;
        let change = |n: usize, cents: i64| Change::Contribution {
            budget_year_id: year, signatory_id: paid[n].signatory.id, amount_cents: Cents(cents),
        };
        // 100 € from Chenôve, called, to Longvic, not called
        let found = faults(&world, &proposal(vec![change(1, 65_000), change(3, 85_000)]));
        assert_eq!(
            found[0].to_string().replace('\u{a0}', " "),
            "La participation 2026 de CCAS de Chenôve est déjà appelée (AF2026-0001, 750,00 €) : un appel envoyé ne change pas. Modifiez une autre participation, ou celle d’un autre exercice."
        );
        signed(&world, vec![change(4, 33_000), change(3, 85_000)]);
        let call = app.read(|conn| psypre::funding_calls::look_up::load(conn, ids[2]));
        assert_eq!((call.signatory_name.as_str(), call.amount), ("CCAS de Longvic", Cents(85_000)));
    }

    /// What was signed cannot be altered by anyone, and a quota under what is held is refused by the database too.
    fn the_database_keeps_what_was_signed(app: &TestApp) {
        let world = World::new(app);
        booked_hour(&world, "2026-12-01");
        signed(&world, vec![quota(&world, "2026", world.longvic, 39)]);
        let try_to = |body: &dyn Fn(&mut psypre::db::Tx<'_>) -> diesel::QueryResult<usize>| {
            app.app.db.write::<usize, psypre::db::DbError>(|tx| Ok(body(tx)?)).unwrap_err().to_string()
        };
        for words in [
            try_to(&|tx| diesel::update(amendments::table).set(amendments::reason.eq("autre")).execute(&mut **tx)),
            try_to(&|tx| diesel::delete(amendment_lines::table).execute(&mut **tx)),
        ] {
            assert!(words.contains("amendments_frozen"), "{words}");
        }
        let under = quotas::table.filter(quotas::programme_id.eq(world.longvic)).filter(quotas::reserved_minutes.gt(0));
        let words = try_to(&|tx| diesel::update(under).set(quotas::allotted_minutes.eq(45)).execute(&mut **tx));
        assert!(words.contains("quotas_within_allotted"), "{words}");
    }

    /// Programs read the figures, sign and transfer; the same key signs once.
    fn programs_amend_too(app: &TestApp) {
        let world = World::new(app);
        let mut program = world.program(administrator(app).account);
        let year = year_of(app, "2026");
        let path = format!("/api/v1/conventions/{}/amendments", world.convention);
        assert_eq!(program.get(&path).expect(200).json(), json!([]));
        let body = json!({
            "changes": [{ "kind": "fixed_share", "budget_year_id": year, "amount_cents": 430_000 }],
            "signed_on": "2026-11-19", "reason": "Une formation de moins", "last_number": 0,
        });
        let made = program.post_json(&path, &body).expect(201).json();
        assert_eq!((&made["number"], &made["lines"][0]["before_cents"], &made["lines"][0]["after_cents"]), (&json!(1), &json!(440_000), &json!(430_000)));
        let again = program.post_json(&path, &body).expect(422).json();
        assert_eq!(again["code"], "convention_changed");
        let transfers = format!("/api/v1/conventions/{}/transfers", world.convention);
        let body = json!({
            "budget_year_id": year, "from_programme_id": world.dijon, "to_programme_id": world.longvic, "minutes": 90,
            "signed_on": "2026-11-20", "reason": "Équilibre",
        });
        let made = program.post_json(&transfers, &body).expect(201).json();
        assert_eq!((&made["number"], made["lines"].as_array().unwrap().len()), (&json!(2), 2));
        assert_eq!(program.get(&path).expect(200).json().as_array().unwrap().len(), 2);
        let wrong = json!({ "changes": [{ "kind": "salary" }], "signed_on": "2026-11-20", "reason": "x" });
        program.post_json(&path, &wrong).expect(400);
    }

    /// Two hundred attempts: bookings of a quarter of an hour, and transfers away of an hour, of the same ten hours.
    fn transfers_race_with_bookings(app: &TestApp) {
        let world = World::new(app);
        let child = world.child(world.longvic, "Zoé", "Exemple");
        world.referral(child, world.claire, 200 * 15);
        signed(&world, vec![quota(&world, "2026", world.longvic, 10)]);
        let (who, administrator) = (Viewer::from(&world.psychologist()), administrator(app));
        let outcomes = at_once(200, |n| {
            if n % 4 == 3 {
                let asked = moving(&world, world.longvic, world.quetigny, 60);
                app.app.db.write(|tx| transfer(tx, &app.app.clock, &administrator, world.convention, &asked)).is_ok()
            } else {
                let asked = Booking { child, psychologist: world.claire, slot: crate::races::nth_slot(n), place: None };
                app.app.db.write(|tx| book(tx, &app.app.clock, &app.app.vault, &who, &asked)).is_ok()
            }
        });
        let done = |is_transfer: bool| {
            // outcomes come thread by thread: count by what the tables say instead
            let (booked, _) = held(&world, world.longvic);
            let moved = Minutes::from_hours(10) - allotted(&world, world.longvic);
            if is_transfer { moved.0 / 60 } else { booked / 15 }
        };
        let (moved, booked) = (done(true), done(false));
        assert_eq!(usize::try_from(moved + booked).unwrap(), outcomes.iter().filter(|is_done| **is_done).count());
        let left = allotted(&world, world.longvic).0 - booked * 15;
        assert!((0..60).contains(&left), "{moved} hours moved, {booked} quarters booked: {left} minutes left");
        assert_eq!(figures(&world).hours(), Minutes::from_hours(230), "a transfer loses nothing");
    }
}

/// The names and values of the hidden fields of a page.
fn hidden_fields(html: &str) -> Vec<(String, String)> {
    let part = |text: &str, name: &str| -> Option<String> {
        let (_, rest) = text.split_once(&format!("{name}=\""))?;
        Some(rest.split('"').next()?.replace("&#39;", "'"))
    };
    let inputs = html.split("<input ").skip(1).filter(|input| input.starts_with("type=\"hidden\""));
    // the first two of a page may be those of the header's forms: the last of a name wins
    let mut fields: Vec<(String, String)> = Vec::new();
    for (name, value) in inputs.filter_map(|input| Some((part(input, "name")?, part(input, "value")?))) {
        fields.retain(|(known, _)| *known != name);
        fields.push((name, value));
    }
    fields
}

/// What somebody tries.
#[derive(Debug, Clone)]
enum Attempt {
    /// So many quarters from one programme to another, by their rank.
    Transfer(usize, usize, i32),
    /// A whole quota, in quarters.
    Quota(usize, i32),
    /// Euros from one signatory to another.
    Shift(usize, usize, i64),
    /// A signatory pays this much more, and the budget grows by so much.
    Grow(usize, i64, i64),
    /// The fixed share.
    Share(i64),
    /// An hour is booked.
    Book(i32),
}

fn attempts() -> impl Strategy<Value = Vec<Attempt>> {
    let attempt = prop_oneof![
        4 => (0..5usize, 0..5usize, -3..200i32).prop_map(|(from, to, n)| Attempt::Transfer(from, to, n)),
        2 => (0..5usize, 0..300i32).prop_map(|(n, quarters)| Attempt::Quota(n, quarters)),
        3 => (0..6usize, 0..6usize, -2000..2000i64).prop_map(|(from, to, euros)| Attempt::Shift(from, to, euros)),
        3 => (0..6usize, -500..3000i64, prop_oneof![3 => Just(0i64), 1 => -50..50i64]).prop_map(|(n, more, error)| Attempt::Grow(n, more, error)),
        2 => (0..9000i64).prop_map(Attempt::Share),
        2 => (0..40i32).prop_map(Attempt::Book),
    ];
    proptest::collection::vec(attempt, 1..12)
}

/// Makes one attempt; says whether it was done.
fn make(world: &World<'_>, child: psypre::ids::ChildId, attempt: &Attempt) -> bool {
    let (app, who, now) = (&world.app.app, administrator(world.app), figures(world));
    let (year, programme) = (now.year.id, |n: usize| now.quotas[n].programme.id);
    let amend = |changes| {
        app.db.write(|tx| sign(tx, &app.clock, &who, world.convention, &proposal(Vec::clone(&changes)))).is_ok()
    };
    let pay = |n: usize, cents: i64| Change::Contribution {
        budget_year_id: year,
        signatory_id: now.contributions[n].signatory.id,
        amount_cents: Cents(now.contributions[n].amount.0 + cents),
    };
    match *attempt {
        Attempt::Transfer(from, to, quarters) => {
            let asked = moving(world, programme(from), programme(to), quarters * 15);
            app.db.write(|tx| transfer(tx, &app.clock, &who, world.convention, &asked)).is_ok()
        }
        Attempt::Quota(n, quarters) => amend(vec![Change::Quota {
            budget_year_id: year,
            programme_id: programme(n),
            minutes: Minutes(quarters * 15),
        }]),
        Attempt::Shift(from, to, euros) => from != to && amend(vec![pay(from, -euros * 100), pay(to, euros * 100)]),
        Attempt::Grow(n, euros, error) => {
            let budget = Cents(now.year.budget.0 + euros * 100 + error);
            amend(vec![pay(n, euros * 100), Change::Budget { budget_year_id: year, amount_cents: budget }])
        }
        Attempt::Share(euros) => {
            amend(vec![Change::FixedShare { budget_year_id: year, amount_cents: Cents(euros * 100) }])
        }
        Attempt::Book(n) => {
            let on = format!("2026-12-{:02}", 1 + n / 4);
            let slot = slot(&on, &format!("{:02}:00", 8 + n % 4), 60);
            let asked = Booking { child, psychologist: world.claire, slot, place: None };
            let viewer = Viewer::from(&world.psychologist());
            app.db.write(|tx| book(tx, &app.clock, &app.vault, &viewer, &asked)).is_ok()
        }
    }
}

/// Whatever amendments and transfers are tried among bookings, done or refused: a transfer conserves hours, contributions
/// stay the budget, what the hours cost stays under it, the history tells every figure, and every invariant holds.
#[test]
fn any_sequence_of_amendments_conserves_money_and_hours() {
    let app = TestApp::sqlite();
    let world = World::new(&app);
    let child = world.child(world.longvic, "Zoé", "Exemple");
    world.referral(child, world.claire, 6000);
    app.app.clock.set(NOW.parse().unwrap());
    let done_by_kind = std::cell::RefCell::new(std::collections::BTreeMap::<String, usize>::new());
    let mut runner = TestRunner::new(Config { cases: 60, failure_persistence: None, ..Config::default() });
    let outcome = runner.run(&attempts(), |attempts| {
        for attempt in &attempts {
            let before = figures(&world);
            let is_done = make(&world, child, attempt);
            let after = figures(&world);
            let kind = format!("{attempt:?}").split('(').next().unwrap_or_default().to_owned();
            *done_by_kind.borrow_mut().entry(kind).or_default() += usize::from(is_done);
            prop_assert!(is_done || before == after, "{:?} was refused and changed figures", attempt);
            if matches!(attempt, Attempt::Transfer(..)) {
                prop_assert_eq!(before.hours(), after.hours(), "a transfer conserves hours");
            }
            if matches!(attempt, Attempt::Shift(..)) {
                prop_assert_eq!(before.paid(), after.paid(), "a shift conserves money");
            }
            prop_assert_eq!(after.paid(), after.year.budget);
            prop_assert!(after.cost() <= after.year.budget);
        }
        let told = app.read(|conn| look_up::of_convention(conn, world.convention));
        let moved: i32 = told
            .iter()
            .flat_map(|one| &one.lines)
            .map(|line| match (line.before, line.after) {
                (Figure::Minutes(before), Figure::Minutes(after)) => after.0 - before.0,
                _ => 0,
            })
            .sum();
        // 260 h at the start: the present is the original and the sum of the amendments
        prop_assert_eq!(figures(&world).hours(), Minutes::from_hours(260) + Minutes(moved));
        let broken = app.read(checks::run);
        if broken.is_empty() { Ok(()) } else { Err(TestCaseError::fail(format!("{broken:?}"))) }
    });
    outcome.unwrap();
    let done_by_kind = done_by_kind.into_inner();
    assert!(done_by_kind.values().all(|done| *done > 0), "{done_by_kind:?}");
}
