//! Every address of a page, written once. People read them: they are French, and hold no name.

use chrono::{NaiveDate, NaiveDateTime};

use crate::calendar::Month;
use crate::ids::ServiceId;
use crate::ids::{
    AccountId, AmendmentId, ApiTokenId, BudgetYearId, ChildId, ConventionDraftId, ConventionId, DataRequestId,
    FundingCallId, FundingReceiptId, GuardianId, InvoiceId, LeaveId, OpeningId, PasskeyId, PsychologistId, ReferralId,
    RequestId, SessionId, SignInId, SubstitutionId,
};

/// The page that waits for whoever signs in.
pub const HOME: &str = "/";
/// Signing in.
pub const SIGN_IN: &str = "/connexion";
/// Proving the second thing, after the password.
pub const SECOND_STEP: &str = "/connexion/code";
/// Setting what one will prove, at the first sign-in.
pub const FIRST_FACTOR: &str = "/connexion/second-facteur";
/// Asking for a link to choose another password; followed by what the link holds.
pub const FORGOTTEN: &str = "/mot-de-passe-oublie";
/// Adding a passkey as what one will prove, at the first sign-in.
pub const FIRST_PASSKEY: &str = "/connexion/cle";
/// One's passkeys; followed by which.
pub const MY_PASSKEYS: &str = "/mon-compte/cles";
/// Naming a new passkey, and asking for it.
pub const MY_NEW_PASSKEY: &str = "/mon-compte/cles/nouvelle";
/// Recording the passkey that was asked for.
pub const MY_PASSKEY_RECORDING: &str = "/mon-compte/cles/enregistrement";
/// Taking one's own telephone away.
pub const MY_TELEPHONE_END: &str = "/mon-compte/second-facteur/retrait";
/// One's own second factor.
pub const MY_FACTOR: &str = "/mon-compte/second-facteur";
/// Making other recovery codes.
pub const MY_RECOVERY_CODES: &str = "/mon-compte/second-facteur/codes";
/// One's own sign-ins.
pub const MY_SIGN_INS: &str = "/mon-compte/connexions";
/// Ending all of them but the one in use.
pub const MY_SIGN_INS_END: &str = "/mon-compte/connexions/fin";
/// Signing in with ProConnect: the way there.
pub const PROCONNECT_SIGN_IN: &str = "/connexion/proconnect";
/// The way back from ProConnect, registered there.
pub const PROCONNECT_RETURN: &str = "/connexion/proconnect/retour";
/// Signing out of ProConnect, after PsyPRE.
pub const PROCONNECT_SIGN_OUT: &str = "/deconnexion/proconnect";
/// The way back from signing out of ProConnect, registered there.
pub const PROCONNECT_SIGNED_OUT: &str = "/deconnexion/proconnect/retour";
/// One's identity of ProConnect.
pub const MY_PROCONNECT: &str = "/mon-compte/proconnect";
/// Undoing the link with one's identity of ProConnect.
pub const MY_PROCONNECT_END: &str = "/mon-compte/proconnect/retrait";
/// Signing out.
pub const SIGN_OUT: &str = "/deconnexion";
/// Taking another role.
pub const ROLE: &str = "/role";
/// A person's own settings.
pub const MY_ACCOUNT: &str = "/mon-compte";
/// Accepting an invitation: followed by its token.
pub const INVITATION: &str = "/invitation";
/// Changing one's name.
pub const MY_NAME: &str = "/mon-compte/nom";
/// Changing one's password.
pub const MY_PASSWORD: &str = "/mon-compte/mot-de-passe";
/// Choosing when one is told of sessions to approve.
pub const MY_MESSAGES: &str = "/mon-compte/messages";
/// One's private calendar feed.
pub const MY_CALENDAR: &str = "/mon-compte/calendrier";
/// Taking the address of one's calendar feed back.
pub const MY_CALENDAR_END: &str = "/mon-compte/calendrier/retrait";
/// Making a token of the API.
pub const MY_TOKENS: &str = "/mon-compte/jetons";
/// Inviting somebody.
pub const NEW_ACCOUNT: &str = "/comptes/invitation";
/// Sessions.
pub const SESSIONS: &str = "/seances";
/// Recording a session.
pub const RECORD_SESSION: &str = "/seances/saisie";
/// Booking a session.
pub const BOOK_SESSION: &str = "/seances/reservation";
/// Sessions waiting for approval.
pub const APPROVALS: &str = "/validations";
/// Who approves in whose place.
pub const SUBSTITUTIONS: &str = "/validations/remplacements";
/// Children.
pub const CHILDREN: &str = "/enfants";
/// A new child.
pub const NEW_CHILD: &str = "/enfants/nouveau";
/// What of the identities is to be destroyed, for a coordinator.
pub const RETENTION: &str = "/enfants/conservation";
/// The same, and what was destroyed, for the data-protection officer.
pub const RETENTION_REPORT: &str = "/conservation";
/// Families' requests about their data.
pub const DATA_REQUESTS: &str = "/droits";
/// The year at a glance.
pub const YEAR: &str = "/annee";
/// Services that are not a child's session.
pub const SERVICES: &str = "/prestations";
/// Recording a service.
pub const RECORD_SERVICE: &str = "/prestations/saisie";
/// Approving many services.
pub const SERVICE_APPROVALS: &str = "/prestations/validations";
/// The budget lines of services.
pub const BUDGET_LINES: &str = "/prestations/lignes";
/// The yearly report.
pub const REPORT: &str = "/bilan";
/// Calls for funds.
pub const FUNDING_CALLS: &str = "/appels-de-fonds";
/// Invoices.
pub const INVOICES: &str = "/factures";
/// The preview of a month's invoice.
pub const INVOICE_PREVIEW: &str = "/factures/apercu";
/// What will happen when a month's invoice is issued, and the button that issues it.
pub const INVOICE_ISSUE: &str = "/factures/emission";
/// Exports.
pub const EXPORTS: &str = "/exports";
/// The convention.
pub const CONVENTION: &str = "/convention";
/// The conventions that are being prepared.
pub const CONVENTION_DRAFTS: &str = "/convention/brouillons";
/// Accounts.
pub const ACCOUNTS: &str = "/comptes";
/// The journal.
pub const JOURNAL: &str = "/journal";
/// Who opened which child's file.
pub const READINGS: &str = "/consultations";
/// The same as a file.
pub const READINGS_FILE: &str = "/consultations/export";
/// Verifying the journal.
pub const JOURNAL_VERIFICATION: &str = "/journal/verification";
/// How a psychologist bills: identity, bank, VAT.
pub const BILLING: &str = "/facturation";
/// A psychologist's VAT, by service type.
pub const BILLING_VAT: &str = "/facturation/tva";
/// The billing mandate.
pub const BILLING_MANDATE: &str = "/facturation/mandat";
/// Taking the billing mandate back.
pub const BILLING_MANDATE_END: &str = "/facturation/mandat/retrait";
/// The psychologists, for the administrator.
pub const PSYCHOLOGISTS: &str = "/psychologues";
/// The declaration of accessibility.
pub const ACCESSIBILITY: &str = "/accessibilite";
/// Legal notices.
pub const LEGAL: &str = "/mentions-legales";
/// What is done with personal data.
pub const PRIVACY: &str = "/donnees-personnelles";
/// Help.
pub const HELP: &str = "/aide";

