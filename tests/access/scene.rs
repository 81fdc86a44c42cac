//! One of each thing in each place, and everybody who may ask for it.

use std::collections::BTreeMap;

use chrono::NaiveTime;
use diesel::prelude::*;
use psypre::accounts::{Administrator, Psychologist, Role, forgotten, passwords, store};
use psypre::amendments::transfer::{self, Transfer};
use psypre::calendar::Month;
use psypre::children::{ChildIdentity, GuardianContact, create_child};
use psypre::conventions::ServiceType;
use psypre::documents::VatRegime;
use psypre::hours::Minutes;
use psypre::ids::{
    AccountId, AmendmentId, ApiTokenId, BudgetYearId, ChildId, ConventionDraftId, FundingCallId, FundingReceiptId,
    InvitationId, InvoiceId, LeaveId, OpeningId, PasskeyId, ProgrammeId, ReferralId, RequestId, SessionId, SignInId,
    SubstitutionId,
};
use psypre::invoices::issue::{self, Issuance, Order};
use psypre::openings::{Rhythm, Span, Terms, create};
use psypre::requests::{Moment, Standing, Wish};
use psypre::schema;
use psypre::sessions::record::Recording;
use psypre::sessions::{Attendance, Phase, Reason, Slot, Viewer, approve, book, record, refuse};
use psypre::sql_types::Ts;
use psypre::substitutions::name::{self, Naming};

use super::table::{Place, Thing};
use crate::support::app::TestApp;
use crate::support::browser::Browser;
use crate::support::world::{self, World, day, done};

/// The invitation that waits.
pub const INVITATION: &str = "une-invitation-qui-attend-sa-reponse-0001";

/// The secret of a calendar feed that shows nobody's sessions.
pub const FEED: &str = "un-agenda-que-lit-qui-en-a-l-adresse-00000001";

/// Words that only whoever may see a child may read.
#[derive(Debug, Clone)]
pub struct Secrets {
    /// Names and contacts, in lower case.
    pub names: Vec<String>,
    /// The reference, in lower case: outside the care circle it is all that is known of a child.
    pub reference: String,
}

/// Somebody who asks.
pub struct Caller {
    /// As failures name them.
    pub name: &'static str,
    /// Their role, if they are let in.
    pub role: Option<Role>,
    /// Whether children and sessions are theirs at all.
    pub entrusted: bool,
    /// By cookie.
    pub browser: Browser,
    /// By bearer token.
    pub program: Browser,
    /// Whether they have proved one thing of two.
    pub halfway: bool,
    /// Another sign-in of theirs, that they may end.
    pub sign_in: Option<SignInId>,
    /// A passkey of theirs, that they may take away.
    pub passkey: Option<PasskeyId>,
    /// Another bearer token of theirs, that they may revoke.
    pub token: Option<ApiTokenId>,
}

/// What the addresses name.
pub struct Scene {
    things: BTreeMap<(Thing, Place), String>,
    /// What may not be read, by place.
    pub secrets: BTreeMap<Place, Secrets>,
    /// Account numbers, without spaces, by psychologist: the first caller's, then the other's.
    pub ibans: [String; 2],
    /// The budget year whose contributions are called.
    pub year: String,
    /// A programme of it.
    pub programme: String,
    /// Who asks.
    pub callers: Vec<Caller>,
    others_token: ApiTokenId,
    others_sign_in: SignInId,
    others_passkey: PasskeyId,
}

/// What every name and contact of the scene holds, and nothing else does: answers without it need no closer look.
pub const MARKS: [&str; 2] = ["zq", "06 99 88"];

const PLACES: [(Place, &str); 4] = [
    (Place::Own, "zqorvelin"),
    (Place::SameProgramme, "zqimtaskol"),
    (Place::OtherProgramme, "zqafendrex"),
    (Place::OtherPsychologist, "zqyvoltra"),
];

