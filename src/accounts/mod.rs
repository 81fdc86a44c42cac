//! People who sign in, the roles they hold, and the typed callers that verbs ask for.
//!
//! A role proves a job, not a right on a row: rows are loaded *through* the caller ([`Coordinator`],
//! [`Psychologist`]…), so that what is not theirs is not found.

pub mod accept_invitation;
pub mod add_passkey;
pub mod api;
pub mod browsers;
pub mod calendar_feed;
pub mod challenges;
pub mod change_factor;
pub mod change_own;
pub mod change_roles;
pub mod close;
pub mod come_in;
pub mod confirm;
pub mod create;
pub mod end_sign_ins;
pub mod enrol;
pub mod forgotten;
pub mod frame;
pub mod guards;
pub mod guards_browser;
pub mod invite;
pub mod open;
pub mod pages;
pub mod pages_calendar;
pub mod pages_factor;
pub mod pages_forgotten;
pub mod pages_invitation;
pub mod pages_list;
pub mod pages_own;
pub mod pages_passkeys;
pub mod pages_second_step;
pub mod passkeys;
pub mod passwords;
pub mod prove;
mod prove_passkey;
pub mod recipients;
pub mod recovery_codes;
pub mod remove_factor;
pub mod reset_factor;
pub mod scopes;
pub mod sign_in;
pub mod store;
pub mod throttle;
pub mod tokens;
pub mod totp;
pub mod trace;
pub mod unused;

use chrono::NaiveDate;

use crate::config::SecondFactor;
use crate::ids::{
    AccountId, ApiTokenId, HalfSignInId, InvitationId, ProgrammeId, PsychologistId, SignInId, SubstitutionId,
};
use crate::journal::Actor;

crate::text_enum! {
    /// What a person does here.
    Role {
        /// Records sessions and issues invoices; sees their own work.
        Psychologist => "psychologist",
        /// Approves the sessions of a programme and follows its children.
        Coordinator => "coordinator",
        /// Follows the pathway of children of a programme.
        Referent => "referent",
        /// Administers the convention for the Métropole; sees no child's name.
        Administrator => "administrator",
        /// Pays invoices for the Métropole; sees no child's name.
        Accountant => "accountant",
        /// Reads the journal; changes nothing.
        Auditor => "auditor",
    }
}

impl Role {
    /// As users see it.
    pub fn french(self) -> &'static str {
        match self {
            Self::Psychologist => "Psychologue",
            Self::Coordinator => "Coordination",
            Self::Referent => "Référent de parcours",
            Self::Administrator => "Administration",
            Self::Accountant => "Comptabilité",
            Self::Auditor => "Audit et protection des données",
        }
    }

    /// Whether the role is held for one programme rather than for the whole convention.
    pub fn is_for_a_programme(self) -> bool {
        matches!(self, Self::Coordinator | Self::Referent)
    }
}

/// A role given to a person, and for which programme.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The role.
    pub role: Role,
    /// The programme, for coordinators and referents.
    pub programme: Option<ProgrammeId>,
    /// Its name, for the switch of roles.
    pub programme_name: Option<String>,
}

impl Grant {
    /// "Coordination, PRE de Longvic".
    pub fn label(&self) -> String {
        match &self.programme_name {
            Some(programme) => format!("{}, {programme}", self.role.french()),
            None => self.role.french().to_owned(),
        }
    }
}

/// A role with the programme that it is for, as forms write it: `accountant`, `coordinator:0190…`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct RoleIn {
    /// The role.
    pub role: Role,
    /// The programme, for coordinators and referents.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub programme: Option<ProgrammeId>,
}

/// A role whose scope does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ScopeRefusal {
    /// Coordinators and referents work for a programme.
    #[error("Le rôle « {0} » se donne pour un PRE. Choisissez lequel.")]
    NeedsProgramme(&'static str),
    /// The others work for the whole convention.
    #[error("Le rôle « {0} » vaut pour toute la convention. Donnez-le sans PRE.")]
    NeedsNone(&'static str),
}

impl RoleIn {
    /// That of a grant.
    pub fn of(grant: &Grant) -> Self {
        Self { role: grant.role, programme: grant.programme }
    }

    /// Whether the role has a programme when, and only when, it needs one.
    ///
    /// # Errors
    /// When it does not fit.
    pub fn check(self) -> Result<(), ScopeRefusal> {
        match (self.role.is_for_a_programme(), self.programme) {
            (true, None) => Err(ScopeRefusal::NeedsProgramme(self.role.french())),
            (false, Some(_)) => Err(ScopeRefusal::NeedsNone(self.role.french())),
            _ => Ok(()),
        }
    }
}

impl std::fmt::Display for RoleIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.programme {
            Some(programme) => write!(f, "{}:{programme}", self.role),
            None => self.role.fmt(f),
        }
    }
}

