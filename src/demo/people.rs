//! Who plays: people of each role, plainly invented, and the children they follow.

use chrono::{Days, Months, NaiveDate};

use crate::accounts::accept_invitation::{self, Typed};
use crate::accounts::create::{self, NewAccount};
use crate::accounts::{
    Accountant, Administrator, Caller, Coordinator, Known, Person, Psychologist, Referent, Role, RoleIn, Visitor,
    sign_in,
};
use crate::children::add_consent::GivenConsent;
use crate::children::create_child::{self, ChildEntry};
use crate::children::refer::{self, Grant};
use crate::children::{
    ChildIdentity, ChildReference, Gender, GuardianContact, Origin, ReferralReason, ReferralSource, look_up,
};
use crate::conventions::{self, Period};
use crate::db::{DbError, Retryable, Tx};
use crate::demo::{DemoError, Stage};
use crate::failure::Failure;
use crate::hours::Minutes;
use crate::ids::{AccountId, ChildId, ConventionId, ProgrammeId, PsychologistId};
use crate::journal::Actor;
use crate::psychologists::{
    BillingIdentity, DatedVatRegime, Mandate, VatRegime, mandate, set_vat_regime, update_billing,
};

/// The password of every account of the demonstration.
pub const PASSWORD: &str = "trois-mois-de-moutarde";

/// An account that one may sign in with.
#[derive(Debug, Clone)]
pub struct Account {
    /// What its person does.
    pub role: String,
    /// Their name.
    pub name: String,
    /// Their address.
    pub email: String,
}

/// A child and what is played with them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Followed {
    pub child: ChildId,
    pub programme: ProgrammeId,
    /// Which psychologist of the cast.
    pub psychologist: usize,
    /// How long the sessions are.
    pub duration: Minutes,
    /// The day of the week, from Monday, and the hour.
    pub weekday: u64,
    pub hour: u32,
}

/// Everybody.
pub(super) struct Cast {
    pub accounts: Vec<Account>,
    pub psychologists: Vec<Psychologist>,
    /// Who leads practice analysis and training only.
    pub provider: Psychologist,
    pub coordinators: Vec<Coordinator>,
    pub administrator: Administrator,
    pub accountant: Accountant,
    pub referent: Referent,
    pub followed: Vec<Followed>,
}

/// A psychologist: name, e-mail, SIRET, RPPS, IBAN.
const PSYCHOLOGISTS: [(&str, &str, &str, &str, &str); 3] = [
    ("Camille Exemple", "camille.exemple", "90000000100017", "10100000008", "FR7630006000011234567890189"),
    ("Dominique Fictif", "dominique.fictif", "90000001900019", "10100000016", "FR1420041010050500013M02606"),
    ("Sacha Invention", "sacha.invention", "90000002700012", "10100000024", "FR6012345000010123456789087"),
];

/// Who leads practice analysis and training, is no registered psychologist, and charges VAT: name, e-mail, SIRET, IBAN.
const PROVIDER: (&str, &str, &str, &str) =
    ("Andréa Modèle", "andrea.modele", "90000003500015", "FR7620041010050000000077741");

/// A coordinator: the programme, the name, the e-mail.
const COORDINATORS: [(&str, &str, &str); 5] = [
    ("CHE", "Chloé Exemple", "coordination.chenove"),
    ("DIJ", "David Fictif", "coordination.dijon"),
    ("LON", "Lina Invention", "coordination.longvic"),
    ("TAL", "Théo Exemple", "coordination.talant"),
    ("QUE", "Quentin Fictif", "coordination.quetigny"),
];

