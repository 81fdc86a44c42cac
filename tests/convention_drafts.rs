//! The next convention: copied, corrected on screen, checked, signed; until then nothing of it shows.

use diesel::prelude::*;
use psypre::convention_drafts::check;
use psypre::conventions::following::following;
use psypre::conventions::{ServiceType, export, file, look_up, write};
use psypre::hours::Minutes;
use psypre::ids::{ConventionId, ProgrammeId};
use psypre::journal::{self, Actor};
use psypre::money::Cents;
use psypre::schema::{convention_drafts, convention_programmes, conventions, signatories};
use psypre::services::Part;
use psypre::services::allot::{Allotment, allot};

use crate::on_both_databases;
use crate::support::browser::{Answer, Browser};
use crate::support::database::Database;
use crate::support::world::{ACCOUNTANT, ADMINISTRATOR, World, day, done};

const DIJON: &str = include_str!("../conventions/dijon-2024-2026.toml");

/// Starts a draft from a convention, and gives its page.
fn started(browser: &mut Browser, from: ConventionId) -> String {
    let from = from.to_string();
    browser.post("/convention/brouillons", &[("from", &from)]).expect(303).location().to_owned()
}

/// The fields of the last form of a page, as a browser would post them.
fn fields(page: &Answer) -> Vec<(String, String)> {
    let html = page.text();
    let form = &html[html.rfind("<form").unwrap()..];
    let part = |tag: &str, name: &str| -> Option<String> {
        let (_, rest) = tag.split_once(&format!("{name}=\""))?;
        let raw = rest.split('"').next()?;
        Some(raw.replace("&#39;", "'").replace("&#34;", "\"").replace("&amp;", "&").replace("&#38;", "&"))
    };
    let mut found = Vec::new();
    for piece in form.split('<').skip(1) {
        let (tag, text) = piece.split_once('>').unwrap_or((piece, ""));
        let name = part(tag, "name");
        match (tag.split_whitespace().next().unwrap_or_default(), name) {
            ("input", Some(name))
                if !tag.contains("type=\"checkbox\"") && name != "csrf" && name != "idempotency_key" =>
            {
                found.push((name, part(tag, "value").unwrap_or_default()));
            }
            ("textarea", Some(name)) => found.push((name, text.replace("&#39;", "'"))),
            ("select", Some(name)) => found.push((name, String::new())),
            ("option", None) if tag.contains(" selected") => {
                found.last_mut().unwrap().1 = part(tag, "value").unwrap_or_default();
            }
            _ => {}
        }
    }
    found
}

/// Opens a part, changes some of its fields, and posts it.
pub fn change(browser: &mut Browser, draft: &str, part: &str, changes: &[(&str, &str)]) -> Answer {
    let path = format!("{draft}/contenu/{part}");
    let page = browser.get(&path).expect(200);
    let mut posted = fields(&page);
    for (name, value) in changes {
        match posted.iter_mut().find(|(known, _)| known == name) {
            Some(field) => field.1 = (*value).to_owned(),
            None => posted.push(((*name).to_owned(), (*value).to_owned())),
        }
    }
    let posted: Vec<(&str, &str)> = posted.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    browser.post(&path, &posted)
}

fn has(page: &str, words: &[&str]) {
    for expected in words {
        assert!(page.contains(expected), "{expected}: {page}");
    }
}

