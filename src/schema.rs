//! The tables as diesel knows them: one description for both databases. A test reads every column of it on each.

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    accounts (id) {
        id -> DbUuid,
        email -> Text,
        display_name -> Text,
        password_hash -> Nullable<Text>,
        told_at_once -> Bool,
        created_at -> Instant,
        disabled_at -> Nullable<Instant>,
        last_used_at -> Nullable<Instant>,
        warned_unused_at -> Nullable<Instant>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    programmes (id) {
        id -> DbUuid,
        code -> Text,
        name -> Text,
        town -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    role_grants (id) {
        id -> DbUuid,
        account_id -> DbUuid,
        role -> Text,
        programme_id -> Nullable<DbUuid>,
        granted_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    invitations (id) {
        id -> DbUuid,
        account_id -> DbUuid,
        token_hash -> Binary,
        created_at -> Instant,
        expires_at -> Instant,
        used_at -> Nullable<Instant>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    sign_ins (id) {
        id -> DbUuid,
        account_id -> DbUuid,
        token_hash -> Binary,
        role_in_use -> Text,
        created_at -> Instant,
        last_seen_at -> Instant,
        ended_at -> Nullable<Instant>,
        browser -> Text,
        device_hash -> Nullable<Binary>,
        closes_at -> Nullable<Instant>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    /// What a person proves besides their password.
    second_factors (account_id) {
        account_id -> DbUuid,
        secret -> Nullable<Sealed>,
        last_step -> Integer,
        codes_salt -> Binary,
        created_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    proconnect_links (account_id) {
        account_id -> DbUuid,
        issuer -> Text,
        subject -> Text,
        email -> Nullable<Text>,
        linked_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    /// What replaces the telephone once.
    recovery_codes (account_id, code_hash) {
        account_id -> DbUuid,
        code_hash -> Binary,
        used_at -> Nullable<Instant>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    /// Passkeys that prove who signs in.
    passkeys (id) {
        id -> DbUuid,
        account_id -> DbUuid,
        name -> Text,
        credential_id -> Text,
        public_key -> Sealed,
        sign_count -> BigInt,
        created_at -> Instant,
        last_used_at -> Nullable<Instant>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    /// What a browser was asked to sign with a passkey.
    passkey_challenges (id) {
        id -> DbUuid,
        asked_of_id -> DbUuid,
        purpose -> Text,
        state -> Sealed,
        expires_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    /// Who has proved one of the two things.
    half_sign_ins (id) {
        id -> DbUuid,
        account_id -> DbUuid,
        token_hash -> Binary,
        created_at -> Instant,
        expires_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    proconnect_returns (state_hash) {
        state_hash -> Binary,
        returned_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    api_tokens (id) {
        id -> DbUuid,
        account_id -> DbUuid,
        token_hash -> Binary,
        label -> Text,
        created_at -> Instant,
        expires_at -> Instant,
        revoked_at -> Nullable<Instant>,
        is_read_only -> Bool,
        areas -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    calendar_feeds (account_id) {
        account_id -> DbUuid,
        token_hash -> Binary,
        created_at -> Instant,
        last_read_at -> Nullable<Instant>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    throttles (subject) {
        subject -> Binary,
        failures -> Integer,
        last_failure_at -> Instant,
        blocked_until -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    idempotency_keys (account_id, key) {
        account_id -> DbUuid,
        key -> Text,
        request_hash -> Binary,
        answer -> Text,
        created_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    psychologists (id) {
        id -> DbUuid,
        account_id -> DbUuid,
        legal_name -> Text,
        siret -> Text,
        rpps -> Nullable<Text>,
        adeli -> Nullable<Text>,
        vat_number -> Nullable<Text>,
        iban -> Text,
        bic -> Nullable<Text>,
        street -> Text,
        postcode -> Text,
        city -> Text,
        mandate_signed_on -> Nullable<Date>,
        mandate_signed_by -> Nullable<Text>,
        created_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    vat_regimes (psychologist_id, service_type, starts_on) {
        psychologist_id -> DbUuid,
        service_type -> Text,
        starts_on -> Date,
        regime -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    conventions (id) {
        id -> DbUuid,
        slug -> Text,
        title -> Text,
        starts_on -> Date,
        ends_on -> Date,
        signed_on -> Nullable<Date>,
        file_sha256 -> Binary,
        is_example -> Bool,
        created_at -> Instant,
        last_amendment -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    terms (id) {
        id -> DbUuid,
        convention_id -> DbUuid,
        starts_on -> Date,
        ends_on -> Date,
        min_age -> Integer,
        max_age -> Integer,
        late_entry_months -> Integer,
        excused_absence_counted -> Bool,
        excused_absence_billed -> Bool,
        unexcused_absence_counted -> Bool,
        unexcused_absence_billed -> Bool,
        rounding -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    signatories (id) {
        id -> DbUuid,
        convention_id -> DbUuid,
        code -> Text,
        name -> Text,
        kind -> Text,
        contact_email -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    budget_years (id) {
        id -> DbUuid,
        convention_id -> DbUuid,
        label -> Text,
        starts_on -> Date,
        ends_on -> Date,
        budget_cents -> BigInt,
        fixed_share_cents -> BigInt,
        ceiling_cents -> Nullable<BigInt>,
        call_by_on -> Nullable<Date>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    contributions (budget_year_id, signatory_id) {
        budget_year_id -> DbUuid,
        signatory_id -> DbUuid,
        amount_cents -> BigInt,
        note -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    convention_programmes (convention_id, programme_id) {
        convention_id -> DbUuid,
        programme_id -> DbUuid,
        signatory_id -> DbUuid,
        note -> Nullable<Text>,
        starts_on -> Date,
        ends_on -> Date,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    neighbourhoods (id) {
        id -> DbUuid,
        programme_id -> DbUuid,
        code -> Text,
        name -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    grants (id) {
        id -> DbUuid,
        convention_id -> DbUuid,
        code -> Text,
        name -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    year_grants (budget_year_id, grant_id) {
        budget_year_id -> DbUuid,
        grant_id -> DbUuid,
        amount_cents -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    quotas (id) {
        id -> DbUuid,
        programme_id -> DbUuid,
        budget_year_id -> DbUuid,
        allotted_minutes -> Integer,
        reserved_minutes -> Integer,
        used_minutes -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    budget_lines (id) {
        id -> DbUuid,
        budget_year_id -> DbUuid,
        service_type -> Text,
        allotted_minutes -> Integer,
        reserved_minutes -> Integer,
        used_minutes -> Integer,
        allotted_cents -> BigInt,
        reserved_cents -> BigInt,
        used_cents -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    services (id) {
        id -> DbUuid,
        budget_line_id -> DbUuid,
        psychologist_id -> DbUuid,
        service_type -> Text,
        state -> Text,
        service_on -> Date,
        starts_at -> Instant,
        ends_at -> Instant,
        duration_minutes -> Integer,
        place -> Text,
        participants -> Integer,
        label -> Text,
        hourly_cents -> BigInt,
        vat_regime -> Text,
        gross_cents -> BigInt,
        recorded_by -> DbUuid,
        recorded_at -> Instant,
        decided_by -> Nullable<DbUuid>,
        decided_at -> Nullable<Instant>,
        reason -> Nullable<Text>,
        invoice_id -> Nullable<DbUuid>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    service_programmes (service_id, programme_id) {
        service_id -> DbUuid,
        programme_id -> DbUuid,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    invoice_services (invoice_id, service_id) {
        invoice_id -> DbUuid,
        service_id -> DbUuid,
        is_live -> Bool,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    service_decisions (id) {
        id -> DbUuid,
        service_id -> DbUuid,
        kind -> Text,
        reason -> Nullable<Text>,
        seen -> Text,
        decided_by -> DbUuid,
        decided_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    rates (id) {
        id -> DbUuid,
        convention_id -> DbUuid,
        psychologist_id -> Nullable<DbUuid>,
        service_type -> Text,
        starts_on -> Date,
        hourly_cents -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    buyers (convention_id) {
        convention_id -> DbUuid,
        name -> Text,
        siren -> Text,
        siret -> Text,
        street -> Text,
        postcode -> Text,
        city -> Text,
        service_code -> Nullable<Text>,
        engagement_number -> Nullable<Text>,
        contract_number -> Nullable<Text>,
        required_reference -> Text,
        channel -> Text,
        payment_days -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    month_reopenings (id) {
        id -> DbUuid,
        convention_id -> DbUuid,
        month_on -> Date,
        reason -> Text,
        until_on -> Date,
        opened_by -> DbUuid,
        opened_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    child_reference_counters (programme_id, year) {
        programme_id -> DbUuid,
        year -> Integer,
        last_number -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    children (id) {
        id -> DbUuid,
        programme_id -> DbUuid,
        reference -> Text,
        first_name -> Sealed,
        last_name -> Sealed,
        born_on -> Sealed,
        school -> Nullable<Sealed>,
        gender -> Text,
        neighbourhood_id -> DbUuid,
        referent_id -> Nullable<DbUuid>,
        followed_since_on -> Date,
        closed_on -> Nullable<Date>,
        created_by -> Nullable<DbUuid>,
        created_at -> Instant,
        identity_destroyed_at -> Nullable<Instant>,
        identity_destroyed_for -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    frozen_age_bands (child_id, year) {
        child_id -> DbUuid,
        year -> Integer,
        band -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    retention_extensions (id) {
        id -> DbUuid,
        child_id -> DbUuid,
        until_on -> Date,
        reason -> Text,
        decided_by -> DbUuid,
        decided_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    data_request_counters (year) {
        year -> Integer,
        last_number -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    data_requests (id) {
        id -> DbUuid,
        number -> Text,
        kind -> Text,
        programme_id -> DbUuid,
        child_id -> Nullable<DbUuid>,
        received_on -> Date,
        due_on -> Date,
        state -> Text,
        refused_for -> Nullable<Text>,
        recorded_by -> DbUuid,
        recorded_at -> Instant,
        closed_by -> Nullable<DbUuid>,
        closed_at -> Nullable<Instant>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    retention_notices (child_id, due_on) {
        child_id -> DbUuid,
        due_on -> Date,
        told_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    guardians (id) {
        id -> DbUuid,
        child_id -> DbUuid,
        position -> Integer,
        name -> Sealed,
        relation -> Sealed,
        phone -> Nullable<Sealed>,
        email -> Nullable<Sealed>,
        reminders_since -> Nullable<Date>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    referrals (id) {
        id -> DbUuid,
        child_id -> DbUuid,
        psychologist_id -> DbUuid,
        minutes -> Integer,
        reserved_minutes -> Integer,
        used_minutes -> Integer,
        starts_on -> Date,
        ends_on -> Date,
        created_by -> Nullable<DbUuid>,
        created_at -> Instant,
        source -> Text,
        reason -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    consents (id) {
        id -> DbUuid,
        referral_id -> DbUuid,
        guardian_id -> DbUuid,
        given_on -> Date,
        collected_by -> DbUuid,
        recorded_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    invoice_counters (psychologist_id, year) {
        psychologist_id -> DbUuid,
        year -> Integer,
        last_number -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    invoices (id) {
        id -> DbUuid,
        psychologist_id -> DbUuid,
        convention_id -> DbUuid,
        kind -> Text,
        year -> Integer,
        sequence -> Integer,
        number -> Text,
        month_on -> Date,
        issued_on -> Date,
        net_cents -> BigInt,
        vat_cents -> BigInt,
        gross_cents -> BigInt,
        content -> Text,
        content_sha256 -> Binary,
        corrects_id -> Nullable<DbUuid>,
        issued_by -> Nullable<DbUuid>,
        issued_at -> Instant,
        state -> Text,
        due_on -> Date,
        deposited_on -> Nullable<Date>,
        ordered_on -> Nullable<Date>,
        paid_on -> Nullable<Date>,
        rejected_on -> Nullable<Date>,
        rejection_reason -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    invoice_lines (invoice_id, position) {
        invoice_id -> DbUuid,
        position -> Integer,
        programme_id -> Nullable<DbUuid>,
        service_type -> Text,
        session_count -> Integer,
        minutes -> Integer,
        hourly_cents -> BigInt,
        net_cents -> BigInt,
        vat_regime -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    invoice_files (invoice_id, kind) {
        invoice_id -> DbUuid,
        kind -> Text,
        sha256 -> Binary,
        bytes -> Binary,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    sessions (id) {
        id -> DbUuid,
        programme_id -> DbUuid,
        quota_id -> DbUuid,
        child_id -> DbUuid,
        referral_id -> DbUuid,
        psychologist_id -> DbUuid,
        service_type -> Text,
        state -> Text,
        attendance -> Nullable<Text>,
        session_on -> Date,
        starts_at -> Instant,
        ends_at -> Instant,
        duration_minutes -> Integer,
        quota_minutes -> Integer,
        billed_minutes -> Integer,
        place -> Nullable<Text>,
        created_by -> DbUuid,
        created_at -> Instant,
        booked_at -> Nullable<Instant>,
        recorded_by -> Nullable<DbUuid>,
        recorded_at -> Nullable<Instant>,
        decided_by -> Nullable<DbUuid>,
        decided_at -> Nullable<Instant>,
        reason -> Nullable<Text>,
        cancelled_by -> Nullable<DbUuid>,
        cancelled_at -> Nullable<Instant>,
        invoice_id -> Nullable<DbUuid>,
        series_id -> Nullable<DbUuid>,
        wants_earlier -> Bool,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    requests (id) {
        id -> DbUuid,
        programme_id -> DbUuid,
        child_id -> DbUuid,
        duration_minutes -> Integer,
        from_on -> Date,
        weekdays -> Integer,
        moment -> Text,
        wish -> Text,
        wants_earlier -> Bool,
        state -> Text,
        declined_for -> Nullable<Text>,
        session_id -> Nullable<DbUuid>,
        requested_by -> DbUuid,
        requested_at -> Instant,
        answered_by -> Nullable<DbUuid>,
        answered_at -> Nullable<Instant>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    session_revisions (session_id) {
        session_id -> DbUuid,
        sequence -> Integer,
        changed_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    session_decisions (id) {
        id -> DbUuid,
        session_id -> DbUuid,
        kind -> Text,
        reason -> Nullable<Text>,
        seen -> Text,
        decided_by -> DbUuid,
        decided_at -> Instant,
        substitution_id -> Nullable<DbUuid>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    substitutions (id) {
        id -> DbUuid,
        programme_id -> DbUuid,
        named_by -> DbUuid,
        substitute_id -> DbUuid,
        starts_on -> Date,
        ends_on -> Date,
        created_at -> Instant,
        ended_at -> Nullable<Instant>,
        ended_by -> Nullable<DbUuid>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    invoice_sessions (invoice_id, session_id) {
        invoice_id -> DbUuid,
        session_id -> DbUuid,
        is_live -> Bool,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    journal_chains (chain) {
        chain -> Text,
        length -> BigInt,
        head -> Binary,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    journal_entries (id) {
        id -> DbUuid,
        chain -> Text,
        position -> BigInt,
        at -> Instant,
        actor_id -> Nullable<DbUuid>,
        action -> Text,
        subject -> Text,
        subject_id -> DbUuid,
        before -> Nullable<Text>,
        after -> Nullable<Text>,
        previous_hash -> Binary,
        hash -> Binary,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    file_readings (id) {
        id -> DbUuid,
        at -> Instant,
        account_id -> DbUuid,
        role -> Text,
        means -> Text,
        opened -> Text,
        child_id -> Nullable<DbUuid>,
        children -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    mails (id) {
        id -> DbUuid,
        message_id -> Text,
        kind -> Text,
        dedupe_key -> Nullable<Text>,
        recipient -> Text,
        subject -> Text,
        text_body -> Text,
        html_body -> Text,
        created_at -> Instant,
        attempts -> Integer,
        next_attempt_at -> Instant,
        leased_until -> Nullable<Instant>,
        last_error -> Nullable<Text>,
        sent_at -> Nullable<Instant>,
        failed_at -> Nullable<Instant>,
        calendar -> Nullable<Text>,
        written_from -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    school_breaks (school_year, starts_on) {
        school_year -> Text,
        starts_on -> Date,
        ends_on -> Date,
        name -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    openings (id) {
        id -> DbUuid,
        psychologist_id -> DbUuid,
        programme_id -> Nullable<DbUuid>,
        place -> Text,
        rhythm -> Text,
        starts_on -> Date,
        until_on -> Nullable<Date>,
        start_minute -> Integer,
        end_minute -> Integer,
        is_school_only -> Bool,
        created_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    opening_removals (opening_id, removed_on) {
        opening_id -> DbUuid,
        removed_on -> Date,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    leaves (id) {
        id -> DbUuid,
        psychologist_id -> DbUuid,
        starts_on -> Date,
        ends_on -> Date,
        created_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    funding_call_counters (year) {
        year -> Integer,
        last_number -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    funding_calls (id) {
        id -> DbUuid,
        budget_year_id -> DbUuid,
        signatory_id -> DbUuid,
        state -> Text,
        created_by -> DbUuid,
        created_at -> Instant,
        year -> Nullable<Integer>,
        sequence -> Nullable<Integer>,
        number -> Nullable<Text>,
        amount_cents -> Nullable<BigInt>,
        due_on -> Nullable<Date>,
        sent_on -> Nullable<Date>,
        sent_to -> Nullable<Text>,
        sent_by -> Nullable<DbUuid>,
        sent_at -> Nullable<Instant>,
        received_cents -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    funding_call_letters (funding_call_id) {
        funding_call_id -> DbUuid,
        sha256 -> Binary,
        bytes -> Binary,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    funding_receipts (id) {
        id -> DbUuid,
        funding_call_id -> DbUuid,
        received_on -> Date,
        amount_cents -> BigInt,
        recorded_by -> DbUuid,
        recorded_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    funding_receipt_reversals (receipt_id) {
        receipt_id -> DbUuid,
        reason -> Text,
        recorded_by -> DbUuid,
        recorded_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    mail_attachments (mail_id) {
        mail_id -> DbUuid,
        name -> Text,
        media_type -> Text,
        bytes -> Binary,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    vault_keys (id) {
        id -> Integer,
        fingerprint -> Binary,
        sealing_since -> Instant,
        is_sealing -> Bool,
        retired_at -> Nullable<Instant>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    vault_instances (id) {
        id -> DbUuid,
        label -> Text,
        known -> Text,
        sealing -> Integer,
        seen_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    amendments (id) {
        id -> DbUuid,
        convention_id -> DbUuid,
        number -> Integer,
        signed_on -> Date,
        reason -> Text,
        entered_by -> DbUuid,
        entered_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    amendment_lines (amendment_id, position) {
        amendment_id -> DbUuid,
        position -> Integer,
        budget_year_id -> DbUuid,
        kind -> Text,
        programme_id -> Nullable<DbUuid>,
        signatory_id -> Nullable<DbUuid>,
        before_minutes -> Nullable<Integer>,
        after_minutes -> Nullable<Integer>,
        before_cents -> Nullable<BigInt>,
        after_cents -> Nullable<BigInt>,
        before_on -> Nullable<Date>,
        after_on -> Nullable<Date>,
        grant_id -> Nullable<DbUuid>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    journal_seals (number) {
        number -> BigInt,
        sealed_on -> Date,
        sealed_at -> Instant,
        entries -> BigInt,
        heads -> Text,
        previous_mac -> Binary,
        key_id -> Integer,
        mac -> Binary,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::*;

    convention_drafts (id) {
        id -> DbUuid,
        file -> Text,
        version -> Integer,
        copied_from_id -> Nullable<DbUuid>,
        convention_id -> Nullable<DbUuid>,
        created_by -> DbUuid,
        created_at -> Instant,
        changed_at -> Instant,
    }
}

diesel::joinable!(role_grants -> accounts (account_id));
diesel::joinable!(role_grants -> programmes (programme_id));
diesel::joinable!(invitations -> accounts (account_id));
diesel::joinable!(sign_ins -> accounts (account_id));
diesel::joinable!(second_factors -> accounts (account_id));
diesel::joinable!(half_sign_ins -> accounts (account_id));
diesel::joinable!(proconnect_links -> accounts (account_id));
diesel::joinable!(api_tokens -> accounts (account_id));
diesel::joinable!(idempotency_keys -> accounts (account_id));
diesel::joinable!(psychologists -> accounts (account_id));
diesel::joinable!(vat_regimes -> psychologists (psychologist_id));
diesel::joinable!(terms -> conventions (convention_id));
diesel::joinable!(signatories -> conventions (convention_id));
diesel::joinable!(budget_years -> conventions (convention_id));
diesel::joinable!(contributions -> budget_years (budget_year_id));
diesel::joinable!(contributions -> signatories (signatory_id));
diesel::joinable!(grants -> conventions (convention_id));
diesel::joinable!(year_grants -> budget_years (budget_year_id));
diesel::joinable!(year_grants -> grants (grant_id));
diesel::joinable!(convention_programmes -> conventions (convention_id));
diesel::joinable!(convention_programmes -> programmes (programme_id));
diesel::joinable!(convention_programmes -> signatories (signatory_id));
diesel::joinable!(neighbourhoods -> programmes (programme_id));
diesel::joinable!(quotas -> programmes (programme_id));
diesel::joinable!(quotas -> budget_years (budget_year_id));
diesel::joinable!(budget_lines -> budget_years (budget_year_id));
diesel::joinable!(services -> budget_lines (budget_line_id));
diesel::joinable!(services -> psychologists (psychologist_id));
diesel::joinable!(services -> invoices (invoice_id));
diesel::joinable!(service_programmes -> services (service_id));
diesel::joinable!(service_programmes -> programmes (programme_id));
diesel::joinable!(invoice_services -> invoices (invoice_id));
diesel::joinable!(invoice_services -> services (service_id));
diesel::joinable!(service_decisions -> services (service_id));
diesel::joinable!(service_decisions -> accounts (decided_by));
diesel::joinable!(rates -> conventions (convention_id));
diesel::joinable!(rates -> psychologists (psychologist_id));
diesel::joinable!(buyers -> conventions (convention_id));
diesel::joinable!(month_reopenings -> conventions (convention_id));
diesel::joinable!(amendments -> conventions (convention_id));
diesel::joinable!(amendments -> accounts (entered_by));
diesel::joinable!(amendment_lines -> amendments (amendment_id));
diesel::joinable!(amendment_lines -> budget_years (budget_year_id));
diesel::joinable!(amendment_lines -> programmes (programme_id));
diesel::joinable!(amendment_lines -> signatories (signatory_id));
diesel::joinable!(amendment_lines -> grants (grant_id));
diesel::joinable!(month_reopenings -> accounts (opened_by));
diesel::joinable!(child_reference_counters -> programmes (programme_id));
diesel::joinable!(children -> programmes (programme_id));
diesel::joinable!(children -> neighbourhoods (neighbourhood_id));
diesel::joinable!(data_requests -> children (child_id));
diesel::joinable!(data_requests -> programmes (programme_id));
diesel::joinable!(frozen_age_bands -> children (child_id));
diesel::joinable!(retention_extensions -> children (child_id));
diesel::joinable!(retention_extensions -> accounts (decided_by));
diesel::joinable!(retention_notices -> children (child_id));
diesel::joinable!(guardians -> children (child_id));
diesel::joinable!(referrals -> children (child_id));
diesel::joinable!(referrals -> psychologists (psychologist_id));
diesel::joinable!(referrals -> accounts (created_by));
diesel::joinable!(consents -> referrals (referral_id));
diesel::joinable!(consents -> guardians (guardian_id));
diesel::joinable!(consents -> accounts (collected_by));
diesel::joinable!(invoice_counters -> psychologists (psychologist_id));
diesel::joinable!(invoices -> psychologists (psychologist_id));
diesel::joinable!(invoices -> conventions (convention_id));
diesel::joinable!(invoices -> accounts (issued_by));
diesel::joinable!(invoice_lines -> invoices (invoice_id));
diesel::joinable!(invoice_lines -> programmes (programme_id));
diesel::joinable!(invoice_files -> invoices (invoice_id));
diesel::joinable!(sessions -> programmes (programme_id));
diesel::joinable!(sessions -> quotas (quota_id));
diesel::joinable!(sessions -> children (child_id));
diesel::joinable!(sessions -> referrals (referral_id));
diesel::joinable!(sessions -> psychologists (psychologist_id));
diesel::joinable!(sessions -> invoices (invoice_id));
diesel::joinable!(requests -> programmes (programme_id));
diesel::joinable!(requests -> children (child_id));
diesel::joinable!(requests -> sessions (session_id));
diesel::joinable!(requests -> accounts (requested_by));
diesel::joinable!(calendar_feeds -> accounts (account_id));
diesel::joinable!(session_revisions -> sessions (session_id));
diesel::joinable!(session_decisions -> sessions (session_id));
diesel::joinable!(session_decisions -> accounts (decided_by));
diesel::joinable!(session_decisions -> substitutions (substitution_id));
diesel::joinable!(substitutions -> programmes (programme_id));
diesel::joinable!(invoice_sessions -> invoices (invoice_id));
diesel::joinable!(invoice_sessions -> sessions (session_id));
diesel::joinable!(openings -> psychologists (psychologist_id));
diesel::joinable!(openings -> programmes (programme_id));
diesel::joinable!(opening_removals -> openings (opening_id));
diesel::joinable!(leaves -> psychologists (psychologist_id));
diesel::joinable!(funding_calls -> budget_years (budget_year_id));
diesel::joinable!(funding_calls -> signatories (signatory_id));
diesel::joinable!(funding_call_letters -> funding_calls (funding_call_id));
diesel::joinable!(funding_receipts -> funding_calls (funding_call_id));
diesel::joinable!(funding_receipts -> accounts (recorded_by));
diesel::joinable!(funding_receipt_reversals -> funding_receipts (receipt_id));
diesel::joinable!(funding_receipt_reversals -> accounts (recorded_by));
diesel::joinable!(mail_attachments -> mails (mail_id));
diesel::joinable!(journal_entries -> accounts (actor_id));
diesel::joinable!(file_readings -> accounts (account_id));
diesel::joinable!(file_readings -> children (child_id));

diesel::allow_tables_to_appear_in_same_query!(
    accounts,
    programmes,
    role_grants,
    invitations,
    sign_ins,
    second_factors,
    recovery_codes,
    half_sign_ins,
    passkeys,
    passkey_challenges,
    proconnect_links,
    proconnect_returns,
    api_tokens,
    calendar_feeds,
    throttles,
    idempotency_keys,
    psychologists,
    vat_regimes,
    conventions,
    terms,
    signatories,
    budget_years,
    contributions,
    grants,
    year_grants,
    convention_programmes,
    neighbourhoods,
    quotas,
    budget_lines,
    services,
    service_programmes,
    service_decisions,
    invoice_services,
    rates,
    buyers,
    month_reopenings,
    child_reference_counters,
    children,
    data_request_counters,
    data_requests,
    frozen_age_bands,
    retention_extensions,
    retention_notices,
    guardians,
    referrals,
    consents,
    invoice_counters,
    invoices,
    invoice_lines,
    invoice_files,
    requests,
    sessions,
    session_revisions,
    session_decisions,
    substitutions,
    invoice_sessions,
    journal_chains,
    journal_entries,
    file_readings,
    mails,
    mail_attachments,
    funding_call_counters,
    funding_calls,
    funding_call_letters,
    funding_receipts,
    funding_receipt_reversals,
    amendments,
    amendment_lines,
    convention_drafts,
    school_breaks,
    openings,
    opening_removals,
    leaves,
    vault_keys,
    vault_instances,
    journal_seals,
);
