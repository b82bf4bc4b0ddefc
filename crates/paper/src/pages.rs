//! Breaks blocks over A4 pages: what stands where, and what it is for somebody who listens instead of looking. Plain data
//! comes in and plain data goes out; it knows the measures of text and nothing of certificates or of PDF.

use crate::blocks::{Block, Cell, Column, Paper, Table};
use crate::fonts::{Face, Fonts, Line, Run, Span};
use crate::problem::{MOST_PAGES, Problem};

/// A4, in points.
pub(crate) const PAGE: (f32, f32) = (595.28, 841.89);
const LEFT: f32 = 62.0;
const RIGHT: f32 = PAGE.0 - LEFT;
const TOP: f32 = 64.0;
const BOTTOM: f32 = PAGE.1 - 78.0;
const FOOT: f32 = PAGE.1 - 46.0;

/// Size of type and distance of lines, in points.
#[derive(Debug, Clone, Copy)]
struct Type {
    size: f32,
    leading: f32,
}

const TITLE: Type = Type { size: 23.0, leading: 29.0 };
const LEAD: Type = Type { size: 12.5, leading: 17.5 };
const HEADING: Type = Type { size: 13.0, leading: 17.0 };
const BODY: Type = Type { size: 9.4, leading: 14.0 };
const CELL: Type = Type { size: 8.6, leading: 12.0 };
const CODE: Type = Type { size: 7.9, leading: 11.6 };
/// Room above a heading.
const HEADING_ROOM: f32 = 16.0;
/// A table up to this height is kept on the page of its heading.
const SMALL_TABLE: f32 = 300.0;
const SMALL: Type = Type { size: 7.4, leading: 10.0 };
/// Room in a cell, above and below, and to its sides.
const CELL_ROOM: (f32, f32) = (3.5, 7.0);
/// Room in a notice.
const NOTICE_ROOM: f32 = 11.0;

/// The pages, and the order in which they are read.
#[derive(Debug, Default)]
pub(crate) struct Laid {
    pub(crate) pages: Vec<Page>,
    pub(crate) root: Vec<Child>,
    /// How many leaves there are; they are numbered from 0.
    pub(crate) leaves: usize,
    pub(crate) headings: Vec<Heading>,
}

/// Where a heading stands.
#[derive(Debug)]
pub(crate) struct Heading {
    pub(crate) text: String,
    /// From 0.
    pub(crate) page: usize,
    pub(crate) top: f32,
}

/// A page.
#[derive(Debug, Default)]
pub(crate) struct Page {
    pub(crate) items: Vec<Item>,
}

/// Something on a page.
#[derive(Debug)]
pub(crate) struct Item {
    pub(crate) kind: Kind,
    pub(crate) shapes: Vec<Shape>,
}

/// What an item is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Content, with its number in the order of reading.
    Leaf(usize),
    /// Lines, grounds and heads that stand there again.
    Ornament,
    /// The foot of the page.
    Foot,
}

/// Something that is drawn.
#[derive(Debug)]
pub(crate) enum Shape {
    Text { x: f32, baseline: f32, size: f32, run: Run, ink: Ink },
    Fill { x: f32, y: f32, width: f32, height: f32, ink: Ink },
}

/// A colour by what it is for; every one is told apart in grey too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ink {
    Black,
    Grey,
    Hairline,
    Ground,
    Alarm,
    White,
}

/// What a part of the document is, in the order of reading.
#[derive(Debug)]
pub(crate) struct Element {
    pub(crate) role: Role,
    pub(crate) children: Vec<Child>,
}

/// A part of an element.
#[derive(Debug)]
pub(crate) enum Child {
    Element(Element),
    Leaf(usize),
}

/// Roles, as PDF knows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Role {
    Title(String),
    Heading(String),
    Text,
    Code,
    Notice,
    List { is_numbered: bool },
    Item,
    Label,
    Body,
    Table,
    Head,
    Rows,
    Row,
    ColumnName,
    RowName,
    Cell,
}

/// Lays a paper out.
///
/// # Errors
/// It has too many pages.
pub(crate) fn lay_out(fonts: &Fonts, paper: &Paper) -> Result<Laid, Problem> {
    let mut setter = Setter { fonts, laid: Laid { pages: vec![Page::default()], ..Laid::default() }, y: TOP };
    for (index, block) in paper.blocks.iter().enumerate() {
        if matches!(block, Block::Heading(_)) {
            setter.room(setter.together(&paper.blocks[index..]))?;
        }
        setter.block(block)?;
    }
    let pages = setter.laid.pages.len();
    for index in 0..pages {
        setter.foot(index, &paper.foot, &format!("Page {} of {pages}", index + 1));
    }
    Ok(setter.laid)
}

