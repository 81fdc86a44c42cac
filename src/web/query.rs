//! The query string of a list: its filters, its sort, its page, kept from link to link.

use std::fmt;

use askama::Template;
use askama::filters::HtmlSafe;

/// The pairs of a query string, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query(Vec<(String, String)>);

impl Query {
    /// Reads `statut=validee&page=2`; what cannot be read is no query.
    pub fn parse(text: &str) -> Self {
        Self(serde_urlencoded::from_str(text).unwrap_or_default())
    }

    /// The trimmed value of a name, if it is there and not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.trim()).filter(|value| !value.is_empty())
    }

    /// The same query with a value put in place of any of that name.
    #[must_use]
    pub fn with(&self, name: &str, value: impl ToString) -> Self {
        let mut changed = self.without(name);
        changed.0.push((name.to_owned(), value.to_string()));
        changed
    }

    /// The same query without that name.
    #[must_use]
    pub fn without(&self, name: &str) -> Self {
        Self(self.0.iter().filter(|(key, _)| key != name).cloned().collect())
    }

    /// The pairs that are not empty, to keep them as hidden fields of a GET form.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().filter(|(_, value)| !value.is_empty()).map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// The link on the same page: `?statut=validee&page=2`.
    pub fn href(&self) -> String {
        let pairs: Vec<_> = self.pairs().collect();
        format!("?{}", serde_urlencoded::to_string(pairs).unwrap_or_default())
    }
}

/// How a table is sorted: `tri=date` upwards, `tri=-date` downwards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sort {
    /// The column's name in the query.
    pub column: String,
    /// From the greatest to the least.
    pub descending: bool,
    query: Query,
}

impl Sort {
    /// Reads `tri` from a query; a column that is not allowed gives the first allowed, upwards.
    pub fn from_query(query: &Query, allowed: &[&str]) -> Self {
        let asked = query.get("tri").unwrap_or_default();
        let (column, descending) = asked.strip_prefix('-').map_or((asked, false), |column| (column, true));
        let known = allowed.contains(&column);
        let column = if known { column } else { allowed.first().copied().unwrap_or_default() };
        Self { column: column.to_owned(), descending: known && descending, query: query.without("page") }
    }

    /// The heading of a sortable column, for `{{ sort.heading("date", "Date") }}` inside `<tr>`.
    pub fn heading(&self, column: &str, label: &str) -> SortHeading {
        self.make_heading(column, label, false)
    }

    /// The heading of a sortable column of figures, set to the right.
    pub fn figures_heading(&self, column: &str, label: &str) -> SortHeading {
        self.make_heading(column, label, true)
    }

    fn make_heading(&self, column: &str, label: &str, figures: bool) -> SortHeading {
        let current = self.column == column;
        let next = if current && !self.descending { format!("-{column}") } else { column.to_owned() };
        let direction = match (current, self.descending) {
            (false, _) => "none",
            (true, false) => "ascending",
            (true, true) => "descending",
        };
        SortHeading { label: label.to_owned(), href: self.query.with("tri", next).href(), direction, figures }
    }
}

/// A column's heading that sorts by it.
#[derive(Debug, Template)]
#[template(path = "components/sort_heading.html")]
pub struct SortHeading {
    label: String,
    href: String,
    direction: &'static str,
    figures: bool,
}

impl HtmlSafe for SortHeading {}

/// The query string without its question mark.
impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.href().trim_start_matches('?'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_filters_from_link_to_link() {
        let query = Query::parse("q=l%C3%A9a+m&statut=&page=3");
        assert_eq!(query.get("q"), Some("léa m"));
        assert_eq!(query.get("statut"), None);
        assert_eq!(query.with("page", 4).href(), "?q=l%C3%A9a+m&page=4");
    }

    #[test]
    fn turns_the_sort_around() {
        let query = Query::parse("tri=date&page=3&mois=2026-10");
        let sort = Sort::from_query(&query, &["echeance", "date"]);
        assert_eq!((sort.column.as_str(), sort.descending), ("date", false));
        let html = sort.heading("date", "Date").to_string();
        assert!(html.contains("aria-sort=\"ascending\""), "{html}");
        assert!(html.contains("?mois=2026-10&#38;tri=-date"), "{html}");
        let unknown = Sort::from_query(&Query::parse("tri=-mot_de_passe"), &["echeance", "date"]);
        assert_eq!((unknown.column.as_str(), unknown.descending), ("echeance", false));
    }
}
