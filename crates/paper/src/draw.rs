//! Writes pages that are laid out as PDF: letters and grounds where they stand, the tree of tags in the order of reading, an
//! outline, what the document says of itself, and the file that goes with it. It decides nothing about looks but the inks.

use std::num::NonZeroU16;

use krilla::color::rgb;
use krilla::configure::{Accessibility, Archival, Configuration, ConfigurationBuilder};
use krilla::destination::XyzDestination;
use krilla::embed::{AssociationKind, EmbeddedFile, MimeType};
use krilla::geom::{Path, PathBuilder, Point, Rect};
use krilla::metadata::{DateTime, Metadata, PageLayout};
use krilla::num::NormalizedF32;
use krilla::outline::{Outline, OutlineNode};
use krilla::page::PageSettings;
use krilla::paint::Fill;
use krilla::surface::Surface;
use krilla::tagging::{
    Artifact, ArtifactType, ContentTag, Identifier, ListNumbering, Node, SpanTag, TableHeaderScope, Tag, TagGroup,
    TagKind, TagTree,
};
use krilla::{Data, Document, SerializeSettings};

use crate::blocks::Paper;
use crate::fonts::{Face, Fonts};
use crate::pages::{Child, Element, Heading, Ink, Item, Kind, Laid, PAGE, Role, Shape};
use crate::problem::Problem;
use crate::words;

const LANGUAGE: &str = "en-GB";

/// Writes the PDF, with `attached` in it as the file that the paper was made from.
///
/// # Errors
/// The writer found the document not to be what its standards ask for.
pub(crate) fn draw(fonts: &Fonts, paper: &Paper, laid: Laid, attached: &[u8]) -> Result<Vec<u8>, Problem> {
    let moment = paper.moment.as_deref().and_then(date_time);
    let settings =
        SerializeSettings { configuration: configuration(moment.is_some())?, ..SerializeSettings::default() };
    let mut document = Document::new_with(settings);
    let mut leaves: Vec<Option<Identifier>> = vec![None; laid.leaves];
    for page in &laid.pages {
        let size = PageSettings::from_wh(PAGE.0, PAGE.1).ok_or_else(|| wrong("a page has no size"))?;
        let mut on = document.start_page_with(size);
        let mut surface = on.surface();
        for item in &page.items {
            draw_item(fonts, &mut surface, item, &mut leaves);
        }
        surface.finish();
        on.finish();
    }
    document.set_outline(outline(&laid.headings));
    document.set_tag_tree(tags(laid.root, &leaves));
    document.set_metadata(metadata(fonts, paper, moment));
    let file = EmbeddedFile {
        path: paper.file.clone(),
        mime_type: MimeType::new("application/json"),
        description: Some(
            "The certificate's file, from which this document was made and which alone can be checked.".into(),
        ),
        association_kind: AssociationKind::Source,
        data: Data::from(attached.to_vec()),
        modification_date: moment,
        compress: Some(true),
        location: None,
    };
    document.embed_file(file).ok_or_else(|| wrong("the file could not be attached"))?;
    document.finish().map_err(|error| wrong(&error.to_string()))
}

/// For the archive and for everybody's eyes and ears. The standard of archives wants a date, which is never made up.
fn configuration(has_date: bool) -> Result<Configuration, Problem> {
    let mut builder = ConfigurationBuilder::new().with_accessibility_validator(Accessibility::UA1);
    if has_date {
        builder = builder.with_archival_validator(Archival::A3_A);
    }
    builder.finish().map_err(|_| wrong("the standards do not go together"))
}

fn wrong(what: &str) -> Problem {
    Problem::Writing { what: what.to_owned() }
}

fn date_time(moment: &str) -> Option<DateTime> {
    let (year, month, day, [hour, minute, second]) = words::parts(moment)?;
    let date = DateTime::new(year).month(month).day(day).hour(hour).minute(minute).second(second);
    Some(date.utc_offset_hour(0).utc_offset_minute(0))
}

fn metadata(fonts: &Fonts, paper: &Paper, moment: Option<DateTime>) -> Metadata {
    let metadata = Metadata::new()
        .title(fonts.readable(Face::Plain, &paper.title))
        .description(fonts.readable(Face::Plain, &paper.about))
        .language(LANGUAGE.into())
        .creator("Almoner".into())
        .page_layout(PageLayout::OneColumn);
    match moment {
        Some(moment) => metadata.creation_date(moment),
        None => metadata,
    }
}

