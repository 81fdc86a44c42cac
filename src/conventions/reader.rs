//! Walks a TOML document and keeps every refusal, each with its line: a wrong file is answered whole, not error by error.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::str::FromStr;

use chrono::NaiveDate;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Period;
use super::file::Section;
use crate::hours::Minutes;
use crate::money::Cents;

/// One thing to correct, or to look at again, in a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Remark {
    /// The line in the file, from 1.
    pub line: usize,
    /// The key, such as `budget_years[0].budget`; entries of a list are counted from 0. Empty for the file itself.
    pub field: String,
    /// What is wrong and what to write instead, in French.
    pub reason: String,
}

/// `ligne 12, budget_years[0].budget : les participations font …`.
impl std::fmt::Display for Remark {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { line, field, reason } = self;
        match field.as_str() {
            "" => write!(f, "ligne {line} : {reason}"),
            _ => write!(f, "ligne {line}, {field} : {reason}"),
        }
    }
}

/// A table of the document and the path to it.
#[derive(Clone)]
pub(super) struct Node<'d> {
    table: &'d DeTable<'d>,
    path: String,
}

impl Node<'_> {
    /// The path of a key of this table.
    pub fn at(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }
}

/// What has been read so far: where each field stands, and what was refused.
pub(super) struct Reader<'t> {
    text: &'t str,
    lines: BTreeMap<String, usize>,
    refusals: Vec<Remark>,
    warnings: Vec<Remark>,
}

impl<'t> Reader<'t> {
    pub fn new(text: &'t str) -> Self {
        Self { text, lines: BTreeMap::new(), refusals: Vec::new(), warnings: Vec::new() }
    }

    /// Refuses text that is not TOML at all; says whether it is.
    pub fn accepts_syntax(&mut self, errors: &[toml::de::Error]) -> bool {
        for error in errors {
            let reason = match error.message() {
                "duplicate key" => "cette clé est écrite deux fois ; gardez-en une".to_owned(),
                message => format!("ce n’est pas du TOML ; corrigez cette ligne (le lecteur dit : « {message} »)"),
            };
            let line = self.line_at(error.span().map_or(0, |span| span.start));
            self.refusals.push(Remark { line, field: String::new(), reason });
        }
        errors.is_empty()
    }

    /// Refuses a field; its line is found by its path, or by what holds it.
    pub fn refuse(&mut self, field: &str, reason: impl Into<String>) {
        let line = self.line_of(field);
        self.refusals.push(Remark { line, field: field.to_owned(), reason: reason.into() });
    }

    /// Warns about a field that may be right.
    pub fn warn(&mut self, field: &str, reason: impl Into<String>) {
        let line = self.line_of(field);
        self.warnings.push(Remark { line, field: field.to_owned(), reason: reason.into() });
    }

