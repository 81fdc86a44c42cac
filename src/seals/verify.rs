//! Verifies the journal against its seals: those that the database keeps, and one that was mailed.

use std::collections::{BTreeMap, BTreeSet};

use diesel::QueryResult;

use crate::db::AnyConnection;
use crate::journal;
use crate::seals::{Head, Seal, digest, store};
use crate::vault::Vault;

/// How many seals are read at once.
const AT_ONCE: i64 = 100;

/// Something that does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// A chain by itself.
    Chain(journal::Break),
    /// A seal is missing among those that the database keeps.
    MissingSeal(i64),
    /// A seal of the database is not the one that was made.
    FalseSeal(i64),
    /// A seal was made with a key of which nothing is here.
    UnknownKey {
        /// The seal.
        number: i64,
        /// The key.
        key: u8,
    },
    /// A chain is not what was sealed.
    Rewritten {
        /// The seal.
        number: i64,
        /// The chain.
        chain: String,
        /// How long it was then.
        length: i64,
    },
    /// The mailed seal is not authentic.
    FalseMail(i64),
    /// The database has another seal under the number of the mailed one, or none.
    NotTheMailed(i64),
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Chain(broken) => broken.fmt(f),
            Self::MissingSeal(number) => write!(f, "seal {number} was removed from the database"),
            Self::FalseSeal(number) => {
                write!(f, "seal {number} of the database was not made with its key, or was altered")
            }
            Self::UnknownKey { number, key } => {
                write!(f, "seal {number} cannot be verified: neither {key}:… nor s{key}:… is in the ring of keys")
            }
            Self::Rewritten { number, chain, length } => {
                write!(
                    f,
                    "{chain} entry {length}: the chain is not the one that seal {number} sealed; it was rewritten or cut"
                )
            }
            Self::FalseMail(number) => {
                write!(f, "the file's seal {number} was altered, or comes from another installation")
            }
            Self::NotTheMailed(number) => {
                write!(f, "the database does not have seal {number} as it was mailed: it was rewritten or removed")
            }
        }
    }
}

impl Finding {
    /// As those who read the page and the mails see it.
    pub fn french(&self) -> String {
        match self {
            Self::Chain(journal::Break { chain, position, what }) => {
                let what = match *what {
                    "missing" => "manquante",
                    "altered" => "modifiée",
                    "does not follow the one before" => "ne suit pas la précédente",
                    _ => "la fin de la chaîne a été coupée ou rallongée",
                };
                format!("chaîne {chain}, entrée {position} : {what}")
            }
            Self::MissingSeal(number) => format!("le sceau nº {number} a été retiré de la base"),
            Self::FalseSeal(number) => format!("le sceau nº {number} n’est pas celui qui a été fait"),
            Self::UnknownKey { number, key } => {
                format!("le sceau nº {number} ne peut pas être vérifié : il manque ce qui reste de la clé {key}")
            }
            Self::Rewritten { number, chain, length } => {
                format!("chaîne {chain}, entrée {length} : réécrite ou coupée depuis le sceau nº {number}")
            }
            Self::FalseMail(number) => format!("le sceau nº {number} reçu a été modifié, ou vient d’ailleurs"),
            Self::NotTheMailed(number) => format!("la base n’a pas le sceau nº {number} tel qu’il a été envoyé"),
        }
    }
}

/// What was verified.
#[derive(Debug, Default)]
pub struct Verified {
    /// How many entries the journal has.
    pub entries: i64,
    /// How many seals the database keeps.
    pub seals: i64,
    /// What does not hold.
    pub findings: Vec<Finding>,
}

/// What seals say that chains were: by chain, at which position which hash, and by which seal.
type Said = BTreeMap<String, BTreeMap<i64, (Vec<u8>, i64)>>;

