//! A flow of headings, paragraphs and tables over A4 pages: where each text stands, and what it is for who listens.
//!
//! [`Sheet`] places; `pdf.rs` draws what was placed once the number of pages is known. Lengths are in points.

use std::cell::RefCell;
use std::collections::HashMap;
use std::num::{NonZeroU16, NonZeroU32};

use krilla::tagging::{ListNumbering, TableHeaderScope, Tag, TagKind};

use crate::documents::DocumentError;
use crate::documents::fonts::{Faces, Letters};

pub(super) const PAGE_WIDTH: f32 = 595.28;
pub(super) const PAGE_HEIGHT: f32 = 841.89;
/// Left and right margins.
pub(super) const MARGIN: f32 = 54.0;
/// Width between the margins.
pub(super) const MEASURE: f32 = PAGE_WIDTH - 2.0 * MARGIN;
const TOP: f32 = 56.0;
const BOTTOM: f32 = PAGE_HEIGHT - 70.0;
/// Space between the texts of two columns.
const GUTTER: f32 = 10.0;

/// The colours of documents; those of text have a contrast of 4.5 or more on white.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ink {
    Text,
    Muted,
    Cassis,
    Hairline,
    Panel,
}

/// How a text looks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Style {
    pub size: f32,
    pub letters: Letters,
    pub ink: Ink,
}

impl Style {
    const fn new(size: f32, letters: Letters, ink: Ink) -> Self {
        Self { size, letters, ink }
    }

    fn leading(self) -> f32 {
        self.size * 1.42
    }
}

pub(super) const TITLE: Style = Style::new(23.0, Letters::Bold, Ink::Cassis);
pub(super) const HEADING: Style = Style::new(11.5, Letters::Bold, Ink::Text);
pub(super) const BODY: Style = Style::new(9.2, Letters::Regular, Ink::Text);
pub(super) const STRONG: Style = Style::new(9.2, Letters::Bold, Ink::Text);
pub(super) const LABEL: Style = Style::new(7.6, Letters::Regular, Ink::Muted);
pub(super) const SMALL: Style = Style::new(7.6, Letters::Regular, Ink::Muted);
const HEADER: Style = Style::new(7.6, Letters::Bold, Ink::Muted);
const GRAND: Style = Style::new(12.0, Letters::Bold, Ink::Cassis);

/// Where a text or a rectangle stands on a page.
pub(super) enum Placed {
    /// A text on its baseline; without a mark it is an artifact, silent for who listens.
    Text { x: f32, y: f32, style: Style, text: String, mark: Option<Mark> },
    /// A filled rectangle, always an artifact.
    Box { x: f32, y: f32, width: f32, height: f32, ink: Ink },
}

/// The rank of a marked text among all those of the document.
pub(super) type Mark = usize;

/// A node of the tree that is read aloud.
pub(super) enum Branch {
    Group(TagKind, Vec<Branch>),
    Leaf(Mark),
}

/// An entry of the outline.
pub(super) struct Entry {
    pub text: String,
    pub page: usize,
    pub y: f32,
}

/// On which side the texts of a column stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Align {
    Left,
    Right,
}

/// A column of a table.
pub(super) struct Column {
    pub title: &'static str,
    pub align: Align,
    /// Its part of what the other columns leave; nothing when it is as wide as its widest text.
    pub share: Option<f32>,
}

impl Column {
    /// A column as wide as its widest text.
    pub const fn fitted(title: &'static str, align: Align) -> Self {
        Self { title, align, share: None }
    }

    /// A column whose texts may take several lines.
    pub const fn flexible(title: &'static str, share: f32) -> Self {
        Self { title, align: Align::Left, share: Some(share) }
    }
}

/// A row of a table.
pub(super) enum Row {
    /// One text a column.
    Cells(Vec<String>),
    /// A title over the rows that follow, across the table.
    Section(String),
    /// A label across the first columns, then a text for each of the last ones.
    Sum(String, Vec<String>),
}

/// How close the rows of a table stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Density {
    /// A few rows to read one by one.
    Airy,
    /// Pages of them.
    Dense,
}

impl Density {
    fn size(self) -> f32 {
        match self {
            Self::Airy => 9.2,
            Self::Dense => 8.2,
        }
    }

    /// Space above and below the text of a row.
    fn padding(self) -> f32 {
        match self {
            Self::Airy => 4.5,
            Self::Dense => 2.6,
        }
    }
}

/// A table that may run over several pages; its header comes again on each.
pub(super) struct Table {
    /// What it holds, for who listens.
    pub summary: String,
    pub density: Density,
    pub columns: Vec<Column>,
    pub rows: Vec<Row>,
}

