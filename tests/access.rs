//! Who may ask what: every route × every caller × {own, same programme, other programme, other psychologist's, absent}.
//!
//! What is not yours answers exactly as what does not exist, and changes nothing. No answer, whoever asks, names a
//! child or shows an account number that is not theirs to know.

pub mod scene;
pub mod table;

use std::collections::BTreeSet;
use std::time::Instant;

use psypre::accounts::Role;
use psypre::router::{Audience, ROUTES, Route};

use self::scene::{Caller, Scene};
use self::table::{
    BESIDE, BODIES, OFF_BY_DEFAULT, ONLY_IN_THE_DEMONSTRATION, Place, QUERIES, Sees, THINGS, Thing, sees,
};
use crate::on_both_databases;
use crate::support::browser::{Answer, Browser};
use crate::support::dump;

/// What a cell must answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Expected {
    /// Nobody is recognised.
    SignedOut,
    /// The role is not in the audience.
    Forbidden,
    /// Not theirs, or not there.
    Absent,
    /// Theirs.
    Theirs,
}

/// One question of one caller.
struct Cell<'a> {
    caller: usize,
    route: &'a Route,
    places: Vec<Place>,
    bearer: bool,
    expected: Expected,
    /// The kind of thing named beside the path, and the query or the body that names it.
    beside: Option<(Thing, &'static str)>,
}

#[test]
fn the_table_knows_every_address() {
    let known: BTreeSet<&str> = THINGS.iter().map(|(path, _)| *path).collect();
    let with_parameters: BTreeSet<&str> = ROUTES.iter().map(|route| route.path).filter(|p| p.contains('{')).collect();
    let missing: Vec<String> = with_parameters
        .difference(&known)
        .map(|path| format!("    (\"{path}\", &[{}]),", vec!["Thing::…"; parameters(path).len()].join(", ")))
        .collect();
    assert!(missing.is_empty(), "add to THINGS in tests/access/table.rs:\n{}", missing.join("\n"));
    let gone: Vec<&&str> = known.difference(&with_parameters).collect();
    assert!(gone.is_empty(), "remove from THINGS in tests/access/table.rs: {gone:?}");
    let posts: BTreeSet<&str> = ROUTES.iter().filter(|r| r.method == "POST").map(|route| route.path).collect();
    let gets: BTreeSet<&str> = ROUTES.iter().filter(|r| r.method == "GET").map(|route| route.path).collect();
    let bodies = BODIES.iter().map(|(path, _)| *path).filter(|path| !posts.contains(path));
    let queries = QUERIES.iter().map(|(path, _)| *path).filter(|path| !gets.contains(path));
    let idle: Vec<&str> = bodies.chain(queries).collect();
    assert!(idle.is_empty(), "remove from BODIES or QUERIES in tests/access/table.rs: {idle:?}");
    for (path, things) in THINGS {
        assert_eq!(parameters(path).len(), things.len(), "{path} has as many parameters as things");
    }
}

/// An audience that holds a role which may see nothing of what the address names is a mistake in one of the two.
#[test]
fn audiences_agree_with_what_roles_see() {
    for route in ROUTES {
        let Audience::Roles(roles) = route.audience else { continue };
        for (role, thing) in roles.iter().flat_map(|role| things(route).iter().map(move |thing| (*role, *thing))) {
            assert_ne!(
                sees(role, thing),
                Sees::Nothing,
                "{} {} is open to {role}, who may see no {thing:?}",
                route.method,
                route.path
            );
        }
    }
}

