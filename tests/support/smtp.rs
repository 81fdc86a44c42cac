//! A mail server that misbehaves on demand: it accepts, refuses, delays or hangs up exactly as its plan says, and
//! keeps what it took. A message counts as received only once the sender was told `250`.

use std::collections::VecDeque;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// What the peer does with one connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behaviour {
    /// Takes the message.
    Accept,
    /// Answers `450` at RCPT: the sender must try again later.
    RefuseForNow,
    /// Answers `550` at RCPT: the sender must give up on this recipient.
    RefuseForGood,
    /// Takes the message, and only then waits this long before it says so.
    Delay(Duration),
    /// Hangs up when DATA is asked for: nothing was transferred.
    CutBeforeData,
    /// Hangs up after the whole message, before `250`: the sender cannot know, and must send it again.
    CutAfterData,
    /// Closes the connection before the greeting.
    CutAtOnce,
}

/// What the peer does, connection after connection.
#[derive(Debug, Clone)]
pub struct Plan {
    first: VecDeque<Behaviour>,
    then: Behaviour,
}

impl Plan {
    /// The same behaviour for each connection.
    pub fn always(behaviour: Behaviour) -> Self {
        Self { first: VecDeque::new(), then: behaviour }
    }

    /// These behaviours for the first connections, in order, then [`Behaviour::Accept`].
    pub fn first(behaviours: impl IntoIterator<Item = Behaviour>) -> Self {
        Self { first: behaviours.into_iter().collect(), then: Behaviour::Accept }
    }

    fn next(&mut self) -> Behaviour {
        self.first.pop_front().unwrap_or(self.then)
    }
}

/// A message that the peer took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivedMail {
    /// The envelope's sender.
    pub from: String,
    /// The envelope's recipients.
    pub to: Vec<String>,
    /// The message as transferred, dots unstuffed, lines ending in CRLF.
    pub raw: String,
}

impl ReceivedMail {
    /// The value of a header on its first line, if the message has it.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.raw
            .lines()
            .take_while(|line| !line.is_empty())
            .find_map(|line| line.split_once(": ").filter(|(key, _)| key.eq_ignore_ascii_case(name)))
            .map(|(_, value)| value)
    }
}

/// How the peer speaks TLS.
#[derive(Debug, Clone)]
pub enum Tls {
    /// From the first byte.
    Wrapped(Arc<ServerConfig>),
    /// From STARTTLS on.
    Offered(Arc<ServerConfig>),
}

#[derive(Debug)]
struct Shared {
    tls: Option<Tls>,
    plan: Mutex<Plan>,
    received: Mutex<Vec<ReceivedMail>>,
    connections: AtomicUsize,
    closing: AtomicBool,
}

/// The peer: listens on a free port of this machine until dropped.
#[derive(Debug)]
pub struct SmtpPeer {
    address: SocketAddr,
    shared: Arc<Shared>,
    listener: Option<thread::JoinHandle<()>>,
}

impl SmtpPeer {
    /// Starts a peer that follows `plan`; it offers no TLS.
    pub fn start(plan: Plan) -> Self {
        Self::start_with(plan, None)
    }

    /// Starts a peer that takes everything, over TLS only.
    pub fn start_tls(tls: Tls) -> Self {
        Self::start_with(Plan::always(Behaviour::Accept), Some(tls))
    }

    fn start_with(plan: Plan, tls: Option<Tls>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            tls,
            plan: Mutex::new(plan),
            received: Mutex::default(),
            connections: AtomicUsize::new(0),
            closing: AtomicBool::new(false),
        });
        let theirs = Arc::clone(&shared);
        let listening = thread::spawn(move || listen(&listener, &theirs));
        Self { address, shared, listener: Some(listening) }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The URL of a plain transport to it.
    pub fn url(&self) -> String {
        format!("smtp://{}", self.address)
    }

    /// What it took so far, in order.
    pub fn received(&self) -> Vec<ReceivedMail> {
        lock(&self.shared.received).clone()
    }

    /// How many connections were opened so far, whatever became of them.
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// Follows another plan from the next connection on.
    pub fn follow(&self, plan: Plan) {
        *lock(&self.shared.plan) = plan;
    }
}

