//! Invented documents for tests, and their files for the official judges.

use chrono::NaiveDate;

use crate::calendar::Month;
use crate::documents::content::{
    Address, Buyer, Channel, DocumentKind, InvoiceContent, InvoiceLine, InvoiceReference, ProfessionalNumber, Seller,
    Totals, VatRegime,
};
use crate::documents::layout::{Placed, Sheet};
use crate::documents::{
    CertificateContent, CertificateRow, Certified, FundingCallContent, ReportGroup, ReportPlace, StatementContent,
    StatementRow, YearlyReportContent, certificate, factur_x, funding_call, plain, statement, yearly_report,
};
use crate::hours::Minutes;
use crate::money::Cents;

/// A date from `2026-10-31`.
pub fn day(text: &str) -> NaiveDate {
    text.parse().expect("a date")
}

/// An invoice with lines of one regime, and for the standard rate a line of exempt care too.
pub fn invoice(channel: Channel, vat: VatRegime) -> InvoiceContent {
    let first = if vat == VatRegime::Standard { VatRegime::ExemptCare } else { vat };
    let lines = vec![
        InvoiceLine::new(1, "PRE de Chenôve", "Entretien psychologique", Minutes(600), Cents(6000), first),
        InvoiceLine::new(2, "PRE de Dijon", "Entretien psychologique", Minutes(495), Cents(6000), first),
        InvoiceLine::new(3, "PRE de Dijon", "Analyse de la pratique", Minutes(105), Cents(6000), vat),
    ];
    InvoiceContent {
        channel,
        kind: DocumentKind::Invoice { due_on: day("2026-11-30") },
        number: "F2026-10-0001".to_owned(),
        issued_on: day("2026-10-31"),
        period_start: day("2026-10-01"),
        period_end: day("2026-10-31"),
        seller: Seller {
            legal_name: "Claire Martin (EI)".to_owned(),
            siret: "12345678200010".to_owned(),
            address: Address {
                street: "12 rue de la Liberté".to_owned(),
                complement: None,
                postcode: "21000".to_owned(),
                city: "Dijon".to_owned(),
            },
            professional_number: Some(ProfessionalNumber::Rpps("10001234565".to_owned())),
            vat_number: (vat == VatRegime::Standard).then(|| "FR32123456782".to_owned()),
            iban: "FR7630006000011234567890189".to_owned(),
            bic: Some("AGRIFRPP".to_owned()),
        },
        buyer: Buyer {
            name: "Dijon Métropole".to_owned(),
            siret: "24210041000016".to_owned(),
            address: Address {
                street: "40 avenue du Drapeau".to_owned(),
                complement: Some("CS 17510".to_owned()),
                postcode: "21075".to_owned(),
                city: "Dijon Cedex".to_owned(),
            },
            service_code: Some("SANTE-01".to_owned()),
            engagement_number: Some("ENG2026-0042".to_owned()),
            contract_number: Some("2026-PSY-17".to_owned()),
        },
        mandate_signed_on: (vat == VatRegime::ExemptCare).then(|| day("2026-09-01")),
        totals: Totals::of(&lines).expect("totals"),
        lines,
    }
}

/// An invoice of who trains teams, is no psychologist, and charges VAT.
pub fn unregistered(channel: Channel) -> InvoiceContent {
    let mut content = invoice(channel, VatRegime::Standard);
    content.seller.professional_number = None;
    content.lines =
        vec![InvoiceLine::new(1, "Commun aux PRE", "Formation", Minutes(420), Cents(6000), VatRegime::Standard)];
    content.totals = Totals::of(&content.lines).expect("totals");
    content
}

/// A credit note on that invoice.
pub fn credit_note(channel: Channel) -> InvoiceContent {
    credit_note_of(invoice(channel, VatRegime::ExemptCare))
}

fn credit_note_of(invoice: InvoiceContent) -> InvoiceContent {
    InvoiceContent {
        kind: DocumentKind::CreditNote {
            corrects: InvoiceReference { number: invoice.number, issued_on: invoice.issued_on },
        },
        number: "A2026-11-0001".to_owned(),
        issued_on: day("2026-11-12"),
        ..invoice
    }
}

