//! The two faces that documents are set in, and how wide a text is in them.

use std::sync::OnceLock;

use krilla::text::{Font, GlyphId, KrillaGlyph};
use rustybuzz::ttf_parser::Tag;
use rustybuzz::{Direction, Feature, ShapePlan, UnicodeBuffer, script};
use unicode_normalization::UnicodeNormalization;

use crate::documents::DocumentError;

/// How heavy the letters are, and whether figures are of equal width so that they align in a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Letters {
    Regular,
    Bold,
    TableRegular,
    TableBold,
}

impl Letters {
    /// The same letters for a table.
    pub fn in_table(self) -> Self {
        match self {
            Self::Regular | Self::TableRegular => Self::TableRegular,
            Self::Bold | Self::TableBold => Self::TableBold,
        }
    }
}

/// A face, parsed once for the shaper and once for the PDF, with the plans of its two uses.
struct Face {
    shaper: rustybuzz::Face<'static>,
    in_text: ShapePlan,
    in_table: ShapePlan,
    font: Font,
    units: f32,
}

/// Inter, regular and bold.
pub(super) struct Faces {
    regular: Face,
    bold: Face,
}

/// A text ready to be drawn: its glyphs, and its width for a size of one point.
pub(super) struct Shaped {
    pub glyphs: Vec<KrillaGlyph>,
    pub width: f32,
}

impl Face {
    fn parse(bytes: &'static [u8]) -> Option<Self> {
        let shaper = rustybuzz::Face::from_slice(bytes, 0)?;
        let units = f32::from(u16::try_from(shaper.units_per_em()).ok()?);
        let plan = |features| ShapePlan::new(&shaper, Direction::LeftToRight, Some(script::LATIN), None, features);
        let in_text = plan(&[]);
        let in_table = plan(&[Feature::new(Tag::from_bytes(b"tnum"), 1, ..)]);
        Some(Self { font: Font::new(bytes.into(), 0)?, shaper, in_text, in_table, units })
    }
}

