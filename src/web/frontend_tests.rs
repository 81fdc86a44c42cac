//! What must hold of every template and stylesheet, now and later.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

const COLOURS_OF_TEXT: [(&str, &[&str]); 8] = [
    ("text", &["page", "surface", "sunken", "action-soft", "good-soft", "waiting-soft", "bad-soft", "info-soft"]),
    ("quiet", &["page", "surface", "sunken", "action-soft"]),
    ("action", &["page", "surface", "sunken", "action-soft", "good-soft", "waiting-soft", "bad-soft", "info-soft"]),
    ("on-action", &["action", "action-hover"]),
    ("good", &["page", "surface", "good-soft"]),
    ("waiting", &["page", "surface", "waiting-soft"]),
    ("bad", &["page", "surface", "sunken", "bad-soft"]),
    ("info", &["page", "surface", "info-soft"]),
];
const COLOURS_OF_LINES: [(&str, &[&str]); 2] =
    [("edge", &["page", "surface", "sunken"]), ("focus", &["page", "surface", "sunken"])];

#[test]
fn colours_are_told_apart_in_both_schemes() {
    let sheet = read(Path::new("frontend/static/tokens.css"));
    let (light, dark) = sheet.split_once("prefers-color-scheme: dark").expect("two schemes");
    for (scheme, text) in [("light", light), ("dark", dark)] {
        let colours = colours(text);
        for (least, pairs) in [(4.5, &COLOURS_OF_TEXT[..]), (3.0, &COLOURS_OF_LINES[..])] {
            for (front, grounds) in pairs {
                for ground in *grounds {
                    let contrast = contrast(colours[*front], colours[*ground]);
                    assert!(contrast >= least, "{scheme}: {front} on {ground} is {contrast:.2}, not {least}");
                }
            }
        }
    }
}

#[test]
fn templates_obey_the_content_security_policy() {
    let templates = files_under(Path::new("frontend/templates"));
    assert!(!templates.is_empty());
    for path in templates {
        let text = read(&path);
        for forbidden in [" style=\"", "<style", " onclick=", " onchange=", " onsubmit=", "javascript:", "<script>"] {
            assert!(!text.contains(forbidden), "{}: {forbidden}", path.display());
        }
    }
}

#[test]
fn forms_that_post_carry_the_hidden_fields() {
    for path in files_under(Path::new("frontend/templates")) {
        let text = read(&path);
        let posts = text.matches("method=\"post\"").count();
        let hidden = text.matches("layout.hidden_fields()").count();
        assert!(posts <= hidden, "{}: {posts} forms that post, {hidden} with hidden fields", path.display());
    }
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).expect("a text file")
}

fn files_under(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    entries.flat_map(|path| if path.is_dir() { files_under(&path) } else { vec![path] }).collect()
}

/// The tokens of a scheme that are written `--name: #rrggbb;`.
fn colours(text: &str) -> HashMap<&str, u32> {
    let lines = text.lines().filter_map(|line| line.trim().strip_prefix("--")?.strip_suffix(';')?.split_once(": #"));
    lines.filter_map(|(name, hex)| Some((name, u32::from_str_radix(hex, 16).ok()?))).collect()
}

/// The contrast ratio of WCAG 2.2.
fn contrast(one: u32, other: u32) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

fn luminance(colour: u32) -> f64 {
    let channel = |shift: u32| {
        let value = f64::from((colour >> shift) & 0xff) / 255.0;
        if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * channel(16) + 0.7152 * channel(8) + 0.0722 * channel(0)
}
