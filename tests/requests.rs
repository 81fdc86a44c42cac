//! A referent asks for a session for a child they follow; the psychologist or the coordinator answers.

use diesel::prelude::*;
use psypre::ids::ChildId;
use psypre::schema::{children, mails, sessions};

use crate::on_both_databases;
use crate::support::app::TestApp;
use crate::support::world::{CHENOVE_COORDINATOR, CHENOVE_REFERENT, CLAIRE, DENIS, World};

/// A child followed by the referent, entrusted to the first psychologist.
fn followed(world: &World, first_name: &str) -> ChildId {
    let child = world.entrusted_child(world.chenove, first_name, "Exemple");
    world.app.write(|tx| {
        diesel::update(children::table.find(child))
            .set(children::referent_id.eq(Some(world.referent)))
            .execute(&mut **tx)
    });
    child
}

fn asked(child: &str) -> Vec<(&str, &str)> {
    vec![
        ("child", child),
        ("duration", "45m"),
        ("from_on", "2026-11-30"),
        ("weekdays", "tuesday"),
        ("weekdays", "thursday"),
        ("moment", "evening"),
        ("wish", "near_school"),
    ]
}

fn told(app: &TestApp) -> Vec<(String, String)> {
    app.read(|conn| {
        mails::table
            .filter(mails::kind.eq("request_changed"))
            .order((mails::id, mails::recipient))
            .select((mails::recipient, mails::subject))
            .load(conn)
    })
}

/// The address of the first form or link of a page that goes there.
fn address(page: &str, start: &str) -> String {
    let at = page.find(start).unwrap_or_else(|| panic!("{start} is not in {page}"));
    page[at..].split('"').next().unwrap().replace("&amp;", "&").replace("&#38;", "&")
}

