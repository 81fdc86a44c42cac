//! The next convention, by the API alone: copied, changed, refused with what is wrong, signed.

use psypre::accounts::Role;
use psypre::conventions::file;
use psypre::schema::convention_drafts;
use serde_json::{Value, json};

use crate::on_both_databases;
use crate::support::browser::{Answer, Browser};
use crate::support::world::{World, day};

const DRAFTS: &str = "/api/v1/convention-drafts";

/// A program of an administrator.
fn program(world: &World<'_>) -> Browser {
    world.program(world.app.account("automate@example.org", "Automate Exemple", &[(Role::Administrator, None)]))
}

/// What a problem is, and says.
fn problem(answer: Answer) -> (String, String) {
    let problem = answer.expect(422).json();
    let word = |key: &str| problem[key].as_str().unwrap().to_owned();
    (word("code"), word("detail"))
}

fn once(browser: &mut Browser, path: &str, key: &str, body: &Value) -> Answer {
    browser.send(path, "application/json", &body.to_string(), &[("idempotency-key", key)])
}

on_both_databases! {
    /// 2027 to 2029 from the present convention: 1 000 € and 16 h 30 more for Dijon, ages to 17.
    fn the_next_convention_is_prepared_by_a_program(app: &TestApp) {
        let world = World::new(app);
        let mut browser = program(&world);
        assert_eq!(browser.get(DRAFTS).expect(200).json(), json!([]));
        let asked = json!({ "copy_of": world.convention });
        let draft = once(&mut browser, DRAFTS, "prepare-2027", &asked).expect(201).json();
        let again = once(&mut browser, DRAFTS, "prepare-2027", &asked).expect(201).json();
        assert_eq!(draft, again, "the same key makes one draft");
        assert_eq!(once(&mut browser, DRAFTS, "prepare-2027", &json!({})).expect(422).json()["code"], "idempotency_key_reused");
        let listed = browser.get(DRAFTS).expect(200).json();
        assert_eq!((listed.as_array().unwrap().len(), &listed[0]["is_sound"]), (1, &json!(true)));
        assert_eq!(listed[0]["slug"], "dijon-2027-2029");
        let content = &draft["content"];
        assert_eq!(content["convention"]["period"], json!({ "from": "2027-01-01", "until": "2029-12-31" }));
        assert_eq!(content["budget_years"][0]["budget"], 2_000_000);
        assert_eq!(content["budget_years"][0]["quotas"]["DIJ"], 6_600);
        assert_eq!((&draft["version"], &draft["findings"]), (&json!(1), &json!([])));

        let path = format!("{DRAFTS}/{}", draft["id"].as_str().unwrap());
        let (changes, signature) = (format!("{path}/changes"), format!("{path}/signature"));
        // a budget that its contributions do not make is written, and found
        let mut years = content["budget_years"].clone();
        years[0]["budget"] = json!(2_100_000);
        let changed = browser.post_json(&changes, &json!({ "version": 1, "budget_years": years })).expect(200).json();
        assert_eq!(changed["version"], 2);
        assert_eq!(
            changed["findings"],
            json!([{
                "section": "budget_years", "place": "Exercice 2027, budget prévisionnel", "is_warning": false,
                "reason": "les participations font 20\u{202f}000,00\u{a0}€, et le budget de l’exercice 21\u{202f}000,00\u{a0}€",
            }])
        );
        assert_eq!(browser.get(DRAFTS).expect(200).json()[0]["is_sound"], false);
        let (code, told) = problem(browser.post_json(&signature, &json!({ "version": 2, "signed_on": "2026-11-20" })));
        assert_eq!(code, "draft_faults");
        assert!(told.starts_with("Il reste une chose à corriger avant de signer. Exercice 2027, budget prévisionnel : les"), "{told}");
        assert!(told.ends_with("21\u{202f}000,00\u{a0}€."), "{told}");

        years[0]["contributions"]["metropole"] = json!(1_350_000);
        // 126 h 30
        years[0]["quotas"]["DIJ"] = json!(7_590);
        let mut terms = content["terms"].clone();
        terms[0]["max_age"] = json!(17);
        let asked = json!({ "version": 2, "budget_years": years, "terms": terms });
        let changed = once(&mut browser, &changes, "more-for-dijon", &asked).expect(200).json();
        assert_eq!((&changed["version"], &changed["findings"]), (&json!(3), &json!([])));
        assert_eq!(once(&mut browser, &changes, "more-for-dijon", &asked).expect(200).json(), changed);
        // what was not given stays
        assert_eq!(changed["content"]["programmes"], content["programmes"]);

        // refused, each with its name: an older version, a figure out of bounds, a key that does not exist
        let (code, told) = problem(browser.post_json(&changes, &json!({ "version": 2, "rates": [] })));
        assert_eq!((code.as_str(), told.contains("a changé entretemps")), ("draft_changed", true));
        for (pointer, wrong) in [("/0/quotas/DIJ", json!(-15)), ("/0/budget", json!(-1)), ("/1/quotas/DIJ", json!(6_000_000))] {
            let mut wrongly = years.clone();
            *wrongly.pointer_mut(pointer).unwrap() = wrong;
            let (code, told) = problem(browser.post_json(&changes, &json!({ "version": 3, "budget_years": wrongly })));
            assert_eq!((code.as_str(), told.starts_with("Un montant va de 0")), ("out_of_bounds", true), "{told}");
        }
        let mut wrongly = years.clone();
        wrongly[1]["contributions"]["metropole"] = json!(i64::MAX);
        let answer = browser.post_json(&changes, &json!({ "version": 3, "budget_years": wrongly })).expect(400).json();
        assert!(answer["detail"].as_str().unwrap().contains("un montant va de"), "{answer}");
        let mut wrongly = terms.clone();
        wrongly[0]["age"] = json!(3);
        let answer = browser.post_json(&changes, &json!({ "version": 3, "terms": wrongly })).expect(400).json();
        assert!(answer["detail"].as_str().unwrap().contains("age"), "{answer}");
        // a short name that no database would take is a finding like another
        let mut heading = changed["content"]["convention"].clone();
        heading["slug"] = json!("a\u{0}b");
        let found = browser.post_json(&changes, &json!({ "version": 3, "convention": heading })).expect(200).json();
        assert_eq!((&found["findings"][0]["section"], &found["version"]), (&json!("convention"), &json!(4)), "{found}");
        heading["slug"] = json!("dijon-2027-2029");
        browser.post_json(&changes, &json!({ "version": 4, "convention": heading })).expect(200);

        // the file says the same as the pages' one
        let text = browser.get(&format!("{path}/convention.toml")).expect(200).text();
        let read = file::read(&text).unwrap();
        assert!(read.warnings.is_empty(), "{:?}", read.warnings);
        assert_eq!(serde_json::to_value(&read.file.budget_years).unwrap(), years);

        for (asked, code) in [
            (json!({ "version": 4, "signed_on": "2026-11-20" }), "draft_changed"),
            (json!({ "version": 5, "signed_on": "2026-11-21" }), "date_in_the_future"),
        ] {
            assert_eq!(problem(browser.post_json(&signature, &asked)).0, code);
        }
        let asked = json!({ "version": 5, "signed_on": "2026-11-20" });
        let signed = once(&mut browser, &signature, "sign-2027-to-2029", &asked).expect(201).json();
        assert_eq!(once(&mut browser, &signature, "sign-2027-to-2029", &asked).expect(201).json(), signed);
        let known = browser.get("/api/v1/conventions").expect(200).json();
        assert_eq!(known.as_array().unwrap().len(), 2);
        assert_eq!((&known[0]["id"], &known[0]["stage"]), (&signed["convention_id"], &json!("to_come")));
        let exported = format!("/api/v1/conventions/{}/convention.toml", signed["convention_id"].as_str().unwrap());
        let exported = file::read(&browser.get(&exported).expect(200).text()).unwrap().file;
        assert_eq!(exported.convention.signed_on, Some(day("2026-11-20")));
        assert_eq!((exported.budget_years, exported.terms[0].max_age), (read.file.budget_years, 17));

        // it is a convention: neither changed, signed again, nor thrown away
        assert_eq!(problem(browser.post_json(&changes, &json!({ "version": 5, "rates": [] }))).0, "draft_signed");
        assert_eq!(problem(browser.post_json(&signature, &asked)).0, "draft_signed");
        assert_eq!(problem(browser.post_json(&format!("{path}/removal"), &json!({ "version": 5 }))).0, "draft_signed");
        assert_eq!(browser.get(DRAFTS).expect(200).json(), json!([]));
        assert_eq!(browser.get(&path).expect(200).json()["findings"], json!([]));
    }

    /// An empty draft lacks everything and says so; thrown away, it is gone, once for its key.
    fn an_empty_draft_is_started_and_thrown_away(app: &TestApp) {
        use diesel::prelude::*;

        let world = World::new(app);
        let mut browser = program(&world);
        browser.post_json(DRAFTS, &json!({ "copy_of": uuid::Uuid::nil() })).expect(404);
        let draft = browser.post_json(DRAFTS, &json!({})).expect(201).json();
        let sections: Vec<&str> =
            draft["findings"].as_array().unwrap().iter().map(|found| found["section"].as_str().unwrap()).collect();
        assert!(sections.contains(&"convention") && sections.contains(&"buyer"), "{sections:?}");
        let path = format!("{DRAFTS}/{}", draft["id"].as_str().unwrap());
        let (code, told) = problem(browser.post_json(&format!("{path}/signature"), &json!({ "version": 1, "signed_on": "2026-11-20" })));
        assert_eq!((code.as_str(), told.contains("SIREN")), ("draft_faults", true), "{told}");
        let removal = format!("{path}/removal");
        assert_eq!(problem(browser.post_json(&removal, &json!({ "version": 0 }))).0, "draft_changed");
        for _ in 0..2 {
            once(&mut browser, &removal, "throw-it-away", &json!({ "version": 1 })).expect(204);
        }
        browser.get(&path).expect(404);
        browser.post_json(&removal, &json!({ "version": 1 })).expect(404);
        assert_eq!(app.read(|conn| convention_drafts::table.count().get_result::<i64>(conn)), 0);
    }
}