impl Scene {
    /// Tells one month of everybody, then lets everybody in.
    pub fn new(app: &TestApp) -> Self {
        let world = World::new(app);
        let people = People::new(&world);
        let mut things = BTreeMap::new();
        let mut secrets = BTreeMap::new();
        for (hour, (place, word)) in (9..).zip(PLACES) {
            let file = File::new(&world, &people, place, word);
            file.sessions(&world, &people, hour, &mut things);
            things.insert((Thing::Child, place), file.child.to_string());
            things.insert((Thing::Referral, place), file.referral.to_string());
            things.insert((Thing::Request, place), asked(app, &file, people.referent).to_string());
            things.insert((Thing::Guardian, place), guardian_of(app, file.child));
            things.insert((Thing::DataRequest, place), data_request(&world, file.child).to_string());
            things.insert((Thing::Substitution, place), people.substitution(&world, place).to_string());
            secrets.insert(place, file.secrets(&world));
        }
        for (n, (place, _)) in (0..).zip(PLACES) {
            things.insert((Thing::Opening, place), opening(&world, &people.of(place), n).to_string());
            things.insert((Thing::Leave, place), leave(app, people.of(place).id, n).to_string());
        }
        services(&world, &people, &mut things);
        let (year, call, receipt) = funding_call(app);
        let amendment = amendment(&world, year);
        for place in [Place::Own, Place::SameProgramme, Place::OtherProgramme, Place::OtherPsychologist] {
            let who = if place == Place::OtherPsychologist { people.denis } else { people.claire };
            let account = app.account(&format!("{place:?}@example.org"), "Un Compte", &[(Role::Accountant, None)]);
            things.insert((Thing::FundingCall, place), call.to_string());
            things.insert((Thing::FundingReceipt, place), receipt.to_string());
            things.insert((Thing::Convention, place), world.convention.to_string());
            things.insert((Thing::Amendment, place), amendment.to_string());
            things.insert((Thing::Draft, place), draft(&world).to_string());
            things.insert((Thing::DraftPart, place), "acheteur".to_owned());
            things.insert((Thing::Psychologist, place), who.id.to_string());
            things.insert((Thing::Account, place), account.to_string());
            things.insert((Thing::Invitation, place), INVITATION.to_owned());
            things.insert((Thing::Forgotten, place), forgotten_link(app, account));
            things.insert((Thing::Feed, place), FEED.to_owned());
            things.insert((Thing::Asset, place), "mark.svg".to_owned());
            things.insert((Thing::Export, place), "2026-10.csv".to_owned());
            things.insert((Thing::Report, place), "2026".to_owned());
            things.insert((Thing::ReportFile, place), "2026.xlsx".to_owned());
            things.insert((Thing::Press, place), app.app.clock.now().utc().timestamp_micros().to_string());
            things.insert((Thing::File, place), "statement.pdf".to_owned());
        }
        for who in [people.claire, people.denis] {
            let invoice = invoice(&world, &who);
            for (place, _) in PLACES.iter().filter(|(place, _)| people.of(*place).id == who.id) {
                things.insert((Thing::Invoice, *place), invoice.to_string());
            }
        }
        let invited = app.account("invitee@example.org", "Une Invitée", &[(Role::Accountant, None)]);
        invite(app, invited);
        let others_token = token(app, world.denis_account, "le jeton de quelqu'un d'autre");
        let others_sign_in = sign_in(app, world.denis_account, b"somebody else's");
        let others_passkey = passkey(app, world.denis_account);
        let callers = callers(app);
        let ibans = [world.claire, world.denis].map(|id| iban_of(app, id));
        let (year, programme) = (year.to_string(), world.chenove.to_string());
        Self { things, secrets, ibans, year, programme, callers, others_token, others_sign_in, others_passkey }
    }

