//! What the log says of security, in words that do not change: an operator's alerts read them. `docs/security/log.md`
//! lists them.
//!
//! A line tells who by the identifier of an account, and what by the pattern of a route: no name, no address of mail, no
//! word that somebody typed.

use std::fmt;

use crate::failure::{Failure, Refusal};
use crate::ids::AccountId;

crate::text_enum! {
    /// What happened.
    Event {
        /// Somebody proved a thing of themselves.
        ProofAccepted => "authentication.accepted",
        /// What somebody showed proves nothing.
        ProofRefused => "authentication.refused",
        /// Nothing was looked at: there were too many tries.
        ProofSlowed => "authentication.slowed",
        /// An address for people who are signed in, asked by nobody.
        SignedOut => "access.signed_out",
        /// A role, a token's scope, or something that is not theirs or does not exist.
        AccessRefused => "access.refused",
        /// A form of another site or of another sign-in.
        ForgeryRefused => "forgery.refused",
        /// Too many requests.
        RateRefused => "rate.refused",
        /// A request that is too long, too slow, of another kind or method, or that cannot be read.
        InputRefused => "input.refused",
        /// A form or a rule said no.
        RuleRefused => "rule.refused",
        /// An address that is none of ours.
        UnknownAddress => "address.unknown",
    }
}

crate::text_enum! {
    /// What somebody showed to prove who they are.
    Proof {
        /// A password.
        Password => "password",
        /// A code of the telephone.
        TelephoneCode => "telephone_code",
        /// A recovery code.
        RecoveryCode => "recovery_code",
        /// What a passkey answered.
        Passkey => "passkey",
        /// The first code of a telephone that is being linked.
        NewTelephone => "new_telephone",
        /// What a passkey that is being added answered.
        NewPasskey => "new_passkey",
        /// The link of an invitation.
        Invitation => "invitation",
        /// The link that chooses another password.
        PasswordLink => "password_link",
        /// The word of ProConnect.
        ProConnect => "proconnect",
        /// A bearer token.
        Token => "token",
        /// The secret address of a calendar feed.
        CalendarFeed => "calendar_feed",
    }
}

/// An account, or that it is unknown.
struct Who(Option<AccountId>);

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(account) => account.fmt(f),
            None => f.write_str("unknown"),
        }
    }
}

/// Tells that somebody at an address of the network showed a proof, and why it was refused if it was.
pub fn authentication(proof: Proof, account: Option<AccountId>, address: &str, refused: Option<&'static str>) {
    let account = Who(account);
    match refused {
        None => {
            let event = Event::ProofAccepted;
            tracing::info!(%event, %proof, %account, %address, "authentication");
        }
        Some(reason) => {
            let event = if reason == "too_many_requests" { Event::ProofSlowed } else { Event::ProofRefused };
            tracing::warn!(%event, %proof, %account, %address, reason, "authentication");
        }
    }
}

/// Tells how a proof ended.
pub fn proved<T, R: Refusal>(proof: Proof, account: Option<AccountId>, address: &str, outcome: &Result<T, Failure<R>>) {
    let refused = match outcome {
        Ok(_) => None,
        Err(Failure::Refused(refusal)) => Some(refusal.code()),
        Err(Failure::NotFound) => Some("not_found"),
        Err(Failure::Db(_)) => Some("unavailable"),
    };
    authentication(proof, account, address, refused);
}

/// A request, as the log tells of it.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// Its method.
    pub method: &'a str,
    /// The pattern of its route; absent when the address is none of ours.
    pub route: Option<&'a str>,
    /// Who asked, if it is known.
    pub account: Option<AccountId>,
    /// How they are known: `sign_in`, `halfway`, `token`, `feed`; `none`.
    pub means: &'static str,
    /// Their address of the network.
    pub address: &'a str,
}

/// Tells of a request that was refused, and by what.
pub fn refused(asked: Asked<'_>, status: u16, code: Option<&'static str>) {
    let Some(event) = event_of(status, code, asked.route.is_some()) else { return };
    let Asked { method, means, address, .. } = asked;
    let (route, account, reason) = (asked.route.unwrap_or("unknown"), Who(asked.account), code.unwrap_or("page"));
    if matches!(event, Event::SignedOut | Event::RuleRefused | Event::UnknownAddress) {
        tracing::info!(%event, reason, %account, means, %address, method, route, status, "refused");
    } else {
        tracing::warn!(%event, reason, %account, means, %address, method, route, status, "refused");
    }
}

/// What an answer says of a request; nothing when it was served, or failed through no fault of who asked.
fn event_of(status: u16, code: Option<&str>, is_ours: bool) -> Option<Event> {
    Some(match (code, status) {
        (_, 500..) => return None,
        (Some("signed_out"), _) => Event::SignedOut,
        (Some("forbidden" | "token_scope"), _) => Event::AccessRefused,
        (Some("not_found"), _) | (_, 404) if is_ours => Event::AccessRefused,
        (_, 404) => Event::UnknownAddress,
        (Some("other_site" | "stale_form"), _) => Event::ForgeryRefused,
        (_, 429) => Event::RateRefused,
        (_, 400 | 405 | 408 | 413 | 414 | 415 | 431) => Event::InputRefused,
        (_, 400..) => Event::RuleRefused,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_has_its_word() {
        for (status, code, is_ours, event) in [
            (200, None, true, None),
            (303, None, true, None),
            (303, Some("signed_out"), true, Some(Event::SignedOut)),
            (401, Some("signed_out"), true, Some(Event::SignedOut)),
            (403, Some("forbidden"), true, Some(Event::AccessRefused)),
            (404, Some("not_found"), true, Some(Event::AccessRefused)),
            (404, Some("not_found"), false, Some(Event::UnknownAddress)),
            (403, Some("stale_form"), true, Some(Event::ForgeryRefused)),
            (429, None, true, Some(Event::RateRefused)),
            (413, Some("too_large"), true, Some(Event::InputRefused)),
            (422, Some("quota_exhausted"), true, Some(Event::RuleRefused)),
            (422, None, true, Some(Event::RuleRefused)),
            (500, Some("internal"), true, None),
            (503, Some("unavailable"), true, None),
        ] {
            assert_eq!(event_of(status, code, is_ours), event, "{status} {code:?} {is_ours}");
        }
    }

    #[test]
    fn the_words_are_written_down_for_the_operator() {
        let page = include_str!("../../docs/security/log.md");
        let words = Event::ALL.iter().map(|one| one.as_str()).chain(Proof::ALL.iter().map(|one| one.as_str()));
        let missing: Vec<_> = words.filter(|word| !page.contains(&format!("`{word}`"))).collect();
        assert!(missing.is_empty(), "docs/security/log.md does not say {missing:?}");
    }
}
