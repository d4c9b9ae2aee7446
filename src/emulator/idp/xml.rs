//! A small tree of a small document, and its exclusive canonical form.

use std::collections::BTreeMap;

use quick_xml::events::{BytesStart, Event};
use quick_xml::{NsReader, XmlVersion};

/// Deeper documents are refused.
const DEEPEST: usize = 32;

/// An element.
#[derive(Debug, Clone)]
pub(super) struct Element {
    /// As written, with its prefix.
    name: String,
    /// Attributes as written, without namespace declarations.
    attributes: Vec<(String, String)>,
    /// Namespaces in scope by prefix; the default one has the empty prefix.
    scope: BTreeMap<String, String>,
    children: Vec<Node>,
}

#[derive(Debug, Clone)]
enum Node {
    Element(Element),
    Text(String),
}

/// Reads a document without DTD; none when it is not well-formed.
pub(super) fn parse(text: &str) -> Option<Element> {
    let mut reader = NsReader::from_str(text);
    let mut open: Vec<Element> = Vec::new();
    let mut root = None;
    loop {
        match reader.read_event().ok()? {
            Event::Start(start) if open.len() < DEEPEST && root.is_none() => {
                open.push(element(&start, open.last())?);
            }
            Event::Empty(start) if root.is_none() => {
                let element = element(&start, open.last())?;
                close(element, &mut open, &mut root);
            }
            Event::End(_) => {
                let element = open.pop()?;
                close(element, &mut open, &mut root);
            }
            Event::Text(text) => push_text(&mut open, &text.xml10_content()),
            Event::CData(text) => push_text(&mut open, &text.xml10_content()),
            Event::GeneralRef(reference) => {
                let character = reference.resolve_char_ref().ok()?;
                let text = match character {
                    Some(character) => character.to_string(),
                    None => {
                        quick_xml::escape::resolve_predefined_entity(&reference.xml10_content())?.to_owned()
                    }
                };
                push_text(&mut open, &text);
            }
            Event::Decl(_) | Event::Comment(_) => {}
            Event::Eof if open.is_empty() => return root,
            _ => return None,
        }
    }
}

fn close(element: Element, open: &mut [Element], root: &mut Option<Element>) {
    match open.last_mut() {
        Some(parent) => parent.children.push(Node::Element(element)),
        None => *root = Some(element),
    }
}

fn push_text(open: &mut [Element], text: &str) {
    let Some(parent) = open.last_mut() else {
        return;
    };
    match parent.children.last_mut() {
        Some(Node::Text(before)) => before.push_str(text),
        _ => parent.children.push(Node::Text(text.to_owned())),
    }
}

fn element(start: &BytesStart<'_>, parent: Option<&Element>) -> Option<Element> {
    let mut scope = parent.map(|parent| parent.scope.clone()).unwrap_or_default();
    let mut attributes = Vec::new();
    for attribute in start.attributes() {
        let attribute = attribute.ok()?;
        let value = attribute.normalized_value(XmlVersion::Implicit1_0).ok()?.into_owned();
        let name = attribute.key.as_ref().to_owned();
        if name == "xmlns" {
            scope.insert(String::new(), value);
        } else if let Some(prefix) = name.strip_prefix("xmlns:") {
            scope.insert(prefix.to_owned(), value);
        } else {
            attributes.push((name, value));
        }
    }
    Some(Element { name: start.name().as_ref().to_owned(), attributes, scope, children: Vec::new() })
}

fn split(name: &str) -> (&str, &str) {
    name.split_once(':').unwrap_or(("", name))
}

impl Element {
    /// Whether it has this namespace and local name.
    pub(super) fn is(&self, namespace: &str, local: &str) -> bool {
        let (prefix, name) = split(&self.name);
        name == local && self.scope.get(prefix).is_some_and(|found| found == namespace)
    }

    /// Value of an attribute without prefix.
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// Child elements of this name.
    pub(super) fn children<'a>(
        &'a self,
        namespace: &'a str,
        local: &'a str,
    ) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter_map(move |node| match node {
            Node::Element(element) if element.is(namespace, local) => Some(element),
            _ => None,
        })
    }

    /// The first child element of this name.
    pub(super) fn child<'a>(&'a self, namespace: &'a str, local: &'a str) -> Option<&'a Self> {
        self.children(namespace, local).next()
    }

    /// Its own text, trimmed.
    pub(super) fn text(&self) -> String {
        let text = |node: &Node| match node {
            Node::Text(text) => text.clone(),
            Node::Element(_) => String::new(),
        };
        self.children.iter().map(text).collect::<String>().trim().to_owned()
    }

    /// Without its children of this name.
    pub(super) fn without(&self, namespace: &str, local: &str) -> Self {
        let kept = |node: &&Node| !matches!(node, Node::Element(element) if element.is(namespace, local));
        Self { children: self.children.iter().filter(kept).cloned().collect(), ..self.clone() }
    }

    /// Exclusive XML Canonicalization 1.0 without comments, <https://www.w3.org/TR/xml-exc-c14n/>.
    pub(super) fn canonical(&self) -> String {
        let mut written = String::new();
        self.write(&BTreeMap::new(), &mut written);
        written
    }

    fn write(&self, rendered: &BTreeMap<String, String>, out: &mut String) {
        let prefixed =
            self.attributes.iter().map(|(name, _)| split(name).0).filter(|prefix| !prefix.is_empty());
        let mut used: Vec<&str> =
            prefixed.chain([split(&self.name).0]).filter(|prefix| *prefix != "xml").collect();
        used.sort_unstable();
        used.dedup();
        let mut rendered = rendered.clone();
        out.extend(["<", &self.name]);
        for prefix in used {
            let uri = self.scope.get(prefix).cloned().unwrap_or_default();
            if rendered.get(prefix).map_or("", String::as_str) != uri {
                let name = if prefix.is_empty() { "xmlns".to_owned() } else { format!("xmlns:{prefix}") };
                out.extend([" ", &name, "=\"", &canonical_attribute(&uri), "\""]);
                rendered.insert(prefix.to_owned(), uri);
            }
        }
        let mut attributes: Vec<_> = self.attributes.iter().collect();
        attributes.sort_by_key(|(name, _)| self.attribute_order(name));
        for (name, value) in attributes {
            out.extend([" ", name, "=\"", &canonical_attribute(value), "\""]);
        }
        out.push('>');
        for node in &self.children {
            match node {
                Node::Element(element) => element.write(&rendered, out),
                Node::Text(text) => out.push_str(&canonical_text(text)),
            }
        }
        out.extend(["</", &self.name, ">"]);
    }

    fn attribute_order(&self, name: &str) -> (String, String) {
        let (prefix, local) = split(name);
        let uri = if prefix.is_empty() { None } else { self.scope.get(prefix).cloned() };
        (uri.unwrap_or_default(), local.to_owned())
    }
}

/// Text as canonical XML writes it.
pub(super) fn canonical_text(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('\r', "&#xD;")
}

/// An attribute's value as canonical XML writes it.
pub(super) fn canonical_attribute(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
    text.replace('\t', "&#x9;").replace('\n', "&#xA;").replace('\r', "&#xD;")
}
