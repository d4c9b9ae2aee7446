//! XML as a tree that can be cut up and put together wrongly. Names, values and texts stay as they were written.

/// An element.
#[derive(Clone, Default)]
pub(crate) struct Element {
    pub(crate) name: String,
    pub(crate) attributes: Vec<(String, String)>,
    pub(crate) content: Vec<Node>,
}

/// What stands in an element.
#[derive(Clone)]
pub(crate) enum Node {
    Element(Element),
    /// Text, or anything else between two tags.
    Raw(String),
}

/// Where an element stands: the number of its parent, and its place in the parent's content.
pub(crate) type Place = (usize, usize);

impl Element {
    /// Reads a document of our own making: tags with double-quoted attributes, and texts.
    pub(crate) fn parse(xml: &str) -> Self {
        let mut open = vec![Self::default()];
        for piece in xml.split('<').skip(1) {
            let (tag, text) = piece.split_once('>').unwrap();
            if !tag.starts_with('/') {
                open.push(Self::from_tag(tag.trim_end_matches('/')));
            }
            if tag.starts_with('/') || tag.ends_with('/') {
                let closed = open.pop().unwrap();
                open.last_mut().unwrap().content.push(Node::Element(closed));
            }
            if !text.is_empty() {
                open.last_mut().unwrap().content.push(Node::Raw(text.to_owned()));
            }
        }
        match open.remove(0).content.remove(0) {
            Node::Element(root) => root,
            Node::Raw(_) => unreachable!("a tag comes first"),
        }
    }

    fn from_tag(tag: &str) -> Self {
        let (name, mut rest) = tag.split_once(' ').unwrap_or((tag, ""));
        let mut element = Self { name: name.to_owned(), ..Self::default() };
        while let Some((name, value)) = rest.split_once("=\"") {
            let (value, after) = value.split_once('"').unwrap();
            element.attributes.push((name.trim().to_owned(), value.to_owned()));
            rest = after;
        }
        element
    }

    /// The document's text.
    pub(crate) fn write(&self) -> String {
        let mut xml = String::with_capacity(8 * 1024);
        self.write_to(&mut xml);
        xml
    }

    fn write_to(&self, xml: &mut String) {
        xml.extend(["<", &self.name]);
        for (name, value) in &self.attributes {
            xml.extend([" ", name, "=\"", value, "\""]);
        }
        xml.push('>');
        for node in &self.content {
            match node {
                Node::Element(element) => element.write_to(xml),
                Node::Raw(text) => xml.push_str(text),
            }
        }
        xml.extend(["</", &self.name, ">"]);
    }

    /// The elements directly inside.
    pub(crate) fn elements(&self) -> impl Iterator<Item = &Self> {
        self.content.iter().filter_map(|node| match node {
            Node::Element(element) => Some(element),
            Node::Raw(_) => None,
        })
    }

    /// How many elements there are, this one included. They are numbered in document order; this one is 0.
    pub(crate) fn count(&self) -> usize {
        1 + self.elements().map(Self::count).sum::<usize>()
    }

    /// The element of that number.
    pub(crate) fn nth(&mut self, number: usize) -> &mut Self {
        let mut left = number;
        self.find(&mut left).unwrap()
    }

    fn find(&mut self, left: &mut usize) -> Option<&mut Self> {
        if *left == 0 {
            return Some(self);
        }
        *left -= 1;
        self.content.iter_mut().find_map(|node| match node {
            Node::Element(element) => element.find(left),
            Node::Raw(_) => None,
        })
    }

    /// Where the element of that number stands; the root stands nowhere.
    pub(crate) fn place(&self, number: usize) -> Option<Place> {
        self.place_from(0, number)
    }

    fn place_from(&self, mine: usize, number: usize) -> Option<Place> {
        let mut next = mine + 1;
        for (at, node) in self.content.iter().enumerate() {
            let Node::Element(element) = node else { continue };
            if next == number {
                return Some((mine, at));
            }
            let after = next + element.count();
            if number < after {
                return element.place_from(next, number);
            }
            next = after;
        }
        None
    }

    /// Takes the element of that number out.
    pub(crate) fn take(&mut self, number: usize) -> Option<Self> {
        let (parent, at) = self.place(number)?;
        match self.nth(parent).content.remove(at) {
            Node::Element(element) => Some(element),
            Node::Raw(_) => None,
        }
    }
}
