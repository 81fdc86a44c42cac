//! `psypre year …`.

use std::process::ExitCode;

use clap::Args;
use psypre::app::App;
use psypre::budgets::Money;
use psypre::budgets::api::BudgetAnswer;
use psypre::budgets::look_up::{self, YearSeen};
use psypre::error::AppError;
use psypre::hours::Minutes;
use psypre::quotas::Reach;

use crate::commands::{Outcome, columns};

/// Where a budget year stands: hours and euros.
#[derive(Debug, Args)]
pub struct YearArguments {
    /// The name of the budget year, such as 2026; that of today when absent
    #[arg(long)]
    year: Option<String>,
    /// As the API gives it, weeks and pace included
    #[arg(long)]
    json: bool,
}

/// Prints the budget years of a name, one a convention.
pub fn run(app: &App, arguments: &YearArguments) -> Outcome {
    let today = app.clock.today();
    let seen = app.db.read::<_, AppError>(|conn| {
        let mut years = look_up::years(conn, &Reach::Everything)?;
        years.retain(|of| match &arguments.year {
            Some(label) => of.year.label == *label,
            None => of.year.period.contains(today),
        });
        let seen = years.into_iter().map(|of| look_up::year(conn, &Reach::Everything, of, today));
        Ok(seen.collect::<Result<Vec<_>, _>>()?)
    });
    let seen = seen.map_err(|e| e.to_string())?;
    if seen.is_empty() {
        eprintln!(
            "{}",
            arguments.year.as_ref().map_or_else(
                || "Aucun exercice n’est en cours.".to_owned(),
                |said| format!("Aucun exercice ne s’appelle « {said} »."),
            )
        );
        return Ok(ExitCode::FAILURE);
    }
    if arguments.json {
        let answers: Vec<BudgetAnswer> = seen.into_iter().map(BudgetAnswer::from).collect();
        println!("{}", serde_json::to_string_pretty(&answers)?);
    } else {
        let tables: Vec<String> = seen.iter().map(table).collect();
        print!("{}", tables.join("\n"));
    }
    Ok(ExitCode::SUCCESS)
}

/// Hours of programmes and services, then the euros of the year.
fn table(seen: &YearSeen) -> String {
    let hours =
        |name: &str, of: [Minutes; 4]| [vec![name.to_owned()], of.map(|time| time.to_string()).to_vec()].concat();
    let euros = |name: &str, of: Money| {
        let parts = [of.budgeted, of.committed, of.invoiced, of.paid, of.left()].map(|sum| sum.to_string());
        [vec![name.to_owned()], parts.to_vec()].concat()
    };
    let mut times = vec![["Heures", "Fixées", "Réservées", "Validées", "Restent"].map(str::to_owned).to_vec()];
    for one in &seen.programmes {
        let quota = one.quota;
        times.push(hours(&one.name, [quota.allotted, quota.reserved, quota.used, quota.remaining()]));
    }
    for (one, line) in seen.lines() {
        let [allotted, reserved, used] = [line.allotted, line.reserved, line.used].map(|part| part.time);
        times.push(hours(one.name(), [allotted, reserved, used, line.left().time]));
    }
    let mut sums =
        vec![["Euros", "Budget", "Engagés", "Facturés", "dont payés", "Restent"].map(str::to_owned).to_vec()];
    sums.extend(seen.programmes.iter().map(|one| euros(&one.name, one.money)));
    sums.push(euros("Part fixe", seen.fixed_share));
    sums.push(euros("Ensemble", seen.whole_money()));
    format!("{}, exercice {}\n{}\n{}", seen.of.title, seen.of.year.label, columns(&times, 1), columns(&sums, 1))
}
