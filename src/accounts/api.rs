//! Who a program acts for.

use actix_web::web::Json;
use chrono::NaiveDate;

use crate::accounts::guards::SignedIn;
use crate::accounts::{Role, RoleIn, StandIn};
use crate::ids::{AccountId, ProgrammeId};

/// The caller.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct Me {
    /// Their account.
    account: AccountId,
    /// Their address.
    email: String,
    /// Their name.
    name: String,
    /// What they may do.
    roles: Vec<MyRole>,
    /// The programmes where they approve today in a coordinator's place.
    stands_in: Vec<MyStandIn>,
}

/// A programme where the caller approves in a coordinator's place.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct MyStandIn {
    /// The programme.
    programme: ProgrammeId,
    /// The coordinator's name.
    in_place_of: String,
    /// The last day.
    until: NaiveDate,
}

/// A role of the caller.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct MyRole {
    /// The role.
    role: Role,
    /// The programme, for coordinators and referents.
    programme: Option<ProgrammeId>,
}

/// Tells who the caller is, and what they may do.
#[utoipa::path(
    get,
    path = "/api/v1/me",
    tag = "accounts",
    responses((status = 200, description = "The caller", body = Me))
)]
pub async fn show_me(who: SignedIn) -> Json<Me> {
    let role = |RoleIn { role, programme }| MyRole { role, programme };
    let roles = who.grants.iter().map(RoleIn::of).map(role).collect();
    let stand_in = |lent: &StandIn| MyStandIn {
        programme: lent.programme,
        in_place_of: lent.in_place_of.clone(),
        until: lent.until,
    };
    let stands_in = who.stands_in.iter().map(stand_in).collect();
    Json(Me { account: who.account, email: who.email.clone(), name: who.display_name.clone(), roles, stands_in })
}
