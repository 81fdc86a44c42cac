//! Passwords: argon2id, and a bound on how many are hashed at once.

use std::sync::{Condvar, Mutex, PoisonError};

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use sha2::{Digest, Sha256};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::failure::Refusal;

/// The fewest characters of a password (OWASP ASVS 5.0, 6.2.1 and 6.2.9).
pub const SHORTEST: usize = 15;
/// The most characters of a password.
pub const LONGEST: usize = 128;

/// Why a password does not fit. There is no rule on what it is made of: length is what protects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordRefusal {
    /// Too few characters.
    #[error("Choisissez un mot de passe d’au moins {SHORTEST} caractères ; celui-ci en a {0}.")]
    Short(usize),
    /// Too many characters.
    #[error("Choisissez un mot de passe de {LONGEST} caractères au plus ; celui-ci en a {0}.")]
    Long(usize),
    /// It holds what anybody knows of its owner, or the name of the product.
    #[error(
        "Ce mot de passe contient votre nom, votre adresse ou « PsyPRE ». Choisissez-en un qui ne dit rien de vous."
    )]
    Personal,
    /// It is among those tried first.
    #[error("Ce mot de passe est trop courant : il serait essayé parmi les premiers. Choisissez-en un autre.")]
    Common,
}

impl Refusal for PasswordRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Short(_) => "password_short",
            Self::Long(_) => "password_long",
            Self::Personal => "password_personal",
            Self::Common => "password_common",
        }
    }
}

/// What the estimate does not know: French rows of keys, and what French people choose.
const COMMON_HERE: [&str; 21] = [
    "azertyuiop",
    "azerty",
    "qsdfghjklm",
    "qsdfgh",
    "wxcvbn",
    "motdepasse",
    "mot de passe",
    "bienvenue",
    "bonjour",
    "soleil",
    "jetaime",
    "doudou",
    "chouchou",
    "marseille",
    "psychologue",
    "coordination",
    "referent",
    "reussite",
    "educative",
    "metropole",
    "convention",
];
/// Words of the product that everybody here knows.
const PRODUCT: &str = "psypre";
/// Fewer guesses than these, as a power of ten, and somebody who steals the hashes finds the password.
const FEWEST_GUESSES_LOG10: f64 = 10.0;
/// A shorter part of a name would refuse by chance.
const SHORTEST_PART: usize = 4;

/// Whether a password fits, given what anybody knows of its owner (address and name), and what everybody here knows
/// (programmes and towns).
///
/// How many guesses it holds out is estimated by `zxcvbn`, whose lists are the passwords most found in breaches,
/// English words and names; repetitions, rows of keys and dates count for what they are.
///
/// # Errors
/// When it is too short, too long, holds what is known, or is common.
pub fn check(password: &str, known: &[&str], local: &[String]) -> Result<(), PasswordRefusal> {
    let length = password.nfkc().count();
    if length < SHORTEST {
        return Err(PasswordRefusal::Short(length));
    }
    if length > LONGEST {
        return Err(PasswordRefusal::Long(length));
    }
    let plain = plain(password);
    if plain.contains(PRODUCT) || known.iter().any(|text| parts_of(text).any(|part| plain.contains(&part))) {
        return Err(PasswordRefusal::Personal);
    }
    if is_common(password, &plain, local) {
        return Err(PasswordRefusal::Common);
    }
    Ok(())
}

/// What helps to choose a password, under its field.
pub fn hint() -> String {
    format!(
        "Au moins {SHORTEST} caractères, de toutes sortes. Quelques mots qui n’ont rien à voir ensemble conviennent bien."
    )
}

