//! What each address is about, and what each role may see of it: `domain.md`, "Roles, and what each may see".

use psypre::accounts::Role;
use psypre::services;
use psypre::sessions::Phase;

/// What a parameter of an address names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Thing {
    Child,
    Guardian,
    Referral,
    /// A request for a session that waits.
    Request,
    /// A family's request about its data.
    DataRequest,
    /// A session that stands there.
    Session(Phase),
    /// A service that stands there.
    Service(services::Phase),
    Opening,
    Leave,
    Invoice,
    /// A call for funds.
    FundingCall,
    FundingReceipt,
    Convention,
    /// A convention that is being prepared, and a part of it.
    Draft,
    DraftPart,
    /// An amendment of the convention.
    Amendment,
    /// Another person's account.
    Account,
    /// A psychologist as a party: how they bill.
    Psychologist,
    /// A bearer token: the caller's, or somebody else's.
    Token,
    /// A sign-in: another one of the caller's, or somebody else's.
    SignIn,
    /// A passkey: the caller's, or somebody else's.
    Passkey,
    /// A coordinator's substitute: of their programmes, or the referent's own turn.
    Substitution,
    /// The link of a mail: whoever holds it may open it.
    Invitation,
    /// The link of a mail by which another password is chosen: whoever holds it may open it.
    Forgotten,
    /// A calendar feed: whoever holds its address reads it.
    Feed,
    /// A file of the frontend.
    Asset,
    /// A month as a file.
    Export,
    /// A budget year: as each role reads its report.
    Report,
    /// A file of it.
    ReportFile,
    /// A file of an invoice: as visible as the invoice.
    File,
    /// The instant of a press: each coordinator undoes at it what they approved themselves.
    Press,
}

/// Which things of a kind are a role's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sees {
    /// None.
    Nothing,
    /// Those of their own account.
    Own,
    /// A psychologist's own work.
    OwnWork,
    /// Those of their programmes.
    OwnProgrammes,
    /// Those of the children whom they follow.
    Followed,
    /// All.
    All,
}

/// A thing, from where the callers of the scene stand. [`super::scene`] makes one of each kind in each place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// Of the coordinator's programme, of the psychologist, followed by the referent.
    Own,
    /// The same, but followed by another referent.
    SameProgramme,
    /// Of another programme, of the psychologist.
    OtherProgramme,
    /// Of the coordinator's programme, of another psychologist, followed by the referent.
    OtherPsychologist,
    /// It does not exist.
    Absent,
}

impl Place {
    pub const ALL: [Self; 5] =
        [Self::Absent, Self::Own, Self::SameProgramme, Self::OtherProgramme, Self::OtherPsychologist];
}