    /// Whether nothing was refused at a path or inside it.
    pub fn sound(&self, path: &str) -> bool {
        !self
            .refusals
            .iter()
            .any(|r| r.field.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '['])))
    }

    /// The refusals, or else the warnings, in the order of the lines.
    pub fn finish(mut self) -> Result<Vec<Remark>, Vec<Remark>> {
        self.refusals.sort();
        self.warnings.sort();
        if self.refusals.is_empty() { Ok(self.warnings) } else { Err(self.refusals) }
    }

    fn line_at(&self, offset: usize) -> usize {
        1 + self.text.bytes().take(offset).filter(|b| *b == b'\n').count()
    }

    fn line_of(&self, field: &str) -> usize {
        let mut path = field;
        loop {
            if let Some(line) = self.lines.get(path) {
                return *line;
            }
            match path.rfind(['.', '[']) {
                Some(end) => path = &path[..end],
                None => return 1,
            }
        }
    }

    /// Enters a table: notes the lines of its keys and refuses those that are unknown.
    pub fn enter<'d>(&mut self, table: &'d DeTable<'d>, path: String, section: &Section) -> Node<'d> {
        let node = self.enter_free(table, path);
        for key in table.keys().filter(|key| !section.has(key.get_ref())) {
            let known = section.keys.join(", ");
            self.refuse(
                &node.at(key.get_ref()),
                format!("clé inconnue ; les clés de {} sont : {known}", section.title()),
            );
        }
        node
    }

    /// Enters a table whose keys are codes.
    fn enter_free<'d>(&mut self, table: &'d DeTable<'d>, path: String) -> Node<'d> {
        let node = Node { table, path };
        for key in table.keys() {
            let line = self.line_at(key.span().start);
            self.lines.insert(node.at(key.get_ref()), line);
        }
        node
    }

    /// The one table of a section; a missing one is refused, and read as empty.
    pub fn table<'d>(&mut self, root: &Node<'d>, section: &Section) -> Option<Node<'d>> {
        match root.table.get(section.name).map(Spanned::get_ref) {
            Some(DeValue::Table(table)) => Some(self.enter(table, section.name.to_owned(), section)),
            Some(_) => {
                self.refuse(section.name, format!("écrivez ici une section {}", section.title()));
                None
            }
            None => {
                self.refuse(section.name, format!("la section {} manque", section.title()));
                None
            }
        }
    }

    /// The tables of a repeated section, in their order; there may be none.
    pub fn tables<'d>(&mut self, root: &Node<'d>, section: &Section) -> Vec<Node<'d>> {
        let Some(value) = root.table.get(section.name) else { return Vec::new() };
        let DeValue::Array(entries) = value.get_ref() else {
            self.refuse(section.name, format!("répétez ici la section {}, une par entrée", section.title()));
            return Vec::new();
        };
        let mut nodes = Vec::new();
        for (index, entry) in entries.iter().enumerate() {
            let path = format!("{}[{index}]", section.name);
            let line = self.line_at(entry.span().start);
            self.lines.insert(path.clone(), line);
            match entry.get_ref() {
                DeValue::Table(table) => nodes.push(self.enter(table, path, section)),
                _ => self.refuse(&path, format!("écrivez ici une section {}", section.title())),
            }
        }
        nodes
    }

    /// The entries of a table whose keys are codes, such as `[budget_years.quotas]`.
    pub fn entries<T>(
        &mut self,
        node: &Node<'_>,
        key: &str,
        read: fn(&DeValue<'_>) -> Result<T, String>,
    ) -> BTreeMap<String, T> {
        let mut entries = BTreeMap::new();
        let Some(value) = node.table.get(key) else { return entries };
        let DeValue::Table(table) = value.get_ref() else {
            self.refuse(&node.at(key), "écrivez ici un code et une valeur par ligne");
            return entries;
        };
        let inner = self.enter_free(table, node.at(key));
        for (code, value) in table {
            match read(value.get_ref()) {
                Ok(read) => drop(entries.insert(code.get_ref().to_string(), read)),
                Err(reason) => self.refuse(&inner.at(code.get_ref()), reason),
            }
        }
        entries
    }

    /// A value that may be absent; one that cannot be read is refused.
    pub fn optional<T>(
        &mut self,
        node: &Node<'_>,
        key: &str,
        read: impl Fn(&DeValue<'_>) -> Result<T, String>,
    ) -> Option<T> {
        let value = node.table.get(key)?;
        match read(value.get_ref()) {
            Ok(read) => Some(read),
            Err(reason) => {
                self.refuse(&node.at(key), reason);
                None
            }
        }
    }

    /// A value that must be there; a default stands in for one that is refused, so that reading goes on.
    pub fn required<T: Default>(
        &mut self,
        node: &Node<'_>,
        key: &str,
        read: impl Fn(&DeValue<'_>) -> Result<T, String>,
    ) -> T {
        if node.table.get(key).is_none() {
            self.refuse(&node.at(key), "cette clé manque");
        }
        self.optional(node, key, read).unwrap_or_default()
    }

    /// One word of a closed list, or the first of them when it is refused.
    pub fn word<T>(&mut self, node: &Node<'_>, key: &str, words: &[T]) -> T
    where
        T: FromStr + Copy + PartialEq + std::fmt::Display,
    {
        let read = |value: &DeValue<'_>| {
            let known = || words.iter().map(T::to_string).collect::<Vec<_>>().join(", ");
            let read = text(value)?.parse::<T>().ok().filter(|read| words.contains(read));
            read.map(Some).ok_or_else(|| format!("mot inconnu ; choisissez parmi : {}", known()))
        };
        self.required(node, key, read).unwrap_or(words[0])
    }

    /// The keys `from` and `until`.
    pub fn period(&mut self, node: &Node<'_>) -> Period {
        let period = Period { from: self.required(node, "from", date), until: self.required(node, "until", date) };
        let (from, until) = (node.at("from"), node.at("until"));
        if self.sound(&from) && self.sound(&until) && period.is_inverted() {
            self.refuse(&until, format!("la fin précède le début : la période irait {period}"));
        }
        period
    }
}

/// A text that is not empty.
pub(super) fn text(value: &DeValue<'_>) -> Result<String, String> {
    let text = value.as_str().ok_or("écrivez un texte entre guillemets")?;
    match text.trim() {
        "" => Err("ce texte est vide ; écrivez-le, ou retirez la clé si elle est facultative".to_owned()),
        trimmed if trimmed.chars().count() > 300 => Err("ce texte dépasse 300 caractères".to_owned()),
        trimmed if trimmed.chars().any(char::is_control) => Err("écrivez ce texte sur une seule ligne".to_owned()),
        trimmed => Ok(trimmed.to_owned()),
    }
}

/// A list of texts.
pub(super) fn texts(value: &DeValue<'_>) -> Result<Vec<String>, String> {
    let list = value.as_array().ok_or("écrivez une liste de codes, comme [\"mail\", \"centre\"]")?;
    list.iter().map(|entry| text(entry.get_ref())).collect()
}

/// A date.
pub(super) fn date(value: &DeValue<'_>) -> Result<NaiveDate, String> {
    let written = match value {
        DeValue::Datetime(at) => at.to_string(),
        DeValue::String(text) => text.to_string(),
        _ => String::new(),
    };
    NaiveDate::parse_from_str(&written, "%Y-%m-%d").map_err(|_| "écrivez une date comme 2024-01-31".to_owned())
}

/// `true` or `false`.
pub(super) fn flag(value: &DeValue<'_>) -> Result<bool, String> {
    value.as_bool().ok_or_else(|| "écrivez true (oui) ou false (non), sans guillemets".to_owned())
}

/// A whole number within bounds.
pub(super) fn whole(bounds: RangeInclusive<i32>) -> impl Fn(&DeValue<'_>) -> Result<i32, String> {
    move |value| {
        let number = value.as_integer().filter(|n| n.radix() == 10).and_then(|n| n.as_str().parse().ok());
        number
            .filter(|n| bounds.contains(n))
            .ok_or_else(|| format!("écrivez un nombre entier de {} à {}", bounds.start(), bounds.end()))
    }
}

/// Euros, with two decimals at most: `60`, `60.50` or `"60.50"`.
pub(super) fn amount(value: &DeValue<'_>) -> Result<Cents, String> {
    hundredths(value, "60.50").map(Cents)
}

/// Hours by quarters: `60`, `60.25`.
pub(super) fn hours(value: &DeValue<'_>) -> Result<Minutes, String> {
    let hundredths = hundredths(value, "60.25")?;
    if hundredths % 25 != 0 {
        return Err("une quotité se compte par quarts d’heure : écrivez des heures finissant par .00, .25, .50 ou .75"
            .to_owned());
    }
    i32::try_from(hundredths / 25 * i64::from(Minutes::QUARTER.0))
        .ok()
        .and_then(|minutes| Minutes::try_from(minutes).ok())
        .ok_or_else(|| "ce nombre d’heures est trop grand".to_owned())
}

/// A decimal number that is not negative, as whole hundredths; read from its digits, never through a float.
fn hundredths(value: &DeValue<'_>, example: &str) -> Result<i64, String> {
    let written = match value {
        DeValue::Integer(n) if n.radix() == 10 => n.as_str(),
        DeValue::Float(n) => n.as_str(),
        DeValue::String(text) => text.as_ref(),
        _ => "",
    };
    if written.starts_with('-') {
        return Err("ce nombre ne peut pas être négatif".to_owned());
    }
    let (units, decimals) = written.split_once('.').unwrap_or((written, "0"));
    let all_digits = |digits: &str| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    if !all_digits(units) || !all_digits(decimals) {
        return Err(format!("écrivez un nombre décimal, avec un point, comme {example}"));
    }
    if decimals.len() > 2 {
        return Err("écrivez au plus deux décimales".to_owned());
    }
    match units.len() {
        1..=10 => format!("{units}{decimals:0<2}").parse().map_err(|_| "nombre illisible".to_owned()),
        _ => Err("ce nombre est trop grand".to_owned()),
    }
}