on_both_databases! {
    /// Copied from the present one with its amendments, corrected, signed: in force from 1 January 2027, and not before.
    fn the_next_convention_is_copied_corrected_and_signed(app: &TestApp) {
        let world = World::new(app);
        let mut browser = app.signed_in(ADMINISTRATOR);
        has(&browser.get("/convention/brouillons").expect(200).words(), &["Aucun brouillon", "du 01/01/2024 au 31/12/2026"]);
        let draft = started(&mut browser, world.convention);
        has(&browser.get(&draft).expect(200).words(), &[
            "programmes de réussite éducative 2027-2029", "Vérifié, à signer", "Rien à corriger", "6 parties", "5 PRE",
            "2027 du 01/01/2027 au 31/12/2027 20 000,00 € 20 000,00 € 260 h", "Signer la convention",
        ]);
        has(&browser.get("/convention/brouillons").expect(200).words(), &["2027-2029", "Vérifié, à signer"]);

        // a budget that its contributions do not make
        change(&mut browser, &draft, "exercices", &[("budget-0", "21 000")]).expect(303);
        let page = browser.get(&draft).expect(200).words();
        has(&page, &[
            "À corriger avant de signer",
            "Exercice 2027, budget prévisionnel : les participations font 20 000,00 €, et le budget de l’exercice 21 000,00 €",
        ]);
        assert!(!page.contains("Signer la convention"), "{page}");
        let refused = browser.post(&format!("{draft}/signature"), &[("version", "2"), ("signed_on", "2026-11-20")]).expect(422);
        has(&refused.words(), &["Il reste une chose à corriger avant de signer"]);
        change(&mut browser, &draft, "exercices", &[("budget-0", "21 000"), ("pays-0-metropole", "13 500,00"), ("hours-0-DIJ", "126 h 30")]).expect(303);
        let page = browser.get(&draft).expect(200).words();
        // 276 h 30 at 60 € and 4 400 €: 20 990 €
        has(&page, &["Rien à corriger", "21 000,00 € 21 000,00 € 276 h 30"]);
        change(&mut browser, &draft, "exercices", &[("hours-0-DIJ", "200 h")]).expect(303);
        has(&browser.get(&draft).expect(200).words(), &[
            "À relire", "Exercice 2027, quotités : 350 h à 60,00 € l’heure et la part fixe dépassent le budget de 4 400,00 €",
        ]);
        change(&mut browser, &draft, "exercices", &[("hours-0-DIJ", "126 h 30")]).expect(303);
        // two people write at once
        let stale = browser.get(&format!("{draft}/contenu/exercices")).expect(200);
        change(&mut browser, &draft, "regles", &[("max-0", "17")]).expect(303);
        let posted = fields(&stale);
        let posted: Vec<(&str, &str)> = posted.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        has(&browser.post(&format!("{draft}/contenu/exercices"), &posted).expect(422).words(), &["Ce brouillon a changé entretemps"]);
        // what cannot be read is said beside its field
        has(&change(&mut browser, &draft, "tarifs", &[("hourly-0", "beaucoup")]).expect(422).words(), &["Corrigez le tarif horaire"]);

        // nothing of it shows yet
        assert_eq!(app.read(look_up::conventions).len(), 1);
        for path in ["/annee", "/convention", "/appels-de-fonds"] {
            let page = browser.get(path).expect(200).words();
            assert!(!page.contains("2027-2029") && !page.contains("Exercice 2027"), "{path}: {page}");
        }
        assert_eq!(app.read(|conn| look_up::convention_of(conn, world.longvic, day("2027-01-01"))), None);

        let version: i32 = app.read(|conn| convention_drafts::table.select(convention_drafts::version).first(conn));
        let version = version.to_string();
        let path = format!("{draft}/signature");
        let future = browser.post(&path, &[("version", &version), ("signed_on", "2026-11-21")]).expect(422);
        has(&future.words(), &["Le 21/11/2026 est dans le futur"]);
        has(&browser.post(&path, &[("version", "1"), ("signed_on", "2026-11-20")]).expect(422).words(), &["a changé entretemps"]);
        let signed = browser.post(&path, &[("version", &version), ("signed_on", "2026-11-20")]).expect(303);
        assert_eq!(signed.location(), "/convention?convention=dijon-2027-2029");
        has(&browser.get(signed.location()).expect(200).words(), &["État Signée, à venir", "Signature 20 novembre 2026", "126 h 30", "de 2 à 17 ans"]);
        // pressed again, or opened again: it is a convention
        assert_eq!(browser.post(&path, &[("version", &version), ("signed_on", "2026-11-20")]).expect(303).location(), signed.location());
        assert_eq!(browser.get(&draft).expect(303).location(), signed.location());
        browser.get(&format!("{draft}/contenu/tarifs")).expect(404);
        let next = app.read(|conn| look_up::convention_of(conn, world.longvic, day("2027-01-01"))).unwrap();
        assert_eq!((next.slug.as_str(), next.signed_on), ("dijon-2027-2029", Some(day("2026-11-20"))));
        let told = app.read(|conn| journal::story(conn, next.id.0));
        assert_eq!(told.iter().map(|e| e.action.as_str()).collect::<Vec<_>>(), ["convention.imported", "convention.signed"]);
        has(&browser.get("/convention").expect(200).words(), &["État En vigueur"]);
        app.app.clock.set("2027-01-01T09:00:00Z".parse().unwrap());
        let mut browser = app.signed_in(ADMINISTRATOR);
        has(&browser.get("/convention").expect(200).words(), &["État En vigueur", "126 h 30"]);
        has(&browser.get("/convention?convention=dijon-2024-2026").expect(200).words(), &["État Terminée"]);
        app.signed_in(ACCOUNTANT).get("/convention/brouillons").expect(403);
    }

    /// What the present years keep for practice analysis and training is copied, changed, and signed with the rest.
    fn a_copy_starts_with_its_lines_of_services(app: &TestApp) {
        let world = World::new(app);
        let (clock, convention) = (&app.app.clock, world.convention);
        let year = app.read(|conn| look_up::budget_year_on(conn, convention, day("2026-11-20"))).unwrap().id;
        let part = Part { time: Minutes::from_hours(10), cost: Cents(72_000) };
        let new = Allotment { convention, year, kind: ServiceType::PracticeAnalysis, part };
        done(app, |tx| allot(tx, clock, Actor::System, new));
        let mut browser = app.signed_in(ADMINISTRATOR);
        let draft = started(&mut browser, convention);
        has(&browser.get(&draft).expect(200).words(), &["Analyse de la pratique et formations 1 ligne", "Rien à corriger"]);
        has(&browser.get(&format!("{draft}/contenu/prestations")).expect(200).words(), &["Ligne : 2029, analyse de la pratique"]);
        // a year that is renamed keeps its line; more than the fixed share is refused with its figures
        change(&mut browser, &draft, "exercices", &[("label-2", "2029 bis")]).expect(303);
        let added = [("year-1", "2029 bis"), ("service-1", "training"), ("hours-1", "14 h"), ("amount-1", "3 680,01")];
        change(&mut browser, &draft, "prestations", &added).expect(303);
        has(&browser.get(&draft).expect(200).words(), &[
            "Exercice 2029 bis, formation, montant : les lignes de 2029 bis font 4 400,01 €, et sa part fixe est de 4 400,00 €",
        ]);
        change(&mut browser, &draft, "prestations", &[("amount-1", "3 680"), ("hours-0", "12 h 30")]).expect(303);
        has(&browser.get(&draft).expect(200).words(), &["2 lignes", "Rien à corriger"]);
        let text = browser.get(&format!("{draft}.toml")).expect(200).text();
        let lines = file::read(&text).unwrap().file.service_lines;
        let version: i32 = app.read(|conn| convention_drafts::table.select(convention_drafts::version).first(conn));
        let signed = [("version", version.to_string()), ("signed_on", "2026-11-20".to_owned())];
        let signed: Vec<(&str, &str)> = signed.iter().map(|(name, value)| (*name, value.as_str())).collect();
        browser.post(&format!("{draft}/signature"), &signed).expect(303);
        let next = app.read(|conn| look_up::convention_of(conn, world.longvic, day("2029-06-01"))).unwrap();
        assert_eq!(app.read(|conn| export::present(conn, next.id)).service_lines, lines);
        assert_eq!(
            lines.iter().map(|line| (line.year.as_str(), line.hours, line.amount)).collect::<Vec<_>>(),
            [("2029 bis", Minutes(750), Cents(72_000)), ("2029 bis", Minutes::from_hours(14), Cents(368_000))]
        );
        // a year that is removed takes its lines along
        let draft = started(&mut browser, next.id);
        has(&browser.get(&draft).expect(200).words(), &["2 lignes"]);
        change(&mut browser, &draft, "exercices", &[("remove-2", "on")]).expect(303);
        has(&browser.get(&draft).expect(200).words(), &["aucune ligne"]);
    }

    /// Two conventions overlap nowhere for a programme: the check says it, and the database refuses it.
    fn two_conventions_never_overlap(app: &TestApp) {
        let world = World::new(app);
        let mut browser = app.signed_in(ADMINISTRATOR);
        let draft = started(&mut browser, world.convention);
        change(&mut browser, &draft, "convention", &[("from", "2026-12-31")]).expect(303);
        has(&browser.get(&draft).expect(200).words(), &[
            "rien n’est prévu du 31/12/2026 au 31/12/2026 : toute la convention doit être couverte",
            "Les PRE CHE, DIJ, LON, TAL et QUE relèvent déjà de la convention « dijon-2024-2026 », du 01/01/2024 au 31/12/2026",
        ]);
        change(&mut browser, &draft, "convention", &[("from", "2027-01-01"), ("slug", "dijon-2024-2026")]).expect(303);
        has(&browser.get(&draft).expect(200).words(), &["le nom court « dijon-2024-2026 » est celui d’une autre convention"]);

        let forced = app.app.db.write::<_, psypre::db::DbError>(|tx| {
            let conn = &mut **tx;
            let other = ConventionId::new();
            diesel::insert_into(conventions::table)
                .values((
                    conventions::id.eq(other),
                    conventions::slug.eq("autre"),
                    conventions::title.eq("Une autre"),
                    conventions::starts_on.eq(day("2026-12-31")),
                    conventions::ends_on.eq(day("2027-12-31")),
                    conventions::file_sha256.eq(vec![0u8]),
                    conventions::is_example.eq(true),
                    conventions::created_at.eq(app.app.clock.now()),
                ))
                .execute(conn)?;
            let party: psypre::ids::SignatoryId = signatories::table.select(signatories::id).first(conn)?;
            Ok(diesel::insert_into(convention_programmes::table)
                .values((
                    convention_programmes::convention_id.eq(other),
                    convention_programmes::programme_id.eq(world.longvic),
                    convention_programmes::signatory_id.eq(party),
                    convention_programmes::starts_on.eq(day("2026-12-31")),
                    convention_programmes::ends_on.eq(day("2027-12-31")),
                ))
                .execute(conn)?)
        });
        assert!(forced.unwrap_err().to_string().contains("convention_programmes_overlap"));
    }

    /// From an empty page: every fault in plain words, each on the way to what corrects it; then parties and a PRE.
    fn an_empty_draft_says_all_that_it_lacks(app: &TestApp) {
        World::new(app);
        let mut browser = app.signed_in(ADMINISTRATOR);
        let draft = browser.post("/convention/brouillons", &[]).expect(303).location().to_owned();
        let page = browser.get(&draft).expect(200).words();
        has(&page, &[
            "Convention sans titre", "Titre : ce texte est vide ; écrivez-le", "SIREN : ce texte est vide", "aucun exercice", "aucune partie",
        ]);
        assert!(!page.contains("[[") && !page.contains("entre guillemets") && !page.contains("budget_years"), "{page}");
        let fields = [("title", "Essai"), ("slug", "essai"), ("from", "2027-09-01"), ("until", "2028-08-31")];
        change(&mut browser, &draft, "convention", &fields).expect(303);
        let party = [("name-0", "Ville de l’Exemple"), ("kind-0", "town")];
        let added = change(&mut browser, &draft, "parties", &party).expect(303);
        assert_eq!(added.location(), format!("{draft}/contenu/parties"), "one may add another");
        let programme = [
            ("code-0", "EXE"), ("name-0", "PRE de l’Exemple"), ("town-0", "Exemple"), ("signatory-0", "ville-de-l-exemple"),
            ("homes-0", "le Bourg\nla Gare"),
        ];
        change(&mut browser, &draft, "pre", &programme).expect(303);
        let year = [
            ("label-0", "2027-2028"), ("from-0", "2027-09-01"), ("until-0", "2028-08-31"), ("budget-0", "1000"),
            ("pays-0-ville-de-l-exemple", "1000"), ("hours-0-EXE", "10 h"),
        ];
        change(&mut browser, &draft, "exercices", &year).expect(303);
        let rules = [("min-0", "16"), ("max-0", "2"), ("late-0", "1"), ("excused-0", "0-0"), ("unexcused-0", "1-1")];
        change(&mut browser, &draft, "regles", &rules).expect(303);
        has(&browser.get(&draft).expect(200).words(), &[
            "Règles n° 1, âge le plus élevé : l’âge le plus élevé est inférieur au plus jeune (16 ans)",
            "Tarifs horaires : rien n’est prévu du 01/09/2027 au 31/08/2028",
        ]);
        change(&mut browser, &draft, "regles", &[("min-0", "2"), ("max-0", "16")]).expect(303);
        change(&mut browser, &draft, "tarifs", &[("hourly-0", "62,50")]).expect(303);
        let buyer = [
            ("name", "Ville de l’Exemple"), ("siren", "242 100 410"), ("siret", "242 100 410 99992"), ("street", "1 rue"),
            ("postcode", "21000"), ("city", "Dijon"),
        ];
        change(&mut browser, &draft, "acheteur", &buyer).expect(303);
        has(&browser.get(&draft).expect(200).words(), &["Rien à corriger", "2027-2028 du 01/09/2027 au 31/08/2028 1 000,00 € 1 000,00 € 10 h"]);
        let text = browser.get(&format!("{draft}.toml")).expect(200).text();
        let read = file::read(&text).unwrap().file;
        assert_eq!(read.neighbourhoods.iter().map(|n| n.code.as_str()).collect::<Vec<_>>(), ["le-bourg", "la-gare"]);
        assert!(app.read(|conn| check::faults(conn, &read)).is_empty());
        let removal = format!("{draft}/suppression");
        has(&browser.post(&removal, &[("version", "1")]).expect(422).words(), &["Ce brouillon a changé entretemps"]);
        let version: i32 = app.read(|conn| convention_drafts::table.select(convention_drafts::version).first(conn));
        browser.post(&removal, &[("version", &version.to_string())]).expect(303);
        browser.get(&draft).expect(404);
    }

    /// A convention goes out as a file that reads back the same, amended figures and all.
    fn a_convention_is_exported_as_it_stands(app: &TestApp) {
        let world = World::new(app);
        let path = format!("/convention/{}/convention.toml", world.convention);
        let answer = app.signed_in(ADMINISTRATOR).get(&path).expect(200);
        assert_eq!(answer.header("content-disposition"), Some("attachment; filename=\"dijon-2024-2026.toml\""));
        let exported = file::read(&answer.text()).unwrap().file;
        assert_eq!(exported, file::read(DIJON).unwrap().file);
        let programme: Vec<ProgrammeId> = vec![world.dijon];
        assert_eq!(app.read(|conn| look_up::neighbourhoods(conn, &programme)).len(), 2);
        assert_eq!(app.read(|conn| export::present(conn, world.convention)), exported);
        let next = following(&exported);
        assert_eq!(next.convention.period.from, day("2027-01-01"));
        assert_eq!(next.budget_years[2].call_by, Some(day("2029-06-30")));
        assert_eq!(file::read(&write::write(&next)).unwrap().file, next);
    }
}

