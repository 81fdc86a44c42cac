//! The way to the SMTP server: a certificate that is not the server's own stops the mail, and nothing talks it out of TLS.
//!
//! The program itself sends, as an operator would have it do, and knows one authority only: that of the test.

use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

use psypre::clock::Clock;
use psypre::outbox::{self, Mail};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, IsCa, KeyPair, date_time_ymd,
};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::sending::{message, stored};
use crate::on_both_databases;
use crate::support::app::TestApp;
use crate::support::smtp::{Behaviour, Plan, SmtpPeer, Tls};

/// An authority, and the file that names it as the system's.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    file: PathBuf,
}

/// What the certificate of a server says.
struct Says {
    name: &'static str,
    until: i32,
}

const RIGHT: Says = Says { name: "localhost", until: 2100 };

impl Authority {
    /// The one that the machine knows.
    fn new(app: &TestApp) -> Self {
        let authority = Self::named("Autorité d'essai", app.folder().join("authorities.pem"));
        std::fs::write(&authority.file, authority.issuer.pem()).unwrap();
        authority
    }

    fn named(name: &str, file: PathBuf) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        Self { issuer, file }
    }

    /// A server that this authority vouches for.
    fn server(&self, says: Says) -> Arc<ServerConfig> {
        let key = KeyPair::generate().unwrap();
        let certificate = params(says).signed_by(&key, &self.issuer).unwrap();
        config(certificate.der().clone(), &key)
    }
}

/// A server that vouches for itself.
fn self_signed(says: Says) -> Arc<ServerConfig> {
    let key = KeyPair::generate().unwrap();
    let certificate = params(says).self_signed(&key).unwrap();
    config(certificate.der().clone(), &key)
}

fn params(says: Says) -> CertificateParams {
    let mut params = CertificateParams::new([says.name.to_owned()]).unwrap();
    (params.not_before, params.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(says.until, 1, 1));
    params
}

fn config(certificate: CertificateDer<'static>, key: &KeyPair) -> Arc<ServerConfig> {
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    Arc::new(builder.with_no_client_auth().with_single_cert(vec![certificate], key).unwrap())
}

/// A mail that waits since a time that is past on any machine.
fn queue(app: &TestApp) {
    let long_ago = Clock::fixed("2024-01-01T00:00:00Z".parse().unwrap());
    app.write(|tx| outbox::enqueue(tx, &long_ago, message("p@example.org", "Deux séances")));
}

/// Sends what waits; gives whether all went well, and what was said.
fn send(app: &TestApp, authority: &Authority, url: &str) -> (bool, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_psypre"))
        .args(["outbox", "send"])
        .env("DATABASE_URL", &app.app.config.database_url)
        .env("PSYPRE_KEYS", format!("1:{}", "5a".repeat(32)))
        .env("PSYPRE_SMTP", url)
        .env("PSYPRE_MAIL_FROM", "psypre@example.org")
        .env("SSL_CERT_FILE", &authority.file)
        .env_remove("SSL_CERT_DIR")
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(said).unwrap())
}

fn wait(mail: &Mail) -> bool {
    mail.sent_at.is_none() && mail.failed_at.is_none()
}

on_both_databases! {
    /// Whoever stands on the way and shows a certificate of their own reads nothing: the mail waits, the operator is told
    /// why, and it leaves once the server shows the right one.
    fn only_the_server_itself_gets_the_mail(app: &TestApp) {
        let authority = Authority::new(app);
        queue(app);
        let forger = Authority::named("Autorité d'essai", PathBuf::new());
        let wrong = [
            ("nobody vouches", self_signed(RIGHT), "UnknownIssuer"),
            ("an authority of the same name", forger.server(RIGHT), "BadSignature"),
            ("another name", authority.server(Says { name: "another.example", ..RIGHT }), "not valid for"),
            ("past its end", authority.server(Says { until: 2021, ..RIGHT }), "expired"),
        ];
        for (what, config, because) in wrong {
            for tls in [Tls::Offered(config.clone()), Tls::Wrapped(config.clone())] {
                let scheme = if matches!(tls, Tls::Wrapped(_)) { "smtps" } else { "smtp" };
                let peer = SmtpPeer::start_tls(tls);
                let (went_well, said) = send(app, &authority, &format!("{scheme}://localhost:{}", peer.address().port()));
                assert!(!went_well && said.contains("mail cannot leave") && said.contains(because), "{what}, {scheme}: {said}");
                assert_eq!(peer.received(), [], "{what}, {scheme}");
                assert!(peer.connections() > 0, "{what}, {scheme}");
                assert!(stored(app).iter().all(wait), "{what}, {scheme}");
            }
        }
        for (scheme, tls) in [("smtp", Tls::Offered as fn(_) -> _), ("smtps", Tls::Wrapped)] {
            let peer = SmtpPeer::start_tls(tls(authority.server(RIGHT)));
            let (went_well, said) = send(app, &authority, &format!("{scheme}://localhost:{}", peer.address().port()));
            assert!(went_well, "{scheme}: {said}");
            assert_eq!(peer.received().len(), 1, "{scheme}");
            assert!(!stored(app).iter().any(wait), "{scheme}");
            queue(app);
        }
    }

    /// A server that offers no TLS, or whose offer somebody takes out on the way, gets neither the mail nor a password.
    fn nothing_talks_a_mail_out_of_tls(app: &TestApp) {
        let authority = Authority::new(app);
        queue(app);
        let peer = SmtpPeer::start(Plan::always(Behaviour::Accept));
        let port = peer.address().port();
        for url in [format!("smtp://localhost:{port}?tls=required"), format!("smtp://me:secret@localhost:{port}")] {
            let (went_well, said) = send(app, &authority, &url);
            assert!(!went_well && said.contains("STARTTLS"), "{said}");
            assert!(!said.contains("secret"), "{said}");
            assert!(stored(app).iter().all(wait));
        }
        assert_eq!(peer.received(), []);
        let (went_well, said) = send(app, &authority, &format!("smtp://localhost:{port}"));
        assert!(went_well && peer.received().len() == 1, "on this machine nobody stands on the way: {said}");
    }
}
