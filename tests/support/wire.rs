//! What no browser would send: bytes on a connection of one's own, and what comes back.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use super::browser::Answer;

/// A connection to an application under test.
pub struct Wire(TcpStream);

impl Wire {
    /// Connects to a `http://127.0.0.1:…` address.
    pub fn to(base_url: &str) -> Self {
        let stream = TcpStream::connect(base_url.trim_start_matches("http://")).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(40))).unwrap();
        Self(stream)
    }

    /// Sends bytes; whether the other side still listens.
    pub fn send(&mut self, bytes: &[u8]) -> bool {
        self.0.write_all(bytes).is_ok()
    }

    /// Reads until the other side closes: the answer, if one came, and how long it took.
    pub fn read(mut self) -> (Option<Answer>, Duration) {
        let began = Instant::now();
        let mut bytes = Vec::new();
        // a connection that is reset ends what was read
        drop(self.0.read_to_end(&mut bytes));
        (parse(&bytes), began.elapsed())
    }
}

/// Asks once: a request line and headers, without the blank line; the connection is closed after.
pub fn ask(base_url: &str, head: &str) -> Answer {
    let mut wire = Wire::to(base_url);
    wire.send(format!("{head}\r\nConnection: close\r\n\r\n").as_bytes());
    wire.read().0.unwrap_or_else(|| panic!("no answer to {head}"))
}

/// An answer as it stands on the wire; a body in chunks stays so.
fn parse(bytes: &[u8]) -> Option<Answer> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = head.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let header = |line: &str| line.split_once(": ").map(|(name, value)| (name.to_lowercase(), value.to_owned()));
    Some(Answer { status, headers: lines.filter_map(header).collect(), body: bytes[end + 4..].to_vec() })
}