on_both_databases! {
    /// Asked on a page, seen by those who may book, booked from it: the request has its answer, and who asked is told.
    fn a_session_is_asked_for_and_booked(app: &TestApp) {
        let world = World::new(app);
        let child = followed(&world, "Zoé").to_string();
        let mut referent = app.signed_in(CHENOVE_REFERENT);
        assert!(referent.get("/demandes/nouvelle").expect(200).words().contains("Zoé Exemple"));
        referent.post("/demandes/nouvelle", &asked(&child)).expect(303);
        let words = referent.get("/demandes").expect(200).words();
        assert!(words.contains("En attente") && words.contains("45 min à partir du 30 novembre 2026, mardi, jeudi, après 16 h. Près de l’école."), "{words}");
        let again = referent.post("/demandes/nouvelle", &asked(&child)).expect(422);
        assert!(again.words().contains("Une demande attend déjà une réponse pour CHE-2026-0001."), "{}", again.words());
        let who: Vec<String> = told(app).into_iter().map(|(who, subject)| format!("{who} {subject}")).collect();
        assert_eq!(who.len(), 2, "{who:?}");
        assert!(who.iter().all(|mail| mail.ends_with(" Demande de séance : CHE-2026-0001")), "{who:?}");
        let mut psychologist = app.signed_in(CLAIRE);
        assert!(psychologist.get("/").expect(200).words().contains("1 demande de séance attend votre réponse"));
        let page = psychologist.get("/demandes").expect(200);
        let booking = address(&page.text(), "/seances/reservation?demande=");
        let form = psychologist.get(&booking).expect(200).text();
        assert!(form.contains(&format!("value=\"{child}+{}\" checked", world.claire)) || form.contains("checked"), "{form}");
        let request = address(&booking, "demande=").replace("demande=", "").split('&').next().unwrap().to_owned();
        let pair = format!("{child}+{}", world.claire);
        let fields = [
            ("child", pair.as_str()), ("session_on", "2026-12-01"), ("starts_at", "16:30"), ("duration", "45m"),
            ("request", request.as_str()),
        ];
        psychologist.post("/seances/reservation", &fields).expect(303);
        let words = referent.get("/demandes").expect(200).words();
        assert!(words.contains("Rendez-vous pris") && !words.contains("Voir le rendez-vous"), "{words}");
        assert_eq!(told(app).pop().map(|(who, _)| who).as_deref(), Some(CHENOVE_REFERENT));
        // what has its answer is not answered again, and nothing is booked
        let later = [fields[0], ("session_on", "2026-12-03"), fields[2], fields[3], fields[4]];
        let page = psychologist.post("/seances/reservation", &later).expect(422);
        assert!(page.words().contains("Cette demande a déjà reçu sa réponse : Rendez-vous pris."), "{}", page.words());
        let booked: i64 = app.read(|conn| sessions::table.count().get_result(conn));
        assert_eq!(booked, 1);
    }

    /// Declined for a reason of the list, or given up; nobody else's is seen.
    fn a_request_is_declined_or_given_up(app: &TestApp) {
        let world = World::new(app);
        let (zoe, leo) = (followed(&world, "Zoé").to_string(), followed(&world, "Léo").to_string());
        let mut referent = app.signed_in(CHENOVE_REFERENT);
        referent.post("/demandes/nouvelle", &asked(&zoe)).expect(303);
        let mut coordinator = app.signed_in(CHENOVE_COORDINATOR);
        assert!(coordinator.get("/validations").expect(200).words().contains("1 demande de séance attend une réponse"));
        let page = coordinator.get("/demandes").expect(200);
        assert!(page.words().contains("demandée par Rose Référente"), "{}", page.words());
        let refusal = address(&page.text(), "/demandes/0");
        coordinator.post(&refusal, &[("reason", "no_place")]).expect(303);
        let words = referent.get("/demandes").expect(200).words();
        assert!(words.contains("Refusée") && words.contains("Aucune place à ces moments"), "{words}");
        assert!(told(app).iter().any(|(who, subject)| who == CHENOVE_REFERENT && subject == "Demande refusée : CHE-2026-0001"));
        referent.post("/demandes/nouvelle", &asked(&leo)).expect(303);
        let withdrawal = address(&referent.get("/demandes").expect(200).text(), "/demandes/0");
        referent.post(&withdrawal, &[]).expect(303);
        assert!(referent.get("/demandes?etat=withdrawn").expect(200).words().contains("Léo Exemple"));
        let mut other = app.signed_in(DENIS);
        assert!(other.get("/demandes").expect(200).words().contains("Aucune demande de séance"));
        other.post(&refusal, &[("reason", "no_place")]).expect(404);
    }

    /// A program asks, declines, and books with the request; a freed place is proposed to a request that would take it.
    fn programs_ask_and_freed_places_are_proposed(app: &TestApp) {
        let world = World::new(app);
        let (zoe, leo) = (followed(&world, "Zoé"), followed(&world, "Léo"));
        let (mut referent, mut psychologist) = (world.program(world.referent), world.program(world.claire_account));
        let body = serde_json::json!({ "child_id": zoe, "duration_minutes": 45, "from_on": "2026-11-24", "weekdays": ["tuesday"], "wants_earlier": true });
        let request = referent.post_json("/api/v1/requests", &body).expect(200).json();
        assert_eq!((request["state"].as_str(), &request["weekdays"]), (Some("open"), &serde_json::json!(["tuesday"])));
        let booking = serde_json::json!({ "child_id": leo, "session_on": "2026-11-24", "starts_at": "14:00:00", "duration_minutes": 60 });
        let session = psychologist.post_json("/api/v1/bookings", &booking).expect(200).json()["id"].as_str().unwrap().to_owned();
        let gone = psychologist.post_json(&format!("/api/v1/sessions/{session}/cancellation"), &serde_json::json!({})).expect(200).json();
        assert_eq!(gone["requests_for_earlier"], serde_json::json!([request["id"]]));
        let mut browser = app.signed_in(CLAIRE);
        let page = browser.get(&format!("/seances/{session}/place")).expect(200);
        assert!(page.words().contains("Zoé Exemple") && page.text().contains("heure=14:00"), "{}", page.words());
        let mut booking = serde_json::json!({
            "child_id": leo, "session_on": "2026-11-24", "starts_at": "14:00:00", "duration_minutes": 45, "request_id": request["id"],
        });
        let problem = psychologist.post_json("/api/v1/bookings", &booking).expect(422).json();
        assert_eq!(problem["code"], "request_of_another_child");
        booking["child_id"] = serde_json::json!(zoe);
        psychologist.post_json("/api/v1/bookings", &booking).expect(200);
        let listed = referent.get("/api/v1/requests?state=booked").expect(200).json();
        assert_eq!((listed["total"].as_i64(), &listed["items"][0]["session_id"]), (Some(1), &serde_json::Value::Null));
        let late = format!("/api/v1/requests/{}/withdrawal", request["id"].as_str().unwrap());
        assert_eq!(referent.post_json(&late, &serde_json::json!({})).expect(422).json()["code"], "request_not_open");
    }
}
