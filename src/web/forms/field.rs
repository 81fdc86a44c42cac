//! A field as its page shows it: filled with what was typed, its refusal under it.

use askama::Template;
use askama::filters::HtmlSafe;

use super::FormState;

/// One possible value of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// What is posted.
    pub value: String,
    /// What is read.
    pub label: String,
    /// A line under the label; empty for none.
    pub hint: String,
}

impl Choice {
    /// A value and its words.
    pub fn new(value: impl ToString, label: impl ToString) -> Self {
        Self { value: value.to_string(), label: label.to_string(), hint: String::new() }
    }

    /// Adds a line under the label.
    #[must_use]
    pub fn hint(mut self, hint: impl ToString) -> Self {
        self.hint = hint.to_string();
        self
    }
}

/// What a field is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// One line, of an HTML input type.
    Line(&'static str),
    /// Several lines.
    Textarea,
    /// A closed list to unfold.
    Select,
    /// Large choices, of which one.
    Choices,
    /// Boxes, of which any.
    Boxes,
    /// One box.
    Checkbox,
}

/// How wide a field is: as wide as what it expects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Width {
    /// A few characters: a number, an amount.
    Short,
    /// A date, a postcode, a phone number.
    Medium,
    /// The whole column.
    Full,
}

/// A field as it is shown: its label, its hint, its value, its refusal.
#[must_use]
#[derive(Debug, Clone, Template)]
#[template(path = "components/field.html")]
pub struct Field {
    kind: FieldKind,
    id: String,
    name: String,
    label: String,
    hint: String,
    refusal: Option<String>,
    values: Vec<String>,
    choices: Vec<Choice>,
    autocomplete: String,
    input_mode: &'static str,
    min: String,
    max: String,
    step: String,
    longest: Option<usize>,
    suffix: String,
    width: Width,
    rows: u32,
    optional: bool,
    autofocus: bool,
    label_hidden: bool,
    inline: bool,
    empty_choice: Option<String>,
}

impl HtmlSafe for Field {}

/// Fields of a form, with the values and refusals that it holds: `{{ form.text("given_name", "Prénom") }}`.
impl FormState {
    /// A line of text.
    pub fn text(&self, name: &str, label: impl ToString) -> Field {
        self.field(FieldKind::Line("text"), name, label)
    }

    /// An e-mail address.
    pub fn email(&self, name: &str, label: impl ToString) -> Field {
        self.field(FieldKind::Line("email"), name, label)
    }

    /// A phone number.
    pub fn phone(&self, name: &str, label: impl ToString) -> Field {
        self.field(FieldKind::Line("tel"), name, label).width(Width::Medium)
    }

    /// A password, whose value is never shown again.
    pub fn password(&self, name: &str, label: impl ToString) -> Field {
        let mut field = self.field(FieldKind::Line("password"), name, label);
        field.values.clear();
        field
    }

    /// A whole number or an amount, typed as text so that commas and spaces are welcome.
    pub fn number(&self, name: &str, label: impl ToString) -> Field {
        let mut field = self.field(FieldKind::Line("text"), name, label).width(Width::Short);
        field.input_mode = "decimal";
        field
    }

    /// A date.
    pub fn date(&self, name: &str, label: impl ToString) -> Field {
        self.field(FieldKind::Line("date"), name, label).width(Width::Medium)
    }

    /// A time of day, by quarters of an hour.
    pub fn time(&self, name: &str, label: impl ToString) -> Field {
        self.field(FieldKind::Line("time"), name, label).width(Width::Short).step("900")
    }

    /// A month.
    pub fn month(&self, name: &str, label: impl ToString) -> Field {
        self.field(FieldKind::Line("month"), name, label).width(Width::Medium)
    }

    /// Words to search for.
    pub fn search(&self, name: &str, label: impl ToString) -> Field {
        self.field(FieldKind::Line("search"), name, label).autocomplete("off")
    }

    /// Several lines of text.
    pub fn textarea(&self, name: &str, label: impl ToString) -> Field {
        self.field(FieldKind::Textarea, name, label)
    }

    /// A closed list of many values.
    pub fn select(&self, name: &str, label: impl ToString, choices: &[Choice]) -> Field {
        self.field(FieldKind::Select, name, label).among(choices)
    }

    /// Large choices, of which one: for up to seven values.
    pub fn choices(&self, name: &str, label: impl ToString, choices: &[Choice]) -> Field {
        self.field(FieldKind::Choices, name, label).among(choices)
    }

    /// Boxes, of which any; read them with `all(name)`.
    pub fn boxes(&self, name: &str, label: impl ToString, choices: &[Choice]) -> Field {
        self.field(FieldKind::Boxes, name, label).among(choices)
    }

    /// One box; read it with `has(name)`.
    pub fn checkbox(&self, name: &str, label: impl ToString) -> Field {
        self.field(FieldKind::Checkbox, name, label)
    }

