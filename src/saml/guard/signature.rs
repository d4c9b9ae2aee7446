//! Where signatures stand, what they are made of, and what they point at.

use crate::saml::error::{Algorithm, Error, Rule};
use crate::saml::guard::root::may_hold_assertion;
use crate::saml::guard::structure::has_no_stray_text;
use crate::saml::xml::{
    DS, DS11, ENVELOPED, EXC_C14N, EXC_C14N_WITH_COMMENTS, Node, SAML, XENC, child, elements, is, is_base64,
    is_space, plain_text,
};

/// Signature methods: RSA and ECDSA with SHA-2. RFC 6931.
pub(in crate::saml) const SIGNATURE_METHODS: &[&str] = &[
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384",
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512",
    "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
    "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384",
    "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512",
];

/// Digest methods, with the length of their values in base64.
pub(in crate::saml) const DIGEST_METHODS: &[(&str, usize)] = &[
    ("http://www.w3.org/2001/04/xmlenc#sha256", 44),
    ("http://www.w3.org/2001/04/xmldsig-more#sha384", 64),
    ("http://www.w3.org/2001/04/xmlenc#sha512", 88),
];

/// Most prefixes of one `PrefixList`: canonicalisation looks for each of them at every element.
const MAX_PREFIXES: usize = 16;

/// The signatures of a guarded document.
pub(in crate::saml) struct Signatures<'a> {
    /// How many there are: none, one, or two.
    pub(in crate::saml) count: usize,
    /// The `ID` of the outermost signed element.
    pub(in crate::saml) target: &'a str,
    /// Whether that element is the root.
    pub(in crate::saml) cover_root: bool,
    /// Whether the assertion has a signature of its own.
    pub(in crate::saml) sign_assertion: bool,
    /// `PrefixList` of the outermost signature's canonicalisation.
    pub(in crate::saml) prefixes: Vec<&'a str>,
}

impl<'a> Signatures<'a> {
    pub(super) fn of(root: Node<'a, '_>, assertion: Option<Node<'a, '_>>) -> Self {
        let signed = [Some(root), assertion].into_iter().flatten();
        let signed: Vec<_> = signed.filter_map(|node| Some((node, child(node, DS, "Signature")?))).collect();
        let outermost = signed.first();
        Self {
            count: signed.len(),
            target: outermost.and_then(|(node, _)| node.attribute("ID")).unwrap_or(""),
            cover_root: outermost.is_some_and(|(node, _)| *node == root),
            sign_assertion: signed.iter().any(|(node, _)| Some(*node) == assertion),
            prefixes: outermost.map(|(_, signature)| prefixes(*signature)).unwrap_or_default(),
        }
    }
}

fn prefixes<'a>(signature: Node<'a, '_>) -> Vec<&'a str> {
    let canonicalization = reference(signature)
        .and_then(|reference| child(reference, DS, "Transforms"))
        .and_then(|transforms| transforms.last_element_child());
    let list = canonicalization.and_then(|node| child(node, EXC_C14N, "InclusiveNamespaces"));
    let list = list.and_then(|node| node.attribute("PrefixList")).unwrap_or("");
    list.split_ascii_whitespace().collect()
}

fn reference<'a, 'i>(signature: Node<'a, 'i>) -> Option<Node<'a, 'i>> {
    child(child(signature, DS, "SignedInfo")?, DS, "Reference")
}

fn signatures<'a, 'i: 'a>(root: Node<'a, 'i>) -> impl Iterator<Item = Node<'a, 'i>> {
    root.descendants().filter(|node| is(*node, DS, "Signature"))
}

/// G8: a signature is a direct child of the message, of the response that the message delivers, or of the response's
/// assertion; at most one each. SAML core 5.4.2.
pub(super) fn check_places(root: Node<'_, '_>) -> Result<(), Error> {
    let in_place = |signature: Node<'_, '_>| {
        signature.parent_element().is_some_and(|parent| {
            parent == root
                || may_hold_assertion(parent, root)
                || is(parent, SAML, "Assertion")
                    && parent.parent_element().is_some_and(|response| may_hold_assertion(response, root))
        })
    };
    let mut parents: Vec<_> = signatures(root).map(|signature| signature.parent()).collect();
    let count = parents.len();
    parents.dedup();
    if parents.len() == count && signatures(root).all(in_place) {
        Ok(())
    } else {
        Err(Error::Forbidden(Rule::SignaturePlace))
    }
}

