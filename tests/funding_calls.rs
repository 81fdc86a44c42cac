//! Calls for funds, from the convention's contributions to what is received: amounts and dates checked by hand.

use std::collections::BTreeMap;
use std::sync::Barrier;

use chrono::NaiveTime;
use diesel::prelude::*;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use psypre::accounts::Administrator;
use psypre::amendments::sign::sign;
use psypre::amendments::{Change, Proposal};
use psypre::calendar;
use psypre::failure::Failure;
use psypre::funding_calls::draft::draft;
use psypre::funding_calls::receive::{Payment, receive};
use psypre::funding_calls::reverse::{ReverseRefusal, reverse};
use psypre::funding_calls::send::{SendRefusal, Sending, content, send};
use psypre::funding_calls::{CallState, FundingCall, Treasurer, look_up};
use psypre::ids::{AccountId, BudgetYearId, FundingCallId, FundingReceiptId};
use psypre::mailer::Mailer;
use psypre::money::Cents;
use psypre::reminders;
use psypre::schema::{
    accounts, budget_years, funding_calls, funding_receipts, journal_entries, mail_attachments, mails,
};
use serde_json::json;

use crate::on_both_databases;
use crate::support::app::TestApp;
use crate::support::world::{ACCOUNTANT, ADMINISTRATOR, CHENOVE_COORDINATOR, World, day, done};

/// The contributions of the convention but the Métropole's, in its order.
const CALLED: [(&str, i64); 5] = [
    ("CCAS de Chenôve", 75_000),
    ("CCAS de Dijon", 482_000),
    ("CCAS de Longvic", 75_000),
    ("CCAS de Talant", 43_000),
    ("Ville de Quetigny", 75_000),
];

fn year_of(app: &TestApp, label: &str) -> BudgetYearId {
    app.read(|conn| budget_years::table.filter(budget_years::label.eq(label)).select(budget_years::id).first(conn))
}

fn account_of(app: &TestApp, email: &str) -> AccountId {
    app.read(|conn| accounts::table.filter(accounts::email.eq(email)).select(accounts::id).first(conn))
}

fn administrator(app: &TestApp) -> Administrator {
    Administrator { account: account_of(app, ADMINISTRATOR) }
}

fn calls(app: &TestApp, label: &str) -> Vec<FundingCall> {
    let year = year_of(app, label);
    app.read(|conn| look_up::of_year(conn, year))
}

fn at(app: &TestApp, on: &str) {
    let ten = NaiveTime::from_hms_opt(10, 0, 0).unwrap();
    app.app.clock.set(calendar::instant(day(on), ten).unwrap().utc());
}

/// Drafts and sends every call of a year to the address of the convention, on the day that the clock says.
fn sent(app: &TestApp, label: &str) -> Vec<FundingCall> {
    let (clock, who, year) = (&app.app.clock, administrator(app), year_of(app, label));
    for id in done(app, |tx| draft(tx, clock, &who, year)) {
        let call = app.read(|conn| look_up::load(conn, id));
        let sending = Sending { to: call.contact.unwrap(), amount: call.amount };
        done(app, |tx| send(tx, clock, &who, id, &sending));
    }
    calls(app, label)
}

/// Records a payment for the accountant.
fn paid(app: &TestApp, call: FundingCallId, on: &str, cents: i64) -> FundingReceiptId {
    let who = Treasurer { account: account_of(app, ACCOUNTANT) };
    let payment = Payment { on: day(on), amount: Cents(cents) };
    done(app, |tx| receive(tx, &app.app.clock, &who, call, payment))
}

