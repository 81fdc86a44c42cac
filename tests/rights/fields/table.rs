//! The table of fields.

use psypre::accounts::Role::{self, Accountant, Administrator, Auditor, Coordinator, Psychologist, Referent};

/// Addresses that answer no record of ours: the description of the API, and files.
pub const NOT_RECORDS: &[&str] = &[
    "/api/v1/openapi.json",
    "/api/v1/funding-calls/{call}/letter.pdf",
    "/api/v1/conventions/{convention}/convention.toml",
    "/api/v1/convention-drafts/{draft}/convention.toml",
    "/api/v1/exports/invoices",
    "/api/v1/invoices/{invoice}/{file}",
];

/// Objects whose keys are not fields of a record: facts of the journal, and the convention's file that a draft holds.
pub const OPAQUE: &[&str] = &["items[].before", "items[].after", "content"];

/// The keys of a place of the yearly report, and of each of its cells: the scene has too few children for any, so that
/// the story of a whole year (`tests/reports.rs`) holds the report to them.
pub const PLACE: [&str; 2] = ["cells", "place"];
/// See [`PLACE`].
pub const CELL: [&str; 12] = [
    "age",
    "children",
    "cost_cents",
    "excused_absences",
    "gender",
    "held_sessions",
    "is_masked",
    "length",
    "minutes",
    "reason",
    "source",
    "unexcused_absences",
];

