//! The rules of the house, read in the sources as text: who may import whom, who names tables, actix and the time,
//! and that documents and templates speak of what exists. Each failure says what to do.
//!
//! `docs/ARCHITECTURE.md` explains the rules; an exception is a line of [`ALLOWED`] with its reason.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The features, in import order: each may import only those before it.
const FEATURES: [&str; 22] = [
    "school_calendar",
    "accounts",
    "proconnect",
    "conventions",
    "convention_drafts",
    "programmes",
    "quotas",
    "funding_calls",
    "amendments",
    "psychologists",
    "children",
    "openings",
    "requests",
    "sessions",
    "agenda",
    "services",
    "invoices",
    "budgets",
    "exports",
    "reports",
    "privacy",
    "data_requests",
];

/// The small types, which import nothing of ours but each other and the column types.
const SMALL_TYPES: [&str; 6] = ["ids", "money", "hours", "clock", "calendar", "holidays"];

/// Root modules that gather the features, and so may name their pages, guards and verbs.
const ROOT_WITH_ACTIX: [&str; 10] =
    ["app", "router", "openapi", "error", "error_pages", "health", "home", "main", "db", "server"];

/// Root modules that name tables: the schema and its guards, and those that own one table each, for which a folder
/// with a `store.rs` of its own would only add a hop.
const ROOT_WITH_TABLES: [&str; 8] = ["schema", "db", "checks", "journal", "readings", "outbox", "idempotency", "purge"];

/// An exception to a rule: the file, what it may name although the rule forbids it, and why.
struct Allowed {
    file: &'static str,
    names: &'static str,
    reason: &'static str,
}

const ALLOWED: [Allowed; 1] = [Allowed {
    file: "src/sql_types.rs",
    names: "crate::db::MultiBackend",
    reason: "a column type is implemented for the backend that `db` derives; nothing else of `db` is named",
}];

/// A source file of ours.
struct Source {
    /// Its path from the root of the repository, with `/`.
    path: String,
    /// Its text as written.
    text: String,
    /// Its text without comments, strings' content kept, and without its closing `#[cfg(test)]` module.
    code: String,
}

impl Source {
    /// The path under `src`, cut at each `/`, without `.rs` nor `mod`: `["sessions", "store"]`.
    fn module(&self) -> Vec<&str> {
        let inside = self.path.trim_start_matches("src/").trim_end_matches(".rs");
        let mut parts: Vec<_> = inside.split('/').collect();
        if parts.last() == Some(&"mod") || (parts.len() == 1 && parts[0] == "lib") {
            parts.pop();
        }
        parts
    }

    /// The top-level module, empty for `lib.rs`.
    fn top(&self) -> &str {
        self.module().first().copied().unwrap_or_default()
    }

    fn layer(&self) -> Layer {
        self.module().get(1).map_or(Layer::Types, |name| Layer::of(name))
    }

    /// Paths of our own crate that the code names, in full: `crate::money::Cents`.
    fn imports(&self) -> Vec<Vec<String>> {
        imports(&self.code, &self.module())
    }

    fn may(&self, name: &str) -> bool {
        ALLOWED.iter().any(|allowed| self.path == allowed.file && name.starts_with(allowed.names))
    }
}

/// The layers of a feature, lowest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Layer {
    /// `mod.rs`: types, states, pure rules.
    Types,
    /// `store.rs`: SQL.
    Store,
    /// What can be done: one file a verb.
    Verb,
    /// `pages.rs`, `api.rs`: what the browser and programs talk to.
    Edge,
}

impl Layer {
    fn of(file: &str) -> Self {
        match file {
            "store" => Self::Store,
            _ if is_edge(file) => Self::Edge,
            _ => Self::Verb,
        }
    }
}

/// Whether a file of a feature answers requests: `pages`, the `frame` they share, `api`, or one of several
/// (`pages_list`, `api_v1`).
fn is_edge(file: &str) -> bool {
    ["pages", "api", "frame"].iter().any(|edge| file == *edge || file.starts_with(&format!("{edge}_")))
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file under `folder` whose name ends with `end`, sorted; none when the folder does not exist.
fn files(folder: &str, end: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                if path.file_name().is_some_and(|name| name != "node_modules") {
                    folders.push(path);
                }
            } else if path.to_string_lossy().ends_with(end) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn from_root(path: &Path) -> String {
    path.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/")
}

fn sources() -> Vec<Source> {
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).unwrap();
        let code = without_comments(without_tests(&text));
        Source { path: from_root(&path), text, code }
    };
    files("src", ".rs").into_iter().map(read).collect()
}

