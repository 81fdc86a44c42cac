//! Booking a session, by a psychologist or a coordinator, and each rule that refuses it.

use chrono::NaiveTime;
use diesel::prelude::*;
use psypre::conventions::Period;
use psypre::hours::Minutes;
use psypre::ids::{ChildId, SessionId};
use psypre::schema::{quotas, sessions};
use psypre::sessions::book::{Booking, book};
use psypre::sessions::cancel::cancel;
use psypre::sessions::{Slot, Viewer};

use crate::on_both_databases;
use crate::support::world::{CHENOVE_COORDINATOR, CLAIRE, World, day, done, refused};

/// A slot of a day.
pub fn slot(on: &str, time: &str, minutes: i32) -> Slot {
    let time = NaiveTime::parse_from_str(time, "%H:%M").unwrap();
    Slot::new(day(on), time, Minutes(minutes)).unwrap()
}

fn booking(world: &World, child: ChildId, slot: Slot) -> Booking {
    Booking { child, psychologist: world.claire, slot, place: None }
}

fn booked(world: &World, child: ChildId, slot: Slot) -> SessionId {
    let (who, clock, vault) = (Viewer::from(&world.psychologist()), &world.app.app.clock, &world.app.app.vault);
    done(world.app, |tx| book(tx, clock, vault, &who, &booking(world, child, slot)))
}

fn refusal(world: &World, child: ChildId, slot: Slot) -> String {
    let (who, clock, vault) = (Viewer::from(&world.psychologist()), &world.app.app.clock, &world.app.app.vault);
    refused(world.app, |tx| book(tx, clock, vault, &who, &booking(world, child, slot))).to_string()
}

/// What a programme's quota of 2026 holds: reserved, used.
pub fn held(world: &World, of: psypre::ids::ProgrammeId) -> (i32, i32) {
    use psypre::schema::budget_years;
    let figures: (Minutes, Minutes) = world.app.read(|conn| {
        quotas::table
            .inner_join(budget_years::table)
            .filter(quotas::programme_id.eq(of).and(budget_years::label.eq("2026")))
            .select((quotas::reserved_minutes, quotas::used_minutes))
            .first(conn)
    });
    (figures.0.0, figures.1.0)
}

/// Leaves so many minutes of a programme's quota of 2026.
pub fn leave(world: &World, of: psypre::ids::ProgrammeId, minutes: i32) {
    use psypre::schema::budget_years;
    world.app.write(|tx| {
        let year = budget_years::table.filter(budget_years::label.eq("2026")).select(budget_years::id);
        diesel::update(quotas::table.filter(quotas::programme_id.eq(of).and(quotas::budget_year_id.eq_any(year))))
            .set(quotas::allotted_minutes.eq(Minutes(minutes)))
            .execute(&mut **tx)
    });
}

