//! How the tests of the web reach every address.

use psypre::accounts::Role;
use psypre::router::{Audience, Route};

use crate::support::world::{ACCOUNTANT, ADMINISTRATOR, AUDITOR, CHENOVE_COORDINATOR, CHENOVE_REFERENT, CLAIRE};

/// Everybody of the world who holds a role.
pub const PEOPLE: [(Role, &str); 6] = [
    (Role::Psychologist, CLAIRE),
    (Role::Coordinator, CHENOVE_COORDINATOR),
    (Role::Referent, CHENOVE_REFERENT),
    (Role::Administrator, ADMINISTRATOR),
    (Role::Accountant, ACCOUNTANT),
    (Role::Auditor, AUDITOR),
];

/// Somebody who may ask an address.
pub fn who(route: &Route) -> &'static str {
    let role = match route.audience {
        Audience::Roles(roles) => roles[0],
        Audience::SignedIn | Audience::Halfway | Audience::Anyone => Role::Administrator,
    };
    PEOPLE.iter().find(|(known, _)| *known == role).map(|(_, email)| *email).unwrap()
}

/// An address of this route; what its parameters name does not exist.
pub fn address(route: &Route) -> String {
    let mut path = route.path.replace("{path:.*}", "absent.css");
    while let Some((before, rest)) = path.split_once('{') {
        let (name, after) = rest.split_once('}').unwrap();
        let value = match name {
            "instant" => "1",
            "token" => "absent",
            "file" => "absent.pdf",
            _ => "00000000-0000-7000-8000-000000000000",
        };
        path = format!("{before}{value}{after}");
    }
    path
}