/// The text up to the test module that closes the file; a module of tests that is only declared hides nothing after it.
fn without_tests(text: &str) -> &str {
    const MARK: &str = "\n#[cfg(test)]\nmod ";
    let holds_it = |at: &usize| text[at + MARK.len()..].lines().next().is_some_and(|line| !line.ends_with(';'));
    text.match_indices(MARK).map(|(at, _)| at).find(holds_it).map_or(text, |end| &text[..end])
}

/// Blanks `//` comments to the end of the line; a `//` inside a string on one line (a URL) is kept.
fn without_comments(text: &str) -> String {
    let cut = |line: &str| {
        let mut in_string = false;
        let mut escaped = false;
        for (at, character) in line.char_indices() {
            match character {
                '"' if !escaped && !line[..at].ends_with('\'') => in_string = !in_string,
                '/' if !in_string && line[at..].starts_with("//") => return line[..at].to_owned(),
                _ => {}
            }
            escaped = in_string && character == '\\' && !escaped;
        }
        line.to_owned()
    };
    text.lines().map(cut).collect::<Vec<_>>().join("\n")
}

/// Paths that start with `crate::`, `self::` or `super::`, written out in full from the root of the crate.
fn imports(code: &str, module: &[&str]) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(start) = next_path(code, at) {
        let word = &code[start..start + code[start..].find("::").unwrap()];
        let mut base: Vec<String> = match word {
            "crate" => Vec::new(),
            "self" => module.iter().map(|part| (*part).to_owned()).collect(),
            _ => module[..module.len().saturating_sub(1)].iter().map(|part| (*part).to_owned()).collect(),
        };
        let mut rest = start + word.len() + 2;
        while code[rest..].starts_with("super::") {
            base.pop();
            rest += "super::".len();
        }
        at = expand(code, rest, &base, &mut found);
    }
    // `crate::each!` and its like are macros: they stand at the root and belong to no module
    found.retain(|path| !path.last().is_some_and(|last| path.len() == 1 && last.ends_with('!')));
    found
}

/// Where the next `crate::`, `self::` or `super::` starts that is not the middle of another path.
fn next_path(code: &str, from: usize) -> Option<usize> {
    ["crate::", "self::", "super::"]
        .iter()
        .flat_map(|word| code[from..].match_indices(word).map(|(at, _)| from + at))
        .filter(|at| {
            let before = code[..*at].chars().next_back().unwrap_or(' ');
            !(before.is_alphanumeric() || before == '_' || before == ':')
        })
        .min()
}

/// Reads one use tree at `at` under `base`, adds its paths to `found`, and gives where it ends.
fn expand(code: &str, at: usize, base: &[String], found: &mut Vec<Vec<String>>) -> usize {
    let mut path = base.to_vec();
    let mut at = at;
    loop {
        at += code[at..].len() - code[at..].trim_start().len();
        if code[at..].starts_with('{') {
            at += 1;
            loop {
                at += code[at..].len() - code[at..].trim_start_matches([',', ' ', '\n', '\t']).len();
                if code[at..].starts_with('}') || at >= code.len() {
                    return (at + 1).min(code.len());
                }
                let after = expand(code, at, &path, found);
                // `as Name` after an item, or anything unforeseen, is skipped up to the next comma or brace
                at = after + code[after..].find([',', '}', '{']).unwrap_or(code[after..].len());
            }
        }
        let length =
            code[at..].find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '!')).unwrap_or(code.len() - at);
        match &code[at..at + length] {
            "" | "self" => {}
            name => path.push(name.to_owned()),
        }
        at += length;
        if length == 0 || !code[at..].starts_with("::") {
            found.push(path);
            return at;
        }
        at += 2;
    }
}

/// Fails with every complaint at once, each on its own line.
fn no_complaint(rule: &str, complaints: Vec<String>) {
    assert!(complaints.is_empty(), "{rule}\n  {}\n", complaints.join("\n  "));
}

/// The modules of `lib.rs`, in order.
fn order() -> Vec<String> {
    let lib = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    let module = |line: &str| {
        let name = line.trim().strip_prefix("pub ").unwrap_or(line.trim()).strip_prefix("mod ")?.strip_suffix(';')?;
        Some(name.to_owned())
    };
    lib.lines().filter_map(module).collect()
}

