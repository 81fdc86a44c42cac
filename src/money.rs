//! Euros as whole cents. A division says how it rounds; nothing here is a floating-point number.

use std::iter::Sum;
use std::ops::{Add, AddAssign, Neg, Sub};

use rust_decimal::{Decimal, RoundingStrategy};

use crate::hours::Minutes;

/// An amount in whole cents of a euro, positive or negative.
#[derive(
    Debug,
    Default,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    diesel::expression::AsExpression,
    diesel::deserialize::FromSqlRow,
    serde::Serialize,
    serde::Deserialize,
    utoipa::ToSchema,
)]
#[diesel(sql_type = diesel::sql_types::BigInt)]
#[serde(try_from = "i64", into = "i64")]
#[schema(value_type = i64, minimum = -999_999_999_999_i64, maximum = 999_999_999_999_i64)]
pub struct Cents(pub i64);

crate::number_column!(Cents, i64, diesel::sql_types::BigInt);

impl Cents {
    /// No money.
    pub const ZERO: Self = Self(0);
    /// The most that anybody may say, so that what is reckoned with it always fits.
    pub const MOST: Self = Self(999_999_999_999);

    /// Reads euros such as `60`, `60.50` or `60,5`; refuses more than two decimals, and more than [`Cents::MOST`].
    pub fn parse(text: &str) -> Option<Self> {
        let cleaned: String =
            text.chars().filter(|c| !c.is_whitespace() && *c != '€').map(|c| if c == ',' { '.' } else { c }).collect();
        let euros: Decimal = cleaned.parse().ok()?;
        let cents = euros.checked_mul(Decimal::ONE_HUNDRED)?;
        if !cents.is_integer() {
            return None;
        }
        let cents: i64 = cents.normalize().to_string().parse().ok()?;
        Self::try_from(cents).ok()
    }

    /// The amount in euros with two decimals.
    pub fn euros(self) -> Decimal {
        Decimal::new(self.0, 2)
    }

    /// The amount as machines write it: `-1234.50`.
    pub fn plain(self) -> String {
        self.euros().to_string()
    }

    /// The amount as a field of a form shows it, in euros: `12 500,00`, with narrow no-break spaces between thousands.
    pub fn typed(self) -> String {
        self.to_string().trim_end_matches('€').trim_end().to_owned()
    }

    /// The price of a length of time at this hourly rate, rounded half-up to the cent
    /// (rule 8 of the domain: once a line).
    pub fn for_time(self, time: Minutes) -> Self {
        rounded(self.euros() * time.hours())
    }

    /// The value-added tax on this amount at a rate in percent, rounded half-up to the cent.
    pub fn tax(self, percent: Decimal) -> Self {
        rounded(self.euros() * percent / Decimal::ONE_HUNDRED)
    }
}

/// An amount that nobody may say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("un montant va de {} à {}", Cents::ZERO - Cents::MOST, Cents::MOST)]
pub struct TooMuchMoney;

impl TryFrom<i64> for Cents {
    type Error = TooMuchMoney;

    fn try_from(cents: i64) -> Result<Self, TooMuchMoney> {
        (-Self::MOST.0..=Self::MOST.0).contains(&cents).then_some(Self(cents)).ok_or(TooMuchMoney)
    }
}

impl From<Cents> for i64 {
    fn from(amount: Cents) -> Self {
        amount.0
    }
}

/// Rounds euros half-up (away from zero at the middle) to whole cents.
fn rounded(euros: Decimal) -> Cents {
    let cents = (euros * Decimal::ONE_HUNDRED).round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero);
    Cents(i64::try_from(cents).unwrap_or(i64::MAX))
}

/// French money: `1 234,50 €`, with narrow no-break spaces between thousands.
impl std::fmt::Display for Cents {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let magnitude = self.0.unsigned_abs();
        let digits = (magnitude / 100).to_string();
        if self.0 < 0 {
            f.write_str("-")?;
        }
        for (i, digit) in digits.chars().enumerate() {
            if i > 0 && (digits.len() - i).is_multiple_of(3) {
                f.write_str("\u{202f}")?;
            }
            write!(f, "{digit}")?;
        }
        write!(f, ",{:02}\u{a0}€", magnitude % 100)
    }
}

impl Add for Cents {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl AddAssign for Cents {
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}

impl Sub for Cents {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl Neg for Cents {
    type Output = Self;
    fn neg(self) -> Self {
        Self(-self.0)
    }
}

impl Sum for Cents {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_and_writes_french_money() {
        assert_eq!(Cents::parse("1 234,5"), Some(Cents(123_450)));
        assert_eq!(Cents::parse("60"), Some(Cents(6000)));
        assert_eq!(Cents::parse("60.505"), None);
        assert_eq!(Cents::parse("soixante"), None);
        assert_eq!(Cents::parse("9 999 999 999,99"), Some(Cents::MOST));
        assert_eq!(Cents::parse("10 000 000 000"), None);
        assert_eq!(Cents(123_456_789).to_string(), "1\u{202f}234\u{202f}567,89\u{a0}€");
        assert_eq!(Cents::ZERO.to_string(), "0,00\u{a0}€");
        assert_eq!(Cents(-5).to_string(), "-0,05\u{a0}€");
        assert_eq!(Cents(-123_450).plain(), "-1234.50");
    }

    #[test]
    fn rounds_half_up_once() {
        assert_eq!(Cents(5001).for_time(Minutes(30)), Cents(2501));
        assert_eq!(Cents(6000).for_time(Minutes(45)), Cents(4500));
        assert_eq!(Cents(1250).tax(Decimal::from(20)), Cents(250));
    }

    proptest! {
        #[test]
        fn plain_text_reads_back(cents in -999_999_999_999i64..1_000_000_000_000) {
            prop_assert_eq!(Cents::parse(&Cents(cents).plain()), Some(Cents(cents)));
            prop_assert_eq!(Cents::parse(&Cents(cents).to_string()), Some(Cents(cents)));
        }

        #[test]
        fn quarters_of_an_hour_are_exact_when_the_rate_is_a_multiple_of_four_cents(quarters in 1i32..17, rate in 1i64..10_000) {
            let rate = Cents(rate * 4);
            let whole: Cents = (0..quarters).map(|_| rate.for_time(Minutes(15))).sum();
            prop_assert_eq!(rate.for_time(Minutes(quarters * 15)), whole);
        }
    }
}
