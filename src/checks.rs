//! The invariants of the domain, one query each: run by `psypre check`, and after every test.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use crate::db::AnyConnection;
use crate::journal;

/// An invariant that does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Which invariant.
    pub invariant: &'static str,
    /// Where: identifiers and references, never a name.
    pub detail: String,
}

impl std::fmt::Display for Violation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.invariant, self.detail)
    }
}

/// What is counted, and a query that counts what breaks it: the same text on both databases.
struct Invariant {
    name: &'static str,
    broken: &'static str,
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    n: i64,
    #[diesel(sql_type = Text)]
    example: String,
}

/// Each query gives how many rows break the invariant, and the identifier of one of them.
const INVARIANTS: &[Invariant] = &[
    Invariant {
        name: "quota reserved is what booked and recorded sessions hold (rule 1)",
        broken: "SELECT COUNT(*) AS n, COALESCE(MIN(CAST(q.programme_id AS TEXT)), '') AS example FROM quotas q \
            WHERE q.reserved_minutes <> (SELECT COALESCE(SUM(s.quota_minutes), 0) FROM sessions s \
                WHERE s.quota_id = q.id AND s.state IN ('booked', 'recorded'))",
    },
    Invariant {
        name: "quota used is what approved and invoiced sessions hold (rule 1)",
        broken: "SELECT COUNT(*) AS n, COALESCE(MIN(CAST(q.programme_id AS TEXT)), '') AS example FROM quotas q \
            WHERE q.used_minutes <> (SELECT COALESCE(SUM(s.quota_minutes), 0) FROM sessions s \
                WHERE s.quota_id = q.id AND s.state IN ('approved', 'invoiced'))",
    },
    Invariant {
        name: "referral reserved is what booked and recorded sessions hold (rule 4)",
        broken: "SELECT COUNT(*) AS n, COALESCE(MIN(CAST(r.id AS TEXT)), '') AS example FROM referrals r \
            WHERE r.reserved_minutes <> (SELECT COALESCE(SUM(s.quota_minutes), 0) FROM sessions s \
                WHERE s.referral_id = r.id AND s.state IN ('booked', 'recorded'))",
    },
    Invariant {
        name: "referral used is what approved and invoiced sessions hold (rule 4)",
        broken: "SELECT COUNT(*) AS n, COALESCE(MIN(CAST(r.id AS TEXT)), '') AS example FROM referrals r \
            WHERE r.used_minutes <> (SELECT COALESCE(SUM(s.quota_minutes), 0) FROM sessions s \
                WHERE s.referral_id = r.id AND s.state IN ('approved', 'invoiced'))",
    },
];

/// Runs every invariant, the journal's chains among them, and tells those that do not hold.
///
/// # Errors
/// When the database fails.
pub fn run(conn: &mut AnyConnection) -> QueryResult<Vec<Violation>> {
    let mut violations = Vec::new();
    for invariant in INVARIANTS {
        let count: Count = diesel::sql_query(invariant.broken).get_result(conn)?;
        if count.n > 0 {
            let detail = format!("{} broken, such as {}", count.n, count.example);
            violations.push(Violation { invariant: invariant.name, detail });
        }
    }
    violations.extend(
        journal::verify(conn)?
            .into_iter()
            .map(|found| Violation { invariant: "the journal's chains hold (rule 11)", detail: found.to_string() }),
    );
    Ok(violations)
}
