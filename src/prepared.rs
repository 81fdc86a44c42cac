//! Queries that a connection reads and plans once. Diesel prepares an `UPDATE` or a list of values anew each time, since its
//! text could differ from one time to the next: a journey to PostgreSQL and back. Here the text itself is the key of what is
//! kept, so another text is another statement.
//!
//! It serves what gives rows back (`get_result`, `load`); behind `execute`, the connection of both databases asks through a
//! reference that hides it.

use diesel::RunQueryDsl;
use diesel::backend::Backend;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::QueryResult;

/// A query whose prepared statement is kept.
#[derive(Debug, Clone, Copy)]
pub struct Prepared<Q>(Q);

/// Keeps the prepared statement of a query that is asked often and whose text has few variants: not a list of values.
pub fn prepared<Q>(query: Q) -> Prepared<Q> {
    Prepared(query)
}

impl<Q, DB> QueryFragment<DB> for Prepared<Q>
where
    DB: Backend,
    Q: QueryFragment<DB>,
{
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        self.0.walk_ast(out)
    }

    fn is_safe_to_cache_prepared(&self, _backend: &DB) -> QueryResult<bool> {
        Ok(true)
    }
}

/// No identity but its text.
impl<Q> QueryId for Prepared<Q> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q: Query> Query for Prepared<Q> {
    type SqlType = Q::SqlType;
}

impl<Q, Conn> RunQueryDsl<Conn> for Prepared<Q> {}
