//! Who is there: a coordinator and a referent a programme, psychologists who can bill, children entrusted to them. Their
//! names say that they are invented, and no number of theirs is anybody's.

use chrono::Months;

use crate::accounts::accept_invitation::{self, Typed};
use crate::accounts::create::{self, NewAccount};
use crate::accounts::{Coordinator, Psychologist, Role, RoleIn, Visitor};
use crate::children::add_consent::GivenConsent;
use crate::children::create_child::{self, ChildEntry};
use crate::children::refer::{self, Grant};
use crate::children::{ChildIdentity, Gender, GuardianContact, Origin, look_up};
use crate::conventions::{self, Period};
use crate::db::{DbError, Tx};
use crate::demo::{Account, PASSWORD};
use crate::failure::Failure;
use crate::ids::{AccountId, ChildId, ConventionId, NeighbourhoodId, ProgrammeId};
use crate::journal::Actor;
use crate::psychologists::{self, BillingIdentity, is_iban, update_billing};
use crate::seed::convention::with_luhn;
use crate::seed::plan::REFERRAL;
use crate::seed::{Dice, Entrusted, SeedError, Size, Stage, Stop, place_of, stop};

/// How many people share a transaction.
const AT_ONCE: usize = 50;
const FIRST_NAMES: [&str; 12] =
    ["Lou", "Noé", "Inès", "Sami", "Maya", "Tom", "Zélie", "Adam", "Rose", "Ilan", "Jade", "Nino"];
const LAST_NAMES: [&str; 4] = ["Exemple", "Fictif", "Invention", "Imaginaire"];

/// Everybody.
pub(super) struct Cast {
    pub accounts: Vec<Account>,
    pub psychologists: Vec<Psychologist>,
    pub coordinators: Vec<Coordinator>,
    pub children: Vec<Entrusted>,
}

/// A programme with its people.
struct Place {
    programme: ProgrammeId,
    neighbourhood: NeighbourhoodId,
    coordinator: Coordinator,
    referent: AccountId,
}

/// Enters everybody.
pub(super) fn gather(
    stage: &Stage,
    convention: ConventionId,
    size: Size,
    seed: u64,
    tell: &mut dyn FnMut(String),
) -> Result<Cast, SeedError> {
    let mut office = Office { stage, size, accounts: Vec::new() };
    for (role, name) in
        [(Role::Administrator, "administration"), (Role::Accountant, "comptabilite"), (Role::Auditor, "audit")]
    {
        office.accounts_of(role, name, &[None])?;
    }
    let places = office.places(convention)?;
    let psychologists = office.psychologists()?;
    tell(format!("{} programmes, {} psychologists", places.len(), psychologists.len()));
    let children = office.children(&places, &psychologists, seed)?;
    tell(format!("{} children, each with a referral", children.len()));
    let coordinators = places.into_iter().map(|place| place.coordinator).collect();
    Ok(Cast { accounts: office.accounts, psychologists, coordinators, children })
}

struct Office<'s> {
    stage: &'s Stage,
    size: Size,
    accounts: Vec<Account>,
}