#[test]
fn modules_import_only_those_before_them() {
    let order = order();
    let place = |name: &str| order.iter().position(|module| module == name);
    let mut complaints = Vec::new();
    for source in sources() {
        let Some(mine) = place(source.top()) else { continue };
        for path in source.imports() {
            let full = format!("crate::{}", path.join("::"));
            if path.first().and_then(|name| place(name)).is_some_and(|theirs| theirs > mine) && !source.may(&full) {
                complaints.push(format!(
                    "{} names {full}, which src/lib.rs declares after {}",
                    source.path,
                    source.top()
                ));
            }
        }
    }
    no_complaint(
        "A module imports only those before it in src/lib.rs. Move what both need to the earlier one, or let the later \
         one call the earlier one:",
        complaints,
    );
}

#[test]
fn the_library_declares_its_modules_in_the_order_of_the_house() {
    let order = order();
    let features: Vec<_> = order.iter().filter(|module| FEATURES.contains(&module.as_str())).collect();
    let expected: Vec<_> = FEATURES.iter().filter(|feature| order.iter().any(|module| module == *feature)).collect();
    assert_eq!(features, expected, "src/lib.rs declares the features in another order than FEATURES of this test");

    let mut complaints = Vec::new();
    for file in files("src", ".rs").iter().map(|path| from_root(path)) {
        let inside = file.trim_start_matches("src/");
        let top = inside.split('/').next().unwrap_or_default().trim_end_matches(".rs");
        if !["lib", "main", "commands"].contains(&top) && !order.iter().any(|module| module == top) {
            complaints
                .push(format!("{file}: {top} is not declared in src/lib.rs: declare it in its place, or delete it"));
        }
    }
    no_complaint("Every file of src belongs to a module of src/lib.rs:", complaints);
}

#[test]
fn small_types_import_nothing_of_ours() {
    let may = |name: &str| name == "sql_types" || SMALL_TYPES.contains(&name);
    let mut complaints = Vec::new();
    for source in sources().iter().filter(|source| SMALL_TYPES.contains(&source.top())) {
        for path in source.imports() {
            if path.first().is_some_and(|name| !may(name)) {
                complaints.push(format!(
                    "{} names crate::{}: pass what it needs as a parameter",
                    source.path,
                    path.join("::")
                ));
            }
        }
    }
    no_complaint("The small types import only each other and sql_types:", complaints);
}

#[test]
fn a_feature_is_entered_by_its_types_and_verbs() {
    let mut complaints = Vec::new();
    for source in sources() {
        let gathers = ROOT_WITH_ACTIX.contains(&source.top());
        for path in source.imports() {
            let [feature, file, ..] = path.as_slice() else { continue };
            if !FEATURES.contains(&feature.as_str()) || feature == source.top() {
                continue;
            }
            let full = format!("crate::{}", path.join("::"));
            if file == "store" && !source.may(&full) {
                complaints.push(format!("{} names {full}: call a verb of {feature}, or write one", source.path));
            }
            // the frame is made to be shared, by those who answer requests too
            let shares_frame = file == "frame" && source.layer() == Layer::Edge;
            if is_edge(file) && !shares_frame && !gathers && !source.may(&full) {
                complaints.push(format!(
                    "{} names {full}: what both show belongs in src/web, what both do in a verb of {feature}",
                    source.path
                ));
            }
        }
    }
    no_complaint("Another feature's store, pages and api are its own:", complaints);
}

#[test]
fn inside_a_feature_layers_look_down() {
    let mut complaints = Vec::new();
    for source in sources().iter().filter(|source| FEATURES.contains(&source.top())) {
        for path in layered_imports(source) {
            let [_, file, ..] = path.as_slice() else { continue };
            // an item of mod.rs, not a file beside it
            let beside = [format!("{file}.rs"), format!("{file}/mod.rs")];
            if !beside.iter().any(|path| root().join("src").join(source.top()).join(path).exists()) {
                continue;
            }
            let (mine, theirs) = (source.layer(), Layer::of(file));
            let sideways = mine == Layer::Edge && theirs == Layer::Edge && !same_edge(&source.module(), file);
            let full = format!("crate::{}", path.join("::"));
            if (theirs > mine || sideways) && !source.may(&full) {
                complaints.push(format!(
                    "{} ({mine:?}) names {full} ({theirs:?}): move what it needs down to the lower layer",
                    source.path
                ));
            }
        }
    }
    no_complaint("Inside a feature: pages, api → verbs → store → mod:", complaints);
}

