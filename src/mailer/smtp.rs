//! SMTP: one connection, kept through a round.

use std::net::IpAddr;
use std::time::Duration;

use lettre::Message;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{SmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailParameter};
use lettre::transport::smtp::{Error, SMTP_PORT, SUBMISSION_PORT, SUBMISSIONS_PORT};
use percent_encoding::percent_decode_str;
use url::Url;

use crate::mailer::Outcome;
use crate::outbox::Attempt;

/// A server and the way to speak with it.
pub struct Smtp {
    host: String,
    port: u16,
    tls: Tls,
    credentials: Option<Credentials>,
    patience: Duration,
    connection: Option<SmtpConnection>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tls {
    /// From the first byte.
    Wrapped,
    /// Before the password, or not at all.
    Required,
    /// When the server offers it: on this machine, or where the operator said so.
    Offered,
}

impl std::fmt::Debug for Smtp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Smtp").field("host", &self.host).field("port", &self.port).field("tls", &self.tls).finish()
    }
}

impl Smtp {
    /// Reads `smtp://[user:password@]host[:port][?tls=required|offered]`, or `smtps://…`. `None` when it is no such
    /// address. TLS is required unless the server is this machine: whoever stands on the way must not be able to talk a
    /// mail out of it. `tls=offered` never lets a password travel in clear.
    pub fn new(url: &str, patience: Duration) -> Option<Self> {
        let url = Url::parse(url).ok()?;
        let decoded = |text: &str| percent_decode_str(text).decode_utf8().ok().map(std::borrow::Cow::into_owned);
        let credentials = match url.password() {
            Some(password) => Some(Credentials::new(decoded(url.username())?, decoded(password)?)),
            None => None,
        };
        let asked = match url.query() {
            None => None,
            Some("tls=required") => Some(Tls::Required),
            Some("tls=offered") if credentials.is_none() => Some(Tls::Offered),
            Some(_) => return None,
        };
        let (tls, port) = match (url.scheme(), &credentials) {
            ("smtps", _) if asked != Some(Tls::Offered) => (Tls::Wrapped, SUBMISSIONS_PORT),
            ("smtp", Some(_)) => (Tls::Required, SUBMISSION_PORT),
            ("smtp", None) => {
                (asked.unwrap_or(if is_this_machine(&url) { Tls::Offered } else { Tls::Required }), SMTP_PORT)
            }
            _ => return None,
        };
        let host = url.host_str().filter(|host| !host.is_empty())?.to_owned();
        Some(Self { host, port: url.port().unwrap_or(port), tls, credentials, patience, connection: None })
    }

    /// Opens the connection, signs in, unless that is done.
    pub fn open(&mut self) -> Result<(), String> {
        if self.connection.is_none() {
            self.connection = Some(self.connect().map_err(|e| format!("{}:{}: {}", self.host, self.port, said(&e)))?);
        }
        Ok(())
    }

    fn connect(&self) -> Result<SmtpConnection, Error> {
        let me = ClientId::default();
        let tls = TlsParameters::new(self.host.clone())?;
        let wrapped = (self.tls == Tls::Wrapped).then_some(&tls);
        let server = (self.host.as_str(), self.port);
        let mut connection = SmtpConnection::connect(server, Some(self.patience), &me, wrapped, None)?;
        if self.tls == Tls::Required || (self.tls == Tls::Offered && connection.can_starttls()) {
            connection.starttls(&tls, &me)?;
        }
        if let Some(credentials) = &self.credentials {
            connection.auth(DEFAULT_MECHANISMS, credentials)?;
        }
        Ok(connection)
    }

    /// Sends a message over the open connection.
    pub fn send(&mut self, message: &Message) -> Outcome {
        let Some(mut connection) = self.connection.take() else {
            return Outcome::Unreachable("the connection is not open".to_owned());
        };
        match converse(&mut connection, message) {
            Ok(Ok(())) => {
                self.connection = Some(connection);
                Outcome::Answered(Attempt::Accepted)
            }
            Ok(Err(why)) => {
                self.connection = Some(connection);
                Outcome::Answered(Attempt::Rejected(why.to_owned()))
            }
            Err(e) => {
                connection.abort();
                outcome_of(&e)
            }
        }
    }

    /// Takes leave of the server.
    pub fn close(&mut self) {
        if let Some(mut connection) = self.connection.take() {
            connection.abort();
        }
    }
}

/// Whether what is said to the server never leaves this machine.
fn is_this_machine(url: &Url) -> bool {
    // a scheme that is not the web's has its host as it was typed
    match url.host_str() {
        Some("localhost") => true,
        Some(host) => host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok_and(|address| address.is_loopback()),
        None => false,
    }
}

