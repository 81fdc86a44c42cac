//! Who is told what, and when; and that no mail names a child.

use chrono::{NaiveDate, NaiveTime};
use diesel::prelude::*;
use psypre::accounts::{Accountant, Role};
use psypre::calendar::{self, Month};
use psypre::db::DbError;
use psypre::hours::Minutes;
use psypre::ids::{ChildId, InvoiceId, SessionId};
use psypre::invoices::issue::{self, Issuance, Order};
use psypre::invoices::{deposit, order_payment, pay, reject};
use psypre::outbox::Mail;
use psypre::reminders;
use psypre::schema::{accounts, mails, quotas};
use psypre::sessions::record::{self, Recording};
use psypre::sessions::{Attendance, Reason, Slot, approve, approve_many, refuse};

use crate::on_both_databases;
use crate::support::app::TestApp;
use crate::support::world::{
    ACCOUNTANT, ADMINISTRATOR, CHENOVE_COORDINATOR, CLAIRE, LONGVIC_COORDINATOR, World, day, done,
};

/// A first name and a last name that nothing else holds.
const FIRST: &str = "Zéphyrine";
const LAST: &str = "Quatremaille";

fn at(app: &TestApp, on: &str, hour: u32) {
    let time = NaiveTime::from_hms_opt(hour, 0, 0).unwrap();
    app.app.clock.set(calendar::instant(day(on), time).unwrap().utc());
}

fn record(world: &World<'_>, child: ChildId, on: &str, hour: u32, minutes: i32) -> SessionId {
    let slot = Slot::new(day(on), NaiveTime::from_hms_opt(hour, 0, 0).unwrap(), Minutes(minutes)).unwrap();
    let new = Recording { child, slot, attendance: Attendance::Held, place: None };
    let app = &world.app.app;
    done(world.app, |tx| record::record(tx, &app.clock, &app.vault, &world.psychologist(), &new))
}

/// The mails queued so far, each as its kind and its reader, sorted.
fn queued(app: &TestApp) -> Vec<(String, String)> {
    let mut all: Vec<_> = stored(app).into_iter().map(|mail| (mail.kind, mail.recipient)).collect();
    all.sort();
    all
}

fn stored(app: &TestApp) -> Vec<Mail> {
    app.read(|conn| mails::table.order(mails::id).load(conn))
}

fn forget(app: &TestApp) {
    app.write(|tx| diesel::delete(mails::table).execute(&mut **tx));
}

fn remind(app: &TestApp) {
    reminders::run(&app.app.db, &app.app.clock).unwrap();
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut pairs: Vec<_> = expected.iter().map(|(kind, to)| ((*kind).to_owned(), (*to).to_owned())).collect();
    pairs.sort();
    pairs
}

fn issue_october(world: &World<'_>) -> InvoiceId {
    let who = world.psychologist();
    let order = Order { month: Month::of(day("2026-10-01")), convention: world.convention, seen: None };
    done(world.app, |tx| issue::issue(tx, &world.app.app.clock, Issuance::Own(&who), order))
}