impl Office<'_> {
    /// Makes an account for each programme, or for the whole; the first person of each role accepts the invitation, and
    /// can sign in.
    fn accounts_of(
        &mut self,
        role: Role,
        mailbox: &str,
        of: &[Option<ProgrammeId>],
    ) -> Result<Vec<AccountId>, SeedError> {
        let app = &self.stage.app;
        let mut ids = Vec::with_capacity(of.len());
        let people: Vec<NewAccount> =
            (1..).zip(of).map(|(n, programme)| person(role, mailbox, n, *programme)).collect();
        for part in people.chunks(AT_ONCE) {
            let mut made = self.stage.write(|tx| {
                let mut made = Vec::with_capacity(part.len());
                for new in part {
                    made.push(create::create(tx, app, Actor::System, new).map_err(stop)?);
                }
                Ok(made)
            })?;
            if let (true, Some(first), Some(new)) = (ids.is_empty(), made.first(), part.first()) {
                let token = first.invited.href.rsplit('/').next().unwrap_or_default();
                let typed = Typed { password: PASSWORD, again: PASSWORD, code: "" };
                accept_invitation::accept(app, token, typed, &Visitor::default())
                    .map_err(|failure| SeedError::from(stop(failure)))?;
                self.accounts.push(Account {
                    role: role.french().to_owned(),
                    name: new.display_name.clone(),
                    email: new.email.clone(),
                });
            }
            ids.extend(made.drain(..).map(|created| created.account));
        }
        Ok(ids)
    }

    fn places(&mut self, convention: ConventionId) -> Result<Vec<Place>, SeedError> {
        let (mut known, neighbourhoods) = self.stage.app.db.read::<_, DbError>(|conn| {
            let known = conventions::look_up::programmes(conn, convention)?;
            let ids: Vec<ProgrammeId> = known.iter().map(|programme| programme.id).collect();
            Ok((known, conventions::look_up::neighbourhoods(conn, &ids)?))
        })?;
        known.sort_by(|a, b| a.code.cmp(&b.code));
        let of: Vec<Option<ProgrammeId>> = known.iter().map(|programme| Some(programme.id)).collect();
        let coordinators = self.accounts_of(Role::Coordinator, "coordination", &of)?;
        let referents = self.accounts_of(Role::Referent, "referente", &of)?;
        let mut places = Vec::with_capacity(known.len());
        for ((programme, account), referent) in known.iter().map(|one| one.id).zip(coordinators).zip(referents) {
            let Some(home) = neighbourhoods.iter().find(|one| one.programme == programme) else {
                return Err(SeedError::Refused("a programme without a neighbourhood".to_owned()));
            };
            let coordinator = Coordinator { account, programmes: vec![programme] };
            places.push(Place { programme, neighbourhood: home.id, coordinator, referent });
        }
        Ok(places)
    }

    fn psychologists(&mut self) -> Result<Vec<Psychologist>, SeedError> {
        let of = vec![None; self.size.psychologists as usize];
        let accounts = self.accounts_of(Role::Psychologist, "psychologue", &of)?;
        let issuers = self.stage.app.db.read::<_, DbError>(|conn| Ok(psychologists::look_up::all(conn)?))?;
        let mut found = Vec::with_capacity(accounts.len());
        for account in accounts {
            let Some(issuer) = issuers.iter().find(|issuer| issuer.account == account) else {
                return Err(SeedError::Refused("an account that is no psychologist's".to_owned()));
            };
            found.push((Psychologist { account, id: issuer.id }, issuer.display_name.clone()));
        }
        let numbered: Vec<(u32, &(Psychologist, String))> = (1..).zip(&found).collect();
        for part in numbered.chunks(AT_ONCE) {
            self.stage.write(|tx| {
                for (n, (who, name)) in part {
                    let clock = &self.stage.app.clock;
                    update_billing::update_billing(tx, clock, who, identity(*n, name)).map_err(stop)?;
                }
                Ok(())
            })?;
        }
        Ok(found.into_iter().map(|(who, _)| who).collect())
    }

    fn children(
        &self,
        places: &[Place],
        psychologists: &[Psychologist],
        seed: u64,
    ) -> Result<Vec<Entrusted>, SeedError> {
        let mut dice = Dice::new(!seed);
        let drawn: Vec<(u32, ChildEntry)> =
            (0..self.size.children).map(|n| (n, self.draw_child(&mut dice, places, n))).collect();
        let mut all = Vec::with_capacity(drawn.len());
        for part in drawn.chunks(AT_ONCE) {
            all.extend(self.stage.write(|tx| {
                let mut made = Vec::with_capacity(part.len());
                for (n, entry) in part {
                    let (programme, psychologist) = place_of(*n, self.size);
                    let (place, psychologist) = (&places[programme as usize], psychologist as usize);
                    let child = self.enter(tx, place, entry)?;
                    self.entrust(tx, place, child, psychologists[psychologist])?;
                    made.push(Entrusted { child, programme: place.programme, psychologist });
                }
                Ok(made)
            })?);
        }
        Ok(all)
    }

    fn draw_child(&self, dice: &mut Dice, places: &[Place], n: u32) -> ChildEntry {
        let place = &places[place_of(n, self.size).0 as usize];
        let months = 36 + dice.under(132) as u32;
        ChildEntry {
            identity: ChildIdentity {
                first_name: dice.one_of(&FIRST_NAMES).to_owned(),
                last_name: format!("{}-{:05}", dice.one_of(&LAST_NAMES), n + 1),
                born_on: self.stage.start - Months::new(months),
                school: Some("École des Mesures".to_owned()),
            },
            gender: dice.one_of(&[Gender::Girl, Gender::Boy, Gender::Unspecified]),
            neighbourhood_id: place.neighbourhood,
            referent_id: n.is_multiple_of(3).then_some(place.referent),
            followed_since: self.stage.start,
        }
    }

    fn enter(&self, tx: &mut Tx<'_>, place: &Place, entry: &ChildEntry) -> Result<ChildId, Failure<Stop>> {
        let app = &self.stage.app;
        let guardian = GuardianContact {
            name: format!("Parent {}", entry.identity.last_name),
            relation: "mère".to_owned(),
            phone: Some("06 00 00 00 00".to_owned()),
            email: None,
        };
        let (who, programme) = (&place.coordinator, place.programme);
        create_child::create(tx, &app.vault, &app.clock, who, programme, entry, &[guardian]).map_err(stop)
    }

    /// As many hours as a referral grants, from the first day to the last that is planned and beyond.
    fn entrust(
        &self,
        tx: &mut Tx<'_>,
        place: &Place,
        child: ChildId,
        psychologist: Psychologist,
    ) -> Result<(), Failure<Stop>> {
        let app = &self.stage.app;
        let who = &place.coordinator;
        let known = look_up::load_for(tx, &app.vault, who, child)?;
        let consents: Vec<GivenConsent> = look_up::guardians(tx, &app.vault, &known)?
            .into_iter()
            .map(|guardian| GivenConsent { guardian: guardian.id, given_on: self.stage.start })
            .collect();
        let period = Period { from: self.stage.start, until: self.stage.today + chrono::Days::new(60) };
        let grant = Grant { psychologist: psychologist.id, minutes: REFERRAL, period, origin: Origin::default() };
        refer::refer(tx, &app.vault, &app.clock, who, child, grant, &consents).map(drop).map_err(stop)
    }
}