impl Drop for SmtpPeer {
    fn drop(&mut self) {
        self.shared.closing.store(true, Ordering::SeqCst);
        // a last connection wakes the listener, which then sees that it must end
        drop(TcpStream::connect(self.address));
        if let Some(listener) = self.listener.take() {
            let _ended = listener.join();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn listen(listener: &TcpListener, shared: &Arc<Shared>) {
    for stream in listener.incoming() {
        if shared.closing.load(Ordering::SeqCst) {
            return;
        }
        let Ok(stream) = stream else { continue };
        shared.connections.fetch_add(1, Ordering::SeqCst);
        let behaviour = lock(&shared.plan).next();
        let shared = Arc::clone(shared);
        // a sender that goes away in the middle is what these tests are about: its error is no failure of the peer
        thread::spawn(move || drop(speak(stream, behaviour, &shared)));
    }
}

/// Speaks with one client, over TLS as far as the peer has it.
fn speak(stream: TcpStream, behaviour: Behaviour, shared: &Shared) -> io::Result<()> {
    if behaviour == Behaviour::CutAtOnce {
        return Ok(());
    }
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    let secured = |stream, config: &Arc<ServerConfig>| {
        let connection = ServerConnection::new(config.clone()).map_err(io::Error::other)?;
        Ok::<_, io::Error>(BufReader::new(StreamOwned::new(connection, stream)))
    };
    let greeting = "220 peer.test ESMTP";
    match &shared.tls {
        None => converse(&mut BufReader::new(stream), Some(greeting), behaviour, shared, false).map(drop),
        Some(Tls::Wrapped(config)) => {
            converse(&mut secured(stream, config)?, Some(greeting), behaviour, shared, false).map(drop)
        }
        Some(Tls::Offered(config)) => {
            let mut lines = BufReader::new(stream);
            match converse(&mut lines, Some(greeting), behaviour, shared, true)? {
                End::Left => Ok(()),
                End::StartTls => {
                    let stream = lines.into_inner();
                    converse(&mut secured(stream, config)?, None, behaviour, shared, false).map(drop)
                }
            }
        }
    }
}

/// Why a conversation ended.
enum End {
    Left,
    StartTls,
}

/// Speaks SMTP with one client until it leaves, asks for TLS, or the behaviour hangs up. A client that could have TLS and
/// did not ask for it gets nothing.
fn converse<S: Read + Write>(
    lines: &mut BufReader<S>,
    greeting: Option<&str>,
    behaviour: Behaviour,
    shared: &Shared,
    offers_tls: bool,
) -> io::Result<End> {
    let mut mail = empty();
    if let Some(greeting) = greeting {
        answer(lines, greeting)?;
    }
    loop {
        let mut line = String::new();
        if lines.read_line(&mut line)? == 0 {
            return Ok(End::Left);
        }
        let line = line.trim_end();
        let verb = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
        match verb.as_str() {
            "EHLO" if offers_tls => answer(lines, "250-peer.test\r\n250-8BITMIME\r\n250 STARTTLS")?,
            "EHLO" => answer(lines, "250-peer.test\r\n250-8BITMIME\r\n250 SMTPUTF8")?,
            "STARTTLS" if offers_tls => {
                answer(lines, "220 2.0.0 go ahead")?;
                return Ok(End::StartTls);
            }
            "MAIL" if offers_tls => answer(lines, "530 5.7.0 STARTTLS first")?,
            "MAIL" => {
                mail = ReceivedMail { from: address_in(line), ..empty() };
                answer(lines, "250 2.1.0 sender ok")?;
            }
            "RCPT" => match behaviour {
                Behaviour::RefuseForNow => answer(lines, "450 4.2.1 mailbox busy, try again later")?,
                Behaviour::RefuseForGood => answer(lines, "550 5.1.1 no such mailbox")?,
                _ => {
                    mail.to.push(address_in(line));
                    answer(lines, "250 2.1.5 recipient ok")?;
                }
            },
            "DATA" if behaviour == Behaviour::CutBeforeData => return Ok(End::Left),
            "DATA" if mail.to.is_empty() => answer(lines, "503 5.5.1 no recipient")?,
            "DATA" => {
                answer(lines, "354 end with a dot on a line of its own")?;
                mail.raw = message(lines)?;
                if behaviour == Behaviour::CutAfterData {
                    return Ok(End::Left);
                }
                if let Behaviour::Delay(wait) = behaviour {
                    thread::sleep(wait);
                }
                // kept before the answer: a sender that was told 250 finds it at once
                lock(&shared.received).push(std::mem::replace(&mut mail, empty()));
                answer(lines, "250 2.0.0 taken")?;
            }
            "HELO" | "RSET" | "NOOP" => answer(lines, "250 2.0.0 ok")?,
            "QUIT" => {
                answer(lines, "221 2.0.0 bye")?;
                return Ok(End::Left);
            }
            _ => answer(lines, "502 5.5.2 not known here")?,
        }
    }
}

fn empty() -> ReceivedMail {
    ReceivedMail { from: String::new(), to: Vec::new(), raw: String::new() }
}

fn answer<S: Read + Write>(lines: &mut BufReader<S>, text: &str) -> io::Result<()> {
    lines.get_mut().write_all(format!("{text}\r\n").as_bytes())?;
    lines.get_mut().flush()
}

/// The address between the angle brackets of `MAIL FROM:<…>` or `RCPT TO:<…>`.
fn address_in(line: &str) -> String {
    let after = line.split_once('<').map_or("", |(_, after)| after);
    after.split('>').next().unwrap_or_default().to_owned()
}

/// Reads up to the lone dot, taking back the dots that the sender doubled.
fn message(lines: &mut impl BufRead) -> io::Result<String> {
    let mut raw = String::new();
    loop {
        let mut line = Vec::new();
        if lines.read_until(b'\n', &mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let line = String::from_utf8_lossy(&line);
        if line.trim_end() == "." {
            return Ok(raw);
        }
        raw.push_str(line.strip_prefix('.').unwrap_or(&line));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lettre::{Message, SmtpTransport, Transport};
    use std::time::Instant;

    fn send(url: &str, patience: Duration) -> Result<(), lettre::transport::smtp::Error> {
        let mail = Message::builder()
            .from("psypre@example.test".parse().unwrap())
            .to("coordination@example.test".parse().unwrap())
            .subject("Deux séances à valider")
            .body("Première ligne\r\n.une ligne qui commence par un point\r\n".to_owned())
            .unwrap();
        let transport = SmtpTransport::from_url(url).unwrap().timeout(Some(patience)).build();
        transport.send(&mail).map(drop)
    }

    const LONG: Duration = Duration::from_secs(10);

    #[test]
    fn what_is_accepted_arrives_whole() {
        let peer = SmtpPeer::start(Plan::always(Behaviour::Accept));
        send(&peer.url(), LONG).unwrap();
        let received = peer.received();
        assert_eq!(received.len(), 1);
        assert_eq!(received[0].from, "psypre@example.test");
        assert_eq!(received[0].to, ["coordination@example.test"]);
        assert!(received[0].header("Subject").is_some_and(|subject| subject.contains("utf-8")));
        let body = received[0].raw.split_once("\r\n\r\n").unwrap().1;
        assert!(body.contains("\r\n.une ligne"), "the doubled dot was not taken back: {body}");
    }

    #[test]
    fn refusals_say_whether_to_try_again() {
        let peer = SmtpPeer::start(Plan::first([Behaviour::RefuseForNow, Behaviour::RefuseForGood]));
        assert!(send(&peer.url(), LONG).unwrap_err().is_transient());
        assert!(send(&peer.url(), LONG).unwrap_err().is_permanent());
        assert_eq!(peer.received(), []);
        send(&peer.url(), LONG).unwrap();
        assert_eq!(peer.received().len(), 1);
        assert_eq!(peer.connections(), 3);
    }

    #[test]
    fn a_cut_connection_leaves_nothing_received() {
        for cut in [Behaviour::CutAtOnce, Behaviour::CutBeforeData, Behaviour::CutAfterData] {
            let peer = SmtpPeer::start(Plan::always(cut));
            let error = send(&peer.url(), LONG).unwrap_err();
            assert!(!error.is_permanent(), "{cut:?} must be worth another try: {error}");
            assert_eq!(peer.received(), [], "{cut:?}");
        }
    }

    #[test]
    fn a_slow_peer_is_waited_for_or_given_up() {
        let wait = Duration::from_millis(300);
        let peer = SmtpPeer::start(Plan::always(Behaviour::Delay(wait)));
        let began = Instant::now();
        send(&peer.url(), LONG).unwrap();
        assert!(began.elapsed() >= wait);
        let given_up = send(&peer.url(), Duration::from_millis(50)).unwrap_err();
        assert!(!given_up.is_permanent(), "silence must be worth another try: {given_up}");
    }

    #[test]
    fn a_sender_that_demands_tls_goes_away() {
        let peer = SmtpPeer::start(Plan::always(Behaviour::Accept));
        let demanding = SmtpTransport::starttls_relay("127.0.0.1").unwrap().port(peer.address().port()).build();
        assert!(demanding.test_connection().is_err());
        assert_eq!(peer.received(), []);
    }

    #[test]
    fn a_plan_can_change() {
        let peer = SmtpPeer::start(Plan::always(Behaviour::CutAtOnce));
        assert!(send(&peer.url(), LONG).is_err());
        peer.follow(Plan::always(Behaviour::Accept));
        send(&peer.url(), LONG).unwrap();
        assert_eq!(peer.received().len(), 1);
    }

    /// The peer above and lettre could share a misunderstanding: a server written by others settles it.
    #[test]
    fn a_server_written_by_others_takes_the_same_mail() {
        let Some(server) = super::super::aiosmtpd::start() else { return };
        send(&server.url(), LONG).unwrap();
        let received = server.received();
        assert_eq!(received.len(), 1);
        assert_eq!(received[0].from, "psypre@example.test");
        assert!(received[0].raw.contains("\r\n.une ligne"));
    }
}
