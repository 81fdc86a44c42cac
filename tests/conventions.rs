//! A convention is entered from its file, once; its rules, rates and buyer are then read by the day.

use chrono::NaiveDate;
use psypre::accounts::Role;
use psypre::calendar::Month;
use psypre::conventions::add_rate::{NewRate, RateRefusal, add_rate};
use psypre::conventions::change_buyer::{BuyerRefusal, BuyerSettings, change_buyer};
use psypre::conventions::file::{self, ConventionFile};
use psypre::conventions::import::{ImportRefusal, Imported, import};
use psypre::conventions::{Buyer, InvoiceChannel, Period, RequiredReference, ServiceType, SignatoryKind, look_up};
use psypre::failure::Failure;
use psypre::hours::Minutes;
use psypre::ids::{ConventionId, PsychologistId};
use psypre::invoices::issue::{Issuance, Order, issue};
use psypre::journal::{self, Actor};
use psypre::money::Cents;
use psypre::sessions::Attendance;
use psypre::sessions::approve::approve;

use crate::booking::slot;
use crate::on_both_databases;
use crate::recording::recorded;
use crate::support::app::TestApp;
use crate::support::browser::Browser;
use crate::support::database::Database;
use crate::support::world::{ADMINISTRATOR, World, done};

const DIJON: &str = include_str!("../conventions/dijon-2024-2026.toml");

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn read(source: &str) -> ConventionFile {
    file::read(source).unwrap().file
}

fn try_import(app: &TestApp, file: &ConventionFile) -> Result<Imported, Failure<ImportRefusal>> {
    app.app.db.write(|tx| import(tx, &app.app.clock, Actor::System, file))
}

fn entered(app: &TestApp) -> ConventionId {
    try_import(app, &read(DIJON)).unwrap().convention()
}

#[track_caller]
fn refused<T: std::fmt::Debug, R: std::fmt::Debug>(outcome: Result<T, Failure<R>>) -> R {
    match outcome {
        Err(Failure::Refused(refusal)) => refusal,
        other => panic!("a refusal was expected: {other:?}"),
    }
}

/// Runs `psypre convention import` on a file of this text: exit code, what it says, what it complains about.
fn command(database: &Database, text: &str) -> (i32, String, String) {
    let file = database.folder.path().join("convention.toml");
    std::fs::write(&file, text).unwrap();
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_psypre"))
        .args(["convention", "import"])
        .arg(&file)
        .env("DATABASE_URL", &database.url)
        .env("PSYPRE_KEYS", format!("1:{}", "5a".repeat(32)))
        .output()
        .unwrap();
    let said = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), said(output.stdout), said(output.stderr))
}

#[test]
fn the_command_imports_or_tells_each_line_to_correct() {
    let database = Database::sqlite();
    let wrong = DIJON.replace("siren = \"242100410\"", "siren = \"1\"").replacen("budget = 20000", "budget = 1", 1);
    let (code, said, complained) = command(&database, &wrong);
    assert_eq!((code, said.as_str()), (1, ""));
    let lines: Vec<&str> = complained.lines().filter(|line| line.contains("convention.toml")).collect();
    assert!(lines[0].contains("convention.toml : ligne 19, buyer.siren : écrivez 9 chiffres"), "{complained}");
    assert!(lines[1].contains("budget_years[0].budget : les participations font"), "{complained}");
    assert_eq!(lines.len(), 2, "{complained}");
    let (code, said, _) = command(&database, DIJON);
    assert_eq!((code, said.trim()), (0, "La convention « dijon-2024-2026 » est enregistrée."));
    let (code, said, _) = command(&database, DIJON);
    assert_eq!((code, said.trim()), (0, "La convention « dijon-2024-2026 » est déjà enregistrée : rien ne change."));
    let (code, _, complained) = command(&database, &DIJON.replacen("max_age = 16", "max_age = 18", 1));
    assert_eq!(code, 1);
    assert!(complained.contains("- terms[0].max_age : 16 ; le fichier dit 18"), "{complained}");
    let (code, _, complained) =
        command(&database, &DIJON.replacen("CHE = 60", "CHE = 600", 3).replace("dijon-2024", "autre-2024"));
    assert!(complained.contains("avertissement, ligne"), "{complained}");
    assert_eq!(code, 1, "the programmes already work under the present convention");
}