/// `psypre convention check | export | amendments`.
#[test]
fn commands_check_and_export() {
    let database = Database::sqlite();
    let path = database.folder.path().join("convention.toml");
    let run = |arguments: &[&str]| {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_psypre"))
            .arg("convention")
            .args(arguments)
            .env("DATABASE_URL", &database.url)
            .env("PSYPRE_KEYS", format!("1:{}", "5a".repeat(32)))
            .output()
            .unwrap();
        let said = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap(), said(output.stdout), said(output.stderr))
    };
    let name = path.to_str().unwrap();
    std::fs::write(&path, DIJON).unwrap();
    assert_eq!(run(&["check", name]).1.trim(), "La convention « dijon-2024-2026 » peut être enregistrée.");
    let (code, _, complained) = run(&["export", "dijon-2024-2026"]);
    assert!(code != 0 && complained.contains("Aucune convention"), "{complained}");
    assert_eq!(run(&["import", name]).0, 0);
    let (code, text, _) = run(&["export", "dijon-2024-2026"]);
    assert_eq!((code, file::read(&text).unwrap().file), (0, file::read(DIJON).unwrap().file));
    let (code, said, complained) = run(&["check", name]);
    assert!(code == 1 && said.is_empty() && complained.contains("est celui d’une autre convention"), "{complained}");
    let (code, said, _) = run(&["amendments", "dijon-2024-2026"]);
    assert_eq!((code, said.as_str()), (0, ""));
}

/// Whatever a convention's texts hold, its file reads back the same.
#[test]
fn texts_are_written_whole() {
    let mut file = file::read(DIJON).unwrap().file;
    file.convention.title = r#"Un "titre" \ à l'épreuve"#.to_owned();
    file.programmes[0].note = Some("Deux\u{a0}mots et\u{202f}demi".to_owned());
    assert_eq!(file::read(&write::write(&file)).unwrap().file, file);
}
