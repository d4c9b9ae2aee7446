//! Every single damage that is done to a document: some at each byte, and more at each element.

use crate::tree::{Element, Node};

/// One change.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Damage {
    /// At this byte, one of [`BYTE_KINDS`].
    Byte(usize, usize),
    /// The element of that number goes.
    Delete(usize),
    /// It is there twice.
    Double(usize),
    /// It changes places with what follows it.
    Swap(usize),
    /// Another element is around it.
    Wrap(usize),
    /// It has another of [`NAMES`].
    Rename(usize, usize),
    /// It has one more of [`ATTRIBUTES`].
    Attribute(usize, usize),
    /// Its attribute of that number goes.
    DropAttribute(usize, usize),
    /// Its attribute of that number says something else.
    ChangeAttribute(usize, usize),
    /// One of [`TEXTS`] stands before its content.
    Text(usize, usize),
    /// Its texts are gone.
    Empty(usize),
    /// It is in another element, in front or at the end.
    Move(usize, usize, bool),
}

/// How many damages are done at each byte.
pub(crate) const BYTE_KINDS: usize = 12;
const NAMES: [&str; 6] =
    ["x", "saml:Assertion", "samlp:Response", "ds:Object", "saml:Advice", "samlp:Extensions"];
const ATTRIBUTES: [(&str, &str); 9] = [
    ("ID", "_x"),
    ("ID", "_assertion"),
    ("Id", "_response"),
    ("xml:id", "_assertion"),
    ("xmlns", "urn:x"),
    ("xmlns:saml", "urn:x"),
    ("xmlns:samlp", "urn:x"),
    ("xmlns:ds", "urn:x"),
    ("any", "x"),
];
const TEXTS: [&str; 5] = ["x", " ", "<!---->", "<?x?>", "<x/>"];

/// A document, and everything that is done to it.
pub(crate) struct Damages {
    xml: String,
    tree: Element,
}

impl Damages {
    pub(crate) fn of(xml: &str) -> Self {
        Self { xml: xml.to_owned(), tree: Element::parse(xml) }
    }

    /// Every kind at every byte.
    pub(crate) fn at_bytes(&self) -> impl Iterator<Item = Damage> {
        (0..self.xml.len()).flat_map(|at| (0..BYTE_KINDS).map(move |kind| Damage::Byte(at, kind)))
    }

    /// Every kind at every element.
    pub(crate) fn at_elements(&self) -> Vec<Damage> {
        let mut tree = self.tree.clone();
        let count = tree.count();
        let mut all = Vec::new();
        for one in 0..count {
            let attributes = 0..tree.nth(one).attributes.len();
            all.extend(
                [Damage::Delete, Damage::Double, Damage::Swap, Damage::Wrap, Damage::Empty]
                    .map(|kind| kind(one)),
            );
            all.extend((0..NAMES.len()).map(|name| Damage::Rename(one, name)));
            all.extend((0..ATTRIBUTES.len()).map(|attribute| Damage::Attribute(one, attribute)));
            all.extend((0..TEXTS.len()).map(|text| Damage::Text(one, text)));
            all.extend(attributes.clone().map(|attribute| Damage::DropAttribute(one, attribute)));
            all.extend(attributes.map(|attribute| Damage::ChangeAttribute(one, attribute)));
            let inside = one..one + tree.nth(one).count();
            let others = (0..count).filter(|other| !inside.contains(other));
            all.extend(others.flat_map(|other| [true, false].map(|first| Damage::Move(one, other, first))));
        }
        all
    }

    /// The damaged document.
    pub(crate) fn apply(&self, damage: Damage) -> Vec<u8> {
        if let Damage::Byte(at, kind) = damage {
            return damaged_byte(self.xml.as_bytes(), at, kind);
        }
        let mut tree = self.tree.clone();
        damage_tree(&mut tree, damage);
        tree.write().into_bytes()
    }
}

/// The text with one damage at a byte.
pub(crate) fn damaged_byte(xml: &[u8], at: usize, kind: usize) -> Vec<u8> {
    let (before, byte, after) = (&xml[..at], xml[at], &xml[at + 1..]);
    let instead: &[u8] = match kind {
        0 => &[],
        1 => &[byte ^ 1],
        2 => &[byte ^ 0x20],
        3 => &[byte ^ 0x80],
        4 => &[0],
        5 => &[byte, byte],
        6 => &[b'<', byte],
        7 => &[b'"', byte],
        8 => &[b'&', byte],
        9 => &[b' ', byte],
        10 => &[b'\r', byte],
        _ => &[b'A', byte],
    };
    [before, instead, after].concat()
}

fn damage_tree(tree: &mut Element, damage: Damage) {
    match damage {
        Damage::Byte(..) => {}
        Damage::Delete(one) => drop(tree.take(one)),
        Damage::Double(one) => double(tree, one),
        Damage::Swap(one) => swap(tree, one),
        Damage::Wrap(one) => wrap(tree.nth(one)),
        Damage::Rename(one, name) => NAMES[name].clone_into(&mut tree.nth(one).name),
        Damage::Attribute(one, attribute) => {
            let (name, value) = ATTRIBUTES[attribute];
            tree.nth(one).attributes.push((name.to_owned(), value.to_owned()));
        }
        Damage::DropAttribute(one, attribute) => drop(tree.nth(one).attributes.remove(attribute)),
        Damage::ChangeAttribute(one, attribute) => tree.nth(one).attributes[attribute].1.push('x'),
        Damage::Text(one, text) => tree.nth(one).content.insert(0, Node::Raw(TEXTS[text].to_owned())),
        Damage::Empty(one) => tree.nth(one).content.retain(|node| matches!(node, Node::Element(_))),
        Damage::Move(one, other, first) => relocate(tree, one, other, first),
    }
}

fn double(tree: &mut Element, one: usize) {
    let copy = tree.nth(one).clone();
    if let Some((parent, at)) = tree.place(one) {
        tree.nth(parent).content.insert(at, Node::Element(copy));
    }
}

fn swap(tree: &mut Element, one: usize) {
    if let Some((parent, at)) = tree.place(one) {
        let content = &mut tree.nth(parent).content;
        let next = (at + 1) % content.len();
        content.swap(at, next);
    }
}

fn wrap(element: &mut Element) {
    let inner = std::mem::take(element);
    *element = Element { name: "x".to_owned(), content: vec![Node::Element(inner)], ..Element::default() };
}

fn relocate(tree: &mut Element, one: usize, other: usize, first: bool) {
    let size = tree.nth(one).count();
    let Some(moved) = tree.take(one) else { return };
    // The elements after the one that is gone have moved up.
    let other = if other > one { other - size } else { other };
    let content = &mut tree.nth(other).content;
    let at = if first { 0 } else { content.len() };
    content.insert(at, Node::Element(moved));
}
