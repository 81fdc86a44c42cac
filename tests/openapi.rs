//! The description of the API says what the router does.

use std::collections::BTreeSet;

use psypre::accounts::Role;
use psypre::openapi::Description;
use psypre::router::ROUTES;
use utoipa::OpenApi;

use crate::on_both_databases;
use crate::support::world::World;

fn described() -> serde_json::Value {
    serde_json::to_value(Description::openapi()).unwrap()
}

/// `GET /api/v1/me` for each operation.
fn operations(description: &serde_json::Value) -> BTreeSet<String> {
    let paths = description["paths"].as_object().unwrap();
    let methods = |(path, item): (&String, &serde_json::Value)| {
        let item = item.as_object().unwrap();
        item.keys().map(|method| format!("{} {path}", method.to_uppercase())).collect::<Vec<_>>()
    };
    paths.iter().flat_map(methods).collect()
}

#[test]
fn it_names_every_address_of_the_api_and_no_other() {
    let routes = ROUTES.iter().filter(|route| route.path.starts_with("/api/v1/"));
    let routes: BTreeSet<String> = routes.map(|route| format!("{} {}", route.method, route.path)).collect();
    assert_eq!(operations(&described()), routes, "described, then routed: add the handler to src/openapi.rs");
}

#[test]
fn every_operation_says_what_may_refuse_it() {
    let description = described();
    for operation in operations(&description) {
        let (method, path) = operation.split_once(' ').unwrap();
        let answers = &description["paths"][path][method.to_lowercase()]["responses"];
        for status in ["401", "403", "404", "422"] {
            let problem = &answers[status]["content"]["application/problem+json"];
            assert!(method == "GET" || problem.is_object(), "{operation} says nothing of {status}");
        }
    }
    assert!(description["components"]["securitySchemes"]["bearer"].is_object());
}

#[test]
fn every_schema_that_is_named_is_described() {
    let description = described();
    let text = description.to_string();
    for named in text.split("\"#/components/schemas/").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(description["components"]["schemas"][named].is_object(), "{named} is named and not described");
    }
}

#[test]
fn a_parameter_stands_where_it_is_said_to() {
    let description = described();
    for operation in operations(&description) {
        let (method, path) = operation.split_once(' ').unwrap();
        let parameters = description["paths"][path][method.to_lowercase()]["parameters"].as_array().cloned();
        for parameter in parameters.unwrap_or_default() {
            let name = parameter["name"].as_str().unwrap();
            let in_path = path.contains(&format!("{{{name}}}"));
            assert_eq!(parameter["in"] == "path", in_path, "{operation}: {name} is said to be in {}", parameter["in"]);
        }
    }
}

#[test]
fn words_of_lists_are_those_that_are_written() {
    let description = described();
    let schemas = &description["components"]["schemas"];
    assert_eq!(schemas["Attendance"]["enum"], serde_json::json!(["held", "excused_absence", "unexcused_absence"]));
    for (name, schema) in schemas.as_object().unwrap() {
        for word in schema["enum"].as_array().into_iter().flatten().filter_map(|word| word.as_str()) {
            assert_eq!(word, word.to_lowercase(), "{name} lists a variant of the program, not a word of the API");
        }
    }
}

#[test]
fn a_body_has_no_key_but_those_that_are_said() {
    let description = described();
    let schemas = &description["components"]["schemas"];
    assert_eq!(schemas["NewRecord"]["additionalProperties"], false, "a body");
    for kind in schemas["Change"]["oneOf"].as_array().unwrap() {
        assert_eq!(kind["additionalProperties"], false, "what a body holds: {kind}");
    }
    assert_eq!(schemas["SessionAnswer"]["additionalProperties"], serde_json::Value::Null, "an answer may grow");
}

on_both_databases! {
    /// What is described as a number or a day is read as one: nothing else passes for an absent filter.
    fn a_filter_that_cannot_be_read_is_refused(app: &TestApp) {
        let world = World::new(app);
        let roles = [Role::Administrator, Role::Auditor, Role::Accountant];
        let mut grants: Vec<_> = roles.into_iter().map(|role| (role, None)).collect();
        grants.push((Role::Coordinator, Some(world.dijon)));
        app.account("tout@example.org", "Alix Exemple", &grants);
        let child = world.entrusted_child(world.dijon, "Lou", "Exemple");
        let mut browser = app.signed_in("tout@example.org");
        let description = described();
        let mut tried = 0;
        for (path, item) in description["paths"].as_object().unwrap() {
            let path = path.replace("{child}", &child.to_string());
            for parameter in item["get"]["parameters"].as_array().into_iter().flatten().filter(|p| p["in"] == "query") {
                if !["int64", "int32", "date"].iter().any(|format| parameter["schema"]["format"] == **format) {
                    continue;
                }
                tried += 1;
                let name = parameter["name"].as_str().unwrap();
                for wrong in ["", "x", "9223372036854775808"] {
                    let answer = browser.get(&format!("{path}?{name}={wrong}"));
                    assert_eq!(answer.status, 400, "{path}?{name}={wrong}");
                }
            }
        }
        assert!(tried >= 20, "{tried} filters were tried");
    }

    /// A list is no object, even where nothing is asked.
    fn a_list_is_no_body(app: &TestApp) {
        let world = World::new(app);
        app.account("coordination@example.org", "Alix Exemple", &[(Role::Coordinator, Some(world.dijon))]);
        let mut browser = app.signed_in("coordination@example.org");
        for list in [serde_json::json!([]), serde_json::json!([[]])] {
            let problem = browser.post_json("/api/v1/me/calendar-feed", &list).expect(400).json();
            assert!(problem["detail"].as_str().unwrap().contains("a list, expected an object"), "{problem}");
        }
        browser.post_json("/api/v1/me/calendar-feed", &serde_json::json!({})).expect(200);
    }

    /// A program learns who it acts for, and a problem is one that it can read.
    fn a_program_learns_who_it_acts_for(app: &TestApp) {
        let account = app.account("audit@example.org", "Alix Exemple", &[(Role::Auditor, None)]);
        let mut browser = app.signed_in("audit@example.org");
        let me = browser.get("/api/v1/me").expect(200).json();
        assert_eq!(me["account"], account.to_string());
        assert_eq!(me["roles"], serde_json::json!([{ "role": "auditor", "programme": null }]));
        let problem = app.anonymous().get("/api/v1/me").expect(401);
        assert_eq!(problem.header("content-type"), Some("application/problem+json"));
        assert_eq!(problem.json()["code"], "signed_out");
        assert_eq!(app.anonymous().get("/api/v1/openapi.json").expect(200).json()["info"]["title"], "PsyPRE");
    }
}
