//! Children and referrals: what is entered, who may see it, and what a referral asks for.

use diesel::RunQueryDsl;
use psypre::children::add_consent::{self, ConsentRefusal, GivenConsent};
use psypre::children::change_referral::{self, Change};
use psypre::children::close_child;
use psypre::children::create_child::{self, ChildRefusal};
use psypre::children::eligibility::{self, EligibilityRefusal};
use psypre::children::look_up::{self, Search};
use psypre::children::refer::{self, Grant, ReferRefusal};
use psypre::children::{GuardianContact, Origin, Reader, ReferralRefusal, edit_child, ledger};
use psypre::conventions::{Period, look_up as conventions};
use psypre::db::Dialect;
use psypre::failure::Failure;
use psypre::hours::Minutes;
use psypre::ids::{ChildId, PsychologistId};
use psypre::journal;

use crate::on_both_databases;
use crate::support::app::TestApp;
use crate::support::world::{
    ACCOUNTANT, ADMINISTRATOR, AUDITOR, CHENOVE_COORDINATOR, CHENOVE_REFERENT, CLAIRE, DENIS, DIJON_COORDINATOR, World,
    day, done, refused,
};

fn parent(name: &str) -> GuardianContact {
    GuardianContact { name: name.into(), relation: "père".into(), phone: None, email: Some("p@example.org".into()) }
}

/// Whether a psychologist may see a child on a day, under the terms of that day.
fn check(
    world: &World<'_>,
    child: ChildId,
    psychologist: PsychologistId,
    on: &str,
) -> Result<(), Failure<EligibilityRefusal>> {
    let vault = &world.app.app.vault;
    world.app.app.db.read(|conn| {
        let terms = conventions::terms_on(conn, world.convention, day(on))?.unwrap();
        eligibility::check(conn, vault, &terms, child, psychologist, day(on)).map(drop)
    })
}

#[track_caller]
fn not_eligible(world: &World<'_>, child: ChildId, psychologist: PsychologistId, on: &str) -> EligibilityRefusal {
    match check(world, child, psychologist, on) {
        Err(Failure::Refused(refusal)) => refusal,
        other => panic!("{other:?}"),
    }
}

#[derive(diesel::QueryableByName)]
struct Line {
    #[diesel(sql_type = diesel::sql_types::Text)]
    line: String,
}

/// The bytes of the embedded database and its log, or the rows of PostgreSQL as text.
fn everything_kept(app: &TestApp) -> Vec<u8> {
    if app.app.db.dialect() == Dialect::Sqlite {
        let files = std::fs::read_dir(app.folder()).unwrap().map(|file| file.unwrap().path());
        return files.filter(|path| path.is_file()).flat_map(|path| std::fs::read(path).unwrap()).collect();
    }
    let rows = |table: &str| -> Vec<Line> {
        app.read(|conn| diesel::sql_query(format!("SELECT CAST(t AS TEXT) AS line FROM {table} t")).load(conn))
    };
    let tables = ["children", "guardians", "referrals", "consents", "journal_entries", "mails", "idempotency_keys"];
    tables.into_iter().flat_map(rows).flat_map(|row| row.line.into_bytes()).collect()
}