impl std::str::FromStr for RoleIn {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (role, programme) = match text.split_once(':') {
            Some((role, programme)) => (role, Some(programme.parse().map_err(|_| format!("no programme: {text}"))?)),
            None => (text, None),
        };
        Ok(Self { role: role.parse()?, programme })
    }
}

/// An invitation that still works, and whose it is.
#[derive(Debug, Clone, diesel::Queryable)]
pub struct OpenInvitation {
    /// Which.
    pub id: InvitationId,
    /// Whose.
    pub account: AccountId,
    /// Their address.
    pub email: String,
    /// Their name.
    pub display_name: String,
    /// Whether they have set a second factor.
    pub has_factor: bool,
}

/// How a person proved who they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Means {
    /// Signed in on a browser; forms post the token back.
    SignIn {
        /// Which sign-in.
        id: SignInId,
        /// What its forms carry.
        csrf: String,
    },
    /// A bearer token of the API.
    Token(ApiTokenId),
    /// The secret address of a calendar feed: it only reads.
    Feed,
}

/// A person signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Their account.
    pub account: AccountId,
    /// Their address, in lower case.
    pub email: String,
    /// Their name.
    pub display_name: String,
    /// The roles they hold; at least one.
    pub grants: Vec<Grant>,
    /// In whose place they approve today.
    pub stands_in: Vec<StandIn>,
    /// Who they are as a psychologist, if they are one.
    pub psychologist_id: Option<PsychologistId>,
    /// Whether they prove a second thing when they sign in.
    pub has_second_factor: bool,
    /// The role whose pages they are on.
    pub role_in_use: Role,
    /// How they proved it.
    pub means: Means,
}

#[cfg(test)]
impl Person {
    /// Somebody who holds these roles, and is on the pages of one.
    pub fn holding(roles: &[Role], role_in_use: Role) -> Self {
        let grant = |role: &Role| Grant { role: *role, programme: None, programme_name: None };
        Self {
            account: AccountId::new(),
            email: "li@example.org".to_owned(),
            display_name: "Li Exemple".to_owned(),
            grants: roles.iter().map(grant).collect(),
            stands_in: Vec::new(),
            psychologist_id: Some(PsychologistId::new()),
            has_second_factor: false,
            role_in_use,
            means: Means::Feed,
        }
    }
}

impl Person {
    /// Whether they hold a role, for whatever programme.
    pub fn holds(&self, role: Role) -> bool {
        self.grants.iter().any(|grant| grant.role == role)
    }

    /// As the author of what they do.
    pub fn actor(&self) -> Actor {
        Actor::Account(self.account)
    }

    /// The programmes for which they hold a role.
    fn programmes(&self, role: Role) -> Vec<ProgrammeId> {
        self.grants.iter().filter(|grant| grant.role == role).filter_map(|grant| grant.programme).collect()
    }
}

/// Whether these roles oblige to prove a second thing: all do but the referent's.
pub fn second_factor_is_due(setting: SecondFactor, roles: impl IntoIterator<Item = Role>) -> bool {
    setting == SecondFactor::Required && roles.into_iter().any(|role| role != Role::Referent)
}

crate::text_enum! {
    /// What a passkey is asked for.
    PasskeyPurpose {
        /// To prove who is there.
        Prove => "prove",
        /// To be added to the account.
        Add => "add",
    }
}

/// Who has proved one thing of two: it opens nothing but the page of the second.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Halfway {
    /// Which.
    pub id: HalfSignInId,
    /// Whose account.
    pub account: AccountId,
    /// Their address.
    pub email: String,
    /// Their name.
    pub display_name: String,
    /// What the forms of that page carry.
    pub csrf: String,
}

/// Whom a cookie names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Known {
    /// Somebody signed in.
    Person(Box<Person>),
    /// Somebody who has proved one thing of two.
    Halfway(Halfway),
}

/// From where a request comes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Visitor {
    /// The address of the network.
    pub address: String,
    /// The browser, roughly: "Firefox, Windows".
    pub browser: String,
    /// What this browser keeps since an earlier sign-in.
    pub device: Option<String>,
}

/// A coordinator in whose place somebody approves today.
#[derive(Debug, Clone, PartialEq, Eq, diesel::Queryable)]
pub struct StandIn {
    /// Named when.
    pub substitution: SubstitutionId,
    /// The programme.
    pub programme: ProgrammeId,
    /// The programme's name.
    pub programme_name: String,
    /// The coordinator's name.
    pub in_place_of: String,
    /// The last day.
    pub until: NaiveDate,
}

