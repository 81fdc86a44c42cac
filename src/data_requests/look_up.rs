//! What may be read of families' requests, through whoever follows them.

use std::collections::BTreeMap;

use diesel::QueryResult;

pub use super::store::programmes;
use super::{DataRequest, Follower, store};
use crate::db::AnyConnection;
use crate::ids::{ChildId, DataRequestId};

/// A request with the child's reference, once found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Followed {
    /// The request.
    pub request: DataRequest,
    /// The child's reference.
    pub reference: Option<String>,
}

/// A request that somebody follows.
///
/// # Errors
/// When there is none that is theirs, or the database fails.
pub fn load_for(conn: &mut AnyConnection, who: &Follower, id: DataRequestId) -> QueryResult<Followed> {
    let request = store::load(conn, id, who.programmes())?;
    Ok(with_references(conn, vec![request])?.remove(0))
}

/// A page of the requests that somebody follows.
///
/// # Errors
/// When the database fails.
pub fn list(conn: &mut AnyConnection, who: &Follower, offset: i64, limit: i64) -> QueryResult<Vec<Followed>> {
    let requests = store::list(conn, who.programmes(), offset, limit)?;
    with_references(conn, requests)
}

/// How many requests somebody follows.
///
/// # Errors
/// When the database fails.
pub fn count(conn: &mut AnyConnection, who: &Follower) -> QueryResult<i64> {
    store::count(conn, who.programmes())
}

fn with_references(conn: &mut AnyConnection, requests: Vec<DataRequest>) -> QueryResult<Vec<Followed>> {
    let of: Vec<ChildId> = requests.iter().filter_map(|request| request.child).collect();
    let references: BTreeMap<ChildId, String> = store::references(conn, &of)?;
    let followed = |request: DataRequest| Followed {
        reference: request.child.and_then(|child| references.get(&child).cloned()),
        request,
    };
    Ok(requests.into_iter().map(followed).collect())
}