/// What a role may see of a kind of thing.
#[rustfmt::skip]
pub fn sees(role: Role, thing: Thing) -> Sees {
    use Role::{Accountant, Administrator, Auditor, Coordinator, Psychologist, Referent};
    use Sees::{All, Followed, Nothing, Own, OwnProgrammes, OwnWork};
    let [psychologist, coordinator, referent, administrator, accountant, auditor] = match thing {
        //                                              psychologist coordinator    referent  administrator accountant auditor
        Thing::Child | Thing::Guardian | Thing::Referral => [OwnWork, OwnProgrammes, Followed, Nothing,      Nothing,   Nothing],
        Thing::Request                                   => [OwnWork, OwnProgrammes, Followed, Nothing,      Nothing,   Nothing],
        Thing::DataRequest                               => [Nothing, OwnProgrammes, Nothing,  Nothing,      Nothing,   All],
        Thing::Session(_)                                => [OwnWork, OwnProgrammes, Nothing,  Nothing,      Nothing,   Nothing],
        Thing::Service(_)                                => [OwnWork, Nothing,       Nothing,  All,          Nothing,   Nothing],
        Thing::Opening | Thing::Leave                    => [OwnWork, Nothing,       Nothing,  Nothing,      Nothing,   Nothing],
        Thing::Export                                    => [Nothing, Nothing,       Nothing,  Nothing,      All,       Nothing],
        Thing::Report | Thing::ReportFile                => [Nothing, All,           Nothing,  All,          All,       Nothing],
        Thing::Press                                     => [Nothing, All,           Nothing,  All,          Nothing,   Nothing],
        Thing::Substitution                              => [Nothing, OwnProgrammes, Followed, Nothing,      Nothing,   Nothing],
        Thing::Invoice                                   => [OwnWork, Nothing,       Nothing,  Nothing,      All,       Nothing],
        Thing::FundingCall | Thing::FundingReceipt       => [Nothing, Nothing,       Nothing,  All,          All,       Nothing],
        Thing::Convention | Thing::Account | Thing::Amendment | Thing::Draft | Thing::DraftPart => [Nothing, Nothing,       Nothing,  All,          Nothing,   Nothing],
        Thing::Psychologist                              => [OwnWork, Nothing,       Nothing,  All,          Nothing,   Nothing],
        Thing::Token | Thing::SignIn | Thing::Passkey    => [Own,     Own,           Own,      Own,          Own,       Own],
        Thing::Feed                                      => [All,     All,           All,      All,          All,       All],
        Thing::Forgotten                                 => [All,     All,           All,      All,          All,       All],
        Thing::Invitation | Thing::Asset | Thing::File   => [All,     All,           All,      All,          All,       All],
    };
    match role {
        Psychologist => psychologist,
        Coordinator => coordinator,
        Referent => referent,
        Administrator => administrator,
        Accountant => accountant,
        Auditor => auditor,
    }
}

impl Sees {
    /// Whether what stands in a place is seen.
    pub fn holds(self, place: Place) -> bool {
        let among = |places: &[Place]| places.contains(&place);
        match self {
            Self::Nothing => false,
            Self::Own => among(&[Place::Own]),
            Self::OwnWork => among(&[Place::Own, Place::SameProgramme, Place::OtherProgramme]),
            Self::OwnProgrammes => among(&[Place::Own, Place::SameProgramme, Place::OtherPsychologist]),
            Self::Followed => among(&[Place::Own, Place::OtherPsychologist]),
            Self::All => place != Place::Absent,
        }
    }
}