/// A text, how it looks, and the columns that it spans.
struct Cell {
    lines: Vec<String>,
    style: Style,
    align: Align,
    first: usize,
    span: usize,
}

/// One of the blocks that stand side by side.
pub(super) struct Block {
    /// Left edge, from the margin.
    pub x: f32,
    pub width: f32,
    pub lines: Vec<(String, Style)>,
    /// Whether it stands on a tinted panel.
    pub panel: bool,
}

/// Pages being filled from the top.
pub(super) struct Sheet {
    pub faces: &'static Faces,
    pub pages: Vec<Vec<Placed>>,
    pub tree: Vec<Branch>,
    pub outline: Vec<Entry>,
    pub marks: usize,
    /// How wide texts are at one point: those of a table come again and again.
    widths: RefCell<HashMap<(Letters, String), f32>>,
    y: f32,
}

impl Sheet {
    /// An empty first page.
    pub fn new() -> Result<Self, DocumentError> {
        let faces = Faces::get()?;
        Ok(Self {
            faces,
            pages: vec![Vec::new()],
            tree: Vec::new(),
            outline: Vec::new(),
            marks: 0,
            widths: RefCell::default(),
            y: TOP,
        })
    }

    /// Leaves some space, unless a page has just begun.
    pub fn gap(&mut self, height: f32) {
        if self.y > TOP {
            self.y += height;
        }
    }

    /// Begins a page when a height would not fit, so that what it holds stays together; says whether it did.
    pub fn room(&mut self, height: f32) -> bool {
        let turns = self.y + height > BOTTOM && self.y > TOP;
        if turns {
            self.pages.push(Vec::new());
            self.y = TOP;
        }
        turns
    }

    fn place(&mut self, item: Placed) {
        if let Some(page) = self.pages.last_mut() {
            page.push(item);
        }
    }

    fn rule(&mut self, x: f32, width: f32, ink: Ink) {
        let (y, height) = (self.y - 0.3, 0.6);
        self.place(Placed::Box { x, y, width, height, ink });
    }

    /// Places a marked line whose top is at `y`.
    fn line(&mut self, x: f32, y: f32, style: Style, text: &str) -> Branch {
        let mark = self.marks;
        self.marks += 1;
        self.place(Placed::Text { x, y: baseline(y, style), style, text: text.to_owned(), mark: Some(mark) });
        Branch::Leaf(mark)
    }

    /// The width of a text in points, measured once in the document.
    fn width(&self, letters: Letters, size: f32, text: &str) -> f32 {
        let mut widths = self.widths.borrow_mut();
        let measured = widths.entry((letters, text.to_owned())).or_insert_with(|| self.faces.width(letters, 1.0, text));
        *measured * size
    }

    fn lines_of(&self, text: &str, style: Style, width: f32) -> Vec<String> {
        let text = self.faces.printable(text);
        let is_tidy = !text.is_empty() && text.split(' ').all(|word| !word.is_empty());
        if is_tidy && self.width(style.letters, style.size, &text) <= width {
            return vec![text];
        }
        let mut lines = self.faces.wrap(style.letters, style.size, width, &text);
        let last = lines.len().saturating_sub(1);
        // A space at the end of a line parts its last word from the next line's first for who listens or copies.
        lines[..last].iter_mut().for_each(|line| line.push(' '));
        lines
    }

    /// A short stroke of colour that opens the document.
    pub fn flag(&mut self) {
        self.place(Placed::Box { x: MARGIN, y: self.y - 12.0, width: 36.0, height: 3.0, ink: Ink::Cassis });
        self.y += 4.0;
    }

    /// A heading of level 1 or 2, which also enters the outline.
    pub fn heading(&mut self, level: u16, text: &str, style: Style) {
        let lines = self.lines_of(text, style, MEASURE);
        // A heading stays with what it announces.
        self.room(style.leading() * lines.len() as f32 + 40.0);
        self.outline.push(Entry { text: text.to_owned(), page: self.pages.len() - 1, y: self.y });
        let leaves = self.stack(MARGIN, style, &lines);
        let level = NonZeroU16::new(level).unwrap_or(NonZeroU16::MIN);
        self.tree.push(Branch::Group(Tag::Hn(level, Some(text.to_owned())).into(), leaves));
        self.y += style.size * 0.35;
    }

    fn stack(&mut self, x: f32, style: Style, lines: &[String]) -> Vec<Branch> {
        let mut leaves = Vec::with_capacity(lines.len());
        for line in lines {
            self.room(style.leading());
            leaves.push(self.line(x, self.y, style, line));
            self.y += style.leading();
        }
        leaves
    }