on_both_databases! {
    /// The matrix.
    fn everyone_sees_what_is_theirs_and_nothing_else(app: &TestApp) {
        let started = Instant::now();
        let scene = Scene::new(app);
        let cells = cells(&scene);
        let mut report = Report::default();
        let before = dump::rows(app);
        ask_together(&scene, cells.iter().filter(|cell| cell.expected != Expected::Theirs), &mut report);
        let moved: Vec<String> =
            dump::rows(app).into_iter().filter(|(table, rows)| before[table] != *rows).map(|(table, _)| table).collect();
        if !moved.is_empty() {
            report.failures.push(format!("what was refused wrote to {moved:?}"));
        }
        let theirs = |method: &'static str| {
            cells.iter().filter(move |cell| cell.expected == Expected::Theirs && cell.route.method == method)
        };
        ask_together(&scene, theirs("GET"), &mut report);
        // these may change what the next one asks
        report.add(ask_in_order(&scene, theirs("POST")));
        for caller in &scene.callers {
            for (place, secrets) in &scene.secrets {
                let shown = report.shown.contains(&(caller.name, secrets.names[0].clone()));
                if shown != knows(caller, *place) {
                    report.failures.push(format!("{}: the name of the child {place:?} was shown: {shown}", caller.name));
                }
            }
        }
        let (asked, seconds) = (report.asked, started.elapsed().as_secs_f32());
        println!("access: {asked} cells of {} routes, {} callers, in {seconds:.1} s", ROUTES.len(), scene.callers.len());
        let wrong = report.failures.len();
        report.failures.truncate(60);
        assert!(wrong == 0, "{wrong} of {asked} cells:\n{}", report.failures.join("\n"));
    }
}

/// What the cells answered.
#[derive(Default)]
struct Report {
    asked: usize,
    failures: Vec<String>,
    /// Whose names were shown to whom.
    shown: BTreeSet<(&'static str, String)>,
}

/// Every cell, in an order in which nothing that is done takes from the next what it needs: signing out comes last.
fn cells(scene: &Scene) -> Vec<Cell<'static>> {
    let mut cells = Vec::new();
    for (index, caller) in scene.callers.iter().enumerate() {
        for route in ROUTES {
            for places in places_of(route) {
                let expected = expected(caller, route, &places);
                let cell =
                    |bearer| Cell { caller: index, route, places: places.clone(), bearer, expected, beside: None };
                cells.extend(by_each_means(route, cell));
            }
        }
        cells.extend(BESIDE.iter().flat_map(|line| cells_beside(index, caller, *line)));
    }
    cells.sort_by_key(|cell| (cell.caller, cell.route.path == "/deconnexion"));
    cells
}

