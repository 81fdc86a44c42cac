//! One event is one line of the log, whatever it tells: what somebody sent cannot begin a line of its own, paint a
//! terminal, or turn the words around it.

use std::borrow::Cow;
use std::io::{self, Write};
use std::panic::PanicHookInfo;

use tracing::Metadata;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::writer::BoxMakeWriter;

/// How an event is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Format {
    /// `2026-11-20T09:00:00Z  INFO psypre::server: request method=GET …`.
    #[default]
    Text,
    /// An object of JSON.
    Json,
}

impl Format {
    /// Reads `PSYPRE_LOG_FORMAT`.
    ///
    /// # Errors
    /// Says which formats there are.
    pub fn from_vars(var: &impl Fn(&str) -> Option<String>) -> Result<Self, String> {
        match var("PSYPRE_LOG_FORMAT").as_deref().map(str::trim) {
            None | Some("text") => Ok(Self::Text),
            Some("json") => Ok(Self::Json),
            Some(other) => Err(format!("PSYPRE_LOG_FORMAT must be text or json, not {other:?}")),
        }
    }
}

/// Begins to log, for the whole process; a panic is told too, by its place only.
pub fn start(filter: EnvFilter, format: Format, writer: BoxMakeWriter) {
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).with_writer(Lines(writer));
    match format {
        Format::Text => builder.init(),
        Format::Json => builder.json().flatten_event(true).with_current_span(false).with_span_list(false).init(),
    }
    std::panic::set_hook(Box::new(tell));
}

/// Tells of a panic by its place: its words may quote what somebody typed.
fn tell(panic: &PanicHookInfo<'_>) {
    let place = panic.location().map_or_else(|| "unknown".to_owned(), ToString::to_string);
    tracing::error!(%place, "panic");
}

/// Writers of lines.
#[derive(Debug)]
struct Lines<M>(M);

/// A writer that is given an event at a time.
#[derive(Debug)]
struct Line<W>(W);

impl<'a, M: MakeWriter<'a>> MakeWriter<'a> for Lines<M> {
    type Writer = Line<M::Writer>;

    fn make_writer(&'a self) -> Self::Writer {
        Line(self.0.make_writer())
    }

    fn make_writer_for(&'a self, meta: &Metadata<'_>) -> Self::Writer {
        Line(self.0.make_writer_for(meta))
    }
}

impl<W: Write> Write for Line<W> {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(event);
        let line = format!("{}\n", written(text.strip_suffix('\n').unwrap_or(&text)));
        self.0.write_all(line.as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// The text with what is not a letter, a sign or a space written as JSON would: `\n`, `\u2028`.
fn written(text: &str) -> Cow<'_, str> {
    if !text.contains(misleads) {
        return Cow::Borrowed(text);
    }
    let mut line = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\n' => line.push_str("\\n"),
            '\r' => line.push_str("\\r"),
            '\t' => line.push_str("\\t"),
            c if misleads(c) => line.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => line.push(c),
        }
    }
    Cow::Owned(line)
}

/// Whether a character ends a line, commands a terminal, or is not seen while it moves others.
fn misleads(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{061c}' | '\u{feff}')
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_a_line_whatever_it_holds() {
        let mut log = Vec::new();
        let forged = "a\r\n2026-01-01T00:00:00Z INFO forged\u{1b}[31m\u{85}\u{2028}\u{2029}\u{202e}\u{7f}\0\tz";
        Line(&mut log).write_all(format!("{forged}\n").as_bytes()).unwrap();
        Line(&mut log).write_all("é ’ € « » \u{a0}\u{202f}!\n".as_bytes()).unwrap();
        let log = String::from_utf8(log).unwrap();
        assert_eq!(
            log,
            "a\\r\\n2026-01-01T00:00:00Z INFO forged\\u001b[31m\\u0085\\u2028\\u2029\\u202e\\u007f\\u0000\\tz\n\
             é ’ € « » \u{a0}\u{202f}!\n"
        );
        assert_eq!(log.lines().count(), 2);
    }

    #[test]
    fn there_are_two_formats() {
        let read = |value: &'static str| Format::from_vars(&move |_: &str| Some(value.to_owned()));
        assert_eq!(Format::from_vars(&|_: &str| None), Ok(Format::Text));
        assert_eq!((read("text"), read(" json ")), (Ok(Format::Text), Ok(Format::Json)));
        assert!(read("xml").is_err());
    }
}
