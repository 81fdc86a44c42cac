//! `psypre account …` and `psypre token …`.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use psypre::accounts::create::{self, CreateRefusal, Created, NewAccount};
use psypre::accounts::scopes::{Area, Scope};
use psypre::accounts::tokens::{self, NewToken, TokenRefusal, USUAL_DAYS};
use psypre::accounts::{Role, RoleIn, reset_factor, store};
use psypre::app::App;
use psypre::calendar;
use psypre::db::DbError;
use psypre::failure::Failure;
use psypre::journal::Actor;

use crate::commands::Outcome;

/// People who sign in.
#[derive(Debug, Subcommand)]
pub enum AccountCommand {
    /// Make an account, queue its invitation by mail, and print the invitation's link
    Create(NewAccountArgs),
    /// Take the second factor of somebody away, who lost their telephone and their recovery codes
    ResetSecondFactor {
        /// The address of the account
        #[arg(long)]
        email: String,
    },
}

/// An account to make.
#[derive(Debug, Args)]
pub struct NewAccountArgs {
    /// The address of its person
    #[arg(long)]
    email: String,
    /// Their name; the address when it is not given
    #[arg(long)]
    name: Option<String>,
    /// psychologist, coordinator, referent, administrator, accountant or auditor; may be repeated
    #[arg(long = "role", required = true)]
    roles: Vec<Role>,
    /// The code of the programme, such as LON, for coordinators and referents; may be repeated
    #[arg(long = "programme")]
    programmes: Vec<String>,
}

/// Bearer tokens of the API.
#[derive(Debug, Subcommand)]
pub enum TokenCommand {
    /// Make a token for an account and print it: it is shown once
    Create {
        /// The address of the account
        #[arg(long)]
        account: String,
        /// What the token is for
        #[arg(long, default_value = "ligne de commande")]
        label: String,
        /// How many days it works
        #[arg(long, default_value_t = USUAL_DAYS)]
        days: i64,
        /// It reads and changes nothing
        #[arg(long)]
        read_only: bool,
        /// An area of the API that it is for: sessions, openings, children, money, convention, privacy or journal; may be
        /// repeated; all of them when none is given
        #[arg(long = "area")]
        areas: Vec<Area>,
    },
}

/// Runs a command on accounts.
pub fn run(app: &App, command: AccountCommand) -> Outcome {
    match command {
        AccountCommand::Create(args) => create(app, args),
        AccountCommand::ResetSecondFactor { email } => reset_second_factor(app, &email),
    }
}

fn reset_second_factor(app: &App, email: &str) -> Outcome {
    let Some(account) = app.db.read::<_, DbError>(|conn| Ok(store::find_account(conn, email)?))? else {
        eprintln!("Aucun compte n’a l’adresse {email}.");
        return Ok(ExitCode::FAILURE);
    };
    match app.db.write(|tx| reset_factor::reset(tx, &app.clock, Actor::System, account)) {
        Ok(()) => {
            println!("Le second facteur de {email} est retiré ; il sera choisi à nouveau à la prochaine connexion.");
            Ok(ExitCode::SUCCESS)
        }
        Err(failure) => refused(failure),
    }
}

fn create(app: &App, args: NewAccountArgs) -> Outcome {
    let roles = match roles(app, &args)? {
        Ok(roles) => roles,
        Err(unknown) => {
            eprintln!("Aucun PRE n’a le code {unknown}. Enregistrez d’abord sa convention : psypre convention import.");
            return Ok(ExitCode::FAILURE);
        }
    };
    let new = NewAccount { display_name: args.name.unwrap_or_else(|| args.email.clone()), email: args.email, roles };
    let outcome: Result<Created, Failure<CreateRefusal>> =
        app.db.write(|tx| create::create(tx, app, Actor::System, &new));
    match outcome {
        Ok(created) => {
            let until = calendar::french_date(created.invited.until);
            println!("Invitation de {}, valable jusqu’au {until} :", created.invited.email);
            println!("{}", created.invited.href);
            Ok(ExitCode::SUCCESS)
        }
        Err(failure) => refused(failure),
    }
}

/// The roles asked, those of a programme once for each programme; or a code that no programme has.
fn roles(app: &App, args: &NewAccountArgs) -> Result<Result<Vec<RoleIn>, String>, DbError> {
    let mut programmes = Vec::new();
    for code in &args.programmes {
        match app.db.read::<_, DbError>(|conn| Ok(store::find_programme(conn, code)?))? {
            Some(programme) => programmes.push(programme),
            None => return Ok(Err(code.clone())),
        }
    }
    let mut roles = Vec::new();
    for role in args.roles.iter().copied() {
        if role.is_for_a_programme() && !programmes.is_empty() {
            roles.extend(programmes.iter().map(|programme| RoleIn { role, programme: Some(*programme) }));
        } else {
            roles.push(RoleIn { role, programme: None });
        }
    }
    Ok(Ok(roles))
}

/// Runs a command on tokens.
pub fn run_token(app: &App, command: TokenCommand) -> Outcome {
    let TokenCommand::Create { account, label, days, read_only, areas } = command;
    let scope = Scope::of(read_only, areas.into_iter().collect());
    let Some(id) = app.db.read::<_, DbError>(|conn| Ok(store::find_account(conn, &account)?))? else {
        eprintln!("Aucun compte n’a l’adresse {account}.");
        return Ok(ExitCode::FAILURE);
    };
    let outcome: Result<NewToken, Failure<TokenRefusal>> =
        app.db.write(|tx| tokens::create(tx, &app.clock, Actor::System, id, &label, days, &scope));
    match outcome {
        Ok(new) => {
            println!("{}", new.token);
            Ok(ExitCode::SUCCESS)
        }
        Err(failure) => refused(failure),
    }
}

/// Says why a rule refuses, or lets a failure through.
fn refused<R: std::error::Error + 'static>(failure: Failure<R>) -> Outcome {
    match failure {
        Failure::Refused(refusal) => {
            eprintln!("{refusal}");
            Ok(ExitCode::FAILURE)
        }
        other => Err(other.to_string().into()),
    }
}