on_both_databases! {
    /// From the form to the day's page; the minutes are reserved, and given back by a cancellation.
    fn a_psychologist_books_and_cancels(app: &TestApp) {
        let world = World::new(app);
        let child = world.entrusted_child(world.chenove, "Zoé", "Exemple");
        let mut browser = app.signed_in(CLAIRE);
        // entrusted from a day to come: December is planned in November
        let later = world.child(world.chenove, "Léo", "Futur");
        let december = psypre::conventions::Period { from: "2026-12-01".parse().unwrap(), until: "2026-12-31".parse().unwrap() };
        world.referral_for(later, world.claire, 600, december, Some("2026-11-02".parse().unwrap()));
        assert!(browser.get("/seances/reservation").expect(200).words().contains("Léo Futur"));
        assert!(browser.get("/seances/reservation").expect(200).words().contains("Zoé Exemple"));
        let pair = format!("{child}+{}", world.claire);
        let fields = [
            ("child", pair.as_str()), ("session_on", "2026-11-21"), ("starts_at", "14:30"), ("duration", "90m"),
            ("place", "Centre social"), ("idempotency_key", "01990000-0000-7000-8000-000000000001"),
        ];
        let first = browser.post("/seances/reservation", &fields).expect(303);
        let page = browser.get(first.location()).expect(200);
        assert!(page.words().contains("Le rendez-vous est pris : CHE-2026-0001, samedi 21 novembre de 14 h 30 à 16 h 00."));
        assert!(page.words().contains("Zoé Exemple"));
        assert_eq!(held(&world, world.chenove), (90, 0));
        // pressed twice, done once
        let again = browser.post("/seances/reservation", &fields).expect(303);
        assert_eq!(again.location(), first.location());
        assert_eq!(held(&world, world.chenove), (90, 0));
        assert!(browser.get("/").expect(200).words().contains("Demain, samedi 21 novembre 14 h 30 Zoé Exemple"));
        browser.post(&format!("{}/annulation", first.location()), &[]).expect(303);
        assert_eq!(held(&world, world.chenove), (0, 0));
    }

    /// A coordinator books for a child of theirs, and for no other programme's.
    fn a_coordinator_books_for_their_children(app: &TestApp) {
        let world = World::new(app);
        let (own, other) = (
            world.entrusted_child(world.chenove, "Zoé", "Exemple"),
            world.entrusted_child(world.dijon, "Léo", "Ailleurs"),
        );
        let mut browser = app.signed_in(CHENOVE_COORDINATOR);
        let words = browser.get("/seances/reservation").expect(200).words();
        assert!(words.contains("Zoé Exemple, avec Claire Essai") && !words.contains("Ailleurs"), "{words}");
        let mut ask = |child: ChildId| {
            let pair = format!("{child}+{}", world.claire);
            let fields =
                [("child", pair.as_str()), ("session_on", "2026-11-24"), ("starts_at", "9:00"), ("duration", "1 h")];
            browser.post("/seances/reservation", &fields).status
        };
        assert_eq!((ask(own), ask(other)), (303, 404));
    }

    /// What is left is said with its figures, and what was typed is kept.
    fn past_the_quota_what_is_left_is_said(app: &TestApp) {
        let world = World::new(app);
        let child = world.entrusted_child(world.longvic, "Zoé", "Exemple");
        leave(&world, world.longvic, 90);
        let sentence = "Il reste 1\u{a0}h\u{a0}30 sur la quotité 2026 du PRE de Longvic ; cette séance en demande 2\u{a0}h. Réduisez la durée ou demandez un avenant à la Métropole.";
        assert_eq!(refusal(&world, child, slot("2026-11-24", "09:00", 120)), sentence);
        let mut browser = app.signed_in(CLAIRE);
        let pair = format!("{child}+{}", world.claire);
        let fields = [("child", pair.as_str()), ("session_on", "2026-11-24"), ("starts_at", "09:15"), ("duration", "120m")];
        let page = browser.post("/seances/reservation", &fields).expect(422);
        assert!(page.words().contains("Il reste 1 h 30 sur la quotité 2026 du PRE de Longvic"), "{}", page.words());
        assert!(page.text().contains("value=\"09:15\""));
        booked(&world, child, slot("2026-11-24", "09:00", 90));
        assert_eq!(held(&world, world.longvic), (90, 0));
    }

    /// Talant pays its own psychologist: nothing can be booked on 0 h.
    fn a_quota_of_nothing_says_why(app: &TestApp) {
        let world = World::new(app);
        let child = world.entrusted_child(world.talant, "Zoé", "Exemple");
        let said = refusal(&world, child, slot("2026-11-24", "09:00", 60));
        assert!(said.starts_with("La quotité 2026 du PRE de Talant est de 0\u{a0}h"), "{said}");
    }

    /// Nobody is in two places at once; sessions may touch.
    fn two_sessions_never_overlap(app: &TestApp) {
        let world = World::new(app);
        let (zoe, leo) = (
            world.entrusted_child(world.chenove, "Zoé", "Exemple"),
            world.entrusted_child(world.chenove, "Léo", "Exemple"),
        );
        world.referral(zoe, world.denis, 600);
        booked(&world, zoe, slot("2026-11-24", "09:00", 60));
        let said = refusal(&world, leo, slot("2026-11-24", "09:45", 60));
        assert_eq!(said, "La psychologue a déjà une séance le mardi 24 novembre entre 9\u{a0}h\u{a0}45 et 10\u{a0}h\u{a0}45. Choisissez une autre heure.");
        let denis = Viewer { account: world.denis_account, scope: psypre::sessions::Scope::Psychologist(world.denis) };
        let asked = Booking { psychologist: world.denis, ..booking(&world, zoe, slot("2026-11-24", "08:30", 45)) };
        let said = refused(app, |tx| book(tx, &app.app.clock, &app.app.vault, &denis, &asked)).to_string();
        assert!(said.starts_with("L’enfant a déjà une séance le mardi 24 novembre"), "{said}");
        booked(&world, leo, slot("2026-11-24", "10:00", 60));
        assert_eq!(held(&world, world.chenove), (120, 0));
    }

    /// The past, the convention, the age, the referral: each refusal says its figures.
    fn each_rule_has_its_sentence(app: &TestApp) {
        let world = World::new(app);
        let zoe = world.entrusted_child(world.chenove, "Zoé", "Exemple");
        let said = refusal(&world, zoe, slot("2026-11-20", "09:00", 60));
        assert!(said.starts_with("Le vendredi 20 novembre à 9\u{a0}h\u{a0}00 est déjà passé."), "{said}");
        let said = refusal(&world, zoe, slot("2027-01-05", "09:00", 60));
        assert_eq!(said, "Aucune convention ne couvre le 5 janvier 2027 pour ce PRE. La dernière finit le 31 décembre 2026 : choisissez une date d’ici là.");
        let old = world.child_born(world.chenove, "Max", "Exemple", day("2009-12-01"));
        world.referral(old, world.claire, 600);
        booked(&world, old, slot("2026-11-30", "09:00", 60));
        let said = refusal(&world, old, slot("2026-12-01", "09:00", 60));
        assert!(said.contains("17 ans") && said.contains("2 à 16 ans"), "{said}");
        let short = world.child(world.chenove, "Ana", "Exemple");
        let until_november = Period { from: day("2026-11-01"), until: day("2026-11-27") };
        world.referral_for(short, world.claire, 60, until_november, Some(day("2026-11-01")));
        let said = refusal(&world, short, slot("2026-12-02", "09:00", 60));
        assert!(said.contains("du 01/11/2026 au 27/11/2026, pas le 02/12/2026"), "{said}");
        let said = refusal(&world, short, slot("2026-11-25", "09:00", 90));
        assert!(said.starts_with("Il reste 1\u{a0}h sur l’orientation de CHE-2026-0003"), "{said}");
        // a refusal of the referral leaves nothing on the quota
        assert_eq!(held(&world, world.chenove), (60, 0));
        let alone = world.child(world.chenove, "Tim", "Exemple");
        world.referral_for(alone, world.claire, 60, until_november, None);
        let said = refusal(&world, alone, slot("2026-11-25", "14:00", 60));
        assert!(said.starts_with("Aucun consentement n’est enregistré"), "{said}");
    }

    /// What is approved or invoiced is no longer cancelled; a coordinator does not cancel what was recorded.
    fn what_is_cancelled_gives_its_minutes_back_once(app: &TestApp) {
        let world = World::new(app);
        let child = world.entrusted_child(world.chenove, "Zoé", "Exemple");
        let id = booked(&world, child, slot("2026-11-24", "09:00", 60));
        let coordinator = Viewer::from(&world.coordinator(world.chenove));
        done(app, |tx| cancel(tx, &app.app.clock, &coordinator, id, None));
        assert_eq!(held(&world, world.chenove), (0, 0));
        let said = refused(app, |tx| cancel(tx, &app.app.clock, &coordinator, id, None)).to_string();
        assert!(said.starts_with("Cette séance est annulée : elle ne s’annule plus."), "{said}");
        assert_eq!(held(&world, world.chenove), (0, 0));
        let kept: i64 = app.read(|conn| sessions::table.count().get_result(conn));
        assert_eq!(kept, 1);
    }
}
