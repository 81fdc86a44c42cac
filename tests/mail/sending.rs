//! What happens between the queue and the peer: nothing lost, nothing sent for what did not commit.

use std::time::Duration;

use chrono::Duration as Span;
use diesel::prelude::*;
use psypre::config::{Config, MailTransport};
use psypre::db::DbError;
use psypre::links;
use psypre::mailer::{Mailer, Round};
use psypre::outbox::{self, Mail, Message};
use psypre::schema::mails;
use psypre::worker::Worker;

use crate::on_both_databases;
use crate::support::aiosmtpd;
use crate::support::app::TestApp;
use crate::support::smtp::{Behaviour, Plan, SmtpPeer};

/// A mail for somebody.
pub(super) fn message(recipient: &str, subject: &str) -> Message {
    Message {
        kind: "test",
        dedupe_key: None,
        recipient: recipient.to_owned(),
        subject: subject.to_owned(),
        text: format!(
            "Deux séances attendent votre validation.\n\n{}\n\n-- \nPsyPRE",
            links::in_mail(links::APPROVALS)
        ),
        html: "<p>Deux séances attendent votre validation.</p>".to_owned(),
        calendar: None,
    }
}

fn queue(app: &TestApp, count: usize) {
    app.write(|tx| {
        (0..count).try_for_each(|n| {
            outbox::enqueue(tx, &app.app.clock, message(&format!("p{n}@example.org"), &format!("Mail {n}"))).map(drop)
        })
    });
}

fn mailer_to(app: &TestApp, url: &str) -> Mailer {
    let config = Config { mail: MailTransport::Smtp(url.to_owned()), ..(*app.app.config).clone() };
    Mailer::with_patience(&config, Duration::from_millis(400)).unwrap()
}

fn drain(app: &TestApp, mailer: &mut Mailer) -> Round {
    mailer.drain(&app.app.db, &app.app.clock, &|| false).unwrap()
}

pub(super) fn stored(app: &TestApp) -> Vec<Mail> {
    app.read(|conn| mails::table.order(mails::id).load(conn))
}

/// The mail, the time of its next attempt come.
fn later(app: &TestApp, minutes: i64) {
    app.app.clock.advance(Span::minutes(minutes));
}