    /// The identifier of a thing in a place, for a caller.
    pub fn id(&self, thing: Thing, place: Place, caller: &Caller) -> String {
        match (thing, place) {
            (Thing::Asset, Place::Absent) => "absent.svg".to_owned(),
            (Thing::Press, Place::Absent) => "jamais".to_owned(),
            (Thing::File, Place::Absent) => "autre.pdf".to_owned(),
            (Thing::Export, Place::Absent) => "2026-10.doc".to_owned(),
            (Thing::Report, Place::Absent) => "1999".to_owned(),
            (Thing::ReportFile, Place::Absent) => "2026.doc".to_owned(),
            (Thing::DraftPart, Place::Absent) => "nulle-part".to_owned(),
            (Thing::Forgotten, Place::Absent) => "un-lien-que-personne-n-a-envoye".to_owned(),
            (Thing::Feed, Place::Absent) => "un-agenda-qui-n-existe-pas".to_owned(),
            (Thing::Invitation, Place::Absent) => "une-invitation-qui-n-existe-pas".to_owned(),
            (_, Place::Absent) => uuid::Uuid::now_v7().to_string(),
            (Thing::Token, Place::Own) => caller.token.unwrap_or(self.others_token).to_string(),
            (Thing::Token, _) => self.others_token.to_string(),
            (Thing::SignIn, Place::Own) => caller.sign_in.unwrap_or(self.others_sign_in).to_string(),
            (Thing::SignIn, _) => self.others_sign_in.to_string(),
            (Thing::Passkey, Place::Own) => caller.passkey.unwrap_or(self.others_passkey).to_string(),
            (Thing::Passkey, _) => self.others_passkey.to_string(),
            known => self.things[&known].clone(),
        }
    }
}

/// Who works in the scene besides [`World`]'s people.
struct People {
    claire: Psychologist,
    denis: Psychologist,
    referent: AccountId,
    other_referent: AccountId,
}

impl People {
    fn new(world: &World<'_>) -> Self {
        let app = world.app;
        let other_referent =
            app.account("referent2.chenove@example.org", "Rémi Référent", &[(Role::Referent, Some(world.chenove))]);
        let newcomer = app.account("paul.essai@example.org", "Paul Essai", &[(Role::Psychologist, None)]);
        let now = app.app.clock.now();
        app.write(|tx| psypre::accounts::store::insert_feed(tx, newcomer, &passwords::token_hash(FEED), now));
        world::psychologist(app, newcomer, "Paul Essai", "90000002700011", "10100000024", "00335");
        Self {
            claire: world.psychologist(),
            denis: Psychologist { account: world.denis_account, id: world.denis },
            referent: world.referent,
            other_referent,
        }
    }

    /// Days to come on which somebody stands in for a coordinator: the referent, or somebody else.
    fn substitution(&self, world: &World<'_>, place: Place) -> SubstitutionId {
        let (_, longvic) = world.coordinators[2];
        let (programme, substitute, month) = match place {
            Place::Own => (world.chenove, self.referent, 1),
            Place::OtherPsychologist => (world.chenove, self.referent, 2),
            Place::SameProgramme => (world.chenove, self.other_referent, 3),
            Place::OtherProgramme | Place::Absent => (world.dijon, longvic, 1),
        };
        let [starts_on, ends_on] = [4, 8].map(|of| day(&format!("2027-{month:02}-{of:02}")));
        let who = world.coordinator(programme);
        let naming = Naming { programme, substitute, starts_on, ends_on };
        done(world.app, |tx| name::name(tx, &world.app.app.clock, &who, naming))
    }

    fn of(&self, place: Place) -> Psychologist {
        if place == Place::OtherPsychologist { self.denis } else { self.claire }
    }
}

/// A child's file.
struct File {
    place: Place,
    child: ChildId,
    referral: ReferralId,
    contact: GuardianContact,
    identity: ChildIdentity,
}