on_both_databases! {
    /// Coordinators are told once a day of what waits, from seven in the morning; or of each session at once.
    fn coordinators_choose_when_they_are_told(app: &TestApp) {
        let world = World::new(app);
        let child = world.entrusted_child(world.longvic, FIRST, LAST);
        let other = world.entrusted_child(world.chenove, FIRST, LAST);
        app.write(|tx| {
            diesel::update(accounts::table.filter(accounts::email.eq(CHENOVE_COORDINATOR)))
                .set(accounts::told_at_once.eq(true))
                .execute(&mut **tx)
        });
        forget(app);
        record(&world, child, "2026-11-17", 9, 60);
        record(&world, child, "2026-11-18", 9, 45);
        assert_eq!(queued(app), []);
        record(&world, other, "2026-11-19", 9, 45);
        assert_eq!(queued(app), pairs(&[("session_recorded", CHENOVE_COORDINATOR)]));
        forget(app);
        at(app, "2026-11-21", 6);
        remind(app);
        assert_eq!(queued(app), []);
        at(app, "2026-11-21", 7);
        // two instances, each several times
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| (0..3).for_each(|_| remind(app)));
            }
        });
        assert_eq!(queued(app), pairs(&[("sessions_to_approve", LONGVIC_COORDINATOR)]));
        let digest = &stored(app)[0];
        assert_eq!(digest.subject, "2 séances à valider");
        assert!(digest.text_body.contains("PRE de Longvic"), "{}", digest.text_body);
        at(app, "2026-11-22", 7);
        remind(app);
        assert_eq!(queued(app).len(), 2, "a new day, a new mail");
    }

    /// Decisions reach the psychologist: a refusal at once, approvals given together in one mail; nothing undone does.
    fn decisions_reach_the_psychologist(app: &TestApp) {
        let world = World::new(app);
        let child = world.entrusted_child(world.longvic, FIRST, LAST);
        let who = world.coordinator(world.longvic);
        let clock = &app.app.clock;
        let ids: Vec<_> = [9, 11, 14, 16].into_iter().map(|hour| record(&world, child, "2026-11-17", hour, 60)).collect();
        forget(app);
        let undone = app.app.db.write::<(), DbError>(|tx| {
            approve_many::approve_many(tx, clock, &who, &ids).map_err(|_| diesel::result::Error::NotFound)?;
            Err(diesel::result::Error::RollbackTransaction.into())
        });
        assert!(undone.is_err());
        assert_eq!(queued(app), []);
        done(app, |tx| approve_many::approve_many(tx, clock, &who, &ids[..3]));
        assert_eq!(queued(app), pairs(&[("sessions_approved", CLAIRE)]));
        assert_eq!(stored(app)[0].subject, "3 séances validées : 3 h");
        let reason = Reason::new(&format!("La séance de {FIRST} {LAST} a duré 45 minutes.")).unwrap();
        done(app, |tx| refuse::refuse(tx, clock, &who, ids[3], &reason));
        assert_eq!(queued(app).len(), 2);
        // asked again, nothing changes and nobody is told
        done(app, |tx| approve::approve(tx, clock, &who, ids[0]));
        done(app, |tx| approve_many::approve_many(tx, clock, &who, &ids[..3]));
        assert_eq!(queued(app), pairs(&[("session_refused", CLAIRE), ("sessions_approved", CLAIRE)]));
        nobody_is_named(app);
    }

    /// Each threshold of a quota is told once, to the coordinators of the programme and to the administrators.
    fn a_quota_tells_each_threshold_once(app: &TestApp) {
        let world = World::new(app);
        let child = world.child(world.longvic, FIRST, LAST);
        world.referral(child, world.claire, 2400);
        app.write(|tx| {
            diesel::update(quotas::table.filter(quotas::programme_id.eq(world.longvic)))
                .set(quotas::allotted_minutes.eq(300))
                .execute(&mut **tx)
        });
        forget(app);
        let told = || -> Vec<String> { stored(app).into_iter().map(|mail| mail.subject).collect() };
        record(&world, child, "2026-11-16", 8, 225);
        assert_eq!(told(), [] as [&str; 0], "75 %");
        record(&world, child, "2026-11-16", 13, 15);
        let eighty = "Quotité 2026 du PRE de Longvic : 80 % atteints";
        assert_eq!(told(), [eighty; 2]);
        assert_eq!(
            queued(app),
            pairs(&[("quota_reached", ADMINISTRATOR), ("quota_reached", LONGVIC_COORDINATOR)])
        );
        let last = record(&world, child, "2026-11-16", 14, 60);
        let whole = "Quotité 2026 du PRE de Longvic : 100 % atteints";
        assert_eq!(told(), [eighty, eighty, whole, whole]);
        // given back and taken again: it was told
        let who = world.coordinator(world.longvic);
        let reason = Reason::new("Durée à revoir.").unwrap();
        done(app, |tx| refuse::refuse(tx, &app.app.clock, &who, last, &reason));
        record(&world, child, "2026-11-16", 15, 60);
        assert_eq!(told().len(), 5, "one more mail, of the refusal");
        nobody_is_named(app);
    }

    /// An invoice tells the accountants what to do and the psychologist what was done.
    fn an_invoice_tells_its_story(app: &TestApp) {
        let world = World::new(app);
        let child = world.entrusted_child(world.longvic, FIRST, LAST);
        let id = record(&world, child, "2026-10-13", 9, 60);
        done(app, |tx| approve::approve(tx, &app.app.clock, &world.coordinator(world.longvic), id));
        forget(app);
        let invoice = issue_october(&world);
        assert_eq!(queued(app), pairs(&[("invoice_issued", ACCOUNTANT), ("invoice_issued", CLAIRE)]));
        nobody_is_named(app);
        forget(app);
        let account = app.read(|conn| {
            accounts::table.filter(accounts::email.eq(ACCOUNTANT)).select(accounts::id).first(conn)
        });
        let who = Accountant { account };
        let clock = &app.app.clock;
        let today = clock.today();
        done(app, |tx| deposit::deposit(tx, clock, &who, invoice, today));
        done(app, |tx| order_payment::order_payment(tx, clock, &who, invoice, today));
        assert_eq!(queued(app), []);
        done(app, |tx| pay::pay(tx, clock, &who, invoice, today));
        assert_eq!(queued(app), pairs(&[("invoice_paid", CLAIRE)]));
    }

    /// A rejected invoice reaches the psychologist with its reason.
    fn a_rejection_says_why(app: &TestApp) {
        let world = World::new(app);
        let child = world.entrusted_child(world.longvic, FIRST, LAST);
        let id = record(&world, child, "2026-10-13", 9, 60);
        done(app, |tx| approve::approve(tx, &app.app.clock, &world.coordinator(world.longvic), id));
        let invoice = issue_october(&world);
        forget(app);
        let account = app.account("autre.compta@example.org", "Autre Comptabilité", &[(Role::Accountant, None)]);
        done(app, |tx| reject::reject(tx, &app.app.clock, &Accountant { account }, invoice, "Le service manque."));
        assert_eq!(queued(app), pairs(&[("invoice_rejected", CLAIRE)]));
        assert!(stored(app)[0].text_body.contains("Le service manque."));
    }

    /// Whoever has something left to do in a month is told when it ends, and three days before it closes.
    fn a_month_that_ends_is_told_of(app: &TestApp) {
        let world = World::new(app);
        let child = world.entrusted_child(world.longvic, FIRST, LAST);
        let id = record(&world, child, "2026-10-13", 9, 60);
        forget(app);
        let closing = || -> Vec<(String, String)> {
            queued(app).into_iter().filter(|(kind, _)| kind == "month_closing").collect()
        };
        at(app, "2026-11-26", 8);
        remind(app);
        assert_eq!(closing(), []);
        for on in ["2026-11-27", "2026-11-28", "2026-11-28"] {
            at(app, on, 8);
            remind(app);
            assert_eq!(closing(), pairs(&[("month_closing", CLAIRE), ("month_closing", LONGVIC_COORDINATOR)]));
        }
        nobody_is_named(app);
        forget(app);
        done(app, |tx| approve::approve(tx, &app.app.clock, &world.coordinator(world.longvic), id));
        at(app, "2026-11-29", 8);
        remind(app);
        assert_eq!(closing(), [], "nothing is left to do");
    }
}

