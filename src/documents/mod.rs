//! Everything that becomes a PDF or an EN 16931 XML file: pure functions from what is frozen in the database to bytes.
//!
//! The same input always makes the same bytes, so that a file can be made again and compared with its stored hash.
//! Nothing here knows a child's name: documents carry references. What a family asks to see is the exception.

mod certificate;
mod cii;
mod content;
mod family_file;
mod fonts;
mod funding_call;
mod invoice;
mod layout;
mod pdf;
#[cfg(test)]
mod samples;
mod statement;
mod xmp;
mod yearly_report;

pub use certificate::{CertificateContent, CertificateRow, Certified, certificate};
pub use cii::cii;
pub use content::{
    Address, Buyer, Channel, DocumentKind, InvoiceContent, InvoiceLine, InvoiceReference, ProfessionalNumber, Seller,
    Totals, VatRegime, VatShare,
};
pub use family_file::{FamilyFile, FamilyRow, family_file};
pub use funding_call::{FundingCallContent, funding_call};
pub use invoice::{factur_x, plain};
pub use statement::{StatementContent, StatementRow, StatementService, statement};
pub use yearly_report::{ReportGroup, ReportPlace, YearlyReportContent, yearly_report};

/// Why a document cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// The number would be rejected (BR-FR-02, CPRO-02).
    #[error(
        "Le numéro « {0} » serait rejeté : 20 caractères au plus, des lettres sans accent, des chiffres et - + _ /."
    )]
    Number(String),
    /// EN 16931 wants a line (BR-16).
    #[error("Une facture porte au moins une ligne.")]
    NoLine,
    /// A line is not its time × its rate.
    #[error("Le montant de la ligne {0} n’est pas le produit de ses heures par son tarif.")]
    LineAmount(u32),
    /// The totals are not those of the lines.
    #[error("Les totaux de la facture ne sont pas ceux de ses lignes.")]
    Totals,
    /// Two reasons of exemption (BR-E-1).
    #[error(
        "Des prestations exonérées (article 261, 4-1° du CGI) et des prestations en franchise (article 293 B) ne \
         peuvent pas figurer sur la même facture : établissez-en une pour chaque régime."
    )]
    TwoExemptions,
    /// The *franchise* excludes charging VAT.
    #[error("Un émetteur en franchise de TVA (article 293 B du CGI) ne peut pas facturer de TVA.")]
    FranchiseWithVat,
    /// VAT is charged without a number (BR-S-02).
    #[error("Facturer la TVA demande un numéro de TVA intracommunautaire : ajoutez-le à votre profil.")]
    NoVatNumber,
    /// Care is exempt for who is registered only (CGI art. 261, 4-1°).
    #[error("Facturer des soins demande un numéro RPPS ou ADELI : ajoutez-le à votre profil.")]
    NotRegistered,
    /// The PDF could not be written; the text is for the log.
    #[error("le document n’a pas pu être composé : {0}")]
    Layout(String),
}

/// Digits in groups of the given lengths, kept together by no-break spaces.
fn grouped(text: &str, lengths: &[usize]) -> String {
    let mut rest = text;
    let mut groups = Vec::new();
    for length in lengths {
        let (group, after) = rest.split_at_checked(*length).unwrap_or((rest, ""));
        groups.extend((!group.is_empty()).then_some(group));
        rest = after;
    }
    groups.extend((!rest.is_empty()).then_some(rest));
    groups.join("\u{a0}")
}
