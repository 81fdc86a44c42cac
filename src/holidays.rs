//! The public holidays of metropolitan France (Code du travail, article L3133-1), computed for any year.

use chrono::{Datelike, Days, NaiveDate};

/// The name of the public holiday that a day is, for "c’est férié : …".
pub fn public_holiday(day: NaiveDate) -> Option<&'static str> {
    let fixed = match (day.month(), day.day()) {
        (1, 1) => Some("jour de l’An"),
        (5, 1) => Some("fête du Travail"),
        (5, 8) => Some("victoire de 1945"),
        (7, 14) => Some("fête nationale"),
        (8, 15) => Some("Assomption"),
        (11, 1) => Some("Toussaint"),
        (11, 11) => Some("armistice de 1918"),
        (12, 25) => Some("Noël"),
        _ => None,
    };
    fixed.or_else(|| after_easter(day))
}

fn after_easter(day: NaiveDate) -> Option<&'static str> {
    let since = day.signed_duration_since(easter(day.year())?).num_days();
    match since {
        1 => Some("lundi de Pâques"),
        39 => Some("Ascension"),
        50 => Some("lundi de Pentecôte"),
        _ => None,
    }
}

/// Easter Sunday of a year of the Gregorian calendar: the Sunday after the ecclesiastical full moon of spring.
pub fn easter(year: i32) -> Option<NaiveDate> {
    let (golden, century, of_century) = (year.rem_euclid(19), year.div_euclid(100), year.rem_euclid(100));
    // leap days that centuries lack, and how far the moon has drifted since the reform
    let drift = (century - (century + 8).div_euclid(25) + 1).div_euclid(3);
    let moon = (19 * golden + century - century.div_euclid(4) - drift + 15).rem_euclid(30);
    let to_sunday =
        (32 + 2 * century.rem_euclid(4) + 2 * of_century.div_euclid(4) - moon - of_century.rem_euclid(4)).rem_euclid(7);
    // the moon that would be a day late is taken a week earlier
    let late = (golden + 11 * moon + 22 * to_sunday).div_euclid(451);
    let days = u64::try_from(moon + to_sunday - 7 * late).ok()?;
    // 22 March is the earliest Easter
    NaiveDate::from_ymd_opt(year, 3, 22)?.checked_add_days(Days::new(days))
}

#[cfg(test)]
mod tests {
    use chrono::Weekday;
    use proptest::prelude::*;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }

    #[test]
    fn easter_falls_on_the_published_days() {
        for known in [
            "1954-04-18",
            "1961-04-02",
            "2000-04-23",
            "2008-03-23",
            "2011-04-24",
            "2024-03-31",
            "2025-04-20",
            "2026-04-05",
            "2027-03-28",
            "2028-04-16",
            "2029-04-01",
            "2030-04-21",
            "2038-04-25",
            "2285-03-22",
        ] {
            assert_eq!(easter(day(known).year()), Some(day(known)));
        }
    }

    #[test]
    fn the_movable_feasts_are_those_of_the_published_years() {
        for (name, days) in [
            (
                "lundi de Pâques",
                ["2024-04-01", "2025-04-21", "2026-04-06", "2027-03-29", "2028-04-17", "2029-04-02", "2030-04-22"],
            ),
            (
                "Ascension",
                ["2024-05-09", "2025-05-29", "2026-05-14", "2027-05-06", "2028-05-25", "2029-05-10", "2030-05-30"],
            ),
            (
                "lundi de Pentecôte",
                ["2024-05-20", "2025-06-09", "2026-05-25", "2027-05-17", "2028-06-05", "2029-05-21", "2030-06-10"],
            ),
        ] {
            for known in days {
                assert_eq!(public_holiday(day(known)), Some(name), "{known}");
            }
        }
        assert_eq!(public_holiday(day("2028-02-29")), None);
        assert_eq!(public_holiday(day("2026-12-31")), None);
        assert_eq!(public_holiday(day("2027-01-01")), Some("jour de l’An"));
    }

    proptest! {
        #[test]
        fn a_year_has_eleven_holidays_unless_two_meet(year in 1900i32..2200) {
            let days = NaiveDate::from_ymd_opt(year, 1, 1).expect("a date").iter_days().take_while(|d| d.year() == year);
            let found = days.filter(|d| public_holiday(*d).is_some()).count();
            // the Ascension may be the first or the eighth of May
            prop_assert!(found == 11 || found == 10, "{year}: {found}");
            let sunday = easter(year).expect("a date");
            prop_assert_eq!(sunday.weekday(), Weekday::Sun);
            let earliest = NaiveDate::from_ymd_opt(year, 3, 22).expect("a date");
            prop_assert!((0..35).contains(&(sunday - earliest).num_days()), "{sunday}");
        }
    }
}