fn person(role: Role, mailbox: &str, n: u32, programme: Option<ProgrammeId>) -> NewAccount {
    NewAccount {
        email: format!("{mailbox}.{n:04}@mesure.example"),
        display_name: format!("{} Exemple-{n:04}", FIRST_NAMES[n as usize % FIRST_NAMES.len()]),
        roles: vec![RoleIn { role, programme }],
    }
}

/// A billing identity whose check digits are right and whose numbers nobody holds.
fn identity(n: u32, name: &str) -> BillingIdentity {
    let siren = with_luhn(&format!("0000{n:04}"));
    let iban = (0..100).map(|check| format!("FR{check:02}{:023}", n)).find(|iban| is_iban(iban));
    BillingIdentity {
        legal_name: format!("{name} (EI)"),
        siret: with_luhn(&format!("{siren}0001")),
        rpps: Some(with_luhn(&format!("000000{n:04}"))),
        adeli: None,
        vat_number: None,
        iban: iban.unwrap_or_default(),
        bic: None,
        street: "1 rue des Mesures".to_owned(),
        postcode: "21000".to_owned(),
        city: "Dijon".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_psychologist_has_a_right_identity_of_their_own() {
        let all: Vec<BillingIdentity> = (1..=300).map(|n| identity(n, "Lou Exemple")).collect();
        assert!(all.iter().all(|one| one.flaws(true).is_empty()), "{:?}", all[0].flaws(true));
        let sirets: std::collections::BTreeSet<_> = all.iter().map(|one| &one.siret).collect();
        assert_eq!(sirets.len(), 300);
    }
}
