//! What is asked often is read and planned once by its connection, whatever its values.

use diesel::prelude::*;
use diesel::sql_types::BigInt;
use psypre::prepared::prepared;
use psypre::schema::journal_chains;

use crate::on_both_databases;
use crate::support::app::TestApp;

#[derive(QueryableByName)]
struct Kept {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

on_both_databases! {
    fn each_time_its_own_values(app: &TestApp) {
        let lengths = app.write(|tx| {
            for (chain, length) in [("a", 0), ("b", 0), ("c", 0)] {
                let row = (journal_chains::chain.eq(chain), journal_chains::length.eq(length), journal_chains::head.eq(vec![]));
                diesel::insert_into(journal_chains::table).values(row).execute(&mut **tx)?;
            }
            for (chain, length) in [("a", 1), ("b", 2), ("a", 3)] {
                let set = diesel::update(journal_chains::table.find(chain)).set(journal_chains::length.eq(length));
                let set = set.returning(journal_chains::length);
                assert_eq!(prepared(set).get_result::<i64>(&mut **tx)?, length);
            }
            let lengths: Vec<i64> = journal_chains::table
                .filter(journal_chains::chain.eq_any(["a", "b", "c"]))
                .order(journal_chains::chain)
                .select(journal_chains::length)
                .load(&mut **tx)?;
            diesel::delete(journal_chains::table.filter(journal_chains::chain.eq_any(["a", "b", "c"]))).execute(&mut **tx)?;
            Ok(lengths)
        });
        assert_eq!(lengths, [3, 2, 0]);
    }
}

/// PostgreSQL tells what a connection keeps.
#[test]
fn the_statement_is_kept_once() {
    let app = TestApp::postgres();
    let kept = app.write(|tx| {
        for length in [1, 2, 3] {
            let set = diesel::update(journal_chains::table.find("none")).set(journal_chains::length.eq(length));
            let none = prepared(set.returning(journal_chains::length)).get_result::<i64>(&mut **tx).optional()?;
            assert_eq!(none, None);
        }
        let count =
            "SELECT COUNT(*) AS n FROM pg_prepared_statements WHERE statement LIKE 'UPDATE \"journal_chains\"%'";
        diesel::sql_query(count).get_result::<Kept>(&mut **tx)
    });
    assert_eq!(kept.n, 1);
}
