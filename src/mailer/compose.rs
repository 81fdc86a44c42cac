//! A queued mail as the message that travels: the same bytes at each attempt.

use std::time::SystemTime;

use lettre::Address;
use lettre::message::header::{ContentDisposition, ContentTransferEncoding, ContentType, HeaderName, HeaderValue};
use lettre::message::{Body, Mailbox, Message, MultiPart, SinglePart};

use crate::outbox::{Attachment, GUARDIAN_REMINDER, Mail};
use crate::{ical, links};

/// The widest line of the plain text, as RFC 3676 advises.
const WIDTH: usize = 76;

/// Writes the message. Headers are typed: what stands in a subject or in an address stays in it.
pub fn compose(mail: &Mail, file: Option<Attachment>, from: &Mailbox, base_url: &str) -> Result<Message, String> {
    let recipient: Address = mail.recipient.parse().map_err(|_| "the recipient is no address".to_owned())?;
    let placed = |body: &str| body.replace(&format!("{}/", links::HERE), &format!("{base_url}/"));
    let bodies = MultiPart::alternative()
        .boundary(format!("psypre-{}", mail.id))
        .singlepart(part("text/plain; charset=utf-8; format=flowed", flowed(&placed(&mail.text_body)))?)
        .singlepart(part("text/html; charset=utf-8", placed(&mail.html_body))?);
    let calendar = mail.calendar.as_ref().map(|events| Attachment {
        name: "rendez-vous.ics".to_owned(),
        media_type: "text/calendar; charset=utf-8; method=PUBLISH".to_owned(),
        bytes: ical::organised_by(events, from.email.as_ref()).into_bytes(),
    });
    let bodies = match file.or(calendar) {
        None => bodies,
        Some(file) => MultiPart::mixed()
            .boundary(format!("psypre-mixed-{}", mail.id))
            .multipart(bodies)
            .singlepart(attached(file)?),
    };
    let generated = HeaderName::new_from_ascii_str("Auto-Submitted");
    Message::builder()
        .from(if mail.kind == GUARDIAN_REMINDER { Mailbox::new(None, from.email.clone()) } else { from.clone() })
        .to(Mailbox::new(None, recipient))
        // lettre would encode a control character, which then looks odd
        .subject(mail.subject.replace(char::is_control, " "))
        .date(SystemTime::from(mail.created_at.utc()))
        .message_id(Some(format!("<{}@{}>", mail.message_id, from.email.domain())))
        .raw_header(HeaderValue::new(generated, "auto-generated".to_owned()))
        .multipart(bodies)
        .map_err(|e| format!("the mail cannot be written: {e}"))
}

fn part(kind: &str, body: String) -> Result<SinglePart, String> {
    let kind = ContentType::parse(kind).map_err(|e| e.to_string())?;
    let body = Body::new_with_encoding(body, ContentTransferEncoding::QuotedPrintable)
        .map_err(|_| "the body cannot be encoded".to_owned())?;
    Ok(SinglePart::builder().header(kind).body(body))
}

/// A file that travels with a mail, or the events that it tells of: calendars offer to take them in.
fn attached(file: Attachment) -> Result<SinglePart, String> {
    let kind = ContentType::parse(&file.media_type).map_err(|e| e.to_string())?;
    let body = Body::new_with_encoding(file.bytes, ContentTransferEncoding::Base64)
        .map_err(|_| "the file cannot be encoded".to_owned())?;
    Ok(SinglePart::builder().header(kind).header(ContentDisposition::attachment(&file.name)).body(body))
}

/// Folds paragraphs so that any reader can show them, and one that knows `format=flowed` (RFC 3676) joins them again.
fn flowed(text: &str) -> String {
    let mut folded = String::with_capacity(text.len() + text.len() / 50);
    for line in text.lines() {
        match line {
            // the signature's mark keeps its space
            "-- " => folded.push_str(line),
            _ => fold(line.trim_end_matches(' '), &mut folded),
        }
        folded.push_str("\r\n");
    }
    folded
}

fn fold(line: &str, folded: &mut String) {
    let mut width = 0;
    for (at, word) in line.split(' ').enumerate() {
        let length = word.chars().count();
        if at > 0 && width + 1 + length >= WIDTH {
            folded.push_str(" \r\n");
            width = 0;
        } else if at > 0 {
            folded.push(' ');
            width += 1;
        }
        // at the start of a line, what could be taken for a quotation or an envelope is stuffed with a space
        let indented = at == 0 && word.is_empty() && !line.is_empty();
        if width == 0 && (indented || word.starts_with('>') || word == "From") {
            folded.push(' ');
        }
        folded.push_str(word);
        width += length;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_fold_and_join_again() {
        let long =
            "Trois séances attendent votre validation au PRE de Longvic, dont la plus ancienne depuis le 3 novembre.";
        let text = format!("{long}\n\nhttps://exemple.fr/{}\n-- \n>cité\nFrom ici", "a".repeat(120));
        let folded = flowed(&text);
        for line in folded.split("\r\n").filter(|line| !line.contains("https")) {
            assert!(line.chars().count() <= WIDTH, "{line}");
        }
        assert!(folded.contains(&"a".repeat(120)), "a link stays whole");
        assert!(folded.contains("\r\n-- \r\n >cité\r\n From ici\r\n"), "{folded}");
        assert_eq!(folded.replace(" \r\n", " ").split("\r\n").next().unwrap_or_default(), long);
    }
}