    /// A paragraph across the page.
    pub fn paragraph(&mut self, text: &str, style: Style) {
        let lines = self.lines_of(text, style, MEASURE);
        // A few lines stay together; only a long text runs on to the next page.
        self.room(style.leading() * lines.len().min(6) as f32);
        let leaves = self.stack(MARGIN, style, &lines);
        self.tree.push(Branch::Group(Tag::P.into(), leaves));
        self.y += style.size * 0.3;
    }

    /// Blocks side by side, each a paragraph of its lines, kept on one page.
    pub fn blocks(&mut self, blocks: &[Block]) {
        let set: Vec<(&Block, Vec<(String, Style)>)> = blocks.iter().map(|block| (block, self.set(block))).collect();
        let height_of = |block: &Block, lines: &[(String, Style)]| {
            lines.iter().map(|(_, style)| style.leading()).sum::<f32>() + if block.panel { 24.0 } else { 0.0 }
        };
        let height = set.iter().map(|(block, lines)| height_of(block, lines)).fold(0.0, f32::max);
        self.room(height);
        for (block, lines) in set {
            let inset = if block.panel { 12.0 } else { 0.0 };
            if block.panel {
                let own = height_of(block, &lines);
                self.place(Placed::Box {
                    x: MARGIN + block.x,
                    y: self.y,
                    width: block.width,
                    height: own,
                    ink: Ink::Panel,
                });
            }
            let mut y = self.y + inset;
            let mut leaves = Vec::new();
            for (text, style) in &lines {
                leaves.push(self.line(MARGIN + block.x + inset, y, *style, text));
                y += style.leading();
            }
            self.tree.push(Branch::Group(Tag::P.into(), leaves));
        }
        self.y += height;
    }

    fn set(&self, block: &Block) -> Vec<(String, Style)> {
        let width = block.width - if block.panel { 24.0 } else { 0.0 };
        let mut lines = Vec::new();
        for (text, style) in &block.lines {
            lines.extend(self.lines_of(text, *style, width).into_iter().map(|line| (line, *style)));
        }
        let last = lines.len().saturating_sub(1);
        for (line, _) in lines.iter_mut().take(last).filter(|(line, _)| !line.ends_with(' ')) {
            line.push(' ');
        }
        lines
    }

    /// Labels over their values, a number of them a row, tagged as a list.
    pub fn facts(&mut self, facts: &[(&str, String)], per_row: usize) {
        let width = MEASURE / per_row as f32;
        let mut items = Vec::new();
        for row in facts.chunks(per_row) {
            let values: Vec<Vec<String>> =
                row.iter().map(|(_, value)| self.lines_of(value, STRONG, width - GUTTER)).collect();
            let tallest = values.iter().map(Vec::len).max().unwrap_or(1);
            self.room(LABEL.leading() + STRONG.leading() * tallest as f32);
            for (i, ((label, _), lines)) in row.iter().zip(&values).enumerate() {
                let x = MARGIN + width * i as f32;
                let label = self.line(x, self.y, LABEL, &format!("{} ", self.faces.printable(label)));
                let mut y = self.y + LABEL.leading();
                let mut body = Vec::new();
                for line in lines {
                    body.push(self.line(x, y, STRONG, line));
                    y += STRONG.leading();
                }
                let parts = vec![Branch::Group(Tag::Lbl.into(), vec![label]), Branch::Group(Tag::LBody.into(), body)];
                items.push(Branch::Group(Tag::LI.into(), parts));
            }
            self.y += LABEL.leading() + STRONG.leading() * tallest as f32 + 7.0;
        }
        self.tree.push(Branch::Group(Tag::L(ListNumbering::None).into(), items));
    }

    /// A table over as many pages as its rows need; a row is never cut.
    pub fn table(&mut self, table: &Table) {
        let edges = self.edges(table);
        self.room(70.0);
        let head = vec![self.header(table, &edges, true)];
        let mut body = Vec::with_capacity(table.rows.len());
        for (i, row) in table.rows.iter().enumerate() {
            let cells = self.cells(row, table, &edges);
            // A section's title and the last row before a sum do not part from what follows.
            let keeps = matches!(row, Row::Section(_)) || matches!(table.rows.get(i + 1), Some(Row::Sum(..)));
            let height = row_height(&cells, table.density);
            if self.room(height * if keeps { 2.0 } else { 1.0 }) {
                self.header(table, &edges, false);
            }
            if !matches!(row, Row::Cells(_)) {
                self.place(Placed::Box { x: MARGIN, y: self.y, width: MEASURE, height, ink: Ink::Panel });
            }
            body.push(self.row(&cells, table.density.padding(), &edges));
            self.y += height;
            self.rule(MARGIN, MEASURE, Ink::Hairline);
        }
        let mut parts = vec![Branch::Group(Tag::THead.into(), head)];
        if !body.is_empty() {
            parts.push(Branch::Group(Tag::TBody.into(), body));
        }
        self.tree.push(Branch::Group(Tag::Table.with_summary(Some(table.summary.clone())).into(), parts));
    }