/// An invoice with names of 60 characters, letters that the fonts lack, 300 lines, and nothing that is optional.
pub fn long_invoice() -> InvoiceContent {
    let mut content = invoice(Channel::Reform, VatRegime::Franchise);
    content.seller.legal_name = "Marie-Élisabeth de la Rochefoucauld-Montbéliard d’Œuilly (EI)".to_owned();
    content.seller.address.street = "3 bis, rue Жук\u{ad}ov 🌳".to_owned();
    content.seller.bic = None;
    content.seller.professional_number = Some(ProfessionalNumber::Adeli("219312345".to_owned()));
    (content.buyer.service_code, content.buyer.engagement_number, content.buyer.contract_number) = (None, None, None);
    content.lines = (1..=300)
        .map(|n| {
            let programme = "PRE de Saint-Apollinaire-lès-Fontaine-d’Ouche & Grésilles <Est>";
            InvoiceLine::new(n, programme, "Entretien psychologique", Minutes(45), Cents(6001), VatRegime::Franchise)
        })
        .collect();
    content.totals = Totals::of(&content.lines).expect("totals");
    content
}

/// A statement of sessions of two programmes.
pub fn statement_of(sessions: u32) -> StatementContent {
    let programmes = [("CHE", "PRE de Chenôve"), ("DIJ", "PRE de Dijon")];
    let rows = (0..sessions).map(|n| {
        let (prefix, programme) = programmes[n as usize % 2];
        StatementRow {
            held_on: day("2026-10-01") + chrono::Days::new(u64::from(n % 31)),
            starts_at: chrono::NaiveTime::from_hms_opt(8 + n % 10, 30, 0).expect("a time"),
            child_reference: format!("{prefix}-2026-{:04}", n / 2 % 40 + 1),
            programme: programme.to_owned(),
            service_type: "Entretien psychologique".to_owned(),
            duration_minutes: Minutes(45),
            hourly_rate_cents: Cents(6000),
        }
    });
    StatementContent {
        invoice_number: "F2026-10-0001".to_owned(),
        issued_on: day("2026-10-31"),
        period_start: day("2026-10-01"),
        period_end: day("2026-10-31"),
        seller_name: "Claire Martin (EI)".to_owned(),
        seller_siret: "12345678200010".to_owned(),
        buyer_name: "Dijon Métropole".to_owned(),
        rows: rows.collect(),
        services: Vec::new(),
    }
}

/// A certificate of a programme's month, with two coordinators and names of 60 characters.
pub fn certificate_of(sessions: u32) -> CertificateContent {
    let psychologists = ["Claire Martin (EI)", "Marie-Élisabeth de la Rochefoucauld-Montbéliard d’Œuilly (EI)"];
    let rows = (0..sessions).map(|n| CertificateRow {
        held_on: day("2026-10-01") + chrono::Days::new(u64::from(n % 31)),
        psychologist: psychologists[n as usize % 2].to_owned(),
        reference: format!("CHE-2026-{:04}", n % 40 + 1),
        attendance: "Tenue".to_owned(),
        duration_minutes: Minutes(45),
        approved_by: if n % 3 == 0 { "Nadia Bernard" } else { "Paul Lefèvre" }.to_owned(),
        approved_on: day("2026-11-02"),
    });
    CertificateContent {
        of: Certified::Sessions,
        convention: "Convention pluriannuelle d’objectifs et de moyens 2024-2026".to_owned(),
        programme: "PRE de Chenôve".to_owned(),
        run_by: "CCAS de Chenôve".to_owned(),
        month: Month::of(day("2026-10-01")),
        made_on: day("2026-11-03"),
        rows: rows.collect(),
    }
}

/// The texts of a sheet as who listens hears them, words parted by single spaces.
pub(super) fn texts(sheet: &Sheet) -> String {
    let words = sheet.pages.iter().flatten().filter_map(|item| match item {
        Placed::Text { text, mark: Some(_), .. } => Some(text.trim_end()),
        _ => None,
    });
    words.collect::<Vec<_>>().join(" ")
}

/// A call for funds with a note, sent or still a draft.
pub fn funding_call_of(is_sent: bool) -> FundingCallContent {
    FundingCallContent {
        number: is_sent.then(|| "AF2026-0004".to_owned()),
        sent_on: day("2026-05-12"),
        due_on: day("2026-06-30"),
        convention: "Convention pluriannuelle d’objectifs et de moyens des programmes de réussite éducative 2024-2026"
            .to_owned(),
        year: "2026".to_owned(),
        from: day("2026-01-01"),
        until: day("2026-12-31"),
        budget: Cents(2_000_000),
        caller_name: "Dijon Métropole".to_owned(),
        caller_siret: "24210041000016".to_owned(),
        caller_street: "40 avenue du Drapeau".to_owned(),
        caller_town: "21000 Dijon".to_owned(),
        signatory: "CCAS de Talant".to_owned(),
        amount: Cents(43_000),
        note: Some(
            "Le CCAS de Talant rémunère lui-même une psychologue : il ne contribue qu’à l’analyse de la pratique et à \
             la formation."
                .to_owned(),
        ),
    }
}