/// No queued mail holds a name of the child, and each fits: a short subject on one line, one link, a text readable alone.
fn nobody_is_named(app: &TestApp) {
    let all = stored(app);
    assert!(!all.is_empty());
    for mail in all {
        for text in [&mail.subject, &mail.text_body, &mail.html_body] {
            let folded = text.to_lowercase();
            for name in ["zéphyrine", "zephyrine", "quatremaille"] {
                assert!(!folded.contains(name), "{text}");
            }
        }
        assert!(mail.subject.chars().count() <= 100 && !mail.subject.contains(char::is_control), "{}", mail.subject);
        assert_eq!(mail.text_body.matches("psypre:/").count() - usize::from(mail.text_body.contains("/mon-compte")), 1);
        assert!(!mail.text_body.contains('<') && !mail.text_body.contains("\n\n\n"), "{}", mail.text_body);
    }
}

/// The words of every message, as they are read. With `MAIL_PREVIEWS=folder`, their HTML is left there to be looked at.
#[test]
fn every_message_reads_well() {
    use psypre::ids::{AccountId, QuotaId};
    use psypre::mails::*;
    use psypre::money::Cents;
    let (account, recipient) = (AccountId(uuid::Uuid::nil()), "qui@example.org".to_owned());
    let (invoice, session) = (InvoiceId(uuid::Uuid::nil()), SessionId(uuid::Uuid::nil()));
    let (reference, programme) = ("LON-2026-0007".to_owned(), "PRE de Longvic".to_owned());
    let (number, month) = ("F2026-0003".to_owned(), Month::of(day("2026-10-01")));
    let (on, duration): (NaiveDate, _) = (day("2026-11-17"), Minutes(60));
    let waiting = |programme: &str, sessions| Waiting { programme: programme.to_owned(), sessions, oldest: on };
    let approved = |reference: &str| ApprovedSession { reference: reference.to_owned(), on, duration };
    let quota = |held, percent, is_administrator| QuotaReached {
        recipient: recipient.clone(),
        account,
        quota: QuotaId(uuid::Uuid::nil()),
        programme: programme.clone(),
        year: "2026".to_owned(),
        percent,
        held: Minutes(held),
        allotted: Minutes(2400),
        is_administrator,
    };
    let unused =
        |closes_at| AccountUnused { recipient: recipient.clone(), name: "Camille Essai".to_owned(), closes_at };
    let issued = |is_own| InvoiceIssued {
        recipient: recipient.clone(),
        invoice,
        number: number.clone(),
        month,
        gross: Cents(132_000),
        issuer: "Claire Essai".to_owned(),
        is_own,
    };
    let closing = |reader, is_last_call, counts: (i64, i64, i64)| MonthClosing {
        recipient: recipient.clone(),
        account,
        reader,
        month,
        until: day("2026-11-30"),
        is_last_call,
        to_record: counts.0,
        to_correct: counts.1,
        to_approve: counts.2,
    };
    let ended = |is_substitute| SubstitutionEnded {
        recipient: recipient.clone(),
        is_substitute,
        substitute: "David Coordination".to_owned(),
        in_place_of: "Lina Coordination".to_owned(),
        programme: programme.clone(),
        days: "du 23 novembre 2026 au 4 décembre 2026".to_owned(),
    };
    let messages = [
        SessionsToApprove {
            recipient: recipient.clone(),
            account,
            on,
            programmes: vec![waiting("PRE de Longvic", 11), waiting("PRE de Chenôve", 1)],
        }
        .message(),
        SessionRecorded {
            recipient: recipient.clone(),
            psychologist: "Claire Essai".to_owned(),
            reference: reference.clone(),
            programme: programme.clone(),
            on,
            duration,
        }
        .message(),
        SessionRefused {
            recipient: recipient.clone(),
            session,
            reference: reference.clone(),
            programme: programme.clone(),
            on,
            duration,
        }
        .message(),
        SessionsApproved {
            recipient: recipient.clone(),
            sessions: vec![approved("LON-2026-0007"), approved("LON-2026-0009")],
        }
        .message(),
        quota(1920, 80, false).message(),
        quota(2400, 100, true).message(),
        QuotaRunsOut {
            recipient: recipient.clone(),
            account,
            quota: QuotaId(uuid::Uuid::nil()),
            programme: programme.clone(),
            year: "2026".to_owned(),
            pace: Minutes(135),
            weeks: 8,
            week: day("2026-12-14"),
            missing: Minutes(260),
            remaining: Minutes(600),
            is_administrator: false,
        }
        .message(),
        FundingCallSent {
            recipient: recipient.clone(),
            number: "AF2026-0004".to_owned(),
            year: "2026".to_owned(),
            signatory: "CCAS de Talant".to_owned(),
            amount: Cents(43_000),
            due_on: day("2026-06-30"),
            caller: "Dijon Métropole".to_owned(),
            convention: "Convention 2024-2026".to_owned(),
        }
        .message(),
        FundingCallOverdue {
            recipient: recipient.clone(),
            call: psypre::ids::FundingCallId(uuid::Uuid::nil()),
            rank: 0,
            number: "AF2026-0002".to_owned(),
            year: "2026".to_owned(),
            signatory: "CCAS de Dijon".to_owned(),
            owed: Cents(82_000),
            received: Cents(400_000),
            due_on: day("2026-06-30"),
        }
        .message(),
        issued(true).message(),
        issued(false).message(),
        InvoiceRejected {
            recipient: recipient.clone(),
            invoice,
            number: number.clone(),
            reason: "Le numéro d’engagement manque.".to_owned(),
        }
        .message(),
        InvoicePaid { recipient: recipient.clone(), invoice, number: number.clone(), month, gross: Cents(132_000), on }
            .message(),
        closing(Reader::Psychologist, true, (2, 1, 3)).message(),
        closing(Reader::Coordinator, false, (0, 0, 1)).message(),
        SubstitutionNamed {
            recipient: recipient.clone(),
            in_place_of: "Lina Coordination".to_owned(),
            programme: programme.clone(),
            days: "du 23 novembre 2026 au 4 décembre 2026".to_owned(),
        }
        .message(),
        ServiceRecorded {
            recipient: recipient.clone(),
            service: psypre::ids::ServiceId(uuid::Uuid::nil()),
            provider: "Claire Essai".to_owned(),
            kind: "Analyse de la pratique",
            on,
            duration,
            gross: Cents(7200),
        }
        .message(),
        ServiceRefused {
            recipient: recipient.clone(),
            service: psypre::ids::ServiceId(uuid::Uuid::nil()),
            kind: "Formation",
            on,
            duration,
        }
        .message(),
        ServicesApproved {
            recipient: recipient.clone(),
            services: vec![
                ApprovedService { kind: "Analyse de la pratique", on, duration, gross: Cents(6000) },
                ApprovedService { kind: "Formation", on, duration: Minutes(210), gross: Cents(25_200) },
            ],
        }
        .message(),
        ended(true).message(),
        ended(false).message(),
        RetentionNotice {
            recipient: recipient.clone(),
            account,
            on,
            lines: vec![
                ("LON-2024-0007".to_owned(), day("2026-12-20")),
                ("LON-2024-0009".to_owned(), day("2027-01-04")),
            ],
        }
        .message(),
        RetentionReport {
            recipient: recipient.clone(),
            key: "essai".to_owned(),
            on,
            references: vec!["LON-2024-0007".to_owned()],
        }
        .message(),
        ProConnectChanged {
            recipient: recipient.clone(),
            identity: Some("qui@agents.example".to_owned()),
            is_linked: true,
        }
        .message(),
        ProConnectChanged { recipient: recipient.clone(), identity: None, is_linked: false }.message(),
        unused(Some(psypre::sql_types::Ts::new(calendar::instant(on, NaiveTime::MIN).unwrap().utc()))).message(),
        unused(None).message(),
    ];
    let mut words = String::new();
    for message in messages {
        let message = message.unwrap();
        assert!(message.subject.chars().count() <= 100, "{}", message.subject);
        words += &format!("=== {}\n{}\n---\n{}\n\n", message.kind, message.subject, message.text);
        if let Some(folder) = std::env::var_os("MAIL_PREVIEWS") {
            let name = format!("{}.html", message.kind);
            std::fs::write(std::path::Path::new(&folder).join(name), message.html).unwrap();
        }
    }
    insta::assert_snapshot!(words);
}