on_both_databases! {
    /// A transaction that does not commit sends nothing; one that does sends once.
    fn only_what_commits_is_sent(app: &TestApp) {
        let peer = SmtpPeer::start(Plan::always(Behaviour::Accept));
        let mut mailer = mailer_to(app, &peer.url());
        let undone = app.app.db.write::<(), DbError>(|tx| {
            outbox::enqueue(tx, &app.app.clock, message("personne@example.org", "Jamais"))?;
            Err(diesel::result::Error::RollbackTransaction.into())
        });
        assert!(undone.is_err());
        queue(app, 1);
        assert_eq!(drain(app, &mut mailer).accepted, 1);
        assert_eq!(drain(app, &mut mailer), Round::default());
        let received = peer.received();
        assert_eq!(received.len(), 1);
        assert_eq!(received[0].to, ["p0@example.org"]);
        assert_eq!(received[0].from, "psypre@example.org");
        assert!(received[0].raw.contains(&format!("{}/validations\r\n", app.base_url)), "{}", received[0].raw);
        assert_eq!(received[0].header("Auto-Submitted"), Some("auto-generated"));
        assert_eq!(received[0].header("Date"), Some("Fri, 20 Nov 2026 09:00:00 +0000"));
        let id = format!("<{}@example.org>", stored(app)[0].message_id);
        assert_eq!(received[0].header("Message-ID"), Some(id.as_str()));
    }

    /// "Try again later" is obeyed: a minute, then two, then four; the mail arrives in the end.
    fn what_is_put_off_arrives_in_the_end(app: &TestApp) {
        let peer = SmtpPeer::start(Plan::first([Behaviour::RefuseForNow; 3]));
        let mut mailer = mailer_to(app, &peer.url());
        queue(app, 1);
        for (attempt, pause) in [1, 2, 4].into_iter().enumerate() {
            assert_eq!(drain(app, &mut mailer).put_off, 1);
            let mail = &stored(app)[0];
            assert_eq!(mail.attempts, attempt as i32 + 1);
            assert!(mail.last_error.as_deref().is_some_and(|why| why.contains("450")), "{mail:?}");
            // not a moment before
            later(app, pause - 1);
            assert_eq!(drain(app, &mut mailer), Round::default());
            later(app, 1);
        }
        assert_eq!(drain(app, &mut mailer).accepted, 1);
        assert_eq!(peer.received().len(), 1);
        assert!(stored(app)[0].sent_at.is_some());
    }

    /// Hung up before the message: it is sent again, and arrives once.
    fn cut_before_the_message_it_is_sent_again(app: &TestApp) {
        let peer = SmtpPeer::start(Plan::first([Behaviour::CutBeforeData]));
        let mut mailer = mailer_to(app, &peer.url());
        queue(app, 2);
        let round = drain(app, &mut mailer);
        assert_eq!((round.accepted, round.put_off), (0, 1), "the batch ends where the way broke");
        assert!(round.cut_short.is_some());
        assert_eq!(stored(app)[1].attempts, 0, "the other mail counts no attempt");
        assert_eq!(drain(app, &mut mailer).accepted, 1);
        later(app, 1);
        assert_eq!(drain(app, &mut mailer).accepted, 1);
        let mut to: Vec<_> = peer.received().into_iter().flat_map(|mail| mail.to).collect();
        to.sort();
        assert_eq!(to, ["p0@example.org", "p1@example.org"]);
    }

    /// Hung up after the message: nobody knows whether it was taken, so it is sent again, the same to the byte.
    fn cut_after_the_message_the_second_copy_is_the_same(app: &TestApp) {
        let peer = SmtpPeer::start(Plan::first([Behaviour::Delay(Duration::from_millis(1200))]));
        let mut mailer = mailer_to(app, &peer.url());
        queue(app, 1);
        // the peer takes it, but says so too late
        assert_eq!(drain(app, &mut mailer).put_off, 1);
        later(app, 1);
        assert_eq!(drain(app, &mut mailer).accepted, 1);
        std::thread::sleep(Duration::from_millis(1300));
        let received = peer.received();
        assert_eq!(received.len(), 2);
        assert_eq!(received[0].raw, received[1].raw);
        assert!(received[0].header("Message-ID").is_some());

        peer.follow(Plan::first([Behaviour::CutAfterData]));
        queue(app, 1);
        assert_eq!(drain(app, &mut mailer).put_off, 1);
        later(app, 1);
        assert_eq!(drain(app, &mut mailer).accepted, 1);
        assert_eq!(peer.received().len(), 3, "a mail cut off is not lost");
    }

    /// A peer that is down costs no mail an attempt, and is not asked once for each.
    fn a_peer_that_is_down_costs_no_attempt(app: &TestApp) {
        let peer = SmtpPeer::start(Plan::always(Behaviour::CutAtOnce));
        let mut mailer = mailer_to(app, &peer.url());
        queue(app, 30);
        for _ in 0..3 {
            let round = drain(app, &mut mailer);
            assert!(round.cut_short.is_some());
            assert_eq!((round.accepted, round.put_off, round.rejected), (0, 0, 0));
        }
        assert_eq!(peer.connections(), 3);
        assert!(stored(app).iter().all(|mail| mail.attempts == 0));
        // nobody there at all
        let address = peer.address();
        drop(peer);
        assert!(drain(app, &mut mailer_to(app, &format!("smtp://{address}"))).cut_short.is_some());
        let peer = SmtpPeer::start(Plan::always(Behaviour::Accept));
        assert_eq!(drain(app, &mut mailer_to(app, &peer.url())).accepted, 30);
        assert_eq!(peer.received().len(), 30);
    }

    /// A mail that the peer refuses for good is given up; the others leave; the figures tell.
    fn what_is_refused_for_good_is_given_up_and_shows(app: &TestApp) {
        let peer = SmtpPeer::start(Plan::first([Behaviour::RefuseForGood]));
        let mut mailer = mailer_to(app, &peer.url());
        queue(app, 3);
        let round = drain(app, &mut mailer);
        assert_eq!((round.accepted, round.rejected, round.cut_short), (2, 1, None));
        later(app, 60 * 24);
        assert_eq!(drain(app, &mut mailer), Round::default());
        let mut browser = app.anonymous();
        let figures = browser.get("/metrics").expect(200);
        assert!(figures.text().contains("psypre_mails_given_up 1\n"), "{}", figures.text());
        assert!(figures.text().contains("psypre_mails_waiting 0\n"), "{}", figures.text());
        assert!(stored(app)[0].last_error.as_deref().is_some_and(|why| why.contains("550")));
    }

    /// What never gets through is given up after about three days, and shows.
    fn what_never_gets_through_is_given_up(app: &TestApp) {
        let peer = SmtpPeer::start(Plan::always(Behaviour::RefuseForNow));
        let mut mailer = mailer_to(app, &peer.url());
        queue(app, 1);
        let mut hours = 0;
        while stored(app)[0].failed_at.is_none() {
            drain(app, &mut mailer);
            later(app, 60);
            hours += 1;
            assert!(hours < 24 * 7, "given up within a week");
        }
        assert!(hours >= 24 * 2, "not before two days: {hours} h");
        assert_eq!(app.read(outbox::backlog), (0, 1));
    }

    /// Two instances that send at once send each mail once.
    fn two_instances_send_each_mail_once(app: &TestApp) {
        let peer = SmtpPeer::start(Plan::always(Behaviour::Accept));
        queue(app, 120);
        let mut mailers = [mailer_to(app, &peer.url()), mailer_to(app, &peer.url())];
        let accepted: usize = std::thread::scope(|scope| {
            let rounds: Vec<_> = mailers.iter_mut().map(|mailer| scope.spawn(|| drain(app, mailer).accepted)).collect();
            rounds.into_iter().map(|round| round.join().unwrap()).sum()
        });
        assert_eq!(accepted, 120);
        let mut to: Vec<_> = peer.received().into_iter().flat_map(|mail| mail.to).collect();
        assert_eq!(to.len(), 120);
        to.sort();
        to.dedup();
        assert_eq!(to.len(), 120);
        assert!(peer.connections() <= 2, "each instance keeps one connection");
    }

    /// An instance that dies with mails in hand keeps them from the others for five minutes, no longer.
    fn what_an_instance_died_with_is_sent_by_another(app: &TestApp) {
        let peer = SmtpPeer::start(Plan::always(Behaviour::Accept));
        let mut mailer = mailer_to(app, &peer.url());
        queue(app, 1);
        let dead = outbox::lease(&app.app.db, &app.app.clock, 10).unwrap();
        assert_eq!(dead.len(), 1);
        assert_eq!(drain(app, &mut mailer), Round::default());
        later(app, 5);
        assert_eq!(drain(app, &mut mailer).accepted, 1);
        // it was only slow: what it says now changes nothing
        outbox::settle(&app.app.db, &app.app.clock, &dead[0], &outbox::Attempt::PutOff("slow".to_owned())).unwrap();
        later(app, 60);
        assert_eq!(drain(app, &mut mailer), Round::default());
        assert_eq!(peer.received().len(), 1);
    }

    /// Nothing that stands in a subject or an address becomes a header or a recipient.
    fn headers_cannot_be_injected(app: &TestApp) {
        let peer = SmtpPeer::start(Plan::always(Behaviour::Accept));
        let mut mailer = mailer_to(app, &peer.url());
        app.write(|tx| {
            let clock = &app.app.clock;
            outbox::enqueue(tx, clock, message("a@example.org", "Sujet\r\nBcc: espion@example.org\r\n\r\nCorps"))?;
            outbox::enqueue(tx, clock, message("a@example.org\r\nRCPT TO:<espion@example.org>", "Adresse"))?;
            outbox::enqueue(tx, clock, message("a@example.org>, <espion@example.org", "Adresse"))
        });
        let round = drain(app, &mut mailer);
        assert_eq!((round.accepted, round.rejected), (1, 2));
        let received = peer.received();
        assert_eq!(received.len(), 1);
        assert_eq!(received[0].to, ["a@example.org"]);
        assert_eq!(received[0].header("Bcc"), None);
        assert!(received[0].header("Subject").is_some_and(|subject| subject.starts_with("Sujet  Bcc:")));
    }

    /// The default way out: one file a mail, in the order of time; nobody else may read them.
    fn a_folder_keeps_one_file_a_mail(app: &TestApp) {
        let mut mailer = Mailer::new(&app.app.config).unwrap();
        queue(app, 2);
        later(app, 1);
        queue(app, 1);
        assert_eq!(drain(app, &mut mailer).accepted, 3);
        let folder = app.folder().join("mails");
        let mut names: Vec<_> =
            std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        let expected: Vec<_> = ["090000", "090000", "090100"]
            .iter()
            .zip(stored(app))
            .map(|(time, mail)| format!("20261120T{time}.000000Z-{}.eml", mail.message_id))
            .collect();
        assert_eq!(names, expected);
        let mode = |path: &std::path::Path| {
            std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(path).unwrap().permissions()) & 0o777
        };
        assert_eq!((mode(&folder), mode(&folder.join(&names[0]))), (0o700, 0o600));
        // a folder that cannot be written keeps every mail queued
        let blocked = app.folder().join("file");
        std::fs::write(&blocked, "").unwrap();
        let config = Config { mail: MailTransport::Folder(blocked.join("mails")), ..(*app.app.config).clone() };
        queue(app, 1);
        assert!(drain(app, &mut Mailer::new(&config).unwrap()).cut_short.is_some());
        assert_eq!(drain(app, &mut mailer).accepted, 1);
    }

    /// While the program serves, mails leave by themselves; when it stops, nothing is left half done.
    fn the_worker_sends_by_itself(app: &TestApp) {
        let worker = Worker::start(app.app.clone()).unwrap();
        queue(app, 3);
        let patience = std::time::Instant::now();
        while app.read(outbox::backlog) != (0, 0) {
            assert!(patience.elapsed() < Duration::from_secs(10));
            std::thread::sleep(Duration::from_millis(50));
        }
        drop(worker);
        assert_eq!(std::fs::read_dir(app.folder().join("mails")).unwrap().count(), 3);
    }

    /// A server written by others takes our mails, and a parser written by others reads them.
    fn a_server_written_by_others_takes_our_mails(app: &TestApp) {
        let Some(server) = aiosmtpd::start() else { return };
        let mut long = message("coordination@example.org", "Séances à valider : PRE de Longvic, novembre 2026");
        long.text = format!("{}\n\nhttps://exemple.fr/{}\n\n-- \nPsyPRE", "Une longue phrase. ".repeat(12).trim(), "a".repeat(90));
        app.write(|tx| outbox::enqueue(tx, &app.app.clock, long.clone()));
        assert_eq!(drain(app, &mut mailer_to(app, &server.url())).accepted, 1);
        let received = server.received();
        let read = parsed(&received[0].raw);
        assert_eq!(read["subject"], long.subject);
        assert_eq!(read["to"], long.recipient);
        assert_eq!(read["from"], "PsyPRE <psypre@example.org>");
        assert_eq!(read["kinds"], serde_json::json!(["multipart/alternative", "text/plain", "text/html"]));
        assert_eq!(read["defects"], serde_json::json!([]));
        // joined again as format=flowed says
        let text = read["text"].as_str().unwrap().replace("\r\n", "\n");
        assert_eq!(text.replace("-- \n", "--\u{0}\n").replace(" \n", " ").replace("--\u{0}\n", "-- \n").trim_end(), long.text);
        assert_eq!(read["html"].as_str().unwrap().trim_end(), long.html);
    }
}

