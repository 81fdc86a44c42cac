//! A world for the stories: the real convention, a coordinator and a referent of each programme, two psychologists who
//! can bill, the people of the Métropole, and children on demand. Everybody is invented.
#![allow(dead_code)]

use chrono::NaiveDate;
use diesel::prelude::*;
use psypre::accounts::scopes::Scope;
use psypre::accounts::{Coordinator, Psychologist, Role, tokens};
use psypre::children::add_consent::GivenConsent;
use psypre::children::create_child::ChildEntry;
use psypre::children::refer::Grant;
use psypre::children::{
    Child, ChildIdentity, ChildReference, Gender, GuardianContact, Origin, create_child, look_up, refer,
};
use psypre::conventions::{Period, file, import};
use psypre::db::{DbError, Retryable, Tx};
use psypre::failure::Failure;
use psypre::hours::Minutes;
use psypre::ids::{AccountId, ChildId, ConventionId, NeighbourhoodId, ProgrammeId, PsychologistId, ReferralId};
use psypre::journal::Actor;
use psypre::schema;

use crate::support::app::TestApp;
use crate::support::browser::Browser;

/// Who signs in where; the password is `support::app::PASSWORD`.
pub const CHENOVE_COORDINATOR: &str = "coordination.chenove@example.org";
/// Coordinator of Dijon.
pub const DIJON_COORDINATOR: &str = "coordination.dijon@example.org";
/// Coordinator of Longvic.
pub const LONGVIC_COORDINATOR: &str = "coordination.longvic@example.org";
/// Coordinator of Talant.
pub const TALANT_COORDINATOR: &str = "coordination.talant@example.org";
/// Coordinator of Quetigny.
pub const QUETIGNY_COORDINATOR: &str = "coordination.quetigny@example.org";
/// Pathway referent of Chenôve.
pub const CHENOVE_REFERENT: &str = "referente.chenove@example.org";
/// The first psychologist.
pub const CLAIRE: &str = "claire.essai@example.org";
/// The second psychologist.
pub const DENIS: &str = "denis.essai@example.org";
/// Administrator of the Métropole.
pub const ADMINISTRATOR: &str = "administration@example.org";
/// Accountant of the Métropole.
pub const ACCOUNTANT: &str = "comptabilite@example.org";
/// Auditor of the Métropole.
pub const AUDITOR: &str = "audit@example.org";

/// The convention, its programmes, and the people who work in them.
pub struct World<'a> {
    /// The application.
    pub app: &'a TestApp,
    /// The real convention.
    pub convention: ConventionId,
    /// 60 h.
    pub chenove: ProgrammeId,
    /// 110 h.
    pub dijon: ProgrammeId,
    /// 40 h.
    pub longvic: ProgrammeId,
    /// 0 h.
    pub talant: ProgrammeId,
    /// 50 h.
    pub quetigny: ProgrammeId,
    /// The coordinators' accounts, by programme.
    pub coordinators: Vec<(ProgrammeId, AccountId)>,
    /// The referent of Chenôve.
    pub referent: AccountId,
    /// [`CLAIRE`] on sessions and invoices.
    pub claire: PsychologistId,
    /// [`CLAIRE`]'s account.
    pub claire_account: AccountId,
    /// [`DENIS`] on sessions and invoices.
    pub denis: PsychologistId,
    /// [`DENIS`]'s account.
    pub denis_account: AccountId,
}

