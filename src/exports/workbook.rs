//! The month as a workbook: invoices, lines, programmes, each with real dates and numbers and a row of totals.

use rust_xlsxwriter::{
    Color, DocProperties, Format, FormatAlign, FormatBorder, Formula, Workbook, Worksheet, XlsxError,
};

use super::tables::{self, Cell, Column, Table};
use super::{ExportRefusal, MonthExport};
use crate::hours::Minutes;
use crate::money::Cents;
use crate::sql_types::Ts;

/// Writes the workbook of a month.
pub fn write(export: &MonthExport) -> Result<Vec<u8>, ExportRefusal> {
    sheets(export).map_err(ExportRefusal::not_written)
}

fn sheets(export: &MonthExport) -> Result<Vec<u8>, XlsxError> {
    let styles = Styles::new();
    let mut workbook = Workbook::new();
    // the clock's time and not the machine's: the same month at the same time is the same file
    let properties = DocProperties::new()
        .set_title(format!("Factures, {}", export.month))
        .set_author("PsyPRE")
        .set_creation_datetime(&export.made_at.utc());
    workbook.set_properties(&properties);
    for table in [tables::invoices(export), tables::lines(export)] {
        write_table(workbook.add_worksheet(), &table, &styles)?;
    }
    let programmes = tables::programmes(export);
    let sheet = workbook.add_worksheet();
    let below = write_table(sheet, &programmes, &styles)?;
    write_tax(sheet, below, export, &styles)?;
    workbook.save_to_buffer()
}

/// Writes a workbook of one table.
///
/// # Errors
/// When the file cannot be written.
pub fn write_table_alone(table: &Table, made_at: Ts) -> Result<Vec<u8>, ExportRefusal> {
    write_tables(table.name, std::slice::from_ref(table), made_at)
}

/// Writes a workbook of a sheet a table.
///
/// # Errors
/// When the file cannot be written.
pub fn write_tables(title: &str, tables: &[Table], made_at: Ts) -> Result<Vec<u8>, ExportRefusal> {
    let write = || {
        let mut workbook = Workbook::new();
        let properties =
            DocProperties::new().set_title(title).set_author("PsyPRE").set_creation_datetime(&made_at.utc());
        workbook.set_properties(&properties);
        for table in tables {
            write_table(workbook.add_worksheet(), table, &Styles::new())?;
        }
        workbook.save_to_buffer()
    };
    write().map_err(|e: XlsxError| ExportRefusal::not_written(e))
}

struct Styles {
    heading: Format,
    words: Format,
    date: Format,
    money: Format,
    hours: Format,
    count: Format,
    total: Format,
}

impl Styles {
    fn new() -> Self {
        let words = Format::new().set_align(FormatAlign::Top);
        Self {
            heading: Format::new()
                .set_bold()
                .set_text_wrap()
                .set_align(FormatAlign::VerticalCenter)
                .set_background_color(Color::RGB(0x006a_1b4d))
                .set_font_color(Color::White),
            date: words.clone().set_num_format("dd/mm/yyyy").set_align(FormatAlign::Left),
            money: words.clone().set_num_format("#,##0.00\\ \"€\""),
            hours: words.clone().set_num_format("#,##0.00"),
            count: words.clone().set_num_format("#,##0"),
            total: Format::new().set_bold().set_border_top(FormatBorder::Thin),
            words,
        }
    }

    fn of(&self, cell: &Cell) -> &Format {
        match cell {
            Cell::Text(_) => &self.words,
            Cell::Date(_) => &self.date,
            Cell::Money(_) => &self.money,
            Cell::Time(_) => &self.hours,
            Cell::Count(_) => &self.count,
        }
    }
}

/// Writes a table with its totals; gives the row under them.
fn write_table(sheet: &mut Worksheet, table: &Table, styles: &Styles) -> Result<u32, XlsxError> {
    sheet.set_name(table.name)?;
    sheet.set_landscape().set_paper_size(9).set_print_fit_to_pages(1, 0).set_repeat_rows(0, 0)?;
    sheet.set_freeze_panes(1, 0)?;
    sheet.set_row_height(0, 30)?;
    for (at, column) in (0..).zip(table.columns) {
        sheet.set_column_width(at, column.width)?;
        sheet.write_with_format(0, at, column.heading, &styles.heading)?;
    }
    for (row, cells) in (1..).zip(&table.rows) {
        for (at, cell) in (0..).zip(cells) {
            write_cell(sheet, (row, at), cell, styles.of(cell))?;
        }
    }
    let last = u32::try_from(table.rows.len()).unwrap_or(u32::MAX);
    let last_column = u16::try_from(table.columns.len().saturating_sub(1)).unwrap_or(u16::MAX);
    sheet.autofilter(0, 0, last, last_column)?;
    if !table.columns.iter().any(|column| column.summed) {
        return Ok(last + 2);
    }
    // a row apart: a sort of the rows above must not carry the totals away
    let totals = last + 2;
    write_totals(sheet, table, (last, totals), styles)?;
    Ok(totals + 1)
}

