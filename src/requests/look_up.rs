//! What may be read of requests, through whoever reads.

use std::collections::BTreeMap;

use diesel::QueryResult;

pub use super::store::{Around, count, load, waiting_for_place};
use super::{Request, Standing, store};
use crate::children::Reader;
use crate::db::AnyConnection;
use crate::ids::RequestId;

/// A request with what it is told with.
#[derive(Debug, Clone)]
pub struct Listed {
    /// The request.
    pub request: Request,
    /// Reference and names of the professionals.
    pub around: Around,
}

/// Some requests that somebody sees, the latest first: so many after so many others.
///
/// # Errors
/// When the database fails.
pub fn list(
    conn: &mut AnyConnection,
    reader: &Reader,
    standing: Option<Standing>,
    part: (i64, i64),
) -> QueryResult<Vec<Listed>> {
    let requests = store::list(conn, reader, standing, part)?;
    told(conn, requests)
}

/// Some requests, with what they are told with, in the same order.
///
/// # Errors
/// When the database fails.
pub fn told(conn: &mut AnyConnection, requests: Vec<Request>) -> QueryResult<Vec<Listed>> {
    let ids: Vec<RequestId> = requests.iter().map(|request| request.id).collect();
    let mut around: BTreeMap<RequestId, Around> =
        store::around(conn, &ids)?.into_iter().map(|around| (around.id, around)).collect();
    Ok(requests
        .into_iter()
        .filter_map(|request| Some(Listed { around: around.remove(&request.id)?, request }))
        .collect())
}

/// A request that somebody sees, with what it is told with.
///
/// # Errors
/// When there is none, or the database fails.
pub fn load_told(conn: &mut AnyConnection, reader: &Reader, id: RequestId) -> QueryResult<Listed> {
    let request = store::load(conn, reader, id)?;
    told(conn, vec![request])?.pop().ok_or(diesel::result::Error::NotFound)
}
