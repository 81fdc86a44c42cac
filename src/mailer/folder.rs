//! `.eml` files in a folder: the default, which any mail program opens.

use std::fs::{DirBuilder, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use crate::outbox::Mail;

/// Makes the folder. Only the account that runs the program may read it: an invitation holds the way in.
pub fn open(folder: &Path) -> Result<(), String> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|e| format!("{}: {e}", folder.display()))
}

/// Writes a mail beside its place and renames it there: a reader of the folder never meets half of one, and a mail
/// written twice is one file.
pub fn write(folder: &Path, mail: &Mail, bytes: &[u8]) -> Result<(), String> {
    let name = file_name(mail);
    let draft = folder.join(format!(".{name}.part"));
    let written = || {
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&draft, folder.join(&name))
    };
    written().map_err(|e: std::io::Error| format!("{}: {e}", folder.display()))
}

/// Sorts by time: `20261120T090000.000000Z-<message id>.eml`.
fn file_name(mail: &Mail) -> String {
    format!("{}-{}.eml", mail.created_at.utc().format("%Y%m%dT%H%M%S%.6fZ"), mail.message_id)
}
