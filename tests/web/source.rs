//! What our own code never does: run another program, write SQL or a page from words, keep something in the browser.

use std::fs;
use std::path::{Path, PathBuf};

/// Every file under a folder with this extension: its path and its text.
fn files(folder: &str, extension: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders: Vec<PathBuf> = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|found| found == extension) {
                found.push((path.display().to_string(), fs::read_to_string(&path).unwrap()));
            }
        }
    }
    assert!(!found.is_empty(), "no .{extension} under {folder}");
    found
}

/// Fails naming each file where one of these words stands.
fn nowhere(files: &[(String, String)], words: &[&str]) {
    let in_file = |(path, text): &(String, String)| {
        let found: Vec<&&str> = words.iter().filter(|word| text.contains(**word)).collect();
        (!found.is_empty()).then(|| format!("{path}: {found:?}"))
    };
    let wrong: Vec<String> = files.iter().filter_map(in_file).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_program_runs_no_other() {
    nowhere(&files("src", "rs"), &["process::Command", "Command::new(", "libloading", "dlopen"]);
}

#[test]
fn unsafe_code_is_forbidden() {
    let roots = ["src/lib.rs", "src/main.rs"];
    for root in roots {
        let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(root)).unwrap();
        assert!(text.contains("#![forbid(unsafe_code)]"), "{root}");
    }
    let manifest = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml")).unwrap();
    assert!(manifest.contains("unsafe_code = \"forbid\""));
}

#[test]
fn queries_are_not_written_from_words() {
    nowhere(&files("src", "rs"), &["sql_query(format!", "sql_query(&format!", "batch_execute(&format!"]);
}

#[test]
fn pages_are_written_when_the_program_is_built_and_escape_what_they_show() {
    nowhere(&files("frontend/templates", "html"), &["|safe", "| safe", "escape none", "|escape(", "javascript:"]);
    nowhere(&files("src", "rs"), &["escape = \"none\""]);
}

#[test]
fn scripts_write_no_html_and_keep_nothing() {
    let sinks = [
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "new Function",
        "setTimeout(\"",
        "localStorage",
        "sessionStorage",
        "indexedDB",
        "document.cookie",
        "postMessage",
        "__proto__",
        "import(",
    ];
    nowhere(&files("frontend/static", "mjs"), &sinks);
}

#[test]
fn nothing_is_loaded_from_elsewhere() {
    nowhere(&files("frontend/static", "css"), &["http://", "https://", "@import"]);
    nowhere(&files("frontend/static", "mjs"), &["http://", "https://", "\"//"]);
    let loads = ["src=\"http", "src=\"//", "<link rel=\"stylesheet\" href=\"http", "url(http"];
    nowhere(&files("frontend/templates", "html"), &loads);
}

#[test]
fn chance_comes_from_the_system() {
    nowhere(&files("src", "rs"), &["rand::", "thread_rng", "SmallRng", "StdRng", "fastrand", "seed_from_u64"]);
    let vault = files("src", "rs")
        .into_iter()
        .filter(|(path, text)| path.contains("vault") && text.contains("getrandom::fill"));
    assert_eq!(vault.count(), 1, "the vault asks the system, once");
}

#[test]
fn only_approved_algorithms_are_named() {
    let weak = ["md5", "Md5", "md4", "Sha1::", "Rc4", "Blowfish", "Ecb", "Pkcs1v15Encrypt", "CbcDec", "bcrypt"];
    nowhere(&files("src", "rs"), &weak);
    let lock = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml")).unwrap();
    for name in ["md-5", "md5", "rc4", "des =", "openssl =", "bcrypt"] {
        assert!(!lock.lines().any(|line| line.starts_with(name)), "{name}");
    }
}

#[test]
fn passwords_cost_what_owasp_asks() {
    let hash = psypre::accounts::passwords::hash("trois mois de moutarde").unwrap();
    assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
}
