//! A month of two children, from their entry to the payment, through HTTP; what was heard on the way is kept.

use std::collections::BTreeMap;

use psypre::conventions::ServiceType;
use psypre::documents::VatRegime;
use psypre::router::{Audience, ROUTES};
use psypre::{day_before, reminders};

use super::media::{self, Part};
use crate::services;
use crate::support::app::TestApp;
use crate::support::browser::{Answer, Browser};
use crate::support::world::{
    ACCOUNTANT, ADMINISTRATOR, AUDITOR, CHENOVE_COORDINATOR, CHENOVE_REFERENT, CLAIRE, DENIS, DIJON_COORDINATOR, World,
};

/// Whoever may read the children's names.
const CARE_CIRCLE: [&str; 3] = [CHENOVE_COORDINATOR, CHENOVE_REFERENT, CLAIRE];
/// Whoever may not.
const OTHERS: [&str; 6] = [DENIS, DIJON_COORDINATOR, ADMINISTRATOR, ACCOUNTANT, AUDITOR, NOBODY];
const NOBODY: &str = "nobody";

/// A child and their family, as a coordinator types them.
#[derive(Debug, Clone, Copy)]
pub struct Family {
    pub first_name: &'static str,
    pub last_name: &'static str,
    pub born_on: &'static str,
    pub school: &'static str,
    pub guardian: &'static str,
    pub phone: &'static str,
    pub email: &'static str,
}

/// The month.
pub struct Month<'a> {
    world: World<'a>,
    browsers: BTreeMap<&'static str, Browser>,
    /// What must hold no name: addresses and headers of every answer, pages of those who may not see, files.
    pub heard: Vec<Part>,
    /// The pages of the care circle.
    pub seen: Vec<Part>,
}

type Fields<'f> = [(&'f str, &'f str)];

impl<'a> Month<'a> {
    /// Lives the month.
    pub fn live(app: &'a TestApp, families: [Family; 2]) -> Self {
        let world = World::new(app);
        let mut month = Self { world, browsers: BTreeMap::new(), heard: Vec::new(), seen: Vec::new() };
        let children = families.map(|family| month.enter(family));
        let sessions = month.see(&children);
        month.serve();
        month.subscribe();
        month.decide(&sessions);
        month.bill();
        month.export();
        month.invite();
        month.look_everywhere(&children);
        month.go_wrong(&children[0], families[0]);
        month
    }