/// What the whole address of a page begins with in a queued mail: a verb that queues one does not know the address of
/// this site, and the mailer puts it there.
pub const HERE: &str = "psypre:";

/// Signing in with ProConnect, to go on to a page.
pub fn proconnect_sign_in(wanted: &str) -> String {
    if wanted == HOME {
        return PROCONNECT_SIGN_IN.to_owned();
    }
    let wanted = percent_encoding::utf8_percent_encode(wanted, percent_encoding::NON_ALPHANUMERIC);
    format!("{PROCONNECT_SIGN_IN}?suite={wanted}")
}

/// Accepting an invitation with ProConnect.
pub fn proconnect_invitation(token: &str) -> String {
    format!("{INVITATION}/{token}/proconnect")
}

/// The whole address of a page, in a mail to queue.
pub fn in_mail(path: &str) -> String {
    format!("{HERE}{path}")
}

/// The agenda.
pub const AGENDA: &str = "/agenda";
/// The openings that somebody sees.
pub const OPENINGS: &str = "/permanences";
/// Opening places.
pub const NEW_OPENING: &str = "/permanences/nouvelle";
/// Noting that one is away.
pub const LEAVES: &str = "/permanences/absences";

/// An opening of one's own.
pub fn opening(id: OpeningId) -> String {
    format!("{OPENINGS}/{id}")
}