/// What each role gets of each address: the keys, each with where it stands, and `-` before those that tell nothing in the
/// scene, because nothing happened yet or because they are withheld from the role.
pub const FIELDS: &[(&str, &[Role], &str)] = &[
    (
        "/api/v1/audit",
        &[Auditor, Administrator],
        "items items[].action items[].actor items[].after items[].at items[].before items[].chain items[].position \
         items[].subject items[].subject_id page size total",
    ),
    (
        "/api/v1/readings",
        &[Auditor],
        "items items[].account items[].at items[].child items[].children items[].means items[].opened items[].role \
         page size total",
    ),
    (
        "/api/v1/children/{child}/readings",
        &[Coordinator],
        "items items[].account items[].at items[].child items[].children items[].means items[].opened items[].role \
         page size total",
    ),
    (
        "/api/v1/me",
        &[Psychologist, Administrator, Accountant, Auditor],
        "account email name roles roles[].role stands_in -roles[].programme",
    ),
    ("/api/v1/me", &[Coordinator, Referent], "account email name roles roles[].programme roles[].role stands_in"),
    ("/api/v1/me/calendar-feed", &[Psychologist, Coordinator], "exists -created_at -last_read_at -url"),
    (
        "/api/v1/sessions",
        &[Psychologist, Coordinator],
        "items items[].attendance items[].billed_minutes items[].child_id items[].child_reference \
         items[].duration_minutes items[].ends_at items[].id items[].programme_id items[].psychologist_id \
         items[].quota_minutes items[].reason items[].referral_id items[].session_on items[].starts_at items[].state \
         page size total -items[].place",
    ),
    (
        "/api/v1/approvals",
        &[Coordinator],
        "items items[].attendance items[].billed_minutes items[].child_id items[].child_reference \
         items[].duration_minutes items[].ends_at items[].id items[].programme_id items[].psychologist_id \
         items[].quota_minutes items[].referral_id items[].session_on items[].starts_at items[].state page size total \
         -items[].place -items[].reason",
    ),
    (
        "/api/v1/substitutions",
        &[Coordinator, Referent],
        "items items[].ends_on items[].id items[].named_by items[].named_by_name items[].programme_id \
         items[].standing items[].starts_on items[].substitute_id items[].substitute_name page size total \
         -items[].ended_at",
    ),
    (
        "/api/v1/services",
        &[Psychologist, Administrator],
        "items items[].budget_line_id items[].convention_id items[].duration_minutes items[].ends_at \
         items[].gross_cents items[].hourly_cents items[].id items[].label items[].net_cents items[].participants \
         items[].place items[].programme_ids items[].psychologist_id items[].psychologist_name items[].reason \
         items[].service items[].service_on items[].starts_at items[].state items[].vat page size total",
    ),
    (
        "/api/v1/services/{service}",
        &[Psychologist, Administrator],
        "budget_line_id convention_id duration_minutes ends_at gross_cents hourly_cents id label net_cents \
         participants place programme_ids psychologist_id psychologist_name service service_on starts_at state vat \
         -reason",
    ),
    (
        "/api/v1/budget-lines",
        &[Administrator],
        "[].allotted_cents [].allotted_minutes [].budget_year_id [].convention_id [].id [].label [].left_cents \
         [].left_minutes [].reserved_cents [].reserved_minutes [].service [].used_cents [].used_minutes",
    ),
    (
        "/api/v1/openings",
        &[Psychologist, Coordinator],
        "items items[].ends_at items[].id items[].is_school_only items[].place items[].psychologist_id items[].rhythm \
         items[].starts_at items[].starts_on page size total -items[].programme_id -items[].until_on",
    ),
    (
        "/api/v1/openings/places",
        &[Psychologist, Coordinator],
        "[].duration_minutes [].opening_id [].place [].psychologist_id [].session_on [].start_time [].starts_at \
         -[].programme_id",
    ),
    (
        "/api/v1/quotas",
        &[Administrator, Coordinator, Psychologist],
        "[].allotted_minutes [].id [].programme [].programme_id [].remaining_minutes [].reserved_minutes \
         [].used_minutes [].year",
    ),
    (
        "/api/v1/budgets",
        &[Administrator],
        "[].convention [].ends_on [].fixed_share [].fixed_share.budgeted_cents [].fixed_share.committed_cents \
         [].fixed_share.invoiced_cents [].fixed_share.paid_cents [].grants [].id [].outlook [].outlook.kind [].programmes \
         [].programmes[].allotted_minutes [].programmes[].money [].programmes[].money.budgeted_cents \
         [].programmes[].money.committed_cents [].programmes[].money.invoiced_cents [].programmes[].money.paid_cents \
         [].programmes[].outlook [].programmes[].outlook.kind [].programmes[].programme [].programmes[].programme_id \
         [].programmes[].remaining_minutes [].programmes[].reserved_minutes [].programmes[].used_minutes [].services \
         [].services[].allotted_minutes [].services[].money [].services[].money.budgeted_cents \
         [].services[].money.committed_cents [].services[].money.invoiced_cents [].services[].money.paid_cents \
         [].services[].reserved_minutes [].services[].service [].services[].used_minutes [].starts_on [].weeks \
         [].weeks[].is_off [].weeks[].monday [].weeks[].reserved_minutes [].weeks[].used_minutes [].whole \
         [].whole.budgeted_cents [].whole.committed_cents [].whole.invoiced_cents [].whole.paid_cents [].year \
         -[].outlook.left_minutes -[].outlook.minutes_a_week -[].outlook.missing_minutes -[].outlook.runs_out_on \
         -[].programmes[].outlook.left_minutes -[].programmes[].outlook.minutes_a_week \
         -[].programmes[].outlook.missing_minutes -[].programmes[].outlook.runs_out_on",
    ),
    (
        "/api/v1/budgets",
        &[Coordinator, Psychologist],
        "[].convention [].ends_on [].grants [].id [].outlook [].outlook.kind [].programmes \
         [].programmes[].allotted_minutes [].programmes[].money [].programmes[].money.budgeted_cents [].programmes[].money.committed_cents \
         [].programmes[].money.invoiced_cents [].programmes[].money.paid_cents [].programmes[].outlook \
         [].programmes[].outlook.kind [].programmes[].programme [].programmes[].programme_id \
         [].programmes[].remaining_minutes [].programmes[].reserved_minutes [].programmes[].used_minutes [].services \
         [].services[].allotted_minutes [].services[].money [].services[].money.budgeted_cents \
         [].services[].money.committed_cents [].services[].money.invoiced_cents [].services[].money.paid_cents \
         [].services[].reserved_minutes [].services[].service [].services[].used_minutes [].starts_on [].weeks \
         [].weeks[].is_off [].weeks[].monday [].weeks[].reserved_minutes [].weeks[].used_minutes [].year \
         -[].fixed_share -[].outlook.left_minutes -[].outlook.minutes_a_week -[].outlook.missing_minutes \
         -[].outlook.runs_out_on -[].programmes[].outlook.left_minutes -[].programmes[].outlook.minutes_a_week \
         -[].programmes[].outlook.missing_minutes -[].programmes[].outlook.runs_out_on -[].whole",
    ),
    ("/api/v1/conventions", &[Administrator], "[].ends_on [].id [].slug [].stage [].starts_on [].title -[].signed_on"),
    (
        "/api/v1/conventions/{convention}/amendments",
        &[Administrator],
        "[].id [].lines [].lines[].after_minutes [].lines[].before_minutes [].lines[].budget_year_id [].lines[].kind \
         [].lines[].programme_id [].lines[].year [].number [].reason [].signed_on -[].lines[].after_cents \
         -[].lines[].after_on -[].lines[].before_cents -[].lines[].before_on -[].lines[].grant_id \
         -[].lines[].signatory_id",
    ),
    (
        "/api/v1/funding-calls",
        &[Administrator, Accountant],
        "[].amount_cents [].budget_year_id [].due_on [].id [].number [].owed_cents [].received_cents [].sent_on \
         [].signatory [].state [].year",
    ),
    (
        "/api/v1/convention-drafts",
        &[Administrator],
        "[].changed_at [].ends_on [].id [].is_sound [].slug [].starts_on [].title [].version",
    ),
    ("/api/v1/convention-drafts/{draft}", &[Administrator], "changed_at content findings id version -convention_id"),
    (
        "/api/v1/data-requests",
        &[Auditor, Coordinator],
        "items items[].child items[].due_on items[].id items[].kind items[].number items[].programme_id \
         items[].received_on items[].state page size total -items[].refused_for",
    ),
    (
        "/api/v1/retention",
        &[Auditor, Coordinator],
        "items items[].child items[].destroyed_on items[].due_on items[].last_contact_on items[].programme_id page size \
         total -items[].extended_for -items[].told_at",
    ),
    (
        "/api/v1/children",
        &[Coordinator, Referent],
        "items items[].age items[].born_on items[].first_name items[].followed_since items[].gender items[].id \
         items[].last_name items[].last_session_on items[].neighbourhood_id items[].programme_id items[].reference \
         items[].referent_id items[].referrals items[].referrals[].child items[].referrals[].child_id \
         items[].referrals[].consents items[].referrals[].consents[].collected_by \
         items[].referrals[].consents[].given_on items[].referrals[].consents[].guardian_id \
         items[].referrals[].consents[].id items[].referrals[].consents[].recorded_at items[].referrals[].ends_on \
         items[].referrals[].id items[].referrals[].minutes items[].referrals[].psychologist_id \
         items[].referrals[].reason items[].referrals[].remaining_minutes items[].referrals[].reserved_minutes \
         items[].referrals[].source items[].referrals[].starts_on items[].referrals[].used_minutes items[].school \
         page size total -items[].closed_on",
    ),
    (
        "/api/v1/children",
        &[Psychologist],
        "items items[].age items[].first_name items[].followed_since items[].gender items[].id items[].last_name \
         items[].last_session_on items[].neighbourhood_id items[].programme_id items[].reference items[].referent_id \
         items[].referrals items[].referrals[].child items[].referrals[].child_id items[].referrals[].consents \
         items[].referrals[].consents[].collected_by items[].referrals[].consents[].given_on \
         items[].referrals[].consents[].guardian_id items[].referrals[].consents[].id \
         items[].referrals[].consents[].recorded_at items[].referrals[].ends_on items[].referrals[].id \
         items[].referrals[].minutes items[].referrals[].psychologist_id items[].referrals[].reason \
         items[].referrals[].remaining_minutes items[].referrals[].reserved_minutes items[].referrals[].source \
         items[].referrals[].starts_on items[].referrals[].used_minutes page size total -items[].born_on \
         -items[].closed_on -items[].school",
    ),
    (
        "/api/v1/children/{child}",
        &[Coordinator, Referent],
        "age born_on first_name followed_since gender guardians guardians[].email guardians[].id guardians[].name \
         guardians[].phone guardians[].relation id last_name neighbourhood_id programme_id reference referent_id \
         school -closed_on",
    ),
    (
        "/api/v1/children/{child}",
        &[Psychologist],
        "age first_name followed_since gender guardians guardians[].id guardians[].name guardians[].phone \
         guardians[].relation id last_name neighbourhood_id programme_id reference referent_id -born_on -closed_on \
         -guardians[].email -school",
    ),
    (
        "/api/v1/referrals",
        &[Coordinator, Psychologist, Referent],
        "items items[].child items[].child_id items[].consents items[].consents[].collected_by \
         items[].consents[].given_on items[].consents[].guardian_id items[].consents[].id \
         items[].consents[].recorded_at items[].ends_on items[].id items[].minutes items[].psychologist_id \
         items[].reason items[].remaining_minutes items[].reserved_minutes items[].source items[].starts_on \
         items[].used_minutes page size total",
    ),
    (
        "/api/v1/requests",
        &[Psychologist, Coordinator, Referent],
        "items items[].child_id items[].child_reference items[].duration_minutes items[].from_on items[].id \
         items[].moment items[].programme_id items[].requested_at items[].state items[].wants_earlier \
         items[].weekdays items[].wish page size total -items[].answered_at -items[].declined_for -items[].session_id",
    ),
    (
        "/api/v1/reports/{year}",
        &[Administrator, Coordinator, Accountant],
        "contributions contributions[].called_cents contributions[].contribution_cents contributions[].received_cents \
         contributions[].signatory convention counted_until ends_on places spending spending[].budgeted_cents \
         spending[].committed_cents spending[].invoiced_cents spending[].of spending[].paid_cents starts_on year",
    ),
    (
        "/api/v1/invoices",
        &[Psychologist, Accountant],
        "items items[].convention_id items[].due_on items[].gross_cents items[].id items[].issued_on items[].kind \
         items[].month items[].net_cents items[].number items[].psychologist items[].psychologist_id items[].state \
         items[].vat_cents page size total -items[].corrects_id -items[].deposited_on -items[].ordered_on \
         -items[].paid_on -items[].rejected_on -items[].rejection_reason",
    ),
    (
        "/api/v1/invoices/preview",
        &[Psychologist],
        "[].convention_id [].findings [].findings[].blocking [].findings[].code [].findings[].detail [].gross_cents \
         [].invoices [].lines [].lines[].hourly_cents [].lines[].minutes [].lines[].net_cents [].lines[].position \
         [].lines[].programme [].lines[].programme_id [].lines[].service [].lines[].sessions [].lines[].vat \
         [].may_be_issued [].month [].services [].services[].hourly_cents [].services[].id [].services[].minutes \
         [].services[].service [].services[].service_on [].services[].starts_at [].services[].vat [].sessions \
         [].sessions[].billed_minutes [].sessions[].child [].sessions[].hourly_cents [].sessions[].id \
         [].sessions[].programme_id [].sessions[].session_on [].sessions[].starts_at",
    ),
    (
        "/api/v1/invoices/{invoice}",
        &[Psychologist, Accountant],
        "convention_id due_on gross_cents id issued_on kind lines lines[].hourly_cents lines[].minutes \
         lines[].net_cents lines[].position lines[].programme lines[].programme_id lines[].service lines[].sessions \
         lines[].vat month net_cents number psychologist psychologist_id state vat_cents -corrects_id -credit_note_id \
         -deposited_on -ordered_on -paid_on -rejected_on -rejection_reason",
    ),
];
