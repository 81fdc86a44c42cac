//! Identifiers of rows, one type a table: two ids cannot be swapped.

crate::id_types! {
    /// A convention.
    ConventionId,
    /// A dated set of a convention's rules.
    TermsId,
    /// A signatory of a convention.
    SignatoryId,
    /// A budget year (*exercice*) of a convention.
    BudgetYearId,
    /// A programme (PRE).
    ProgrammeId,
    /// A priority neighbourhood (*quartier*).
    NeighbourhoodId,
    /// A month reopened for late entries.
    MonthReopeningId,
    /// An hour quota (*quotité horaire*).
    QuotaId,
    /// A line of a budget year for a type of service (*ligne de budget*).
    BudgetLineId,
    /// A service that is not a child's session (*prestation*).
    ServiceId,
    /// A decision on a service.
    ServiceDecisionId,
    /// An hourly rate.
    RateId,
    /// A person who signs in.
    AccountId,
    /// A role given to an account.
    RoleGrantId,
    /// A signed-in state.
    SignInId,
    /// Somebody who has proved one thing of two.
    HalfSignInId,
    /// The sign-in, whole or half, that was asked to answer with a passkey.
    AskedOfId,
    /// A passkey.
    PasskeyId,
    /// What a browser was asked to sign with a passkey.
    PasskeyChallengeId,
    /// An invitation to set a password.
    InvitationId,
    /// A bearer token of the API.
    ApiTokenId,
    /// A psychologist.
    PsychologistId,
    /// A child.
    ChildId,
    /// A guardian of a child.
    GuardianId,
    /// A referral (*orientation*).
    ReferralId,
    /// A guardian's consent.
    ConsentId,
    /// A session (*séance*).
    SessionId,
    /// What was booked in one gesture: sessions share it.
    SeriesId,
    /// A request for a session (*demande de séance*).
    RequestId,
    /// A decision on a session.
    DecisionId,
    /// A substitute named for some days.
    SubstitutionId,
    /// An opening (*permanence*).
    OpeningId,
    /// A leave of a psychologist.
    LeaveId,
    /// A call for funds (*appel de fonds*).
    FundingCallId,
    /// A payment received for a call for funds.
    FundingReceiptId,
    /// A grant (*subvention*) that a convention names.
    GrantId,
    /// An amendment (*avenant*) of a convention.
    AmendmentId,
    /// A convention that is being prepared.
    ConventionDraftId,
    /// An invoice or a credit note.
    InvoiceId,
    /// An entry of the journal.
    JournalEntryId,
    /// Whatever an entry of the journal is about.
    JournalSubjectId,
    /// A family's request about its data.
    DataRequestId,
    /// A reason to keep an identity longer.
    RetentionExtensionId,
    /// An opening of a child's file.
    ReadingId,
    /// A mail of the outbox.
    MailId,
    /// A server that runs.
    InstanceId,
    /// A row of whichever table, that holds a sealed value.
    SealedRowId,
}
