//! The journal's page, the pages that the law asks for, the settings' list, and what is kept no longer.

use std::collections::BTreeSet;
use std::path::Path;

use chrono::Duration;
use psypre::accounts::Role;
use psypre::purge;

use crate::on_both_databases;

/// The variables that `src/config.rs` reads, beside the database's own.
fn variables() -> BTreeSet<String> {
    let source = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/config.rs")).unwrap();
    let quoted = source.split('"').skip(1).step_by(2);
    let is_one = |text: &&str| {
        (text.starts_with("PSYPRE_") || *text == "DATABASE_URL")
            && text.chars().all(|c| c.is_ascii_uppercase() || c == '_')
    };
    quoted.filter(is_one).map(str::to_owned).collect()
}

#[test]
fn every_setting_is_explained() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let variables = variables();
    assert!(variables.len() > 10, "{variables:?}");
    let example = std::fs::read_to_string(root.join(".env.example")).unwrap();
    for variable in &variables {
        let line = example.lines().any(|line| line.trim_start_matches(['#', ' ']).starts_with(&format!("{variable}=")));
        assert!(line, ".env.example says nothing of {variable}");
    }
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap_or_default();
    for variable in variables.iter().filter(|_| !readme.is_empty()) {
        assert!(readme.contains(&format!("`{variable}`")), "the table of settings of README.md lacks {variable}");
    }
}

on_both_databases! {
    /// Whoever asks reads the pages that the law asks for; what is not configured says so.
    fn the_pages_that_the_law_asks_for_are_open(app: &TestApp) {
        for (path, words) in [
            ("/accessibilite", "non conforme"),
            ("/mentions-legales", "à compléter (PSYPRE_DIRECTOR)"),
            ("/donnees-personnelles", "plainte à la CNIL"),
            ("/aide", "Mot de passe oublié"),
        ] {
            let page = app.anonymous().get(path).expect(200).words();
            assert!(page.contains(words), "{path}: {page}");
        }
        app.anonymous().get("/_composants").expect(404);
    }

    /// The auditor reads who did what, by action and by author, and has the journal verified.
    fn the_auditor_reads_and_verifies_the_journal(app: &TestApp) {
        app.account("audit@example.org", "Alix Exemple", &[(Role::Auditor, None)]);
        app.account("compta@example.org", "Camille Exemple", &[(Role::Accountant, None)]);
        let mut camille = app.signed_in("compta@example.org");
        camille.post("/mon-compte/nom", &[("name", "Camille Autre-Nom")]).expect(303);
        let mut alix = app.signed_in("audit@example.org");
        let page = alix.get("/journal").expect(200).words();
        assert!(page.contains("3 entrées") && page.contains("Nom du compte changé"), "{page}");
        let page = alix.get("/journal?auteur=camille").expect(200).words();
        assert!(page.contains("2 entrées") && !page.contains("Alix Exemple Voir"), "{page}");
        let found = alix.get("/api/v1/audit?action=account.renamed").expect(200).json();
        assert_eq!(found["total"], 1);
        assert_eq!(found["items"][0]["before"]["name"], "Camille Exemple");
        alix.post("/journal/verification", &[]).expect(303);
        assert!(alix.get("/journal").words().contains("Le journal est intact : 3 entrées vérifiées"));
        camille.get("/journal").expect(403);
        camille.get("/api/v1/audit").expect(403);
    }

    /// What only served to sign in goes away in time; what is counted is what is deleted.
    fn what_is_kept_no_longer_is_deleted(app: &TestApp) {
        app.account("admin@example.org", "Ada Exemple", &[(Role::Administrator, None)]);
        let mut ada = app.signed_in("admin@example.org");
        let fields = [("name", "Nino Invention"), ("email", "nino@example.org"), ("roles", "auditor")];
        ada.post("/comptes", &fields).expect(303);
        let count = || app.app.db.read(|conn| purge::count(conn, &app.app.clock)).unwrap();
        let none = purge::Purged {
            half_sign_ins: 0,
            invitations: 0,
            idempotency_keys: 0,
            sign_ins: 0,
            mails: 0,
            throttles: 0,
            proconnect_returns: 0,
            passkey_challenges: 0,
        };
        assert_eq!(count(), none);
        app.app.clock.advance(Duration::days(91));
        let old = count();
        assert_eq!((old.invitations, old.sign_ins), (1, 1));
        assert_eq!(purge::run(&app.app.db, &app.app.clock).unwrap(), old);
        assert_eq!(count(), none);
    }

    /// The embedded database is copied while it is in use, and the copy opens; PostgreSQL has its own tool.
    fn a_backup_opens(app: &TestApp) {
        app.account("admin@example.org", "Ada Exemple", &[(Role::Administrator, None)]);
        let copy = app.folder().join("copy.db");
        if app.app.db.back_up(&copy).unwrap() {
            let copied = psypre::db::Db::open(&format!("sqlite://{}", copy.display()), 2).unwrap();
            let find = |conn: &mut psypre::db::AnyConnection| {
                psypre::accounts::store::find_account(conn, "admin@example.org").map_err(psypre::db::DbError::from)
            };
            assert!(copied.read(find).unwrap().is_some());
        } else {
            assert_eq!(app.app.db.dialect(), psypre::db::Dialect::Postgres);
        }
    }
}
