//! Turns the fuzzer's bytes into changes of a document.

use arbitrary::{Result, Unstructured};

use crate::tree::{Element, Node};
use crate::words::{ATTRIBUTES, ELEMENTS, MARKUP, VALUES};

/// Applies one change that the guard may well let pass.
pub fn gently(document: &mut Element, u: &mut Unstructured<'_>) -> Result<()> {
    let number = u.choose_index(document.count())?;
    match u.int_in_range(0..=9)? {
        0 | 1 => change_text(document, u)?,
        2 | 3 => change_attribute(document.nth(number), u)?,
        4 => remove_attribute(document.nth(number), u)?,
        5 => add_attribute(document.nth(number), u)?,
        6 => space_out(document.nth(number), u)?,
        7 => double_one_of_many(document, u)?,
        8 => rename_prefix(document, u)?,
        _ => extend(document, u)?,
    }
    Ok(())
}

/// Applies one change of any kind.
pub fn wildly(document: &mut Element, u: &mut Unstructured<'_>) -> Result<()> {
    let count = document.count();
    let (number, other) = (u.choose_index(count)?, u.choose_index(count)?);
    match u.int_in_range(0..=9)? {
        0 => drop(document.take(number)),
        1 => {
            let copy = document.nth(number).clone();
            put(document, other, copy, u)?;
        }
        2 => {
            if let Some(taken) = document.take(number) {
                let other = other % document.count();
                put(document, other, taken, u)?;
            }
        }
        3 => document.nth(number).name = (*u.choose(ELEMENTS)?).to_owned(),
        4 => swap(document.nth(number), u)?,
        5 => insert_markup(document.nth(number), u)?,
        6 => add_attribute(document.nth(number), u)?,
        7 => {
            let child = Element { name: (*u.choose(ELEMENTS)?).to_owned(), ..Element::default() };
            put(document, number, child, u)?;
        }
        8 => wrap(document, number, u)?,
        _ => wrap_signature(document, u)?,
    }
    Ok(())
}

/// A few bytes of the written document, changed.
pub fn bytewise(text: &mut Vec<u8>, u: &mut Unstructured<'_>) -> Result<()> {
    for _ in 0..u.int_in_range(1..=3)? {
        let at = u.choose_index(text.len().max(1))?.min(text.len().saturating_sub(1));
        match u.int_in_range(0..=3)? {
            0 => drop(text.remove(at)),
            1 => text[at] = u.arbitrary()?,
            2 => text.insert(at, u.arbitrary()?),
            _ => drop(text.splice(at..at, u.choose(MARKUP)?.bytes())),
        }
    }
    Ok(())
}

fn value(u: &mut Unstructured<'_>) -> Result<String> {
    if u.ratio(3, 4)? {
        return Ok((*u.choose(VALUES)?).to_owned());
    }
    let length = u.int_in_range(0..=24)?;
    let bytes = u.bytes(length)?;
    Ok(bytes.iter().map(|byte| char::from(*byte)).filter(|c| !"<&\"\0".contains(*c)).collect())
}

/// The text of an element that holds one, or nothing.
fn change_text(document: &mut Element, u: &mut Unstructured<'_>) -> Result<()> {
    let leaves: Vec<usize> =
        (0..document.count()).filter(|number| document.nth(*number).elements().next().is_none()).collect();
    if !leaves.is_empty() {
        let leaf = *u.choose(&leaves)?;
        document.nth(leaf).content = vec![Node::Raw(value(u)?)];
    }
    Ok(())
}

fn change_attribute(element: &mut Element, u: &mut Unstructured<'_>) -> Result<()> {
    if !element.attributes.is_empty() {
        let at = u.choose_index(element.attributes.len())?;
        element.attributes[at].1 = value(u)?;
    }
    Ok(())
}

fn remove_attribute(element: &mut Element, u: &mut Unstructured<'_>) -> Result<()> {
    if !element.attributes.is_empty() {
        let at = u.choose_index(element.attributes.len())?;
        element.attributes.remove(at);
    }
    Ok(())
}

fn add_attribute(element: &mut Element, u: &mut Unstructured<'_>) -> Result<()> {
    element.attributes.push(((*u.choose(ATTRIBUTES)?).to_owned(), value(u)?));
    Ok(())
}

fn space_out(element: &mut Element, u: &mut Unstructured<'_>) -> Result<()> {
    let at = u.choose_index(element.content.len() + 1)?;
    element.content.insert(at, Node::Raw((*u.choose(&["\n", " ", "\n  ", "\t", "\r\n"])?).to_owned()));
    Ok(())
}

/// Doubles an element that the schema lets repeat.
fn double_one_of_many(document: &mut Element, u: &mut Unstructured<'_>) -> Result<()> {
    const MANY: &[&str] = &[
        "SubjectConfirmation",
        "AudienceRestriction",
        "Audience",
        "AuthnStatement",
        "AttributeStatement",
        "Attribute",
        "AttributeValue",
        "X509Data",
    ];
    let many: Vec<usize> =
        (1..document.count()).filter(|number| MANY.contains(&local_name(document.nth(*number)))).collect();
    if !many.is_empty() {
        let number = *u.choose(&many)?;
        let copy = document.nth(number).clone();
        if let Some((parent, at)) = document.place(number) {
            document.nth(parent).content.insert(at, Node::Element(copy));
        }
    }
    Ok(())
}