impl Faces {
    /// The faces, parsed at the first call.
    pub fn get() -> Result<&'static Self, DocumentError> {
        static FACES: OnceLock<Option<Faces>> = OnceLock::new();
        let parsed = FACES.get_or_init(|| {
            Some(Self {
                regular: Face::parse(include_bytes!("fonts/Inter-Regular.ttf"))?,
                bold: Face::parse(include_bytes!("fonts/Inter-Bold.ttf"))?,
            })
        });
        parsed.as_ref().ok_or_else(|| DocumentError::Layout("the fonts do not parse".to_owned()))
    }

    fn face(&self, letters: Letters) -> &Face {
        match letters {
            Letters::Regular | Letters::TableRegular => &self.regular,
            Letters::Bold | Letters::TableBold => &self.bold,
        }
    }

    /// The font as the PDF embeds it.
    pub fn font(&self, letters: Letters) -> Font {
        self.face(letters).font.clone()
    }

    /// The text with nothing that the faces cannot show: PDF/A forbids the empty box.
    ///
    /// A letter that they lack loses its marks, or becomes a question mark.
    pub fn printable(&self, text: &str) -> String {
        if text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
            return text.to_owned();
        }
        let shows = |c: char| self.regular.shaper.glyph_index(c).is_some();
        let mut out = String::with_capacity(text.len());
        for c in text.nfc() {
            match c {
                c if c.is_whitespace() && !shows(c) => out.push(' '),
                c if c.is_control() || is_invisible(c) => {}
                c if shows(c) => out.push(c),
                c => {
                    let before = out.len();
                    out.extend(c.to_string().nfkd().filter(|part| shows(*part)));
                    if out.len() == before {
                        out.push('?');
                    }
                }
            }
        }
        out
    }

    /// Chooses and places the glyphs of a text.
    pub fn shape(&self, letters: Letters, text: &str) -> Shaped {
        let face = self.face(letters);
        let mut buffer = UnicodeBuffer::new();
        buffer.push_str(text);
        buffer.set_direction(Direction::LeftToRight);
        buffer.set_script(script::LATIN);
        let plan = if letters == letters.in_table() { &face.in_table } else { &face.in_text };
        let output = rustybuzz::shape_with_plan(&face.shaper, plan, buffer);
        let (infos, positions) = (output.glyph_infos(), output.glyph_positions());
        let em = |units: i32| units as f32 / face.units;
        let mut width = 0.0;
        let mut glyphs = Vec::with_capacity(infos.len());
        for (i, (info, position)) in infos.iter().zip(positions).enumerate() {
            let start = info.cluster as usize;
            let next = infos[i + 1..].iter().map(|it| it.cluster as usize).find(|&it| it > start);
            let (advance, x, y) = (em(position.x_advance), em(position.x_offset), em(position.y_offset));
            let range = start..next.unwrap_or(text.len());
            glyphs.push(KrillaGlyph::new(GlyphId::new(info.glyph_id), advance, x, y, 0.0, range, None));
            width += advance;
        }
        Shaped { glyphs, width }
    }

    /// The width of a text in points.
    pub fn width(&self, letters: Letters, size: f32, text: &str) -> f32 {
        self.shape(letters, text).width * size
    }

    /// Cuts a text into lines no wider than a number of points: between words, or inside one that is too wide alone
    /// (after its hyphen if it has one).
    ///
    /// No-break spaces do not break. There is always a line, if only an empty one.
    pub fn wrap(&self, letters: Letters, size: f32, width: f32, text: &str) -> Vec<String> {
        let fits = |line: &str| self.width(letters, size, line) <= width;
        let mut lines = Vec::new();
        let mut line = String::new();
        for word in text.split(' ').filter(|word| !word.is_empty()) {
            let longer = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
            if fits(&longer) {
                line = longer;
                continue;
            }
            if !line.is_empty() {
                lines.push(std::mem::take(&mut line));
            }
            for c in word.chars() {
                line.push(c);
                if !fits(&line) && line.chars().count() > 1 {
                    line.pop();
                    let hyphen = line.rfind('-').map_or(line.len(), |at| at + 1);
                    let rest = format!("{}{c}", line.split_off(hyphen));
                    lines.push(std::mem::replace(&mut line, rest));
                }
            }
        }
        if !line.is_empty() || lines.is_empty() {
            lines.push(line);
        }
        lines
    }
}

/// Soft hyphens, joiners, direction marks and the byte-order mark: signs that a page never shows.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn french_signs_are_shown_as_they_are() {
        let faces = Faces::get().expect("fonts");
        let french = "Œuvre œ à É ç ’ « » – — € 1\u{202f}234,50\u{a0}€ n° …";
        assert_eq!(faces.printable(french), french);
        assert_eq!(faces.printable("e\u{301}te\u{301}"), "été");
        assert_eq!(faces.printable("Nguyễn Ж\u{7}\n2"), "Nguyen ? 2");
        assert_eq!(faces.printable("psy\u{ad}cho\u{200b}logue\u{feff}"), "psychologue");
    }

    #[test]
    fn no_break_spaces_keep_words_together() {
        let faces = Faces::get().expect("fonts");
        assert_eq!(faces.wrap(Letters::Regular, 10.0, 50.0, "Le total 12\u{a0}€"), ["Le total", "12\u{a0}€"]);
        assert_eq!(faces.wrap(Letters::Regular, 10.0, 50.0, ""), [""]);
        assert_eq!(faces.wrap(Letters::Regular, 10.0, 50.0, "Anne-Charlotte"), ["Anne-", "Charlotte"]);
    }

    proptest! {
        #[test]
        fn wrapping_loses_nothing_and_fits(text in "[a-zé€]{0,30}( [A-Z0-9]{1,12}){0,20}") {
            let faces = Faces::get().expect("fonts");
            let lines = faces.wrap(Letters::Bold, 9.0, 80.0, &text);
            let letters = |it: &str| it.chars().filter(|c| *c != ' ').collect::<String>();
            prop_assert_eq!(letters(&lines.concat()), letters(&text));
            for line in lines {
                prop_assert!(faces.width(Letters::Bold, 9.0, &line) <= 80.0);
            }
        }
    }
}
