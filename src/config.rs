//! Settings from the environment; the start fails naming all that is missing or contradictory at once.

use std::path::PathBuf;

use url::{Host, Url};

use crate::db::Dialect;
use crate::logs::Logs;
use crate::logs::line::Format;

/// How mail leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MailTransport {
    /// `.eml` files in a folder: the default.
    Folder(PathBuf),
    /// An SMTP server: `smtp://[user:password@]host[:port]` (STARTTLS, or nothing leaves this machine; `?tls=offered`
    /// where the operator accepts what the server offers), `smtps://…` (TLS from the start).
    Smtp(String),
}

/// Where the keys of the vault come from.
#[derive(Clone, PartialEq, Eq)]
pub enum KeySource {
    /// Written in the environment.
    Text(String),
    /// A file, made at the first run of the embedded default.
    File(PathBuf),
}

impl std::fmt::Debug for KeySource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Text(_) => f.write_str("Text(…)"),
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
        }
    }
}

/// How the tokens of ProConnect are signed: fixed when the service is registered there, and never read in a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SigningAlgorithm {
    /// RSA, with SHA-256.
    Rs256,
    /// The curve P-256, with SHA-256.
    Es256,
    /// The secret of the service, with SHA-256.
    Hs256,
}

impl SigningAlgorithm {
    /// As tokens write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
            Self::Hs256 => "HS256",
        }
    }

    fn named(name: &str) -> Option<Self> {
        [Self::Rs256, Self::Es256, Self::Hs256].into_iter().find(|known| known.as_str() == name)
    }
}

/// The levels of ProConnect that hold a second factor.
const USUAL_LEVELS: &str = "eidas2 eidas3 https://proconnect.gouv.fr/assurance/self-asserted-2fa \
    https://proconnect.gouv.fr/assurance/consistency-checked-2fa";

/// The service of ProConnect that people may sign in with, as it is registered there.
#[derive(Clone, PartialEq, Eq)]
pub struct ProConnect {
    /// `PSYPRE_PROCONNECT_ISSUER`: such as `https://auth.agentconnect.gouv.fr/api/v2`, without a last `/`.
    pub issuer: String,
    /// `PSYPRE_PROCONNECT_CLIENT_ID`.
    pub client_id: String,
    /// `PSYPRE_PROCONNECT_CLIENT_SECRET`.
    pub client_secret: String,
    /// `PSYPRE_PROCONNECT_ALGORITHM`.
    pub algorithm: SigningAlgorithm,
    /// `PSYPRE_PROCONNECT_ACR`: the levels that are accepted; each holds a second factor.
    pub levels: Vec<String>,
    /// `PSYPRE_PROCONNECT_PKCE`: off, because ProConnect answers Y000400 to any parameter that it does not list.
    pub pkce: bool,
}

impl std::fmt::Debug for ProConnect {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ProConnect")
            .field("issuer", &self.issuer)
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

impl ProConnect {
    /// `None` when nothing of it is set: then nobody signs in that way.
    fn from_vars(var: &impl Fn(&str) -> Option<String>, wrong: &mut Vec<String>) -> Option<Self> {
        let names = ["PSYPRE_PROCONNECT_ISSUER", "PSYPRE_PROCONNECT_CLIENT_ID", "PSYPRE_PROCONNECT_CLIENT_SECRET"];
        let [issuer, client_id, client_secret] = names.map(|name| var(name).map(|value| value.trim().to_owned()));
        if issuer.is_none() && client_id.is_none() && client_secret.is_none() {
            return None;
        }
        for (name, _) in names.iter().zip([&issuer, &client_id, &client_secret]).filter(|(_, value)| value.is_none()) {
            wrong.push(format!("{name} is missing: ProConnect needs its issuer, client id and client secret together"));
        }
        let algorithm = var("PSYPRE_PROCONNECT_ALGORITHM").unwrap_or_else(|| "RS256".to_owned());
        let known = SigningAlgorithm::named(algorithm.trim());
        if known.is_none() {
            wrong.push(format!("PSYPRE_PROCONNECT_ALGORITHM must be RS256, ES256 or HS256, not {algorithm:?}"));
        }
        let pkce = match var("PSYPRE_PROCONNECT_PKCE").as_deref().map(str::trim) {
            None | Some("off") => false,
            Some("on") => true,
            Some(other) => {
                wrong.push(format!("PSYPRE_PROCONNECT_PKCE must be on or off, not {other:?}"));
                false
            }
        };
        let levels = var("PSYPRE_PROCONNECT_ACR").unwrap_or_else(|| USUAL_LEVELS.to_owned());
        let levels = levels.split_whitespace().map(str::to_owned).collect();
        let issuer = issuer?.trim_end_matches('/').to_owned();
        if !is_safe_address(&issuer) {
            wrong.push(format!("PSYPRE_PROCONNECT_ISSUER must begin with https:// and hold no query, not {issuer:?}"));
        }
        Some(Self { issuer, client_id: client_id?, client_secret: client_secret?, algorithm: known?, levels, pkce })
    }
}

/// Whether an address is asked over TLS; a provider on this machine, as in tests, needs none.
pub fn is_safe_address(address: &str) -> bool {
    let Ok(url) = Url::parse(address) else { return false };
    let here = match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    };
    let plain = url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
    plain && (url.scheme() == "https" || (url.scheme() == "http" && here))
}

