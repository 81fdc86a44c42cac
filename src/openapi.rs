//! The description of the API, true to its addresses: a test compares it with `router::ROUTES`.

use std::collections::BTreeSet;

use actix_web::web::Json;
use utoipa::openapi::path::{Operation, Parameter};
use utoipa::openapi::request_body::RequestBody;
use utoipa::openapi::schema::{AdditionalProperties, ArrayItems, Components, Schema, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Content, ContentBuilder, Ref, RefOr, Required, ResponseBuilder};
use utoipa::{Modify, OpenApi};

use crate::services;
use crate::{
    accounts, amendments, audit, budgets, children, convention_drafts, conventions, data_requests, exports,
    funding_calls, invoices, openings, privacy, quotas, reports, requests, sessions, substitutions,
};

/// Every address of the API.
#[derive(Debug, OpenApi)]
#[openapi(
    info(
        title = "PsyPRE",
        description = "Sessions, approvals and invoices of a programme de réussite éducative. A POST that creates or \
            decides takes an Idempotency-Key header: the same key gives the same answer, the same key with another \
            body is refused. A refusal is an RFC 9457 problem with a stable code; its detail is the French sentence \
            that the pages show."
    ),
    paths(
        show_openapi,
        accounts::api::show_me,
        accounts::api::show_calendar_feed,
        accounts::api::create_calendar_feed,
        accounts::api::create_calendar_feed_end,
        conventions::api::list_conventions,
        convention_drafts::api::show_file,
        convention_drafts::api::list_drafts,
        convention_drafts::api::create_draft,
        convention_drafts::api::show_draft,
        convention_drafts::api::show_draft_file,
        convention_drafts::api::create_change,
        convention_drafts::api::create_signature,
        convention_drafts::api::create_removal,
        amendments::api::list_amendments,
        amendments::api::create_amendment,
        amendments::api::create_transfer,
        audit::api::list_audit,
        privacy::api::list_readings,
        privacy::api::list_readings_of_child,
        privacy::api::list_retention,
        privacy::api::create_extension,
        data_requests::api::list_requests,
        data_requests::api::create_request,
        data_requests::api::create_child,
        data_requests::api::create_answer,
        data_requests::api::create_refusal,
        children::api::list_children,
        children::api::create_child,
        children::api::show_child,
        children::api::list_referrals,
        children::api::create_referral,
        children::api::create_reminders,
        children::api::create_consent,
        invoices::api::list_invoices,
        invoices::api::create_invoice,
        invoices::api::show_preview,
        invoices::api::show_invoice,
        invoices::api::show_file,
        invoices::api::create_deposit,
        invoices::api::create_rejection,
        invoices::api::create_payment_order,
        invoices::api::create_payment,
        invoices::api::create_credit_note,
        exports::api::show_export,
        requests::api::list_requests,
        requests::api::create_request,
        requests::api::create_refusal,
        requests::api::create_withdrawal,
        services::api::list_services,
        services::api::create_service,
        services::api::show_service,
        services::api::create_correction,
        services::api::create_giving_up,
        services::api::create_approval,
        services::api::create_refusal,
        services::api::create_withdrawal,
        services::api::create_approvals,
        services::api::list_lines,
        services::api::create_line,
        sessions::api::list_sessions,
        sessions::api::create_session,
        sessions::api_planning::create_booking,
        sessions::api_planning::create_move,
        sessions::api_planning::create_cancellation,
        sessions::api_planning::create_restoration,
        sessions::api_planning::create_earlier_wish,
        sessions::api::create_record,
        sessions::api::create_correction,
        sessions::api::create_approval,
        sessions::api::create_refusal,
        sessions::api::create_withdrawal,
        sessions::api::list_approvals,
        sessions::api::create_approvals,
        substitutions::api::list_substitutions,
        substitutions::api::create_substitution,
        substitutions::api::create_end,
        openings::api::list_openings,
        openings::api::create_opening,
        openings::api::list_places,
        openings::api::create_change,
        openings::api::create_closing,
        openings::api::create_removal,
        openings::api::create_restoration,
        openings::api::list_leaves,
        openings::api::create_leave,
        openings::api::create_leave_withdrawal,
        quotas::api::list_quotas,
        budgets::api::list_budgets,
        reports::api::show_report,
        funding_calls::api::list_calls,
        funding_calls::api::create_drafts,
        funding_calls::api::create_sending,
        funding_calls::api::list_receipts,
        funding_calls::api::create_receipt,
        funding_calls::api::create_reversal,
        funding_calls::api::show_letter,
    ),
    components(schemas(ProblemDetails)),
    modifiers(&Shared),
    security(("bearer" = []))
)]
pub struct Description;

/// Why a request was not answered as asked (RFC 9457).
#[derive(Debug, utoipa::ToSchema)]
#[allow(dead_code)]
struct ProblemDetails {
    /// `urn:psypre:problem:` and the code.
    r#type: String,
    /// What kind of answer it is, in French.
    title: String,
    /// The HTTP status.
    status: u16,
    /// A stable name, such as `quota_exhausted`.
    code: String,
    /// What happened and what to do, in French.
    detail: String,
    /// The field it is about.
    field: Option<String>,
    /// What the log knows a failure of ours by.
    reference: Option<String>,
}

/// What every operation shares: the bearer token, and the problems that any request may meet.
struct Shared;