/// In metadata the root is signed and nothing else: a signature inside would be one that nobody looks at.
pub(super) fn check_only_root_is_signed(root: Node<'_, '_>) -> Result<(), Error> {
    let mut all = signatures(root);
    match (all.next(), all.next()) {
        (None, _) => Err(Error::Unsigned),
        (first, None) if first == root.first_element_child() => Ok(()),
        _ => Err(Error::Forbidden(Rule::SignaturePlace)),
    }
}

/// G9: `SignedInfo`, `SignatureValue`, `KeyInfo` or none, and no `Object`; one exclusive canonicalisation, one signature
/// method of the list, one reference. XML signature 4.
pub(super) fn check_shapes(root: Node<'_, '_>) -> Result<(), Error> {
    signatures(root).try_for_each(|signature| {
        let shape = || {
            let signed_info = child(signature, DS, "SignedInfo")?;
            let outer = names(signature, &["SignedInfo", "SignatureValue", "KeyInfo"])
                || names(signature, &["SignedInfo", "SignatureValue"]);
            let inner = names(signed_info, &["CanonicalizationMethod", "SignatureMethod", "Reference"]);
            (outer && inner).then_some(signed_info)
        };
        let signed_info = shape().ok_or(Error::Forbidden(Rule::SignatureShape))?;
        check_canonicalization(child(signed_info, DS, "CanonicalizationMethod"))?;
        check_signature_method(child(signed_info, DS, "SignatureMethod"))
    })
}

/// Whether the child elements of `node` are exactly these, all of XML signature, with no text between them.
fn names(node: Node<'_, '_>, wanted: &[&str]) -> bool {
    has_no_stray_text(node)
        && elements(node).count() == wanted.len()
        && elements(node).zip(wanted).all(|(node, name)| is(node, DS, name))
}

fn check_canonicalization(method: Option<Node<'_, '_>>) -> Result<(), Error> {
    let method = method.filter(|node| only_attribute(*node, "Algorithm").is_some_and(is_exclusive));
    let method = method.ok_or(Error::Algorithm(Algorithm::Canonicalization))?;
    if is_plain_canonicalization(method) { Ok(()) } else { Err(Error::Forbidden(Rule::SignatureShape)) }
}

fn check_signature_method(method: Option<Node<'_, '_>>) -> Result<(), Error> {
    let algorithm =
        method.filter(|node| node.first_child().is_none()).and_then(|node| only_attribute(node, "Algorithm"));
    if algorithm.is_some_and(|algorithm| SIGNATURE_METHODS.contains(&algorithm)) {
        Ok(())
    } else {
        Err(Error::Algorithm(Algorithm::Signature))
    }
}

/// With or without comments: there are none. Core 5.4.3.
fn is_exclusive(algorithm: &str) -> bool {
    algorithm == EXC_C14N || algorithm == EXC_C14N_WITH_COMMENTS
}

/// Empty, or one `InclusiveNamespaces` with a few prefixes only. Exclusive canonicalisation 4.
fn is_plain_canonicalization(node: Node<'_, '_>) -> bool {
    let is_prefix = |prefix: &str| {
        prefix == "#default"
            || prefix.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte))
    };
    let are_prefixes = |list: &str| {
        list.split_ascii_whitespace().all(is_prefix) && list.split_ascii_whitespace().count() <= MAX_PREFIXES
    };
    let is_list = |list: Node<'_, '_>| {
        is(list, EXC_C14N, "InclusiveNamespaces")
            && list.first_child().is_none()
            && only_attribute(list, "PrefixList").is_some_and(are_prefixes)
    };
    has_no_stray_text(node) && elements(node).count() <= 1 && elements(node).all(is_list)
}

fn only_attribute<'a>(node: Node<'a, '_>, name: &str) -> Option<&'a str> {
    if node.attributes().len() == 1 { node.attribute(name) } else { None }
}

/// The value of the only attribute, or of the only one beside `Id`.
fn attribute_beside_id<'a>(node: Node<'a, '_>, name: &str) -> Option<&'a str> {
    let others = node.attributes().filter(|attribute| attribute.name() != "Id").count();
    if others == 1 { node.attribute(name) } else { None }
}