impl File {
    fn new(world: &World<'_>, people: &People, place: Place, word: &str) -> Self {
        let app = world.app;
        let programme = if place == Place::OtherProgramme { world.dijon } else { world.chenove };
        let identity = ChildIdentity {
            first_name: format!("Prénom{word}"),
            last_name: format!("Nom{word}"),
            born_on: day("2017-03-15"),
            school: Some(format!("École {word}")),
        };
        let contact = GuardianContact {
            name: format!("Parent{word}"),
            relation: "mère".to_owned(),
            phone: Some(format!("06 99 88 {:02} {:02}", place as u8, place as u8)),
            email: Some(format!("courriel{word}@example.org")),
        };
        let mut entry = world.entry(programme, "", "", identity.born_on);
        entry.identity = identity.clone();
        entry.referent_id = match place {
            Place::Own | Place::OtherPsychologist => Some(people.referent),
            Place::SameProgramme => Some(people.other_referent),
            Place::OtherProgramme | Place::Absent => None,
        };
        let (who, clock, vault) = (world.coordinator(programme), &app.app.clock, &app.app.vault);
        let guardians = [contact.clone()];
        let child = done(app, |tx| create_child::create(tx, vault, clock, &who, programme, &entry, &guardians));
        let referral = world.referral(child, people.of(place).id, 1200);
        Self { place, child, referral, contact, identity }
    }

    /// One session in each state, on days of its own hour.
    fn sessions(&self, world: &World<'_>, people: &People, hour: u32, things: &mut BTreeMap<(Thing, Place), String>) {
        let (app, who) = (world.app, people.of(self.place));
        let mut keep = |phase, id: SessionId| things.insert((Thing::Session(phase), self.place), id.to_string());
        keep(Phase::Recorded, self.recorded(app, &who, "2026-11-10", hour));
        let approved = self.recorded(app, &who, "2026-11-03", hour);
        approve(world, approved);
        keep(Phase::Approved, approved);
        let refused = self.recorded(app, &who, "2026-11-05", hour);
        let coordinator = world.coordinator(programme_of(app, refused));
        let (clock, reason) = (&app.app.clock, Reason::new("Une autre durée").unwrap());
        done(app, |tx| refuse::refuse(tx, clock, &coordinator, refused, &reason));
        keep(Phase::Refused, refused);
        let invoiced = self.recorded(app, &who, "2026-10-06", hour);
        approve(world, invoiced);
        keep(Phase::Invoiced, invoiced);
        let booking =
            book::Booking { child: self.child, psychologist: who.id, slot: slot("2026-11-24", hour), place: None };
        let (vault, viewer) = (&app.app.vault, Viewer::from(&who));
        keep(Phase::Booked, done(app, |tx| book::book(tx, clock, vault, &viewer, &booking)));
    }

    fn recorded(&self, app: &TestApp, who: &Psychologist, on: &str, hour: u32) -> SessionId {
        let new = Recording { child: self.child, slot: slot(on, hour), attendance: Attendance::Held, place: None };
        done(app, |tx| record::record(tx, &app.app.clock, &app.app.vault, who, &new))
    }

    fn secrets(&self, world: &World<'_>) -> Secrets {
        let mut names = vec![
            self.identity.first_name.clone(),
            self.identity.last_name.clone(),
            self.contact.name.clone(),
            self.contact.phone.clone().unwrap(),
            self.contact.email.clone().unwrap(),
        ];
        names.extend(self.identity.school.clone());
        Secrets {
            names: names.into_iter().map(|name| name.to_lowercase()).collect(),
            reference: world.reference(self.child).to_string().to_lowercase(),
        }
    }
}

/// A practice analysis in each state, in each place, on the Sunday of All Saints.
fn services(world: &World<'_>, people: &People, things: &mut BTreeMap<(Thing, Place), String>) {
    use psypre::services::{Phase, approve, record, refuse};
    let clock = &world.app.app.clock;
    let who = crate::services::administrator(world);
    crate::services::open_line(world, ServiceType::PracticeAnalysis, 600, 60_000);
    for known in [people.claire, people.denis] {
        crate::services::charge(world, &known, ServiceType::PracticeAnalysis, VatRegime::Franchise);
    }
    for (hour, (place, _)) in (8..).step_by(3).zip(PLACES) {
        for (at, phase) in (hour..).zip([Phase::Recorded, Phase::Approved, Phase::Refused]) {
            let said = crate::services::said(ServiceType::PracticeAnalysis, "2026-11-01", &format!("{at:02}:00"), 15);
            let id = done(world.app, |tx| record::record(tx, clock, &people.of(place), &said));
            let reason = Reason::new("Une autre durée").unwrap();
            match phase {
                Phase::Approved => {
                    done(world.app, |tx| approve::approve(tx, clock, &who, id));
                }
                Phase::Refused => done(world.app, |tx| refuse::refuse(tx, clock, &who, id, &reason)),
                _ => {}
            }
            things.insert((Thing::Service(phase), place), id.to_string());
        }
    }
}

