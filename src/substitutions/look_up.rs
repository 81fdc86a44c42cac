//! What may be read of substitutions, through whoever reads.

use std::collections::BTreeMap;

use diesel::QueryResult;

pub use super::store::{count, list, load};
use super::{Candidate, store};
use crate::accounts::{Coordinator, Role};
use crate::db::AnyConnection;
use crate::ids::{AccountId, ProgrammeId};

/// Who may be named by a coordinator, by name: whoever can sign in and coordinates another programme or follows
/// pathways in the same one. They are bound to the same secrecy, and record no session there as psychologists do.
///
/// # Errors
/// When the database fails.
pub fn candidates(conn: &mut AnyConnection, who: &Coordinator) -> QueryResult<Vec<Candidate>> {
    let mut by_account: BTreeMap<AccountId, Vec<store::Held>> = BTreeMap::new();
    for held in store::care_circle(conn)? {
        by_account.entry(held.0.0).or_default().push(held);
    }
    by_account.remove(&who.account);
    let candidate = |(account, held): (AccountId, Vec<store::Held>)| {
        let grants: Vec<(Role, ProgrammeId)> =
            held.iter().map(|(_, role, (programme, _))| (*role, *programme)).collect();
        let roles = held.iter().map(|(_, role, (_, programme))| format!("{}, {programme}", role.french()));
        Candidate {
            account,
            role: roles.collect::<Vec<_>>().join(" ; "),
            programmes: eligible_in(&who.programmes, &grants),
            name: held.into_iter().next().map(|((_, name), ..)| name).unwrap_or_default(),
        }
    };
    let mut candidates: Vec<Candidate> =
        by_account.into_iter().map(candidate).filter(|candidate| !candidate.programmes.is_empty()).collect();
    candidates.sort_by(|a, b| (&a.name, a.account).cmp(&(&b.name, b.account)));
    Ok(candidates)
}

/// Where somebody with these roles may stand in: not where they approve already.
fn eligible_in(programmes: &[ProgrammeId], grants: &[(Role, ProgrammeId)]) -> Vec<ProgrammeId> {
    let may = |programme: &&ProgrammeId| {
        let coordinates_it = grants.contains(&(Role::Coordinator, **programme));
        let coordinates = grants.iter().any(|(role, _)| *role == Role::Coordinator);
        !coordinates_it && (coordinates || grants.contains(&(Role::Referent, **programme)))
    };
    programmes.iter().filter(may).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coordinators_of_elsewhere_and_referents_of_here_may_stand_in() {
        let (here, there) = (ProgrammeId::new(), ProgrammeId::new());
        let may = |grants: &[(Role, ProgrammeId)]| !eligible_in(&[here], grants).is_empty();
        assert!(may(&[(Role::Coordinator, there)]));
        assert!(may(&[(Role::Referent, here)]));
        assert!(!may(&[(Role::Referent, there)]));
        assert!(!may(&[(Role::Coordinator, here)]));
        assert!(!may(&[(Role::Coordinator, there), (Role::Coordinator, here)]));
    }
}