/// G10: the reference has a `URI`, which is `#` and the `ID` of the signature's parent, and perhaps an `Id`; it is
/// transformed by enveloped-signature and exclusive canonicalisation and nothing else; its digest is of the list
/// and of the right length. SAML core 5.4.2 to 5.4.4.
pub(super) fn check_references(root: Node<'_, '_>) -> Result<(), Error> {
    signatures(root).try_for_each(|signature| {
        let reference = reference(signature).ok_or(Error::Forbidden(Rule::Reference))?;
        let parent = signature.parent_element().and_then(|parent| parent.attribute("ID"));
        let target = attribute_beside_id(reference, "URI").and_then(|uri| uri.strip_prefix('#'));
        let plain = names(reference, &["Transforms", "DigestMethod", "DigestValue"])
            && has_plain_transforms(reference);
        if target.is_none() || target != parent || !plain {
            return Err(Error::Forbidden(Rule::Reference));
        }
        check_digest(reference)
    })
}

fn has_plain_transforms(reference: Node<'_, '_>) -> bool {
    let Some(transforms) = child(reference, DS, "Transforms") else { return false };
    let mut each = elements(transforms);
    let algorithm = |node: Option<Node<'_, '_>>| {
        node.and_then(|node| only_attribute(node, "Algorithm").map(str::to_owned))
    };
    let (first, second) = (each.next(), each.next());
    names(transforms, &["Transform", "Transform"])
        && algorithm(first).as_deref() == Some(ENVELOPED)
        && first.is_some_and(|node| node.first_child().is_none())
        && algorithm(second).as_deref().is_some_and(is_exclusive)
        && second.is_some_and(is_plain_canonicalization)
}

fn check_digest(reference: Node<'_, '_>) -> Result<(), Error> {
    let method = child(reference, DS, "DigestMethod").filter(|node| node.first_child().is_none());
    let algorithm = method.and_then(|node| only_attribute(node, "Algorithm"));
    let known = DIGEST_METHODS.iter().find(|(uri, _)| Some(*uri) == algorithm);
    let (_, length) = known.ok_or(Error::Algorithm(Algorithm::Digest))?;
    let value = child(reference, DS, "DigestValue").and_then(plain_text).unwrap_or("");
    let digits = value.bytes().filter(|byte| !is_space(*byte)).count();
    if digits == *length { Ok(()) } else { Err(Error::Forbidden(Rule::Reference)) }
}

/// G11: values, digests and certificates are one text of the base64 alphabet and white space. Engines differ on
/// what they do with anything else in there.
pub(super) fn check_base64_texts(root: Node<'_, '_>) -> Result<(), Error> {
    let holds_base64 = |node: &Node<'_, '_>| {
        ["SignatureValue", "DigestValue", "X509Certificate"].iter().any(|name| is(*node, DS, name))
    };
    let has_no_more_than_id = |node: Node<'_, '_>| {
        node.attributes().all(|attribute| attribute.name() == "Id" && is(node, DS, "SignatureValue"))
    };
    let holds_only_base64 =
        |node: Node<'_, '_>| has_no_more_than_id(node) && plain_text(node).is_some_and(is_base64);
    let mut inside = signatures(root).flat_map(|signature| signature.descendants());
    if inside.all(|node| !holds_base64(&node) || holds_only_base64(node)) {
        Ok(())
    } else {
        Err(Error::Forbidden(Rule::Base64Text))
    }
}

/// G13: `KeyInfo` is ignored, and may hold only certificates, names and plain key values: nothing that makes an
/// engine look elsewhere. XML signature 4.5. (Encrypted parts have a rule of their own for theirs.)
pub(super) fn check_key_infos(root: Node<'_, '_>) -> Result<(), Error> {
    let of_encryption = |node: Node<'_, '_>| node.tag_name().namespace() == Some(XENC);
    let elsewhere =
        |node: &Node<'_, '_>| is(*node, DS, "KeyInfo") && !node.parent_element().is_some_and(of_encryption);
    let plain = |key_info: Node<'_, '_>| elements(key_info).all(is_key_material);
    if root.descendants().filter(elsewhere).all(plain) {
        Ok(())
    } else {
        Err(Error::Forbidden(Rule::KeyInfo))
    }
}

/// Certificates, names and plain key values.
pub(super) fn is_key_material(node: Node<'_, '_>) -> bool {
    const KINDS: &[&str] = &["X509Data", "KeyName", "KeyValue"];
    KINDS.iter().any(|kind| is(node, DS, kind))
        && node.descendants().filter(Node::is_element).all(is_of_signature)
}

/// An element of XML signature that does not make anybody look elsewhere.
pub(super) fn is_of_signature(node: Node<'_, '_>) -> bool {
    let namespace = node.tag_name().namespace();
    (namespace == Some(DS) || namespace == Some(DS11)) && !is(node, DS, "RetrievalMethod")
}