on_both_databases! {
    /// References count from one in each programme and year, and a refused entry takes no number.
    fn references_follow_each_other(app: &TestApp) {
        let world = World::new(app);
        let ada = world.child(world.chenove, "Ada", "Un");
        let (vault, clock, who) = (&app.app.vault, &app.app.clock, world.coordinator(world.chenove));
        let entry = world.entry(world.chenove, "Sans", "Responsable", day("2017-01-01"));
        refused(app, |tx| create_child::create(tx, vault, clock, &who, world.chenove, &entry, &[]));
        let unreachable = GuardianContact { email: None, ..parent("Parent") };
        refused(app, |tx| create_child::create(tx, vault, clock, &who, world.chenove, &entry, std::slice::from_ref(&unreachable)));
        let bob = world.child(world.chenove, "Bob", "Deux");
        let eve = world.child(world.dijon, "Eve", "Trois");
        let references = [ada, bob, eve].map(|child| world.reference(child).to_string());
        assert_eq!(references, ["CHE-2026-0001", "CHE-2026-0002", "DIJ-2026-0001"]);
        app.app.clock.advance(chrono::Duration::days(60));
        let zoe = world.child(world.chenove, "Zoé", "Quatre");
        assert_eq!(world.reference(zoe).as_str(), "CHE-2027-0001");
    }

    /// Two coordinators who enter children at the same time share no number and skip none.
    fn references_have_no_gap_under_concurrency(app: &TestApp) {
        let world = World::new(app);
        let (vault, clock, who) = (&app.app.vault, &app.app.clock, world.coordinator(world.dijon));
        let entry = world.entry(world.dijon, "Un", "Enfant", day("2017-01-01"));
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..3 {
                        let guardians = [parent("Parent")];
                        done(app, |tx| create_child::create(tx, vault, clock, &who, world.dijon, &entry, &guardians));
                    }
                });
            }
        });
        let found = app.read(|conn| {
            look_up::search(conn, vault, &Reader::from(&who), &Search::default(), clock.today())
        });
        let mut references: Vec<String> = found.iter().map(|row| row.child.reference.to_string()).collect();
        references.sort();
        let expected: Vec<String> = (1..=24).map(|number| format!("DIJ-2026-{number:04}")).collect();
        assert_eq!(references, expected);
    }

    /// Rules 2 and 3, and the rest of what is refused when a child is entered.
    fn what_is_said_of_a_child_is_checked(app: &TestApp) {
        let world = World::new(app);
        let (vault, clock, who) = (&app.app.vault, &app.app.clock, world.coordinator(world.chenove));
        let refusal = |entry: create_child::ChildEntry| {
            refused(app, |tx| create_child::create(tx, vault, clock, &who, world.chenove, &entry, &[parent("P")]))
        };
        let sound = world.entry(world.chenove, "Ada", "Exemple", day("2017-03-15"));
        let mut elsewhere = sound.clone();
        elsewhere.neighbourhood_id = world.neighbourhoods(world.dijon)[0];
        assert_eq!(refusal(elsewhere), ChildRefusal::OtherNeighbourhood);
        let mut unborn = sound.clone();
        unborn.identity.born_on = day("2026-12-01");
        assert_eq!(refusal(unborn), ChildRefusal::BornLater);
        let mut young = sound.clone();
        young.identity.born_on = day("2024-01-06");
        assert!(matches!(refusal(young), ChildRefusal::Age { age: 1, min: 2, max: 16, .. }));
        let mut stranger = sound.clone();
        stranger.referent_id = Some(world.claire_account);
        assert_eq!(refusal(stranger), ChildRefusal::UnknownReferent);
        let mut nameless = sound.clone();
        nameless.identity.last_name = "  ".into();
        assert_eq!(refusal(nameless), ChildRefusal::NoLastName);
        let theirs = app.app.db.write(|tx| {
            create_child::create(tx, vault, clock, &who, world.dijon, &sound, &[parent("P")])
        });
        assert!(matches!(theirs, Err(Failure::NotFound)));
    }

    /// What is not theirs is not found: neither read nor changed.
    fn a_child_is_seen_by_their_care_circle_only(app: &TestApp) {
        let world = World::new(app);
        let vault = &app.app.vault;
        let child = world.entrusted_child(world.chenove, "Ada", "Exemple");
        let seen = |reader: Reader| app.app.db.read::<_, psypre::db::DbError>(|conn| {
            Ok(look_up::load_for(conn, vault, reader, child)?)
        }).is_ok();
        assert!(seen(Reader::from(&world.coordinator(world.chenove))));
        assert!(!seen(Reader::from(&world.coordinator(world.dijon))));
        assert!(seen(Reader::Psychologist { id: world.claire }));
        assert!(!seen(Reader::Psychologist { id: world.denis }));
        let referent = Reader::Referent { account: world.referent, programmes: vec![world.chenove] };
        assert!(!seen(referent.clone()));
        let (clock, who) = (&app.app.clock, world.coordinator(world.chenove));
        let mut entry = world.entry(world.chenove, "Ada", "Exemple", day("2017-03-15"));
        entry.referent_id = Some(world.referent);
        done(app, |tx| edit_child::edit(tx, vault, clock, &who, child, &entry));
        assert!(seen(referent));
        let other = world.coordinator(world.dijon);
        let outcome = app.app.db.write(|tx| edit_child::edit(tx, vault, clock, &other, child, &entry));
        assert!(matches!(outcome, Err(Failure::NotFound)));
    }

    /// Names are found without accents, in any order and case, and so are references.
    fn children_are_found_by_name_and_reference(app: &TestApp) {
        let world = World::new(app);
        let (vault, clock) = (&app.app.vault, &app.app.clock);
        world.child(world.chenove, "Zoé", "Lefèvre-Œuvré");
        world.child(world.chenove, "Anaël", "Ben Ali");
        world.child(world.dijon, "Zoé", "Ailleurs");
        let reader = Reader::from(&world.coordinator(world.chenove));
        let found = |text: &str| -> Vec<String> {
            let search = Search { text: text.to_owned(), ..Search::default() };
            let rows = app.read(|conn| look_up::search(conn, vault, &reader, &search, clock.today()));
            rows.iter().map(|row| row.child.identity.first_name.clone()).collect()
        };
        assert_eq!(found(""), ["Anaël", "Zoé"]);
        assert_eq!(found("zoe"), ["Zoé"]);
        assert_eq!(found("LEFEVRE zoé"), ["Zoé"]);
        assert_eq!(found("oeuvre"), ["Zoé"]);
        assert_eq!(found("che-2026-0002"), ["Anaël"]);
        assert!(found("ailleurs").is_empty());
    }

    /// Nothing that names a child or a family is readable in the database, nor in its journal.
    fn names_are_sealed(app: &TestApp) {
        let world = World::new(app);
        let child = world.entrusted_child(world.chenove, "Xyloméla", "Quetzalcoatl");
        let (vault, clock, who) = (&app.app.vault, &app.app.clock, world.coordinator(world.chenove));
        let entry = world.entry(world.chenove, "Xyloméla", "Quetzalcoatl-Bis", day("2017-03-16"));
        done(app, |tx| edit_child::edit(tx, vault, clock, &who, child, &entry));
        let told = app.read(|conn| journal::story(conn, child.0));
        let actions: Vec<&str> = told.iter().map(|entry| entry.action.as_str()).collect();
        assert_eq!(actions, ["child.created", "child.edited"]);
        assert!(told[1].after.as_deref().unwrap().contains("\"identity_changed\":true"));
        let kept = everything_kept(app);
        let holds = |bytes: &[u8]| kept.windows(bytes.len()).any(|window| window == bytes);
        assert!(holds(b"CHE-2026-0001"), "the search itself works");
        for word in ["Xylom", "xylom", "Quetzal", "quetzal", "2017-03-1", "06 00 00 00 01", "cole des Exemples"] {
            // PostgreSQL shows bytes as hexadecimal digits
            let hex: String = word.bytes().map(|byte| format!("{byte:02x}")).collect();
            assert!(!holds(word.as_bytes()) && !holds(hex.as_bytes()), "{word} is readable");
        }
        assert_eq!(world.seen(child).identity.full_name(), "Xyloméla Quetzalcoatl-Bis");
    }

    /// Rule 4: a referral to that psychologist, valid that day, consented to by that day; rule 2: the age that day.
    fn a_session_needs_a_referral_with_consent(app: &TestApp) {
        let world = World::new(app);
        let (vault, clock, who) = (&app.app.vault, &app.app.clock, world.coordinator(world.chenove));
        let child = world.child(world.chenove, "Ada", "Exemple");
        let refusal = |on: &str| not_eligible(&world, child, world.claire, on);
        assert!(matches!(refusal("2026-11-20"), EligibilityRefusal::Referral(ReferralRefusal::NoReferral { .. })));
        let period = Period { from: day("2026-10-01"), until: day("2026-11-30") };
        let referral = world.referral_for(child, world.claire, 120, period, None);
        let unconsented = refusal("2026-11-20");
        assert!(matches!(unconsented, EligibilityRefusal::Referral(ReferralRefusal::NoConsent { .. })));
        let guardian = app.read(|conn| look_up::guardians(conn, vault, &world.seen(child)))[0].id;
        let given = |on: &str| GivenConsent { guardian, given_on: day(on) };
        let later = refused(app, |tx| add_consent::add(tx, vault, clock, &who, referral, given("2026-11-21")));
        assert_eq!(later, ConsentRefusal::GivenLater(day("2026-11-21")));
        done(app, |tx| add_consent::add(tx, vault, clock, &who, referral, given("2026-11-10")));
        let twice = refused(app, |tx| add_consent::add(tx, vault, clock, &who, referral, given("2026-11-12")));
        assert_eq!(twice, ConsentRefusal::AlreadyGiven);
        assert!(check(&world, child, world.claire, "2026-11-10").is_ok());
        assert!(matches!(refusal("2026-11-09"), EligibilityRefusal::Referral(ReferralRefusal::NoConsent { .. })));
        let sentence = refusal("2026-12-01").to_string();
        assert!(sentence.contains("vaut du 01/10/2026 au 30/11/2026, pas le 01/12/2026"), "{sentence}");
        assert!(matches!(
            not_eligible(&world, child, world.denis, "2026-11-20"),
            EligibilityRefusal::Referral(ReferralRefusal::NoReferral { .. })
        ));
        let born_late = world.child_born(world.chenove, "Ben", "Grand", day("2009-11-21"));
        world.referral(born_late, world.claire, 60);
        assert!(check(&world, born_late, world.claire, "2026-11-20").is_ok());
        let too_old = not_eligible(&world, born_late, world.claire, "2026-11-21");
        assert!(matches!(too_old, EligibilityRefusal::Age { age: 17, .. }));
    }

    /// The minutes of a referral are given while they last, and given back.
    fn a_referral_gives_what_it_holds(app: &TestApp) {
        let world = World::new(app);
        let child = world.child(world.chenove, "Ada", "Exemple");
        let referral = world.referral(child, world.claire, 120);
        let reserved = done(app, |tx| ledger::reserve(tx, referral, Minutes(75)));
        assert_eq!((reserved.reserved, reserved.remaining()), (Minutes(75), Minutes(45)));
        let refusal = refused(app, |tx| ledger::reserve(tx, referral, Minutes(60)));
        let sentence = refusal.to_string();
        assert!(sentence.starts_with("Il reste 45\u{a0}min sur l’orientation de CHE-2026-0001"), "{sentence}");
        app.write(|tx| ledger::consume(tx, referral, Minutes(75)));
        app.write(|tx| ledger::reopen(tx, referral, Minutes(75)));
        app.write(|tx| ledger::release(tx, referral, Minutes(75)));
        let left = done(app, |tx| ledger::reserve(tx, referral, Minutes(120)));
        assert_eq!(left.remaining(), Minutes::ZERO);
        // no session holds these minutes: the recount must find them given back
        app.write(|tx| ledger::release(tx, referral, Minutes(120)));
    }

    /// An ended referral gives nothing more; one is extended rather than doubled.
    fn a_referral_is_extended_and_ended(app: &TestApp) {
        let world = World::new(app);
        let (vault, clock, who) = (&app.app.vault, &app.app.clock, world.coordinator(world.chenove));
        let child = world.child(world.chenove, "Ada", "Exemple");
        let period = Period { from: day("2026-10-01"), until: day("2026-11-30") };
        let grant = |minutes, period| Grant { psychologist: world.claire, minutes: Minutes(minutes), period, origin: Origin::default() };
        let refer = |grant: Grant| refused(app, |tx| refer::refer(tx, vault, clock, &who, child, grant, &[]));
        assert_eq!(refer(grant(50, period)), ReferRefusal::Quarters);
        let too_late = Period { from: day("2026-12-01"), until: day("2027-02-01") };
        assert!(matches!(refer(grant(60, too_late)), ReferRefusal::OutsideConvention(_)));
        let referral = world.referral_for(child, world.claire, 120, period, Some(day("2026-10-01")));
        assert_eq!(refer(grant(60, period)), ReferRefusal::Overlap(period));
        done(app, |tx| ledger::reserve(tx, referral, Minutes(90)));
        let change = |minutes: i32, until: &str| {
            app.app.db.write(|tx| {
                let asked = Change { minutes: Minutes(minutes), ends_on: day(until), origin: Origin::default() };
                change_referral::change(tx, vault, clock, &who, referral, asked)
            })
        };
        let less = change(60, "2026-11-30");
        assert!(matches!(less, Err(Failure::Refused(ReferRefusal::MoreIsHeld { held: Minutes(90), .. }))));
        assert_eq!(change(240, "2026-12-31").unwrap().remaining(), Minutes(150));
        assert!(check(&world, child, world.claire, "2026-12-15").is_ok());
        change(90, "2026-11-19").unwrap();
        assert!(check(&world, child, world.claire, "2026-11-20").is_err());
        app.write(|tx| ledger::release(tx, referral, Minutes(90)));
    }

    /// A closed child is not seen after the last day; the follow-up may be opened again.
    fn a_closed_child_is_not_seen_after(app: &TestApp) {
        let world = World::new(app);
        let (vault, clock, who) = (&app.app.vault, &app.app.clock, world.coordinator(world.chenove));
        let child = world.entrusted_child(world.chenove, "Ada", "Exemple");
        done(app, |tx| close_child::close(tx, vault, clock, &who, child, day("2026-11-19")));
        assert!(check(&world, child, world.claire, "2026-11-19").is_ok());
        let refusal = not_eligible(&world, child, world.claire, "2026-11-20");
        assert!(matches!(refusal, EligibilityRefusal::Closed { .. }), "{refusal}");
        done(app, |tx| close_child::reopen(tx, vault, clock, &who, child));
        assert!(check(&world, child, world.claire, "2026-11-20").is_ok());
    }
}