/// Verifies every chain, every seal, and that the chains are what the seals say.
///
/// # Errors
/// When the database fails.
pub fn all(conn: &mut AnyConnection, vault: &Vault) -> QueryResult<Verified> {
    let breaks = journal::verify(conn)?;
    let mut verified = Verified { entries: journal::count(conn)?, ..Verified::default() };
    verified.findings.extend(breaks.into_iter().map(Finding::Chain));
    let (mut said, mut number, mut previous) = (Said::new(), 0, Vec::new());
    loop {
        let seals = store::after(conn, number, AT_ONCE)?;
        if seals.is_empty() {
            break;
        }
        for seal in seals {
            verified.findings.extend((number + 1..seal.number).take(1).map(Finding::MissingSeal));
            if seal.number == number + 1 && seal.previous != previous {
                verified.findings.push(Finding::FalseSeal(seal.number));
            }
            verified.findings.extend(authentic(vault, &seal, Finding::FalseSeal(seal.number)));
            verified.seals += 1;
            gather(&mut said, &seal);
            number = seal.number;
            previous = seal.proof;
        }
    }
    verified.findings.extend(rewritten(conn, &said)?);
    Ok(verified)
}

/// Verifies the journal against a seal that was mailed, whatever the database says of its seals.
///
/// # Errors
/// When the database fails.
pub fn mailed(conn: &mut AnyConnection, vault: &Vault, seal: &Seal) -> QueryResult<Vec<Finding>> {
    let mut findings: Vec<Finding> = authentic(vault, seal, Finding::FalseMail(seal.number)).into_iter().collect();
    let kept = store::after(conn, seal.number - 1, 1)?.into_iter().find(|kept| kept.number == seal.number);
    let is_the_same = kept.as_ref().is_some_and(|kept| kept.proof == seal.proof && kept.digest == seal.digest);
    if !is_the_same {
        findings.push(Finding::NotTheMailed(seal.number));
    }
    // the mail's own heads first: they do not pass through the database
    let heads = seal.heads.clone().or(kept.and_then(|kept| kept.heads));
    match heads.filter(|heads| digest(heads) == seal.digest) {
        Some(heads) => {
            let mut said = Said::new();
            gather(&mut said, &Seal { heads: Some(heads), ..seal.clone() });
            findings.extend(rewritten(conn, &said)?);
        }
        None if seal.heads.is_some() => findings.push(Finding::FalseMail(seal.number)),
        // only the database had them, and it has others: said above
        None => {}
    }
    findings.dedup();
    Ok(findings)
}

/// The latest seals, latest first, each with whether it is authentic; unknown without its key.
///
/// # Errors
/// When the database fails.
pub fn latest(conn: &mut AnyConnection, vault: &Vault, limit: i64) -> QueryResult<Vec<(Seal, Option<bool>)>> {
    let seals = store::latest(conn, limit)?;
    Ok(seals.into_iter().map(|seal| (seal.is_authentic(vault), seal)).map(|(known, seal)| (seal, known)).collect())
}

fn authentic(vault: &Vault, seal: &Seal, otherwise: Finding) -> Option<Finding> {
    match seal.is_authentic(vault) {
        Some(true) => None,
        Some(false) => Some(otherwise),
        None => Some(Finding::UnknownKey { number: seal.number, key: seal.key }),
    }
}

fn gather(said: &mut Said, seal: &Seal) {
    for Head { chain, length, hash } in seal.heads.iter().flatten() {
        // the first seal that says it names it
        said.entry(chain.clone()).or_default().entry(*length).or_insert_with(|| (hash.clone(), seal.number));
    }
}

/// The chains that are not what was said of them: the first place of each.
fn rewritten(conn: &mut AnyConnection, said: &Said) -> QueryResult<Vec<Finding>> {
    let mut findings = Vec::new();
    for (chain, positions) in said {
        let at: BTreeSet<i64> = positions.keys().copied().collect();
        let there = store::hashes(conn, chain, &at)?;
        let wrong = positions.iter().find(|(position, (hash, _))| there.get(position) != Some(hash));
        findings.extend(wrong.map(|(length, (_, number))| Finding::Rewritten {
            number: *number,
            chain: chain.clone(),
            length: *length,
        }));
    }
    Ok(findings)
}
