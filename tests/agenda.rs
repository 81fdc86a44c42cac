//! The agenda: what stands in a week, what is free, who reads whose name, and what is asked of the database for it.

use chrono::NaiveTime;
use psypre::hours::Minutes;
use psypre::ids::ChildId;
use psypre::openings::{Rhythm, Span, Terms, create};
use psypre::sessions::book::{Booking, book};
use psypre::sessions::{Slot, Viewer};

use crate::on_both_databases;
use crate::support::world::{
    ACCOUNTANT, CHENOVE_COORDINATOR, CHENOVE_REFERENT, CLAIRE, DENIS, DIJON_COORDINATOR, World, day, done,
};

fn time(text: &str) -> NaiveTime {
    text.parse().unwrap()
}

/// Claire receives on Tuesdays from two to five, until the end of the year.
fn tuesdays(world: &World<'_>) {
    let terms = Terms {
        programme: None,
        place: "Maison des exemples".to_owned(),
        rhythm: Rhythm::Weekly,
        starts_on: day("2026-11-03"),
        until_on: None,
        span: Span { from: time("14:00:00"), until: time("17:00:00") },
        is_school_only: true,
    };
    done(world.app, |tx| create::create(tx, &world.app.app.clock, &world.psychologist(), &terms));
}

fn booked(world: &World<'_>, child: ChildId, on: &str, at: &str) {
    let slot = Slot::new(day(on), time(at), Minutes(60)).unwrap();
    let place = Some("Maison des exemples".to_owned());
    let booking = Booking { child, psychologist: world.claire, slot, place };
    let viewer = Viewer::from(&world.psychologist());
    done(world.app, |tx| book(tx, &world.app.app.clock, &world.app.app.vault, &viewer, &booking));
}

on_both_databases! {
    /// Each sees their own: names for the care circle only, a free place that is booked by choosing it.
    fn a_week_shows_what_is_taken_and_what_is_free(app: &TestApp) {
        let world = World::new(app);
        let zoe = world.entrusted_child(world.chenove, "Zoé", "Exemple");
        let leo = world.entrusted_child(world.dijon, "Léo", "Ailleurs");
        tuesdays(&world);
        booked(&world, zoe, "2026-11-24", "14:00:00");
        booked(&world, leo, "2026-11-24", "16:00:00");
        let week = "/agenda?jour=2026-11-25";
        let page = app.signed_in(CLAIRE).get(week).expect(200);
        let words = page.words();
        for said in ["Semaine du 23 au 29 novembre 2026", "Zoé Exemple", "Léo Ailleurs", "Libre", "Maison des exemples"] {
            assert!(words.contains(said), "{said}: {words}");
        }
        let free = "/seances/reservation?jour=2026-11-24&#38;heure=15%3A00&#38;duree=60m&#38;lieu=Maison+des+exemples";
        assert!(page.text().contains(free), "{}", page.text());
        assert_eq!(page.text().matches("block--free").count(), 1);
        // what is of another programme takes the place, and says nothing of itself
        let chenove = app.signed_in(CHENOVE_COORDINATOR).get(week).expect(200);
        assert!(chenove.words().contains("Zoé Exemple") && !chenove.words().contains("Léo"), "{}", chenove.words());
        assert_eq!(chenove.text().matches("block--free").count(), 1);
        let dijon = app.signed_in(DIJON_COORDINATOR).get(week).expect(200).words();
        assert!(dijon.contains("Léo Ailleurs") && !dijon.contains("Zoé"), "{dijon}");
        let denis = app.signed_in(DENIS).get(week).expect(200).words();
        assert!(denis.contains("Rien à montrer ici") && !denis.contains("Zoé"), "{denis}");
        for other in [CHENOVE_REFERENT, ACCOUNTANT] {
            app.signed_in(other).get(week).expect(403);
        }
    }

    /// A free place fills the form; the psychologist of the place is the one whose children are offered.
    fn a_free_place_fills_the_booking(app: &TestApp) {
        let world = World::new(app);
        let zoe = world.entrusted_child(world.chenove, "Zoé", "Exemple");
        world.referral(zoe, world.denis, 600);
        tuesdays(&world);
        let mut browser = app.signed_in(CHENOVE_COORDINATOR);
        let agenda = browser.get("/agenda?jour=2026-11-24").expect(200).text();
        let from = agenda.find("/seances/reservation?jour").unwrap();
        let href = agenda[from..].split('"').next().unwrap().replace("&#38;", "&");
        let form = browser.get(&href).expect(200).text();
        for filled in ["value=\"2026-11-24\"", "value=\"14:00\"", "value=\"Maison des exemples\""] {
            assert!(form.contains(filled), "{filled}: {form}");
        }
        assert!(form.contains("avec Claire Essai") && !form.contains("avec Denis Essai"), "{form}");
    }

    /// Filters, views, days off, and the years that nobody knows yet.
    fn the_views_show_the_same_and_say_what_closes(app: &TestApp) {
        let world = World::new(app);
        let zoe = world.entrusted_child(world.chenove, "Zoé", "Exemple");
        tuesdays(&world);
        booked(&world, zoe, "2026-11-24", "14:00:00");
        let mut browser = app.signed_in(CLAIRE);
        let mut words = |query: &str| browser.get(&format!("/agenda?{query}")).expect(200).words();
        for view in ["semaine", "jour", "liste"] {
            let seen = words(&format!("vue={view}&jour=2026-11-24"));
            assert!(seen.contains("Zoé Exemple") && seen.contains("Libre"), "{view}: {seen}");
        }
        assert!(words("vue=jour&jour=2026-11-24").contains("Mardi 24 novembre 2026"));
        assert!(!words(&format!("jour=2026-11-24&pre={}", world.dijon)).contains("Zoé"));
        assert!(!words("jour=2026-11-24&lieu=Ailleurs").contains("Zoé"));
        assert!(words("jour=2026-11-11").contains("férié : armistice de 1918"));
        let christmas = words("jour=2026-12-29");
        assert!(christmas.contains("Vacances de Noël") && !christmas.contains("Libre"), "{christmas}");
        assert!(christmas.contains("Semaine du 28 décembre 2026 au 3 janvier 2027"), "{christmas}");
        // an address that says nothing readable shows this week
        assert!(words("vue=mois&jour=hier&psychologue=x").contains("Semaine du 16 au 22 novembre 2026"));
    }

    /// What is past and not recorded is told apart, there and on the first page.
    fn what_is_past_waits_to_be_recorded(app: &TestApp) {
        let world = World::new(app);
        let zoe = world.entrusted_child(world.chenove, "Zoé", "Exemple");
        tuesdays(&world);
        booked(&world, zoe, "2026-11-24", "14:00:00");
        booked(&world, zoe, "2026-11-24", "15:00:00");
        app.app.clock.set("2026-11-24T15:30:00Z".parse().unwrap());
        let mut browser = app.signed_in(CLAIRE);
        let page = browser.get("/agenda").expect(200);
        assert_eq!(page.text().matches("block--late").count(), 2, "{}", page.words());
        assert!(page.words().contains("À enregistrer") && page.text().contains("data-agenda-now"));
        assert!(browser.get("/").expect(200).words().contains("2 séances à enregistrer"));
        let coordinator = app.signed_in(CHENOVE_COORDINATOR).get("/agenda").expect(200).words();
        assert!(coordinator.contains("Pas encore enregistrée"), "{coordinator}");
    }
}
