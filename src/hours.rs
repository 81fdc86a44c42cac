//! Lengths of time as whole minutes; sessions last whole multiples of a quarter of an hour.

use std::iter::Sum;
use std::ops::{Add, AddAssign, Sub};

use rust_decimal::Decimal;

/// A length of time in whole minutes.
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
#[diesel(sql_type = diesel::sql_types::Integer)]
#[serde(try_from = "i32", into = "i32")]
#[schema(value_type = i32, minimum = -6_000_000, maximum = 6_000_000)]
pub struct Minutes(pub i32);

crate::number_column!(Minutes, i32, diesel::sql_types::Integer);

impl Minutes {
    /// No time.
    pub const ZERO: Self = Self(0);
    /// The quarter of an hour that every length is a multiple of.
    pub const QUARTER: Self = Self(15);
    /// The longest session: four hours.
    pub const LONGEST_SESSION: Self = Self(240);
    /// The most that anybody may say, so that what is reckoned with it always fits.
    pub const MOST: Self = Self::from_hours(100_000);

    /// A whole number of hours.
    pub const fn from_hours(hours: i32) -> Self {
        Self(hours * 60)
    }

    /// Whether a session may last this long: 15 minutes to 4 hours by quarters (rule 5).
    pub fn is_session_length(self) -> bool {
        (Self::QUARTER..=Self::LONGEST_SESSION).contains(&self) && self.0 % Self::QUARTER.0 == 0
    }

    /// The time in hours, exact: a quarter of an hour is 0.25.
    pub fn hours(self) -> Decimal {
        (Decimal::from(self.0) / Decimal::from(60)).normalize()
    }

    /// The time in hours with two decimals, as machines write it: `1.50`.
    pub fn plain_hours(self) -> String {
        format!("{:.2}", self.hours())
    }
}

/// A length that nobody may say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("une durée va de {} à {}", Minutes::ZERO - Minutes::MOST, Minutes::MOST)]
pub struct TooMuchTime;

impl TryFrom<i32> for Minutes {
    type Error = TooMuchTime;

    fn try_from(minutes: i32) -> Result<Self, TooMuchTime> {
        (-Self::MOST.0..=Self::MOST.0).contains(&minutes).then_some(Self(minutes)).ok_or(TooMuchTime)
    }
}

impl From<Minutes> for i32 {
    fn from(length: Minutes) -> Self {
        length.0
    }
}

/// French length: `1 h 30`, `45 min`, `2 h`.
impl std::fmt::Display for Minutes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (hours, minutes) = (self.0.unsigned_abs() / 60, self.0.unsigned_abs() % 60);
        if self.0 < 0 {
            f.write_str("-")?;
        }
        match (hours, minutes) {
            (0, 0) => f.write_str("0\u{a0}h"),
            (0, m) => write!(f, "{m}\u{a0}min"),
            (h, 0) => write!(f, "{h}\u{a0}h"),
            (h, m) => write!(f, "{h}\u{a0}h\u{a0}{m:02}"),
        }
    }
}

impl Add for Minutes {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl AddAssign for Minutes {
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}

impl Sub for Minutes {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl Sum for Minutes {
    fn sum<I: Iterator<Item = Self>>(lengths: I) -> Self {
        lengths.fold(Self::ZERO, Add::add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speaks_french() {
        for (minutes, text) in [
            (0, "0\u{a0}h"),
            (45, "45\u{a0}min"),
            (60, "1\u{a0}h"),
            (90, "1\u{a0}h\u{a0}30"),
            (6605, "110\u{a0}h\u{a0}05"),
            (-30, "-30\u{a0}min"),
        ] {
            assert_eq!(Minutes(minutes).to_string(), text);
        }
        assert_eq!(Minutes(75).plain_hours(), "1.25");
    }

    #[test]
    fn any_number_can_be_said() {
        assert_eq!(Minutes(i32::MIN).to_string(), "-35791394\u{a0}h\u{a0}08");
        assert_eq!(Minutes(-75).to_string(), "-1\u{a0}h\u{a0}15");
    }

    #[test]
    fn session_lengths() {
        for (minutes, allowed) in
            [(0, false), (10, false), (15, true), (50, false), (60, true), (240, true), (255, false), (-15, false)]
        {
            assert_eq!(Minutes(minutes).is_session_length(), allowed, "{minutes}");
        }
    }
}