/// Who publishes this deployment: what the pages that the law asks for say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publisher {
    /// `PSYPRE_PUBLISHER`: the public body.
    pub name: String,
    /// `PSYPRE_PUBLISHER_ADDRESS`: where it stands.
    pub address: String,
    /// `PSYPRE_DIRECTOR`: who answers for what is published.
    pub director: Option<String>,
    /// `PSYPRE_HOST`: who hosts the site: name, address, telephone.
    pub host: Option<String>,
    /// `PSYPRE_DPO_EMAIL`: the data-protection officer.
    pub dpo_email: Option<String>,
    /// `PSYPRE_CONTACT_EMAIL`: whom to write to about the site.
    pub contact_email: Option<String>,
}

impl Publisher {
    fn from_vars(var: &impl Fn(&str) -> Option<String>) -> Self {
        Self {
            name: var("PSYPRE_PUBLISHER").unwrap_or_else(|| "Dijon Métropole".to_owned()),
            address: var("PSYPRE_PUBLISHER_ADDRESS").unwrap_or_else(|| "40 avenue du Drapeau, 21000 Dijon".to_owned()),
            director: var("PSYPRE_DIRECTOR"),
            host: var("PSYPRE_HOST"),
            dpo_email: var("PSYPRE_DPO_EMAIL"),
            contact_email: var("PSYPRE_CONTACT_EMAIL"),
        }
    }
}

/// The publisher of a deployment that says nothing of its own.
impl Default for Publisher {
    fn default() -> Self {
        Self::from_vars(&|_| None)
    }
}

/// How long what names people is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// `PSYPRE_READINGS_MONTHS`: for how many months one knows who opened a child's file.
    pub readings_months: u32,
    /// `PSYPRE_RETENTION_MONTHS`: how many months after the last contact a child's identity is destroyed.
    pub identity_months: u32,
    /// `PSYPRE_RETENTION_NOTICE_DAYS`: how many days before that the coordinator is told, at least.
    pub notice_days: u32,
}

impl Retention {
    fn from_vars(var: &impl Fn(&str) -> Option<String>, wrong: &mut Vec<String>) -> Self {
        let mut within = |name: &str, default: u32, least: u32, most: u32| {
            let value = number(var, name, default, wrong);
            if !(least..=most).contains(&value) {
                wrong.push(format!("{name} must be between {least} and {most}, not {value}"));
            }
            value
        };
        Self {
            // CNIL, délibération 2021-122: six months to a year, three years where a risk is shown
            readings_months: within("PSYPRE_READINGS_MONTHS", 12, 6, 36),
            // CNIL, délibération 2023-095: two years after the last contact
            identity_months: within("PSYPRE_RETENTION_MONTHS", 24, 1, 24),
            notice_days: within("PSYPRE_RETENTION_NOTICE_DAYS", 30, 1, 180),
        }
    }
}

/// The periods of a deployment that says nothing of its own.
impl Default for Retention {
    fn default() -> Self {
        Self::from_vars(&|_| None, &mut Vec::new())
    }
}

/// Whether a password alone lets somebody in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecondFactor {
    /// Every role but the referent's proves a second thing: the default.
    Required,
    /// Whoever has set one proves it; nobody is made to.
    Optional,
}