/// The fields of a child's form as a browser posts them.
fn child_form<'f>(neighbourhood: &'f str, key: &'f str) -> Vec<(&'static str, &'f str)> {
    vec![
        ("idempotency_key", key),
        ("first_name", "Zoé"),
        ("last_name", "Imaginaire"),
        ("born_on", "24/11/2018"),
        ("gender", "girl"),
        ("neighbourhood", neighbourhood),
        ("school", ""),
        ("referent", ""),
        ("followed_since", "2026-09-01"),
        ("guardian_name", "Ana Imaginaire"),
        ("guardian_relation", "mère"),
        ("guardian_phone", "06 12 34 56 78"),
        ("guardian_email", ""),
    ]
}

on_both_databases! {
    /// A coordinator enters a child, twice pressed but once entered, finds them by name, and entrusts them.
    fn a_coordinator_enters_and_entrusts_a_child(app: &TestApp) {
        let world = World::new(app);
        let mut browser = app.signed_in(CHENOVE_COORDINATOR);
        assert!(browser.get("/enfants").expect(200).words().contains("Aucun enfant n’est encore inscrit"));
        let neighbourhood = world.neighbourhoods(world.chenove)[0].to_string();
        let form = child_form(&neighbourhood, "0193f7a0-0000-7000-8000-000000000001");
        let mut incomplete = form.clone();
        incomplete.retain(|(name, _)| *name != "guardian_phone");
        let refused = browser.post("/enfants/nouveau", &incomplete).expect(422);
        assert!(refused.words().contains("il faut pouvoir joindre ce responsable légal"), "{}", refused.words());
        assert!(refused.text().contains("value=\"Imaginaire\""), "what was typed is kept");
        let file = browser.post("/enfants/nouveau", &form).expect(303).location().to_owned();
        assert_eq!(browser.post("/enfants/nouveau", &form).expect(303).location(), file);
        let page = browser.get(&file).expect(200);
        assert!(page.words().contains("Zoé Imaginaire"), "{}", page.words());
        let title = page.text().split("</title>").next().unwrap().to_owned();
        assert!(title.contains("CHE-2026-0001") && !title.contains("Imaginaire"), "{title}");
        let found = browser.post("/enfants", &[("nom", "imaginaire zoe")]).expect(200);
        assert!(found.words().contains("1 enfant trouvé") && found.words().contains("Sans orientation"));
        let nobody = browser.post("/enfants", &[("nom", "personne")]).expect(200);
        assert!(nobody.words().contains("Aucun enfant trouvé"), "{}", nobody.words());
        let psychologist = world.claire.to_string();
        let grant = [
            ("psychologist", psychologist.as_str()),
            ("minutes", "7 h 30"),
            ("starts_on", "2026-11-20"),
            ("ends_on", "2026-12-31"),
            ("source", "school"),
            ("reason", "relations"),
        ];
        let clinical = [&grant[..5], &[("reason", "trouble")]].concat();
        let refused = browser.post(&format!("{file}/orientation"), &clinical).expect(422).words();
        assert!(refused.contains("Choisissez un motif de la liste."), "{refused}");
        let referral = browser.post(&format!("{file}/orientation"), &grant).expect(303).location().to_owned();
        assert!(browser.get(&referral).expect(200).words().contains("Sans consentement"));
        let guardian = app.read(|conn| {
            let child = file.rsplit('/').next().unwrap().parse().unwrap();
            look_up::guardians(conn, &app.app.vault, &world.seen(child))
        })[0].id.to_string();
        let consent = [("guardian", guardian.as_str()), ("given_on", "2026-11-18")];
        browser.post(&format!("{referral}/consentements"), &consent).expect(303);
        let page = browser.get(&referral).expect(200).words();
        assert!(page.contains("recueilli par Chloé Coordination"), "{page}");
        let shorter = [("minutes", "7 h 20"), ("ends_on", "2026-12-15")];
        let refused = browser.post(&format!("{referral}/modification"), &shorter).expect(422);
        assert!(refused.words().contains("par quarts d’heure"), "{}", refused.words());
        browser.post(&format!("{referral}/modification"), &[("minutes", "6 h"), ("ends_on", "2026-12-15")]).expect(303);
        let page = browser.get(&referral).expect(200).words();
        assert!(page.contains("École, collège") && page.contains("Relations avec les autres"), "kept: {page}");
        let other = [("minutes", "6 h"), ("ends_on", "2026-12-15"), ("source", "social"), ("reason", "unspecified")];
        browser.post(&format!("{referral}/modification"), &other).expect(303);
        let page = browser.get(&referral).expect(200).words();
        assert!(page.contains("Service social") && page.contains("Non renseigné"), "{page}");
    }

    /// Each role reads what its work takes, and no more; what is not theirs answers as what does not exist.
    fn each_role_reads_what_its_work_takes(app: &TestApp) {
        let world = World::new(app);
        let child = world.entrusted_child(world.chenove, "Zoé", "Imaginaire");
        let file = format!("/enfants/{child}");
        let mut claire = app.signed_in(CLAIRE);
        let page = claire.get(&file).expect(200);
        assert!(page.words().contains("Zoé Imaginaire") && page.words().contains("06 00 00 00 01"));
        assert!(!page.words().contains("15 mars 2017") && !page.words().contains("École des Exemples"));
        assert!(claire.get("/enfants").expect(200).words().contains("Zoé Imaginaire"));
        claire.get(&format!("{file}/modification")).expect(403);
        let absent = format!("/enfants/{}", ChildId::new());
        for email in [DENIS, DIJON_COORDINATOR, CHENOVE_REFERENT] {
            let mut browser = app.signed_in(email);
            let (theirs, none) = (browser.get(&file).expect(404), browser.get(&absent).expect(404));
            assert_eq!(theirs.words(), none.words(), "{email}");
            assert!(!browser.get("/enfants").expect(200).words().contains("Imaginaire"), "{email}");
        }
        app.signed_in(DIJON_COORDINATOR).post(&format!("{file}/cloture"), &[("closed_on", "2026-11-20")]).expect(404);
        for email in [ADMINISTRATOR, ACCOUNTANT, AUDITOR] {
            app.signed_in(email).get(&file).expect(403);
            app.signed_in(email).get("/enfants").expect(403);
        }
    }

    /// A follow-up is closed after a page that says what it does, and opened again from its message.
    fn a_follow_up_is_closed_and_opened_again(app: &TestApp) {
        let world = World::new(app);
        let child = world.entrusted_child(world.chenove, "Zoé", "Imaginaire");
        let mut browser = app.signed_in(CHENOVE_COORDINATOR);
        let page = browser.get(&format!("/enfants/{child}/cloture")).expect(200);
        assert!(page.words().contains("Clore le suivi de CHE-2026-0001"));
        browser.post(&format!("/enfants/{child}/cloture"), &[("closed_on", "2026-11-21")]).expect(422);
        browser.post(&format!("/enfants/{child}/cloture"), &[("closed_on", "2026-11-20")]).expect(303);
        app.app.clock.advance(chrono::Duration::days(1));
        let mut browser = app.signed_in(CHENOVE_COORDINATOR);
        assert!(!browser.get("/enfants").expect(200).words().contains("Imaginaire"));
        assert!(browser.get("/enfants?suivi=clos").expect(200).words().contains("Imaginaire"));
        browser.post(&format!("/enfants/{child}/reouverture"), &[]).expect(303);
        assert!(browser.get("/enfants").expect(200).words().contains("Imaginaire"));
    }
}

