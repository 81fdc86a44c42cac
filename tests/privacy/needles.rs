//! Finds a name in bytes, however it is written there: in other case, without accents, as base64 at any alignment, as
//! percent-encoding, hexadecimal or decimal digits, UTF-16, or folded over the lines of a mail.

use aho_corasick::{AhoCorasick, MatchKind};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use psypre::vault::to_hex;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// A shorter trace would be found in any heap of random bytes.
const SHORTEST: usize = 6;

/// The names that must not be found.
pub struct Needles {
    /// Whose case does not matter: letters and hexadecimal digits.
    plain: AhoCorasick,
    plain_words: Vec<String>,
    /// Whose case matters: base64.
    exact: AhoCorasick,
    exact_words: Vec<String>,
}

impl Needles {
    pub fn new(words: &[&str]) -> Self {
        let (mut plain, mut exact) = (Vec::new(), Vec::new());
        for word in words {
            for form in forms(word) {
                let mut keep = |bytes: Vec<u8>| plain.push((bytes, (*word).to_owned()));
                keep(to_hex(&form).into_bytes());
                keep(form.iter().map(u8::to_string).collect::<Vec<_>>().join(", ").into_bytes());
                exact.extend(base64_of(&form).into_iter().map(|text| (text, (*word).to_owned())));
                keep(form);
            }
            plain.extend(ascii_part(word).map(|part| (part, (*word).to_owned())));
        }
        let (plain, plain_words): (Vec<_>, Vec<_>) = plain.into_iter().unzip();
        let (exact, exact_words): (Vec<_>, Vec<_>) = exact.into_iter().unzip();
        let search = |patterns: &[Vec<u8>], any_case| {
            let mut builder = AhoCorasick::builder();
            builder.ascii_case_insensitive(any_case).match_kind(MatchKind::LeftmostFirst).build(patterns).unwrap()
        };
        Self { plain: search(&plain, true), plain_words, exact: search(&exact, false), exact_words }
    }

    /// The names found in bytes, each once.
    pub fn found_in(&self, bytes: &[u8]) -> Vec<&str> {
        let unfolded = unfolded(bytes);
        let without_zeros: Vec<u8> = unfolded.iter().copied().filter(|byte| *byte != 0).collect();
        let mut readings = vec![unescaped(&without_zeros, b'%'), unescaped(&without_zeros, b'=')];
        readings.push(without_zeros);
        let mut found: Vec<&str> = Vec::new();
        for reading in &readings {
            found.extend(self.plain.find_iter(reading).map(|hit| self.plain_words[hit.pattern()].as_str()));
            found.extend(self.exact.find_iter(reading).map(|hit| self.exact_words[hit.pattern()].as_str()));
        }
        found.sort_unstable();
        found.dedup();
        found
    }
}

/// The ways in which a word may be spelt, as bytes.
fn forms(word: &str) -> Vec<Vec<u8>> {
    let bare: String = word.nfd().filter(|c| !is_combining_mark(*c)).collect();
    let split: String = word.nfd().collect();
    let mut forms = Vec::new();
    for text in [word.to_owned(), bare, split] {
        for text in [text.to_lowercase(), text.to_uppercase(), text] {
            let latin: Option<Vec<u8>> = text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect();
            forms.extend(latin);
            forms.push(text.into_bytes());
        }
    }
    forms.sort();
    forms.dedup();
    forms
}

/// The longest part without accents: it stands in every spelling that keeps letters, such as `Z\u00e9bulonne`.
fn ascii_part(word: &str) -> Option<Vec<u8>> {
    let part = word.split(|c: char| !c.is_ascii()).max_by_key(|part| part.len())?;
    (part.len() >= SHORTEST).then(|| part.as_bytes().to_vec())
}

/// What stays the same in base64 whatever stands before and after, at each of the three alignments.
fn base64_of(form: &[u8]) -> Vec<Vec<u8>> {
    let mut texts = Vec::new();
    for before in 0..3 {
        let padded = [vec![0; before], form.to_vec()].concat();
        // the first and the last characters may hold bits of the neighbours
        let first = [0, 2, 3][before];
        let last = padded.len() * 8 / 6;
        for text in [STANDARD_NO_PAD.encode(&padded), URL_SAFE_NO_PAD.encode(&padded)] {
            texts.push(text.as_bytes()[first..last].to_vec());
        }
    }
    texts.sort();
    texts.dedup();
    texts
}

/// Without the ends of lines, nor the `=` by which mails fold them.
fn unfolded(bytes: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((byte, after)) = rest.split_first() {
        let soft = if after.starts_with(b"\r\n") { 2 } else { usize::from(after.starts_with(b"\n")) };
        if *byte == b'=' && soft > 0 {
            rest = &after[soft..];
            continue;
        }
        if !matches!(byte, b'\r' | b'\n') {
            text.push(*byte);
        }
        rest = after;
    }
    text
}

/// With `%C3%A9`, or `=C3=A9`, read as the bytes they stand for.
fn unescaped(bytes: &[u8], mark: u8) -> Vec<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let mut text = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((byte, after)) = rest.split_first() {
        let escaped = match after {
            [high, low, ..] if *byte == mark => digit(*high).zip(digit(*low)),
            _ => None,
        };
        match escaped.and_then(|(high, low)| u8::try_from(high * 16 + low).ok()) {
            Some(byte) => {
                text.push(byte);
                rest = &after[2..];
            }
            None => {
                text.push(*byte);
                rest = after;
            }
        }
    }
    text
}

#[test]
fn finds_a_name_however_it_is_written() {
    use std::fmt::Write;
    let needles = Needles::new(&["Zébulonne", "Kérouzéré"]);
    let name = "Zébulonne Kérouzéré";
    let percent = |text: &str| {
        text.bytes().fold(String::new(), |mut out, byte| {
            write!(out, "%{byte:02X}").unwrap();
            out
        })
    };
    let utf16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let mut spellings: Vec<Vec<u8>> = vec![
        name.into(),
        name.to_uppercase().into(),
        "ZEBULONNE KEROUZERE".into(),
        "zebulonne-kerouzere".into(),
        name.nfd().collect::<String>().into(),
        percent(name).into(),
        to_hex(name.as_bytes()).into(),
        format!("{:?}", name.as_bytes()).into(),
        utf16(name),
        "Z=C3=A9bul=\r\nonne K=C3=A9rou=\nz=C3=A9r=C3=A9".into(),
        name.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect(),
    ];
    for before in ["", "a", "ab", "abc"] {
        let encoded = STANDARD_NO_PAD.encode(format!("{before}{name} et la suite"));
        spellings.push(format!("{}\r\n{}", &encoded[..9], &encoded[9..]).into());
        spellings.push(URL_SAFE_NO_PAD.encode(format!("{before}{name}")).into());
        spellings.push(STANDARD_NO_PAD.encode(format!("{before}{}", name.to_uppercase())).into());
    }
    for spelling in &spellings {
        let surrounded = [b"\x00\xff avant ", spelling.as_slice(), b" apres \x00"].concat();
        assert_eq!(needles.found_in(&surrounded).len(), 2, "{}", String::from_utf8_lossy(spelling));
    }
    let other = "Des séances, un bulletin, une colonne, CHE-2026-0001, 5a756c6f";
    assert!(needles.found_in(other.as_bytes()).is_empty());
}