    fn app(&self) -> &'a TestApp {
        self.world.app
    }

    /// A coordinator enters a child, corrects the file, and entrusts the child to a psychologist.
    fn enter(&mut self, family: Family) -> String {
        let neighbourhood = self.world.neighbourhoods(self.world.chenove)[0].to_string();
        let referent = self.world.referent.to_string();
        let entry = [
            ("first_name", family.first_name),
            ("last_name", family.last_name),
            ("born_on", family.born_on),
            ("gender", "girl"),
            ("neighbourhood", &neighbourhood),
            ("school", family.school),
            ("referent", &referent),
            ("followed_since", "2026-01-05"),
            ("guardian_name", family.guardian),
            ("guardian_relation", "mère"),
            ("guardian_phone", family.phone),
            ("guardian_email", family.email),
        ];
        // first without a way to reach anybody: refused, and shown again
        self.post(CHENOVE_COORDINATOR, "/enfants/nouveau", &entry[..10]).expect(422);
        let file = self.post(CHENOVE_COORDINATOR, "/enfants/nouveau", &entry).expect(303).location().to_owned();
        self.post(CHENOVE_COORDINATOR, &format!("{file}/modification"), &entry[..8]).expect(303);
        self.post(CHENOVE_COORDINATOR, "/enfants", &[("nom", family.last_name)]).expect(200);
        let page = self.get(CHENOVE_COORDINATOR, &file).expect(200).text();
        let guardians = hrefs(&page, &format!("{file}/responsables/"));
        let reminders = guardians.iter().find(|path| path.ends_with("/rappels")).unwrap();
        self.post(CHENOVE_COORDINATOR, reminders, &[("agreed_on", "2026-01-05")]).expect(303);
        let form = self.get(CHENOVE_COORDINATOR, &format!("{file}/orientation")).expect(200).text();
        let consent = form.split("name=\"consent_").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
        let (consent, psychologist) = (format!("consent_{consent}"), self.world.claire.to_string());
        let grant = [
            ("psychologist", psychologist.as_str()),
            ("minutes", "20 h"),
            ("starts_on", "2026-01-05"),
            ("ends_on", "2026-12-31"),
            (&consent, "2026-01-05"),
        ];
        self.post(CHENOVE_COORDINATOR, &format!("{file}/orientation"), &grant).expect(303);
        file
    }

    /// The psychologist books, records a session held and an absence; gives the addresses of the sessions.
    fn see(&mut self, children: &[String; 2]) -> Vec<String> {
        let [first, second] = children.each_ref().map(|file| file.rsplit('/').next().unwrap_or_default().to_owned());
        let slot = |child: &str, on: &str, at: &str, attendance: &str| {
            [("child", child), ("session_on", on), ("starts_at", at), ("duration", "1 h"), ("attendance", attendance)]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
        };
        let pair = format!("{first}+{}", self.world.claire);
        for (path, fields) in [
            ("/seances/reservation", slot(&pair, "2026-11-23", "14:00", "")),
            ("/seances/saisie", slot(&first, "2026-11-19", "10:00", "held")),
            ("/seances/saisie", slot(&second, "2026-11-18", "10:00", "unexcused_absence")),
            ("/seances/saisie", slot(&second, "2026-11-17", "10:00", "held")),
        ] {
            let fields = fields.each_ref().map(|(name, value)| (name.as_str(), value.as_str()));
            self.post(CLAIRE, path, &fields).expect(303);
        }
        // twice the same hour: refused, and shown again
        let again = slot(&first, "2026-11-19", "10:00", "held");
        self.post(CLAIRE, "/seances/saisie", &again.each_ref().map(|(n, v)| (n.as_str(), v.as_str()))).expect(422);
        let listed = self.get(CLAIRE, "/seances").expect(200).text();
        let mut sessions = hrefs(&listed, "/seances/");
        sessions.retain(|path| path.rsplit('/').next().is_some_and(|id| id.parse::<uuid::Uuid>().is_ok()));
        assert_eq!(sessions.len(), 4, "{sessions:?}");
        // the evening before the one that is booked, then the evening after
        self.pass(chrono::Duration::hours(2 * 24 + 8));
        self.pass(chrono::Duration::hours(24));
        for path in &sessions {
            // only the booked one is still to be told
            self.post(CLAIRE, &format!("{path}/presence"), &[("attendance", "held")]);
        }
        sessions
    }

    /// The psychologist leads practice analysis for the professionals; the administration refuses it, then approves it.
    fn serve(&mut self) {
        services::open_line(&self.world, ServiceType::PracticeAnalysis, 600, 60_000);
        services::charge(&self.world, &self.world.psychologist(), ServiceType::PracticeAnalysis, VatRegime::Franchise);
        let said = [
            ("kind", "practice_analysis"),
            ("service_on", "2026-11-16"),
            ("starts_at", "14:00"),
            ("duration", "1 h"),
            ("place", "Salle des exemples"),
            ("participants", "8"),
            ("label", "Groupe des référents"),
        ];
        let service = self.post(CLAIRE, "/prestations/saisie", &said).expect(303).location().to_owned();
        self.post(ADMINISTRATOR, &format!("{service}/refus"), &[("reason", "La durée ne va pas")]).expect(303);
        self.post(CLAIRE, &format!("{service}/correction"), &said).expect(303);
        self.post(ADMINISTRATOR, &format!("{service}/validation"), &[]).expect(303);
        for who in [CLAIRE, ADMINISTRATOR] {
            self.get(who, &service).expect(200);
            self.get(who, "/prestations").expect(200);
        }
    }

    /// Both put their sessions into their own calendar; whoever has the address reads it without signing in.
    fn subscribe(&mut self) {
        for who in [CLAIRE, CHENOVE_COORDINATOR] {
            let page = self.post(who, "/mon-compte/calendrier", &[]).expect(200).text();
            let address = page.split("/agenda/").nth(1).and_then(|rest| rest.split(['"', '<']).next()).unwrap();
            let feed = self.get(NOBODY, &format!("/agenda/{address}")).expect(200).text();
            assert!(feed.contains("SUMMARY:CHE-2026-000"), "{feed}");
        }
    }

    /// The coordinator refuses one, the psychologist corrects it; all are approved, one approval is withdrawn.
    fn decide(&mut self, sessions: &[String]) {
        self.get(CHENOVE_COORDINATOR, "/validations").expect(200);
        let last = sessions.last().unwrap();
        self.post(CHENOVE_COORDINATOR, &format!("{last}/refus"), &[("reason", "La durée ne va pas")]).expect(303);
        self.get(CLAIRE, &format!("{last}/correction")).expect(200);
        let correction =
            [("session_on", "2026-11-17"), ("starts_at", "10:00"), ("duration", "45 min"), ("attendance", "held")];
        self.post(CLAIRE, &format!("{last}/correction"), &correction).expect(303);
        let ids: Vec<&str> = sessions.iter().filter_map(|path| path.rsplit('/').next()).collect();
        let chosen: Vec<(&str, &str)> = ids.iter().map(|id| ("session", *id)).collect();
        self.post(CHENOVE_COORDINATOR, "/validations", &chosen).expect(303);
        let reason = [("reason", "Validée trop vite")];
        self.post(CHENOVE_COORDINATOR, &format!("{last}/retrait"), &reason).expect(303);
        self.post(CHENOVE_COORDINATOR, &format!("{last}/validation"), &[]).expect(303);
    }

    /// The invoice is issued, rejected, credited and issued again, then paid.
    fn bill(&mut self) {
        self.pass(chrono::Duration::days(9));
        self.get(CLAIRE, "/factures/apercu?mois=2026-11").expect(200);
        let convention = self.world.convention.to_string();
        let order = [("mois", "2026-11"), ("convention", convention.as_str())];
        // one for the sessions, one for the practice analysis: the tax is not the same
        let several = self.post(CLAIRE, "/factures", &order).expect(303).location().to_owned();
        let listed = self.get(CLAIRE, &several).expect(200).text();
        let issued = invoices_of(&listed);
        assert_eq!(issued.len(), 2, "{several}: {issued:?}");
        let first = issued[0].clone();
        self.post(ACCOUNTANT, &format!("{first}/depot"), &[("on", "2026-12-02")]).expect(303);
        self.post(ACCOUNTANT, &format!("{first}/rejet"), &[("reason", "Engagement absent")]).expect(303);
        let again =
            self.post(CLAIRE, &format!("{first}/reemission"), &[("reason", "")]).expect(303).location().to_owned();
        for step in ["depot", "mandatement", "paiement"] {
            self.post(ACCOUNTANT, &format!("{again}/{step}"), &[("on", "2026-12-02")]).expect(303);
        }
        let listed = self.get(ACCOUNTANT, "/factures?mois=2026-11").expect(200).text();
        let mut files = 0;
        for invoice in [first, again].into_iter().chain(invoices_of(&listed)) {
            for who in [ACCOUNTANT, CLAIRE] {
                let page = self.get(who, &invoice).text();
                for file in hrefs(&page, "/factures/").into_iter().filter(|path| path.contains("/fichiers/")) {
                    let answer = self.get(who, &file).expect(200);
                    self.keep_file(&file, &answer);
                    files += 1;
                }
            }
        }
        assert!(files >= 12, "an invoice, its credit note and the new one, several files each: {files}");
    }

    fn export(&mut self) {
        for format in ["csv", "xlsx", "json", "zip"] {
            let page = self.get(ACCOUNTANT, &format!("/exports/2026-11.{format}")).expect(200);
            self.keep_file(&format!("export.{format}"), &page);
            let path = format!("/api/v1/exports/invoices?month=2026-11&format={format}");
            let answer = self.get(ACCOUNTANT, &path).expect(200);
            self.keep_file(&format!("api.{format}"), &answer);
        }
    }

    /// Something to be told by mail whatever else is.
    fn invite(&mut self) {
        let new = [("email", "nouveau@example.org"), ("name", "Nina Nouvelle"), ("roles", "accountant")];
        self.post(ADMINISTRATOR, "/comptes", &new).expect(303);
    }

    /// Everybody opens every page that has no parameter, and the children's files.
    fn look_everywhere(&mut self, children: &[String; 2]) {
        let open = |audience: Audience| audience != Audience::Anyone;
        for who in CARE_CIRCLE.into_iter().chain(OTHERS) {
            for route in ROUTES.iter().filter(|route| route.method == "GET" && !route.path.contains('{')) {
                if open(route.audience) {
                    self.get(who, route.path);
                }
            }
            for file in children {
                self.get(who, file);
                self.get(who, &file.replace("/enfants", "/api/v1/children"));
            }
        }
        // with filters too
        for path in [
            "/seances?mois=2026-11",
            "/enfants?suivi=tous",
            "/journal?page=2",
            "/annee?pre=CHE",
            "/bilan/2026.pdf",
            "/bilan/2026.xlsx",
            "/api/v1/reports/2026",
        ] {
            for who in CARE_CIRCLE.into_iter().chain(OTHERS) {
                self.get(who, path);
            }
        }
    }

    /// Error pages, provoked with names in what is posted.
    fn go_wrong(&mut self, child: &str, family: Family) {
        let named = [("first_name", family.first_name), ("nom", family.last_name), ("reason", family.guardian)];
        for who in [ADMINISTRATOR, ACCOUNTANT, AUDITOR, NOBODY] {
            for path in ["/enfants/nouveau", "/enfants", "/une-page", "/seances/saisie", "/factures", child] {
                let answer = self.post(who, path, &named);
                assert!(answer.status >= 300, "{who} {path}: {}", answer.status);
            }
            let body = serde_json::json!({ "first_name": family.first_name, "guardians": [family.guardian] });
            for path in ["/api/v1/children", "/api/v1/sessions", "/api/v1/une-adresse"] {
                let answer = self.browser(who).post_json(path, &body);
                self.keep(who, path, &answer);
            }
        }
        let too_long = format!("nom={}", family.first_name.repeat(60_000));
        let kind = "application/x-www-form-urlencoded";
        let answer = self.browser(NOBODY).send("/enfants", kind, &too_long, &[]);
        self.keep(NOBODY, "/enfants", &answer);
        let answer =
            self.browser(ACCOUNTANT).send("/enfants", kind, &format!("csrf=faux&nom={}", family.last_name), &[]);
        self.keep(ACCOUNTANT, "/enfants", &answer.expect(403));
    }

    fn browser(&mut self, who: &'static str) -> &mut Browser {
        let app = self.app();
        self.browsers.entry(who).or_insert_with(|| if who == NOBODY { app.anonymous() } else { app.signed_in(who) })
    }

    fn get(&mut self, who: &'static str, path: &str) -> Answer {
        let answer = self.browser(who).get(path);
        self.keep(who, path, &answer);
        answer
    }

    fn post(&mut self, who: &'static str, path: &str, fields: &Fields<'_>) -> Answer {
        let answer = self.browser(who).post(path, fields);
        self.keep(who, path, &answer);
        answer
    }

    fn keep(&mut self, who: &str, path: &str, answer: &Answer) {
        let label = format!("{who} {path}: {}", answer.status);
        self.heard.push((format!("the headers of {label}"), format!("{path} {:?}", answer.headers).into_bytes()));
        assert!(answer.status < 500, "{label}: {}", answer.words());
        if CARE_CIRCLE.contains(&who) {
            self.heard.push((format!("the links of {label}"), links(&answer.text()).join("\n").into_bytes()));
            self.seen.push((label, answer.body.clone()));
        } else {
            self.heard.extend(media::parts(&label, &answer.body));
        }
    }

    fn keep_file(&mut self, name: &str, answer: &Answer) {
        self.heard.extend(media::parts(name, &answer.body));
    }

    /// Time goes by, reminders are queued, and people sign in again.
    fn pass(&mut self, time: chrono::Duration) {
        let app = &self.app().app;
        app.clock.advance(time);
        reminders::run(&app.db, &app.clock).unwrap();
        day_before::mailer(app).unwrap().drain(&app.db, &app.clock, &|| false).unwrap();
        self.browsers.clear();
    }
}

/// The invoices that a page links to.
fn invoices_of(html: &str) -> Vec<String> {
    let path = |link: String| link.split(['?', '#']).next().unwrap_or_default().to_owned();
    let mut found: Vec<String> = hrefs(html, "/factures/").into_iter().map(path).collect();
    found.retain(|path| path.rsplit('/').next().is_some_and(|id| id.parse::<uuid::Uuid>().is_ok()));
    found.dedup();
    found
}

/// The links of a page that begin so, each once.
fn hrefs(html: &str, start: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for link in links(html).into_iter().filter(|link| link.starts_with(start)) {
        let link = link.replace("&#38;", "&").replace("&amp;", "&");
        if !found.contains(&link) {
            found.push(link);
        }
    }
    found
}

/// Every address of ours that a page holds.
fn links(html: &str) -> Vec<String> {
    let of = |attribute: &str| -> Vec<String> {
        let values = html.split(attribute).skip(1).filter_map(|rest| rest.split('"').next());
        values.filter(|link| !link.starts_with("tel:") && !link.starts_with("mailto:")).map(str::to_owned).collect()
    };
    ["href=\"", "action=\"", "src=\"", "data-href=\""].into_iter().flat_map(of).collect()
}
