//! A table as CSV for a French spreadsheet: semicolons, decimal commas, UTF-8 with its mark, CRLF.

use csv::{Terminator, WriterBuilder};

use super::ExportRefusal;
use super::tables::{Cell, Table};
use crate::calendar::short_date;

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// Writes a table.
pub fn write(table: &Table) -> Result<Vec<u8>, ExportRefusal> {
    let mut writer =
        WriterBuilder::new().delimiter(b';').terminator(Terminator::CRLF).from_writer(BYTE_ORDER_MARK.to_vec());
    writer.write_record(table.columns.iter().map(|column| column.heading)).map_err(ExportRefusal::not_written)?;
    for row in &table.rows {
        writer.write_record(row.iter().map(cell)).map_err(ExportRefusal::not_written)?;
    }
    writer.into_inner().map_err(|e| ExportRefusal::not_written(e.error()))
}

fn cell(cell: &Cell) -> String {
    match cell {
        Cell::Text(words) => harmless(words),
        Cell::Date(day) => day.map(short_date).unwrap_or_default(),
        Cell::Money(amount) => amount.plain().replace('.', ","),
        Cell::Time(time) => time.plain_hours().replace('.', ","),
        Cell::Count(count) => count.to_string(),
    }
}

/// Words that a spreadsheet does not take for a formula; figures are written apart, and keep their sign. What looks like
/// words made harmless already is quoted once more, so that every text reads back as it was.
fn harmless(words: &str) -> String {
    let starts_a_formula =
        |c: char| matches!(c, '=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '＝' | '＋' | '－' | '＠');
    if words.trim_start_matches('\'').starts_with(starts_a_formula) { format!("'{words}") } else { words.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exports::tables::Column;
    use crate::hours::Minutes;
    use crate::money::Cents;
    use proptest::prelude::*;

    const TEXTS: &[Column] = &[Column { heading: "Mots", width: 9, summed: false }];

    fn file(rows: Vec<Vec<Cell>>) -> String {
        let table = Table { name: "Essai", columns: TEXTS, rows };
        String::from_utf8(write(&table).expect("CSV")).expect("UTF-8")
    }

    #[test]
    fn figures_are_french_and_keep_their_sign() {
        for (value, expected) in [
            (Cell::Money(Cents(-123_450)), "-1234,50"),
            (Cell::Time(Minutes(-75)), "-1,25"),
            (Cell::Count(-2), "-2"),
            (Cell::Date("2026-11-24".parse().ok()), "24/11/2026"),
            (Cell::Date(None), "\"\""),
        ] {
            assert_eq!(file(vec![vec![value]]), format!("\u{feff}Mots\r\n{expected}\r\n"));
        }
    }

    #[test]
    fn no_word_becomes_a_formula() {
        for words in ["=1+1", "+33 1", "-x", "@SUM(A1)", "\tx", "\rx", "＝1", "'="] {
            let written = file(vec![vec![Cell::Text(words.to_owned())]]);
            let cell = written.strip_prefix("\u{feff}Mots\r\n").expect("a heading");
            assert!(cell.trim_start_matches('"').starts_with('\''), "{cell}");
        }
        assert_eq!(
            file(vec![vec![Cell::Text("Claire; (EI) \"x\"".to_owned())]]).lines().nth(1),
            Some("\"Claire; (EI) \"\"x\"\"\"")
        );
    }

    proptest! {
        #[test]
        fn any_words_read_back(words in "\\PC{0,40}") {
            let written = file(vec![vec![Cell::Text(words.clone())]]);
            let mut reader = csv::ReaderBuilder::new().delimiter(b';').from_reader(written.as_bytes());
            let read = reader.records().next().expect("a row").expect("CSV");
            let plain = read[0].strip_prefix('\'').filter(|rest| harmless(rest) == read[0]).unwrap_or(&read[0]);
            prop_assert_eq!(plain, words);
        }
    }
}
