//! The pace will exhaust a quota before the end of its year: told once.

use chrono::NaiveDate;
use diesel::result::Error as DieselError;

use crate::calendar::french_day;
use crate::hours::Minutes;
use crate::ids::{AccountId, QuotaId};
use crate::links;
use crate::mails::link;
use crate::outbox::Message;
use crate::web::mail::MailFrame;

templates!(QuotaRunsOut: "quota_runs_out/subject.txt", "quota_runs_out/body.txt", "quota_runs_out/body.html");

/// When a quota runs out at the pace of the last weeks.
#[derive(Debug, Clone)]
pub struct QuotaRunsOut {
    /// Who receives it.
    pub recipient: String,
    /// Their account.
    pub account: AccountId,
    /// Which quota.
    pub quota: QuotaId,
    /// The programme's name.
    pub programme: String,
    /// The budget year's label.
    pub year: String,
    /// The time held in a week, on average.
    pub pace: Minutes,
    /// Over how many weeks.
    pub weeks: i64,
    /// The Monday of the week in which the hours run out.
    pub week: NaiveDate,
    /// What would be missing at the end of the year.
    pub missing: Minutes,
    /// What is left today.
    pub remaining: Minutes,
    /// Whether its reader administers the convention, rather than coordinates the programme.
    pub is_administrator: bool,
}

impl QuotaRunsOut {
    /// The mail to queue.
    ///
    /// # Errors
    /// When a template fails.
    pub fn message(&self) -> Result<Message, DieselError> {
        let role = if self.is_administrator {
            "administrez la convention".to_owned()
        } else {
            format!("coordonnez le {}", self.programme)
        };
        let frame = MailFrame {
            link: link("Voir l’année", links::YEAR),
            reference: format!("{}, quotité {}", self.programme, self.year),
            why: format!(
                "Vous recevez ce message parce que vous {role}. Il est envoyé une fois par exercice ; si ce n’est plus votre rôle, dites-le à l’administration de la Métropole."
            ),
            settings_href: None,
        };
        self.written("quota_runs_out", Some(format!("quota-runs-out:{}:{}", self.quota, self.account)), frame)
    }

    fn week_in_words(&self) -> String {
        french_day(self.week)
    }
}
