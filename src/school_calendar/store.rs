//! The table of school holidays.

use chrono::NaiveDate;
use diesel::prelude::*;

use super::SchoolBreak;
use crate::db::{AnyConnection, Tx};
use crate::schema::school_breaks;

/// Every school holiday, in the order of time.
pub fn breaks(conn: &mut AnyConnection) -> QueryResult<Vec<SchoolBreak>> {
    let rows = school_breaks::table
        .select((school_breaks::school_year, school_breaks::starts_on, school_breaks::ends_on, school_breaks::name))
        .order(school_breaks::starts_on)
        .load::<(String, NaiveDate, NaiveDate, String)>(conn)?;
    let read = |(school_year, starts_on, ends_on, name)| SchoolBreak { school_year, starts_on, ends_on, name };
    Ok(rows.into_iter().map(read).collect())
}

/// Makes these the holidays of a school year. Two instances that start together write the same.
pub fn replace_year(tx: &mut Tx<'_>, school_year: &str, breaks: &[SchoolBreak]) -> QueryResult<()> {
    diesel::delete(school_breaks::table.filter(school_breaks::school_year.eq(school_year))).execute(&mut **tx)?;
    for period in breaks {
        let row = (
            school_breaks::school_year.eq(school_year),
            school_breaks::starts_on.eq(period.starts_on),
            school_breaks::ends_on.eq(period.ends_on),
            school_breaks::name.eq(&period.name),
        );
        let conn = &mut **tx;
        crate::each!(conn => diesel::insert_into(school_breaks::table).values(row).on_conflict_do_nothing().execute(conn))?;
    }
    Ok(())
}