/// Changing an opening.
pub fn opening_change(id: OpeningId) -> String {
    format!("{OPENINGS}/{id}/modification")
}

/// Closing an opening.
pub fn opening_closing(id: OpeningId) -> String {
    format!("{OPENINGS}/{id}/fermeture")
}

/// Taking a day out of an opening.
pub fn opening_removal(id: OpeningId) -> String {
    format!("{OPENINGS}/{id}/retrait")
}

/// Putting a day back in an opening.
pub fn opening_restoration(id: OpeningId) -> String {
    format!("{OPENINGS}/{id}/retablissement")
}

/// Taking a leave back.
pub fn leave_withdrawal(id: LeaveId) -> String {
    format!("{LEAVES}/{id}/retrait")
}

/// Proving the second thing, then going on to a page.
pub fn second_step(then: &str) -> String {
    with_then(SECOND_STEP, then)
}

/// Setting what one will prove, then going on to a page.
pub fn first_factor(then: &str) -> String {
    with_then(FIRST_FACTOR, then)
}

fn with_then(path: &str, then: &str) -> String {
    if then == HOME {
        return path.to_owned();
    }
    format!("{path}?{}", serde_urlencoded::to_string([("suite", then)]).unwrap_or_default())
}

/// One of one's own passkeys.
pub fn my_passkey(id: PasskeyId) -> String {
    format!("{MY_PASSKEYS}/{id}")
}

/// Taking away one of one's own passkeys.
pub fn my_passkey_end(id: PasskeyId) -> String {
    format!("{MY_PASSKEYS}/{id}/retrait")
}

/// Ending one of one's own sign-ins.
pub fn end_my_sign_in(id: SignInId) -> String {
    format!("{MY_SIGN_INS}/{id}/fin")
}

/// Choosing another password by a link.
pub fn forgotten(token: &str) -> String {
    format!("{FORGOTTEN}/{token}")
}

/// Accepting an invitation.
pub fn invitation(token: &str) -> String {
    format!("{INVITATION}/{token}")
}

/// Revoking a token of one's own.
pub fn revoke_my_token(id: ApiTokenId) -> String {
    format!("{MY_TOKENS}/{id}/revocation")
}

/// A private calendar feed, by its secret.
pub fn calendar_feed(token: &str) -> String {
    format!("/agenda/{token}.ics")
}

/// A session.
pub fn session(id: SessionId) -> String {
    format!("{SESSIONS}/{id}")
}

/// What happened at a booked session.
pub fn session_attendance(id: SessionId) -> String {
    format!("{SESSIONS}/{id}/presence")
}

/// Correcting a session.
pub fn session_correction(id: SessionId) -> String {
    format!("{SESSIONS}/{id}/correction")
}

/// Cancelling a session.
pub fn session_cancellation(id: SessionId) -> String {
    format!("{SESSIONS}/{id}/annulation")
}

/// Cancelling a session and those that follow it in its series.
pub fn session_cancellation_with_following(id: SessionId) -> String {
    format!("{SESSIONS}/{id}/annulation/suite")
}

/// Booking again what was cancelled by mistake.
pub fn session_restoration(id: SessionId) -> String {
    format!("{SESSIONS}/{id}/retablissement")
}

/// Moving a session.
pub fn session_move(id: SessionId) -> String {
    format!("{SESSIONS}/{id}/deplacement")
}

/// Moving a session back to where it was: the local day and time of its start, and its length in minutes.
pub fn session_move_back(id: SessionId, from: NaiveDateTime, minutes: i32, with_following: bool) -> String {
    let all = if with_following { "&suite=1" } else { "" };
    format!("{SESSIONS}/{id}/deplacement/annulation?du={}&duree={minutes}{all}", from.format("%Y-%m-%dT%H:%M"))
}

/// The place that a cancelled session left, and who waits for it.
pub fn session_place(id: SessionId) -> String {
    format!("{SESSIONS}/{id}/place")
}