fn outline(headings: &[Heading]) -> Outline {
    let mut outline = Outline::new();
    for heading in headings {
        let to = XyzDestination::new(heading.page, Point::from_xy(0.0, heading.top));
        outline.push_child(OutlineNode::new(heading.text.clone(), to));
    }
    outline
}

fn draw_item(fonts: &Fonts, surface: &mut Surface<'_>, item: &Item, leaves: &mut [Option<Identifier>]) {
    let tag = match item.kind {
        Kind::Leaf(_) => ContentTag::Span(SpanTag::empty()),
        Kind::Ornament => ContentTag::Artifact(Artifact::with_kind(ArtifactType::Layout)),
        Kind::Foot => ContentTag::Artifact(Artifact::with_kind(ArtifactType::Footer)),
    };
    let identifier = surface.start_tagged(tag);
    for shape in &item.shapes {
        draw_shape(fonts, surface, shape);
    }
    surface.end_tagged();
    if let Kind::Leaf(leaf) = item.kind {
        leaves[leaf] = Some(identifier);
    }
}

fn draw_shape(fonts: &Fonts, surface: &mut Surface<'_>, shape: &Shape) {
    let (Shape::Text { ink, .. } | Shape::Fill { ink, .. }) = shape;
    surface.set_fill(Some(Fill { paint: colour(*ink).into(), opacity: NormalizedF32::ONE, rule: Default::default() }));
    match shape {
        Shape::Text { x, baseline, size, run, .. } => {
            let at = Point::from_xy(*x, *baseline);
            surface.draw_glyphs(at, &run.glyphs, fonts.font(run.face), &run.text, *size, false);
        }
        Shape::Fill { x, y, width, height, .. } => {
            if let Some(path) = rectangle([*x, *y, *width, *height]) {
                surface.draw_path(&path);
            }
        }
    }
}

fn rectangle([x, y, width, height]: [f32; 4]) -> Option<Path> {
    let mut builder = PathBuilder::new();
    builder.push_rect(Rect::from_xywh(x, y, width, height)?);
    builder.finish()
}

fn colour(ink: Ink) -> rgb::Color {
    let [red, green, blue] = match ink {
        Ink::Black => [0x1A, 0x1A, 0x1A],
        Ink::Grey => [0x55, 0x55, 0x55],
        Ink::Hairline => [0xB4, 0xB4, 0xB4],
        Ink::Ground => [0xF1, 0xF1, 0xEF],
        Ink::Alarm => [0x7A, 0x0C, 0x0C],
        Ink::White => [0xFF, 0xFF, 0xFF],
    };
    rgb::Color::new(red, green, blue)
}

fn tags(root: Vec<Child>, leaves: &[Option<Identifier>]) -> TagTree {
    let mut tree = TagTree::new().with_lang(Some(LANGUAGE.into()));
    for child in root {
        if let Some(node) = node(child, leaves) {
            tree.push(node);
        }
    }
    tree
}

/// The tag of a part and of everything in it, as deep as roles are nested: table, rows, row, cell.
fn node(child: Child, leaves: &[Option<Identifier>]) -> Option<Node> {
    match child {
        Child::Leaf(leaf) => leaves.get(leaf).copied().flatten().map(Node::from),
        Child::Element(Element { role, children }) => {
            let mut group = TagGroup::new(tag(role));
            for child in children {
                if let Some(node) = node(child, leaves) {
                    group.push(node);
                }
            }
            Some(group.into())
        }
    }
}

fn tag(role: Role) -> TagKind {
    match role {
        Role::Title(text) => Tag::Hn(NonZeroU16::MIN, Some(text)).into(),
        Role::Heading(text) => Tag::Hn(NonZeroU16::MIN.saturating_add(1), Some(text)).into(),
        Role::Text => Tag::P.into(),
        Role::Code => Tag::Code.into(),
        Role::Notice => Tag::Div.into(),
        Role::List { is_numbered: true } => Tag::L(ListNumbering::Decimal).into(),
        Role::List { is_numbered: false } => Tag::L(ListNumbering::Disc).into(),
        Role::Item => Tag::LI.into(),
        Role::Label => Tag::Lbl.into(),
        Role::Body => Tag::LBody.into(),
        Role::Table => Tag::Table.into(),
        Role::Head => Tag::THead.into(),
        Role::Rows => Tag::TBody.into(),
        Role::Row => Tag::TR.into(),
        Role::ColumnName => Tag::TH(TableHeaderScope::Column).into(),
        Role::RowName => Tag::TH(TableHeaderScope::Row).into(),
        Role::Cell => Tag::TD.into(),
    }
}
