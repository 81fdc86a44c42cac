//! `psypre funding-calls …`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use psypre::app::App;
use psypre::calendar::short_date;
use psypre::error::AppError;
use psypre::exports::{ExportFormat, funding_calls};
use psypre::failure::Failure;
use psypre::funding_calls::look_up::{self, CalledYear};
use psypre::funding_calls::{CallState, FundingCall};
use psypre::money::Cents;

use crate::commands::{Outcome, columns};

/// What the signatories owe for a budget year, and have paid.
#[derive(Debug, Args)]
pub struct FundingCallArguments {
    /// The name of the budget year, such as 2026, or its identifier; that of today when absent
    #[arg(long)]
    year: Option<String>,
    /// The CSV to make, the accountants' own; one that exists is replaced
    #[arg(long)]
    csv: Option<PathBuf>,
    /// The workbook to make; one that exists is replaced
    #[arg(long)]
    xlsx: Option<PathBuf>,
}

/// Lists the calls of a budget year, or writes them to files.
pub fn run(app: &App, arguments: &FundingCallArguments) -> Outcome {
    let years = app.db.read::<_, AppError>(|conn| Ok(look_up::years(conn)?)).map_err(|e| e.to_string())?;
    let year = match &arguments.year {
        Some(said) => years.iter().find(|year| year.label == *said || year.id.to_string() == *said),
        None => look_up::present(&years, app.clock.today()),
    };
    let Some(year) = year else {
        eprintln!(
            "{}",
            arguments.year.as_ref().map_or_else(
                || "Aucun exercice n’est enregistré.".to_owned(),
                |said| format!("Aucun exercice ne s’appelle « {said} »."),
            )
        );
        return Ok(ExitCode::FAILURE);
    };
    let files = [(&arguments.csv, ExportFormat::Csv), (&arguments.xlsx, ExportFormat::Xlsx)];
    for (path, format) in files.iter().filter_map(|(path, format)| Some((path.as_ref()?, *format))) {
        std::fs::write(path, file(app, year, format)?).map_err(|e| format!("{} : {e}", path.display()))?;
        println!("{}", path.display());
    }
    if arguments.csv.is_none() && arguments.xlsx.is_none() {
        let calls =
            app.db.read::<_, AppError>(|conn| Ok(look_up::of_year(conn, year.id)?)).map_err(|e| e.to_string())?;
        print!("{}", listed(app, year, &calls));
    }
    Ok(ExitCode::SUCCESS)
}

fn file(app: &App, year: &CalledYear, format: ExportFormat) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    let now = app.clock.now();
    let bytes = app.db.read::<_, AppError>(|conn| {
        let table = funding_calls::table(conn, year.id)?;
        funding_calls::write(&table, format, now).map_err(|refusal| Failure::Refused(refusal).into())
    });
    bytes.map_err(|e| e.to_string())?.ok_or_else(|| format!("{format}").into())
}

/// The calls as a table, then what is owed of them.
fn listed(app: &App, year: &CalledYear, calls: &[FundingCall]) -> String {
    let today = app.clock.today();
    let stands = |call: &FundingCall| match call.state {
        CallState::Draft => "brouillon",
        CallState::Received => "reçu",
        CallState::Sent if call.is_overdue(today) => "en retard",
        CallState::Sent => "envoyé",
    };
    let row = |call: &FundingCall| {
        let due = call.due_on.map(short_date).unwrap_or_default();
        let [amount, received, owed] = [call.amount, call.received, call.owed()].map(|sum| sum.to_string());
        vec![
            call.signatory_name.clone(),
            call.number.clone().unwrap_or_default(),
            stands(call).to_owned(),
            due,
            amount,
            received,
            owed,
        ]
    };
    let sum = |part: fn(&FundingCall) -> Cents| calls.iter().map(part).sum::<Cents>().to_string();
    let nothing = String::new;
    let head = ["Signataire", "Numéro", "État", "À verser avant le", "Participation", "Reçu", "Reste dû"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    rows.extend(calls.iter().map(row));
    let totals = [sum(|call| call.amount), sum(|call| call.received), sum(FundingCall::owed)];
    rows.push([vec!["Total".to_owned(), nothing(), nothing(), nothing()], totals.to_vec()].concat());
    format!("{}, exercice {}\n{}", year.title, year.label, columns(&rows, 4))
}