/// Imports of a file inside its own feature. In `mod.rs`, `pub use` shows a verb's item to others and depends on
/// nothing; a child named without `self::` counts as if it had it.
fn layered_imports(source: &Source) -> Vec<Vec<String>> {
    let own = |path: &Vec<String>| path.first().is_some_and(|name| name == source.top());
    if source.layer() != Layer::Types {
        return source.imports().into_iter().filter(own).collect();
    }
    let code: Vec<_> =
        source.code.split_inclusive(';').filter(|part| !part.trim_start().starts_with("pub use")).collect();
    let code = code.concat();
    let mut paths: Vec<_> = imports(&code, &source.module()).into_iter().filter(own).collect();
    for (at, _) in code.match_indices("store::") {
        let before = code[..at].chars().next_back().unwrap_or(' ');
        if !(before.is_alphanumeric() || before == '_' || before == ':') {
            paths.push(vec![source.top().to_owned(), "store".to_owned()]);
        }
    }
    paths
}

/// Whether `file` is of the same edge as the module: pages and their frame may name each other, not the API.
fn same_edge(module: &[&str], file: &str) -> bool {
    let is_api = |name: &str| name.split('_').next() == Some("api");
    module.get(1).is_some_and(|mine| is_api(mine) == is_api(file))
}

#[test]
fn only_stores_and_checks_name_tables() {
    let mut complaints = Vec::new();
    for source in sources() {
        let module = source.module();
        let is_store = module.get(1) == Some(&"store");
        if is_store || ROOT_WITH_TABLES.contains(&source.top()) {
            continue;
        }
        let names_schema = source.imports().iter().any(|path| path.first().is_some_and(|name| name == "schema"));
        if names_schema && !source.may("crate::schema") {
            complaints.push(format!("{} names crate::schema: move the query to a store.rs", source.path));
        }
        for raw in ["sql_query(", "batch_execute(", "table!"] {
            if source.code.contains(raw) && !source.may(raw) {
                complaints.push(format!("{} says {raw}: move the query to a store.rs", source.path));
            }
        }
    }
    no_complaint("Only store.rs and the root modules of ROOT_WITH_TABLES name tables:", complaints);
}

#[test]
fn actix_stays_at_the_edge() {
    let mut complaints = Vec::new();
    for source in sources() {
        let module = source.module();
        let file = module.get(1).copied().unwrap_or_default();
        let at_the_edge = is_edge(file) || source.top() == "web" || file.starts_with("guard");
        let at_the_root = module.len() == 1 && ROOT_WITH_ACTIX.contains(&module[0]);
        if !at_the_edge && !at_the_root && source.code.contains("actix") && !source.may("actix") {
            complaints.push(format!(
                "{} names actix: take plain values, let pages.rs or api.rs read the request",
                source.path
            ));
        }
    }
    no_complaint("actix is named in pages, api, web, guards and the root files only:", complaints);
}

#[test]
fn time_comes_from_the_clock() {
    let mut complaints = Vec::new();
    for source in sources().iter().filter(|source| source.path != "src/clock.rs") {
        for now in ["Utc::now", "Local::now", "SystemTime::now"] {
            if source.code.contains(now) && !source.may(now) {
                complaints.push(format!("{} says {now}: take the clock, or the instant, as a parameter", source.path));
            }
        }
    }
    no_complaint("Time is a parameter, read in src/clock.rs only:", complaints);
}

#[test]
fn every_module_says_what_it_is() {
    let mut complaints = Vec::new();
    for source in sources().iter().filter(|source| source.path != "src/main.rs") {
        if !source.text.trim_start().starts_with("//!") {
            complaints.push(format!("{} starts without //!", source.path));
        }
    }
    no_complaint("Each module starts with //! and what it is for:", complaints);
}

/// Words that the glossary replaces, with the word to use.
const OTHER_WORDS: [(&str, &str); 7] = [
    ("patient", "child"),
    ("appointment", "session"),
    ("practitioner", "psychologist"),
    ("therapist", "psychologist"),
    ("timeslot", "opening"),
    ("supervisor", "coordinator"),
    ("pseudonym", "child reference"),
];

/// Names of files that gather what has no place.
const SHAPELESS: [&str; 7] = ["util", "utils", "helper", "helpers", "common", "misc", "manager"];