/// How long a sign-in lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignInLimits {
    /// `PSYPRE_SIGN_IN_IDLE_HOURS`: one not used for this long is over.
    pub idle_hours: u32,
    /// `PSYPRE_SIGN_IN_DAYS`: one this old is over, whatever its use.
    pub absolute_days: u32,
}

impl Default for SignInLimits {
    fn default() -> Self {
        Self { idle_hours: 12, absolute_days: 7 }
    }
}

/// All the settings.
#[derive(Debug, Clone)]
pub struct Config {
    /// `DATABASE_URL`: `sqlite://…` or `postgres://…`.
    pub database_url: String,
    /// `PSYPRE_POOL`: connections at most.
    pub pool: u32,
    /// `PSYPRE_LISTEN`: where the web application answers.
    pub listen: String,
    /// `PSYPRE_BASE_URL`: how people reach it; links in mails begin with it. `https://` makes cookies secure.
    pub base_url: String,
    /// `PSYPRE_KEYS` or `PSYPRE_KEYS_FILE`: what seals the names of children.
    pub keys: KeySource,
    /// `PSYPRE_SMTP` or `PSYPRE_MAIL_FOLDER`.
    pub mail: MailTransport,
    /// `PSYPRE_MAIL_FROM`: the sender of mails.
    pub mail_from: String,
    /// `PSYPRE_TRUST_PROXY`: how many proxies of ours stand in front and name the caller's address.
    pub trusted_proxies: usize,
    /// `PSYPRE_SECOND_FACTOR`: `required` or `optional`.
    pub second_factor: SecondFactor,
    /// How long a sign-in lasts.
    pub sign_in_limits: SignInLimits,
    /// Where logs are kept in files, when they are.
    pub logs: Option<Logs>,
    /// `PSYPRE_REQUESTS_PER_ADDRESS`: how many requests a minute an address of the network may make; 0 for no limit.
    pub requests_per_address: u32,
    /// `PSYPRE_REQUESTS_PER_ACCOUNT`: how many requests a minute an account may make; 0 for no limit.
    pub requests_per_account: u32,
    /// Who publishes this deployment.
    pub publisher: Publisher,
    /// How long what names people is kept.
    pub retention: Retention,
    /// Signing in with ProConnect, when it is set.
    pub proconnect: Option<ProConnect>,
    /// Pages of the demonstration are shown, and say that all is invented.
    pub demonstration: bool,
}

/// What is wrong in the environment, all at once.
#[derive(Debug, thiserror::Error)]
#[error("configuration:\n{}", .0.join("\n"))]
pub struct ConfigError(pub Vec<String>);

/// The default address of the database.
pub const DEFAULT_DATABASE: &str = "sqlite://data/psypre.db";

impl Config {
    /// Reads the environment.
    ///
    /// # Errors
    /// Names every variable that is missing, unreadable or contradictory.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::from_vars(|name| std::env::var(name).ok().filter(|value| !value.trim().is_empty()))
    }

    /// Reads the settings from any source of variables.
    ///
    /// # Errors
    /// As [`Config::from_env`].
    pub fn from_vars(var: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let mut wrong = Vec::new();
        let database_url = var("DATABASE_URL").unwrap_or_else(|| DEFAULT_DATABASE.to_owned());
        let listen = var("PSYPRE_LISTEN").unwrap_or_else(|| "127.0.0.1:8080".to_owned());
        let base_url = var("PSYPRE_BASE_URL").unwrap_or_else(|| format!("http://{listen}"));
        if !(base_url.starts_with("http://") || base_url.starts_with("https://")) {
            wrong.push(format!("PSYPRE_BASE_URL must begin with http:// or https://, not {base_url:?}"));
        }
        let keys = key_source(&var, &database_url, &mut wrong);
        let mail = mail_transport(&var, &database_url, &mut wrong);
        let mail_from = var("PSYPRE_MAIL_FROM").unwrap_or_else(|| "PsyPRE <psypre@localhost>".to_owned());
        if mail_from.parse::<lettre::message::Mailbox>().is_err() {
            wrong.push(format!(
                "PSYPRE_MAIL_FROM must be an address such as 'PsyPRE <ne-pas-repondre@exemple.fr>', not {mail_from:?}"
            ));
        }
        let pool = number(&var, "PSYPRE_POOL", 8, &mut wrong);
        let trusted_proxies = number(&var, "PSYPRE_TRUST_PROXY", 0, &mut wrong) as usize;
        let retention = Retention::from_vars(&var, &mut wrong);
        let second_factor = second_factor(&var, &mut wrong);
        let usual = SignInLimits::default();
        let sign_in_limits = SignInLimits {
            idle_hours: at_least_one(&var, "PSYPRE_SIGN_IN_IDLE_HOURS", usual.idle_hours, &mut wrong),
            absolute_days: at_least_one(&var, "PSYPRE_SIGN_IN_DAYS", usual.absolute_days, &mut wrong),
        };
        let logs = Logs::from_vars(&var).unwrap_or_else(|why| {
            wrong.push(why);
            None
        });
        wrong.extend(Format::from_vars(&var).err());
        let requests_per_address = number(&var, "PSYPRE_REQUESTS_PER_ADDRESS", 3000, &mut wrong);
        let requests_per_account = number(&var, "PSYPRE_REQUESTS_PER_ACCOUNT", 600, &mut wrong);
        let proconnect = ProConnect::from_vars(&var, &mut wrong);
        if wrong.is_empty() {
            let base_url = base_url.trim_end_matches('/').to_owned();
            Ok(Self {
                database_url,
                pool,
                listen,
                base_url,
                keys,
                mail,
                mail_from,
                trusted_proxies,
                second_factor,
                sign_in_limits,
                logs,
                requests_per_address,
                requests_per_account,
                publisher: Publisher::from_vars(&var),
                retention,
                proconnect,
                demonstration: false,
            })
        } else {
            Err(ConfigError(wrong))
        }
    }

    /// Whether people reach the application over TLS.
    pub fn is_secure(&self) -> bool {
        self.base_url.starts_with("https://")
    }
}