/// Another prefix for a namespace, everywhere.
fn rename_prefix(document: &mut Element, u: &mut Unstructured<'_>) -> Result<()> {
    let (from, to) = (*u.choose(&["saml", "samlp", "ds"])?, *u.choose(&["a", "saml2", "x", "ns-1", "_"])?);
    let renamed = |name: &str| match name.split_once(':') {
        Some((prefix, rest)) if prefix == from => format!("{to}:{rest}"),
        Some(("xmlns", prefix)) if prefix == from => format!("xmlns:{to}"),
        _ => name.to_owned(),
    };
    for number in 0..document.count() {
        let element = document.nth(number);
        element.name = renamed(&element.name);
        for (name, _) in &mut element.attributes {
            *name = renamed(name);
        }
    }
    Ok(())
}

/// A foreign element where extensions belong.
fn extend(document: &mut Element, u: &mut Unstructured<'_>) -> Result<()> {
    let foreign = Element {
        name: (*u.choose(&["x:any", "x:ID", "any"])?).to_owned(),
        attributes: vec![((*u.choose(&["xmlns:x", "xmlns"])?).to_owned(), "urn:x".to_owned())],
        content: vec![Node::Raw(value(u)?)],
    };
    let holders = ["Extensions", "Advice", "StatusDetail", "AuthnContext", "Attribute", "AttributeValue"];
    let places: Vec<usize> =
        (0..document.count()).filter(|number| holders.contains(&local_name(document.nth(*number)))).collect();
    if !places.is_empty() {
        let place = *u.choose(&places)?;
        document.nth(place).content.push(Node::Element(foreign));
    }
    Ok(())
}

fn swap(element: &mut Element, u: &mut Unstructured<'_>) -> Result<()> {
    if element.content.len() > 1 {
        let (one, two) = (u.choose_index(element.content.len())?, u.choose_index(element.content.len())?);
        element.content.swap(one, two);
    }
    Ok(())
}

fn insert_markup(element: &mut Element, u: &mut Unstructured<'_>) -> Result<()> {
    let markup = *u.choose(MARKUP)?;
    let at = u.choose_index(element.content.len() + 1)?;
    match element.content.get_mut(at) {
        Some(Node::Raw(text)) => {
            let middle = (0..=text.len() / 2).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
            text.insert_str(middle, markup);
        }
        _ => element.content.insert(at, Node::Raw(markup.to_owned())),
    }
    Ok(())
}

/// Puts `child` somewhere into the element of that number.
fn put(document: &mut Element, number: usize, child: Element, u: &mut Unstructured<'_>) -> Result<()> {
    let parent = document.nth(number);
    let at = u.choose_index(parent.content.len() + 1)?;
    parent.content.insert(at, Node::Element(child));
    Ok(())
}

/// Puts another element around one.
fn wrap(document: &mut Element, number: usize, u: &mut Unstructured<'_>) -> Result<()> {
    let name = (*u.choose(ELEMENTS)?).to_owned();
    let element = document.nth(number);
    let inner = std::mem::take(element);
    *element = Element { name, content: vec![Node::Element(inner)], ..Element::default() };
    Ok(())
}

/// Signature wrapping: a forged copy of what is signed stands where a careless reader looks, and the original where
/// the signature still finds it.
fn wrap_signature(document: &mut Element, u: &mut Unstructured<'_>) -> Result<()> {
    let Some(signature) = find(document, "Signature") else { return Ok(()) };
    let Some((signed, _)) = document.place(signature) else { return Ok(()) };
    let original = document.nth(signed).clone();
    let mut forged = original.clone();
    if let Some(name_id) = find(&mut forged, "NameID") {
        forged.nth(name_id).content = vec![Node::Raw("mallory".to_owned())];
    }
    if u.arbitrary()? {
        set(&mut forged, "ID", u.choose(&["_forged", "_response", "_assertion"])?);
    }
    let removed = find(&mut forged, "Signature").filter(|_| u.arbitrary().unwrap_or(false));
    let moved = removed.and_then(|signature| forged.take(signature));
    let hidden = match (u.int_in_range(0..=2)?, moved) {
        (0, Some(mut signature)) => {
            signature.content.push(Node::Element(object("ds:Object", original)));
            signature
        }
        (1, _) => object(u.choose(&["samlp:Extensions", "saml:Advice", "ds:Object", "x:any"])?, original),
        _ => original,
    };
    let inside: bool = u.arbitrary()?;
    if signed == 0 || inside {
        let at = u.choose_index(forged.content.len() + 1)?;
        forged.content.insert(at, Node::Element(hidden));
        *document.nth(signed) = forged;
    } else if let Some((parent, at)) = document.place(signed) {
        *document.nth(signed) = forged;
        let at = if u.arbitrary()? { at } else { at + 1 };
        document.nth(parent).content.insert(at, Node::Element(hidden));
    }
    Ok(())
}

fn object(name: &str, content: Element) -> Element {
    Element { name: name.to_owned(), attributes: Vec::new(), content: vec![Node::Element(content)] }
}

fn find(document: &mut Element, name: &str) -> Option<usize> {
    (0..document.count()).find(|number| local_name(document.nth(*number)) == name)
}

fn set(element: &mut Element, name: &str, value: &str) {
    if let Some((_, known)) = element.attributes.iter_mut().find(|(known, _)| known == name) {
        value.clone_into(known);
    }
}

/// The name without its prefix.
pub fn local_name(element: &Element) -> &str {
    element.name.rsplit(':').next().unwrap_or_default()
}
