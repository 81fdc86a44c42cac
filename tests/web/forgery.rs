//! No other site can make a browser post: every POST address × every way in which a forged request can come.

use psypre::accounts::Role;
use psypre::router::{Audience, ROUTES, Route};

use super::reach::{PEOPLE, address, who};
use crate::on_both_databases;
use crate::support::app::PASSWORD;
use crate::support::browser::{Answer, Browser};
use crate::support::dump;
use crate::support::world::World;

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";

/// A way to post, and what it carries: the token of which sign-in, from where, as what.
struct Way {
    name: &'static str,
    token: Token,
    headers: &'static [(&'static str, &'static str)],
    kind: Option<&'static str>,
}

#[derive(Clone, Copy, PartialEq)]
enum Token {
    Absent,
    Wrong,
    OfAnother,
    Own,
}

#[rustfmt::skip]
const FORGED: [Way; 10] = [
    Way { name: "no token", token: Token::Absent, headers: &[], kind: None },
    Way { name: "a wrong token", token: Token::Wrong, headers: &[], kind: None },
    Way { name: "another's token", token: Token::OfAnother, headers: &[], kind: None },
    Way { name: "Sec-Fetch-Site: cross-site", token: Token::Own, headers: &[("sec-fetch-site", "cross-site")], kind: None },
    Way { name: "Sec-Fetch-Site: same-site", token: Token::Own, headers: &[("sec-fetch-site", "same-site")], kind: None },
    Way { name: "another origin", token: Token::Own, headers: &[("origin", "https://evil.example")], kind: None },
    Way { name: "no origin to speak of", token: Token::Own, headers: &[("origin", "null")], kind: None },
    Way { name: "an origin named by a proxy's header", token: Token::Own,
          headers: &[("origin", "https://evil.example"), ("x-forwarded-host", "evil.example")], kind: None },
    Way { name: "text/plain", token: Token::Own, headers: &[], kind: Some("text/plain") },
    Way { name: "multipart/form-data", token: Token::Own, headers: &[], kind: Some("multipart/form-data; boundary=x") },
];

/// Posts to an address, with nothing but a token.
fn post(browser: &mut Browser, path: &str, way: &Way, tokens: [&str; 2]) -> Answer {
    let token = match way.token {
        Token::Absent => None,
        Token::Wrong => Some("faux"),
        Token::OfAnother => Some(tokens[1]),
        Token::Own => Some(tokens[0]),
    };
    let is_api = path.starts_with("/api/");
    let mut headers = way.headers.to_vec();
    let mut body = if is_api { "{}".to_owned() } else { "a=1".to_owned() };
    match token {
        Some(token) if is_api => headers.push(("x-csrf-token", token)),
        Some(token) => body.push_str(&format!("&csrf={token}")),
        None => {}
    }
    let kind = way.kind.unwrap_or(if is_api { JSON } else { FORM });
    browser.send(path, kind, &body, &headers)
}

on_both_databases! {
    /// The matrix: all of it is refused and writes nothing, and the same request from our own page is not.
    fn no_other_site_can_post(app: &TestApp) {
        World::new(app);
        let mut people: Vec<(&str, Browser, String, String)> = Vec::new();
        for (_, email) in PEOPLE {
            let (mut own, mut another) = (app.signed_in(email), app.signed_in(email));
            let tokens = (own.token(), another.token());
            people.push((email, own, tokens.0, tokens.1));
        }
        let halfway = app.account("a.mi-chemin@example.org", "À Mi-Chemin", &[(Role::Accountant, None)]);
        app.telephone(halfway);
        let [(mut halfway, own_half), (_, other_half)] = [(); 2].map(|()| {
            let mut browser = app.anonymous();
            let fields = [("email", "a.mi-chemin@example.org"), ("password", PASSWORD)];
            browser.post("/connexion", &fields).expect(303);
            browser.get("/connexion/code").expect(200);
            let token = browser.token();
            (browser, token)
        });
        let before = dump::rows(app);
        let mut asked = 0;
        for route in ROUTES.iter().filter(|route| route.method == "POST" && route.audience != Audience::Halfway) {
            let (_, browser, own, another) = people.iter_mut().find(|(email, ..)| *email == who(route)).unwrap();
            for way in &FORGED {
                let answer = post(browser, &address(route), way, [own, another]);
                let refused = if way.kind.is_some() { 415 } else { 403 };
                assert_eq!(answer.status, refused, "{} with {}: {}", route.path, way.name, answer.words());
                asked += 1;
            }
        }
        // whoever is halfway in has a token of their own; whoever is in is no longer there
        for route in ROUTES.iter().filter(|route| route.method == "POST" && route.audience == Audience::Halfway) {
            for way in &FORGED {
                let answer = post(&mut halfway, &address(route), way, [&own_half, &other_half]);
                let refused = if way.kind.is_some() { 415 } else { 403 };
                assert_eq!(answer.status, refused, "{} with {}: {}", route.path, way.name, answer.words());
                let (_, browser, own, another) = people.first_mut().unwrap();
                let answer = post(browser, &address(route), way, [own, another]);
                assert!([303, 401, 403, 404, 415].contains(&answer.status), "{}: {}", route.path, answer.status);
                asked += 2;
            }
        }
        // whoever is not signed in has no token to forge; where the request comes from still counts
        for route in ROUTES.iter().filter(|route| route.method == "POST" && route.audience == Audience::Anyone) {
            for way in FORGED.iter().filter(|way| way.token == Token::Own) {
                let answer = post(&mut app.anonymous(), &address(route), way, ["", ""]);
                assert!([403, 415].contains(&answer.status), "{} with {}", route.path, way.name);
                asked += 1;
            }
        }
        assert!(dump::rows(app) == before, "what was refused wrote something");
        let ours = Way { name: "our own page", token: Token::Own, headers: &[("sec-fetch-site", "same-origin")], kind: None };
        let open = |route: &&Route| route.audience != Audience::Halfway && route.path != "/deconnexion";
        for route in ROUTES.iter().filter(|route| route.method == "POST" && route.audience == Audience::Halfway) {
            let answer = post(&mut halfway.clone(), &address(route), &ours, [&own_half, &other_half]);
            assert!(![403, 415].contains(&answer.status), "{}: {} {}", route.path, answer.status, answer.words());
        }
        for route in ROUTES.iter().filter(|route| route.method == "POST").filter(open) {
            let (_, browser, own, another) = people.iter_mut().find(|(email, ..)| *email == who(route)).unwrap();
            let answer = post(&mut browser.clone(), &address(route), &ours, [own, another]);
            assert!(![403, 415].contains(&answer.status), "{}: {} {}", route.path, answer.status, answer.words());
        }
        println!("forgery: {asked} forged requests, none let through");
    }
}