/// What the parameters of each address name, in order. A route with parameters that is not here fails the test.
pub const THINGS: &[(&str, &[Thing])] = &[
    ("/static/{path:.*}", &[Thing::Asset]),
    ("/invitation/{token}", &[Thing::Invitation]),
    ("/mot-de-passe-oublie/{token}", &[Thing::Forgotten]),
    ("/invitation/{token}/proconnect", &[Thing::Invitation]),
    ("/agenda/{token}.ics", &[Thing::Feed]),
    ("/mon-compte/jetons/{id}/revocation", &[Thing::Token]),
    ("/mon-compte/connexions/{id}/fin", &[Thing::SignIn]),
    ("/mon-compte/cles/{id}", &[Thing::Passkey]),
    ("/mon-compte/cles/{id}/retrait", &[Thing::Passkey]),
    ("/comptes/{id}/second-facteur/retrait", &[Thing::Account]),
    ("/comptes/{id}", &[Thing::Account]),
    ("/comptes/{id}/invitation", &[Thing::Account]),
    ("/comptes/{id}/invitation/annulation", &[Thing::Account]),
    ("/comptes/{id}/roles", &[Thing::Account]),
    ("/comptes/{id}/roles/retrait", &[Thing::Account]),
    ("/comptes/{id}/desactivation", &[Thing::Account]),
    ("/comptes/{id}/reactivation", &[Thing::Account]),
    ("/convention/{convention}/acheteur", &[Thing::Convention]),
    ("/convention/{convention}/tarifs", &[Thing::Convention]),
    ("/convention/{convention}/reouverture", &[Thing::Convention]),
    ("/convention/{convention}/convention.toml", &[Thing::Convention]),
    ("/api/v1/conventions/{convention}/convention.toml", &[Thing::Convention]),
    ("/api/v1/convention-drafts/{draft}", &[Thing::Draft]),
    ("/api/v1/convention-drafts/{draft}/convention.toml", &[Thing::Draft]),
    ("/api/v1/convention-drafts/{draft}/changes", &[Thing::Draft]),
    ("/api/v1/convention-drafts/{draft}/signature", &[Thing::Draft]),
    ("/api/v1/convention-drafts/{draft}/removal", &[Thing::Draft]),
    ("/convention/brouillons/{draft}.toml", &[Thing::Draft]),
    ("/convention/brouillons/{draft}", &[Thing::Draft]),
    ("/convention/brouillons/{draft}/signature", &[Thing::Draft]),
    ("/convention/brouillons/{draft}/suppression", &[Thing::Draft]),
    ("/convention/brouillons/{draft}/contenu/{part}", &[Thing::Draft, Thing::DraftPart]),
    ("/convention/{convention}/avenants/nouveau", &[Thing::Convention]),
    ("/convention/{convention}/avenants", &[Thing::Convention]),
    ("/convention/{convention}/transfert", &[Thing::Convention]),
    ("/avenants/{amendment}", &[Thing::Amendment]),
    ("/api/v1/conventions/{convention}/amendments", &[Thing::Convention]),
    ("/api/v1/conventions/{convention}/transfers", &[Thing::Convention]),
    ("/enfants/{child}", &[Thing::Child]),
    ("/enfants/{child}/modification", &[Thing::Child]),
    ("/enfants/{child}/consultations", &[Thing::Child]),
    ("/enfants/{child}/conservation", &[Thing::Child]),
    ("/api/v1/children/{child}/retention-extensions", &[Thing::Child]),
    ("/api/v1/children/{child}/readings", &[Thing::Child]),
    ("/enfants/{child}/cloture", &[Thing::Child]),
    ("/enfants/{child}/reouverture", &[Thing::Child]),
    ("/enfants/{child}/responsables", &[Thing::Child]),
    ("/enfants/{child}/responsables/{guardian}", &[Thing::Child, Thing::Guardian]),
    ("/enfants/{child}/responsables/{guardian}/rappels", &[Thing::Child, Thing::Guardian]),
    ("/api/v1/children/{child}/guardians/{guardian}/reminders", &[Thing::Child, Thing::Guardian]),
    ("/enfants/{child}/orientation", &[Thing::Child]),
    ("/api/v1/children/{child}", &[Thing::Child]),
    ("/api/v1/referrals/{referral}/consents", &[Thing::Referral]),
    ("/seances/{session}", &[Thing::Session(Phase::Recorded)]),
    ("/seances/{session}/presence", &[Thing::Session(Phase::Booked)]),
    ("/seances/{session}/saisie/annulation", &[Thing::Session(Phase::Recorded)]),
    ("/seances/{session}/correction", &[Thing::Session(Phase::Refused)]),
    ("/seances/{session}/annulation", &[Thing::Session(Phase::Booked)]),
    ("/seances/{session}/annulation/suite", &[Thing::Session(Phase::Booked)]),
    ("/seances/{session}/retablissement", &[Thing::Session(Phase::Booked)]),
    ("/seances/{session}/deplacement", &[Thing::Session(Phase::Booked)]),
    ("/seances/{session}/deplacement/annulation", &[Thing::Session(Phase::Booked)]),
    ("/seances/{session}/place", &[Thing::Session(Phase::Booked)]),
    ("/seances/{session}/plus-tot", &[Thing::Session(Phase::Booked)]),
    ("/seances/{session}/validation", &[Thing::Session(Phase::Recorded)]),
    ("/seances/{session}/refus", &[Thing::Session(Phase::Recorded)]),
    ("/seances/{session}/retrait", &[Thing::Session(Phase::Approved)]),
    ("/validations/remplacements/{substitution}/fin", &[Thing::Substitution]),
    ("/api/v1/substitutions/{substitution}/end", &[Thing::Substitution]),
    ("/validations/annulation/{instant}", &[Thing::Press]),
    ("/api/v1/sessions/{session}/record", &[Thing::Session(Phase::Booked)]),
    ("/api/v1/sessions/{session}/correction", &[Thing::Session(Phase::Refused)]),
    ("/api/v1/sessions/{session}/cancellation", &[Thing::Session(Phase::Booked)]),
    ("/api/v1/sessions/{session}/move", &[Thing::Session(Phase::Booked)]),
    ("/api/v1/sessions/{session}/restoration", &[Thing::Session(Phase::Booked)]),
    ("/api/v1/sessions/{session}/earlier", &[Thing::Session(Phase::Booked)]),
    ("/api/v1/sessions/{session}/approval", &[Thing::Session(Phase::Recorded)]),
    ("/api/v1/sessions/{session}/refusal", &[Thing::Session(Phase::Recorded)]),
    ("/api/v1/sessions/{session}/approval-withdrawal", &[Thing::Session(Phase::Approved)]),
    ("/prestations/validations/annulation/{instant}", &[Thing::Press]),
    ("/prestations/{service}", &[Thing::Service(services::Phase::Recorded)]),
    ("/prestations/{service}/correction", &[Thing::Service(services::Phase::Refused)]),
    ("/prestations/{service}/abandon", &[Thing::Service(services::Phase::Refused)]),
    ("/prestations/{service}/validation", &[Thing::Service(services::Phase::Recorded)]),
    ("/prestations/{service}/refus", &[Thing::Service(services::Phase::Recorded)]),
    ("/prestations/{service}/retrait", &[Thing::Service(services::Phase::Approved)]),
    ("/api/v1/services/{service}", &[Thing::Service(services::Phase::Recorded)]),
    ("/api/v1/services/{service}/correction", &[Thing::Service(services::Phase::Refused)]),
    ("/api/v1/services/{service}/giving-up", &[Thing::Service(services::Phase::Refused)]),
    ("/api/v1/services/{service}/approval", &[Thing::Service(services::Phase::Recorded)]),
    ("/api/v1/services/{service}/refusal", &[Thing::Service(services::Phase::Recorded)]),
    ("/api/v1/services/{service}/approval-withdrawal", &[Thing::Service(services::Phase::Approved)]),
    ("/permanences/absences/{leave}/retrait", &[Thing::Leave]),
    ("/permanences/{opening}", &[Thing::Opening]),
    ("/permanences/{opening}/modification", &[Thing::Opening]),
    ("/permanences/{opening}/fermeture", &[Thing::Opening]),
    ("/permanences/{opening}/retrait", &[Thing::Opening]),
    ("/permanences/{opening}/retablissement", &[Thing::Opening]),
    ("/api/v1/openings/{opening}/change", &[Thing::Opening]),
    ("/api/v1/openings/{opening}/closing", &[Thing::Opening]),
    ("/api/v1/openings/{opening}/removal", &[Thing::Opening]),
    ("/api/v1/openings/{opening}/restoration", &[Thing::Opening]),
    ("/api/v1/leaves/{leave}/withdrawal", &[Thing::Leave]),
    ("/psychologues/{psychologist}", &[Thing::Psychologist]),
    ("/factures/{invoice}", &[Thing::Invoice]),
    ("/factures/{invoice}/fichiers/{file}", &[Thing::Invoice, Thing::File]),
    ("/factures/{invoice}/avoir", &[Thing::Invoice]),
    ("/factures/{invoice}/reemission", &[Thing::Invoice]),
    ("/factures/{invoice}/depot", &[Thing::Invoice]),
    ("/factures/{invoice}/rejet", &[Thing::Invoice]),
    ("/factures/{invoice}/mandatement", &[Thing::Invoice]),
    ("/factures/{invoice}/paiement", &[Thing::Invoice]),
    ("/api/v1/invoices/{invoice}", &[Thing::Invoice]),
    ("/api/v1/invoices/{invoice}/{file}", &[Thing::Invoice, Thing::File]),
    ("/api/v1/invoices/{invoice}/deposit", &[Thing::Invoice]),
    ("/api/v1/invoices/{invoice}/rejection", &[Thing::Invoice]),
    ("/api/v1/invoices/{invoice}/payment-order", &[Thing::Invoice]),
    ("/api/v1/invoices/{invoice}/payment", &[Thing::Invoice]),
    ("/api/v1/invoices/{invoice}/credit-note", &[Thing::Invoice]),
    ("/exports/{file}", &[Thing::Export]),
    ("/bilan/{file}", &[Thing::ReportFile]),
    ("/api/v1/reports/{year}", &[Thing::Report]),
    ("/demandes/{request}/refus", &[Thing::Request]),
    ("/demandes/{request}/retrait", &[Thing::Request]),
    ("/api/v1/requests/{request}/refusal", &[Thing::Request]),
    ("/api/v1/requests/{request}/withdrawal", &[Thing::Request]),
    ("/appels-de-fonds/{call}", &[Thing::FundingCall]),
    ("/appels-de-fonds/{call}/lettre.pdf", &[Thing::FundingCall]),
    ("/appels-de-fonds/{call}/envoi", &[Thing::FundingCall]),
    ("/appels-de-fonds/{call}/versements", &[Thing::FundingCall]),
    ("/api/v1/funding-calls/{call}/sending", &[Thing::FundingCall]),
    ("/api/v1/funding-calls/{call}/receipts", &[Thing::FundingCall]),
    ("/api/v1/funding-calls/{call}/letter.pdf", &[Thing::FundingCall]),
    ("/appels-de-fonds/versements/{receipt}/annulation", &[Thing::FundingReceipt]),
    ("/api/v1/funding-receipts/{receipt}/reversal", &[Thing::FundingReceipt]),
    ("/droits/{request}", &[Thing::DataRequest]),
    ("/droits/{request}/enfant", &[Thing::DataRequest]),
    ("/droits/{request}/reponse", &[Thing::DataRequest]),
    ("/droits/{request}/refus", &[Thing::DataRequest]),
    ("/droits/{request}/donnees.json", &[Thing::DataRequest]),
    ("/droits/{request}/donnees.pdf", &[Thing::DataRequest]),
    ("/api/v1/data-requests/{request}/child", &[Thing::DataRequest]),
    ("/api/v1/data-requests/{request}/answer", &[Thing::DataRequest]),
    ("/api/v1/data-requests/{request}/refusal", &[Thing::DataRequest]),
    ("/orientations/{referral}", &[Thing::Referral]),
    ("/orientations/{referral}/modification", &[Thing::Referral]),
    ("/orientations/{referral}/consentements", &[Thing::Referral]),
];