/// Marking a session as one that would take an earlier place.
pub fn session_earlier(id: SessionId) -> String {
    format!("{SESSIONS}/{id}/plus-tot")
}

/// Booking at a local day and time, so many minutes.
pub fn booking_at(at: NaiveDateTime, minutes: i32) -> String {
    format!("{BOOK_SESSION}?jour={}&heure={}&duree={minutes}m", at.date(), at.format("%H:%M"))
}

/// Requests for a session.
pub const REQUESTS: &str = "/demandes";
/// Asking for a session.
pub const NEW_REQUEST: &str = "/demandes/nouvelle";

/// Asking for a session for a child.
pub fn new_request(child: ChildId) -> String {
    format!("{NEW_REQUEST}?enfant={child}")
}

/// Declining a request.
pub fn request_refusal(id: RequestId) -> String {
    format!("{REQUESTS}/{id}/refus")
}

/// Giving a request up.
pub fn request_withdrawal(id: RequestId) -> String {
    format!("{REQUESTS}/{id}/retrait")
}

/// Booking for a request: the child, from a day, so many minutes.
pub fn booking_for(id: RequestId, child: ChildId, from: NaiveDate, minutes: i32) -> String {
    format!("{BOOK_SESSION}?demande={id}&enfant={child}&jour={from}&duree={minutes}m")
}

/// Booking for a request at a local day and time, so many minutes.
pub fn booking_for_at(id: RequestId, child: ChildId, at: NaiveDateTime, minutes: i32) -> String {
    format!("{}&heure={}", booking_for(id, child, at.date(), minutes), at.format("%H:%M"))
}

/// A child and a psychologist, as a value of the booking form: `child+psychologist`.
pub fn child_and_psychologist(child: ChildId, psychologist: PsychologistId) -> String {
    format!("{child}+{psychologist}")
}

/// Undoing the recording of a session.
pub fn session_recording_undone(id: SessionId) -> String {
    format!("{SESSIONS}/{id}/saisie/annulation")
}

/// Approving a session.
pub fn session_approval(id: SessionId) -> String {
    format!("{SESSIONS}/{id}/validation")
}

/// Refusing a session.
pub fn session_refusal(id: SessionId) -> String {
    format!("{SESSIONS}/{id}/refus")
}

/// Withdrawing the approval of a session.
pub fn session_withdrawal(id: SessionId) -> String {
    format!("{SESSIONS}/{id}/retrait")
}

/// Withdrawing together what was approved at one instant, in microseconds.
pub fn approvals_undone(at_microseconds: i64) -> String {
    format!("{APPROVALS}/annulation/{at_microseconds}")
}

/// Ending a substitution early.
pub fn substitution_end(id: SubstitutionId) -> String {
    format!("{SUBSTITUTIONS}/{id}/fin")
}

/// A child's file.
pub fn child(id: ChildId) -> String {
    format!("{CHILDREN}/{id}")
}

/// Changing what is said of a child.
pub fn edit_child(id: ChildId) -> String {
    format!("{CHILDREN}/{id}/modification")
}

/// A family's request.
pub fn data_request(id: DataRequestId) -> String {
    format!("{DATA_REQUESTS}/{id}")
}

/// Saying whom a family's request is about.
pub fn data_request_child(id: DataRequestId) -> String {
    format!("{DATA_REQUESTS}/{id}/enfant")
}

/// Answering a family's request.
pub fn data_request_answer(id: DataRequestId) -> String {
    format!("{DATA_REQUESTS}/{id}/reponse")
}

/// Refusing a family's request.
pub fn data_request_refusal(id: DataRequestId) -> String {
    format!("{DATA_REQUESTS}/{id}/refus")
}

/// What is handed over to a family: `json` or `pdf`.
pub fn data_request_file(id: DataRequestId, kind: &str) -> String {
    format!("{DATA_REQUESTS}/{id}/donnees.{kind}")
}

/// How long a child's identity is kept.
pub fn child_retention(id: ChildId) -> String {
    format!("{CHILDREN}/{id}/conservation")
}

/// Who opened a child's file.
pub fn child_readings(id: ChildId) -> String {
    format!("{CHILDREN}/{id}/consultations")
}