#[test]
fn names_come_from_the_glossary() {
    let mut complaints = Vec::new();
    for source in sources() {
        for name in source.path.trim_end_matches(".rs").split(['/', '_']).filter(|name| SHAPELESS.contains(name)) {
            complaints.push(format!("{}: {name} says nothing: name the file after what it holds", source.path));
        }
        let words = words(&source.code);
        for (word, right) in OTHER_WORDS.iter().filter(|(word, _)| words.contains(*word)) {
            if !source.may(word) {
                complaints.push(format!("{} says {word}: the glossary says {right}", source.path));
            }
        }
    }
    no_complaint("One word for one thing (docs/GLOSSARY.md):", complaints);
}

/// The words of identifiers, lower case: `PatientId` and `patient_id` both give `patient` and `id`.
fn words(code: &str) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    let mut word = String::new();
    for character in code.chars() {
        if !character.is_alphabetic() || character.is_uppercase() {
            words.insert(std::mem::take(&mut word));
        }
        if character.is_alphabetic() {
            word.extend(character.to_lowercase());
        }
    }
    words.insert(word);
    words
}

/// The names under which a file describes types for `openapi.json`: those derived, and the closed lists.
fn described_types(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    let (mut derived, mut listed, mut renamed) = (false, false, None);
    for line in code.lines().map(str::trim) {
        derived |= line.starts_with("#[derive(") && line.contains("ToSchema");
        listed |= line.ends_with("text_enum! {");
        if let Some(name) = line.strip_prefix("#[schema(as = ") {
            renamed = name.split(')').next();
        } else if derived && ["pub ", "struct "].iter().any(|start| line.starts_with(start)) {
            let own = line.split(['{', '<', '(', ';']).next().and_then(|line| line.split_whitespace().last());
            found.extend(renamed.take().or(own).map(str::to_owned));
            derived = false;
        } else if let (true, Some(name)) = (listed && !line.ends_with("! {"), line.strip_suffix(" {")) {
            found.extend(name.split_whitespace().last().map(str::to_owned));
            listed = false;
        }
    }
    found
}

#[test]
fn no_two_types_share_a_schema() {
    let mut files = BTreeMap::<String, Vec<String>>::new();
    for source in sources() {
        for name in described_types(&source.code) {
            files.entry(name).or_default().push(source.path.clone());
        }
    }
    for name in ["ProblemDetails", "SessionAnswer", "ExportedInvoice", "Phase"] {
        assert!(files.contains_key(name), "{name} is described and was not found");
    }
    let several = files.iter().filter(|(_, files)| files.len() > 1);
    let complaint = |(name, files): (&String, &Vec<String>)| {
        format!(
            "{name} is in {}: name one otherwise, by #[schema(as = …)] or `{name} as …` in text_enum!",
            files.join(" and ")
        )
    };
    no_complaint("openapi.json has one schema of a name, and the last one wins:", several.map(complaint).collect());
}

#[test]
fn nothing_is_left_for_later() {
    // written in two halves, so that this file does not find itself
    let later =
        [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X"), concat!("HA", "CK"), concat!("#[igno", "re")];
    let machine = [concat!("/wo", "rk/"), concat!("/ho", "me/"), concat!("/ro", "ot/")];
    let mut complaints = Vec::new();
    for (folder, end) in
        [("src", ".rs"), ("tests", ".rs"), ("tests", ".mjs"), ("frontend", ""), ("migrations", ".sql"), ("docs", ".md")]
    {
        for path in files(folder, end) {
            // fonts and pictures hold no words
            let Ok(text) = fs::read_to_string(&path) else { continue };
            let said =
                |mark: &str| text.split(|c: char| !c.is_alphanumeric() && !"#[".contains(c)).any(|word| word == mark);
            for mark in later.iter().filter(|mark| said(mark)) {
                complaints
                    .push(format!("{} says {mark}: do it, or write an issue and say nothing here", from_root(&path)));
            }
            for place in machine.iter().filter(|place| text.contains(**place)) {
                complaints.push(format!("{} names {place}, a folder of somebody's machine", from_root(&path)));
            }
        }
    }
    no_complaint("What is not done is not written:", complaints);
}

#[test]
fn the_architecture_page_is_a_map_of_what_exists() {
    let page = fs::read_to_string(root().join("docs/ARCHITECTURE.md")).unwrap();
    let folders =
        fs::read_dir(root().join("src")).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir());
    let missing = folders
        .map(|folder| format!("`{}/`", from_root(&folder)))
        .filter(|folder| !page.contains(folder))
        .map(|folder| format!("{folder} is not on it"));
    let complaints = page
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|token| is_path(token) && !exists(token))
        .map(|token| format!("`{token}` does not exist"))
        .chain(missing);
    no_complaint("docs/ARCHITECTURE.md is the map: correct the page:", complaints.collect());
}

