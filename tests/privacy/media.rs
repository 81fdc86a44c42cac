//! What a file holds inside: the entries of an archive, the streams and the text of a PDF.

use std::io::{Cursor, Read, Write};
use std::process::{Command, Stdio};

/// A thing to search: where it comes from, and its bytes.
pub type Part = (String, Vec<u8>);

/// The file itself and all that it holds, archives within archives too.
pub fn parts(name: &str, bytes: &[u8]) -> Vec<Part> {
    let mut parts = vec![(name.to_owned(), bytes.to_vec())];
    if bytes.starts_with(b"PK\x03\x04") {
        let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
        for index in 0..archive.len() {
            let mut entry = archive.by_index(index).unwrap();
            let name = format!("{name}!{}", entry.name().unwrap());
            let mut inside = Vec::new();
            entry.read_to_end(&mut inside).unwrap();
            parts.push((format!("the name of {name}"), name.clone().into_bytes()));
            parts.extend(self::parts(&name, &inside));
        }
    }
    if bytes.starts_with(b"%PDF") {
        parts.push((format!("{name}, its text"), text_of_pdf(bytes)));
        parts.extend(streams_of_pdf(bytes).into_iter().map(|stream| (format!("{name}, a stream"), stream)));
    }
    parts
}

/// The text as readers copy it, with the metadata that `pdfinfo` shows.
fn text_of_pdf(bytes: &[u8]) -> Vec<u8> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    let run = |program: &str, after: &[&str]| {
        let mut command = Command::new(program);
        command.arg(file.path()).args(after).stderr(Stdio::null());
        let out = command.output().unwrap_or_else(|e| panic!("{program} (poppler-utils): {e}"));
        assert!(out.status.success(), "{program} fails");
        out.stdout
    };
    [run("pdftotext", &["-"]), run("pdfinfo", &["-meta"]), run("pdfinfo", &[])].concat()
}

/// Whatever is compressed in it: content, fonts, embedded XML.
fn streams_of_pdf(bytes: &[u8]) -> Vec<Vec<u8>> {
    const START: &[u8] = b"stream";
    let starts = bytes.windows(START.len()).enumerate().filter(|(_, window)| *window == START);
    let inflated = |(at, _): (usize, &[u8])| {
        let after = &bytes[at + START.len()..];
        let skipped = after.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let mut inside = Vec::new();
        let read = flate2::read::ZlibDecoder::new(&after[skipped..]).read_to_end(&mut inside);
        // what is not compressed is searched as it stands
        (read.is_ok() && !inside.is_empty()).then_some(inside)
    };
    starts.filter_map(inflated).collect()
}
