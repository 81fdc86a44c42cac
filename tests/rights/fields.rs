//! Field by field, what each role reads of each record of the API. A new field fails here until somebody has written down
//! who gets it; a new address too.

pub mod table;

use std::collections::{BTreeMap, BTreeSet};

use psypre::accounts::Role;
use psypre::router::{Audience, ROUTES, Route};
use serde_json::Value;

use self::table::{FIELDS, NOT_RECORDS, OPAQUE};
use crate::access::scene::{MARKS, Scene};
use crate::access::table::{Place, QUERIES, THINGS, Thing};
use crate::on_both_databases;

/// What only the circle of care knows of a child: psychologists, coordinators and referents.
const OF_THE_CHILD: [&str; 7] = ["first_name", "last_name", "born_on", "school", "guardians", "phone", "guardian_id"];

/// Each key with where it stands; `-` before it when nothing was ever told under it, `[]` for each of a list.
type Keys = BTreeMap<String, bool>;

fn keys_of(value: &Value, path: &str, keys: &mut Keys) {
    if OPAQUE.contains(&path) {
        return;
    }
    match value {
        Value::Object(fields) => {
            for (key, inner) in fields {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                let told = keys.entry(path.clone()).or_default();
                *told |= !inner.is_null();
                keys_of(inner, &path, keys);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| keys_of(item, &format!("{path}[]"), keys)),
        _ => {}
    }
}

/// Every name of a key, however deep.
fn names_of(value: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(key, inner)| {
            names.insert(key.clone());
            names_of(inner, names);
        }),
        Value::Array(items) => items.iter().for_each(|item| names_of(item, names)),
        _ => {}
    }
}

fn records() -> impl Iterator<Item = (&'static Route, Vec<Role>)> {
    let read = |route: &&Route| route.method == "GET" && route.path.starts_with("/api/v1/");
    ROUTES.iter().filter(read).filter(|route| !NOT_RECORDS.contains(&route.path)).map(|route| {
        let roles = match route.audience {
            Audience::Roles(roles) => roles.to_vec(),
            _ => Role::ALL.to_vec(),
        };
        (route, roles)
    })
}

/// The address of the one that a role may read, with the query that it needs.
fn address(scene: &Scene, caller: usize, route: &Route) -> String {
    let caller = &scene.callers[caller];
    let things = THINGS.iter().find(|(path, _)| *path == route.path).map_or(&[][..], |(_, things)| things);
    let mut path = route.path.to_owned();
    for thing in things {
        let (start, end) = (path.find('{').unwrap(), path.find('}').unwrap());
        path.replace_range(start..=end, &scene.id(*thing, Place::Own, caller));
    }
    match QUERIES.iter().find(|(known, _)| *known == route.path) {
        Some((_, query)) => format!("{path}?{query}"),
        None => path,
    }
}

fn written(keys: &Keys) -> Vec<String> {
    keys.iter().map(|(key, told)| if *told { key.clone() } else { format!("-{key}") }).collect()
}

on_both_databases! {
    /// The table says all that is given, role by role, and no role outside the circle of care gets what is the child's.
    fn each_role_gets_the_fields_written_down(app: &TestApp) {
        let scene = Scene::new(app);
        let mut wrong = Vec::new();
        // so that there is a reading to read
        let chloe = scene.callers.iter().find(|caller| caller.role == Some(Role::Coordinator)).unwrap();
        let child = scene.id(Thing::Child, Place::Own, chloe);
        chloe.program.clone().get(&format!("/api/v1/children/{child}")).expect(200);
        let mut known: BTreeSet<(&str, Role)> = BTreeSet::new();
        for (route, roles) in records() {
            for role in roles {
                let caller = scene.callers.iter().position(|caller| caller.role == Some(role)).unwrap();
                let answer = scene.callers[caller].program.clone().get(&address(&scene, caller, route)).expect(200);
                let (mut keys, mut names) = (Keys::new(), BTreeSet::new());
                keys_of(&answer.json(), "", &mut keys);
                names_of(&answer.json(), &mut names);
                let circle = [Role::Psychologist, Role::Coordinator, Role::Referent].contains(&role);
                if !circle {
                    let text = answer.text().to_lowercase();
                    let child: Vec<&str> = OF_THE_CHILD.into_iter().filter(|name| names.contains(*name)).collect();
                    assert!(child.is_empty(), "{role} gets {child:?} from {}", route.path);
                    assert!(!MARKS.iter().any(|mark| text.contains(mark)), "{role} reads of a child in {}", route.path);
                }
                let found = FIELDS.iter().find(|(path, roles, _)| *path == route.path && roles.contains(&role));
                known.insert((route.path, role));
                let expected: BTreeSet<String> =
                    found.map_or("", |(_, _, keys)| keys).split_whitespace().map(str::to_owned).collect();
                let given: BTreeSet<String> = written(&keys).into_iter().collect();
                if expected != given {
                    let more: Vec<&String> = given.difference(&expected).collect();
                    let less: Vec<&String> = expected.difference(&given).collect();
                    wrong.push(format!("{} as {role}: given and not written {more:?}, written and not given {less:?}", route.path));
                }
            }
        }
        assert!(wrong.is_empty(), "tests/rights/fields/table.rs:\n{}", wrong.join("\n"));
        let idle: Vec<_> = FIELDS
            .iter()
            .flat_map(|(path, roles, _)| roles.iter().map(move |role| (*path, *role)))
            .filter(|line| !known.contains(line))
            .collect();
        assert!(idle.is_empty(), "nobody is given this any more: {idle:?}");
    }
}