/// Lettre's own `send` writes the message and its last dot apart: then Nagle's algorithm and the peer's delayed
/// acknowledgement cost each mail forty milliseconds. Here they leave together.
fn converse(connection: &mut SmtpConnection, message: &Message) -> Result<Result<(), &'static str>, Error> {
    let envelope = message.envelope();
    let mut parameters = Vec::new();
    let addresses = envelope.from().into_iter().chain(envelope.to());
    if !addresses.into_iter().all(|address| AsRef::<str>::as_ref(address).is_ascii()) {
        if !connection.server_info().supports_feature(Extension::SmtpUtfEight) {
            return Ok(Err("the server takes no address with accents"));
        }
        parameters.push(MailParameter::SmtpUtfEight);
    }
    connection.command(Mail::new(envelope.from().cloned(), parameters))?;
    for recipient in envelope.to() {
        connection.command(Rcpt::new(recipient.clone(), Vec::new()))?;
    }
    connection.command(Data)?;
    // headers and bodies are encoded: what is not text can only stand in an address, which is UTF-8
    connection.command(stuffed(&String::from_utf8_lossy(&message.formatted())))?;
    Ok(Ok(()))
}

/// A line that begins with a dot begins with two (RFC 5321, 4.5.2), and a lone dot ends the message.
fn stuffed(message: &str) -> String {
    let mut stuffed = String::with_capacity(message.len() + 16);
    for line in message.split_inclusive("\r\n") {
        if line.starts_with('.') {
            stuffed.push('.');
        }
        stuffed.push_str(line);
    }
    if !stuffed.ends_with("\r\n") {
        stuffed.push_str("\r\n");
    }
    stuffed.push_str(".\r\n");
    stuffed
}

/// A refusal is this mail's; a broken way may be; a server that wants another sign-in refuses everybody.
fn outcome_of(e: &Error) -> Outcome {
    match e.status().map(u16::from) {
        Some(421) => Outcome::Broken(said(e)),
        Some(530 | 534 | 535 | 538) => Outcome::Unreachable(said(e)),
        Some(_) if e.is_permanent() => Outcome::Answered(Attempt::Rejected(said(e))),
        Some(_) => Outcome::Answered(Attempt::PutOff(said(e))),
        None => Outcome::Broken(said(e)),
    }
}

/// What went wrong, in one line of at most 300 characters.
fn said(e: &Error) -> String {
    e.to_string().replace(char::is_control, " ").chars().take(300).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(url: &str) -> Option<(Tls, u16)> {
        Smtp::new(url, Duration::from_secs(1)).map(|smtp| (smtp.tls, smtp.port))
    }

    #[test]
    fn a_password_never_travels_in_clear() {
        assert_eq!(read("smtp://localhost"), Some((Tls::Offered, 25)));
        assert_eq!(read("smtp://127.0.0.1:2525"), Some((Tls::Offered, 2525)));
        assert_eq!(read("smtp://[::1]"), Some((Tls::Offered, 25)));
        assert_eq!(read("smtp://me:secret@mail.example"), Some((Tls::Required, 587)));
        assert_eq!(read("smtp://me:secret@mail.example:2525"), Some((Tls::Required, 2525)));
        assert_eq!(read("smtps://me:p%40ss@mail.example"), Some((Tls::Wrapped, 465)));
        for wrong in [
            "smtp://",
            "smtp:///x",
            "http://mail.example",
            "mail.example",
            "smtp://mail.example?tls=never",
            "smtp://me:secret@mail.example?tls=offered",
            "smtps://mail.example?tls=offered",
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
        let shown = format!("{:?}", Smtp::new("smtp://me:secret@mail.example", Duration::from_secs(1)));
        assert!(!shown.contains("secret"), "{shown}");
    }

    #[test]
    fn a_mail_travels_in_clear_only_where_the_operator_said_so() {
        assert_eq!(read("smtp://mail.example"), Some((Tls::Required, 25)));
        assert_eq!(read("smtp://192.0.2.7"), Some((Tls::Required, 25)));
        assert_eq!(read("smtp://localhost.example"), Some((Tls::Required, 25)));
        assert_eq!(read("smtp://localhost?tls=required"), Some((Tls::Required, 25)));
        assert_eq!(read("smtp://mail.example?tls=offered"), Some((Tls::Offered, 25)));
    }

    #[test]
    fn dots_are_doubled_and_the_message_ends_once() {
        assert_eq!(stuffed("a\r\n.b\r\n..c"), "a\r\n..b\r\n...c\r\n.\r\n");
        assert_eq!(stuffed("a\r\n"), "a\r\n.\r\n");
    }
}
