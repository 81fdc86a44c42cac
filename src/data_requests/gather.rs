//! All that is kept of a child, for the family that asks: who the child is, guardians, referrals, sessions, who opened the
//! file. The other families' and the staff's own data are left out.

use chrono::NaiveDate;

use crate::accounts::Coordinator;
use crate::children::{self, Child, Guardian};
use crate::config::Retention;
use crate::conventions;
use crate::data_requests::{DataRequestKind, Follower, KeptReferral, KeptSession, look_up, store};
use crate::db::AnyConnection;
use crate::error::AppError;
use crate::ids::DataRequestId;
use crate::privacy::retention;
use crate::readings::{self, Filter, Listed};
use crate::vault::Vault;

/// All that is kept of a child.
#[derive(Debug, Clone)]
pub struct Gathered {
    /// The number of the request.
    pub number: String,
    /// Who the child is.
    pub child: Child,
    /// The programme's name.
    pub programme: String,
    /// The neighbourhood's name.
    pub neighbourhood: String,
    /// The guardians.
    pub guardians: Vec<Guardian>,
    /// The referrals.
    pub referrals: Vec<KeptReferral>,
    /// The sessions.
    pub sessions: Vec<KeptSession>,
    /// Who opened the file, by capacity: the latest.
    pub readings: Vec<Listed>,
    /// The day from which the identity is kept no longer.
    pub kept_until: Option<NaiveDate>,
}

/// As many openings of the file as are handed over, the latest.
const READINGS: i64 = 500;

/// Gathers what a request for access asks for.
///
/// # Errors
/// When the request is not theirs, asks for something else or names no child, or the database fails.
pub fn gather(
    conn: &mut AnyConnection,
    vault: &Vault,
    terms: Retention,
    who: &Coordinator,
    id: DataRequestId,
) -> Result<Gathered, AppError> {
    let found = look_up::load_for(conn, &Follower::Coordinator(who.clone()), id)?.request;
    let child = found.child.filter(|_| found.kind == DataRequestKind::Access).ok_or(AppError::NotFound)?;
    let child = children::look_up::load_for(conn, vault, who, child)?;
    let homes = conventions::look_up::neighbourhoods(conn, &[child.programme_id])?;
    let home = homes.into_iter().find(|home| home.id == child.neighbourhood_id);
    let mut names = children::look_up::programme_names(conn, &[child.programme_id])?;
    let filter = Filter { child: Some(child.id), ..Filter::default() };
    Ok(Gathered {
        number: found.number,
        programme: names.remove(&child.programme_id).unwrap_or_default(),
        neighbourhood: home.map(|home| home.name).unwrap_or_default(),
        guardians: children::look_up::guardians(conn, vault, &child)?,
        referrals: store::referrals_of(conn, child.id)?,
        sessions: store::sessions_of(conn, child.id)?,
        readings: readings::search(conn, &filter, 0, READINGS)?,
        kept_until: retention::of_child(conn, terms, child.id)?.map(|kept| kept.due_on()),
        child,
    })
}
