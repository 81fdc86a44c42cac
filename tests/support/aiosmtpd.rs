//! A mail server written by others (aiosmtpd), started for one test: proof that our mails travel beyond our own peer.

use std::io::{BufRead, BufReader, Read};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Child, ChildStdout, Command, Stdio};

use super::smtp::ReceivedMail;

/// The running server; it ends with the test.
#[derive(Debug)]
pub struct Aiosmtpd {
    process: Child,
    lines: BufReader<ChildStdout>,
    address: SocketAddr,
}

/// Starts the server with the Python of `TEST_SMTP_PEER`, which `make test` always gives. Without it the caller has
/// nothing to talk to, unless `TEST_REQUIRE_ALL` says that this may not be.
pub fn start() -> Option<Aiosmtpd> {
    let Some(python) = std::env::var_os("TEST_SMTP_PEER") else {
        assert!(std::env::var_os("TEST_REQUIRE_ALL").is_none(), "TEST_SMTP_PEER is not set: run scripts/setup test");
        return None;
    };
    let mut process = Command::new(python)
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/smtp/peer.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(process.stdout.take().unwrap());
    let mut port = String::new();
    lines.read_line(&mut port).unwrap();
    let port = port.trim().parse().unwrap_or_else(|_| panic!("tests/smtp/peer.py printed no port but {port:?}"));
    Some(Aiosmtpd { process, lines, address: (Ipv4Addr::LOCALHOST, port).into() })
}

impl Aiosmtpd {
    /// The URL of a plain transport to it.
    pub fn url(&self) -> String {
        format!("smtp://{}", self.address)
    }

    /// Stops the server and gives what it took, in order.
    pub fn received(mut self) -> Vec<ReceivedMail> {
        drop(self.process.stdin.take());
        Read::by_ref(&mut self.lines).lines().map(|line| mail(&line.unwrap())).collect()
    }
}

impl Drop for Aiosmtpd {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ended = self.process.wait();
    }
}

fn mail(line: &str) -> ReceivedMail {
    let mail: serde_json::Value = serde_json::from_str(line).unwrap();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    ReceivedMail {
        from: text(&mail["from"]),
        to: mail["to"].as_array().unwrap().iter().map(text).collect(),
        raw: text(&mail["raw"]),
    }
}
