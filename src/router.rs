//! Every address, its method, who may ask it, and its handler: one page that lists them all.
//!
//! The roles written here are what `tests/access.rs` holds the handlers to; a route that its table does not know fails
//! the build.

use std::collections::BTreeMap;

use actix_web::guard;
use actix_web::http::header::ALLOW;
use actix_web::web::{self as actix, ServiceConfig};
use actix_web::{HttpResponse, Resource};

use crate::accounts::Role;
use crate::services;
use crate::{
    accounts, agenda, amendments, audit, budgets, children, convention_drafts, conventions, data_requests, exports,
    funding_calls, invoices, openings, privacy, proconnect, psychologists, quotas, reports, requests, sessions, site,
    substitutions, web,
};

/// Who may ask an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// Whoever asks.
    Anyone,
    /// Whoever has proved one thing of two.
    Halfway,
    /// Whoever is signed in.
    SignedIn,
    /// Whoever holds one of these roles.
    Roles(&'static [Role]),
}

/// An address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    /// `GET` or `POST`.
    pub method: &'static str,
    /// The path, with its `{parameters}`.
    pub path: &'static str,
    /// Who may ask it.
    pub audience: Audience,
}

/// What answers at a path.
#[derive(Default)]
struct Address {
    routes: Vec<actix_web::Route>,
    methods: Vec<&'static str>,
}

impl Address {
    fn answers(&mut self, method: &'static str, route: actix_web::Route) {
        self.routes.push(route);
        self.methods.push(if method == "GET" { "GET, HEAD" } else { method });
    }

    /// Any other method is not allowed, whoever asks.
    fn resource(self, path: &str) -> Resource {
        let allowed = self.methods.join(", ");
        let refuse = move || {
            let allowed = allowed.clone();
            async move { HttpResponse::MethodNotAllowed().insert_header((ALLOW, allowed)).finish() }
        };
        let resource = Resource::new(path).default_service(actix::to(refuse));
        self.routes.into_iter().fold(resource, Resource::route)
    }
}

/// Writes the table and the configuration from the same lines.
macro_rules! routes {
    ($($method:ident $path:literal [$($audience:tt)+] $handler:path;)+) => {
        /// Every address of the application.
        pub const ROUTES: &[Route] = &[$(Route {
            method: stringify!($method),
            path: $path,
            audience: routes!(@audience $($audience)+),
        }),+];

        /// Gives every address its handler.
        pub fn configure(config: &mut ServiceConfig) {
            // a name comes before a parameter in its place, and what goes on before what ends: `{`, then `~`, sort last
            let mut paths: BTreeMap<&'static str, Address> = BTreeMap::new();
            $(paths
                .entry(concat!($path, "~"))
                .or_default()
                .answers(stringify!($method), routes!(@method $method).to($handler));)+
            for (path, address) in paths {
                config.service(address.resource(path.trim_end_matches('~')));
            }
        }
    };
    (@audience anyone) => { Audience::Anyone };
    (@audience halfway) => { Audience::Halfway };
    (@audience signed in) => { Audience::SignedIn };
    (@audience $($role:ident),+) => { Audience::Roles(&[$(Role::$role),+]) };
    (@method GET) => { actix::route().guard(guard::Any(guard::Get()).or(guard::Head())) };
    (@method POST) => { actix::post() };
}