    fn field(&self, kind: FieldKind, name: &str, label: impl ToString) -> Field {
        Field {
            kind,
            id: name.to_owned(),
            name: name.to_owned(),
            label: label.to_string(),
            hint: String::new(),
            refusal: self.refusal(name).map(str::to_owned),
            values: self.all(name).into_iter().map(str::to_owned).collect(),
            choices: Vec::new(),
            autocomplete: String::new(),
            input_mode: "",
            min: String::new(),
            max: String::new(),
            step: String::new(),
            longest: None,
            suffix: String::new(),
            width: Width::Full,
            rows: 4,
            optional: false,
            autofocus: false,
            label_hidden: false,
            inline: false,
            empty_choice: None,
        }
    }
}

/// What may be said more about a field, one after the other.
impl Field {
    /// A line under the label: what it is for, how to write it.
    pub fn hint(mut self, hint: impl ToString) -> Self {
        self.hint = hint.to_string();
        self
    }

    /// Says "(facultatif)" beside the label: everything else is required.
    pub fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    /// What the browser may fill in: `given-name`, `email`, `current-password`, `off`…
    pub fn autocomplete(mut self, purpose: impl ToString) -> Self {
        self.autocomplete = purpose.to_string();
        self
    }

    /// Another `id` than the name, where a page shows the same field twice.
    pub fn id(mut self, id: impl ToString) -> Self {
        self.id = id.to_string();
        self
    }

    /// The least value: a date, a time.
    pub fn min(mut self, min: impl ToString) -> Self {
        self.min = min.to_string();
        self
    }

    /// The greatest value: a date, a time.
    pub fn max(mut self, max: impl ToString) -> Self {
        self.max = max.to_string();
        self
    }

    /// The step of a time, in seconds.
    pub fn step(mut self, step: impl ToString) -> Self {
        self.step = step.to_string();
        self
    }

    /// The most characters that may be typed.
    pub fn longest(mut self, characters: usize) -> Self {
        self.longest = Some(characters);
        self
    }

    /// The unit after the field: `€`, `h`.
    pub fn suffix(mut self, unit: impl ToString) -> Self {
        self.suffix = unit.to_string();
        self
    }

    /// How wide it is.
    pub fn width(mut self, width: Width) -> Self {
        self.width = width;
        self
    }

    /// A few characters wide.
    pub fn short(self) -> Self {
        self.width(Width::Short)
    }

    /// As wide as a date.
    pub fn medium(self) -> Self {
        self.width(Width::Medium)
    }

    /// The number of lines of a text area.
    pub fn rows(mut self, rows: u32) -> Self {
        self.rows = rows;
        self
    }

    /// Puts the cursor in it when the page opens; at most one field a page.
    pub fn autofocus(mut self) -> Self {
        self.autofocus = true;
        self
    }

    /// Keeps the label for screen readers only: for a filter whose button says it all.
    pub fn label_hidden(mut self) -> Self {
        self.label_hidden = true;
        self
    }

    /// Sets choices side by side rather than one under the other.
    pub fn inline(mut self) -> Self {
        self.inline = true;
        self
    }

    /// The keyboard a phone shows: `numeric`, `decimal`, `email`, `tel`.
    pub fn input_mode(mut self, mode: &'static str) -> Self {
        self.input_mode = mode;
        self
    }

    /// A first, empty line of a closed list: "Tous les PRE", "Choisissez…".
    pub fn or_none(mut self, label: impl ToString) -> Self {
        self.empty_choice = Some(label.to_string());
        self
    }

    /// Chooses or writes a value unless the form already has one.
    pub fn initially(mut self, value: impl ToString) -> Self {
        if self.values.is_empty() {
            self.values.push(value.to_string());
        }
        self
    }

    fn among(mut self, choices: &[Choice]) -> Self {
        self.choices = choices.to_vec();
        self
    }
}

/// What its template asks of a field.
impl Field {
    fn value(&self) -> &str {
        self.values.first().map_or("", String::as_str)
    }

    fn is_chosen(&self, value: &str) -> bool {
        self.values.iter().any(|chosen| chosen == value)
    }

    fn described_by(&self) -> String {
        let hint = (!self.hint.is_empty()).then(|| format!("{}-hint", self.id));
        let error = self.refusal.as_ref().map(|_| format!("{}-error", self.id));
        hint.into_iter().chain(error).collect::<Vec<_>>().join(" ")
    }

    fn width_class(&self) -> &'static str {
        match self.width {
            Width::Short => "input--short",
            Width::Medium => "input--medium",
            Width::Full => "",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn posted(body: &str) -> FormState {
        FormState::parse(body.as_bytes())
    }

    #[test]
    fn shows_again_what_was_typed_except_passwords() {
        let form = posted("given_name=L%C3%A9a+%22%3Cb%3E&password=secret&days=1&days=3");
        let html = form.text("given_name", "Prénom").hint("Celui du livret").to_string();
        assert!(html.contains("value=\"Léa &#34;&#60;b&#62;\""), "{html}");
        assert!(html.contains("aria-describedby=\"given_name-hint\""), "{html}");
        assert!(!form.password("password", "Mot de passe").to_string().contains("secret"));
        let days = [Choice::new(1, "lundi"), Choice::new(2, "mardi"), Choice::new(3, "mercredi")];
        let html = form.boxes("days", "Jours", &days).to_string();
        assert_eq!(html.matches(" checked").count(), 2, "{html}");
    }
}
