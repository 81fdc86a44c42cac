//! What pages, programs and other features ask of services.

use diesel::QueryResult;

use super::store::{self, Around};
pub use super::store::{
    Decided, LineTold, Sums, concerned, convention_choices, count, decisions, lines_of_year, lines_told, list, load,
    providers, sums,
};
use super::{Reader, Service};
use crate::db::AnyConnection;
use crate::ids::ServiceId;

/// A service with what it is told with.
#[derive(Debug, Clone)]
pub struct Listed {
    /// The service.
    pub service: Service,
    /// Around it.
    pub around: Around,
}

/// A service with what it is told with, if somebody sees it.
///
/// # Errors
/// When there is none, or the database fails.
pub fn load_told(conn: &mut AnyConnection, reader: Reader, id: ServiceId) -> QueryResult<Listed> {
    let service = store::load(conn, reader, id)?;
    told(conn, vec![service])?.pop().ok_or(diesel::result::Error::NotFound)
}

/// Services with what they are told with, in the order given.
///
/// # Errors
/// When the database fails.
pub fn told(conn: &mut AnyConnection, services: Vec<Service>) -> QueryResult<Vec<Listed>> {
    let mut around = store::around(conn, &services)?;
    let listed = |service: Service| Some(Listed { around: around.remove(&service.id)?, service });
    Ok(services.into_iter().filter_map(listed).collect())
}