impl<'a> World<'a> {
    /// Imports the real convention and makes the people.
    pub fn new(app: &'a TestApp) -> Self {
        let source = std::fs::read_to_string("conventions/dijon-2024-2026.toml").unwrap();
        let file = file::read(&source).unwrap().file;
        let clock = app.app.clock.clone();
        let convention = done(app, |tx| Ok(import::import(tx, &clock, Actor::System, &file)?.convention()));
        let [chenove, dijon, longvic, talant, quetigny] =
            ["CHE", "DIJ", "LON", "TAL", "QUE"].map(|code| programme(app, code));
        let coordinators = [
            (chenove, CHENOVE_COORDINATOR, "Chloé Coordination"),
            (dijon, DIJON_COORDINATOR, "David Coordination"),
            (longvic, LONGVIC_COORDINATOR, "Lina Coordination"),
            (talant, TALANT_COORDINATOR, "Théo Coordination"),
            (quetigny, QUETIGNY_COORDINATOR, "Quentin Coordination"),
        ]
        .map(|(programme, email, name)| (programme, app.account(email, name, &[(Role::Coordinator, Some(programme))])))
        .to_vec();
        let referent = app.account(CHENOVE_REFERENT, "Rose Référente", &[(Role::Referent, Some(chenove))]);
        app.account(ADMINISTRATOR, "Ada Administration", &[(Role::Administrator, None)]);
        app.account(ACCOUNTANT, "Camille Comptabilité", &[(Role::Accountant, None)]);
        app.account(AUDITOR, "Aude Audit", &[(Role::Auditor, None)]);
        let claire_account = app.account(CLAIRE, "Claire Essai", &[(Role::Psychologist, None)]);
        let denis_account = app.account(DENIS, "Denis Essai", &[(Role::Psychologist, None)]);
        let claire = psychologist(app, claire_account, "Claire Essai", "90000000100017", "10100000008", "00141");
        let denis = psychologist(app, denis_account, "Denis Essai", "90000001900019", "10100000016", "00238");
        Self {
            app,
            convention,
            chenove,
            dijon,
            longvic,
            talant,
            quetigny,
            coordinators,
            referent,
            claire,
            claire_account,
            denis,
            denis_account,
        }
    }

    /// The coordinator of a programme, as verbs ask for them.
    pub fn coordinator(&self, programme: ProgrammeId) -> Coordinator {
        let (_, account) = self.coordinators.iter().find(|(known, _)| *known == programme).unwrap();
        Coordinator { account: *account, programmes: vec![programme] }
    }

    /// [`CLAIRE`], as verbs ask for her.
    pub fn psychologist(&self) -> Psychologist {
        Psychologist { account: self.claire_account, id: self.claire }
    }

    /// A program that acts for an account, with a bearer token.
    pub fn program(&self, account: AccountId) -> Browser {
        let clock = &self.app.app.clock;
        let new = done(self.app, |tx| {
            tokens::create(tx, clock, Actor::System, account, "programme de test", 30, &Scope::whole())
        });
        Browser::with_bearer(&self.app.base_url, &new.token)
    }

    /// The neighbourhoods of a programme.
    pub fn neighbourhoods(&self, programme: ProgrammeId) -> Vec<NeighbourhoodId> {
        let all = self.app.read(|conn| psypre::conventions::look_up::neighbourhoods(conn, &[programme]));
        all.into_iter().map(|known| known.id).collect()
    }

    /// A child of nine, with one guardian.
    pub fn child(&self, programme: ProgrammeId, first_name: &str, last_name: &str) -> ChildId {
        self.child_born(programme, first_name, last_name, day("2017-03-15"))
    }

    /// A child born on a day, followed since January 2026, with one guardian.
    pub fn child_born(&self, programme: ProgrammeId, first: &str, last: &str, born_on: NaiveDate) -> ChildId {
        let entry = self.entry(programme, first, last, born_on);
        let guardians = [GuardianContact {
            name: format!("Parent {last}"),
            relation: "mère".to_owned(),
            phone: Some("06 00 00 00 01".to_owned()),
            email: None,
        }];
        let (who, clock, vault) = (self.coordinator(programme), &self.app.app.clock, &self.app.app.vault);
        done(self.app, |tx| create_child::create(tx, vault, clock, &who, programme, &entry, &guardians))
    }

    /// What a coordinator says of a child, in the first neighbourhood of the programme.
    pub fn entry(&self, programme: ProgrammeId, first: &str, last: &str, born_on: NaiveDate) -> ChildEntry {
        let identity = ChildIdentity {
            first_name: first.to_owned(),
            last_name: last.to_owned(),
            born_on,
            school: Some("École des Exemples".to_owned()),
        };
        ChildEntry {
            identity,
            gender: Gender::Unspecified,
            neighbourhood_id: self.neighbourhoods(programme)[0],
            referent_id: None,
            followed_since: day("2026-01-05"),
        }
    }