/// Somebody to write to.
#[derive(Debug, Clone, PartialEq, Eq, diesel::Queryable)]
pub struct Recipient {
    /// Their account.
    pub account: AccountId,
    /// Their address.
    pub email: String,
    /// Whether they asked to be told of each session to approve at once.
    pub told_at_once: bool,
}

/// A kind of caller that a verb may ask for: holding the role is what makes one.
pub trait Caller: Sized {
    /// The role that it takes.
    const ROLE: Role;

    /// The person as this caller; `None` when they do not hold the role.
    fn of(person: &Person) -> Option<Self>;
}

/// A psychologist, who sees their own work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Psychologist {
    /// Their account.
    pub account: AccountId,
    /// Who they are on sessions and invoices.
    pub id: PsychologistId,
}

/// A coordinator, who sees their programmes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coordinator {
    /// Their account.
    pub account: AccountId,
    /// The programmes they coordinate.
    pub programmes: Vec<ProgrammeId>,
}

/// Somebody who approves: the sessions of the programmes that they coordinate, and of those where a coordinator named
/// them for the time being. Being named gives nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approver {
    /// Their account.
    pub account: AccountId,
    /// The programmes they coordinate.
    pub programmes: Vec<ProgrammeId>,
    /// In whose place they approve, in other programmes.
    pub stands_in: Vec<StandIn>,
}

impl Approver {
    /// Every programme whose sessions they approve.
    pub fn all_programmes(&self) -> Vec<ProgrammeId> {
        self.programmes.iter().copied().chain(self.stands_in.iter().map(|lent| lent.programme)).collect()
    }

    /// By which naming they approve in a programme; `None` where they coordinate it themselves.
    pub fn substitution_in(&self, programme: ProgrammeId) -> Option<SubstitutionId> {
        self.stands_in.iter().find(|lent| lent.programme == programme).map(|lent| lent.substitution)
    }
}

impl From<&Coordinator> for Approver {
    fn from(who: &Coordinator) -> Self {
        Self { account: who.account, programmes: who.programmes.clone(), stands_in: Vec::new() }
    }
}

impl From<&Self> for Approver {
    fn from(who: &Self) -> Self {
        who.clone()
    }
}

/// A pathway referent, who sees the children they follow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Referent {
    /// Their account.
    pub account: AccountId,
    /// The programmes they work for.
    pub programmes: Vec<ProgrammeId>,
}

/// An administrator of the Métropole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Administrator {
    /// Their account.
    pub account: AccountId,
}

/// An accountant of the Métropole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accountant {
    /// Their account.
    pub account: AccountId,
}

/// An auditor or data-protection officer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Auditor {
    /// Their account.
    pub account: AccountId,
}

impl Caller for Psychologist {
    const ROLE: Role = Role::Psychologist;
    fn of(person: &Person) -> Option<Self> {
        let id = person.psychologist_id?;
        person.holds(Self::ROLE).then_some(Self { account: person.account, id })
    }
}

impl Caller for Coordinator {
    const ROLE: Role = Role::Coordinator;
    fn of(person: &Person) -> Option<Self> {
        let programmes = person.programmes(Self::ROLE);
        person.holds(Self::ROLE).then_some(Self { account: person.account, programmes })
    }
}

impl Caller for Approver {
    const ROLE: Role = Role::Coordinator;
    fn of(person: &Person) -> Option<Self> {
        let programmes = person.programmes(Self::ROLE);
        let lent = |stand_in: &&StandIn| !programmes.contains(&stand_in.programme);
        let stands_in: Vec<StandIn> = person.stands_in.iter().filter(lent).cloned().collect();
        let approves = person.holds(Self::ROLE) || !stands_in.is_empty();
        approves.then_some(Self { account: person.account, programmes, stands_in })
    }
}

impl Caller for Referent {
    const ROLE: Role = Role::Referent;
    fn of(person: &Person) -> Option<Self> {
        let programmes = person.programmes(Self::ROLE);
        person.holds(Self::ROLE).then_some(Self { account: person.account, programmes })
    }
}

/// Callers whose role has the whole convention as its scope.
macro_rules! convention_wide {
    ($($caller:ident),+) => {$(
        impl Caller for $caller {
            const ROLE: Role = Role::$caller;
            fn of(person: &Person) -> Option<Self> {
                person.holds(Self::ROLE).then_some(Self { account: person.account })
            }
        }
    )+};
}
convention_wide!(Administrator, Accountant, Auditor);

#[cfg(test)]
mod refusal_tests;