/// By cookie, and programs by bearer token too.
fn by_each_means(route: &Route, cell: impl Fn(bool) -> Cell<'static>) -> Vec<Cell<'static>> {
    if route.path.starts_with("/api/") { vec![cell(false), cell(true)] } else { vec![cell(false)] }
}

/// The cells of what is named beside a path, for whoever may ask the path.
fn cells_beside(index: usize, caller: &Caller, line: (&str, &str, Thing, &'static str)) -> Vec<Cell<'static>> {
    let (method, path, thing, text) = line;
    let found = ROUTES.iter().find(|route| (route.method, route.path) == (method, path));
    let route = found.unwrap_or_else(|| panic!("remove {method} {path} from BESIDE in tests/access/table.rs"));
    if expected(caller, route, &[]) != Expected::Theirs {
        return Vec::new();
    }
    let of = |place: &Place| {
        let expected = if sees_it(caller, thing, *place) { Expected::Theirs } else { Expected::Absent };
        let cell =
            |bearer| Cell { caller: index, route, places: vec![*place], bearer, expected, beside: Some((thing, text)) };
        by_each_means(route, cell)
    };
    let mut cells: Vec<Cell<'static>> = Place::ALL.iter().flat_map(of).collect();
    cells.sort_by_key(|cell| cell.bearer);
    cells
}

/// Where the things of an address stand: all in the same place, or the second not belonging to the first.
fn places_of(route: &Route) -> Vec<Vec<Place>> {
    match things(route).len() {
        0 => vec![Vec::new()],
        // the name of a file, or of a part, says nothing of whose it is
        _ if things(route).iter().any(|thing| matches!(thing, Thing::File | Thing::DraftPart)) => {
            Place::ALL.iter().map(|place| vec![*place; 2]).collect()
        }
        1 => Place::ALL.iter().map(|place| vec![*place]).collect(),
        count => {
            let together = Place::ALL.iter().map(|place| vec![*place; count]);
            together.chain([vec![Place::Own, Place::SameProgramme]]).collect()
        }
    }
}

fn expected(caller: &Caller, route: &Route, places: &[Place]) -> Expected {
    let together = places.iter().all(|place| *place == places[0]);
    let theirs = |all: bool| if all && together { Expected::Theirs } else { Expected::Absent };
    if ONLY_IN_THE_DEMONSTRATION.contains(&route.path) {
        return Expected::Absent;
    }
    if OFF_BY_DEFAULT.contains(&route.path) {
        let is_signed_out = caller.role.is_none() && route.audience == Audience::SignedIn;
        return if is_signed_out { Expected::SignedOut } else { Expected::Absent };
    }
    match (route.audience, caller.role) {
        (Audience::Halfway, _) if caller.halfway => Expected::Theirs,
        (Audience::Halfway, Some(_)) => Expected::Theirs,
        (Audience::Anyone, _) => theirs(!places.contains(&Place::Absent)),
        (_, None) => Expected::SignedOut,
        (Audience::Roles(roles), Some(role)) if !roles.contains(&role) => Expected::Forbidden,
        _ => theirs(things(route).iter().zip(places).all(|(thing, place)| sees_it(caller, *thing, *place))),
    }
}

/// Whether a thing in a place is a caller's to see.
fn sees_it(caller: &Caller, thing: Thing, place: Place) -> bool {
    let seen = caller.role.map_or(Sees::Nothing, |role| sees(role, thing));
    seen.holds(place) && (caller.entrusted || seen != Sees::OwnWork)
}

fn things(route: &Route) -> &'static [Thing] {
    THINGS.iter().find(|(path, _)| *path == route.path).map_or(&[], |(_, things)| things)
}

fn parameters(path: &str) -> Vec<&str> {
    path.split('{').skip(1).filter_map(|rest| rest.split('}').next()).collect()
}

/// Asks, everybody at the same time.
fn ask_together<'a>(scene: &Scene, cells: impl Iterator<Item = &'a Cell<'static>>, report: &mut Report) {
    let mut by_caller: Vec<Vec<&Cell<'static>>> = scene.callers.iter().map(|_| Vec::new()).collect();
    cells.for_each(|cell| by_caller[cell.caller].push(cell));
    let reports: Vec<Report> = std::thread::scope(|scope| {
        let ask = |cells: Vec<&'a Cell<'static>>| scope.spawn(move || ask_in_order(scene, cells.into_iter()));
        let asking: Vec<_> = by_caller.into_iter().map(ask).collect();
        asking.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    reports.into_iter().for_each(|part| report.add(part));
}

/// Asks one after the other, and holds each answer to what it must be.
fn ask_in_order<'a>(scene: &Scene, cells: impl Iterator<Item = &'a Cell<'static>>) -> Report {
    let mut browsers: Vec<[Browser; 2]> =
        scene.callers.iter().map(|caller| [caller.browser.clone(), caller.program.clone()]).collect();
    let mut report = Report::default();
    // what the first of the absent answered to the same question
    let mut absent: Option<(usize, Route, bool, &str, String)> = None;
    for cell in cells {
        let (path, ids) = address(scene, cell);
        let body = body(scene, cell, &ids);
        let answer = ask(&mut browsers[cell.caller][usize::from(cell.bearer)], cell.route, &path, &body);
        let mut wrong = verdict(cell, &answer);
        if cell.expected == Expected::Absent {
            let beside = cell.beside.map(|(_, text)| text).unwrap_or_default();
            let told = told(&answer, &ids);
            match &absent {
                Some((caller, route, bearer, text, first))
                    if (*caller, route, *bearer, *text) == (cell.caller, cell.route, cell.bearer, beside) =>
                {
                    wrong.extend(difference(first, &told));
                }
                _ => absent = Some((cell.caller, *cell.route, cell.bearer, beside, told)),
            }
        }
        wrong.extend(leaks(scene, &scene.callers[cell.caller], &answer, &mut report.shown));
        report.note(scene, cell, &answer, wrong);
    }
    report
}

impl Report {
    fn add(&mut self, part: Self) {
        self.asked += part.asked;
        self.failures.extend(part.failures);
        self.shown.extend(part.shown);
    }

    fn note(&mut self, scene: &Scene, cell: &Cell<'_>, answer: &Answer, wrong: Vec<String>) {
        self.asked += 1;
        let caller = scene.callers[cell.caller].name;
        let means = if cell.bearer { "bearer" } else { "cookie" };
        let (method, route, places, expected) = (cell.route.method, cell.route.path, &cell.places, cell.expected);
        let (status, location) = (answer.status, answer.location());
        self.failures.extend(wrong.into_iter().map(|what| {
            format!("{caller} ({means}) {method} {route} {places:?}: {expected:?} expected, {status} {location} answered: {what}")
        }));
    }
}

/// The path with its identifiers, and the identifiers.
fn address(scene: &Scene, cell: &Cell<'_>) -> (String, Vec<String>) {
    let caller = &scene.callers[cell.caller];
    let ids: Vec<String> =
        things(cell.route).iter().zip(&cell.places).map(|(thing, place)| scene.id(*thing, *place, caller)).collect();
    let mut path = cell.route.path.to_owned();
    for (parameter, id) in parameters(cell.route.path).into_iter().zip(&ids) {
        path = path.replace(&format!("{{{parameter}}}"), id);
    }
    if let Some((thing, text)) = cell.beside {
        let id = scene.id(thing, cell.places[0], caller);
        if cell.route.method == "GET" {
            path = format!("{path}?{}", text.replace("<id>", &id));
        }
        return (path, vec![id]);
    }
    if let Some((_, query)) = QUERIES.iter().find(|(known, _)| *known == cell.route.path) {
        path = format!("{path}?{}", filled(scene, cell, query));
    }
    (path, ids)
}

fn body(scene: &Scene, cell: &Cell<'_>, ids: &[String]) -> String {
    if let (Some((_, text)), [id]) = (cell.beside, ids) {
        return filled(scene, cell, &text.replace("<id>", id));
    }
    let body = BODIES.iter().find(|(known, _)| *known == cell.route.path).map_or("", |(_, body)| body);
    filled(scene, cell, body)
}

/// With the identifiers of what stands in the place asked.
fn filled(scene: &Scene, cell: &Cell<'_>, text: &str) -> String {
    if !text.contains('<') {
        return text.to_owned();
    }
    let place = cell.places.first().copied().unwrap_or(Place::Own);
    let caller = &scene.callers[cell.caller];
    let guardian = scene.id(Thing::Guardian, place, caller);
    let own = |thing| scene.id(thing, Place::Own, caller);
    text.replace("<guardian>", &guardian)
        .replace("<convention>", &own(Thing::Convention))
        .replace("<year>", &scene.year)
        .replace("<programme>", &scene.programme)
        .replace("<psychologist>", &own(Thing::Psychologist))
}

fn ask(browser: &mut Browser, route: &Route, path: &str, body: &str) -> Answer {
    match (route.method, route.path.starts_with("/api/")) {
        ("GET", _) => browser.get(path),
        (_, true) => browser.post_json(path, &serde_json::from_str(if body.is_empty() { "{}" } else { body }).unwrap()),
        (_, false) => {
            let fields: Vec<(String, String)> = serde_urlencoded::from_str(body).unwrap();
            let fields: Vec<(&str, &str)> =
                fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            browser.post(path, &fields)
        }
    }
}

/// What is wrong with an answer by itself.
fn verdict(cell: &Cell<'_>, answer: &Answer) -> Vec<String> {
    let is_api = cell.route.path.starts_with("/api/");
    let to_sign_in = answer.status == 303 && answer.location().split('?').next() == Some("/connexion");
    let is_problem = answer.header("content-type").is_some_and(|kind| kind.starts_with("application/problem+json"));
    let right = match cell.expected {
        Expected::SignedOut if is_api => answer.status == 401,
        Expected::SignedOut => to_sign_in,
        Expected::Forbidden => answer.status == 403,
        // a list that holds nothing, or a form that is refused, says no more than that
        Expected::Absent if cell.beside.is_some() => answer.status < 500 && !to_sign_in,
        Expected::Absent => answer.status == 404,
        Expected::Theirs if cell.route.path == "/deconnexion" => to_sign_in,
        // everybody reads the same one at the same instant: all but the first are told to come back
        Expected::Theirs if cell.route.path == "/agenda/{token}.ics" => matches!(answer.status, 200 | 429),
        Expected::Theirs if cell.route.method == "GET" => matches!(answer.status, 200 | 303) && !to_sign_in,
        Expected::Theirs => !matches!(answer.status, 401 | 403 | 404 | 500..) && !to_sign_in,
    };
    let mut wrong = Vec::new();
    if !right {
        wrong.push(answer.words().chars().take(300).collect());
    }
    if is_api && answer.status >= 400 && !(is_problem && answer.json()["status"] == answer.status) {
        wrong.push("it is no application/problem+json".to_owned());
    }
    wrong
}

/// An answer without what differs between two questions alike: the date, the key of its forms, the identifiers asked.
fn told(answer: &Answer, ids: &[String]) -> String {
    let mut headers: Vec<&(String, String)> = answer.headers.iter().filter(|(name, _)| name != "date").collect();
    headers.sort();
    let headers: Vec<String> = headers.into_iter().map(|(name, value)| format!("{name}: {value}\n")).collect();
    let mut text = format!("{}\n{}\n{}", answer.status, headers.concat(), answer.text());
    for id in ids {
        text = text.replace(id, "{id}");
    }
    for field in ["name=\"csrf\" value=\"", "name=\"idempotency_key\" value=\""] {
        let mut parts = text.split(field);
        let first = parts.next().unwrap_or_default().to_owned();
        let rest = parts.map(|part| part.split_once('"').map_or(part, |(_, rest)| rest));
        text = rest.fold(first, |text, rest| text + field + "\"" + rest);
    }
    text
}

/// Where an answer is not that to what does not exist.
fn difference(absent: &str, other: &str) -> Option<String> {
    let pairs = absent.lines().zip(other.lines()).filter(|(a, b)| a != b).take(3);
    let lines: String = pairs.map(|(a, b)| format!("\n  absent: {a}\n  this:   {b}")).collect();
    (absent != other).then(|| format!("it does not answer as what does not exist{lines}"))
}

/// Whether a caller may know who the child of a place is.
fn knows(caller: &Caller, place: Place) -> bool {
    caller.entrusted && caller.role.is_some_and(|role| sees(role, Thing::Child).holds(place))
}

/// What an answer shows that its reader may not know.
fn leaks(scene: &Scene, caller: &Caller, answer: &Answer, shown: &mut BTreeSet<(&'static str, String)>) -> Vec<String> {
    let text = format!("{:?} {}", answer.headers, answer.text()).to_lowercase();
    let mut wrong = Vec::new();
    let marked = scene::MARKS.iter().any(|mark| text.contains(mark));
    for (place, secrets) in &scene.secrets {
        let known = knows(caller, *place);
        for name in secrets.names.iter().filter(|name| marked && text.contains(name.as_str())) {
            shown.insert((caller.name, name.clone()));
            if !known {
                wrong.push(format!("it shows {name}"));
            }
        }
        let is_care = matches!(caller.role, Some(Role::Psychologist | Role::Coordinator | Role::Referent) | None);
        if is_care && !known && text.contains(&secrets.reference) {
            wrong.push(format!("it shows the reference of the child {place:?}"));
        }
    }
    if !text.contains("fr76") {
        return wrong;
    }
    let compact: String = text.split_whitespace().collect();
    let [own, other] = scene.ibans.each_ref().map(|iban| compact.contains(&iban.to_lowercase()));
    let wrongly = match caller.role {
        Some(Role::Accountant | Role::Administrator) => false,
        Some(Role::Psychologist) if caller.entrusted => other,
        // not even masked
        Some(Role::Coordinator | Role::Referent | Role::Auditor) => own || other || compact.contains("fr76"),
        Some(Role::Psychologist) | None => own || other,
    };
    if wrongly {
        wrong.push("it shows an account number".to_owned());
    }
    wrong
}