/// A child: the programme, first and last name, age in months, gender, psychologist, length, weekday, hour.
type Child = (&'static str, &'static str, &'static str, u32, Gender, usize, i32, u64, u32);

const CHILDREN: [Child; 17] = [
    ("CHE", "Lou", "Exemple", 75, Gender::Girl, 0, 45, 0, 9),
    ("CHE", "Noé", "Fictif", 118, Gender::Boy, 0, 45, 0, 10),
    ("CHE", "Inès", "Invention", 141, Gender::Girl, 0, 60, 0, 14),
    ("CHE", "Sami", "Imaginaire", 52, Gender::Boy, 0, 45, 2, 9),
    ("DIJ", "Maya", "Exemple", 97, Gender::Girl, 0, 60, 2, 14),
    ("DIJ", "Tom", "Fictif", 163, Gender::Boy, 0, 60, 2, 16),
    ("DIJ", "Zélie", "Invention", 84, Gender::Girl, 0, 45, 3, 10),
    ("DIJ", "Adam", "Imaginaire", 110, Gender::Boy, 1, 60, 0, 9),
    ("DIJ", "Rose", "Démonstration", 190, Gender::Girl, 1, 60, 0, 11),
    ("DIJ", "Ilan", "Essai", 66, Gender::Boy, 1, 45, 1, 10),
    ("QUE", "Jade", "Exemple", 128, Gender::Girl, 1, 60, 3, 14),
    ("QUE", "Nino", "Fictif", 88, Gender::Boy, 1, 60, 3, 16),
    ("QUE", "Alma", "Invention", 59, Gender::Girl, 1, 45, 4, 9),
    ("LON", "Élio", "Exemple", 102, Gender::Boy, 2, 60, 1, 9),
    ("LON", "Capucine", "Fictif", 133, Gender::Girl, 2, 60, 1, 11),
    ("LON", "Malo", "Invention", 71, Gender::Boy, 2, 60, 1, 14),
    ("TAL", "Anouk", "Exemple", 95, Gender::Girl, 2, 60, 4, 10),
];

/// Makes the accounts, the psychologists' billing identities, the children and their referrals.
pub(super) fn gather(stage: &Stage, convention: ConventionId) -> Result<Cast, DemoError> {
    let mut desk = Desk { stage, convention, accounts: Vec::new() };
    let mut psychologists = Vec::new();
    for (name, mailbox, siret, rpps, iban) in PSYCHOLOGISTS {
        let role = RoleIn { role: Role::Psychologist, programme: None };
        let who: Psychologist = caller(&desk.account(name, mailbox, "Psychologue", role)?)?;
        desk.bill_as(who, name, siret, rpps, iban)?;
        psychologists.push(who);
    }
    desk.sign_mandate(psychologists[2])?;
    let provider = desk.provider()?;
    let mut coordinators: Vec<Coordinator> = Vec::new();
    for (code, name, mailbox) in COORDINATORS {
        let role = RoleIn { role: Role::Coordinator, programme: Some(desk.programme(code)?) };
        coordinators.push(caller(&desk.account(name, mailbox, &format!("Coordination, PRE {code}"), role)?)?);
    }
    let role = RoleIn { role: Role::Referent, programme: Some(desk.programme("CHE")?) };
    let referent: Referent =
        caller(&desk.account("Rose Invention", "referente.chenove", "Référente de parcours", role)?)?;
    let administrator =
        caller(&desk.account("Ada Exemple", "administration", "Administration", whole(Role::Administrator))?)?;
    let accountant = caller(&desk.account("Noa Fictif", "comptabilite", "Comptabilité", whole(Role::Accountant))?)?;
    desk.account("Aude Invention", "audit", "Audit", whole(Role::Auditor))?;
    let mut followed = Vec::new();
    for child in CHILDREN {
        followed.push(desk.child(child, &coordinators, &psychologists, referent.account)?);
    }
    Ok(Cast {
        accounts: desk.accounts,
        psychologists,
        provider,
        coordinators,
        administrator,
        accountant,
        referent,
        followed,
    })
}

/// A role for the whole convention.
fn whole(role: Role) -> RoleIn {
    RoleIn { role, programme: None }
}

/// A person in the role that was given to them.
fn caller<C: Caller>(person: &Person) -> Result<C, DemoError> {
    C::of(person).ok_or_else(|| DemoError::new(format!("{} does not hold {}", person.email, C::ROLE)))
}

/// Where people and files are entered, before the first day.
struct Desk<'s> {
    stage: &'s Stage,
    convention: ConventionId,
    accounts: Vec<Account>,
}

