//! Planning: series with their conflicts, moving and cancelling alone or with what follows, undoing, freed places.

use chrono::{NaiveDate, NaiveTime};
use diesel::prelude::*;
use psypre::conventions::Period;
use psypre::hours::Minutes;
use psypre::ids::{ChildId, ReferralId, SessionId};
use psypre::openings::create;
use psypre::schema::{mails, quotas, sessions};
use psypre::sessions::book::{Booking, book};
use psypre::sessions::book_many::{Chosen, Foreseen, Plan, Wish, book_many, foresee};
use psypre::sessions::cancel::{cancel, cancel_with_following};
use psypre::sessions::freed::{take, waiting};
use psypre::sessions::recurrence::{Repeat, Rhythm, Stop};
use psypre::sessions::reschedule::{Move, reschedule};
use psypre::sessions::restore::restore;
use psypre::sessions::want_earlier::want_earlier;
use psypre::sessions::{Phase, Slot, Viewer, look_up, warnings};

use crate::booking::{held, leave, slot};
use crate::on_both_databases;
use crate::support::app::TestApp;
use crate::support::world::{CHENOVE_COORDINATOR, CLAIRE, World, day, done, refused};

fn own(world: &World) -> Viewer {
    Viewer::from(&world.psychologist())
}

fn chosen(slots: &[Slot]) -> Vec<Chosen> {
    slots.iter().map(|slot| Chosen { slot: *slot, although_unusual: false }).collect()
}

fn plan(world: &World, child: ChildId, slots: &[Slot]) -> Plan {
    Plan { child, psychologist: world.claire, place: None, chosen: chosen(slots), request: None }
}

/// Books at these times with the first psychologist, as one series.
fn booked(world: &World, child: ChildId, slots: &[Slot]) -> Vec<SessionId> {
    let (app, who, plan) = (world.app, own(world), plan(world, child, slots));
    done(app, |tx| book_many(tx, &app.app.clock, &app.app.vault, &who, &plan))
}

/// Tuesdays at two in the afternoon, an hour each.
fn tuesdays(days: &[&str]) -> Vec<Slot> {
    days.iter().map(|on| slot(on, "14:00", 60)).collect()
}

fn foreseen(world: &World, child: ChildId, time: &str, minutes: i32, days: &[&str]) -> Vec<Foreseen> {
    let time = NaiveTime::parse_from_str(time, "%H:%M").unwrap();
    let days: Vec<NaiveDate> = days.iter().map(|on| day(on)).collect();
    let wish = Wish { child, psychologist: world.claire, time, duration: Minutes(minutes), days };
    let (app, who) = (world.app, own(world));
    app.app.db.rehearse(|tx| foresee(tx, &app.app.clock, &app.app.vault, &who, &wish)).unwrap()
}

fn times(world: &World, ids: &[SessionId]) -> Vec<String> {
    let listed = world.app.read(|conn| look_up::load_many(conn, &own(world).scope, ids));
    listed.iter().map(|row| format!("{} {}", row.session.slot.on, row.session.slot.start_time())).collect()
}

fn to(slot: Slot, with_following: bool) -> Move {
    Move { slot, place: None, with_following, although_unusual: false }
}

fn how_many(app: &TestApp, phase: Phase) -> i64 {
    app.read(|conn| sessions::table.filter(sessions::state.eq(phase)).count().get_result(conn))
}

fn subjects(app: &TestApp) -> Vec<(String, String)> {
    app.read(|conn| {
        mails::table
            .filter(mails::kind.eq("bookings_changed"))
            .order(mails::id)
            .select((mails::recipient, mails::subject))
            .load(conn)
    })
}