    /// The vertical edges of the columns: the fitted ones first, the others share what is left.
    fn edges(&self, table: &Table) -> Vec<f32> {
        let fitted: Vec<f32> = (table.columns.iter().enumerate())
            .map(|(i, column)| if column.share.is_some() { 0.0 } else { self.widest(table, i) + GUTTER + 0.5 })
            .collect();
        let shares: f32 = table.columns.iter().filter_map(|column| column.share).sum();
        let left = (MEASURE - fitted.iter().sum::<f32>()).max(0.0);
        let mut x = MARGIN;
        let mut edges = vec![x];
        for (column, fitted) in table.columns.iter().zip(fitted) {
            x += column.share.map_or(fitted, |share| left * share / shares);
            edges.push(x);
        }
        edges
    }

    /// The width of the widest text of a column, at most a third of the page.
    fn widest(&self, table: &Table, column: usize) -> f32 {
        let width = |letters, size, text: &str| self.width(letters, size, &self.faces.printable(text));
        let title = width(HEADER.letters, HEADER.size, table.columns[column].title);
        let letters =
            if table.columns[column].align == Align::Right { Letters::TableRegular } else { Letters::Regular };
        let widths = table.rows.iter().filter_map(|row| match row {
            Row::Cells(texts) => texts.get(column).map(|text| width(letters, table.density.size(), text)),
            Row::Sum(_, values) => (column + values.len())
                .checked_sub(table.columns.len())
                .and_then(|i| values.get(i))
                .map(|text| width(Letters::TableBold, table.density.size(), text)),
            Row::Section(_) => None,
        });
        widths.fold(title, f32::max).min(MEASURE / 3.0)
    }

    /// The titles of the columns: marked the first time, an artifact when they come again.
    fn header(&mut self, table: &Table, edges: &[f32], marked: bool) -> Branch {
        let style = HEADER;
        let titles: Vec<(usize, Vec<String>)> = (table.columns.iter().enumerate())
            .map(|(i, column)| (i, self.lines_of(column.title, style, edges[i + 1] - edges[i] - GUTTER)))
            .collect();
        let tallest = titles.iter().map(|(_, lines)| lines.len()).max().unwrap_or(1);
        let bottom = self.y + style.leading() * tallest as f32;
        let mut cells = Vec::new();
        for (i, lines) in titles {
            let mut y = bottom - style.leading() * lines.len() as f32;
            let mut leaves = Vec::new();
            for text in lines {
                let x = self.aligned(&text, style, table.columns[i].align, edges[i], edges[i + 1]);
                if marked {
                    leaves.push(self.line(x, y, style, &text));
                } else {
                    self.place(Placed::Text { x, y: baseline(y, style), style, text, mark: None });
                }
                y += style.leading();
            }
            cells.push(Branch::Group(Tag::TH(TableHeaderScope::Column).into(), leaves));
        }
        self.y = bottom + 4.0;
        self.rule(MARGIN, MEASURE, Ink::Text);
        Branch::Group(Tag::TR.into(), cells)
    }

    fn cells(&self, row: &Row, table: &Table, edges: &[f32]) -> Vec<Cell> {
        let columns = &table.columns;
        let texts: Vec<(&str, usize)> = match row {
            Row::Cells(texts) => texts.iter().map(|text| (text.as_str(), 1)).collect(),
            Row::Section(title) => vec![(title.as_str(), columns.len())],
            Row::Sum(label, values) => std::iter::once((label.as_str(), columns.len() - values.len()))
                .chain(values.iter().map(|text| (text.as_str(), 1)))
                .collect(),
        };
        let letters = if matches!(row, Row::Cells(_)) { Letters::Regular } else { Letters::Bold };
        let mut first = 0;
        let mut cells = Vec::with_capacity(texts.len());
        for (text, span) in texts {
            let width = edges[first + span] - edges[first] - GUTTER;
            let align = if span > 1 { Align::Left } else { columns[first].align };
            let letters = if align == Align::Right { letters.in_table() } else { letters };
            let style = Style::new(table.density.size(), letters, Ink::Text);
            // An absent cell would break the table for who listens: nothing to say is a dash.
            let text = if text.is_empty() { "–" } else { text };
            cells.push(Cell { lines: self.lines_of(text, style, width), style, align, first, span });
            first += span;
        }
        cells
    }