on_both_databases! {
    /// One call for each signatory but the one that calls; Talant's says why it is 430 €.
    fn a_year_is_called_from_the_convention(app: &TestApp) {
        World::new(app);
        at(app, "2026-05-12");
        let mut browser = app.signed_in(ADMINISTRATOR);
        let page = browser.get("/appels-de-fonds").expect(200).words();
        assert!(page.contains("Aucun appel de fonds") && page.contains("Préparer 5 appels de fonds"), "{page}");
        let year = year_of(app, "2026").to_string();
        browser.post("/appels-de-fonds", &[("budget_year", &year)]).expect(303);
        let page = browser.get("/appels-de-fonds").expect(200).words();
        // 750 + 4 820 + 750 + 430 + 750
        assert!(page.contains("Total 7 500,00 €") && !page.contains("Préparer"), "{page}");
        assert!(page.contains("Dijon Métropole n’a pas d’appel"), "{page}");
        browser.post("/appels-de-fonds", &[("budget_year", &year)]).expect(422);
        let drafted = calls(app, "2026");
        let amounts: Vec<(&str, i64)> =
            drafted.iter().map(|call| (call.signatory_name.as_str(), call.amount.0)).collect();
        assert_eq!(amounts, CALLED);

        let talant = format!("/appels-de-fonds/{}", drafted[3].id);
        let page = browser.get(&talant).expect(200).words();
        for words in ["430,00 €", "rémunère lui-même une psychologue", "Envoyer l’appel (430,00 €)", "30 juin 2026"] {
            assert!(page.contains(words), "{words}: {page}");
        }
        let letter = browser.get(&format!("{talant}/lettre.pdf")).expect(200);
        assert!(letter.body.starts_with(b"%PDF-1.7"));
        let wrong = [("to", "pas une adresse"), ("amount", "430.00")];
        browser.post(&format!("{talant}/envoi"), &wrong).expect(422);
        let right = [("to", "finances@talant.example.org"), ("amount", "430.00")];
        assert_eq!(browser.post(&format!("{talant}/envoi"), &right).expect(303).location(), talant);
        browser.post(&format!("{talant}/envoi"), &right).expect(422);

        let call = &calls(app, "2026")[3];
        assert_eq!(call.number.as_deref(), Some("AF2026-0001"));
        assert_eq!((call.sent_on, call.due_on), (Some(day("2026-05-12")), Some(day("2026-06-30"))));
        let queued: (String, String, String) = app.read(|conn| {
            mails::table
                .inner_join(mail_attachments::table)
                .select((mails::recipient, mails::subject, mail_attachments::name))
                .first(conn)
        });
        let subject = "Appel de fonds AF2026-0001 : 430,00 € à verser avant le 30 juin 2026".to_owned();
        let file = "appel-de-fonds-AF2026-0001.pdf".to_owned();
        assert_eq!((queued.0, queued.1.replace('\u{a0}', " "), queued.2), ("finances@talant.example.org".to_owned(), subject, file));
        let told: Vec<String> = app.read(|conn| {
            journal_entries::table
                .filter(journal_entries::subject.eq("funding_call"))
                .select(journal_entries::action)
                .order(journal_entries::position)
                .load(conn)
        });
        assert_eq!(told.iter().filter(|action| *action == "funding_call.drafted").count(), 5);
        assert_eq!(told.iter().filter(|action| *action == "funding_call.sent").count(), 1);
        app.signed_in(CHENOVE_COORDINATOR).get("/appels-de-fonds").expect(403);
    }

    /// On adoption the convention names no day: thirty days. The letter leaves whole, attached to its mail.
    fn the_letter_leaves_with_its_mail(app: &TestApp) {
        World::new(app);
        at(app, "2024-02-01");
        let all = sent(app, "2024");
        assert!(all.iter().all(|call| call.due_on == Some(day("2024-03-02"))));
        let mut mailer = Mailer::new(&app.app.config).unwrap();
        let round = mailer.drain(&app.app.db, &app.app.clock, &|| false).unwrap();
        assert_eq!(round.accepted, 5);
        let folder = std::fs::read_dir(app.folder().join("mails")).unwrap();
        let eml: Vec<String> = folder.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap()).collect();
        assert_eq!(eml.len(), 5);
        let of_year = app.read(|conn| content(conn, &all[0], None, day("2024-02-01")));
        assert_eq!((of_year.year.as_str(), of_year.until), ("2024", day("2024-12-31")));
        for (call, letter) in all.iter().map(|call| {
            (call, app.app.db.read(|conn| look_up::letter(conn, call.id, day("2024-02-01"))).unwrap())
        }) {
            let mail = eml.iter().find(|mail| mail.contains(&letter.name)).unwrap();
            let encoded: String = {
                let after = &mail[mail.find("Content-Type: application/pdf").unwrap()..];
                let body = &after[after.find("\r\n\r\n").unwrap()..after.find("\r\n--psypre").unwrap()];
                body.split_whitespace().collect()
            };
            use base64::Engine;
            let sent = base64::engine::general_purpose::STANDARD.decode(encoded).unwrap();
            assert!(sent == letter.bytes, "{:?}", call.number);
        }
    }

    /// Payments come in parts, never more than what is owed; then nothing is left to record.
    fn what_is_received_is_counted(app: &TestApp) {
        let world = World::new(app);
        at(app, "2026-05-12");
        let dijon = sent(app, "2026")[1].clone();
        at(app, "2026-06-15");
        let path = format!("/appels-de-fonds/{}", dijon.id);
        let mut browser = app.signed_in(ACCOUNTANT);
        let mut pay = |on: &str, amount: &str, status: u16| {
            browser.post(&format!("{path}/versements"), &[("received_on", on), ("amount", amount)]).expect(status).words()
        };
        assert!(pay("2026-05-11", "100", 422).contains("envoyé le 12 mai 2026"));
        assert!(pay("2026-06-16", "100", 422).contains("dans le futur"));
        assert!(pay("2026-06-10", "0", 422).contains("plus grand que zéro"));
        assert!(pay("2026-06-10", "4 820,01", 422).contains("Il reste 4 820,00 € à recevoir"));
        pay("2026-06-10", "4 000,50", 303);
        assert!(pay("2026-06-12", "820", 422).contains("Il reste 819,50 € à recevoir"));
        pay("2026-06-12", "819,50", 303);
        assert!(pay("2026-06-12", "1", 422).contains("déjà reçu en entier"));
        let page = app.signed_in(ADMINISTRATOR).get("/appels-de-fonds").expect(200).words();
        // 7 500 called, 4 820 received
        assert!(page.contains("7 500,00 € 4 820,00 € 2 680,00 €"), "{page}");

        let mut program = world.program(account_of(app, ACCOUNTANT));
        let all = program.get("/api/v1/funding-calls").expect(200).json();
        let of = |name: &str| all.as_array().unwrap().iter().find(|call| call["signatory"] == name).unwrap().clone();
        assert_eq!((&of("CCAS de Dijon")["state"], &of("CCAS de Dijon")["owed_cents"]), (&json!("received"), &json!(0)));
        let longvic = of("CCAS de Longvic");
        let receipts = format!("/api/v1/funding-calls/{}/receipts", longvic["id"].as_str().unwrap());
        let body = json!({ "received_on": "2026-06-14", "amount_cents": 25_000 });
        let after = program.post_json(&receipts, &body).expect(200).json();
        assert_eq!((&after["state"], &after["owed_cents"]), (&json!("sent"), &json!(50_000)));
        let refused = program.post_json(&receipts, &json!({ "received_on": "2026-06-14", "amount_cents": 50_001 }));
        assert_eq!(refused.expect(422).json()["code"], "more_than_owed");
    }

    /// It stays in the story of the call with its reason, and counts no more; a closed year keeps its payments.
    fn a_payment_recorded_by_mistake_is_taken_back(app: &TestApp) {
        let world = World::new(app);
        at(app, "2026-05-12");
        let all = sent(app, "2026");
        let (dijon, talant) = (all[1].id, all[3].id);
        at(app, "2026-06-15");
        let mistaken = paid(app, dijon, "2026-06-10", 482_000);
        let right = paid(app, talant, "2026-06-10", 43_000);
        let mut browser = app.signed_in(ACCOUNTANT);
        let (path, reversal) = (format!("/appels-de-fonds/{dijon}"), format!("/appels-de-fonds/versements/{mistaken}/annulation"));
        assert!(browser.get(&path).expect(200).text().contains(&reversal));
        let asked = browser.get(&reversal).expect(200).words();
        assert!(asked.contains("Versement de 4 820,00 € reçu le 10 juin 2026"), "{asked}");
        browser.post(&reversal, &[("reason", " ")]).expect(422);
        let mut reverse = |status| browser.post(&reversal, &[("reason", "Versé par le CCAS de Longvic")]).expect(status).words();
        reverse(303);
        assert!(reverse(422).contains("déjà annulé"));
        let page = browser.get(&path).expect(200).words();
        for words in ["Reste dû 4 820,00 €", "Annulé le", "Versé par le CCAS de Longvic", "Enregistrer un versement"] {
            assert!(page.contains(words), "{words}: {page}");
        }
        let year = year_of(app, "2026");
        let csv = browser.get(&format!("/appels-de-fonds/export?exercice={year}&format=csv")).expect(200).text();
        let line = csv.lines().find(|line| line.contains("CCAS de Dijon")).unwrap().to_owned();
        assert!(line.trim_end_matches('\r').ends_with("4820,00;0,00;4820,00;"), "{line}");
        let told: String = app.read(|conn| {
            journal_entries::table
                .filter(journal_entries::action.eq("funding_call.receipt_reversed"))
                .select(journal_entries::after.assume_not_null())
                .first(conn)
        });
        assert!(told.contains("Longvic") && told.contains("482000"), "{told}");
        let changed = app.app.db.write::<usize, psypre::db::DbError>(|tx| {
            Ok(diesel::delete(funding_receipts::table.find(mistaken)).execute(&mut **tx)?)
        });
        assert!(changed.unwrap_err().to_string().contains("funding_receipts_frozen"));

        let mut program = world.program(account_of(app, ACCOUNTANT));
        let listed = program.get(&format!("/api/v1/funding-calls/{dijon}/receipts")).expect(200).json();
        assert_eq!((&listed[0]["amount_cents"], &listed[0]["reversal"]["reason"]), (&json!(482_000), &json!("Versé par le CCAS de Longvic")));
        paid(app, dijon, "2026-06-15", 482_000);
        assert_eq!(app.read(|conn| look_up::load(conn, dijon)).state, CallState::Received);

        // the year 2026 closes with the sessions of December: at the end of January
        let address = format!("/api/v1/funding-receipts/{right}/reversal");
        let body = json!({ "reason": "x".repeat(500) });
        at(app, "2027-01-31");
        let mut program = world.program(account_of(app, ACCOUNTANT));
        let long = json!({ "reason": "x".repeat(501) });
        assert_eq!(program.post_json(&address, &long).expect(422).json()["code"], "reason_too_long");
        assert_eq!(program.post_json(&address, &json!({ "reason": " " })).expect(422).json()["code"], "reason_missing");
        at(app, "2027-02-01");
        assert_eq!(program.post_json(&address, &body).expect(422).json()["code"], "budget_year_closed");
        let page = app.signed_in(ADMINISTRATOR).get(&format!("/appels-de-fonds/{talant}")).expect(200).text();
        assert!(!page.contains("/annulation"), "{page}");
        at(app, "2027-01-31");
        let after = program.post_json(&address, &body).expect(200).json();
        assert_eq!((&after["state"], &after["owed_cents"]), (&json!("sent"), &json!(43_000)));
    }

    /// Whatever comes and is taken back, in any order and by several at once, the sums stay those of what counts.
    fn sums_stay_true_whatever_is_taken_back(app: &TestApp) {
        World::new(app);
        at(app, "2026-05-12");
        let call = sent(app, "2026")[1].clone();
        let (clock, who) = (&app.app.clock, Treasurer { account: account_of(app, ACCOUNTANT) });
        let counted = std::cell::RefCell::new(Vec::<(FundingReceiptId, i64)>::new());
        let gestures = proptest::collection::vec((proptest::bool::ANY, 1i64..400_000), 1..12);
        let mut runner = TestRunner::new(Config { cases: 12, failure_persistence: None, ..Config::default() });
        let outcome = runner.run(&gestures, |gestures| {
            let mut counted = counted.borrow_mut();
            for (comes, figure) in gestures {
                let owed = call.amount.0 - counted.iter().map(|one| one.1).sum::<i64>();
                if comes || counted.is_empty() {
                    let payment = Payment { on: day("2026-05-12"), amount: Cents(figure) };
                    let outcome = app.app.db.write(|tx| receive(tx, clock, &who, call.id, payment));
                    prop_assert_eq!(outcome.is_ok(), figure <= owed);
                    counted.extend(outcome.ok().map(|id| (id, figure)));
                } else {
                    let chosen = usize::try_from(figure).unwrap() % counted.len();
                    let (id, _) = counted.remove(chosen);
                    done(app, |tx| reverse(tx, clock, &who, id, "Une erreur"));
                    let again = app.app.db.write(|tx| reverse(tx, clock, &who, id, "Une erreur"));
                    prop_assert!(matches!(again, Err(Failure::Refused(ReverseRefusal::AlreadyReversed))));
                }
                let now = app.read(|conn| look_up::load(conn, call.id));
                let sum: i64 = counted.iter().map(|one| one.1).sum();
                prop_assert_eq!((now.received.0, now.owed().0), (sum, call.amount.0 - sum));
                prop_assert_eq!(now.state == CallState::Received, sum == call.amount.0);
            }
            Ok(())
        });
        outcome.unwrap();
        for (id, _) in counted.borrow().iter() {
            done(app, |tx| reverse(tx, clock, &who, *id, "Une erreur"));
        }
        let [first, second] = [1000, 2000].map(|cents| paid(app, call.id, "2026-05-12", cents));
        let start = Barrier::new(4);
        let taken: usize = std::thread::scope(|scope| {
            let press = || {
                start.wait();
                usize::from(app.app.db.write(|tx| reverse(tx, clock, &who, second, "Une erreur")).is_ok())
            };
            [(); 4].map(|()| scope.spawn(press)).into_iter().map(|hand| hand.join().unwrap()).sum()
        });
        let now = app.read(|conn| look_up::load(conn, call.id));
        assert_eq!((taken, now.received), (1, Cents(1000)), "{first:?}");
    }

    /// What is late is reminded of the day after, then every thirty days, until it is received.
    fn what_is_late_is_reminded_of(app: &TestApp) {
        World::new(app);
        at(app, "2026-05-12");
        sent(app, "2026");
        let chenove = calls(app, "2026")[0].id;
        at(app, "2026-06-20");
        let mut browser = app.signed_in(ACCOUNTANT);
        let path = format!("/appels-de-fonds/{chenove}/versements");
        browser.post(&path, &[("received_on", "2026-06-20"), ("amount", "750")]).expect(303);
        let reminded = |on: &str| -> i64 {
            at(app, on);
            reminders::run(&app.app.db, &app.app.clock).unwrap();
            app.read(|conn| mails::table.filter(mails::kind.eq("funding_call_overdue")).count().get_result(conn))
        };
        let told = ["2026-06-30", "2026-07-01", "2026-07-02", "2026-07-29", "2026-07-30", "2026-08-15"].map(reminded);
        assert_eq!(told, [0, 4, 4, 4, 8, 8]);
        let page = app.signed_in(ADMINISTRATOR).get("/appels-de-fonds").expect(200).words();
        // 4 820 + 750 + 430 + 750
        assert!(page.contains("4 appels ont dépassé leur date : 6 750,00 € restent"), "{page}");
    }

    /// A letter shown before an amendment is not sent after it; what was sent does not move.
    fn only_what_was_read_is_sent(app: &TestApp) {
        World::new(app);
        at(app, "2026-05-12");
        let (clock, who, year) = (&app.app.clock, administrator(app), year_of(app, "2026"));
        let ids = done(app, |tx| draft(tx, clock, &who, year));
        let amount = |id: FundingCallId| app.read(|conn| look_up::load(conn, id)).amount;
        let sending = |cents| Sending { to: "ccas@example.org".to_owned(), amount: Cents(cents) };
        done(app, |tx| send(tx, clock, &who, ids[0], &sending(75_000)));
        let (convention, signatory) = app.read(|conn| look_up::load(conn, ids[1]).map(|call| (call.convention, call.signatory)));
        let change = |signatory_id, cents| Change::Contribution {
            budget_year_id: year, signatory_id, amount_cents: Cents(cents),
        };
        let other = app.read(|conn| look_up::load(conn, ids[2])).signatory;
        let amendment = Proposal {
            changes: vec![change(signatory, 482_100), change(other, 74_900)],
            signed_on: day("2026-05-12"),
            reason: "Un euro de plus".to_owned(),
            seen: None,
        };
        done(app, |tx| sign(tx, clock, &who, convention, &amendment));
        assert_eq!((amount(ids[0]), amount(ids[1])), (Cents(75_000), Cents(482_100)));
        let stale = app.app.db.write(|tx| send(tx, clock, &who, ids[1], &sending(482_000)));
        assert!(matches!(stale, Err(Failure::Refused(SendRefusal::AmountChanged(Cents(482_100))))), "{stale:?}");
        done(app, |tx| send(tx, clock, &who, ids[1], &sending(482_100)));
        // the refusal took no number
        let numbers: Vec<Option<String>> = calls(app, "2026").into_iter().map(|call| call.number).collect();
        assert_eq!(numbers[..2], [Some("AF2026-0001".to_owned()), Some("AF2026-0002".to_owned())]);
        let moved = app.app.db.write::<usize, psypre::db::DbError>(|tx| {
            Ok(diesel::update(funding_calls::table.find(ids[0])).set(funding_calls::due_on.eq(day("2027-01-01"))).execute(&mut **tx)?)
        });
        assert!(moved.unwrap_err().to_string().contains("funding_calls_frozen"));
    }

    /// Five people send at once: five numbers, none twice and none missing; each call once.
    fn numbers_have_no_gap_under_concurrency(app: &TestApp) {
        World::new(app);
        at(app, "2026-05-12");
        let (clock, who, year) = (&app.app.clock, administrator(app), year_of(app, "2026"));
        let ids = done(app, |tx| draft(tx, clock, &who, year));
        let start = Barrier::new(10);
        std::thread::scope(|scope| {
            for id in ids.iter().chain(&ids) {
                let (start, who) = (&start, &who);
                scope.spawn(move || {
                    let amount = app.read(|conn| look_up::load(conn, *id)).amount;
                    let sending = Sending { to: "ccas@example.org".to_owned(), amount };
                    start.wait();
                    match app.app.db.write(|tx| send(tx, clock, who, *id, &sending)) {
                        Ok(()) | Err(Failure::Refused(SendRefusal::AlreadySent(_))) => {}
                        Err(other) => panic!("{other:?}"),
                    }
                });
            }
        });
        let numbers: BTreeMap<String, i64> =
            calls(app, "2026").into_iter().map(|call| (call.number.unwrap(), call.amount.0)).collect();
        let expected: Vec<String> = (1..=5).map(|n| format!("AF2026-{n:04}")).collect();
        assert_eq!(numbers.keys().cloned().collect::<Vec<_>>(), expected);
        let letters: i64 = app.read(|conn| mails::table.filter(mails::kind.eq("funding_call_sent")).count().get_result(conn));
        assert_eq!(letters, 5);
    }

    /// `psypre funding-calls`: on screen, or the accountants' file.
    fn the_command_lists_what_is_owed(app: &TestApp) {
        World::new(app);
        at(app, "2026-05-12");
        let all = sent(app, "2026");
        paid(app, all[1].id, "2026-05-12", 482_000);
        let (code, said, _) = app.command(&["funding-calls", "--year", "2026"]);
        assert_eq!(code, 0);
        for line in [
            "CCAS de Dijon AF2026-0002 reçu 30/06/2026 4 820,00 € 4 820,00 € 0,00 €",
            "CCAS de Talant AF2026-0004 en retard 30/06/2026 430,00 € 0,00 € 430,00 €",
            "Total 7 500,00 € 4 820,00 € 2 680,00 €",
        ] {
            assert!(said.contains(line), "{line}: {said}");
        }
        let file = app.folder().join("appels.csv");
        assert_eq!(app.command(&["funding-calls", "--year", "2026", "--csv", file.to_str().unwrap()]).0, 0);
        let csv = std::fs::read_to_string(&file).unwrap();
        assert!(csv.contains(";CCAS de Talant;AF2026-0004;Envoyé;12/05/2026;30/06/2026;430,00;0,00;430,00;"), "{csv}");
        let (code, said, complained) = app.command(&["funding-calls", "--year", "1999"]);
        assert!(code == 1 && said.is_empty() && complained.contains("« 1999 »"), "{complained}");
    }

    /// The accountants' file says the same cents, in French for a spreadsheet.
    fn accountants_take_the_calls_away(app: &TestApp) {
        World::new(app);
        at(app, "2026-05-12");
        sent(app, "2026");
        let year = year_of(app, "2026");
        let mut browser = app.signed_in(ACCOUNTANT);
        let csv = browser.get(&format!("/appels-de-fonds/export?exercice={year}&format=csv")).expect(200);
        assert_eq!(csv.header("content-disposition"), Some("attachment; filename=\"psypre-appels-de-fonds-2026.csv\""));
        let lines: Vec<String> = csv.text().lines().map(str::to_owned).collect();
        assert_eq!(lines.len(), 6);
        assert!(lines[0].ends_with("Participation;Reçu;Reste dû;Dernier versement le"), "{}", lines[0]);
        assert!(lines[4].contains(";CCAS de Talant;AF2026-0004;Envoyé;12/05/2026;30/06/2026;430,00;0,00;430,00;"), "{}", lines[4]);
        let xlsx = browser.get(&format!("/appels-de-fonds/export?exercice={year}&format=xlsx")).expect(200);
        assert!(xlsx.body.starts_with(b"PK"));
        browser.get(&format!("/appels-de-fonds/export?exercice={year}&format=zip")).expect(404);
        browser.get("/appels-de-fonds/export?exercice=2026&format=csv").expect(404);
    }
}