/// Letters and digits only, lower case, without accents: what a guesser varies is left out.
fn plain(text: &str) -> String {
    text.nfkd().filter(|c| !is_combining_mark(*c) && c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The words of a name, or of what stands before the @ of an address; and the whole of it.
fn parts_of(text: &str) -> impl Iterator<Item = String> {
    let person = text.split('@').next().unwrap_or_default();
    let words = person.split(|c: char| !c.is_alphanumeric()).map(plain);
    words.chain([plain(person)]).filter(|part| part.chars().count() >= SHORTEST_PART).collect::<Vec<_>>().into_iter()
}

/// As it was typed and as letters only: what stands between the words of a common one adds little.
fn is_common(password: &str, plain: &str, local: &[String]) -> bool {
    let local: Vec<String> = local.iter().flat_map(|text| parts_of(text)).collect();
    let words: Vec<&str> = COMMON_HERE.iter().copied().chain(local.iter().map(String::as_str)).collect();
    let lower = normal(password).to_lowercase();
    let guessed = |text: &str| zxcvbn::zxcvbn(text, &words).guesses_log10() < FEWEST_GUESSES_LOG10;
    guessed(&lower) || (plain.chars().count() >= SHORTEST && guessed(plain))
}

/// Why a password cannot be hashed.
#[derive(Debug, thiserror::Error)]
#[error("the password cannot be hashed: {0}")]
pub struct HashError(String);

impl From<HashError> for crate::db::DbError {
    fn from(e: HashError) -> Self {
        Self::Query(diesel::result::Error::QueryBuilderError(e.into()))
    }
}

/// Hashes take memory and time: no more than this many at once, the others wait.
const AT_ONCE: usize = 4;
static RUNNING: (Mutex<usize>, Condvar) = (Mutex::new(0), Condvar::new());

struct Turn;

impl Turn {
    fn take() -> Self {
        let (running, freed) = &RUNNING;
        let mut count = running.lock().unwrap_or_else(PoisonError::into_inner);
        while *count >= AT_ONCE {
            count = freed.wait(count).unwrap_or_else(PoisonError::into_inner);
        }
        *count += 1;
        Self
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let (running, freed) = &RUNNING;
        *running.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        freed.notify_one();
    }
}

/// Hashes a password with argon2id (19 MiB, two passes: OWASP's minimum) and its own salt.
///
/// # Errors
/// When the machine gives no randomness.
pub fn hash(password: &str) -> Result<String, HashError> {
    let _turn = Turn::take();
    let hash = Argon2::default().hash_password(normal(password).as_bytes()).map_err(|e| HashError(e.to_string()))?;
    Ok(hash.to_string())
}

/// Hashes a text under a salt of its own, with the same work as a password.
///
/// # Errors
/// When the salt is too short.
pub fn hash_with(text: &str, salt: &[u8]) -> Result<Vec<u8>, HashError> {
    let _turn = Turn::take();
    let mut hash = vec![0; 32];
    Argon2::default().hash_password_into(text.as_bytes(), salt, &mut hash).map_err(|e| HashError(e.to_string()))?;
    Ok(hash)
}

/// Whether a password is the one that was hashed. Without a hash it takes the same time, and is wrong.
pub fn verify(password: &str, hash: Option<&str>) -> bool {
    /// Of a password that nobody has, with the parameters of [`hash`].
    const NOBODY: &str =
        "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5IGF0IGFsbCE$qX7hSgUWvMd0Kqk2lyTrvlv0Q0Kf0xgO5gk1mZ3bW2s";
    let _turn = Turn::take();
    let Ok(parsed) = PasswordHash::new(hash.unwrap_or(NOBODY)) else { return false };
    Argon2::default().verify_password(normal(password).as_bytes(), &parsed).is_ok() && hash.is_some()
}

/// The same password typed on another keyboard is the same text.
fn normal(password: &str) -> String {
    password.nfkc().collect()
}

/// The hash under which a token that we made is kept: it is random enough to need no salt.
pub fn token_hash(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_its_own_and_no_other() {
        let hashed = hash("une phrase bien longue").unwrap();
        assert!(hashed.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hashed}");
        assert!(verify("une phrase bien longue", Some(&hashed)));
        assert!(!verify("une autre phrase longue", Some(&hashed)));
        assert!(!verify("une phrase bien longue", None));
    }
    #[test]
    fn the_same_letters_are_the_same_password() {
        let hashed = hash("une clé bien cachée ici").unwrap();
        assert!(verify("une cle\u{301} bien cache\u{301}e ici", Some(&hashed)));
    }

    #[test]
    fn refuses_what_would_be_guessed() {
        let known = ["camille.exemple@example.org", "Camille Exémple"];
        let local = ["PRE de Longvic".to_owned(), "Chenôve".to_owned()];
        for (password, refusal) in [
            ("quatorze lettr", PasswordRefusal::Short(14)),
            ("un deux trois camille quatre", PasswordRefusal::Personal),
            ("j'habite chez ÉXEMPLE tous les jours", PasswordRefusal::Personal),
            ("bienvenue dans Psy-PRE 2026", PasswordRefusal::Personal),
            ("azertyuiopqsdfghjklm", PasswordRefusal::Common),
            ("motdepasse123456", PasswordRefusal::Common),
            ("Password-Password-1!", PasswordRefusal::Common),
            ("aaaaaaaaaaaaaaaaaaa", PasswordRefusal::Common),
            ("1212121212121212", PasswordRefusal::Common),
            ("qwertyuiopasdfghjkl", PasswordRefusal::Common),
            ("iloveyouiloveyou", PasswordRefusal::Common),
            ("123456789123456789", PasswordRefusal::Common),
            ("mot de passe 2026", PasswordRefusal::Common),
            ("Longvic-Chenove-2026", PasswordRefusal::Common),
            ("métropole métropole", PasswordRefusal::Common),
        ] {
            assert_eq!(check(password, &known, &local), Err(refusal), "{password}");
        }
        assert_eq!(check(&"é".repeat(129), &known, &local), Err(PasswordRefusal::Long(129)));
        assert_eq!(check(&"é".repeat(128), &known, &local), Err(PasswordRefusal::Common));
    }

    #[test]
    fn takes_any_long_phrase() {
        for password in [
            "cheval agrafe pile correct",
            "quinze lettres!",
            "                z y x w v",
            "日本語のとても長い合言葉をここに書く",
            "j’habite à Longvic depuis le printemps",
            "une pivoine, deux escargots",
        ] {
            let local = ["Longvic".to_owned()];
            assert_eq!(check(password, &["li@example.org", "Li Wu"], &local), Ok(()), "{password}");
        }
    }
}
