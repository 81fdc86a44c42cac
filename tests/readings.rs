//! Nobody opens a child's file without a trace of it, and who answers for that reads the traces.

use chrono::Duration;
use diesel::{QueryDsl, RunQueryDsl};
use psypre::{readings, schema};

use crate::on_both_databases;
use crate::support::app::TestApp;
use crate::support::world::{ACCOUNTANT, AUDITOR, CHENOVE_COORDINATOR, CLAIRE, DENIS, DIJON_COORDINATOR, World};

fn traces(app: &TestApp) -> i64 {
    app.read(|conn| schema::file_readings::table.count().get_result(conn))
}

on_both_databases! {
    /// One opening, one row: by whom, of which child, of what, by what; a list of one's own children leaves none.
    fn each_opening_leaves_one_trace(app: &TestApp) {
        let world = World::new(app);
        let child = world.entrusted_child(world.chenove, "Zoé", "Exemple");
        let referral = world.referral(child, world.denis, 60);
        let mut coordinator = app.signed_in(CHENOVE_COORDINATOR);
        let mut psychologist = app.signed_in(CLAIRE);
        let guardian = coordinator.get(&format!("/api/v1/children/{child}")).json()["guardians"][0]["id"].as_str().unwrap().to_owned();
        assert_eq!(traces(app), 1);
        for (path, by_page) in [
            (format!("/enfants/{child}"), true),
            (format!("/enfants/{child}/modification"), true),
            (format!("/enfants/{child}/cloture"), true),
            (format!("/enfants/{child}/responsables"), true),
            (format!("/enfants/{child}/responsables/{guardian}"), true),
            (format!("/enfants/{child}/responsables/{guardian}/rappels"), true),
            (format!("/enfants/{child}/orientation"), true),
            (format!("/orientations/{referral}"), true),
            (format!("/api/v1/children/{child}"), false),
        ] {
            let before = traces(app);
            let answer = coordinator.get(&path).expect(200);
            assert!(answer.text().contains("Exemple"), "{path} names the child");
            assert_eq!(traces(app), before + 1, "{path}");
            let api = app.read(|conn| readings::search(conn, &readings::Filter::default(), 0, 1));
            assert_eq!(api[0].means.as_str(), if by_page { "page" } else { "api" }, "{path}");
        }
        let before = traces(app);
        for path in ["/enfants", "/seances", "/agenda", "/api/v1/referrals"] {
            coordinator.get(path).expect(200);
        }
        coordinator.post("/enfants", &[("nom", "Exemple")]).expect(200);
        assert_eq!(traces(app), before, "lists of one's own children leave none");
        assert_eq!(coordinator.get("/api/v1/children").json()["total"], 1);
        assert_eq!(traces(app), before + 1, "a program that reads them all leaves one");
        psychologist.get(&format!("/enfants/{child}")).expect(200);
        // what is not theirs is not opened
        app.signed_in(DIJON_COORDINATOR).get(&format!("/enfants/{child}")).expect(404);
        app.signed_in(ACCOUNTANT).get(&format!("/enfants/{child}")).expect(403);
        assert_eq!(traces(app), before + 2);
        let shown = coordinator.get(&format!("/enfants/{child}/consultations")).expect(200).words();
        for word in ["Chloé Coordination", "Claire Essai", "Psychologue", "Responsable légal", "Orientation", "11 consultations"] {
            assert!(shown.contains(word), "{word}: {shown}");
        }
        app.signed_in(DIJON_COORDINATOR).get(&format!("/enfants/{child}/consultations")).expect(404);
        let read = coordinator.get(&format!("/api/v1/children/{child}/readings")).expect(200).json();
        assert_eq!((&read["total"], &read["items"][0]["role"]), (&11.into(), &"psychologist".into()));
    }

    /// When the trace cannot be written, nothing is shown.
    fn no_reading_without_its_trace(app: &TestApp) {
        let world = World::new(app);
        let child = world.entrusted_child(world.chenove, "Zébulonne", "Kérouzéré");
        let referral = world.referral(child, world.denis, 60);
        let mut coordinator = app.signed_in(CHENOVE_COORDINATOR);
        let mut denis = app.signed_in(DENIS);
        let rename = |from: &str, to: &str| {
            let sql = format!("ALTER TABLE {from} RENAME TO {to}");
            app.write(|tx| diesel::sql_query(&sql).execute(&mut **tx));
        };
        rename("file_readings", "file_readings_away");
        for path in [format!("/enfants/{child}"), format!("/enfants/{child}/modification"), format!("/enfants/{child}/orientation"),
            format!("/orientations/{referral}"), format!("/api/v1/children/{child}"), "/api/v1/children".to_owned()]
        {
            for browser in [&mut coordinator, &mut denis] {
                let answer = browser.get(&path);
                assert!([403, 500].contains(&answer.status), "{path}: {}", answer.status);
                assert!(!answer.text().contains("Kérouzéré"), "{path} shows the name");
            }
        }
        rename("file_readings_away", "file_readings");
        coordinator.get(&format!("/enfants/{child}")).expect(200);
    }

    /// The data-protection officer finds who opened which file, without ever reading a name, and takes it away.
    fn the_officer_reads_who_saw_what(app: &TestApp) {
        let world = World::new(app);
        let child = world.entrusted_child(world.chenove, "Zébulonne", "Kérouzéré");
        let other = world.entrusted_child(world.chenove, "Nino", "Kérouzéré");
        let [reference, other_reference] = [child, other].map(|id| world.reference(id).to_string());
        app.signed_in(CHENOVE_COORDINATOR).get(&format!("/enfants/{child}")).expect(200);
        app.app.clock.advance(Duration::days(1));
        app.signed_in(CLAIRE).get(&format!("/enfants/{other}")).expect(200);
        let mut officer = app.signed_in(AUDITOR);
        let all = officer.get("/consultations").expect(200);
        assert!(all.words().contains("2 consultations") && !all.text().contains("Kérouzéré"));
        for (query, expected) in [
            ("personne=chlo%C3%A9", 1), ("personne=essai", 1), ("personne=personne", 0), ("personne=%25", 2),
            (&*format!("enfant={}", reference.to_lowercase()), 1), ("enfant=CHE-", 2), ("enfant=DIJ", 0),
            ("du=2026-11-21", 1), ("au=2026-11-20", 1), ("du=2026-11-20&au=2026-11-21", 2), ("du=2026-11-22", 0),
        ] {
            let json = query.replace("personne=", "person=").replace("enfant=", "child=").replace("du=", "from=").replace("au=", "until=");
            assert_eq!(officer.get(&format!("/api/v1/readings?{json}")).expect(200).json()["total"], expected, "{query}");
            let page = officer.get(&format!("/consultations?{query}")).expect(200).text();
            assert_eq!(page.matches("data-label=\"Personne\"").count(), expected, "{query}");
        }
        // a page shows all of them rather than an error; a program is told
        assert!(officer.get("/consultations?du=hier").expect(200).words().contains("2 consultations"));
        officer.get("/api/v1/readings?from=hier").expect(400);
        let file = officer.get(&format!("/consultations/export?enfant={other_reference}")).expect(200);
        assert!(file.header("content-disposition").unwrap().contains("psypre-consultations.csv"));
        assert_eq!(
            file.text(),
            format!("\u{feff}Jour;Heure;Personne;Qualité;Enfant;Enfants lus;Objet;Moyen\r\n\
                21/11/2026;10:00:00;Claire Essai;Psychologue;{other_reference};1;Fiche;Page\r\n")
        );
        let journal = officer.get("/journal?geste=readings.exported").expect(200).words();
        assert!(journal.contains("Consultations exportées"), "{journal}");
        app.signed_in(CHENOVE_COORDINATOR).get("/consultations").expect(403);
    }

    /// A trace cannot be rewritten, and is deleted after the months that the settings give.
    fn traces_are_frozen_then_deleted(app: &TestApp) {
        let world = World::new(app);
        let child = world.entrusted_child(world.chenove, "Zoé", "Exemple");
        app.signed_in(CHENOVE_COORDINATOR).get(&format!("/enfants/{child}")).expect(200);
        let rewritten = app.app.db.write::<_, psypre::db::DbError>(|tx| {
            Ok(diesel::sql_query("UPDATE file_readings SET role = 'auditor'").execute(&mut **tx)?)
        });
        assert!(rewritten.unwrap_err().to_string().contains("file_readings_frozen"));
        let months = app.app.config.retention.readings_months;
        app.app.clock.advance(Duration::days(365));
        assert_eq!(readings::purge(&app.app.db, &app.app.clock, months).unwrap(), 0);
        app.app.clock.advance(Duration::days(1));
        assert_eq!(app.read(|conn| readings::count_old(conn, &app.app.clock, months)), 1);
        assert_eq!(readings::purge(&app.app.db, &app.app.clock, months).unwrap(), 1);
        assert_eq!(traces(app), 0);
    }
}
