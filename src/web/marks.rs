//! Marks that say a state or a quantity: the status tag and the meter.

use askama::Template;
use askama::filters::HtmlSafe;

use crate::hours::Minutes;
use crate::money::Cents;
use crate::web::icons::Icon;

/// What a mark, a banner or a figure means; its colour always comes with a word and a shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Approved, paid, done.
    Good,
    /// Waiting for someone.
    Waiting,
    /// Refused, over, late.
    Bad,
    /// To know.
    Info,
    /// Neither.
    Neutral,
}

impl Tone {
    /// The end of its class names: `status--good`.
    pub fn class(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Waiting => "waiting",
            Self::Bad => "bad",
            Self::Info => "info",
            Self::Neutral => "neutral",
        }
    }

    /// Its shape.
    pub fn icon(self) -> Option<Icon> {
        match self {
            Self::Good => Some(Icon::Check),
            Self::Waiting => Some(Icon::Clock),
            Self::Bad => Some(Icon::Cross),
            Self::Info => Some(Icon::Info),
            Self::Neutral => None,
        }
    }
}

/// A state in one word: `{{ Status::good("Validée") }}`.
#[derive(Debug, Clone, Template)]
#[template(path = "components/status.html")]
pub struct Status {
    /// What it means.
    pub tone: Tone,
    /// Its word.
    pub label: String,
}

impl HtmlSafe for Status {}

impl Status {
    /// A state of a tone.
    pub fn new(tone: Tone, label: impl ToString) -> Self {
        Self { tone, label: label.to_string() }
    }

    /// Approved, paid, done.
    pub fn good(label: impl ToString) -> Self {
        Self::new(Tone::Good, label)
    }

    /// Waiting for someone.
    pub fn waiting(label: impl ToString) -> Self {
        Self::new(Tone::Waiting, label)
    }

    /// Refused, over, late.
    pub fn bad(label: impl ToString) -> Self {
        Self::new(Tone::Bad, label)
    }

    /// To know.
    pub fn info(label: impl ToString) -> Self {
        Self::new(Tone::Info, label)
    }

    /// Neither: cancelled, archived, draft.
    pub fn neutral(label: impl ToString) -> Self {
        Self::new(Tone::Neutral, label)
    }
}

/// How much of an allotment is used, reserved and left, in figures and as a bar.
#[derive(Debug, Clone, Template)]
#[template(path = "components/meter.html")]
pub struct Meter {
    label: String,
    headline: String,
    detail: String,
    tone: Tone,
    used: Share,
    reserved: Share,
}

impl HtmlSafe for Meter {}

impl Meter {
    /// Hours of a quota or a referral: `Meter::hours("PRE de Longvic", used, reserved, allotted)`.
    pub fn hours(label: impl ToString, used: Minutes, reserved: Minutes, allotted: Minutes) -> Self {
        let left = allotted - used - reserved;
        let headline = match left.0 {
            0 if allotted.0 == 0 => "Aucune heure prévue".to_owned(),
            0 => format!("Plus d’heure disponible sur {allotted}"),
            n if n < 0 => format!("Dépassement de {} sur {allotted}", Minutes(-n)),
            _ => format!("Reste {left} sur {allotted}"),
        };
        let detail = match reserved.0 {
            0 => format!("{used} validé{}", agreement(used)),
            _ => format!("{used} validé{}, {reserved} réservé{}", agreement(used), agreement(reserved)),
        };
        let counts = (i64::from(used.0), i64::from(reserved.0), i64::from(allotted.0));
        Self::from_counts(label.to_string(), headline, detail, counts)
    }

    /// Euros of a budget: `Meter::money("Psychologues", spent, budget)`.
    pub fn money(label: impl ToString, spent: Cents, budget: Cents) -> Self {
        let left = budget - spent;
        let headline = match left.0 {
            n if n < 0 => format!("Dépassement de {} sur {budget}", -left),
            _ => format!("Reste {left} sur {budget}"),
        };
        Self::from_counts(label.to_string(), headline, format!("{spent} dépensés"), (spent.0, 0, budget.0))
    }

    fn from_counts(label: String, headline: String, detail: String, counts: (i64, i64, i64)) -> Self {
        let (used, reserved, allotted) = counts;
        let (used_share, reserved_share) = shares(used, reserved, allotted);
        let left = allotted - used - reserved;
        let tone = match left {
            _ if allotted == 0 && left == 0 => Tone::Neutral,
            n if n < 0 => Tone::Bad,
            n if n * 10 <= allotted => Tone::Waiting,
            _ => Tone::Neutral,
        };
        Self { label, headline, detail, tone, used: used_share, reserved: reserved_share }
    }
}

/// The feminine plural of "validé" for hours: `1 h validée`, `2 h validées`.
fn agreement(time: Minutes) -> &'static str {
    if time.0 < 120 { "e" } else { "es" }
}

/// A stretch of a bar, in thousandths of its width.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Share {
    start: i64,
    width: i64,
}

/// The stretches of the used and the reserved; a bar that is over is full.
fn shares(used: i64, reserved: i64, allotted: i64) -> (Share, Share) {
    let whole = allotted.max(used + reserved).max(1);
    let thousandths = |part: i64| part.clamp(0, whole) * 1000 / whole;
    let used_width = thousandths(used);
    let both = thousandths(used + reserved);
    (Share { start: 0, width: used_width }, Share { start: used_width, width: both - used_width })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn meters_tell_what_is_left() {
        let meter = Meter::hours("Longvic", Minutes::from_hours(30), Minutes::from_hours(8), Minutes::from_hours(40))
            .to_string();
        assert!(meter.contains("Reste 2\u{a0}h sur 40\u{a0}h"), "{meter}");
        assert!(meter.contains("30\u{a0}h validées, 8\u{a0}h réservées"), "{meter}");
        assert!(!meter.contains("style="), "{meter}");
    }

    #[test]
    fn bars_never_overflow() {
        assert_eq!(shares(30, 10, 40), (Share { start: 0, width: 750 }, Share { start: 750, width: 250 }));
        assert_eq!(shares(50, 10, 40), (Share { start: 0, width: 833 }, Share { start: 833, width: 167 }));
        assert_eq!(shares(0, 0, 0), (Share { start: 0, width: 0 }, Share { start: 0, width: 0 }));
        assert!(Meter::money("Formation", Cents(50_000), Cents(44_000)).to_string().contains("Dépassement de 60,00"));
    }
}