/// Closing the follow-up of a child.
pub fn close_child(id: ChildId) -> String {
    format!("{CHILDREN}/{id}/cloture")
}

/// Opening the follow-up of a child again.
pub fn reopen_child(id: ChildId) -> String {
    format!("{CHILDREN}/{id}/reouverture")
}

/// A new guardian of a child.
pub fn new_guardian(id: ChildId) -> String {
    format!("{CHILDREN}/{id}/responsables")
}

/// A guardian of a child.
pub fn guardian(child: ChildId, id: GuardianId) -> String {
    format!("{CHILDREN}/{child}/responsables/{id}")
}

/// Whether a guardian is reminded the day before.
pub fn guardian_reminders(child: ChildId, guardian: GuardianId) -> String {
    format!("{}/rappels", self::guardian(child, guardian))
}

/// Extending a referral, adding hours to it, or ending it.
pub fn change_referral(id: ReferralId) -> String {
    format!("/orientations/{id}/modification")
}

/// Recording a consent to a referral.
pub fn add_consent(id: ReferralId) -> String {
    format!("/orientations/{id}/consentements")
}

/// A new referral of a child.
pub fn new_referral(id: ChildId) -> String {
    format!("{CHILDREN}/{id}/orientation")
}

/// A referral.
pub fn referral(id: ReferralId) -> String {
    format!("/orientations/{id}")
}

/// An invoice.
pub fn invoice(id: InvoiceId) -> String {
    format!("{INVOICES}/{id}")
}

/// A file of an invoice: `factur-x.pdf`, `plain.pdf`, `cii.xml` or `statement.pdf`.
pub fn invoice_file(id: InvoiceId, file: &str) -> String {
    format!("{INVOICES}/{id}/fichiers/{file}")
}

/// Cancelling an invoice by a credit note.
pub fn invoice_credit(id: InvoiceId) -> String {
    format!("{INVOICES}/{id}/avoir")
}

/// Cancelling an invoice and issuing it anew.
pub fn invoice_reissue(id: InvoiceId) -> String {
    format!("{INVOICES}/{id}/reemission")
}

/// Rejecting an invoice.
pub fn invoice_rejection(id: InvoiceId) -> String {
    format!("{INVOICES}/{id}/rejet")
}

/// Recording that an invoice was received.
pub fn invoice_deposit(id: InvoiceId) -> String {
    format!("{INVOICES}/{id}/depot")
}

/// Recording the payment order of an invoice.
pub fn invoice_payment_order(id: InvoiceId) -> String {
    format!("{INVOICES}/{id}/mandatement")
}

/// Recording the payment of an invoice.
pub fn invoice_payment(id: InvoiceId) -> String {
    format!("{INVOICES}/{id}/paiement")
}

/// An account, for the administrator.
pub fn account(id: AccountId) -> String {
    format!("{ACCOUNTS}/{id}")
}

/// A psychologist's billing identity, for the administrator.
pub fn psychologist(id: PsychologistId) -> String {
    format!("{PSYCHOLOGISTS}/{id}")
}

/// The calls for funds of a budget year.
pub fn funding_calls(year: BudgetYearId) -> String {
    format!("{FUNDING_CALLS}?exercice={year}")
}

/// The calls for funds of a budget year as a file.
pub fn funding_calls_export(year: BudgetYearId, format: &str) -> String {
    format!("{FUNDING_CALLS}/export?exercice={year}&format={format}")
}

/// A call for funds.
pub fn funding_call(id: FundingCallId) -> String {
    format!("{FUNDING_CALLS}/{id}")
}

/// The letter of a call for funds.
pub fn funding_call_letter(id: FundingCallId) -> String {
    format!("{FUNDING_CALLS}/{id}/lettre.pdf")
}

/// Sending a call for funds.
pub fn funding_call_sending(id: FundingCallId) -> String {
    format!("{FUNDING_CALLS}/{id}/envoi")
}

/// Recording a payment of a call for funds.
pub fn funding_call_receipts(id: FundingCallId) -> String {
    format!("{FUNDING_CALLS}/{id}/versements")
}

/// Where a payment of a call is taken back.
pub fn funding_receipt_reversal(id: FundingReceiptId) -> String {
    format!("{FUNDING_CALLS}/versements/{id}/annulation")
}