/// Whether a word between backquotes can only be a file or folder of this repository.
fn is_path(token: &str) -> bool {
    let plain = token.chars().all(|c| c.is_alphanumeric() || "/_-.".contains(c));
    let ends = [".rs", ".toml", ".md", ".html", ".sql", ".css", ".js", ".mjs", ".txt", "/"];
    let top = token.split('/').next().unwrap_or_default();
    // the name of a layer, which a feature has or not
    if ["mod.rs", "store.rs", "pages.rs", "api.rs"].contains(&token) {
        return false;
    }
    let starts = token.contains('/') && root().join(top).exists();
    plain && !top.is_empty() && (starts || ends.iter().any(|end| token.ends_with(end)))
}

/// Whether a path exists from the root, or from `src`; a bare file name, anywhere under either.
fn exists(token: &str) -> bool {
    let token = token.trim_end_matches('/');
    let anywhere = |folder: &str| !files(folder, &format!("/{token}")).is_empty();
    root().join(token).exists()
        || root().join("src").join(token).exists()
        || (!token.contains('/') && ["src", "tests", "frontend", "docs"].iter().any(|folder| anywhere(folder)))
}

#[test]
fn every_template_is_used() {
    let templates: Vec<_> =
        ["frontend/templates", "frontend/emails"].iter().flat_map(|folder| files(folder, "")).collect();
    let text = |path: &PathBuf| fs::read_to_string(path).unwrap_or_default();
    let users: Vec<_> = files("src", ".rs").iter().map(text).chain(templates.iter().map(text)).collect();
    let mut complaints = Vec::new();
    for template in &templates {
        let name = from_root(template);
        let inside = name.trim_start_matches("frontend/templates/").trim_start_matches("frontend/");
        let short = inside.trim_start_matches("emails/");
        let used = users.iter().any(|user| [inside, short].iter().any(|name| user.contains(&format!("\"{name}\""))));
        if !used {
            complaints.push(format!(
                "{name}: no #[template(path = …)], include, import or extends names it: show it or delete it"
            ));
        }
    }
    no_complaint("Every template is shown somewhere:", complaints);
}

#[test]
fn every_exception_is_needed_and_explained() {
    let sources = sources();
    let mut complaints = Vec::new();
    for allowed in &ALLOWED {
        if allowed.reason.len() < 20 {
            complaints.push(format!("{}: {} has no reason", allowed.file, allowed.names));
        }
        let needed = |source: &Source| {
            source.path == allowed.file
                && (source.code.contains(allowed.names)
                    || source
                        .imports()
                        .iter()
                        .any(|path| format!("crate::{}", path.join("::")).starts_with(allowed.names)))
        };
        // a file that is not there yet needs no exception yet
        if root().join(allowed.file).exists() && !sources.iter().any(needed) {
            complaints.push(format!("{} no longer names {}: delete the exception", allowed.file, allowed.names));
        }
    }
    no_complaint("An exception is a line of ALLOWED with a reason:", complaints);
}

#[test]
fn the_reader_of_imports_sees_what_it_must() {
    let seen = |code: &str, module: &[&str]| -> Vec<String> {
        imports(&without_comments(without_tests(code)), module).iter().map(|path| path.join("::")).collect()
    };
    assert_eq!(
        seen("use crate::{money::{self, Cents}, quotas::store as kept};\n", &["sessions"]),
        ["money", "money::Cents", "quotas::store"]
    );
    assert_eq!(
        seen("use super::store;\nuse self::rules::Rule;", &["sessions", "book"]),
        ["sessions::store", "sessions::book::rules::Rule"]
    );
    assert_eq!(seen("let a = crate::hours::Minutes::ZERO; // crate::web", &["money"]), ["hours::Minutes::ZERO"]);
    assert_eq!(seen("crate::id_types! { A }\nuse super::super::db;", &["a", "b", "c"]), ["a::db"]);
    assert_eq!(seen("let url = \"https://x\"; crate::db::read();", &["a"]), ["db::read"]);
    assert_eq!(seen("fn a() {}\n#[cfg(test)]\nmod tests { use crate::web; }", &["a"]), Vec::<String>::new());
    assert_eq!(
        words("PatientId patient_name Patientez"),
        ["", "id", "name", "patient", "patientez"].map(str::to_owned).into()
    );
}