const PROBLEMS: [(&str, &str); 6] = [
    ("400", "It cannot be read"),
    ("401", "No token, or one that no longer works"),
    ("403", "The caller does not hold the role"),
    ("404", "It does not exist, or is not the caller's"),
    ("422", "A rule refuses, or the idempotency key was used for another request"),
    ("429", "Too many requests: Retry-After says in how many seconds the next may come"),
];

/// The problems of bodies.
const BODY_PROBLEMS: [(&str, &str); 3] = [
    ("408", "The body took too long to arrive"),
    ("413", "The body is longer than 256 KiB"),
    ("415", "The body is no application/json"),
];

/// What is written in one way only, by name, where the type says no more than that it is words.
const WRITTEN: [(&str, &str); 6] = [
    ("starts_at", TIME_OF_DAY),
    ("ends_at", TIME_OF_DAY),
    ("start_time", TIME_OF_DAY),
    ("instead_starts_at", TIME_OF_DAY),
    ("month", "^[0-9]{4}-(0[1-9]|1[0-2])$"),
    ("Idempotency-Key", "^[!-~]{8,128}$"),
];
const TIME_OF_DAY: &str = "^([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]$";

impl Modify for Shared {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some("psypre token create")).build();
        let components = openapi.components.get_or_insert_default();
        components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
        for schema in components.schemas.values_mut() {
            if let RefOr::T(Schema::Object(object)) = schema {
                object.properties.iter_mut().for_each(|(name, property)| say_how_it_is_written(name, property));
            }
        }
        for item in openapi.paths.paths.values_mut() {
            for operation in [&mut item.get, &mut item.post].into_iter().flatten() {
                let of_body: &[_] = if operation.request_body.is_some() { &BODY_PROBLEMS } else { &[] };
                if let Some(RefOr::T(body)) = &mut operation.request_body {
                    body.required = needs_something(body, components).then_some(Required::True);
                    close_body(body, components);
                }
                for parameter in operation.parameters.iter_mut().flatten() {
                    if let RefOr::T(Parameter { name, schema: Some(schema), .. }) = parameter {
                        say_how_it_is_written(name, schema);
                    }
                }
                add_problems(operation, PROBLEMS.iter().chain(of_body));
            }
        }
    }
}

/// Whether a body must say anything: one that need not may be left out.
fn needs_something(body: &RequestBody, components: &Components) -> bool {
    let schema = body.content.values().find_map(|content| match content {
        RefOr::T(Content { schema: Some(RefOr::Ref(named)), .. }) => {
            components.schemas.get(named.ref_location.rsplit('/').next()?)
        }
        RefOr::T(Content { schema, .. }) => schema.as_ref(),
        RefOr::Ref(_) => None,
    });
    !matches!(schema, Some(RefOr::T(Schema::Object(object))) if object.required.is_empty())
}

/// Says that a body, and what it holds, have no key but theirs: `Posted` refuses any other.
fn close_body(body: &mut RequestBody, components: &mut Components) {
    let mut found = Vec::new();
    for content in body.content.values_mut() {
        if let RefOr::T(Content { schema: Some(schema), .. }) = content {
            close(schema, &mut found);
        }
    }
    let mut seen = BTreeSet::new();
    while let Some(name) = found.pop() {
        if let Some(schema) = components.schemas.get_mut(&name)
            && seen.insert(name)
        {
            close(schema, &mut found);
        }
    }
}

/// Closes a schema, and adds the names of those that it names.
fn close(schema: &mut RefOr<Schema>, named: &mut Vec<String>) {
    match schema {
        RefOr::Ref(other) => named.extend(other.ref_location.rsplit('/').next().map(str::to_owned)),
        RefOr::T(Schema::Object(object)) if !object.properties.is_empty() => {
            object.additional_properties.get_or_insert_with(|| Box::new(AdditionalProperties::FreeForm(false)));
            object.properties.values_mut().for_each(|property| close(property, named));
        }
        RefOr::T(Schema::OneOf(choice)) => choice.items.iter_mut().for_each(|item| close(item, named)),
        RefOr::T(Schema::Array(list)) => {
            if let ArrayItems::RefOrSchema(items) = &mut list.items {
                close(items, named);
            }
        }
        RefOr::T(_) => {}
    }
}

fn say_how_it_is_written(name: &str, schema: &mut RefOr<Schema>) {
    let written = WRITTEN.iter().find(|(known, _)| *known == name);
    if let (Some((_, pattern)), RefOr::T(Schema::Object(object))) = (written, schema)
        && object.format.is_none()
        && object.enum_values.is_none()
    {
        object.pattern = Some((*pattern).to_owned());
        // a header is there or not; null is a word like another
        if name == "Idempotency-Key" {
            object.schema_type = Type::String.into();
        }
    }
}

/// The problems that the middleware and the guards answer; what an operation says of its own stays.
fn add_problems<'p>(operation: &mut Operation, problems: impl Iterator<Item = &'p (&'p str, &'p str)>) {
    for (status, description) in problems {
        let problem = ContentBuilder::new().schema(Some(Ref::from_schema_name("ProblemDetails"))).build();
        let answer = ResponseBuilder::new().description(*description).content("application/problem+json", problem);
        operation.responses.responses.entry((*status).to_owned()).or_insert_with(|| RefOr::T(answer.build()));
    }
}

/// Shows the description of the API.
#[utoipa::path(
    get,
    path = "/api/v1/openapi.json",
    tag = "api",
    security(()),
    responses((status = 200, description = "This description", body = serde_json::Value))
)]
pub async fn show_openapi() -> Json<utoipa::openapi::OpenApi> {
    Json(Description::openapi())
}