    /// A referral from January to December 2026, consented to on its first day.
    pub fn referral(&self, child: ChildId, psychologist: PsychologistId, minutes: i32) -> ReferralId {
        let period = Period { from: day("2026-01-05"), until: day("2026-12-31") };
        self.referral_for(child, psychologist, minutes, period, Some(period.from))
    }

    /// A referral, consented to on a day or not yet.
    pub fn referral_for(
        &self,
        child: ChildId,
        psychologist: PsychologistId,
        minutes: i32,
        period: Period,
        consented_on: Option<NaiveDate>,
    ) -> ReferralId {
        let (clock, vault) = (&self.app.app.clock, &self.app.app.vault);
        let programme = self.programme_of(child);
        let who = self.coordinator(programme);
        done(self.app, |tx| {
            let known = look_up::load_for(tx, vault, &who, child)?;
            let consents: Vec<GivenConsent> = look_up::guardians(tx, vault, &known)?
                .into_iter()
                .filter_map(|guardian| Some(GivenConsent { guardian: guardian.id, given_on: consented_on? }))
                .collect();
            let grant = Grant { psychologist, minutes: Minutes(minutes), period, origin: Origin::default() };
            refer::refer(tx, vault, clock, &who, child, grant, &consents)
        })
    }

    /// A child entrusted to [`CLAIRE`] for ten hours: ready for sessions with her.
    pub fn entrusted_child(&self, programme: ProgrammeId, first_name: &str, last_name: &str) -> ChildId {
        let child = self.child(programme, first_name, last_name);
        self.referral(child, self.claire, 600);
        child
    }

    /// The reference of a child.
    pub fn reference(&self, child: ChildId) -> ChildReference {
        self.app.read(|conn| look_up::reference_of(conn, child))
    }

    /// A child, as their coordinator sees them.
    pub fn seen(&self, child: ChildId) -> Child {
        let who = self.coordinator(self.programme_of(child));
        self.app.read(|conn| look_up::load_for(conn, &self.app.app.vault, &who, child))
    }

    fn programme_of(&self, child: ChildId) -> ProgrammeId {
        use schema::children;
        self.app.read(|conn| children::table.find(child).select(children::programme_id).first(conn))
    }
}

/// A day written `2026-11-20`.
pub fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// Runs a verb that must succeed.
#[track_caller]
pub fn done<T, R>(app: &TestApp, verb: impl FnMut(&mut Tx<'_>) -> Result<T, Failure<R>>) -> T
where
    R: std::fmt::Debug + std::fmt::Display,
    Failure<R>: From<DbError> + From<diesel::result::Error> + Retryable,
{
    app.app.db.write(verb).unwrap()
}

/// Runs a verb that must be refused, and gives the refusal.
#[track_caller]
pub fn refused<T: std::fmt::Debug, R>(app: &TestApp, verb: impl FnMut(&mut Tx<'_>) -> Result<T, Failure<R>>) -> R
where
    R: std::fmt::Debug + std::fmt::Display,
{
    match app.app.db.write(verb) {
        Err(Failure::Refused(refusal)) => refusal,
        other => panic!("not refused: {other:?}"),
    }
}

fn programme(app: &TestApp, code: &str) -> ProgrammeId {
    use schema::programmes;
    app.read(|conn| programmes::table.filter(programmes::code.eq(code)).select(programmes::id).first(conn))
}

/// A psychologist whose billing identity is whole: the check digits are right, the numbers are nobody's.
pub fn psychologist(
    app: &TestApp,
    account: AccountId,
    name: &str,
    siret: &str,
    rpps: &str,
    tail: &str,
) -> PsychologistId {
    use schema::psychologists as p;
    let id = PsychologistId::new();
    let now = app.app.clock.now();
    let iban = format!("FR762004101005000000{}", format_args!("{:0>7}", tail));
    app.write(|tx| {
        diesel::insert_into(p::table)
            .values((
                (p::id.eq(id), p::account_id.eq(account), p::legal_name.eq(name), p::siret.eq(siret)),
                (p::rpps.eq(Some(rpps)), p::iban.eq(&iban), p::street.eq("1 rue des Exemples")),
                (p::postcode.eq("21000"), p::city.eq("Dijon"), p::created_at.eq(now)),
            ))
            .execute(&mut **tx)
    });
    id
}