routes! {
    // the program itself
    GET "/healthz" [anyone] crate::health::show_health;
    GET "/readyz" [anyone] crate::health::show_readiness;
    GET "/metrics" [anyone] crate::health::show_metrics;
    GET "/static/{path:.*}" [anyone] web::assets::serve;

    // what the law asks for, and help
    GET "/accessibilite" [anyone] site::pages::show_accessibility;
    GET "/mentions-legales" [anyone] site::pages::show_legal;
    GET "/donnees-personnelles" [anyone] site::pages::show_privacy;
    GET "/aide" [anyone] site::pages::show_help;
    GET "/_composants" [anyone] site::pages::show_components;

    // the journal, and the API's own description
    GET "/journal" [Auditor, Administrator] audit::pages::list_entries;
    POST "/journal/verification" [Auditor, Administrator] audit::pages::create_verification;
    GET "/api/v1/audit" [Auditor, Administrator] audit::api::list_audit;
    GET "/consultations" [Auditor] privacy::pages_readings::list_readings;
    GET "/consultations/export" [Auditor] privacy::pages_readings::show_file;
    GET "/api/v1/readings" [Auditor] privacy::api::list_readings;
    GET "/enfants/{child}/consultations" [Coordinator] privacy::pages_readings::list_readings_of_child;
    GET "/api/v1/children/{child}/readings" [Coordinator] privacy::api::list_readings_of_child;
    GET "/api/v1/openapi.json" [anyone] crate::openapi::show_openapi;

    // accounts
    GET "/" [signed in] crate::home::show_home;
    GET "/connexion" [anyone] accounts::pages::show_sign_in;
    POST "/connexion" [anyone] accounts::pages::create_sign_in;
    GET "/connexion/code" [halfway] accounts::pages_second_step::show_code;
    POST "/connexion/code" [halfway] accounts::pages_second_step::create_code;
    GET "/connexion/second-facteur" [halfway] accounts::pages_second_step::show_first_factor;
    POST "/connexion/second-facteur" [halfway] accounts::pages_second_step::create_first_factor;
    POST "/connexion/cle" [halfway] accounts::pages_second_step::create_first_passkey;
    GET "/mot-de-passe-oublie" [anyone] accounts::pages_forgotten::show_forgotten;
    POST "/mot-de-passe-oublie" [anyone] accounts::pages_forgotten::create_link;
    GET "/mot-de-passe-oublie/{token}" [anyone] accounts::pages_forgotten::show_choice;
    POST "/mot-de-passe-oublie/{token}" [anyone] accounts::pages_forgotten::create_password;
    POST "/deconnexion" [signed in] accounts::pages::create_sign_out;
    GET "/connexion/proconnect" [anyone] proconnect::pages::show_start;
    GET "/connexion/proconnect/retour" [anyone] proconnect::pages::show_return;
    GET "/deconnexion/proconnect" [anyone] proconnect::pages_sign_out::show_sign_out;
    GET "/deconnexion/proconnect/retour" [anyone] proconnect::pages_sign_out::show_signed_out;
    GET "/invitation/{token}/proconnect" [anyone] proconnect::pages::show_invitation_start;
    GET "/mon-compte/proconnect" [signed in] proconnect::pages_own::show_own;
    POST "/mon-compte/proconnect" [signed in] proconnect::pages_own::create_link;
    POST "/mon-compte/proconnect/retrait" [signed in] proconnect::pages_own::create_unlinking;
    GET "/api/v1/me" [signed in] accounts::api::show_me;
    POST "/role" [signed in] accounts::pages::create_role_switch;
    GET "/invitation/{token}" [anyone] accounts::pages_invitation::show_invitation;
    POST "/invitation/{token}" [anyone] accounts::pages_invitation::create_password;
    GET "/mon-compte" [signed in] accounts::pages_own::show_own;
    POST "/mon-compte/nom" [signed in] accounts::pages_own::create_name;
    POST "/mon-compte/mot-de-passe" [signed in] accounts::pages_own::create_password;
    GET "/mon-compte/second-facteur" [signed in] accounts::pages_factor::show_factor;
    POST "/mon-compte/second-facteur" [signed in] accounts::pages_factor::create_factor;
    POST "/mon-compte/second-facteur/codes" [signed in] accounts::pages_factor::create_recovery_codes;
    GET "/mon-compte/second-facteur/retrait" [signed in] accounts::pages_passkeys::show_telephone_removal;
    POST "/mon-compte/second-facteur/retrait" [signed in] accounts::pages_passkeys::create_telephone_removal;
    GET "/mon-compte/cles/nouvelle" [signed in] accounts::pages_passkeys::show_new_passkey;
    POST "/mon-compte/cles/nouvelle" [signed in] accounts::pages_passkeys::create_passkey_request;
    GET "/mon-compte/cles/enregistrement" [signed in] accounts::pages_passkeys::show_recording;
    POST "/mon-compte/cles/enregistrement" [signed in] accounts::pages_passkeys::create_passkey;
    GET "/mon-compte/cles/{id}" [signed in] accounts::pages_passkeys::show_passkey_removal;
    POST "/mon-compte/cles/{id}/retrait" [signed in] accounts::pages_passkeys::create_passkey_removal;
    GET "/mon-compte/connexions" [signed in] accounts::pages_factor::list_sign_ins;
    POST "/mon-compte/connexions/{id}/fin" [signed in] accounts::pages_factor::create_sign_in_end;
    POST "/mon-compte/connexions/fin" [signed in] accounts::pages_factor::create_sign_ins_end;
    POST "/mon-compte/messages" [Coordinator] accounts::pages_own::create_messages_choice;
    GET "/mon-compte/calendrier" [Psychologist, Coordinator] accounts::pages_calendar::show_calendar;
    POST "/mon-compte/calendrier" [Psychologist, Coordinator] accounts::pages_calendar::create_feed;
    POST "/mon-compte/calendrier/retrait" [Psychologist, Coordinator] accounts::pages_calendar::create_feed_end;
    GET "/api/v1/me/calendar-feed" [Psychologist, Coordinator] accounts::api::show_calendar_feed;
    POST "/api/v1/me/calendar-feed" [Psychologist, Coordinator] accounts::api::create_calendar_feed;
    POST "/api/v1/me/calendar-feed/revocation" [Psychologist, Coordinator] accounts::api::create_calendar_feed_end;
    GET "/agenda/{token}.ics" [anyone] sessions::pages_feed::show_feed;
    POST "/mon-compte/jetons" [signed in] accounts::pages_own::create_token;
    POST "/mon-compte/jetons/{id}/revocation" [signed in] accounts::pages_own::create_token_revocation;
    GET "/comptes" [Administrator] accounts::pages_list::list_accounts;
    POST "/comptes" [Administrator] accounts::pages_list::create_account;
    GET "/comptes/invitation" [Administrator] accounts::pages_list::show_new_account;
    GET "/comptes/{id}" [Administrator] accounts::pages_list::show_account;
    POST "/comptes/{id}/invitation" [Administrator] accounts::pages_list::create_invitation;
    POST "/comptes/{id}/invitation/annulation" [Administrator] accounts::pages_list::create_invitation_withdrawal;
    POST "/comptes/{id}/roles" [Administrator] accounts::pages_list::create_role;
    POST "/comptes/{id}/roles/retrait" [Administrator] accounts::pages_list::create_role_withdrawal;
    POST "/comptes/{id}/second-facteur/retrait" [Administrator] accounts::pages_list::create_factor_reset;
    POST "/comptes/{id}/desactivation" [Administrator] accounts::pages_list::create_closing;
    POST "/comptes/{id}/reactivation" [Administrator] accounts::pages_list::create_opening;

    // sessions
    GET "/seances" [Psychologist, Coordinator] sessions::pages::list_sessions;
    GET "/seances/saisie" [Psychologist] sessions::pages_record::show_recording;
    POST "/seances/saisie" [Psychologist] sessions::pages_record::create_recording;
    GET "/seances/reservation" [Psychologist, Coordinator] sessions::pages_book::show_booking;
    POST "/seances/reservation" [Psychologist, Coordinator] sessions::pages_book::create_booking;
    GET "/seances/{session}" [Psychologist, Coordinator] sessions::pages_session::show_session;
    POST "/seances/{session}/presence" [Psychologist] sessions::pages_today::create_attendance;
    POST "/seances/{session}/saisie/annulation" [Psychologist] sessions::pages_today::create_recording_undone;
    GET "/seances/{session}/correction" [Psychologist] sessions::pages_record::show_correction;
    POST "/seances/{session}/correction" [Psychologist] sessions::pages_record::create_correction;
    POST "/seances/{session}/annulation" [Psychologist, Coordinator] sessions::pages_session::create_cancellation;
    POST "/seances/{session}/annulation/suite" [Psychologist, Coordinator] sessions::pages_session::create_cancellation_with_following;
    POST "/seances/{session}/retablissement" [Psychologist, Coordinator] sessions::pages_plan::create_restoration;
    GET "/seances/{session}/deplacement" [Psychologist, Coordinator] sessions::pages_plan::show_move;
    POST "/seances/{session}/deplacement" [Psychologist, Coordinator] sessions::pages_plan::create_move;
    POST "/seances/{session}/deplacement/annulation" [Psychologist, Coordinator] sessions::pages_plan::create_move_undone;
    GET "/seances/{session}/place" [Psychologist, Coordinator] sessions::pages_plan::show_place;
    POST "/seances/{session}/place" [Psychologist, Coordinator] sessions::pages_plan::create_place_taken;
    POST "/seances/{session}/plus-tot" [Psychologist, Coordinator] sessions::pages_plan::create_earlier_wish;
    POST "/seances/{session}/validation" [Coordinator] sessions::pages_session::create_approval;
    POST "/seances/{session}/refus" [Coordinator] sessions::pages_session::create_refusal;
    POST "/seances/{session}/retrait" [Coordinator] sessions::pages_session::create_withdrawal;
    GET "/validations" [Coordinator] sessions::pages_approvals::list_approvals;
    POST "/validations" [Coordinator] sessions::pages_approvals::create_approvals;
    GET "/validations/remplacements" [Coordinator, Referent] substitutions::pages::list_substitutions;
    POST "/validations/remplacements" [Coordinator] substitutions::pages::create_substitution;
    POST "/validations/remplacements/{substitution}/fin" [Coordinator, Referent] substitutions::pages::create_end;
    POST "/validations/annulation/{instant}" [Coordinator] sessions::pages_approvals::create_approvals_undone;
    GET "/api/v1/sessions" [Psychologist, Coordinator] sessions::api::list_sessions;
    POST "/api/v1/sessions" [Psychologist] sessions::api::create_session;
    POST "/api/v1/bookings" [Psychologist, Coordinator] sessions::api_planning::create_booking;
    POST "/api/v1/sessions/{session}/move" [Psychologist, Coordinator] sessions::api_planning::create_move;
    POST "/api/v1/sessions/{session}/restoration" [Psychologist, Coordinator] sessions::api_planning::create_restoration;
    POST "/api/v1/sessions/{session}/earlier" [Psychologist, Coordinator] sessions::api_planning::create_earlier_wish;
    POST "/api/v1/sessions/{session}/record" [Psychologist] sessions::api::create_record;
    POST "/api/v1/sessions/{session}/correction" [Psychologist] sessions::api::create_correction;
    POST "/api/v1/sessions/{session}/cancellation" [Psychologist, Coordinator] sessions::api_planning::create_cancellation;
    POST "/api/v1/sessions/{session}/approval" [Coordinator] sessions::api::create_approval;
    POST "/api/v1/sessions/{session}/refusal" [Coordinator] sessions::api::create_refusal;
    POST "/api/v1/sessions/{session}/approval-withdrawal" [Coordinator] sessions::api::create_withdrawal;
    GET "/api/v1/approvals" [Coordinator] sessions::api::list_approvals;
    POST "/api/v1/approvals" [Coordinator] sessions::api::create_approvals;

    GET "/api/v1/substitutions" [Coordinator, Referent] substitutions::api::list_substitutions;
    POST "/api/v1/substitutions" [Coordinator] substitutions::api::create_substitution;
    POST "/api/v1/substitutions/{substitution}/end" [Coordinator, Referent] substitutions::api::create_end;

    // services that are not a child's session
    GET "/prestations" [Psychologist, Administrator] services::pages::list_services;
    GET "/prestations/saisie" [Psychologist] services::pages_service::show_recording;
    POST "/prestations/saisie" [Psychologist] services::pages_service::create_recording;
    POST "/prestations/validations" [Administrator] services::pages::create_approvals;
    POST "/prestations/validations/annulation/{instant}" [Administrator] services::pages::create_approvals_undone;
    GET "/prestations/lignes" [Administrator] services::pages_lines::show_lines;
    POST "/prestations/lignes" [Administrator] services::pages_lines::create_line;
    GET "/prestations/{service}" [Psychologist, Administrator] services::pages_service::show_service;
    GET "/prestations/{service}/correction" [Psychologist] services::pages_service::show_correction;
    POST "/prestations/{service}/correction" [Psychologist] services::pages_service::create_correction;
    POST "/prestations/{service}/abandon" [Psychologist] services::pages_service::create_giving_up;
    POST "/prestations/{service}/validation" [Administrator] services::pages_service::create_approval;
    POST "/prestations/{service}/refus" [Administrator] services::pages_service::create_refusal;
    POST "/prestations/{service}/retrait" [Administrator] services::pages_service::create_withdrawal;
    GET "/api/v1/services" [Psychologist, Administrator] services::api::list_services;
    POST "/api/v1/services" [Psychologist] services::api::create_service;
    POST "/api/v1/service-approvals" [Administrator] services::api::create_approvals;
    GET "/api/v1/services/{service}" [Psychologist, Administrator] services::api::show_service;
    POST "/api/v1/services/{service}/correction" [Psychologist] services::api::create_correction;
    POST "/api/v1/services/{service}/giving-up" [Psychologist] services::api::create_giving_up;
    POST "/api/v1/services/{service}/approval" [Administrator] services::api::create_approval;
    POST "/api/v1/services/{service}/refusal" [Administrator] services::api::create_refusal;
    POST "/api/v1/services/{service}/approval-withdrawal" [Administrator] services::api::create_withdrawal;
    GET "/api/v1/budget-lines" [Administrator] services::api::list_lines;
    POST "/api/v1/budget-lines" [Administrator] services::api::create_line;

    // openings
    GET "/permanences" [Psychologist, Coordinator] openings::pages::list_openings;
    POST "/permanences/absences" [Psychologist] openings::pages::create_leave;
    POST "/permanences/absences/{leave}/retrait" [Psychologist] openings::pages::create_leave_withdrawal;
    GET "/permanences/nouvelle" [Psychologist] openings::pages::show_new_opening;
    POST "/permanences/nouvelle" [Psychologist] openings::pages::create_opening;
    GET "/permanences/{opening}" [Psychologist] openings::pages_opening::show_opening;
    POST "/permanences/{opening}/modification" [Psychologist] openings::pages_opening::create_change;
    POST "/permanences/{opening}/fermeture" [Psychologist] openings::pages_opening::create_closing;
    POST "/permanences/{opening}/retrait" [Psychologist] openings::pages_opening::create_removal;
    POST "/permanences/{opening}/retablissement" [Psychologist] openings::pages_opening::create_restoration;
    GET "/api/v1/openings" [Psychologist, Coordinator] openings::api::list_openings;
    POST "/api/v1/openings" [Psychologist] openings::api::create_opening;
    GET "/api/v1/openings/places" [Psychologist, Coordinator] openings::api::list_places;
    POST "/api/v1/openings/{opening}/change" [Psychologist] openings::api::create_change;
    POST "/api/v1/openings/{opening}/closing" [Psychologist] openings::api::create_closing;
    POST "/api/v1/openings/{opening}/removal" [Psychologist] openings::api::create_removal;
    POST "/api/v1/openings/{opening}/restoration" [Psychologist] openings::api::create_restoration;
    GET "/api/v1/leaves" [Psychologist] openings::api::list_leaves;
    POST "/api/v1/leaves" [Psychologist] openings::api::create_leave;
    POST "/api/v1/leaves/{leave}/withdrawal" [Psychologist] openings::api::create_leave_withdrawal;

    // the agenda
    GET "/agenda" [Psychologist, Coordinator] agenda::pages::show_agenda;

    // quotas
    GET "/api/v1/quotas" [Administrator, Coordinator, Psychologist] quotas::api::list_quotas;

    // the year at a glance
    GET "/annee" [Administrator, Coordinator, Psychologist] budgets::pages::show_year;
    GET "/api/v1/budgets" [Administrator, Coordinator, Psychologist] budgets::api::list_budgets;

    // conventions
    GET "/convention" [Administrator] conventions::pages::show_convention;
    GET "/convention/{convention}/acheteur" [Administrator] conventions::pages::show_buyer;
    POST "/convention/{convention}/acheteur" [Administrator] conventions::pages::create_buyer_change;
    GET "/convention/{convention}/tarifs" [Administrator] conventions::pages::show_new_rate;
    POST "/convention/{convention}/tarifs" [Administrator] conventions::pages::create_rate;
    GET "/convention/{convention}/reouverture" [Administrator] conventions::pages_reopening::show_new_reopening;
    POST "/convention/{convention}/reouverture" [Administrator] conventions::pages_reopening::create_reopening;

    GET "/convention/{convention}/convention.toml" [Administrator] convention_drafts::api::show_file;
    GET "/api/v1/conventions" [Administrator] conventions::api::list_conventions;
    GET "/api/v1/conventions/{convention}/convention.toml" [Administrator] convention_drafts::api::show_file;

    // conventions that are being prepared
    GET "/convention/brouillons" [Administrator] convention_drafts::pages::list_drafts;
    POST "/convention/brouillons" [Administrator] convention_drafts::pages::create_draft;
    GET "/convention/brouillons/{draft}.toml" [Administrator] convention_drafts::api::show_draft_file;
    GET "/convention/brouillons/{draft}" [Administrator] convention_drafts::pages::show_draft;
    POST "/convention/brouillons/{draft}/signature" [Administrator] convention_drafts::pages::create_signature;
    GET "/convention/brouillons/{draft}/contenu/{part}" [Administrator] convention_drafts::pages_section::show_part;
    POST "/convention/brouillons/{draft}/contenu/{part}" [Administrator] convention_drafts::pages_section::create_part_change;
    POST "/convention/brouillons/{draft}/suppression" [Administrator] convention_drafts::pages::create_removal;
    GET "/api/v1/convention-drafts" [Administrator] convention_drafts::api::list_drafts;
    POST "/api/v1/convention-drafts" [Administrator] convention_drafts::api::create_draft;
    GET "/api/v1/convention-drafts/{draft}" [Administrator] convention_drafts::api::show_draft;
    GET "/api/v1/convention-drafts/{draft}/convention.toml" [Administrator] convention_drafts::api::show_draft_file;
    POST "/api/v1/convention-drafts/{draft}/changes" [Administrator] convention_drafts::api::create_change;
    POST "/api/v1/convention-drafts/{draft}/signature" [Administrator] convention_drafts::api::create_signature;
    POST "/api/v1/convention-drafts/{draft}/removal" [Administrator] convention_drafts::api::create_removal;

    // amendments
    GET "/convention/{convention}/avenants/nouveau" [Administrator] amendments::pages::show_new_amendment;
    POST "/convention/{convention}/avenants/nouveau" [Administrator] amendments::pages::create_preview;
    POST "/convention/{convention}/avenants" [Administrator] amendments::pages::create_amendment;
    GET "/convention/{convention}/transfert" [Administrator] amendments::pages_transfer::show_transfer;
    POST "/convention/{convention}/transfert" [Administrator] amendments::pages_transfer::create_preview;
    GET "/avenants/{amendment}" [Administrator] amendments::pages::show_amendment;
    GET "/api/v1/conventions/{convention}/amendments" [Administrator] amendments::api::list_amendments;
    POST "/api/v1/conventions/{convention}/amendments" [Administrator] amendments::api::create_amendment;
    POST "/api/v1/conventions/{convention}/transfers" [Administrator] amendments::api::create_transfer;

    // calls for funds
    GET "/appels-de-fonds" [Administrator, Accountant] funding_calls::pages::list_calls;
    POST "/appels-de-fonds" [Administrator] funding_calls::pages::create_drafts;
    GET "/appels-de-fonds/export" [Administrator, Accountant] exports::pages_funding_calls::show_funding_calls;
    GET "/appels-de-fonds/{call}" [Administrator, Accountant] funding_calls::pages::show_call;
    GET "/appels-de-fonds/{call}/lettre.pdf" [Administrator, Accountant] funding_calls::pages::show_letter;
    POST "/appels-de-fonds/{call}/envoi" [Administrator] funding_calls::pages::create_sending;
    POST "/appels-de-fonds/{call}/versements" [Administrator, Accountant] funding_calls::pages::create_receipt;
    GET "/appels-de-fonds/versements/{receipt}/annulation" [Administrator, Accountant] funding_calls::pages_reversal::show_reversal;
    POST "/appels-de-fonds/versements/{receipt}/annulation" [Administrator, Accountant] funding_calls::pages_reversal::create_reversal;
    GET "/api/v1/funding-calls" [Administrator, Accountant] funding_calls::api::list_calls;
    POST "/api/v1/funding-calls" [Administrator] funding_calls::api::create_drafts;
    POST "/api/v1/funding-calls/{call}/sending" [Administrator] funding_calls::api::create_sending;
    GET "/api/v1/funding-calls/{call}/receipts" [Administrator, Accountant] funding_calls::api::list_receipts;
    POST "/api/v1/funding-calls/{call}/receipts" [Administrator, Accountant] funding_calls::api::create_receipt;
    POST "/api/v1/funding-receipts/{receipt}/reversal" [Administrator, Accountant] funding_calls::api::create_reversal;
    GET "/api/v1/funding-calls/{call}/letter.pdf" [Administrator, Accountant] funding_calls::api::show_letter;

    // children and referrals
    GET "/enfants" [Coordinator, Psychologist, Referent] children::pages::show_children;
    POST "/enfants" [Coordinator, Psychologist, Referent] children::pages::find_children;
    GET "/enfants/nouveau" [Coordinator] children::pages_child::show_new_child;
    POST "/enfants/nouveau" [Coordinator] children::pages_child::create_child;
    GET "/droits" [Auditor, Coordinator] data_requests::pages::list_requests;
    POST "/droits" [Auditor, Coordinator] data_requests::pages::create_request;
    GET "/droits/{request}" [Auditor, Coordinator] data_requests::pages::show_request;
    POST "/droits/{request}/enfant" [Coordinator] data_requests::pages::create_child;
    POST "/droits/{request}/reponse" [Coordinator] data_requests::pages::create_answer;
    POST "/droits/{request}/refus" [Auditor] data_requests::pages::create_refusal;
    GET "/droits/{request}/donnees.json" [Coordinator] data_requests::pages::show_json;
    GET "/droits/{request}/donnees.pdf" [Coordinator] data_requests::pages::show_pdf;
    GET "/api/v1/data-requests" [Auditor, Coordinator] data_requests::api::list_requests;
    POST "/api/v1/data-requests" [Auditor, Coordinator] data_requests::api::create_request;
    POST "/api/v1/data-requests/{request}/child" [Coordinator] data_requests::api::create_child;
    POST "/api/v1/data-requests/{request}/answer" [Coordinator] data_requests::api::create_answer;
    POST "/api/v1/data-requests/{request}/refusal" [Auditor] data_requests::api::create_refusal;
    GET "/enfants/conservation" [Coordinator] privacy::pages_retention::list_ahead;
    GET "/enfants/{child}/conservation" [Coordinator] privacy::pages_retention::show_child;
    POST "/enfants/{child}/conservation" [Coordinator] privacy::pages_retention::create_extension;
    POST "/api/v1/children/{child}/retention-extensions" [Coordinator] privacy::api::create_extension;
    GET "/conservation" [Auditor] privacy::pages_retention::show_report;
    GET "/api/v1/retention" [Auditor, Coordinator] privacy::api::list_retention;
    GET "/enfants/{child}" [Coordinator, Psychologist, Referent] children::pages::show_child;
    GET "/enfants/{child}/modification" [Coordinator] children::pages_child::show_edit;
    POST "/enfants/{child}/modification" [Coordinator] children::pages_child::create_edit;
    GET "/enfants/{child}/cloture" [Coordinator] children::pages_child::show_closing;
    POST "/enfants/{child}/cloture" [Coordinator] children::pages_child::create_closing;
    POST "/enfants/{child}/reouverture" [Coordinator] children::pages_child::create_reopening;
    GET "/enfants/{child}/responsables" [Coordinator] children::pages_child::show_new_guardian;
    POST "/enfants/{child}/responsables" [Coordinator] children::pages_child::create_guardian;
    GET "/enfants/{child}/responsables/{guardian}" [Coordinator] children::pages_child::show_guardian;
    POST "/enfants/{child}/responsables/{guardian}" [Coordinator] children::pages_child::create_guardian_edit;
    GET "/enfants/{child}/responsables/{guardian}/rappels" [Coordinator] children::pages_reminders::show_reminders;
    POST "/enfants/{child}/responsables/{guardian}/rappels" [Coordinator] children::pages_reminders::create_reminders;
    GET "/enfants/{child}/orientation" [Coordinator] children::pages_referral::show_new_referral;
    POST "/enfants/{child}/orientation" [Coordinator] children::pages_referral::create_referral;
    GET "/orientations/{referral}" [Coordinator, Psychologist, Referent] children::pages_referral::show_referral;
    POST "/orientations/{referral}/modification" [Coordinator] children::pages_referral::create_change;
    POST "/orientations/{referral}/consentements" [Coordinator] children::pages_referral::create_consent;
    GET "/api/v1/children" [Coordinator, Psychologist, Referent] children::api::list_children;
    POST "/api/v1/children" [Coordinator] children::api::create_child;
    GET "/api/v1/children/{child}" [Coordinator, Psychologist, Referent] children::api::show_child;
    GET "/api/v1/referrals" [Coordinator, Psychologist, Referent] children::api::list_referrals;
    POST "/api/v1/referrals" [Coordinator] children::api::create_referral;
    POST "/api/v1/children/{child}/guardians/{guardian}/reminders" [Coordinator] children::api::create_reminders;
    POST "/api/v1/referrals/{referral}/consents" [Coordinator] children::api::create_consent;

    // requests for a session
    GET "/demandes" [Psychologist, Coordinator, Referent] requests::pages::list_requests;
    GET "/demandes/nouvelle" [Referent] requests::pages::show_new_request;
    POST "/demandes/nouvelle" [Referent] requests::pages::create_request;
    POST "/demandes/{request}/refus" [Psychologist, Coordinator] requests::pages::create_refusal;
    POST "/demandes/{request}/retrait" [Referent] requests::pages::create_withdrawal;
    GET "/api/v1/requests" [Psychologist, Coordinator, Referent] requests::api::list_requests;
    POST "/api/v1/requests" [Referent] requests::api::create_request;
    POST "/api/v1/requests/{request}/refusal" [Psychologist, Coordinator] requests::api::create_refusal;
    POST "/api/v1/requests/{request}/withdrawal" [Referent] requests::api::create_withdrawal;

    // the yearly report
    GET "/bilan" [Administrator, Coordinator, Accountant] reports::pages::show_report;
    GET "/bilan/{file}" [Administrator, Coordinator, Accountant] reports::pages::show_file;
    GET "/api/v1/reports/{year}" [Administrator, Coordinator, Accountant] reports::api::show_report;

    // exports
    GET "/exports" [Accountant] exports::pages::show_exports;
    GET "/exports/{file}" [Accountant] exports::pages::show_file;
    GET "/api/v1/exports/invoices" [Accountant] exports::api::show_export;

    // psychologists as issuers
    GET "/facturation" [Psychologist] psychologists::pages::show_billing;
    POST "/facturation" [Psychologist] psychologists::pages::create_billing_change;
    POST "/facturation/tva" [Psychologist] psychologists::pages::create_vat_regime;
    POST "/facturation/mandat" [Psychologist] psychologists::pages::create_mandate;
    POST "/facturation/mandat/retrait" [Psychologist] psychologists::pages::create_mandate_end;
    GET "/psychologues" [Administrator] psychologists::pages::list_psychologists;
    GET "/psychologues/{psychologist}" [Administrator] psychologists::pages::show_psychologist;

    // invoices
    GET "/factures" [Psychologist, Accountant] invoices::pages_list::list_invoices;
    POST "/factures" [Psychologist] invoices::pages_issue::create_invoice;
    GET "/factures/apercu" [Psychologist] invoices::pages_issue::show_preview;
    GET "/factures/emission" [Psychologist] invoices::pages_issue::show_issue;
    GET "/factures/{invoice}" [Psychologist, Accountant] invoices::pages::show_invoice;
    GET "/factures/{invoice}/fichiers/{file}" [Psychologist, Accountant] invoices::pages::show_file;
    GET "/factures/{invoice}/avoir" [Psychologist] invoices::pages_issue::show_credit;
    POST "/factures/{invoice}/avoir" [Psychologist] invoices::pages_issue::create_credit_note;
    POST "/factures/{invoice}/reemission" [Psychologist] invoices::pages_issue::create_reissue;
    POST "/factures/{invoice}/depot" [Accountant] invoices::pages::create_deposit;
    GET "/factures/{invoice}/rejet" [Accountant] invoices::pages::show_rejection;
    POST "/factures/{invoice}/rejet" [Accountant] invoices::pages::create_rejection;
    POST "/factures/{invoice}/mandatement" [Accountant] invoices::pages::create_payment_order;
    POST "/factures/{invoice}/paiement" [Accountant] invoices::pages::create_payment;
    GET "/api/v1/invoices" [Psychologist, Accountant] invoices::api::list_invoices;
    POST "/api/v1/invoices" [Psychologist] invoices::api::create_invoice;
    GET "/api/v1/invoices/preview" [Psychologist] invoices::api::show_preview;
    GET "/api/v1/invoices/{invoice}" [Psychologist, Accountant] invoices::api::show_invoice;
    GET "/api/v1/invoices/{invoice}/{file}" [Psychologist, Accountant] invoices::api::show_file;
    POST "/api/v1/invoices/{invoice}/deposit" [Accountant] invoices::api::create_deposit;
    POST "/api/v1/invoices/{invoice}/rejection" [Accountant] invoices::api::create_rejection;
    POST "/api/v1/invoices/{invoice}/payment-order" [Accountant] invoices::api::create_payment_order;
    POST "/api/v1/invoices/{invoice}/payment" [Accountant] invoices::api::create_payment;
    POST "/api/v1/invoices/{invoice}/credit-note" [Psychologist] invoices::api::create_credit_note;
}
