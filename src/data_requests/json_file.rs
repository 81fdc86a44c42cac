//! All that is kept of a child, as JSON and as what a PDF shows.

use serde_json::{Value, json};

use crate::calendar::{local, local_date, local_time, short_date};
use crate::data_requests::KeptSession;
use crate::data_requests::gather::Gathered;
use crate::documents::{FamilyFile, FamilyRow};
use crate::sessions::Attendance;

/// The data as JSON, for another program (article 20).
pub fn value(all: &Gathered) -> Value {
    let (child, identity) = (&all.child, &all.child.identity);
    json!({
        "request": all.number,
        "child": {
            "reference": child.reference, "first_name": identity.first_name, "last_name": identity.last_name,
            "born_on": identity.born_on, "school": identity.school, "gender": child.gender,
            "programme": all.programme, "neighbourhood": all.neighbourhood,
            "followed_since": child.followed_since, "closed_on": child.closed_on,
        },
        "guardians": all.guardians.iter().map(|guardian| json!({
            "name": guardian.contact.name, "relation": guardian.contact.relation, "phone": guardian.contact.phone,
            "email": guardian.contact.email, "reminders_since": guardian.reminders_since,
        })).collect::<Vec<_>>(),
        "referrals": all.referrals.iter().map(|referral| json!({
            "psychologist": referral.psychologist, "minutes": referral.minutes, "starts_on": referral.starts_on,
            "ends_on": referral.ends_on,
        })).collect::<Vec<_>>(),
        "sessions": all.sessions.iter().map(|session| json!({
            "starts_at": session.starts_at, "duration_minutes": session.duration, "psychologist": session.psychologist,
            "state": session.state, "attendance": session.attendance, "place": session.place,
        })).collect::<Vec<_>>(),
        "readings": all.readings.iter().map(|reading| json!({
            "at": reading.at, "role": reading.role, "opened": reading.opened,
        })).collect::<Vec<_>>(),
        "kept_until": all.kept_until,
    })
}

/// The data as a family reads it.
pub fn family_file(all: &Gathered, made_on: chrono::NaiveDate) -> FamilyFile {
    let (child, identity) = (&all.child, &all.child.identity);
    let day = |day: Option<chrono::NaiveDate>| day.map_or_else(|| "–".to_owned(), short_date);
    FamilyFile {
        number: all.number.clone(),
        programme: all.programme.clone(),
        made_on,
        facts: vec![
            ("Prénom et nom", identity.full_name()),
            ("Référence", child.reference.to_string()),
            ("Date de naissance", short_date(identity.born_on)),
            ("Genre", child.gender.french().to_owned()),
            ("École", identity.school.clone().unwrap_or_else(|| "–".to_owned())),
            ("Quartier", all.neighbourhood.clone()),
            ("Suivi depuis", short_date(child.followed_since)),
            ("Fin du suivi", day(child.closed_on)),
            ("Conservé jusqu’au", day(all.kept_until)),
        ],
        guardians: all
            .guardians
            .iter()
            .map(|guardian| {
                let contact = &guardian.contact;
                let or_none = |text: &Option<String>| text.clone().unwrap_or_else(|| "–".to_owned());
                [contact.name.clone(), contact.relation.clone(), or_none(&contact.phone), or_none(&contact.email)]
                    .into()
            })
            .collect(),
        referrals: all
            .referrals
            .iter()
            .map(|one| {
                [one.psychologist.clone(), short_date(one.starts_on), short_date(one.ends_on), one.minutes.to_string()]
                    .into()
            })
            .collect(),
        sessions: all.sessions.iter().map(session).collect(),
        readings: all
            .readings
            .iter()
            .map(|one| {
                let at = format!("{} {}", short_date(local_date(one.at)), local_time(one.at).format("%H:%M"));
                [at, one.role.french().to_owned(), one.opened.french().to_owned()].into()
            })
            .collect(),
    }
}

fn session(one: &KeptSession) -> FamilyRow {
    let at = local(one.starts_at);
    let what = one.attendance.map_or(one.state.french(), Attendance::french);
    [
        short_date(at.date_naive()),
        at.format("%H:%M").to_string(),
        one.duration.to_string(),
        one.psychologist.clone(),
        what.to_owned(),
    ]
    .into()
}