fn number(var: &impl Fn(&str) -> Option<String>, name: &str, default: u32, wrong: &mut Vec<String>) -> u32 {
    match var(name).map(|text| text.parse::<u32>().map_err(|_| text)) {
        None => default,
        Some(Ok(n)) => n,
        Some(Err(text)) => {
            wrong.push(format!("{name} must be a whole number, not {text:?}"));
            default
        }
    }
}

/// A limit of nothing would let nobody in.
fn at_least_one(var: &impl Fn(&str) -> Option<String>, name: &str, default: u32, wrong: &mut Vec<String>) -> u32 {
    let n = number(var, name, default, wrong);
    if n == 0 {
        wrong.push(format!("{name} must be at least 1"));
    }
    n
}

fn second_factor(var: &impl Fn(&str) -> Option<String>, wrong: &mut Vec<String>) -> SecondFactor {
    match var("PSYPRE_SECOND_FACTOR").as_deref() {
        None | Some("required") => SecondFactor::Required,
        Some("optional") => SecondFactor::Optional,
        Some(other) => {
            wrong.push(format!("PSYPRE_SECOND_FACTOR must be required or optional, not {other:?}"));
            SecondFactor::Required
        }
    }
}

fn key_source(var: &impl Fn(&str) -> Option<String>, database_url: &str, wrong: &mut Vec<String>) -> KeySource {
    match (var("PSYPRE_KEYS"), var("PSYPRE_KEYS_FILE")) {
        (Some(_), Some(_)) => wrong.push("PSYPRE_KEYS and PSYPRE_KEYS_FILE are both set: keep one".to_owned()),
        (Some(text), None) => return KeySource::Text(text),
        (None, Some(path)) => return KeySource::File(path.into()),
        (None, None) if Dialect::of(database_url) == Dialect::Postgres => {
            wrong.push(
                "PSYPRE_KEYS is needed with PostgreSQL: several instances must seal with the same keys".to_owned(),
            );
        }
        (None, None) => {}
    }
    KeySource::File(data_folder(database_url).join("keys"))
}

/// Where files stand by default: beside the embedded database, or in `data`.
fn data_folder(database_url: &str) -> PathBuf {
    match Dialect::of(database_url) {
        Dialect::Postgres => "data".into(),
        Dialect::Sqlite => {
            std::path::Path::new(crate::db::sqlite_path(database_url)).parent().map(PathBuf::from).unwrap_or_default()
        }
    }
}

