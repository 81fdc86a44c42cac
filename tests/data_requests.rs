//! A family asks what is kept of its child, to correct it, to erase it; and has its answer within a month.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use psypre::data_requests::notices;
use psypre::schema;

use crate::on_both_databases;
use crate::support::app::TestApp;
use crate::support::browser::Browser;
use crate::support::world::{AUDITOR, CHENOVE_COORDINATOR, CLAIRE, DIJON_COORDINATOR, World};

/// Records a request, and gives its address.
fn asked(browser: &mut Browser, fields: &[(&str, &str)]) -> String {
    browser.post("/droits", fields).expect(303).location().to_owned()
}

fn entries(app: &TestApp) -> Vec<String> {
    use schema::journal_entries as j;
    app.read(|conn| j::table.filter(j::subject.eq("data_request")).order((j::at, j::id)).select(j::action).load(conn))
}

on_both_databases! {
    /// The officer, who knows no name, records; the coordinator finds the child, hands the data over, and closes.
    fn a_family_sees_what_is_kept(app: &TestApp) {
        let world = World::new(app);
        let child = world.entrusted_child(world.chenove, "Zébulonne", "Kérouzéré");
        let reference = world.reference(child).to_string();
        let mut officer = app.signed_in(AUDITOR);
        let mut coordinator = app.signed_in(CHENOVE_COORDINATOR);
        let programme = world.chenove.to_string();
        for (fields, sentence) in [
            (&[("kind", "access"), ("received_on", "2026-11-21"), ("programme", &*programme)][..], "au plus tard aujourd’hui"),
            (&[("kind", "access"), ("received_on", "2026-11-18")][..], "Indiquez le PRE"),
            (&[("kind", "access"), ("received_on", "2026-11-18"), ("reference", "CHE-2026-9999")][..], "CHE-2026-9999"),
            (&[("received_on", "2026-11-18"), ("programme", &*programme)][..], ""),
        ] {
            let answer = officer.post("/droits", fields).expect(422);
            assert!(answer.words().contains(sentence), "{sentence}: {}", answer.words());
        }
        let path = asked(&mut officer, &[("kind", "access"), ("received_on", "2026-11-18"), ("programme", &programme)]);
        let page = officer.get(&path).expect(200);
        assert!(page.words().contains("Avant le 18/12/2026") && !page.text().contains("Kérouzéré"), "{}", page.words());
        assert!(officer.get("/droits").expect(200).words().contains("DEM-2026-0001"));
        app.signed_in(DIJON_COORDINATOR).get(&path).expect(404);
        app.signed_in(CLAIRE).get("/droits").expect(403);
        coordinator.get(&format!("{path}/donnees.json")).expect(404);
        coordinator.post(&format!("{path}/reponse"), &[]).expect(422);
        coordinator.post(&format!("{path}/enfant"), &[("reference", "DIJ-2026-0001")]).expect(422);
        coordinator.post(&format!("{path}/enfant"), &[("reference", &reference.to_lowercase())]).expect(303);

        let json = coordinator.get(&format!("{path}/donnees.json")).expect(200);
        assert!(json.header("content-disposition").unwrap().contains("DEM-2026-0001.json"));
        let data = json.json();
        assert_eq!(data["child"]["last_name"], "Kérouzéré");
        assert_eq!(data["guardians"][0]["phone"], "06 00 00 00 01");
        assert_eq!(data["referrals"][0]["minutes"], 600);
        assert_eq!(data["kept_until"], "2028-12-31");
        let pdf = coordinator.get(&format!("{path}/donnees.pdf")).expect(200);
        assert!(pdf.body.starts_with(b"%PDF-"));
        let shown = officer.get("/api/v1/readings?child=CHE").expect(200).json();
        assert_eq!((&shown["total"], &shown["items"][0]["means"], &shown["items"][0]["opened"]), (&2.into(), &"export".into(), &"request".into()));
        officer.get(&format!("{path}/donnees.pdf")).expect(403);

        coordinator.post(&format!("{path}/reponse"), &[]).expect(303);
        coordinator.post(&format!("{path}/reponse"), &[]).expect(422);
        assert!(officer.get("/droits").expect(200).words().contains("Répondue"));
        assert_eq!(entries(app), ["data_request.recorded", "data_request.child_found", "data_request.answered"]);
    }

    /// Erasing before the time destroys the identity as its end does; what accounting needs stays.
    fn a_family_has_its_data_erased(app: &TestApp) {
        let world = World::new(app);
        let child = world.entrusted_child(world.chenove, "Zébulonne", "Kérouzéré");
        let reference = world.reference(child).to_string();
        let mut coordinator = app.signed_in(CHENOVE_COORDINATOR);
        let path = asked(&mut coordinator, &[("kind", "erasure"), ("received_on", "2026-11-20"), ("reference", &reference)]);
        let again = [("kind", "erasure"), ("received_on", "2026-11-20"), ("reference", &*reference)];
        assert!(coordinator.post("/droits", &again).expect(422).words().contains("attend déjà une réponse"));
        assert!(coordinator.get(&path).expect(200).words().contains("L’effacement est définitif"));
        let booking = [("child", format!("{child}+{}", world.claire)), ("session_on", "2026-11-24".to_owned()),
            ("starts_at", "09:00".to_owned()), ("duration", "45 min".to_owned())];
        let fields: Vec<(&str, &str)> = booking.iter().map(|(name, value)| (*name, value.as_str())).collect();
        coordinator.post("/seances/reservation", &fields).expect(303);
        let refused = coordinator.post(&format!("{path}/reponse"), &[]).expect(422);
        assert!(refused.words().contains("Un rendez-vous est prévu le 24/11/2026"), "{}", refused.words());
        coordinator.get(&format!("/enfants/{child}")).expect(200);
        let sessions = coordinator.get("/api/v1/sessions").expect(200).json();
        let session = sessions["items"][0]["id"].as_str().unwrap();
        coordinator.post(&format!("/seances/{session}/annulation"), &[("reason", "La famille part")]).expect(303);
        coordinator.post(&format!("{path}/reponse"), &[]).expect(303);
        coordinator.get(&format!("/enfants/{child}")).expect(404);
        let report = app.signed_in(AUDITOR).get("/conservation").expect(200).words();
        assert!(report.contains(&reference) && report.contains("demande de la famille"), "{report}");
        assert!(coordinator.get(&path).expect(200).words().contains("Répondue"));
    }

    /// A dump that reads the table when an identity is destroyed stops neither the erasure nor those who work: what is
    /// left in the files goes once the dump is over.
    fn a_dump_under_way_stops_no_erasure(app: &TestApp) {
        let world = World::new(app);
        let (child, other) = (world.child(world.chenove, "Zébulonne", "Kérouzéré"), world.child(world.chenove, "Ada", "Exemple"));
        let reference = world.reference(child).to_string();
        let mut coordinator = app.signed_in(CHENOVE_COORDINATOR);
        let path = asked(&mut coordinator, &[("kind", "erasure"), ("received_on", "2026-11-20"), ("reference", &reference)]);
        let began = std::time::Instant::now();
        app.read(|conn| {
            conn.transaction(|conn| {
                schema::children::table.count().get_result::<i64>(conn)?;
                coordinator.clone().post(&format!("{path}/reponse"), &[]).expect(303);
                coordinator.clone().get(&format!("/enfants/{other}")).expect(200);
                coordinator.clone().get(&format!("/enfants/{child}")).expect(404);
                Ok(())
            })
        });
        assert!(began.elapsed() < std::time::Duration::from_secs(6), "{:?}", began.elapsed());
        assert!(app.app.db.sweep().is_ok());
    }

    /// The officer refuses with a reason; those who follow a request are told once before its day.
    fn a_request_is_refused_or_remembered(app: &TestApp) {
        let world = World::new(app);
        let child = world.entrusted_child(world.chenove, "Zoé", "Exemple");
        let reference = world.reference(child).to_string();
        let mut officer = app.signed_in(AUDITOR);
        let new = serde_json::json!({ "kind": "rectification", "child": reference, "received_on": "2026-11-20" });
        let first = officer.post_json("/api/v1/data-requests", &new).expect(201).json();
        assert_eq!((&first["number"], &first["due_on"]), (&"DEM-2026-0001".into(), &"2026-12-20".into()));
        let path = format!("/droits/{}", first["id"].as_str().unwrap());
        officer.post(&format!("{path}/refus"), &[("reason", "autre")]).expect(422);
        app.signed_in(CHENOVE_COORDINATOR).post(&format!("{path}/refus"), &[("reason", "authority")]).expect(403);
        officer.post(&format!("{path}/refus"), &[("reason", "authority")]).expect(303);
        assert!(officer.get(&path).expect(200).words().contains("n’a pas l’autorité parentale"));
        officer.post_json("/api/v1/data-requests", &new).expect(201);
        let remind = || notices::remind(&app.app.db, &app.app.clock).unwrap();
        let told = || -> Vec<String> {
            use schema::mails as m;
            app.read(|conn| m::table.filter(m::kind.eq("data_request_due")).select(m::recipient).order(m::recipient).load(conn))
        };
        remind();
        assert!(told().is_empty());
        app.app.clock.set("2026-12-13T09:00:00Z".parse::<DateTime<Utc>>().unwrap());
        remind();
        remind();
        assert_eq!(told(), [AUDITOR, CHENOVE_COORDINATOR], "once each, of the one that waits");
        app.app.clock.set("2026-12-21T09:00:00Z".parse::<DateTime<Utc>>().unwrap());
        assert!(app.signed_in(AUDITOR).get("/droits").expect(200).words().contains("En retard depuis le 20/12/2026"));
    }
}

/// What is handed over passes veraPDF; `make test` names the judge.
#[test]
fn the_judges_accept_what_is_handed_over() {
    let Some(judge) = std::env::var_os("TEST_JUDGE") else {
        assert!(std::env::var_os("TEST_REQUIRE_ALL").is_none(), "TEST_JUDGE is not set: run scripts/setup test");
        return;
    };
    let app = TestApp::sqlite();
    let world = World::new(&app);
    let child = world.entrusted_child(world.chenove, "Zébulonne", "Kérouzéré");
    let reference = world.reference(child).to_string();
    let mut coordinator = app.signed_in(CHENOVE_COORDINATOR);
    let path = asked(&mut coordinator, &[("kind", "access"), ("received_on", "2026-11-20"), ("reference", &reference)]);
    let file = app.folder().join("famille.pdf");
    std::fs::write(&file, coordinator.get(&format!("{path}/donnees.pdf")).expect(200).body).unwrap();
    let judged = std::process::Command::new(&judge).args(["--pdf", "ua1,3a"]).arg(&file).output().unwrap();
    assert!(judged.status.success(), "{}", String::from_utf8_lossy(&judged.stdout));
}