/// The letters pass veraPDF, those sent and drafts; `make test` names the judge.
#[test]
fn the_judges_accept_the_letters() {
    let Some(judge) = std::env::var_os("TEST_JUDGE") else {
        assert!(std::env::var_os("TEST_REQUIRE_ALL").is_none(), "TEST_JUDGE is not set: run scripts/setup test");
        return;
    };
    let app = TestApp::sqlite();
    World::new(&app);
    at(&app, "2026-05-12");
    let (who, year) = (administrator(&app), year_of(&app, "2025"));
    let drafted = done(&app, |tx| draft(tx, &app.app.clock, &who, year));
    let ids = sent(&app, "2026").into_iter().map(|call| call.id).chain(drafted.into_iter().take(1));
    let files: Vec<_> = ids
        .map(|id| {
            let letter = app.app.db.read(|conn| look_up::letter(conn, id, day("2026-05-12"))).unwrap();
            let path = app.folder().join(format!("{id}-{}", letter.name));
            std::fs::write(&path, &letter.bytes).unwrap();
            path
        })
        .collect();
    let judged = std::process::Command::new(&judge).args(["--pdf", "ua1,3a"]).args(&files).output().unwrap();
    assert!(judged.status.success(), "{}", String::from_utf8_lossy(&judged.stdout));
}