on_both_databases! {
    /// A coordinator's program enters and entrusts a child; a psychologist's reads what her work takes.
    fn programs_read_and_enter_children(app: &TestApp) {
        let world = World::new(app);
        let (clock, coordinator) = (&app.app.clock, world.coordinator(world.chenove));
        let mut program = world.program(coordinator.account);
        let child = serde_json::json!({
            "programme_id": world.chenove, "first_name": "Zoé", "last_name": "Imaginaire", "born_on": "2018-11-24",
            "gender": "girl", "neighbourhood_id": world.neighbourhoods(world.chenove)[0],
            "followed_since": "2026-09-01",
            "guardians": [{ "name": "Ana", "relation": "mère", "phone": "0612345678" }],
        });
        let key = [("idempotency-key", "une-seule-fois")];
        let json = "application/json";
        let first = program.send("/api/v1/children", json, &child.to_string(), &key).expect(201).json();
        assert_eq!(first["reference"], "CHE-2026-0001");
        assert_eq!(program.send("/api/v1/children", json, &child.to_string(), &key).expect(201).json(), first);
        let mut other = child.clone();
        other["first_name"] = "Ada".into();
        let reused = program.send("/api/v1/children", json, &other.to_string(), &key).expect(422).json();
        assert_eq!(reused["code"], "idempotency_key_reused");
        other["guardians"] = serde_json::json!([]);
        let refused = program.post_json("/api/v1/children", &other).expect(422).json();
        assert_eq!((&refused["code"], &refused["field"]), (&"no_guardian".into(), &"guardian_name".into()));
        other["prenom"] = "Ada".into();
        program.post_json("/api/v1/children", &other).expect(400);
        let id = first["id"].as_str().unwrap();
        let file = program.get(&format!("/api/v1/children/{id}")).expect(200).json();
        let referral = serde_json::json!({
            "child_id": id, "psychologist_id": world.claire, "minutes": 300, "starts_on": "2026-11-01",
            "ends_on": "2026-12-31", "source": "family",
        });
        let created = program.post_json("/api/v1/referrals", &referral).expect(201).json();
        assert_eq!((&created["remaining_minutes"], &created["consents"]), (&300.into(), &serde_json::json!([])));
        assert_eq!((&created["source"], &created["reason"]), (&"family".into(), &"unspecified".into()));
        let consent = serde_json::json!({ "guardian_id": file["guardians"][0]["id"], "given_on": clock.today() });
        let consents = format!("/api/v1/referrals/{}/consents", created["id"].as_str().unwrap());
        let consented = program.post_json(&consents, &consent).expect(201).json();
        assert_eq!(consented["consents"][0]["collected_by"], serde_json::json!(coordinator.account));
        program.post_json(&consents, &consent).expect(422);

        let mut hers = world.program(world.claire_account);
        let seen = hers.get("/api/v1/children").expect(200).json();
        assert_eq!(seen["total"], 1);
        assert_eq!(seen["items"][0]["last_name"], "Imaginaire");
        assert_eq!(seen["items"][0]["born_on"], serde_json::Value::Null);
        assert_eq!(hers.get("/api/v1/children?status=closed").expect(200).json()["total"], 0);
        assert_eq!(hers.get("/api/v1/referrals?on=2026-10-31").expect(200).json()["total"], 0);
        assert_eq!(hers.get("/api/v1/referrals?on=2026-11-20").expect(200).json()["items"][0]["child"], "CHE-2026-0001");
        hers.post_json("/api/v1/children", &child).expect(403);
        let mut his = world.program(world.denis_account);
        assert_eq!(his.get("/api/v1/children").expect(200).json()["total"], 0);
        his.get(&format!("/api/v1/children/{id}")).expect(404);
    }
}