/// What a POST must carry to be read at all, where an empty body would hide who may ask: `key=value&…`, or JSON.
/// `<guardian>` and `<convention>` stand for those in the place asked.
pub const BODIES: &[(&str, &str)] = &[
    ("/droits/{request}/refus", "reason=identity"),
    ("/api/v1/data-requests", r#"{"kind": "access", "child": "ZZZ-2026-0001", "received_on": "2026-11-20"}"#),
    ("/api/v1/data-requests/{request}/child", r#"{"child": "CHE-2026-0001"}"#),
    ("/api/v1/data-requests/{request}/refusal", r#"{"reason": "identity"}"#),
    ("/api/v1/children/{child}/retention-extensions", r#"{"until_on": "2026-11-20", "reason": "duty"}"#),
    ("/comptes/{id}/roles/retrait", "role=accountant"),
    ("/seances/{session}/presence", "attendance=held"),
    ("/seances/{session}/refus", "reason=Une autre durée"),
    ("/seances/{session}/retrait", "reason=Une autre durée"),
    ("/api/v1/sessions/{session}/record", r#"{"attendance": "held"}"#),
    (
        "/api/v1/sessions/{session}/move",
        r#"{"session_on": "2026-12-03", "starts_at": "16:00:00", "duration_minutes": 45}"#,
    ),
    ("/api/v1/sessions/{session}/earlier", r#"{"wanted": true}"#),
    ("/demandes/{request}/refus", "reason=no_place"),
    ("/api/v1/requests/{request}/refusal", r#"{"reason": "no_place"}"#),
    (
        "/api/v1/sessions/{session}/correction",
        r#"{"attendance": "held", "session_on": "2026-11-05", "starts_at": "09:00:00", "duration_minutes": 45}"#,
    ),
    ("/api/v1/sessions/{session}/refusal", r#"{"reason": "Une autre durée"}"#),
    ("/api/v1/sessions/{session}/approval-withdrawal", r#"{"reason": "Une autre durée"}"#),
    ("/prestations/{service}/refus", "reason=Une autre durée"),
    ("/prestations/{service}/retrait", "reason=Une autre durée"),
    (
        "/api/v1/services/{service}/correction",
        r#"{"service": "practice_analysis", "service_on": "2026-11-01", "starts_at": "20:00:00", "duration_minutes": 15,
            "place": "Salle des exemples", "participants": 8, "label": "Groupe des référents"}"#,
    ),
    ("/api/v1/services/{service}/refusal", r#"{"reason": "Une autre durée"}"#),
    ("/api/v1/services/{service}/approval-withdrawal", r#"{"reason": "Une autre durée"}"#),
    ("/api/v1/invoices/{invoice}/deposit", r#"{"on": "2026-11-20"}"#),
    ("/api/v1/invoices/{invoice}/rejection", r#"{"reason": "Une référence manque"}"#),
    ("/api/v1/invoices/{invoice}/payment-order", r#"{"on": "2026-11-20"}"#),
    ("/api/v1/invoices/{invoice}/payment", r#"{"on": "2026-11-20"}"#),
    (
        "/api/v1/openings/{opening}/change",
        r#"{"place": "Salle 1", "rhythm": "once", "starts_on": "2026-11-10", "starts_at": "20:00:00", "ends_at": "20:15:00"}"#,
    ),
    ("/permanences/{opening}/retrait", "on=2026-11-10"),
    ("/permanences/{opening}/retablissement", "on=2026-11-10"),
    ("/api/v1/openings/{opening}/removal", r#"{"on": "2026-11-10"}"#),
    ("/api/v1/openings/{opening}/restoration", r#"{"on": "2026-11-10"}"#),
    (
        "/api/v1/conventions/{convention}/amendments",
        r#"{"changes": [], "signed_on": "2026-11-20", "reason": "Une autre durée"}"#,
    ),
    ("/api/v1/convention-drafts/{draft}/changes", r#"{"version": 1}"#),
    ("/api/v1/convention-drafts/{draft}/removal", r#"{"version": 0}"#),
    ("/api/v1/convention-drafts/{draft}/signature", r#"{"version": 0, "signed_on": "2026-11-20"}"#),
    (
        "/api/v1/conventions/{convention}/transfers",
        r#"{"budget_year_id": "<year>", "from_programme_id": "<programme>", "to_programme_id": "<programme>",
            "minutes": 60, "signed_on": "2026-11-20", "reason": "Une autre durée"}"#,
    ),
    ("/appels-de-fonds", "budget_year=<year>"),
    ("/api/v1/funding-calls", r#"{"budget_year_id": "<year>"}"#),
    ("/api/v1/funding-calls/{call}/sending", r#"{"to": "ccas@example.org", "amount_cents": 1}"#),
    ("/api/v1/funding-calls/{call}/receipts", r#"{"received_on": "2026-11-20", "amount_cents": 1}"#),
    ("/api/v1/funding-receipts/{receipt}/reversal", r#"{"reason": "Une erreur"}"#),
    ("/factures", "mois=2026-11&convention=<convention>"),
    ("/api/v1/referrals/{referral}/consents", r#"{"guardian_id": "<guardian>", "given_on": "2026-11-20"}"#),
];

/// What a GET must ask beside its address, to be answered at all.
pub const QUERIES: &[(&str, &str)] = &[
    ("/api/v1/exports/invoices", "month=2026-10&format=csv"),
    ("/api/v1/openings/places", "from=2026-11-23&until=2026-11-29"),
    ("/api/v1/invoices/preview", "month=2026-11"),
    ("/api/v1/retention", "until=2099-12-31"),
    ("/appels-de-fonds/export", "exercice=<year>&format=csv"),
    ("/factures/emission", "mois=2026-11&convention=<convention>"),
];

/// What addresses are told of beside their path, in the query of a GET or the body of a POST: `<id>` names the thing.
/// Here too, what is not theirs is answered as what does not exist.
pub const BESIDE: &[(&str, &str, Thing, &str)] = &[
    ("GET", "/api/v1/referrals", Thing::Child, "child=<id>"),
    ("GET", "/api/v1/sessions", Thing::Child, "child_id=<id>"),
    (
        "POST",
        "/api/v1/referrals",
        Thing::Child,
        r#"{"child_id": "<id>", "psychologist_id": "<psychologist>", "minutes": 60, "starts_on": "2027-01-04",
            "ends_on": "2027-02-04", "consents": []}"#,
    ),
    (
        "POST",
        "/api/v1/sessions",
        Thing::Child,
        r#"{"child_id": "<id>", "attendance": "held", "session_on": "2026-11-12", "starts_at": "16:00:00",
            "duration_minutes": 45}"#,
    ),
    (
        "POST",
        "/api/v1/bookings",
        Thing::Child,
        r#"{"child_id": "<id>", "psychologist_id": "<psychologist>", "session_on": "2026-11-26",
            "starts_at": "16:00:00", "duration_minutes": 45}"#,
    ),
    (
        "POST",
        "/seances/saisie",
        Thing::Child,
        "child=<id>&session_on=2026-11-13&starts_at=16:00&duration=45 min&attendance=held",
    ),
    (
        "POST",
        "/seances/reservation",
        Thing::Child,
        "child=<id>%2B<psychologist>&session_on=2026-11-27&starts_at=16:00&duration=45 min",
    ),
    (
        "POST",
        "/api/v1/requests",
        Thing::Child,
        r#"{"child_id": "<id>", "duration_minutes": 45, "from_on": "2026-12-01"}"#,
    ),
    ("POST", "/demandes/nouvelle", Thing::Child, "child=<id>&duration=45 min&from_on=2026-12-01&moment=any&wish=none"),
    ("POST", "/validations", Thing::Session(Phase::Recorded), "session=<id>"),
    ("POST", "/api/v1/approvals", Thing::Session(Phase::Recorded), r#"{"session_ids": ["<id>"]}"#),
    ("POST", "/prestations/validations", Thing::Service(services::Phase::Recorded), "service=<id>"),
    ("POST", "/api/v1/service-approvals", Thing::Service(services::Phase::Recorded), r#"{"service_ids": ["<id>"]}"#),
];

/// What is configured before it exists: `tests/proconnect.rs` tells who may ask it then.
pub const OFF_BY_DEFAULT: &[&str] = &[
    "/connexion/proconnect",
    "/connexion/proconnect/retour",
    "/deconnexion/proconnect",
    "/deconnexion/proconnect/retour",
    "/invitation/{token}/proconnect",
    "/mon-compte/proconnect",
    "/mon-compte/proconnect/retrait",
];

/// Pages of developers: they exist in the demonstration only.
pub const ONLY_IN_THE_DEMONSTRATION: &[&str] = &["/_composants"];