struct Setter<'a> {
    fonts: &'a Fonts,
    laid: Laid,
    /// How far the last page is filled.
    y: f32,
}

/// A cell's lines, and how they are set.
struct Broken {
    lines: Vec<Line>,
    is_alarm: bool,
}

impl Setter<'_> {
    fn block(&mut self, block: &Block) -> Result<(), Problem> {
        match block {
            Block::Title(text) => {
                let spans = [Span { face: Face::Bold, text: text.clone() }];
                self.heading(text);
                self.text(Role::Title(text.clone()), &spans, TITLE, Ink::Black)?;
                self.y += 4.0;
            }
            Block::Lead(spans) => {
                self.text(Role::Text, spans, LEAD, Ink::Black)?;
                self.y += 12.0;
            }
            Block::Heading(text) => {
                self.y += if self.is_fresh() { 0.0 } else { HEADING_ROOM };
                self.heading(text);
                let spans = [Span { face: Face::Bold, text: (*text).to_owned() }];
                self.text(Role::Heading((*text).to_owned()), &spans, HEADING, Ink::Black)?;
                self.y += 4.0;
            }
            Block::Text(spans) => {
                self.text(Role::Text, spans, BODY, Ink::Black)?;
                self.y += 6.0;
            }
            Block::List { is_numbered, items } => self.list(*is_numbered, items)?,
            Block::Table(table) => self.table(table)?,
            Block::Code { title, lines } => self.code(title.as_deref(), lines)?,
            Block::Notice { is_alarm, title, text } => self.notice(*is_alarm, title, text)?,
        }
        Ok(())
    }

    /// How much of what begins with a heading is kept together: the text after it, and a table if it is small.
    fn together(&self, blocks: &[Block]) -> f32 {
        let mut height = HEADING_ROOM + HEADING.leading + 4.0;
        for block in &blocks[1..] {
            match block {
                Block::Text(spans) => {
                    let lines = self.fonts.lines(spans, BODY.size, RIGHT - LEFT).len();
                    height += lines as f32 * BODY.leading + 6.0;
                }
                Block::Table(table) => {
                    let rows = table.rows.iter().take(40).map(|row| self::height(&self.broken(table, row)) + 0.4);
                    let all = rows.sum::<f32>() + self.head_height(table) + 14.0;
                    return height + if all <= SMALL_TABLE { all } else { 96.0 };
                }
                _ => break,
            }
        }
        (height + 2.0 * BODY.leading).min(SMALL_TABLE)
    }

    fn heading(&mut self, text: &str) {
        let page = self.laid.pages.len() - 1;
        self.laid.headings.push(Heading { text: text.to_owned(), page, top: self.y });
    }

    fn text(&mut self, role: Role, spans: &[Span], of: Type, ink: Ink) -> Result<(), Problem> {
        let lines = self.fonts.lines(spans, of.size, RIGHT - LEFT);
        if lines.len() > 1 {
            self.room(2.0 * of.leading)?;
        }
        let leaves = self.flow(lines, LEFT, of, ink)?;
        self.laid.root.push(element(role, leaves));
        Ok(())
    }

    /// Sets lines one below the other, over as many pages as they need.
    fn flow(&mut self, lines: Vec<Line>, x: f32, of: Type, ink: Ink) -> Result<Vec<Child>, Problem> {
        let mut leaves = Vec::with_capacity(lines.len());
        for line in lines {
            self.room(of.leading)?;
            leaves.push(self.leaf(texts(line, x, baseline(self.y, of), of.size, ink)));
            self.y += of.leading;
        }
        Ok(leaves)
    }

    fn list(&mut self, is_numbered: bool, items: &[Vec<Span>]) -> Result<(), Problem> {
        let indent = LEFT + if is_numbered { 20.0 } else { 14.0 };
        let mut list = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            let lines = self.fonts.lines(item, BODY.size, RIGHT - indent);
            self.room(BODY.leading * lines.len().min(2) as f32)?;
            let label = if is_numbered { format!("{}. ", index + 1) } else { "\u{2022} ".to_owned() };
            let label = self.fonts.one_line(Face::Plain, &label, BODY.size);
            let label = self.leaf(texts(label, LEFT + 1.0, baseline(self.y, BODY), BODY.size, Ink::Black));
            let body = self.flow(lines, indent, BODY, Ink::Black)?;
            let parts = vec![element(Role::Label, vec![label]), element(Role::Body, body)];
            list.push(element(Role::Item, parts));
            self.y += 3.0;
        }
        self.laid.root.push(element(Role::List { is_numbered }, list));
        self.y += 4.0;
        Ok(())
    }

    /// Lines on a ground, broken only where they are full; what goes on in the next line is set in.
    fn code(&mut self, title: Option<&str>, lines: &[String]) -> Result<(), Problem> {
        let (strip, indent) = (4.0, 14.0);
        let width = RIGHT - LEFT - 2.0 * CELL_ROOM.1 - indent;
        let broken: Vec<Vec<Line>> = lines.iter().map(|line| self.fonts.chopped(line, CODE.size, width)).collect();
        let first = broken.iter().map(Vec::len).sum::<usize>().min(14) as f32 * CODE.leading + 2.0 * strip;
        if let Some(title) = title {
            self.room(first + BODY.leading + 2.0)?;
            self.text(Role::Text, &[Span { face: Face::Bold, text: title.to_owned() }], BODY, Ink::Black)?;
            self.y += 2.0;
        }
        self.room(first)?;
        let mut leaves = Vec::with_capacity(broken.len());
        self.fill(LEFT, self.y, RIGHT - LEFT, strip, Ink::Ground);
        self.y += strip;
        for line in broken {
            for (index, part) in line.into_iter().enumerate() {
                self.room(CODE.leading + strip)?;
                self.fill(LEFT, self.y, RIGHT - LEFT, CODE.leading, Ink::Ground);
                let x = LEFT + CELL_ROOM.1 + if index > 0 { indent } else { 0.0 };
                leaves.push(self.leaf(texts(part, x, baseline(self.y, CODE), CODE.size, Ink::Black)));
                self.y += CODE.leading;
            }
        }
        self.fill(LEFT, self.y, RIGHT - LEFT, strip, Ink::Ground);
        self.laid.root.push(element(Role::Code, leaves));
        self.y += strip + 11.0;
        Ok(())
    }

    /// A box that is kept on one page when it fits on one; its bar and its ground go with each line.
    fn notice(&mut self, is_alarm: bool, title: &str, text: &[Span]) -> Result<(), Problem> {
        let (x, width) = (LEFT + NOTICE_ROOM + 3.0, RIGHT - LEFT - 2.0 * NOTICE_ROOM - 3.0);
        let heading = Type { size: 11.0, leading: 17.0 };
        let heads = self.fonts.lines(&[Span { face: Face::Bold, text: title.to_owned() }], heading.size, width);
        let lines = self.fonts.lines(text, BODY.size, width);
        let height = heads.len() as f32 * heading.leading + lines.len() as f32 * BODY.leading + 2.0 * NOTICE_ROOM;
        self.room(height.min(BOTTOM - TOP))?;
        let head_ink = if is_alarm { Ink::White } else { Ink::Black };
        self.ground(NOTICE_ROOM * 0.7, is_alarm, is_alarm);
        let mut parts = Vec::new();
        for (lines, of, ink, is_dark) in [(heads, heading, head_ink, is_alarm), (lines, BODY, Ink::Black, false)] {
            if of.size < heading.size {
                self.ground(NOTICE_ROOM * if is_alarm { 0.5 } else { 0.2 }, false, is_alarm);
            }
            let mut leaves = Vec::new();
            for line in lines {
                self.room(of.leading)?;
                let top = self.y;
                self.ground(of.leading, is_dark, is_alarm);
                leaves.push(self.leaf(texts(line, x, baseline(top, of), of.size, ink)));
            }
            if is_dark {
                self.ground(NOTICE_ROOM * 0.5, true, true);
            }
            parts.push(element(Role::Text, leaves));
        }
        self.ground(NOTICE_ROOM * 0.7, false, is_alarm);
        self.laid.root.push(element(Role::Notice, parts));
        self.y += 10.0;
        Ok(())
    }

    /// A strip of a notice: its ground, and its bar at the left.
    fn ground(&mut self, height: f32, is_dark: bool, is_alarm: bool) {
        let bar = if is_alarm { Ink::Alarm } else { Ink::Black };
        self.fill(LEFT, self.y, RIGHT - LEFT, height, if is_dark { Ink::Alarm } else { Ink::Ground });
        self.fill(LEFT, self.y, 3.0, height, bar);
        self.y += height;
    }

    fn table(&mut self, table: &Table) -> Result<(), Problem> {
        let mut body = Vec::with_capacity(table.rows.len());
        let mut parts = Vec::new();
        let first = table.rows.first().map_or(0.0, |row| height(&self.broken(table, row)).min(80.0));
        self.y += 2.0;
        if table.has_head {
            self.room(self.head_height(table) + first)?;
            parts.push(element(Role::Head, vec![self.head(table, true)]));
        } else {
            self.room(first)?;
            self.rule(0.7, Ink::Black);
        }
        for row in &table.rows {
            body.push(self.row(table, row)?);
        }
        parts.push(element(Role::Rows, body));
        self.laid.root.push(element(Role::Table, parts));
        self.y += 10.0;
        Ok(())
    }

    fn broken(&self, table: &Table, row: &[Cell]) -> Vec<Broken> {
        let cells = row.iter().zip(&table.columns);
        let broken = cells.map(|(cell, column)| {
            let spans = [Span { face: cell.face, text: cell.text.clone() }];
            let size = cell_size(cell.face);
            let lines = self.fonts.lines(&spans, size, column.part * (RIGHT - LEFT) - 2.0 * CELL_ROOM.1);
            Broken { lines, is_alarm: cell.is_alarm }
        });
        broken.collect()
    }

    fn heads(&self, table: &Table) -> Vec<Broken> {
        let bold = |column: &Column| Cell { face: Face::Bold, text: column.name.to_owned(), is_alarm: false };
        let cells: Vec<Cell> = table.columns.iter().map(bold).collect();
        self.broken(table, &cells)
    }

    fn head_height(&self, table: &Table) -> f32 {
        height(&self.heads(table))
    }

    /// The head of a table: read once, and shown again on each page.
    fn head(&mut self, table: &Table, is_read: bool) -> Child {
        let heads = self.heads(table);
        let top = self.y;
        let mut cells = Vec::new();
        for (index, head) in heads.iter().enumerate() {
            let mut leaves = Vec::new();
            for shapes in self.placed(table, index, Face::Bold, head, 0..head.lines.len(), top) {
                if is_read {
                    leaves.push(self.leaf(shapes));
                } else {
                    self.item(Kind::Ornament, shapes);
                }
            }
            cells.push(element(Role::ColumnName, leaves));
        }
        self.y = top + height(&heads);
        self.rule(0.9, Ink::Black);
        element(Role::Row, cells)
    }

    /// A row, which goes over to further pages if it is taller than what is left of this one and would be on the next.
    fn row(&mut self, table: &Table, row: &[Cell]) -> Result<Child, Problem> {
        let broken = self.broken(table, row);
        let all = broken.iter().map(|cell| cell.lines.len()).max().unwrap_or(0);
        let head = if table.has_head { self.head_height(table) } else { 0.0 };
        let is_whole = height(&broken) <= BOTTOM - TOP - head;
        let mut leaves: Vec<Vec<Child>> = row.iter().map(|_| Vec::new()).collect();
        let mut from = 0;
        while from < all {
            let left = (BOTTOM - self.y - 2.0 * CELL_ROOM.0) / CELL.leading;
            let fit = if left > 0.0 { left as usize } else { 0 };
            let wanted = if is_whole { all } else { 2.min(all - from) };
            if fit < wanted {
                self.page()?;
                if table.has_head {
                    self.head(table, false);
                }
                continue;
            }
            let to = all.min(from + fit);
            let top = self.y;
            for (index, (cell, of)) in broken.iter().zip(row).enumerate() {
                for shapes in self.placed(table, index, of.face, cell, from..to, top) {
                    let leaf = self.leaf(shapes);
                    leaves[index].push(leaf);
                }
            }
            self.y = top + (to - from) as f32 * CELL.leading + 2.0 * CELL_ROOM.0;
            self.rule(0.4, Ink::Hairline);
            from = to;
        }
        let role = |index| if index == 0 { Role::RowName } else { Role::Cell };
        let cells = leaves.into_iter().enumerate();
        let cells = cells.map(|(index, leaves)| element(role(index), leaves));
        Ok(element(Role::Row, cells.collect()))
    }

    /// The shapes of some lines of a cell in a row that begins at `top`, line by line.
    fn placed(
        &mut self,
        table: &Table,
        index: usize,
        face: Face,
        cell: &Broken,
        lines: std::ops::Range<usize>,
        top: f32,
    ) -> Vec<Vec<Shape>> {
        let before: f32 = table.columns[..index].iter().map(|column| column.part).sum();
        let column = table.columns[index];
        let (from, to) = (LEFT + before * (RIGHT - LEFT), LEFT + (before + column.part) * (RIGHT - LEFT));
        let size = cell_size(face);
        let ink = if cell.is_alarm { Ink::White } else { Ink::Black };
        let mut placed = Vec::new();
        for (at, line) in cell.lines.iter().take(lines.end).skip(lines.start).enumerate() {
            let y = top + CELL_ROOM.0 + at as f32 * CELL.leading;
            let x = if column.is_number { to - CELL_ROOM.1 - line.width } else { from + CELL_ROOM.1 };
            if cell.is_alarm {
                self.fill(x - 4.0, y - 0.5, line.width + 8.0, CELL.leading, Ink::Alarm);
            }
            placed.push(texts(line.clone(), x, baseline(y, CELL), size, ink));
        }
        placed
    }

    fn foot(&mut self, index: usize, left: &str, right: &str) {
        let (left, right) =
            (self.fonts.one_line(Face::Plain, left, SMALL.size), self.fonts.one_line(Face::Plain, right, SMALL.size));
        let rule = Shape::Fill { x: LEFT, y: FOOT - 13.0, width: RIGHT - LEFT, height: 0.4, ink: Ink::Hairline };
        let at = RIGHT - right.width;
        let mut shapes = vec![rule];
        shapes.extend(texts(left, LEFT, FOOT, SMALL.size, Ink::Grey));
        shapes.extend(texts(right, at, FOOT, SMALL.size, Ink::Grey));
        self.laid.pages[index].items.push(Item { kind: Kind::Foot, shapes });
    }

    fn is_fresh(&self) -> bool {
        self.laid.pages.last().is_none_or(|page| page.items.is_empty())
    }

    /// Makes sure that there is room for so many points, on a new page if it must be.
    fn room(&mut self, points: f32) -> Result<(), Problem> {
        if self.y + points > BOTTOM && !self.is_fresh() { self.page() } else { Ok(()) }
    }

    fn page(&mut self) -> Result<(), Problem> {
        if self.laid.pages.len() >= MOST_PAGES {
            return Err(Problem::TooLong);
        }
        self.laid.pages.push(Page::default());
        self.y = TOP;
        Ok(())
    }

    fn rule(&mut self, height: f32, ink: Ink) {
        self.fill(LEFT, self.y, RIGHT - LEFT, height, ink);
    }

    fn fill(&mut self, x: f32, y: f32, width: f32, height: f32, ink: Ink) {
        self.item(Kind::Ornament, vec![Shape::Fill { x, y, width, height, ink }]);
    }

    fn leaf(&mut self, shapes: Vec<Shape>) -> Child {
        let leaf = self.laid.leaves;
        self.laid.leaves += 1;
        self.item(Kind::Leaf(leaf), shapes);
        Child::Leaf(leaf)
    }

    fn item(&mut self, kind: Kind, shapes: Vec<Shape>) {
        if let Some(page) = self.laid.pages.last_mut() {
            page.items.push(Item { kind, shapes });
        }
    }
}

fn element(role: Role, children: Vec<Child>) -> Child {
    Child::Element(Element { role, children })
}

fn cell_size(face: Face) -> f32 {
    if face == Face::Mono { CODE.size } else { CELL.size }
}

fn height(row: &[Broken]) -> f32 {
    let lines = row.iter().map(|cell| cell.lines.len()).max().unwrap_or(0);
    lines as f32 * CELL.leading + 2.0 * CELL_ROOM.0
}

/// Where text stands in a line that begins at `top`.
fn baseline(top: f32, of: Type) -> f32 {
    top + (of.leading + of.size * 0.72) / 2.0
}

fn texts(line: Line, x: f32, baseline: f32, size: f32, ink: Ink) -> Vec<Shape> {
    let mut x = x;
    let mut shapes = Vec::with_capacity(line.runs.len());
    for run in line.runs {
        let width = run.width * size;
        shapes.push(Shape::Text { x, baseline, size, run, ink });
        x += width;
    }
    shapes
}
