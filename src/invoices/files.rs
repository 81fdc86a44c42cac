//! The files of an invoice: those that were kept, after their hash is checked, and those made again from its content.

use super::{FileKind, Invoice, InvoiceKind, Reader, freeze, store};
use crate::db::AnyConnection;
use crate::documents::{self, DocumentError};
use crate::failure::{Failure, Refusal, refuse};
use crate::ids::InvoiceId;

crate::text_enum! {
    /// A file that one may ask for.
    FileRequest {
        /// The Factur-X, as it was kept.
        FacturX => "factur-x.pdf",
        /// The same pages without the XML, for a portal that wants a plain PDF.
        Plain => "plain.pdf",
        /// The XML alone.
        Cii => "cii.xml",
        /// The statement of sessions, as it was kept.
        Statement => "statement.pdf",
    }
}

/// A file to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its name, at most 50 characters, as Chorus Pro wants.
    pub name: String,
    /// Its media type.
    pub media_type: &'static str,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Why a file is not sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileRefusal {
    /// What is kept is not what was issued.
    #[error(
        "Le fichier conservé de {0} ne correspond plus à son empreinte : il n’est pas envoyé. Prévenez l’administration."
    )]
    Altered(String),
    /// It cannot be made again.
    #[error(transparent)]
    Document(#[from] DocumentError),
}

impl Refusal for FileRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Altered(_) => "file_altered",
            Self::Document(_) => "file_not_made",
        }
    }
}

/// A file of an invoice that the reader may read.
///
/// # Errors
/// When the invoice is not the reader's or has no such file, when what is kept was altered, or the database fails.
pub fn file(
    conn: &mut AnyConnection,
    reader: Reader,
    id: InvoiceId,
    request: FileRequest,
) -> Result<File, Failure<FileRefusal>> {
    let invoice = store::load_for(conn, reader, id)?;
    let content = store::content(conn, id)?.invoice;
    let made = |result: Result<Vec<u8>, DocumentError>| result.map_err(|e| Failure::Refused(FileRefusal::from(e)));
    let bytes = match request {
        FileRequest::FacturX => kept(conn, &invoice, FileKind::FacturX)?,
        FileRequest::Statement => kept(conn, &invoice, FileKind::Statement)?,
        FileRequest::Plain => made(documents::plain(&content))?,
        FileRequest::Cii => made(documents::cii(&content).map(String::into_bytes))?,
    };
    Ok(File { name: file_name(&invoice, content.seller.siren(), request), media_type: media_type(request), bytes })
}

fn kept(conn: &mut AnyConnection, invoice: &Invoice, kind: FileKind) -> Result<Vec<u8>, Failure<FileRefusal>> {
    let (hash, bytes) = store::load_file(conn, invoice.id, kind)?;
    if freeze::sha256(&bytes) != hash {
        return refuse(FileRefusal::Altered(invoice.title()));
    }
    Ok(bytes)
}

fn media_type(request: FileRequest) -> &'static str {
    match request {
        FileRequest::Cii => "application/xml",
        _ => "application/pdf",
    }
}

/// `facture-F2026-0001-123456782.pdf`.
fn file_name(invoice: &Invoice, siren: &str, request: FileRequest) -> String {
    let kind = match invoice.kind {
        InvoiceKind::Invoice => "facture",
        InvoiceKind::CreditNote => "avoir",
    };
    let number = &invoice.number;
    match request {
        FileRequest::FacturX => format!("{kind}-{number}-{siren}.pdf"),
        FileRequest::Plain => format!("{kind}-{number}-{siren}-simple.pdf"),
        FileRequest::Cii => format!("{kind}-{number}-{siren}.xml"),
        FileRequest::Statement => format!("releve-{number}-{siren}.pdf"),
    }
}
