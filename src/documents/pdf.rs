//! Draws what a [`Sheet`] placed as a tagged PDF: PDF/A-3a (kept for decades) and PDF/UA-1 (read by everybody).

use std::collections::HashMap;

use chrono::{Datelike, NaiveDate};
use krilla::color::rgb;
use krilla::configure::{Accessibility, Archival, ConfigurationBuilder};
use krilla::destination::XyzDestination;
use krilla::embed::{AssociationKind, EmbeddedFile, MimeType};
use krilla::geom::{PathBuilder, Point, Rect};
use krilla::metadata::{DateTime, Metadata};
use krilla::num::NormalizedF32;
use krilla::outline::{Outline, OutlineNode};
use krilla::page::PageSettings;
use krilla::paint::{Fill, FillRule};
use krilla::surface::Surface;
use krilla::tagging::{Artifact, ArtifactType, ContentTag, Identifier, SpanTag, TagGroup, TagTree};
use krilla::{Document, SerializeSettings};

use crate::documents::DocumentError;
use crate::documents::fonts::{Faces, Letters, Shaped};
use crate::documents::layout::{Branch, Ink, MARGIN, MEASURE, PAGE_HEIGHT, PAGE_WIDTH, Placed, SMALL, Sheet, Style};

/// What a file says of itself.
pub(super) struct Imprint {
    pub title: String,
    pub author: String,
    /// The day it bears: a file made again bears the same.
    pub made_on: NaiveDate,
}

/// Writes the file, with the machine-readable invoice inside if there is one.
pub(super) fn write(sheet: Sheet, imprint: &Imprint, factur_x: Option<String>) -> Result<Vec<u8>, DocumentError> {
    let configuration = ConfigurationBuilder::new()
        .with_archival_validator(Archival::A3_A)
        .with_accessibility_validator(Accessibility::UA1)
        .finish()
        .map_err(|_| failed("PDF/A-3a and PDF/UA-1 exclude each other"))?;
    let mut document =
        Document::new_with(SerializeSettings { configuration, enable_tagging: true, ..SerializeSettings::default() });
    let marks = draw_pages(&mut document, &sheet, imprint)?;
    let mut tree = TagTree::new().with_lang(Some("fr-FR".to_owned()));
    for branch in &sheet.tree {
        grow(branch, &marks, &mut |node| tree.push(node));
    }
    document.set_tag_tree(tree);
    document.set_outline(outline(&sheet));
    let faces = sheet.faces;
    document.set_metadata(
        Metadata::new()
            .title(faces.printable(&imprint.title))
            .authors(vec![faces.printable(&imprint.author)])
            .language("fr-FR".to_owned())
            .creator("PsyPRE".to_owned())
            .producer("krilla".to_owned())
            .creation_date(instant(imprint.made_on)),
    );
    if let Some(xml) = factur_x {
        attach(&mut document, xml, imprint.made_on)?;
    }
    document.finish().map_err(|error| failed(&format!("{error:?}")))
}

fn failed(why: &str) -> DocumentError {
    DocumentError::Layout(why.to_owned())
}

/// Noon in UTC: the same day everywhere in France.
fn instant(day: NaiveDate) -> DateTime {
    let small = |n: u32| u8::try_from(n).unwrap_or(1);
    DateTime::new(u16::try_from(day.year()).unwrap_or(0))
        .month(small(day.month()))
        .day(small(day.day()))
        .hour(12)
        .minute(0)
        .second(0)
        .utc_offset_hour(0)
        .utc_offset_minute(0)
}

fn draw_pages(
    document: &mut Document,
    sheet: &Sheet,
    imprint: &Imprint,
) -> Result<Vec<Option<Identifier>>, DocumentError> {
    let mut marks = vec![None; sheet.marks];
    let mut shapes = Shapes { faces: sheet.faces, known: HashMap::new() };
    let count = sheet.pages.len();
    for (number, items) in (1..).zip(&sheet.pages) {
        let settings = PageSettings::from_wh(PAGE_WIDTH, PAGE_HEIGHT).ok_or_else(|| failed("no such page"))?;
        let mut page = document.start_page_with(settings);
        let mut surface = page.surface();
        for item in items {
            draw(&mut surface, &mut shapes, item, &mut marks);
        }
        footer(&mut surface, &mut shapes, imprint, number, count);
        surface.finish();
        page.finish();
    }
    Ok(marks)
}

/// The texts of a document, shaped once: those of a table come again and again.
struct Shapes {
    faces: &'static Faces,
    known: HashMap<(Letters, String), Shaped>,
}

impl Shapes {
    fn of(&mut self, letters: Letters, text: &str) -> &Shaped {
        self.known.entry((letters, text.to_owned())).or_insert_with(|| self.faces.shape(letters, text))
    }
}

