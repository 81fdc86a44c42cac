//! The documents of a month: invoices and statements as they were kept, and the service-done certificates.

use sha2::{Digest, Sha256};

use super::store::CertifiedProgramme;
use super::{ExportRefusal, ExportedInvoice, MonthExport, store};
use crate::calendar::local_date;
use crate::db::AnyConnection;
use crate::documents::{self, CertificateContent, CertificateRow, Certified};
use crate::failure::{Failure, refuse};
use crate::ids::InvoiceId;
use crate::invoices::{FileKind, InvoiceKind};

/// How many invoices' files are in memory at once.
const PART: usize = 32;

/// A document of the archive.
#[derive(Debug)]
pub struct Document<'e> {
    /// Where it stands in the archive.
    pub path: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// The invoice that it is about.
    pub invoice: Option<&'e ExportedInvoice>,
}

/// Gives the kept files of the month one by one, after their hash is checked.
pub fn each_kept<'e>(
    conn: &mut AnyConnection,
    export: &'e MonthExport,
    mut take: impl FnMut(Document<'e>) -> Result<(), ExportRefusal>,
) -> Result<(), Failure<ExportRefusal>> {
    for part in export.invoices.chunks(PART) {
        let ids: Vec<InvoiceId> = part.iter().map(|one| one.invoice.id).collect();
        let mut files = store::files(conn, &ids)?;
        files.sort_by_key(|(id, kind, ..)| (ids.iter().position(|known| known == id), *kind));
        for (id, kind, hash, bytes) in files {
            let Some(one) = part.iter().find(|one| one.invoice.id == id) else { continue };
            if Sha256::digest(&bytes).as_slice() != hash {
                return refuse(ExportRefusal::Altered(one.invoice.title()));
            }
            take(Document { path: path(one, kind), bytes, invoice: Some(one) }).map_err(Failure::Refused)?;
        }
    }
    Ok(())
}

/// `factures/facture-F2026-0001-900000001.pdf`: numbers are unique for an issuer, not among issuers.
fn path(one: &ExportedInvoice, kind: FileKind) -> String {
    let (number, siren) = (&one.invoice.number, one.seller.siren());
    match (kind, one.invoice.kind) {
        (FileKind::FacturX, InvoiceKind::Invoice) => format!("factures/facture-{number}-{siren}.pdf"),
        (FileKind::FacturX, InvoiceKind::CreditNote) => format!("avoirs/avoir-{number}-{siren}.pdf"),
        (FileKind::Statement, _) => format!("releves/releve-{number}-{siren}.pdf"),
    }
}

/// Makes the certificate of each programme that has something to certify, then that of services common to all.
pub fn certificates(
    conn: &mut AnyConnection,
    export: &MonthExport,
) -> Result<Vec<Document<'static>>, Failure<ExportRefusal>> {
    let make = |(of, (programme, rows)): (Certified, (CertifiedProgramme, Vec<CertificateRow>))| {
        let CertifiedProgramme { code, name, run_by, convention_slug, convention } = programme;
        let month = export.month;
        let content = CertificateContent {
            of,
            convention,
            programme: name,
            run_by,
            month,
            made_on: local_date(export.made_at),
            rows,
        };
        Ok(Document {
            path: format!("certificats/service-fait-{}-{code}-{convention_slug}.pdf", month.iso()),
            bytes: documents::certificate(&content).map_err(ExportRefusal::not_written)?,
            invoice: None,
        })
    };
    let sessions = store::certified(conn, export.month)?.into_iter().map(|one| (Certified::Sessions, one));
    let services = store::certified_services(conn, export.month)?.into_iter().map(|one| (Certified::Services, one));
    sessions.chain(services).map(make).collect::<Result<_, _>>().map_err(Failure::Refused)
}