fn slot(on: &str, hour: u32) -> Slot {
    Slot::new(day(on), NaiveTime::from_hms_opt(hour, 0, 0).unwrap(), Minutes(45)).unwrap()
}

fn approve(world: &World<'_>, session: SessionId) {
    let who = world.coordinator(programme_of(world.app, session));
    done(world.app, |tx| approve::approve(tx, &world.app.app.clock, &who, session));
}

fn programme_of(app: &TestApp, session: SessionId) -> psypre::ids::ProgrammeId {
    use schema::sessions;
    app.read(|conn| sessions::table.find(session).select(sessions::programme_id).first(conn))
}

/// A request for a session of a child that waits for an answer.
fn asked(app: &TestApp, file: &File, by: AccountId) -> RequestId {
    use schema::{children, requests as r};
    let id = RequestId::new();
    app.write(|tx| {
        let conn = &mut **tx;
        let programme: psypre::ids::ProgrammeId =
            children::table.find(file.child).select(children::programme_id).first(conn)?;
        diesel::insert_into(r::table)
            .values((
                (r::id.eq(id), r::programme_id.eq(programme), r::child_id.eq(file.child)),
                (r::duration_minutes.eq(Minutes(45)), r::from_on.eq(day("2026-12-01")), r::weekdays.eq(0)),
                (r::moment.eq(Moment::Any), r::wish.eq(Wish::Nothing), r::wants_earlier.eq(false)),
                (r::state.eq(Standing::Open), r::requested_by.eq(by), r::requested_at.eq(app.app.clock.now())),
            ))
            .execute(conn)
    });
    id
}

/// What a family asks to see, about a child.
fn data_request(world: &World<'_>, child: ChildId) -> psypre::ids::DataRequestId {
    use psypre::data_requests::{DataRequestKind, Follower, record};
    let who = Follower::Officer(psypre::accounts::Auditor { account: world.referent });
    let new = record::NewRequest {
        kind: DataRequestKind::Access,
        programme: None,
        reference: Some(world.reference(child).to_string()),
        received_on: day("2026-11-20"),
    };
    done(world.app, |tx| record::record(tx, &world.app.app.clock, &who, &new))
}

fn guardian_of(app: &TestApp, child: ChildId) -> String {
    use schema::guardians;
    let id: psypre::ids::GuardianId =
        app.read(|conn| guardians::table.filter(guardians::child_id.eq(child)).select(guardians::id).first(conn));
    id.to_string()
}

fn iban_of(app: &TestApp, id: psypre::ids::PsychologistId) -> String {
    use schema::psychologists;
    app.read(|conn| psychologists::table.find(id).select(psychologists::iban).first(conn))
}

/// The invoice of October.
fn invoice(world: &World<'_>, who: &Psychologist) -> InvoiceId {
    let order = Order { month: Month::parse("2026-10").unwrap(), convention: world.convention, seen: None };
    done(world.app, |tx| issue::issue(tx, &world.app.app.clock, Issuance::Own(who), order))
}

/// An hour of each Tuesday.
fn opening(world: &World<'_>, who: &Psychologist, n: u32) -> OpeningId {
    let time = |hour| NaiveTime::from_hms_opt(hour, 0, 0).unwrap();
    let terms = Terms {
        programme: None,
        place: "Maison des exemples".to_owned(),
        rhythm: Rhythm::Weekly,
        starts_on: day("2026-11-03"),
        until_on: None,
        span: Span { from: time(14 + n), until: time(15 + n) },
        is_school_only: false,
    };
    done(world.app, |tx| create::create(tx, &world.app.app.clock, who, &terms))
}