on_both_databases! {
    /// Each conflict of a series is said with its figures and what can be booked instead; looking writes nothing.
    fn each_day_of_a_series_is_looked_at(app: &TestApp) {
        let world = World::new(app);
        let (zoe, leo) = (
            world.child(world.chenove, "Zoé", "Exemple"),
            world.entrusted_child(world.chenove, "Léo", "Exemple"),
        );
        let until_christmas = Period { from: day("2026-11-01"), until: day("2026-12-20") };
        world.referral_for(zoe, world.claire, 150, until_christmas, Some(day("2026-11-01")));
        booked(&world, leo, &[slot("2026-12-01", "14:30", 60)]);
        let before = held(&world, world.chenove);
        let days = ["2026-11-24", "2026-12-01", "2026-12-08", "2026-12-15", "2026-12-22", "2027-01-05"];
        let seen = foreseen(&world, zoe, "14:00", 60, &days);
        let reasons: Vec<String> =
            seen.iter().map(|day| day.refusal.as_ref().map(ToString::to_string).unwrap_or_default()).collect();
        assert_eq!((reasons[0].as_str(), reasons[2].as_str()), ("", ""));
        assert!(reasons[1].starts_with("La psychologue a déjà une séance le mardi 1er décembre"), "{}", reasons[1]);
        assert_eq!(seen[1].instead.unwrap().start_time(), NaiveTime::from_hms_opt(13, 30, 0).unwrap());
        assert!(!seen[1].instead_is_unusual && seen[3].instead.is_none(), "no other time has more left");
        // two hours are held by those before it, of two and a half
        assert!(reasons[3].starts_with("Il reste 30\u{a0}min sur l’orientation"), "{}", reasons[3]);
        assert!(reasons[4].contains("du 01/11/2026 au 20/12/2026, pas le 22/12/2026"), "{}", reasons[4]);
        assert_eq!(seen[4].warnings.len(), 1);
        assert!(seen[4].warnings[0].to_string().contains("vacances scolaires"), "{:?}", seen[4].warnings);
        assert!(reasons[5].starts_with("Aucune convention ne couvre le 5 janvier 2027"), "{}", reasons[5]);
        assert_eq!((held(&world, world.chenove), how_many(app, Phase::Booked)), (before, 1));
    }

    /// All or none: one day that cannot be leaves nothing of the others, and is named.
    fn a_series_is_booked_whole_or_not_at_all(app: &TestApp) {
        let world = World::new(app);
        let child = world.entrusted_child(world.longvic, "Zoé", "Exemple");
        leave(&world, world.longvic, 150);
        let asked = tuesdays(&["2026-11-24", "2026-12-01", "2026-12-08"]);
        let (who, three) = (own(&world), plan(&world, child, &asked));
        let said = refused(app, |tx| book_many(tx, &app.app.clock, &app.app.vault, &who, &three)).to_string();
        assert_eq!(said, "Rien n’est enregistré\u{a0}: 1 sur 3 ne conviennent pas. Le mardi 8 décembre\u{a0}: Il reste 30\u{a0}min sur la quotité 2026 du PRE de Longvic ; cette séance en demande 1\u{a0}h. Réduisez la durée ou demandez un avenant à la Métropole.");
        assert_eq!((held(&world, world.longvic), how_many(app, Phase::Booked)), ((0, 0), 0));
        let ids = booked(&world, child, &asked[..2]);
        assert_eq!((ids.len(), held(&world, world.longvic)), (2, (120, 0)));
        let series: Vec<Option<psypre::ids::SeriesId>> = app.read(|conn| sessions::table.select(sessions::series_id).load(conn));
        assert!(series[0].is_some() && series[0] == series[1], "{series:?}");
    }

    /// A holiday is said, and booked once it is insisted on; the days off may be passed over.
    fn holidays_are_said_and_may_be_insisted_on(app: &TestApp) {
        let world = World::new(app);
        let child = world.entrusted_child(world.chenove, "Zoé", "Exemple");
        let (who, mut asked) = (own(&world), plan(&world, child, &tuesdays(&["2026-12-22"])));
        let said = refused(app, |tx| book_many(tx, &app.app.clock, &app.app.vault, &who, &asked)).to_string();
        assert!(said.starts_with("Le mardi 22 décembre est pendant les vacances scolaires (Vacances de Noël"), "{said}");
        asked.chosen[0].although_unusual = true;
        done(app, |tx| book_many(tx, &app.app.clock, &app.app.vault, &who, &asked));
        let unusual = app.read(warnings::holidays);
        let weekly = |stop| Repeat { rhythm: Rhythm::Weekly, stop, skips_days_off: true };
        let dates = unusual.days(day("2026-12-01"), &weekly(Stop::Holidays(Some(8)))).unwrap();
        assert_eq!(dates.kept, ["2026-12-01", "2026-12-08", "2026-12-15"].map(day));
        let dates = unusual.days(day("2026-12-11"), &weekly(Stop::Times(3))).unwrap();
        assert_eq!(dates.kept, ["2026-12-11", "2026-12-18", "2027-01-08"].map(day));
        assert_eq!(dates.skipped, ["2026-12-25", "2027-01-01"].map(day));
    }

    /// A psychologist who says when they receive is warned outside of it, and proposed the nearest place in it.
    fn outside_the_openings_is_said_with_the_nearest_place(app: &TestApp) {
        let world = World::new(app);
        let child = world.entrusted_child(world.chenove, "Zoé", "Exemple");
        let (psychologist, tuesdays) = (world.psychologist(), crate::openings::tuesdays());
        done(app, |tx| create::create(tx, &app.app.clock, &psychologist, &tuesdays));
        let seen = foreseen(&world, child, "17:30", 60, &["2026-11-24", "2026-11-26"]);
        assert_eq!(seen[0].warnings[0].to_string(), "Le mardi 24 novembre de 17\u{a0}h\u{a0}30 à 18\u{a0}h\u{a0}30 est hors des permanences de la psychologue.");
        assert_eq!(seen[0].instead.map(Slot::start_time), NaiveTime::from_hms_opt(16, 0, 0));
        assert_eq!(seen[1].warnings.len(), 1);
        assert!(foreseen(&world, child, "14:00", 60, &["2026-11-24"])[0].warnings.is_empty());
        let who = own(&world);
        let mut asked = plan(&world, child, &[slot("2026-11-24", "17:30", 60)]);
        let said = refused(app, |tx| book_many(tx, &app.app.clock, &app.app.vault, &who, &asked)).to_string();
        assert!(said.contains("hors des permanences"), "{said}");
        asked.chosen[0].although_unusual = true;
        done(app, |tx| book_many(tx, &app.app.clock, &app.app.vault, &who, &asked));
    }

    /// From the form to the list of days, the choice, and the series; what cannot be is not kept.
    fn a_series_is_booked_from_the_page(app: &TestApp) {
        let world = World::new(app);
        let (zoe, leo) = (
            world.entrusted_child(world.chenove, "Zoé", "Exemple"),
            world.entrusted_child(world.chenove, "Léo", "Exemple"),
        );
        booked(&world, leo, &[slot("2026-12-01", "14:00", 60)]);
        let mut browser = app.signed_in(CHENOVE_COORDINATOR);
        let pair = format!("{zoe}+{}", world.claire);
        let asked = [
            ("child", pair.as_str()), ("session_on", "2026-11-24"), ("starts_at", "14:00"), ("duration", "60m"),
            ("rhythm", "weekly"), ("stop", "times"), ("times", "5"),
        ];
        let page = browser.post("/seances/reservation", &asked).expect(200);
        let words = page.words();
        assert!(words.contains("4 dates conviennent , 1 ne convient pas") || words.contains("4 dates conviennent, 1 ne convient pas"), "{words}");
        assert!(words.contains("Prendre à la place mardi 1er décembre à 13 h 00"), "{words}");
        assert!(words.contains("Vacances de Noël") && words.contains("Cochez pour le prendre quand même."), "{words}");
        assert!(page.text().contains("value=\"2026-12-22T14:00!\" data-row-choice>"), "{}", page.text());
        assert_eq!(how_many(app, Phase::Booked), 1);
        let choose = |slots: &[&'static str]| {
            let mut fields = asked.to_vec();
            fields.push(("step", "book"));
            fields.extend(slots.iter().map(|slot| ("slot", *slot)));
            fields
        };
        let none = browser.post("/seances/reservation", &choose(&[])).expect(422);
        assert!(none.words().contains("Choisissez au moins un rendez-vous."), "{}", none.words());
        let page = browser.post("/seances/reservation", &choose(&["2026-11-24T14:00", "2026-12-01T14:00"])).expect(422);
        assert!(page.words().contains("Rien n’est enregistré : 1 sur 2 ne conviennent pas."), "{}", page.words());
        let chosen = choose(&["2026-11-24T14:00", "2026-12-01T13:00", "2026-12-22T14:00!"]);
        let sent = browser.post("/seances/reservation", &chosen).expect(303);
        let page = browser.get(sent.location()).expect(200);
        assert!(page.words().contains("3 rendez-vous sont pris. Le premier : CHE-2026-0001, mardi 24 novembre de 14 h 00 à 15 h 00."), "{}", page.words());
        assert!(page.words().contains("2 rendez-vous suivent"), "{}", page.words());
        assert_eq!((held(&world, world.chenove), how_many(app, Phase::Booked)), ((240, 0), 4));
        // undone at once
        browser.post(&format!("{}/annulation/suite", sent.location()), &[]).expect(303);
        assert_eq!((held(&world, world.chenove), how_many(app, Phase::Booked)), ((60, 0), 1));
    }

    /// One session alone: what stands against it is said beside it, with the nearest place, taken in one press.
    fn one_that_cannot_be_says_where_there_is_room(app: &TestApp) {
        let world = World::new(app);
        let child = world.entrusted_child(world.chenove, "Zoé", "Exemple");
        booked(&world, child, &[slot("2026-11-24", "14:00", 60)]);
        let mut browser = app.signed_in(CLAIRE);
        let pair = format!("{child}+{}", world.claire);
        let asked = [("child", pair.as_str()), ("session_on", "2026-11-24"), ("starts_at", "14:30"), ("duration", "60m")];
        let page = browser.post("/seances/reservation", &asked).expect(422);
        assert!(page.words().contains("La place libre la plus proche commence à 15 h 00"), "{}", page.words());
        let with_place = [asked.as_slice(), &[("instead", "15:00")]].concat();
        browser.post("/seances/reservation", &with_place).expect(303);
        let day_off = [("child", pair.as_str()), ("session_on", "2026-12-25"), ("starts_at", "14:00"), ("duration", "60m")];
        let page = browser.post("/seances/reservation", &day_off).expect(422);
        assert!(page.words().contains("Le vendredi 25 décembre est férié (Noël)."), "{}", page.words());
        assert!(page.text().contains("name=\"although_unusual\""));
        browser.post("/seances/reservation", &[day_off.as_slice(), &[("although_unusual", "oui")]].concat()).expect(303);
        // an agenda's free place fills the form
        let page = browser.get(&format!("/seances/reservation?jour=2026-12-02&heure=09:15&enfant={child}%2B{}", world.claire)).expect(200);
        assert!(page.text().contains("value=\"2026-12-02\"") && page.text().contains("value=\"09:15\""));
    }

    /// What moves takes its minutes with it; it and those that follow move together, or none does.
    fn a_session_moves_alone_or_with_those_that_follow(app: &TestApp) {
        let world = World::new(app);
        let child = world.entrusted_child(world.chenove, "Zoé", "Exemple");
        let ids = booked(&world, child, &tuesdays(&["2026-11-24", "2026-12-01", "2026-12-08"]));
        let who = own(&world);
        let moved = |id, to: &Move| done(app, |tx| reschedule(tx, &app.app.clock, &app.app.vault, &who, id, to));
        // a week later, onto the places of each other
        assert_eq!(moved(ids[1], &to(slot("2026-12-08", "14:00", 90), true)).len(), 2);
        assert_eq!(times(&world, &ids), ["2026-11-24 14:00:00", "2026-12-08 14:00:00", "2026-12-15 14:00:00"]);
        assert_eq!(held(&world, world.chenove), (60 + 90 + 90, 0));
        // a week earlier again, alone then together
        assert_eq!(moved(ids[1], &to(slot("2026-12-01", "14:00", 90), true)).len(), 2);
        moved(ids[0], &to(slot("2026-11-24", "14:15", 60), false));
        assert_eq!(times(&world, &ids), ["2026-11-24 14:15:00", "2026-12-01 14:00:00", "2026-12-08 14:00:00"]);
        // the third would be in the holidays: none moves
        let asked = to(slot("2026-12-15", "14:00", 90), true);
        let said = refused(app, |tx| reschedule(tx, &app.app.clock, &app.app.vault, &who, ids[1], &asked)).to_string();
        assert!(said.starts_with("Rien n’est enregistré\u{a0}: 1 sur 2 ne conviennent pas. Le mardi 22 décembre"), "{said}");
        assert_eq!(times(&world, &ids[1..]), ["2026-12-01 14:00:00", "2026-12-08 14:00:00"]);
        let past = to(slot("2026-11-19", "14:00", 60), false);
        let said = refused(app, |tx| reschedule(tx, &app.app.clock, &app.app.vault, &who, ids[0], &past)).to_string();
        assert!(said.contains("est déjà passé"), "{said}");
        done(app, |tx| cancel(tx, &app.app.clock, &who, ids[2], None));
        let said = refused(app, |tx| reschedule(tx, &app.app.clock, &app.app.vault, &who, ids[2], &past)).to_string();
        assert_eq!(said, "Cette séance est annulée : seul un rendez-vous se déplace.");
    }

    /// A budget year need not be a calendar year: the minutes go to the quota of the year of the day, both ways.
    fn minutes_follow_a_session_from_one_year_to_the_next(app: &TestApp) {
        use psypre::schema::{budget_years, referrals};
        let world = World::new(app);
        let child = world.entrusted_child(world.chenove, "Zoé", "Exemple");
        app.write(|tx| diesel::update(referrals::table).set(referrals::ends_on.eq(day("2027-11-30"))).execute(&mut **tx));
        next_year_begins(&world, "2026-12-01");
        let reserved = || -> Vec<i32> {
            app.read(|conn| {
                quotas::table
                    .inner_join(budget_years::table)
                    .filter(quotas::programme_id.eq(world.chenove).and(budget_years::label.eq_any(["2026", "2027"])))
                    .order(budget_years::label)
                    .select(quotas::reserved_minutes)
                    .load::<Minutes>(conn)
            })
            .into_iter()
            .map(|minutes| minutes.0)
            .collect()
        };
        let who = own(&world);
        let ids = booked(&world, child, &tuesdays(&["2026-11-24", "2026-12-01"]));
        assert_eq!(reserved(), [60, 60]);
        let move_to = |id, at: Slot, all| reschedule_now(app, &who, id, &Move { although_unusual: true, ..to(at, all) });
        // from one year to the other and back
        move_to(ids[0], slot("2026-12-31", "14:00", 60), false).unwrap();
        assert_eq!(reserved(), [0, 120]);
        move_to(ids[0], slot("2027-01-01", "14:00", 60), false).unwrap();
        assert_eq!(reserved(), [0, 120]);
        move_to(ids[0], slot("2026-11-24", "14:00", 60), false).unwrap();
        assert_eq!(reserved(), [60, 60]);
        // both a week later: an hour and a half each is too much for what the new year has
        let said = move_to(ids[0], slot("2026-12-01", "14:00", 90), true).unwrap_err();
        assert!(said.contains("Il reste 1\u{a0}h sur la quotité 2027 du PRE de Chenôve"), "{said}");
        assert_eq!(reserved(), [60, 60]);
        move_to(ids[0], slot("2026-12-01", "14:00", 75), true).unwrap();
        assert_eq!(reserved(), [0, 150]);
        // 29 February does not exist in 2027: the series goes from 22 February to 1 March
        let later = [slot("2027-02-22", "09:00", 15), slot("2027-03-01", "09:00", 15)];
        done(app, |tx| cancel_with_following(tx, &app.app.clock, &who, ids[0], None));
        let asked = Plan { chosen: later.map(|slot| Chosen { slot, although_unusual: true }).to_vec(), ..plan(&world, child, &[]) };
        done(app, |tx| book_many(tx, &app.app.clock, &app.app.vault, &who, &asked));
        assert_eq!(reserved(), [0, 30]);
        back_to_2026(app, &world);
    }

    /// It and those that follow are cancelled together, and restored together while their places are free.
    fn what_follows_is_cancelled_and_restored_together(app: &TestApp) {
        let world = World::new(app);
        let child = world.entrusted_child(world.chenove, "Zoé", "Exemple");
        let ids = booked(&world, child, &tuesdays(&["2026-11-24", "2026-12-01", "2026-12-08", "2026-12-15"]));
        let who = own(&world);
        done(app, |tx| cancel(tx, &app.app.clock, &who, ids[3], None));
        app.app.clock.advance(chrono::TimeDelta::minutes(5));
        let cancelled = done(app, |tx| cancel_with_following(tx, &app.app.clock, &who, ids[1], None));
        assert_eq!((cancelled, held(&world, world.chenove)), (ids[1..3].to_vec(), (60, 0)));
        let restored = done(app, |tx| restore(tx, &app.app.clock, &app.app.vault, &who, ids[2]));
        // the one cancelled before, alone, stays so
        assert_eq!((restored, held(&world, world.chenove)), (ids[1..3].to_vec(), (180, 0)));
        let said = refused(app, |tx| restore(tx, &app.app.clock, &app.app.vault, &who, ids[2])).to_string();
        assert_eq!(said, "Cette séance n’est qu’un rendez-vous : seul un rendez-vous annulé se rétablit.");
        done(app, |tx| cancel_with_following(tx, &app.app.clock, &who, ids[1], None));
        booked(&world, child, &tuesdays(&["2026-12-08"]));
        let said = refused(app, |tx| restore(tx, &app.app.clock, &app.app.vault, &who, ids[1])).to_string();
        assert!(said.starts_with("Rien n’est enregistré\u{a0}: 1 sur 2 ne conviennent pas. Le mardi 8 décembre\u{a0}: L"), "{said}");
        assert!(said.contains("a déjà une séance le mardi 8 décembre"), "{said}");
        assert_eq!(held(&world, world.chenove), (120, 0));
    }

    /// Whoever did not do it is told by mail, once for the whole series, by reference.
    fn who_did_not_do_it_is_told_once(app: &TestApp) {
        let world = World::new(app);
        let child = world.entrusted_child(world.chenove, "Zoé", "Exemple");
        let coordinator = Viewer::from(&world.coordinator(world.chenove));
        let asked = plan(&world, child, &tuesdays(&["2026-11-24", "2026-12-01"]));
        let ids = done(app, |tx| book_many(tx, &app.app.clock, &app.app.vault, &coordinator, &asked));
        done(app, |tx| reschedule(tx, &app.app.clock, &app.app.vault, &coordinator, ids[0], &to(slot("2026-11-25", "14:00", 60), false)));
        done(app, |tx| cancel_with_following(tx, &app.app.clock, &coordinator, ids[0], None));
        booked(&world, child, &tuesdays(&["2026-12-08"]));
        let told: Vec<String> = subjects(app).into_iter().map(|(to, subject)| format!("{to} {subject}")).collect();
        assert_eq!(told, [
            "claire.essai@example.org 2\u{a0}rendez-vous pris : CHE-2026-0001, 24 novembre 2026".replace('\u{a0}', " "),
            "claire.essai@example.org Rendez-vous déplacé : CHE-2026-0001, 25 novembre 2026".to_owned(),
            "claire.essai@example.org 2\u{a0}rendez-vous annulés : CHE-2026-0001, 25 novembre 2026".replace('\u{a0}', " "),
        ]);
    }

    /// Who asked for an earlier place waits until they have one; the place and the referral are those of the new day.
    fn what_moves_later_waits_still(app: &TestApp) {
        let world = World::new(app);
        let child = world.child(world.chenove, "Zoé", "Exemple");
        let period = |from: &str, until: &str| Period { from: day(from), until: day(until) };
        let [earlier, later] = [period("2026-01-05", "2026-12-06"), period("2026-12-07", "2026-12-31")]
            .map(|period| world.referral_for(child, world.claire, 300, period, Some(day("2026-01-05"))));
        let id = booked(&world, child, &tuesdays(&["2026-12-08"]))[0];
        let who = own(&world);
        assert_eq!(app.read(|conn| look_up::load(conn, &who.scope, id)).session.series_id, None, "one alone is no series");
        done(app, |tx| want_earlier(tx, &app.app.clock, &who, id, true));
        let moved = |on: &str, place: Option<&str>| {
            let to = Move { place: place.map(str::to_owned), ..to(slot(on, "14:00", 60), false) };
            done(app, |tx| reschedule(tx, &app.app.clock, &app.app.vault, &who, id, &to));
            app.read(|conn| {
                let kept = (sessions::wants_earlier, sessions::referral_id, sessions::place);
                sessions::table.find(id).select(kept).first::<(bool, ReferralId, Option<String>)>(conn)
            })
        };
        assert_eq!(moved("2026-12-09", Some("École")), (true, later, Some("École".to_owned())));
        assert_eq!(moved("2026-12-09", None), (true, later, None), "no earlier");
        assert_eq!(moved("2026-12-01", None), (false, earlier, None));
        assert_eq!(moved("2026-12-10", None), (false, later, None), "it has what it asked for");
    }

    /// A freed place is proposed to those who wait, whose length fits and whose child is free; one press moves one there.
    fn a_freed_place_is_proposed_to_who_waits(app: &TestApp) {
        let world = World::new(app);
        let names = ["Zoé", "Léo", "Ana", "Tim"];
        let children = names.map(|name| world.entrusted_child(world.chenove, name, "Exemple"));
        let who = own(&world);
        let freed = booked(&world, children[0], &[slot("2026-11-24", "14:00", 60)])[0];
        let fits = booked(&world, children[1], &[slot("2026-12-08", "14:00", 45)])[0];
        let long = booked(&world, children[2], &[slot("2026-12-08", "16:00", 90)])[0];
        booked(&world, children[3], &[slot("2026-12-10", "14:00", 60)]);
        // the last child is with somebody else then
        let busy = booked(&world, children[3], &[slot("2026-12-11", "14:00", 60)])[0];
        world.referral(children[3], world.denis, 600);
        let denis = Viewer { account: world.denis_account, scope: psypre::sessions::Scope::Psychologist(world.denis) };
        let elsewhere = Booking { child: children[3], psychologist: world.denis, slot: slot("2026-11-24", "14:30", 60), place: None };
        done(app, |tx| book(tx, &app.app.clock, &app.app.vault, &denis, &elsewhere));
        for id in [fits, long, busy] {
            done(app, |tx| want_earlier(tx, &app.app.clock, &who, id, true));
        }
        let mut browser = app.signed_in(CLAIRE);
        let sent = browser.post(&format!("/seances/{freed}/annulation"), &[]).expect(303);
        assert_eq!(sent.location(), format!("/seances/{freed}/place"));
        let page = browser.get(sent.location()).expect(200);
        assert!(page.words().contains("1 rendez-vous souhaite plus tôt") && page.words().contains("Léo Exemple"), "{}", page.words());
        let cancelled = app.read(|conn| look_up::load(conn, &who.scope, freed)).session;
        let ids: Vec<SessionId> =
            app.read(|conn| waiting(conn, &app.app.clock, &who.scope, &cancelled)).iter().map(|row| row.session.id).collect();
        assert_eq!(ids, [fits]);
        let sent = browser.post(&format!("/seances/{freed}/place"), &[("session", &fits.to_string())]).expect(303);
        let page = browser.get(sent.location()).expect(200);
        assert!(page.words().contains("Le rendez-vous est avancé : CHE-2026-0002, mardi 24 novembre de 14 h 00 à 14 h 45."), "{}", page.words());
        // what was taken cannot be taken again
        let said = refused(app, |tx| take(tx, &app.app.clock, &app.app.vault, &who, freed, long)).to_string();
        assert!(said.starts_with("La psychologue a déjà une séance le mardi 24 novembre"), "{said}");
    }

    /// The same for programs: looking, booking a series, moving it, cancelling it, restoring it.
    fn programs_plan_too(app: &TestApp) {
        let world = World::new(app);
        let child = world.entrusted_child(world.chenove, "Zoé", "Exemple");
        let mut program = world.program(world.claire_account);
        let mut asked = serde_json::json!({
            "child_id": child, "session_on": "2026-11-24", "starts_at": "14:00:00", "duration_minutes": 60, "preview": true,
            "repeat": { "rhythm": "weekly", "times": 3 },
        });
        let preview = program.post_json("/api/v1/bookings", &asked).expect(200).json();
        assert_eq!(preview["preview"].as_array().unwrap().len(), 3);
        assert_eq!((&preview["preview"][0]["bookable"], how_many(app, Phase::Booked)), (&true.into(), 0));
        asked["preview"] = false.into();
        let series = program.post_json("/api/v1/bookings", &asked).expect(200).json();
        let first = series["sessions"][0]["id"].as_str().unwrap().to_owned();
        assert!(series["series_id"].is_string() && series["sessions"].as_array().unwrap().len() == 3);
        let moved = serde_json::json!({
            "session_on": "2026-11-25", "starts_at": "09:00:00", "duration_minutes": 45, "with_following": true,
        });
        let moved = program.post_json(&format!("/api/v1/sessions/{first}/move"), &moved).expect(200).json();
        assert_eq!(moved["sessions"][2]["session_on"], "2026-12-09");
        let earlier = program.post_json(&format!("/api/v1/sessions/{first}/earlier"), &serde_json::json!({ "wanted": true }));
        assert_eq!(earlier.expect(200).json()["state"], "booked");
        let body = serde_json::json!({ "with_following": true, "reason": "Un déménagement" });
        let gone = program.post_json(&format!("/api/v1/sessions/{first}/cancellation"), &body).expect(200).json();
        assert_eq!((gone["state"].as_str(), gone["following_ids"].as_array().unwrap().len()), (Some("cancelled"), 2));
        assert_eq!(gone["waiting_for_earlier"], serde_json::json!([]));
        let back = program.post_json(&format!("/api/v1/sessions/{first}/restoration"), &serde_json::json!({})).expect(200).json();
        assert_eq!(back["sessions"].as_array().unwrap().len(), 3);
        assert_eq!(held(&world, world.chenove), (135, 0));
        asked["chosen"] = serde_json::json!([{ "session_on": "2026-12-22", "starts_at": "14:00:00" }]);
        let problem = program.post_json("/api/v1/bookings", &asked).expect(422).json();
        assert_eq!(problem["code"], "booking_unusual");
        asked["although_unusual"] = true.into();
        assert_eq!(program.post_json("/api/v1/bookings", &asked).expect(200).json()["session_on"], "2026-12-22");
    }

    /// In the night when an hour does not exist, a session at it is refused; in the night when one is lived twice, the
    /// same clock time a week apart is the same clock time.
    fn clocks_change_and_series_keep_their_hour(app: &TestApp) {
        let world = World::new(app);
        // a Sunday at half past two, early in the year
        app.app.clock.set("2026-03-10T09:00:00Z".parse().unwrap());
        let child = world.child(world.chenove, "Zoé", "Exemple");
        world.referral(child, world.claire, 600);
        let seen = foreseen(&world, child, "02:30", 60, &["2026-03-22", "2026-03-29", "2026-04-05"]);
        assert!(seen[0].refusal.is_none() && seen[2].refusal.is_none());
        let said = seen[1].refusal.as_ref().unwrap().to_string();
        assert!(said.starts_with("2\u{a0}h\u{a0}30 n’existe pas le 29 mars 2026"), "{said}");
        let ids = booked(&world, child, &[slot("2026-03-26", "14:00", 60), slot("2026-04-02", "14:00", 60)]);
        assert_eq!(times(&world, &ids), ["2026-03-26 14:00:00", "2026-04-02 14:00:00"]);
        let night = [slot("2026-10-25", "02:30", 60), slot("2026-11-01", "02:30", 60)];
        let asked = Plan { chosen: night.map(|slot| Chosen { slot, although_unusual: true }).to_vec(), ..plan(&world, child, &[]) };
        let who = own(&world);
        let ids = done(app, |tx| book_many(tx, &app.app.clock, &app.app.vault, &who, &asked));
        assert_eq!(times(&world, &ids), ["2026-10-25 02:30:00", "2026-11-01 02:30:00"]);
        // over the change, an hour of clock time is two hours: who comes at three the second time is not in the way
        let instants: Vec<psypre::sql_types::Ts> =
            app.read(|conn| sessions::table.filter(sessions::id.eq(ids[0])).select(sessions::ends_at).load(conn));
        assert_eq!(instants[0].rfc3339(), "2026-10-25T01:30:00.000000Z");
    }
}

