//! Opens every sealed value in its place: a value that was altered or moved does not open.

use crate::db::Db;
use crate::ids::SealedRowId;
use crate::keys::{KeysError, store};
use crate::vault::{Place, SEALED, SealedColumn, Vault, VaultError};

const AT_ONCE: i64 = 500;

/// A value that does not open.
#[derive(Debug)]
pub struct Unreadable {
    /// Its row.
    pub row: uuid::Uuid,
    /// Why, and in which column.
    pub why: VaultError,
}

impl std::fmt::Display for Unreadable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} (row {})", self.why, self.row)
    }
}

/// What was found.
#[derive(Debug, Default)]
pub struct Checked {
    /// How many values open.
    pub values: u64,
    /// Those that do not.
    pub unreadable: Vec<Unreadable>,
}

/// Opens every sealed value.
///
/// # Errors
/// When the database fails.
pub fn check(db: &Db, vault: &Vault) -> Result<Checked, KeysError> {
    let mut checked = Checked::default();
    for column in SEALED {
        check_column(db, vault, *column, &mut checked)?;
    }
    Ok(checked)
}

fn check_column(db: &Db, vault: &Vault, column: SealedColumn, checked: &mut Checked) -> Result<(), KeysError> {
    let mut after = SealedRowId(uuid::Uuid::nil());
    loop {
        let found = db.read::<_, KeysError>(|conn| Ok(store::values(conn, column, after, AT_ONCE)?))?;
        let Some(last) = found.last() else { return Ok(()) };
        after = last.id;
        for value in &found {
            match vault.open(Place { column: column.name, row: value.id.0 }, &value.value) {
                Ok(_) => checked.values += 1,
                Err(why) => checked.unreadable.push(Unreadable { row: value.id.0, why }),
            }
        }
    }
}