/// A leave that is over: nothing changes it any more.
fn leave(app: &TestApp, who: psypre::ids::PsychologistId, n: u32) -> LeaveId {
    use schema::leaves as l;
    let (id, on) = (LeaveId::new(), day("2026-01-05") + chrono::Days::new(n.into()));
    app.write(|tx| {
        diesel::insert_into(l::table)
            .values((
                (l::id.eq(id), l::psychologist_id.eq(who), l::starts_on.eq(on), l::ends_on.eq(on)),
                l::created_at.eq(app.app.clock.now()),
            ))
            .execute(&mut **tx)
    });
    id
}

/// A call for funds that is a draft still, with its budget year, and a payment of another.
fn funding_call(app: &TestApp) -> (BudgetYearId, FundingCallId, FundingReceiptId) {
    use schema::{accounts, budget_years};
    let label = budget_years::label.eq("2026");
    let year = app.read(|conn| budget_years::table.filter(label).select(budget_years::id).first(conn));
    let email = accounts::email.eq(world::ADMINISTRATOR);
    let account = app.read(|conn| accounts::table.filter(email).select(accounts::id).first(conn));
    let who = Administrator { account };
    let drafted = done(app, |tx| psypre::funding_calls::draft::draft(tx, &app.app.clock, &who, year));
    let amount = app.read(|conn| psypre::funding_calls::look_up::load(conn, drafted[1])).amount;
    let sending = psypre::funding_calls::send::Sending { to: "ccas@example.org".to_owned(), amount };
    done(app, |tx| psypre::funding_calls::send::send(tx, &app.app.clock, &who, drafted[1], &sending));
    let payment = psypre::funding_calls::receive::Payment { on: app.app.clock.today(), amount };
    let treasurer = psypre::funding_calls::Treasurer { account };
    let receive = psypre::funding_calls::receive::receive;
    let receipt = done(app, |tx| receive(tx, &app.app.clock, &treasurer, drafted[1], payment));
    (year, drafted[0], receipt)
}

/// A quarter of an hour goes from Dijon to Quetigny.
fn amendment(world: &World<'_>, year: BudgetYearId) -> AmendmentId {
    let who = Administrator { account: account_of(world.app, world::ADMINISTRATOR) };
    let asked = Transfer {
        budget_year_id: year,
        from_programme_id: world.dijon,
        to_programme_id: world.quetigny,
        minutes: Minutes::QUARTER,
        signed_on: day("2026-11-20"),
        reason: "Un essai".to_owned(),
    };
    done(world.app, |tx| transfer::transfer(tx, &world.app.app.clock, &who, world.convention, &asked))
}

/// The convention that follows, as a draft.
fn draft(world: &World<'_>) -> ConventionDraftId {
    let who = Administrator { account: account_of(world.app, world::ADMINISTRATOR) };
    let from = Some(world.convention);
    done(world.app, |tx| psypre::convention_drafts::start::start(tx, &world.app.app.clock, &who, from))
}

fn later(app: &TestApp) -> Ts {
    Ts::new(app.app.clock.now().utc() + chrono::Duration::days(7))
}

fn invite(app: &TestApp, account: AccountId) {
    use schema::invitations as i;
    app.write(|tx| {
        diesel::insert_into(i::table)
            .values((
                (i::id.eq(InvitationId::new()), i::account_id.eq(account)),
                (i::token_hash.eq(passwords::token_hash(INVITATION)), i::created_at.eq(app.app.clock.now())),
                i::expires_at.eq(later(app)),
            ))
            .execute(&mut **tx)
    });
}

fn token(app: &TestApp, account: AccountId, text: &str) -> ApiTokenId {
    use schema::api_tokens as t;
    let id = ApiTokenId::new();
    app.write(|tx| {
        diesel::insert_into(t::table)
            .values((
                (t::id.eq(id), t::account_id.eq(account), t::token_hash.eq(passwords::token_hash(text))),
                (t::label.eq("essai"), t::created_at.eq(app.app.clock.now()), t::expires_at.eq(later(app))),
            ))
            .execute(&mut **tx)
    });
    id
}