fn reschedule_now(app: &TestApp, who: &Viewer, id: SessionId, to: &Move) -> Result<Vec<SessionId>, String> {
    let moved = app.app.db.write(|tx| reschedule(tx, &app.app.clock, &app.app.vault, who, id, to));
    moved.map_err(|e| e.to_string())
}

/// Cancels what the second year holds, so that the scene ends as the convention says.
fn back_to_2026(app: &TestApp, world: &World) {
    let left: Vec<SessionId> =
        app.read(|conn| sessions::table.filter(sessions::state.eq(Phase::Booked)).select(sessions::id).load(conn));
    for id in left {
        done(app, |tx| cancel(tx, &app.app.clock, &own(world), id, None));
    }
}

/// The year 2026 ends the day before, and another begins, as a school year might: it has two hours and a half.
pub fn next_year_begins(world: &World, on: &str) {
    use psypre::schema::{budget_years, conventions, terms};
    let last = day("2027-11-30");
    world.app.write(|tx| {
        let conn = &mut **tx;
        diesel::update(conventions::table).set(conventions::ends_on.eq(last)).execute(conn)?;
        diesel::update(terms::table).set(terms::ends_on.eq(last)).execute(conn)?;
        diesel::update(budget_years::table.filter(budget_years::label.eq("2026")))
            .set(budget_years::ends_on.eq(day(on).pred_opt().unwrap()))
            .execute(conn)?;
        let id = psypre::ids::BudgetYearId::new();
        diesel::insert_into(budget_years::table)
            .values((
                (budget_years::id.eq(id), budget_years::convention_id.eq(world.convention)),
                (budget_years::label.eq("2027"), budget_years::budget_cents.eq(psypre::money::Cents(0))),
                budget_years::fixed_share_cents.eq(psypre::money::Cents(0)),
                (budget_years::starts_on.eq(day(on)), budget_years::ends_on.eq(last)),
            ))
            .execute(conn)?;
        diesel::insert_into(quotas::table)
            .values((
                (quotas::id.eq(psypre::ids::QuotaId::new()), quotas::budget_year_id.eq(id)),
                (quotas::programme_id.eq(world.chenove), quotas::allotted_minutes.eq(Minutes(150))),
                (quotas::reserved_minutes.eq(Minutes(0)), quotas::used_minutes.eq(Minutes(0))),
            ))
            .execute(conn)
    });
}