fn mail_transport(var: &impl Fn(&str) -> Option<String>, database_url: &str, wrong: &mut Vec<String>) -> MailTransport {
    match (var("PSYPRE_SMTP"), var("PSYPRE_MAIL_FOLDER")) {
        (Some(_), Some(_)) => wrong.push("PSYPRE_SMTP and PSYPRE_MAIL_FOLDER are both set: keep one".to_owned()),
        (Some(url), None) if url.starts_with("smtp://") || url.starts_with("smtps://") => {
            return MailTransport::Smtp(url);
        }
        (Some(_), None) => wrong.push("PSYPRE_SMTP must begin with smtp:// or smtps://".to_owned()),
        (None, Some(folder)) => return MailTransport::Folder(folder.into()),
        (None, None) => {}
    }
    MailTransport::Folder(data_folder(database_url).join("mails"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(vars: &[(&str, &str)]) -> Result<Config, ConfigError> {
        Config::from_vars(|name| vars.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned()))
    }

    #[test]
    fn the_embedded_default_needs_nothing() {
        let config = read(&[]).unwrap();
        assert_eq!(config.keys, KeySource::File("data/keys".into()));
        assert_eq!(config.mail, MailTransport::Folder("data/mails".into()));
        assert!(!config.is_secure());
    }

    const PROCONNECT: [(&str, &str); 3] = [
        ("PSYPRE_PROCONNECT_ISSUER", "https://auth.example.fr/api/v2/"),
        ("PSYPRE_PROCONNECT_CLIENT_ID", "psypre"),
        ("PSYPRE_PROCONNECT_CLIENT_SECRET", "a secret that nobody guesses"),
    ];

    #[test]
    fn proconnect_is_off_until_it_is_wholly_set() {
        assert_eq!(read(&[]).unwrap().proconnect, None);
        let on = read(&PROCONNECT).unwrap().proconnect.unwrap();
        assert_eq!(
            (on.issuer.as_str(), on.algorithm, on.pkce),
            ("https://auth.example.fr/api/v2", SigningAlgorithm::Rs256, false)
        );
        assert_eq!(on.levels.len(), 4);
        assert!(!format!("{on:?}").contains("secret that"), "{on:?}");
        for missing in 0..3 {
            let mut vars = PROCONNECT.to_vec();
            let (name, _) = vars.remove(missing);
            assert!(read(&vars).unwrap_err().to_string().contains(name), "{name}");
        }
    }

    #[test]
    fn proconnect_is_asked_over_tls_but_on_this_machine() {
        for (issuer, is_safe) in [
            ("http://127.0.0.1:4000/api/v2", true),
            ("http://localhost:4000/api/v2", true),
            ("http://auth.example.fr/api/v2", false),
            ("https://auth.example.fr/api/v2?x=1", false),
            ("ftp://auth.example.fr", false),
            ("auth.example.fr", false),
        ] {
            let vars = [("PSYPRE_PROCONNECT_ISSUER", issuer), PROCONNECT[1], PROCONNECT[2]];
            assert_eq!(read(&vars).is_ok(), is_safe, "{issuer}");
        }
    }

    #[test]
    fn names_all_that_is_wrong_at_once() {
        let wrong = read(&[
            ("DATABASE_URL", "postgres://localhost/x"),
            ("PSYPRE_BASE_URL", "psypre.example"),
            ("PSYPRE_SMTP", "mail.example"),
            ("PSYPRE_POOL", "many"),
            ("PSYPRE_RETENTION_MONTHS", "25"),
            ("PSYPRE_SECOND_FACTOR", "sometimes"),
            ("PSYPRE_SIGN_IN_DAYS", "0"),
            ("PSYPRE_PROCONNECT_CLIENT_ID", "psypre"),
            ("PSYPRE_PROCONNECT_ALGORITHM", "none"),
            ("PSYPRE_PROCONNECT_PKCE", "maybe"),
        ])
        .unwrap_err();
        for name in [
            "PSYPRE_KEYS",
            "PSYPRE_BASE_URL",
            "PSYPRE_SMTP",
            "PSYPRE_POOL",
            "PSYPRE_SECOND_FACTOR",
            "PSYPRE_SIGN_IN_DAYS",
            "PSYPRE_RETENTION_MONTHS",
            "PSYPRE_PROCONNECT_ISSUER",
            "PSYPRE_PROCONNECT_CLIENT_SECRET",
            "PSYPRE_PROCONNECT_ALGORITHM",
            "PSYPRE_PROCONNECT_PKCE",
        ] {
            assert!(wrong.0.iter().any(|line| line.contains(name)), "{name}: {wrong}");
        }
    }
}