fn write_cell(sheet: &mut Worksheet, (row, at): (u32, u16), cell: &Cell, format: &Format) -> Result<(), XlsxError> {
    match cell {
        Cell::Text(words) if words.is_empty() => {}
        Cell::Text(words) => drop(sheet.write_string_with_format(row, at, words, format)?),
        Cell::Date(None) => {}
        Cell::Date(Some(day)) => drop(sheet.write_datetime_with_format(row, at, day, format)?),
        Cell::Money(amount) => drop(sheet.write_number_with_format(row, at, number(&amount.plain()), format)?),
        Cell::Time(time) => drop(sheet.write_number_with_format(row, at, number(&time.plain_hours()), format)?),
        Cell::Count(count) => drop(sheet.write_number_with_format(row, at, number(&count.to_string()), format)?),
    }
    Ok(())
}

/// The nearest number that the format knows: a workbook has no other kind, and two decimals read back exactly.
fn number(decimal: &str) -> f64 {
    decimal.parse().unwrap_or_default()
}

fn write_totals(
    sheet: &mut Worksheet,
    table: &Table,
    (last, totals): (u32, u32),
    styles: &Styles,
) -> Result<(), XlsxError> {
    for (at, column) in (0..).zip(table.columns) {
        match total(table, at, column) {
            _ if at == 0 => drop(sheet.write_with_format(totals, 0, "Total", &styles.total)?),
            None => drop(sheet.write_blank(totals, at, &styles.total)?),
            Some(sum) => {
                let letter = rust_xlsxwriter::utility::column_number_to_name(at);
                let formula = match last {
                    0 => Formula::new("0"),
                    // only the rows that a filter leaves in sight
                    _ => Formula::new(format!("SUBTOTAL(109,{letter}2:{letter}{})", last + 1)),
                };
                let format = styles.of(&sum).clone().set_bold().set_border_top(FormatBorder::Thin);
                sheet.write_formula_with_format(totals, at, formula.set_result(plain(&sum)), &format)?;
            }
        }
    }
    Ok(())
}

/// The sum of a column, in the kind of its cells.
fn total(table: &Table, at: u16, column: &Column) -> Option<Cell> {
    if !column.summed {
        return None;
    }
    let cells = table.rows.iter().filter_map(|row| row.get(usize::from(at)));
    let mut sum = match column.heading {
        "Séances" => Cell::Count(0),
        "Heures" => Cell::Time(Minutes::ZERO),
        _ => Cell::Money(Cents::ZERO),
    };
    for cell in cells {
        match (&mut sum, cell) {
            (Cell::Money(sum), Cell::Money(amount)) => *sum += *amount,
            (Cell::Time(sum), Cell::Time(time)) => *sum += *time,
            (Cell::Count(sum), Cell::Count(count)) => *sum += count,
            _ => {}
        }
    }
    Some(sum)
}

fn plain(sum: &Cell) -> String {
    match sum {
        Cell::Money(amount) => amount.plain(),
        Cell::Time(time) => time.plain_hours(),
        Cell::Count(count) => count.to_string(),
        Cell::Text(_) | Cell::Date(_) => String::new(),
    }
}

/// Under the programmes, what leads from their sum to what is owed: tax is computed on whole invoices.
fn write_tax(sheet: &mut Worksheet, row: u32, export: &MonthExport, styles: &Styles) -> Result<(), XlsxError> {
    let totals = export.totals();
    for (row, label, amount) in [(row, "TVA", totals.vat), (row + 1, "Total TTC", totals.gross)] {
        let format = styles.money.clone().set_bold();
        sheet.write_with_format(row, 0, label, &Format::new().set_bold())?;
        sheet.write_number_with_format(row, 4, number(&amount.plain()), &format)?;
    }
    Ok(())
}