    /// Places the texts of a row, whose top is here.
    fn row(&mut self, cells: &[Cell], padding: f32, edges: &[f32]) -> Branch {
        let mut tagged = Vec::with_capacity(cells.len());
        for cell in cells {
            let mut y = self.y + padding;
            let mut leaves = Vec::with_capacity(cell.lines.len());
            for text in &cell.lines {
                let x = self.aligned(text, cell.style, cell.align, edges[cell.first], edges[cell.first + cell.span]);
                leaves.push(self.line(x, y, cell.style, text));
                y += cell.style.leading();
            }
            tagged.push(Branch::Group(cell.tag(), leaves));
        }
        Branch::Group(Tag::TR.into(), tagged)
    }

    /// Where a line begins so that it stands on its side of the column; the outer columns touch the margins.
    fn aligned(&self, text: &str, style: Style, align: Align, left: f32, right: f32) -> f32 {
        let inset = GUTTER / 2.0;
        match align {
            Align::Left => left + inset,
            Align::Right => right - inset - self.width(style.letters, style.size, text.trim_end()),
        }
    }

    /// Sums at the right under a table, the last of them the one that counts.
    pub fn sums(&mut self, summary: &str, sums: &[(String, String)]) {
        let (left, right) = (MARGIN + MEASURE * 0.5, MARGIN + MEASURE);
        self.room(sums.len() as f32 * 20.0 + 20.0);
        let mut rows = Vec::new();
        for (i, (label, value)) in sums.iter().enumerate() {
            let last = i + 1 == sums.len();
            let style = if last { GRAND } else { BODY };
            let figures = Style { letters: style.letters.in_table(), ..style };
            let value = self.faces.printable(value);
            let x = self.aligned(&value, figures, Align::Right, left, right);
            let lines = self.lines_of(label, style, x - left - 2.0 * GUTTER);
            let padding = if last { 7.0 } else { 3.5 };
            let height = style.leading() * lines.len() as f32 + 2.0 * padding;
            self.room(height);
            if last {
                self.place(Placed::Box { x: left, y: self.y, width: right - left, height, ink: Ink::Panel });
                self.rule(left, right - left, Ink::Cassis);
            }
            let mut y = self.y + padding;
            let mut label = Vec::with_capacity(lines.len());
            for line in &lines {
                label.push(self.line(left + GUTTER, y, style, line));
                y += style.leading();
            }
            let value = self.line(x, y - style.leading(), figures, &value);
            self.y += height;
            rows.push(Branch::Group(
                Tag::TR.into(),
                vec![
                    Branch::Group(Tag::TH(TableHeaderScope::Row).into(), label),
                    Branch::Group(Tag::TD.into(), vec![value]),
                ],
            ));
        }
        let body = vec![Branch::Group(Tag::TBody.into(), rows)];
        self.tree.push(Branch::Group(Tag::Table.with_summary(Some(summary.to_owned())).into(), body));
    }

    /// A place to sign for each name, two a row.
    pub fn signatures(&mut self, names: &[&str]) {
        let width = MEASURE * 0.46;
        for pair in names.chunks(2) {
            self.room(BODY.leading() * 4.0 + 40.0);
            let blocks: Vec<Block> = (pair.iter().zip([0.0, MEASURE - width]))
                .map(|(name, x)| {
                    let lines = vec![((*name).to_owned(), STRONG), ("Date et signature".to_owned(), LABEL)];
                    Block { x, width, lines, panel: false }
                })
                .collect();
            self.blocks(&blocks);
            self.y += 40.0;
            blocks.iter().for_each(|block| self.rule(MARGIN + block.x, block.width, Ink::Muted));
            self.y += 18.0;
        }
    }
}

impl Cell {
    fn tag(&self) -> TagKind {
        let span = u32::try_from(self.span).ok().and_then(NonZeroU32::new).filter(|span| span.get() > 1);
        Tag::TD.with_col_span(span).into()
    }
}

fn row_height(cells: &[Cell], density: Density) -> f32 {
    let height = |cell: &Cell| cell.lines.len() as f32 * cell.style.leading();
    cells.iter().map(height).fold(0.0, f32::max) + 2.0 * density.padding()
}

/// Where letters stand when the top of their line is at `y`.
fn baseline(y: f32, style: Style) -> f32 {
    y + style.size * 1.06
}