/// Somebody who holds roles and has proved their password only.
fn halfway(app: &TestApp, roles: &[(Role, Option<ProgrammeId>)]) -> Caller {
    let email = "a.mi-chemin@example.org";
    let account = app.account(email, "À Mi-Chemin", roles);
    app.telephone(account);
    let mut browser = app.anonymous();
    let fields = [("email", email), ("password", crate::support::app::PASSWORD)];
    browser.post("/connexion", &fields).expect(303);
    browser.get("/connexion/code").expect(200);
    Caller {
        name: "between password and code",
        role: None,
        entrusted: false,
        halfway: true,
        sign_in: None,
        passkey: None,
        program: Browser::with_bearer(&app.base_url, "un jeton que personne n'a non plus"),
        browser,
        token: None,
    }
}

/// What the link of a mail holds, by which another password is chosen.
fn forgotten_link(app: &TestApp, account: AccountId) -> String {
    let (vault, clock) = (&app.app.vault, &app.app.clock);
    app.app.db.read(|conn| forgotten::token_of(conn, vault, clock.now(), account)).unwrap().unwrap()
}

/// A sign-in that no browser uses.
fn sign_in(app: &TestApp, account: AccountId, token: &[u8]) -> SignInId {
    let now = app.app.clock.now();
    app.write(|tx| {
        let new =
            store::OpenedSignIn { account, token_hash: token, role: Role::Auditor, browser: "", device_hash: token };
        store::insert_sign_in(tx, new, now)
    })
}

/// A passkey of which nobody holds the private half, beside a telephone.
fn passkey(app: &TestApp, account: AccountId) -> PasskeyId {
    app.telephone(account);
    app.passkey(account)
}

fn callers(app: &TestApp) -> Vec<Caller> {
    let all = [Role::Psychologist, Role::Administrator, Role::Accountant, Role::Auditor].map(|role| (role, None));
    let closed = app.account("fermee@example.org", "Compte Fermé", &all);
    let known = [
        ("psychologist", Some(Role::Psychologist), world::CLAIRE),
        ("psychologist without referral", Some(Role::Psychologist), "paul.essai@example.org"),
        ("coordinator", Some(Role::Coordinator), world::CHENOVE_COORDINATOR),
        ("referent", Some(Role::Referent), world::CHENOVE_REFERENT),
        ("accountant", Some(Role::Accountant), world::ACCOUNTANT),
        ("auditor", Some(Role::Auditor), world::AUDITOR),
        ("administrator", Some(Role::Administrator), world::ADMINISTRATOR),
        ("disabled account", None, "fermee@example.org"),
    ];
    let mut callers: Vec<Caller> = known
        .into_iter()
        .map(|(name, role, email)| {
            let text = format!("jeton {email}");
            let account = account_of(app, email);
            token(app, account, &text);
            Caller {
                name,
                role,
                entrusted: name != "psychologist without referral",
                halfway: false,
                sign_in: Some(sign_in(app, account, text.as_bytes())),
                browser: app.signed_in(email),
                // once they are in: it would be asked of them
                passkey: Some(passkey(app, account)),
                program: Browser::with_bearer(&app.base_url, &text),
                token: Some(token(app, account, &format!("{text}, à révoquer"))),
            }
        })
        .collect();
    app.write(|tx| {
        use schema::accounts as a;
        diesel::update(a::table.find(closed)).set(a::disabled_at.eq(Some(app.app.clock.now()))).execute(&mut **tx)
    });
    callers.push(halfway(app, &all));
    let nobody = app.anonymous();
    callers.push(Caller {
        name: "anonymous",
        role: None,
        entrusted: false,
        halfway: false,
        sign_in: None,
        passkey: None,
        program: Browser::with_bearer(&app.base_url, "un jeton que personne n'a"),
        browser: nobody,
        token: None,
    });
    callers
}

fn account_of(app: &TestApp, email: &str) -> AccountId {
    use schema::accounts;
    app.read(|conn| accounts::table.filter(accounts::email.eq(email)).select(accounts::id).first(conn))
}