/// The number of entries of the journal.
fn entries(app: &TestApp) -> i64 {
    app.read(journal::count)
}

fn psychologist(app: &TestApp) -> PsychologistId {
    use diesel::prelude::*;
    use psypre::schema::psychologists;
    let account = app.account("psy@example.org", "Dominique Exemple", &[(Role::Psychologist, None)]);
    let (id, now) = (PsychologistId::new(), app.app.clock.now());
    app.write(|tx| {
        diesel::insert_into(psychologists::table)
            .values((
                psychologists::id.eq(id),
                psychologists::account_id.eq(account),
                psychologists::legal_name.eq("Dominique Exemple EI"),
                psychologists::siret.eq(""),
                psychologists::iban.eq(""),
                psychologists::street.eq(""),
                psychologists::postcode.eq(""),
                psychologists::city.eq(""),
                psychologists::created_at.eq(now),
            ))
            .execute(&mut **tx)
    });
    id
}

fn administrator(app: &TestApp) -> Browser {
    app.account("admin@example.org", "Camille Exemple", &[(Role::Administrator, None)]);
    app.signed_in("admin@example.org")
}

on_both_databases! {
    /// All that the file says is in the tables.
    fn the_real_convention_is_entered(app: &TestApp) {
        let id = entered(app);
        let convention = app.read(|conn| look_up::load_convention(conn, id));
        assert_eq!(convention.slug, "dijon-2024-2026");
        assert_eq!(convention.period, Period { from: day("2024-01-01"), until: day("2026-12-31") });
        assert!(!convention.is_example);
        let signatories = app.read(|conn| look_up::signatories(conn, id));
        assert_eq!(signatories.len(), 6);
        assert_eq!(signatories[5].kind, SignatoryKind::Town);
        let programmes = app.read(|conn| look_up::programmes(conn, id));
        assert_eq!(programmes.iter().map(|p| p.code.as_str()).collect::<Vec<_>>(), ["CHE", "DIJ", "LON", "TAL", "QUE"]);
        assert_eq!(programmes[1].signatory, signatories[2].id);
        assert!(programmes[3].note.as_ref().unwrap().contains("rémunère lui-même"));
        let homes = app.read(|conn| look_up::neighbourhoods(conn, &[programmes[1].id]));
        assert_eq!(homes.iter().map(|n| n.name.as_str()).collect::<Vec<_>>(), ["les Grésilles", "la Fontaine d'Ouche"]);
        let years = app.read(|conn| look_up::budget_years(conn, id));
        assert_eq!(years.iter().map(|y| y.label.as_str()).collect::<Vec<_>>(), ["2024", "2025", "2026"]);
        assert_eq!((years[0].call_by, years[2].call_by), (None, Some(day("2026-06-30"))));
        for year in &years {
            let paid = app.read(|conn| look_up::contributions(conn, year.id));
            assert_eq!(paid.iter().map(|(_, amount)| *amount).sum::<Cents>(), Cents(2_000_000));
            assert!(paid.contains(&(signatories[4].id, Cents(43_000))));
            let allotted = app.read(|conn| look_up::allotted(conn, year.id));
            assert_eq!(allotted.iter().map(|(_, time)| *time).sum::<Minutes>(), Minutes::from_hours(260));
            assert!(allotted.contains(&(programmes[3].id, Minutes::ZERO)));
        }
        let buyer = app.read(|conn| look_up::buyer(conn, id));
        assert_eq!((buyer.siren.as_str(), buyer.payment_days), ("242100410", 30));
        assert_eq!(buyer.service_code.as_deref(), Some("PRE-EXEMPLE"));
    }

    /// Importing twice changes nothing, not even the journal; comments and layout of the file do not matter.
    fn the_same_file_again_changes_nothing(app: &TestApp) {
        let id = entered(app);
        assert_eq!(entries(app), 1);
        assert_eq!(try_import(app, &read(DIJON)).unwrap(), Imported::Unchanged(id));
        let laid_out = DIJON.replace("budget = 20000", "budget = \"20000.00\" # le budget\n");
        assert_eq!(try_import(app, &read(&laid_out)).unwrap(), Imported::Unchanged(id));
        assert_eq!(entries(app), 1);
        assert_eq!(app.read(|conn| look_up::budget_years(conn, id)).len(), 3);
        assert_eq!(app.read(journal::verify), []);
        let story = app.read(|conn| journal::story(conn, id.0));
        assert_eq!(story[0].action, "convention.imported");
        assert!(story[0].after.as_ref().unwrap().contains("fontaine-d-ouche"));
    }

    /// A changed file is refused with each difference in words, and nothing is changed.
    fn a_changed_file_needs_an_amendment(app: &TestApp) {
        let id = entered(app);
        let changed = DIJON
            .replacen("metropole = 12500\nccas-chenove = 750", "metropole = 12510\nccas-chenove = 740", 1)
            .replacen("LON = 40", "LON = 39.75", 1)
            .replacen("max_age = 16", "max_age = 17", 1)
            .replacen("hourly = 60", "hourly = 62.50", 1)
            .replacen("excused_absence_billed = false", "excused_absence_billed = true", 1)
            .replacen("until = 2026-12-31 # article 2", "until = 2026-12-31\nsigned_on = 2024-12-20", 1);
        let refusal = refused(try_import(app, &read(&changed)));
        let ImportRefusal::Differs { slug, mut differences } = refusal.clone() else { panic!("{refusal:?}") };
        assert_eq!(slug, "dijon-2024-2026");
        differences.sort();
        assert_eq!(
            differences,
            [
                "- budget_years[0].contributions.ccas-chenove : 750,00\u{a0}€ ; le fichier dit 740,00\u{a0}€",
                "- budget_years[0].contributions.metropole : 12\u{202f}500,00\u{a0}€ ; le fichier dit 12\u{202f}510,00\u{a0}€",
                "- budget_years[0].quotas.LON : 40\u{a0}h ; le fichier dit 39\u{a0}h\u{a0}45",
                "- convention.signed_on : rien ; le fichier dit « 2024-12-20 »",
                "- rates[0].hourly : 60,00\u{a0}€ ; le fichier dit 62,50\u{a0}€",
                "- terms[0].excused_absence_billed : false ; le fichier dit true",
                "- terms[0].max_age : 16 ; le fichier dit 17",
            ]
        );
        assert!(refusal.to_string().contains("avenant"));
        assert_eq!(entries(app), 1);
        assert_eq!(app.read(|conn| look_up::terms_on(conn, id, day("2026-01-01"))).unwrap().max_age, 16);
    }

    /// What an administrator set since is a difference only when the file says something new about it.
    fn the_original_file_still_agrees_after_a_change_of_the_buyer(app: &TestApp) {
        let id = entered(app);
        change(app, id, |settings| settings.channel = InvoiceChannel::ChorusDirect).unwrap();
        assert_eq!(try_import(app, &read(DIJON)).unwrap(), Imported::Unchanged(id));
        let caught_up = DIJON.replace("channel = \"reform\"", "channel = \"chorus_direct\"");
        assert_eq!(try_import(app, &read(&caught_up)).unwrap(), Imported::Unchanged(id));
        assert_eq!(app.read(|conn| look_up::buyer(conn, id)).channel, InvoiceChannel::ChorusDirect);
    }

    /// The next convention keeps the programmes, and may not overlap the present one.
    fn the_next_convention_follows(app: &TestApp) {
        let present = entered(app);
        let shifted = |years: i32| {
            let mut text = DIJON.replace("dijon-2024-2026", &format!("dijon-plus-{years}"));
            for year in (2024..=2026).rev() {
                text = text.replace(&format!("{year}-"), &format!("{}-", year + years));
            }
            text
        };
        let taken = refused(try_import(app, &read(&shifted(2))));
        assert!(
            matches!(&taken, ImportRefusal::ProgrammeTaken { code, slug, .. } if code == "CHE" && slug == "dijon-2024-2026"),
            "{taken}"
        );
        let renamed = shifted(3).replace("PRE de Longvic", "PRE de Longvic-Sud");
        let renamed = refused(try_import(app, &read(&renamed)));
        assert!(matches!(&renamed, ImportRefusal::ProgrammeDiffers { code, .. } if code == "LON"), "{renamed}");
        assert_eq!(app.read(look_up::conventions).len(), 1);
        let next = try_import(app, &read(&shifted(3))).unwrap().convention();
        let (before, after) = (app.read(|c| look_up::programmes(c, present)), app.read(|c| look_up::programmes(c, next)));
        let ids = |list: &[psypre::conventions::Programme]| list.iter().map(|p| p.id).collect::<Vec<_>>();
        assert_eq!(ids(&before), ids(&after));
        let longvic = before[2].id;
        for (on, convention) in [("2026-12-31", Some(present)), ("2027-01-01", Some(next)), ("2023-12-31", None)] {
            let found = app.read(|conn| look_up::convention_of(conn, longvic, day(on)));
            assert_eq!(found.map(|c| c.id), convention, "{on}");
            let in_force = app.read(|conn| look_up::conventions_on(conn, day(on)));
            assert_eq!(in_force.first().map(|c| c.id), convention, "{on}");
        }
        assert_eq!(try_import(app, &read(&shifted(3))).unwrap(), Imported::Unchanged(next));
    }

    /// Rules and budget years are those of the day.
    fn rules_are_those_of_the_day(app: &TestApp) {
        let start = DIJON.find("[[terms]]").unwrap();
        let end = DIJON.find("# Les tarifs horaires").unwrap();
        let block = &DIJON[start..end];
        let (old, new) = (block.replacen("2026-12-31", "2025-08-31", 1), block.replacen("2024-01-01", "2025-09-01", 1));
        let new = new.replacen("unexcused_absence_billed = false", "unexcused_absence_billed = true", 1);
        let id = try_import(app, &read(&DIJON.replacen(block, &format!("{old}{new}"), 1))).unwrap().convention();
        for (on, billed) in [("2025-08-31", false), ("2025-09-01", true)] {
            let terms = app.read(|conn| look_up::terms_on(conn, id, day(on))).unwrap();
            assert_eq!(terms.unexcused_absence.billed, billed, "{on}");
        }
        assert_eq!(app.read(|conn| look_up::terms_on(conn, id, day("2027-01-01"))), None);
        for (on, label) in [("2025-01-01", Some("2025")), ("2026-12-31", Some("2026")), ("2027-01-01", None)] {
            let year = app.read(|conn| look_up::budget_year_on(conn, id, day(on)));
            assert_eq!(year.as_ref().map(|y| y.label.as_str()), label, "{on}");
        }
    }

    /// A psychologist's own rate replaces the convention's from its day on.
    fn a_psychologist_gets_a_rate_of_their_own(app: &TestApp) {
        let (id, who) = (entered(app), psychologist(app));
        let rate = |from: &str, cents| NewRate {
            psychologist: who,
            service: ServiceType::Interview,
            hourly: Cents(cents),
            from: day(from),
        };
        let add = |new: NewRate| app.app.db.write(|tx| add_rate(tx, &app.app.clock, Actor::System, id, new));
        add(rate("2026-12-01", 6500)).unwrap();
        assert_eq!(entries(app), 2);
        let hourly = |on: &str, service| {
            app.read(|conn| look_up::rate_on(conn, id, who, service, day(on))).map(|rate| rate.hourly)
        };
        assert_eq!(hourly("2026-11-30", ServiceType::Interview), Some(Cents(6000)));
        assert_eq!(hourly("2026-12-01", ServiceType::Interview), Some(Cents(6500)));
        assert_eq!(hourly("2026-12-01", ServiceType::Training), Some(Cents(6000)));
        assert_eq!(refused(add(rate("2026-12-01", 7000))), RateRefusal::SameDay(day("2026-12-01")));
        assert_eq!(refused(add(rate("2026-12-02", 0))), RateRefusal::NotPositive);
        assert!(matches!(refused(add(rate("2027-01-01", 6500))), RateRefusal::OutsideConvention(_)));
        let stranger = NewRate { psychologist: PsychologistId::new(), ..rate("2026-12-02", 6500) };
        assert!(matches!(add(stranger), Err(Failure::NotFound)));
        assert_eq!(entries(app), 2);
        assert_eq!(app.read(|conn| look_up::rates(conn, id)).len(), 4);
    }

    /// What an invoice counted does not change behind it: a rate begins after the last month that is invoiced.
    fn no_rate_begins_in_a_month_that_is_invoiced(app: &TestApp) {
        let world = World::new(app);
        let child = world.entrusted_child(world.chenove, "Zoé", "Exemple");
        let (clock, claire) = (&app.app.clock, world.psychologist());
        let session = recorded(&world, child, slot("2026-10-06", "09:00", 60), Attendance::Held);
        done(app, |tx| approve(tx, clock, &world.coordinator(world.chenove), session));
        let order = Order { month: Month::parse("2026-10").unwrap(), convention: world.convention, seen: None };
        done(app, |tx| issue(tx, clock, Issuance::Own(&claire), order));
        let rate = |from: &str| NewRate {
            psychologist: claire.id,
            service: ServiceType::Interview,
            hourly: Cents(6500),
            from: day(from),
        };
        let add = |new: NewRate| app.app.db.write(|tx| add_rate(tx, clock, Actor::System, world.convention, new));
        let before = entries(app);
        for from in ["2026-10-01", "2026-10-31", "2026-01-05"] {
            let RateRefusal::AlreadyInvoiced(month) = refused(add(rate(from))) else { panic!("{from}") };
            assert_eq!(month, Month::parse("2026-10").unwrap());
        }
        assert_eq!(entries(app), before, "nothing is written of what is refused");
        let denis = NewRate { psychologist: world.denis, ..rate("2026-10-01") };
        add(denis).unwrap();
        let said = refused(add(rate("2026-10-31"))).to_string();
        assert!(said.contains("octobre 2026"), "{said}");
        add(rate("2026-11-01")).unwrap();
        let page = app.signed_in(ADMINISTRATOR).post(
            &format!("/convention/{}/tarifs", world.convention),
            &[("psychologist", &claire.id.to_string()), ("service", "interview"), ("hourly", "70"), ("from", "2026-10-15")],
        );
        assert!(page.expect(422).words().contains("octobre 2026"));
    }

    /// The buyer's references can be changed, not into ones that Chorus Pro would reject.
    fn the_buyers_references_change(app: &TestApp) {
        let id = entered(app);
        change(app, id, |settings| {
            settings.required_reference = RequiredReference::ServiceAndEngagement;
            settings.engagement_number = Some("ENG-2026-001".to_owned());
        })
        .unwrap();
        let buyer = app.read(|conn| look_up::buyer(conn, id));
        assert_eq!(buyer.engagement_number.as_deref(), Some("ENG-2026-001"));
        assert_eq!(buyer.name, "Dijon Métropole");
        assert_eq!(entries(app), 2);
        change(app, id, |_| {}).unwrap();
        assert_eq!(entries(app), 2, "what changes nothing leaves no entry");
        let wrong = |with: fn(&mut BuyerSettings)| refused(change(app, id, with));
        assert_eq!(wrong(|s| s.siret = "73282932000074".to_owned()), BuyerRefusal::Siret);
        assert_eq!(wrong(|s| s.siret = "24210041099993".to_owned()), BuyerRefusal::Siret);
        assert_eq!(wrong(|s| s.service_code = Some("PRE/1".to_owned())), BuyerRefusal::ServiceCode);
        assert_eq!(wrong(|s| s.engagement_number = Some("9".repeat(51))), BuyerRefusal::EngagementNumber);
        assert_eq!(wrong(|s| s.contract_number = Some("9".repeat(51))), BuyerRefusal::ContractNumber);
        let missing = wrong(|s| s.service_code = None);
        assert_eq!(missing, BuyerRefusal::Missing(RequiredReference::ServiceAndEngagement));
        assert!(missing.to_string().contains("un code service et un numéro d’engagement"), "{missing}");
        assert_eq!(app.read(|conn| look_up::buyer(conn, id)), buyer);
        let nowhere = change_buyer_of(app, ConventionId::new(), settings_of(buyer));
        assert!(matches!(nowhere, Err(Failure::NotFound)));
    }

    /// The administrator reads the whole convention; without one, what to do.
    fn an_administrator_reads_the_convention(app: &TestApp) {
        let mut browser = administrator(app);
        let words = browser.get("/convention").expect(200).words();
        assert!(words.contains("psypre convention import"), "{words}");
        entered(app);
        let words = browser.get("/convention").expect(200).words();
        for expected in [
            "du 1er janvier 2024 au 31 décembre 2026",
            "Âge des enfants de 2 à 16 ans révolus",
            "Saisie d’une séance jusqu’à la fin du mois suivant la séance",
            "Absence excusée ni facturée ni décomptée de la quotité",
            "CCAS de Dijon 4 820,00 € 4 820,00 € 4 820,00 €",
            "Budget prévisionnel 20 000,00 €",
            "PRE de Dijon (DIJ) CCAS de Dijon les Grésilles, la Fontaine d'Ouche 110 h",
            "PRE de Talant (TAL) CCAS de Talant le Belvédère 0 h 0 h 0 h",
            "Total 260 h 260 h 260 h",
            "Le CCAS de Talant rémunère lui-même une psychologue",
            "Entretien psychologique tous les psychologues 01/01/2024 60,00 €",
            "Code service PRE-EXEMPLE",
        ] {
            assert!(words.contains(expected), "{expected}: {words}");
        }
        browser.get("/convention?convention=dijon-2024-2026").expect(200);
        browser.get("/convention?convention=ailleurs").expect(404);
    }

    /// The buyer's form keeps what was typed, and says what is wrong.
    fn an_administrator_changes_the_buyers_references(app: &TestApp) {
        let id = entered(app);
        let mut browser = administrator(app);
        let path = format!("/convention/{id}/acheteur");
        assert!(browser.get(&path).expect(200).text().contains("value=\"24210041099992\""));
        let fields = [
            ("siret", "242 100 410 99993"),
            ("channel", "chorus_direct"),
            ("required_reference", "service_and_engagement"),
            ("service_code", "PRE-EXEMPLE"),
            ("engagement_number", "ENG-7"),
        ];
        let page = browser.post(&path, &fields).expect(422);
        assert!(page.words().contains("Ce SIRET n’est pas celui d’un établissement de l’acheteur"), "{}", page.words());
        assert!(page.text().contains("ENG-7"));
        let mut right = fields;
        right[0].1 = "242 100 410 99992";
        let answer = browser.post(&path, &right).expect(303);
        let words = browser.get(answer.location()).expect(200).words();
        assert!(words.contains("Numéro d’engagement ENG-7"), "{words}");
        assert!(words.contains("Les références de facturation sont à jour"), "{words}");
        let story = app.read(|conn| journal::story(conn, id.0));
        assert_eq!(story.last().unwrap().action, "buyer.changed");
        assert!(story.last().unwrap().actor_id.is_some());
        right[4].1 = "";
        let words = browser.post(&path, &right).expect(422).words();
        assert!(words.contains("Vous exigez un code service et un numéro d’engagement"), "{words}");
        browser.get(&format!("/convention/{}/acheteur", ConventionId::new())).expect(404);
    }

    /// A rate entered twice by two presses of the same button is one rate.
    fn an_administrator_enters_a_psychologists_rate(app: &TestApp) {
        let id = entered(app);
        let mut browser = administrator(app);
        let path = format!("/convention/{id}/tarifs");
        assert!(browser.get(&path).expect(200).words().contains("Aucun psychologue n’a de compte"));
        let who = psychologist(app).to_string();
        assert!(browser.get(&path).expect(200).words().contains("Dominique Exemple"));
        let key = uuid::Uuid::new_v4().to_string();
        let fields = [
            ("psychologist", who.as_str()),
            ("service", "interview"),
            ("hourly", "62,50"),
            ("from", "2026-12-01"),
            ("idempotency_key", &key),
        ];
        for _ in 0..2 {
            browser.post(&path, &fields).expect(303);
        }
        let words = browser.get("/convention").expect(200).words();
        assert!(words.contains("Entretien psychologique Dominique Exemple 01/12/2026 62,50 €"), "{words}");
        assert_eq!(app.read(|conn| look_up::rates(conn, id)).len(), 4);
        let mut other = fields;
        other[2].1 = "70";
        browser.post(&path, &other).expect(422);
        other[4].1 = "";
        let page = browser.post(&path, &other).expect(422);
        assert!(page.words().contains("commence déjà le 01/12/2026"), "{}", page.words());
        let words = browser.post(&path, &[("hourly", "beaucoup")]).expect(422).words();
        for sentence in ["Choisissez un psychologue.", "Choisissez une prestation.", "Corrigez le tarif horaire", "Indiquez le premier jour."] {
            assert!(words.contains(sentence), "{sentence}: {words}");
        }
    }

    /// The convention is the administrator's.
    fn others_do_not_see_the_convention(app: &TestApp) {
        let id = entered(app);
        app.account("compta@example.org", "Claude Exemple", &[(Role::Accountant, None)]);
        let mut browser = app.signed_in("compta@example.org");
        for path in ["/convention".to_owned(), format!("/convention/{id}/acheteur"), format!("/convention/{id}/tarifs")] {
            browser.get(&path).expect(403);
        }
        browser.post(&format!("/convention/{id}/tarifs"), &[]).expect(403);
        app.anonymous().get("/convention").expect(303);
    }
}

fn settings_of(buyer: Buyer) -> BuyerSettings {
    BuyerSettings {
        siret: buyer.siret,
        channel: buyer.channel,
        required_reference: buyer.required_reference,
        service_code: buyer.service_code,
        engagement_number: buyer.engagement_number,
        contract_number: buyer.contract_number,
    }
}

fn change(app: &TestApp, id: ConventionId, with: impl Fn(&mut BuyerSettings)) -> Result<(), Failure<BuyerRefusal>> {
    let mut settings = settings_of(app.read(|conn| look_up::buyer(conn, id)));
    with(&mut settings);
    change_buyer_of(app, id, settings)
}

fn change_buyer_of(app: &TestApp, id: ConventionId, settings: BuyerSettings) -> Result<(), Failure<BuyerRefusal>> {
    app.app.db.write(|tx| change_buyer(tx, &app.app.clock, Actor::System, id, settings.clone()))
}