/// A report with a programme shown and one masked.
pub fn yearly_report_of() -> YearlyReportContent {
    let line = |label: &str, texts: &[&str]| (label.to_owned(), texts.iter().map(|text| (*text).to_owned()).collect());
    let shown = ["12", "40", "3", "1", "30\u{a0}h", "1\u{202f}800,00\u{a0}€"];
    let masked = ["masqué"; 6];
    let group = |title: &str, label: &str, texts: &[&str]| ReportGroup {
        title: Some(title.to_owned()),
        lines: vec![line(label, texts), line("Non renseigné", &["0"; 6])],
    };
    let place = |title: &str, texts: &[&str]| ReportPlace {
        title: title.to_owned(),
        groups: vec![group("Âge", "2 à 5 ans", texts), group("Motif général", "Vie familiale", texts)],
        ages: vec![line("2 à 5 ans", &["masqué", "8", "0", "12"]), line("Ensemble", &["masqué", "8", "0", "12"])],
    };
    YearlyReportContent {
        convention: "Convention pluriannuelle d’objectifs et de moyens des programmes de réussite éducative 2024-2026"
            .to_owned(),
        year: "2026".to_owned(),
        from: day("2026-01-01"),
        until: day("2026-12-31"),
        counted_until: day("2026-11-20"),
        made_on: day("2026-11-20"),
        author: "Dijon Métropole".to_owned(),
        notes: vec!["Un enfant est suivi quand une de ses séances a été validée dans l’exercice.".to_owned()],
        without_children: None,
        places: vec![
            line("PRE de Chenôve (le Mail)", &shown),
            line("PRE de Longvic", &masked),
            line("Ensemble des PRE", &masked),
        ],
        details: vec![place("PRE de Chenôve", &shown), place("PRE de Longvic", &masked)],
        contributions: vec![line(
            "CCAS de Talant",
            &["430,00\u{a0}€", "430,00\u{a0}€", "0,00\u{a0}€", "430,00\u{a0}€"],
        )],
        spending: vec![line(
            "Séances",
            &["15\u{202f}600,00\u{a0}€", "0,00\u{a0}€", "1\u{202f}800,00\u{a0}€", "0,00\u{a0}€"],
        )],
    }
}

/// Every sample with the name of its file; the name says which judge is meant.
fn files() -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    for channel in [Channel::Reform, Channel::ChorusDirect] {
        for vat in VatRegime::ALL {
            let content = invoice(channel, *vat);
            files.push((format!("{channel}-invoice-{vat}.pdf"), factur_x(&content).expect("Factur-X")));
            files.push((
                format!("{channel}-credit-note-{vat}.pdf"),
                factur_x(&credit_note_of(content)).expect("Factur-X"),
            ));
        }
    }
    for channel in [Channel::Reform, Channel::ChorusDirect] {
        let file = factur_x(&unregistered(channel)).expect("Factur-X");
        files.push((format!("{channel}-invoice-unregistered.pdf"), file));
    }
    files.push(("reform-invoice-long.pdf".to_owned(), factur_x(&long_invoice()).expect("Factur-X")));
    files.push((
        "pdf-plain-invoice.pdf".to_owned(),
        plain(&invoice(Channel::Reform, VatRegime::Standard)).expect("PDF"),
    ));
    for sessions in [0, 1, 300] {
        files.push((format!("pdf-statement-{sessions}.pdf"), statement(&statement_of(sessions)).expect("PDF")));
        files.push((format!("pdf-certificate-{sessions}.pdf"), certificate(&certificate_of(sessions)).expect("PDF")));
    }
    for (name, is_sent) in [("sent", true), ("draft", false)] {
        let letter = funding_call(&funding_call_of(is_sent)).expect("PDF");
        files.push((format!("pdf-funding-call-{name}.pdf"), letter));
    }
    files.push(("pdf-yearly-report.pdf".to_owned(), yearly_report(&yearly_report_of()).expect("PDF")));
    files
}

/// Leaves the samples in the folder that `PSYPRE_SAMPLES` names, for `judge`.
#[test]
fn samples_are_written_for_the_judges() {
    let files = files();
    for (name, bytes) in &files {
        assert!(bytes.starts_with(b"%PDF-1.7"), "{name}");
        assert!(bytes.ends_with(b"%%EOF\n") || bytes.ends_with(b"%%EOF"), "{name}");
    }
    if let Ok(folder) = std::env::var("PSYPRE_SAMPLES") {
        std::fs::create_dir_all(&folder).expect("folder");
        for (name, bytes) in files {
            std::fs::write(std::path::Path::new(&folder).join(name), bytes).expect("file");
        }
    }
}
