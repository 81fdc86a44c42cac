//! Long lists by pages: which rows to read, and the links under the table.

use askama::Template;
use askama::filters::HtmlSafe;

use crate::web::query::Query;

/// One page of a list, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// Its number, from 1 to `count()`.
    pub number: i64,
    /// Rows a page.
    pub size: i64,
    /// Rows of the whole list.
    pub total: i64,
}

impl Page {
    /// Rows a page, unless a list says otherwise.
    pub const USUAL_SIZE: i64 = 50;

    /// The page that a query asks for (`page=2`), of a list of so many rows; past the end means the last.
    pub fn from_query(query: &Query, total: i64) -> Self {
        let asked = query.get("page").and_then(|page| page.parse().ok()).unwrap_or(1);
        Self::new(asked, Self::USUAL_SIZE, total)
    }

    /// A page of a list; past the end means the last.
    pub fn new(number: i64, size: i64, total: i64) -> Self {
        let mut page = Self { number: 1, size: size.max(1), total: total.max(0) };
        page.number = number.clamp(1, page.count());
        page
    }

    /// How many pages there are: at least one.
    pub fn count(self) -> i64 {
        ((self.total + self.size - 1) / self.size).max(1)
    }

    /// Rows to skip.
    pub fn offset(self) -> i64 {
        (self.number - 1) * self.size
    }

    /// The number of its first row, from 1; 0 of an empty list.
    pub fn first_row(self) -> i64 {
        if self.total == 0 { 0 } else { self.offset() + 1 }
    }

    /// The number of its last row.
    pub fn last_row(self) -> i64 {
        (self.offset() + self.size).min(self.total)
    }

    /// The links under the list, keeping the rest of the query; nothing if there is one page.
    pub fn links(self, query: &Query) -> PageLinks {
        let href = |number: i64| query.with("page", number).href();
        let mut steps = Vec::new();
        let mut last = 0;
        for number in (1..=self.count()).filter(|&n| n == 1 || n == self.count() || (n - self.number).abs() <= 1) {
            if number > last + 1 {
                steps.push(PageStep { number: 0, href: String::new() });
            }
            steps.push(PageStep { number, href: href(number) });
            last = number;
        }
        PageLinks {
            page: self,
            previous: (self.number > 1).then(|| href(self.number - 1)),
            next: (self.number < self.count()).then(|| href(self.number + 1)),
            steps,
        }
    }
}

/// The links to the other pages of a list.
#[derive(Debug, Template)]
#[template(path = "components/pagination.html")]
pub struct PageLinks {
    page: Page,
    previous: Option<String>,
    next: Option<String>,
    steps: Vec<PageStep>,
}

impl HtmlSafe for PageLinks {}

/// A link to a page, or a gap when its number is 0.
#[derive(Debug)]
struct PageStep {
    number: i64,
    href: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stays_within_the_list() {
        assert_eq!(Page::new(9, 50, 120).number, 3);
        assert_eq!(Page::new(-1, 50, 120).number, 1);
        let empty = Page::new(2, 50, 0);
        assert_eq!((empty.count(), empty.offset(), empty.first_row(), empty.last_row()), (1, 0, 0, 0));
        let last = Page::from_query(&Query::parse("page=3"), 120);
        assert_eq!((last.offset(), last.first_row(), last.last_row()), (100, 101, 120));
    }

    #[test]
    fn links_skip_what_is_far() {
        let links = Page::new(5, 10, 95).links(&Query::parse("q=a"));
        let numbers: Vec<_> = links.steps.iter().map(|step| step.number).collect();
        assert_eq!(numbers, [1, 0, 4, 5, 6, 0, 10]);
        assert_eq!(links.next.as_deref(), Some("?q=a&page=6"));
        assert!(Page::new(1, 10, 9).links(&Query::default()).to_string().trim().is_empty());
    }
}
