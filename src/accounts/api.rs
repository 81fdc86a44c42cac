//! Who a program acts for.

use actix_web::web::Json;

use crate::accounts::guards::SignedIn;
use crate::accounts::{Role, RoleIn};
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
    Json(Me { account: who.account, email: who.email.clone(), name: who.display_name.clone(), roles })
}