/// A service.
pub fn service(id: ServiceId) -> String {
    format!("{SERVICES}/{id}")
}

/// Saying a service again.
pub fn service_correction(id: ServiceId) -> String {
    format!("{SERVICES}/{id}/correction")
}

/// Giving up a service that was recorded.
pub fn service_giving_up(id: ServiceId) -> String {
    format!("{SERVICES}/{id}/abandon")
}

/// Approving a service.
pub fn service_approval(id: ServiceId) -> String {
    format!("{SERVICES}/{id}/validation")
}

/// Refusing a service.
pub fn service_refusal(id: ServiceId) -> String {
    format!("{SERVICES}/{id}/refus")
}

/// Taking back the approval of a service.
pub fn service_approval_withdrawal(id: ServiceId) -> String {
    format!("{SERVICES}/{id}/retrait")
}

/// Taking back together what was approved together, at an instant in microseconds.
pub fn service_approvals_undone(at: i64) -> String {
    format!("{SERVICE_APPROVALS}/annulation/{at}")
}

/// The report of a budget year, by its name.
pub fn report(year: &str) -> String {
    format!("{REPORT}?annee={year}")
}

/// The report of a budget year as a file: `2026.pdf`.
pub fn report_file(year: &str, extension: &str) -> String {
    format!("{REPORT}/{year}.{extension}")
}

/// A convention, by its short name.
pub fn convention(slug: &str) -> String {
    format!("{CONVENTION}?convention={slug}")
}

/// What a convention's buyer asks of invoices.
pub fn buyer(id: ConventionId) -> String {
    format!("{CONVENTION}/{id}/acheteur")
}

/// Reopening a month of a convention.
pub fn reopening(id: ConventionId) -> String {
    format!("{CONVENTION}/{id}/reouverture")
}

/// A draft of a convention.
pub fn convention_draft(id: ConventionDraftId) -> String {
    format!("{CONVENTION_DRAFTS}/{id}")
}

/// A part of a draft.
pub fn convention_draft_part(id: ConventionDraftId, part: &str) -> String {
    format!("{CONVENTION_DRAFTS}/{id}/contenu/{part}")
}

/// Signing a draft.
pub fn convention_draft_signature(id: ConventionDraftId) -> String {
    format!("{CONVENTION_DRAFTS}/{id}/signature")
}

/// Throwing a draft away.
pub fn convention_draft_removal(id: ConventionDraftId) -> String {
    format!("{CONVENTION_DRAFTS}/{id}/suppression")
}

/// A draft as a file.
pub fn convention_draft_file(id: ConventionDraftId) -> String {
    format!("{CONVENTION_DRAFTS}/{id}.toml")
}

/// A convention in force as a file.
pub fn convention_file(id: ConventionId) -> String {
    format!("{CONVENTION}/{id}/convention.toml")
}

/// Writing an amendment of a convention.
pub fn new_amendment(id: ConventionId) -> String {
    format!("{CONVENTION}/{id}/avenants/nouveau")
}

/// Signing an amendment of a convention.
pub fn amendments(id: ConventionId) -> String {
    format!("{CONVENTION}/{id}/avenants")
}

/// Moving hours from one programme of a convention to another.
pub fn transfer(id: ConventionId) -> String {
    format!("{CONVENTION}/{id}/transfert")
}

/// An amendment.
pub fn amendment(id: AmendmentId) -> String {
    format!("/avenants/{id}")
}

/// A psychologist's own rate under a convention.
pub fn new_rate(id: ConventionId) -> String {
    format!("{CONVENTION}/{id}/tarifs")
}

/// What a month holds for the accountant.
pub fn exports(month: Month) -> String {
    format!("{EXPORTS}?mois={}", month.iso())
}

/// A file of a month: `2026-10.csv`.
pub fn export_file(month: Month, format: &str) -> String {
    format!("{EXPORTS}/{}.{format}", month.iso())
}

/// The invoices of a month.
pub fn invoices_of_month(month: Month) -> String {
    format!("{INVOICES}?mois={}", month.iso())
}

/// What the invoice of a month would be.
pub fn preview_of_month(month: Month) -> String {
    format!("{INVOICE_PREVIEW}?mois={}", month.iso())
}