/// What Python's parser reads in a mail, by the strict rules of its `email` package.
fn parsed(raw: &str) -> serde_json::Value {
    use std::io::Write;
    use std::process::{Command, Stdio};
    let script = "import sys,json,email,email.policy\n\
        m=email.message_from_bytes(sys.stdin.buffer.read(),policy=email.policy.SMTP)\n\
        parts=list(m.walk())\n\
        body=lambda k:m.get_body((k,)).get_content()\n\
        defects=[str(d) for p in parts for d in p.defects]+[str(d) for p in parts for v in p.values() for d in v.defects]\n\
        print(json.dumps(dict(subject=m['Subject'],to=m['To'],**{'from':m['From']},\
        kinds=[p.get_content_type() for p in parts],defects=defects,text=body('plain'),html=body('html'))))";
    let python = std::env::var_os("TEST_SMTP_PEER").unwrap();
    let mut child =
        Command::new(python).args(["-c", script]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(raw.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    serde_json::from_slice(&output.stdout).unwrap()
}

/// What a mail costs is the two writes that keep it safe: the peer adds little, over one connection. A connection a
/// mail, or a message sent in two parts (forty milliseconds each), would show at once.
#[test]
fn a_healthy_peer_costs_little_more_than_the_queue() {
    const MAILS: u32 = 400;
    let app = TestApp::sqlite();
    let peer = SmtpPeer::start(Plan::always(Behaviour::Accept));
    let mut mailer = mailer_to(&app, &peer.url());
    queue(&app, MAILS as usize);
    let started = std::time::Instant::now();
    for mail in stored(&app) {
        app.write(|tx| diesel::update(mails::table.find(mail.id)).set(mails::attempts.eq(0)).execute(&mut **tx));
    }
    let floor = started.elapsed();
    let started = std::time::Instant::now();
    assert_eq!(drain(&app, &mut mailer).accepted, MAILS as usize);
    let taken = started.elapsed();
    println!("{:.0} mails a second", f64::from(MAILS) / taken.as_secs_f64());
    assert_eq!(peer.connections(), 1);
    assert!(taken < floor * 3 + Duration::from_millis(15) * MAILS, "{taken:?}, the writes alone take {floor:?}");
}