impl Desk<'_> {
    fn write<T, R: std::fmt::Debug + std::fmt::Display>(
        &self,
        body: impl FnMut(&mut Tx<'_>) -> Result<T, Failure<R>>,
    ) -> Result<T, DemoError>
    where
        Failure<R>: Retryable,
    {
        self.stage.app.db.write(body).map_err(DemoError::new)
    }

    /// Somebody is invited, accepts, and is recognised: as everybody is.
    fn account(&mut self, name: &str, mailbox: &str, role: &str, grant: RoleIn) -> Result<Person, DemoError> {
        let app = &self.stage.app;
        let email = format!("{mailbox}@demo.example");
        let new = NewAccount { email: email.clone(), display_name: name.to_owned(), roles: vec![grant] };
        let created = self.write(|tx| create::create(tx, app, Actor::System, &new))?;
        let token = created.invited.href.rsplit('/').next().unwrap_or_default();
        let typed = Typed { password: PASSWORD, again: PASSWORD, code: "" };
        let opened = accept_invitation::accept(app, token, typed, &Visitor::default()).map_err(DemoError::new)?;
        self.accounts.push(Account { role: role.to_owned(), name: name.to_owned(), email });
        let Some(signed_in) = opened.whole() else { return Err(DemoError::new(name)) };
        match sign_in::recognise_cookie(app, &signed_in.token)? {
            Some(Known::Person(person)) => Ok(*person),
            _ => Err(DemoError::new(name)),
        }
    }

    fn bill_as(&self, who: Psychologist, name: &str, siret: &str, rpps: &str, iban: &str) -> Result<(), DemoError> {
        self.bill(who, (name, siret, Some(rpps), iban), None)
    }

    /// Somebody who sees no child: they train teams, and charge VAT.
    fn provider(&mut self) -> Result<Psychologist, DemoError> {
        let (name, mailbox, siret, iban) = PROVIDER;
        let who: Psychologist = caller(&self.account(name, mailbox, "Intervention", whole(Role::Psychologist))?)?;
        self.bill(who, (name, siret, None, iban), Some("FR73900000035"))?;
        for service in crate::services::KINDS {
            let new = DatedVatRegime { service, from: self.stage.start, regime: VatRegime::Standard };
            self.write(|tx| set_vat_regime::set_vat_regime(tx, &self.stage.app.clock, &who, new))?;
        }
        Ok(who)
    }

    fn bill(
        &self,
        who: Psychologist,
        (name, siret, rpps, iban): (&str, &str, Option<&str>, &str),
        vat_number: Option<&str>,
    ) -> Result<(), DemoError> {
        let identity = BillingIdentity {
            legal_name: format!("{name} (EI)"),
            siret: siret.to_owned(),
            rpps: rpps.map(str::to_owned),
            adeli: None,
            vat_number: vat_number.map(str::to_owned),
            iban: iban.to_owned(),
            bic: None,
            street: "1 rue des Exemples".to_owned(),
            postcode: "21000".to_owned(),
            city: "Dijon".to_owned(),
        };
        self.write(|tx| update_billing::update_billing(tx, &self.stage.app.clock, &who, identity.clone()))
    }

    fn sign_mandate(&self, who: Psychologist) -> Result<(), DemoError> {
        let signed = Mandate { signed_on: self.stage.start, signed_by: "Sacha Invention".to_owned() };
        self.write(|tx| mandate::sign_mandate(tx, &self.stage.app.clock, &who, &signed))
    }

    fn programme(&self, code: &str) -> Result<ProgrammeId, DemoError> {
        let all = self
            .stage
            .app
            .db
            .read::<_, DbError>(|conn| Ok(conventions::look_up::programmes(conn, self.convention)?))?;
        let found = all.into_iter().find(|programme| programme.code == code);
        found.map(|programme| programme.id).ok_or_else(|| DemoError::new(format!("no programme {code}")))
    }

    fn child(
        &self,
        (code, first, last, months, gender, psychologist, minutes, weekday, hour): Child,
        coordinators: &[Coordinator],
        psychologists: &[Psychologist],
        referent: AccountId,
    ) -> Result<Followed, DemoError> {
        let programme = self.programme(code)?;
        let who = coordinators
            .iter()
            .find(|who| who.programmes.contains(&programme))
            .ok_or_else(|| DemoError::new(format!("no coordinator for {code}")))?;
        let identity = ChildIdentity {
            first_name: first.to_owned(),
            last_name: last.to_owned(),
            born_on: self.stage.start - Months::new(months),
            school: Some("École des Exemples".to_owned()),
        };
        let child = self.enter(who, programme, identity, gender, (code == "CHE").then_some(referent))?;
        if code != "TAL" {
            self.entrust(who, child, psychologists[psychologist].id)?;
        }
        Ok(Followed { child, programme, psychologist, duration: Minutes(minutes), weekday, hour })
    }

    fn enter(
        &self,
        who: &Coordinator,
        programme: ProgrammeId,
        identity: ChildIdentity,
        gender: Gender,
        referent_id: Option<AccountId>,
    ) -> Result<ChildId, DemoError> {
        let app = &self.stage.app;
        let mother = GuardianContact {
            name: format!("Parent {}", identity.last_name),
            relation: "mère".to_owned(),
            phone: Some("06 00 00 00 00".to_owned()),
            email: None,
        };
        self.write(|tx| {
            let neighbourhoods = conventions::look_up::neighbourhoods(tx, &[programme])?;
            let neighbourhood_id = neighbourhoods.first().ok_or(Failure::NotFound)?.id;
            let followed_since = self.stage.start;
            let entry =
                ChildEntry { identity: identity.clone(), gender, neighbourhood_id, referent_id, followed_since };
            create_child::create(tx, &app.vault, &app.clock, who, programme, &entry, std::slice::from_ref(&mother))
        })
    }

    /// One referral in each convention that the play goes through.
    fn entrust(&self, who: &Coordinator, child: ChildId, psychologist: PsychologistId) -> Result<(), DemoError> {
        let app = &self.stage.app;
        let last = self.stage.today() + Days::new(60);
        for period in self.periods(who.programmes[0], last)? {
            self.write(|tx| {
                let known = look_up::load_for(tx, &app.vault, who, child)?;
                let consents: Vec<GivenConsent> = look_up::guardians(tx, &app.vault, &known)?
                    .into_iter()
                    .map(|guardian| GivenConsent { guardian: guardian.id, given_on: self.stage.start })
                    .collect();
                let grant =
                    Grant { psychologist, minutes: Minutes::from_hours(20), period, origin: origin(&known.reference) };
                refer::refer(tx, &app.vault, &app.clock, who, child, grant, &consents)
            })?;
        }
        Ok(())
    }

    fn periods(&self, programme: ProgrammeId, last: NaiveDate) -> Result<Vec<Period>, DemoError> {
        let start = self.stage.start;
        let mut periods = Vec::new();
        let mut day = start;
        while day <= last {
            let found = self
                .stage
                .app
                .db
                .read::<_, DbError>(|conn| Ok(conventions::look_up::convention_of(conn, programme, day)?))?;
            let Some(convention) = found else { break };
            let until = convention.period.until;
            periods.push(Period { from: day, until });
            day = until + Days::new(1);
        }
        Ok(periods)
    }
}

/// Who asked for an invented child and why: by turns.
fn origin(reference: &ChildReference) -> Origin {
    let turn = reference.as_str().bytes().map(usize::from).sum::<usize>();
    Origin {
        source: ReferralSource::ALL[turn % ReferralSource::ALL.len()],
        reason: ReferralReason::ALL[turn % ReferralReason::ALL.len()],
    }
}