fn draw(surface: &mut Surface<'_>, shapes: &mut Shapes, item: &Placed, marks: &mut [Option<Identifier>]) {
    match item {
        Placed::Text { x, y, style, text, mark } => {
            let tag = match mark {
                Some(_) => ContentTag::Span(SpanTag::empty()),
                None => ContentTag::Artifact(Artifact::with_kind(ArtifactType::PaginationOther)),
            };
            let identifier = surface.start_tagged(tag);
            draw_text(surface, shapes, *x, *y, *style, text);
            surface.end_tagged();
            if let Some(slot) = mark.and_then(|mark| marks.get_mut(mark)) {
                *slot = Some(identifier);
            }
        }
        Placed::Box { x, y, width, height, ink } => {
            surface.start_tagged(ContentTag::Artifact(Artifact::with_kind(ArtifactType::Layout)));
            draw_box(surface, *x, *y, *width, *height, *ink);
            surface.end_tagged();
        }
    }
}

fn draw_text(surface: &mut Surface<'_>, shapes: &mut Shapes, x: f32, y: f32, style: Style, text: &str) {
    surface.set_fill(Some(fill(style.ink)));
    let font = shapes.faces.font(style.letters);
    let glyphs = &shapes.of(style.letters, text).glyphs;
    surface.draw_glyphs(Point::from_xy(x, y), glyphs, font, text, style.size, false);
}

fn draw_box(surface: &mut Surface<'_>, x: f32, y: f32, width: f32, height: f32, ink: Ink) {
    let mut path = PathBuilder::new();
    if let Some(rectangle) = Rect::from_xywh(x, y, width, height) {
        path.push_rect(rectangle);
    }
    if let Some(path) = path.finish() {
        surface.set_fill(Some(fill(ink)));
        surface.draw_path(&path);
    }
}

fn fill(ink: Ink) -> Fill {
    let colour = match ink {
        Ink::Text => rgb::Color::new(0x1f, 0x1b, 0x1d),
        Ink::Muted => rgb::Color::new(0x5f, 0x58, 0x5c),
        Ink::Cassis => rgb::Color::new(0x6a, 0x1b, 0x4d),
        Ink::Hairline => rgb::Color::new(0xdd, 0xd7, 0xd9),
        Ink::Panel => rgb::Color::new(0xf6, 0xf3, 0xf4),
    };
    Fill { paint: colour.into(), opacity: NormalizedF32::ONE, rule: FillRule::default() }
}

/// Title and author at the left, the page at the right: an artifact, since it would interrupt who listens.
fn footer(surface: &mut Surface<'_>, shapes: &mut Shapes, imprint: &Imprint, number: usize, count: usize) {
    let faces = shapes.faces;
    let y = PAGE_HEIGHT - 42.0;
    surface.start_tagged(ContentTag::Artifact(Artifact::with_kind(ArtifactType::Footer)));
    draw_box(surface, MARGIN, y - 14.0, MEASURE, 0.6, Ink::Hairline);
    let pages = format!("page {number}/{count}");
    let width = faces.width(SMALL.letters, SMALL.size, &pages);
    let what = faces.printable(&format!("{} – {}", imprint.title, imprint.author));
    let room = MEASURE - width - 20.0;
    let what = faces.wrap(SMALL.letters, SMALL.size, room, &what).into_iter().next().unwrap_or_default();
    draw_text(surface, shapes, MARGIN, y, SMALL, &what);
    draw_text(surface, shapes, MARGIN + MEASURE - width, y, SMALL, &pages);
    surface.end_tagged();
}

fn grow(branch: &Branch, marks: &[Option<Identifier>], push: &mut dyn FnMut(krilla::tagging::Node)) {
    match branch {
        Branch::Group(tag, children) => {
            let mut group = TagGroup::new(tag.clone());
            for child in children {
                grow(child, marks, &mut |node| group.push(node));
            }
            push(group.into());
        }
        Branch::Leaf(mark) => {
            if let Some(identifier) = marks.get(*mark).copied().flatten() {
                push(identifier.into());
            }
        }
    }
}

fn outline(sheet: &Sheet) -> Outline {
    let mut outline = Outline::new();
    for entry in &sheet.outline {
        let place = XyzDestination::new(entry.page, Point::from_xy(0.0, entry.y));
        outline.push_child(OutlineNode::new(sheet.faces.printable(&entry.text), place));
    }
    outline
}

/// Attaches the XML under the name and in the relation that Factur-X wants.
fn attach(document: &mut Document, xml: String, made_on: NaiveDate) -> Result<(), DocumentError> {
    let file = EmbeddedFile {
        path: "factur-x.xml".to_owned(),
        mime_type: MimeType::new("text/xml"),
        description: Some("Factur-X".to_owned()),
        association_kind: AssociationKind::Alternative,
        data: xml.into_bytes().into(),
        modification_date: Some(instant(made_on)),
        compress: Some(true),
        location: None,
    };
    document.embed_file(file).ok_or_else(|| failed("factur-x.xml is attached twice"))
}
