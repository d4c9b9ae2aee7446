//! Which elements stand where.

use crate::saml::error::{Error, Rule};
use crate::saml::guard::root::may_hold_assertion;
use crate::saml::xml::{DS, Node, SAML, SAMLP, XENC, elements, is, is_blank, plain_text};

/// A place in an element's content: who may stand there, and whether they may be missing or repeat.
pub(super) struct Slot {
    any_of: &'static [(&'static str, &'static str)],
    least: usize,
    most: usize,
}

pub(super) const fn slot(any_of: &'static [(&'static str, &'static str)], least: usize, most: usize) -> Slot {
    Slot { any_of, least, most }
}

const ANY: usize = usize::MAX;
const IDENTIFIER: &[(&str, &str)] = &[(SAML, "NameID"), (SAML, "BaseID"), (SAML, "EncryptedID")];

/// Content models of the SAML schemas for the elements whose order we rely on. (An empty `AttributeStatement` is
/// against the schema, and identity providers send it for people without attributes. A bare `Statement` is one that only
/// its type explains.)
const MODELS: &[((&str, &str), &[Slot])] = &[
    (
        (SAMLP, "Response"),
        &[
            slot(&[(SAML, "Issuer")], 0, 1),
            slot(&[(DS, "Signature")], 0, 1),
            slot(&[(SAMLP, "Extensions")], 0, 1),
            slot(&[(SAMLP, "Status")], 1, 1),
            slot(&[(SAML, "Assertion"), (SAML, "EncryptedAssertion")], 0, ANY),
        ],
    ),
    (
        (SAMLP, "LogoutRequest"),
        &[
            slot(&[(SAML, "Issuer")], 1, 1),
            slot(&[(DS, "Signature")], 0, 1),
            slot(&[(SAMLP, "Extensions")], 0, 1),
            slot(IDENTIFIER, 1, 1),
            slot(&[(SAMLP, "SessionIndex")], 0, ANY),
        ],
    ),
    (
        (SAMLP, "LogoutResponse"),
        &[
            slot(&[(SAML, "Issuer")], 1, 1),
            slot(&[(DS, "Signature")], 0, 1),
            slot(&[(SAMLP, "Extensions")], 0, 1),
            slot(&[(SAMLP, "Status")], 1, 1),
        ],
    ),
    (
        (SAMLP, "ArtifactResponse"),
        &[
            slot(&[(SAML, "Issuer")], 0, 1),
            slot(&[(DS, "Signature")], 0, 1),
            slot(&[(SAMLP, "Extensions")], 0, 1),
            slot(&[(SAMLP, "Status")], 1, 1),
            slot(&[(SAMLP, "Response")], 0, 1),
        ],
    ),
    (
        (SAMLP, "Status"),
        &[
            slot(&[(SAMLP, "StatusCode")], 1, 1),
            slot(&[(SAMLP, "StatusMessage")], 0, 1),
            slot(&[(SAMLP, "StatusDetail")], 0, 1),
        ],
    ),
    ((SAMLP, "StatusCode"), &[slot(&[(SAMLP, "StatusCode")], 0, 1)]),
    (
        (SAML, "Assertion"),
        &[
            slot(&[(SAML, "Issuer")], 1, 1),
            slot(&[(DS, "Signature")], 0, 1),
            slot(&[(SAML, "Subject")], 0, 1),
            slot(&[(SAML, "Conditions")], 0, 1),
            slot(&[(SAML, "Advice")], 0, 1),
            slot(
                &[(SAML, "AuthnStatement"), (SAML, "AuthzDecisionStatement"), (SAML, "AttributeStatement")],
                0,
                ANY,
            ),
        ],
    ),
    ((SAML, "Subject"), &[slot(IDENTIFIER, 0, 1), slot(&[(SAML, "SubjectConfirmation")], 0, ANY)]),
    (
        (SAML, "SubjectConfirmation"),
        &[slot(IDENTIFIER, 0, 1), slot(&[(SAML, "SubjectConfirmationData")], 0, 1)],
    ),
    ((SAML, "AudienceRestriction"), &[slot(&[(SAML, "Audience")], 1, ANY)]),
    (
        (SAML, "AuthnStatement"),
        &[slot(&[(SAML, "SubjectLocality")], 0, 1), slot(&[(SAML, "AuthnContext")], 1, 1)],
    ),
    (
        (SAML, "AuthnContext"),
        &[
            slot(&[(SAML, "AuthnContextClassRef")], 0, 1),
            slot(&[(SAML, "AuthnContextDecl"), (SAML, "AuthnContextDeclRef")], 0, 1),
            slot(&[(SAML, "AuthenticatingAuthority")], 0, ANY),
        ],
    ),
    ((SAML, "ProxyRestriction"), &[slot(&[(SAML, "Audience")], 0, ANY)]),
    ((SAML, "OneTimeUse"), &[]),
    ((SAML, "AttributeStatement"), &[slot(&[(SAML, "Attribute"), (SAML, "EncryptedAttribute")], 0, ANY)]),
    ((SAML, "Attribute"), &[slot(&[(SAML, "AttributeValue")], 0, ANY)]),
];

/// Elements that hold text and nothing else.
const TEXTS: &[(&str, &str)] = &[
    (SAML, "Issuer"),
    (SAML, "NameID"),
    (SAML, "Audience"),
    (SAML, "AuthnContextClassRef"),
    (SAML, "AuthnContextDeclRef"),
    (SAML, "AuthenticatingAuthority"),
    (SAMLP, "StatusMessage"),
    (SAMLP, "SessionIndex"),
];

/// G4: elements stand in the order of the schemas, with nothing but white space between them; names and audiences
/// are text only. SAML core 2 and 3.
pub(super) fn check_models(root: Node<'_, '_>) -> Result<(), Error> {
    if root.descendants().filter(Node::is_element).all(fits_its_model) {
        Ok(())
    } else {
        Err(Error::Forbidden(Rule::Structure))
    }
}

fn fits_its_model(node: Node<'_, '_>) -> bool {
    let is_one_of = |(namespace, name): &(&str, &str)| is(node, namespace, name);
    if TEXTS.iter().any(is_one_of) {
        return plain_text(node).is_some();
    }
    if is(node, SAML, "Conditions") {
        return has_no_stray_text(node);
    }
    match MODELS.iter().find(|(name, _)| is_one_of(name)) {
        Some((_, slots)) => has_no_stray_text(node) && fits(node, slots),
        None => true,
    }
}

/// Whether there is nothing but white space between the child elements of `node`.
pub(super) fn has_no_stray_text(node: Node<'_, '_>) -> bool {
    node.children().all(|child| child.is_element() || is_blank(child))
}

/// Whether the child elements of `node` fill `slots` from first to last.
pub(super) fn fits(node: Node<'_, '_>, slots: &[Slot]) -> bool {
    let mut inside = elements(node).peekable();
    for slot in slots {
        let mut count = 0;
        let belongs = |child: &Node<'_, '_>| slot.any_of.iter().any(|(ns, name)| is(*child, ns, name));
        while count < slot.most && inside.next_if(belongs).is_some() {
            count += 1;
        }
        if count < slot.least {
            return false;
        }
    }
    inside.next().is_none()
}

/// G5: at most one `Assertion` or `EncryptedAssertion` in the whole document; it is the root, or a child of the
/// response. (A refusal of the identity provider has none.)
pub(super) fn check_one_assertion(root: Node<'_, '_>) -> Result<(), Error> {
    let is_assertion =
        |node: &Node<'_, '_>| is(*node, SAML, "Assertion") || is(*node, SAML, "EncryptedAssertion");
    let in_place = |node: Node<'_, '_>| {
        node == root || node.parent_element().is_some_and(|parent| may_hold_assertion(parent, root))
    };
    let mut assertions = root.descendants().filter(is_assertion);
    let first = assertions.next();
    if first.is_none_or(in_place) && assertions.next().is_none() {
        Ok(())
    } else {
        Err(Error::Forbidden(Rule::Assertions))
    }
}

/// G6: an element with a name of SAML, XML signature or XML encryption stands in that namespace.
pub(super) fn check_names(response: Node<'_, '_>) -> Result<(), Error> {
    for node in response.descendants().filter(Node::is_element) {
        let tag = node.tag_name();
        if home_of(tag.name()).is_some_and(|namespace| tag.namespace() != Some(namespace)) {
            return Err(Error::Forbidden(Rule::ForeignName));
        }
    }
    Ok(())
}

/// The one namespace of each name that a careless reader might look up by its local part alone.
fn home_of(name: &str) -> Option<&'static str> {
    match name {
        "Assertion"
        | "EncryptedAssertion"
        | "Issuer"
        | "Subject"
        | "NameID"
        | "BaseID"
        | "EncryptedID"
        | "SubjectConfirmation"
        | "SubjectConfirmationData"
        | "Conditions"
        | "AudienceRestriction"
        | "Audience"
        | "OneTimeUse"
        | "ProxyRestriction"
        | "Advice"
        | "AuthnStatement"
        | "AttributeStatement"
        | "Attribute"
        | "AttributeValue"
        | "EncryptedAttribute" => Some(SAML),
        "Response" | "LogoutRequest" | "LogoutResponse" | "SessionIndex" | "ArtifactResponse" | "Status"
        | "StatusCode" | "StatusMessage" | "StatusDetail" => Some(SAMLP),
        "Signature"
        | "SignedInfo"
        | "SignatureValue"
        | "SignatureMethod"
        | "CanonicalizationMethod"
        | "Reference"
        | "Transforms"
        | "Transform"
        | "DigestMethod"
        | "DigestValue"
        | "KeyInfo"
        | "RetrievalMethod"
        | "Object"
        | "Manifest" => Some(DS),
        "EncryptedData" | "EncryptedKey" | "CipherData" | "CipherValue" | "CipherReference" => Some(XENC),
        _ => None,
    }
}

/// G14: extensions, status details and advice hold nothing of SAML's or XML signature's own; what stands in extensions
/// and advice has a namespace. Core 3.2.1, 2.6.1.
pub(super) fn check_extensions(response: Node<'_, '_>) -> Result<(), Error> {
    let is_open = |node: &Node<'_, '_>| has_foreign_content(*node) || is(*node, SAMLP, "StatusDetail");
    let is_foreign = |node: Node<'_, '_>| match node.tag_name().namespace() {
        Some(namespace) => ![SAML, SAMLP, DS, XENC].contains(&namespace),
        None => node.parent().is_none_or(|parent| !has_foreign_content(parent)),
    };
    let inside = response.descendants().filter(is_open).flat_map(|node| node.descendants().skip(1));
    if inside.filter(Node::is_element).all(is_foreign) {
        Ok(())
    } else {
        Err(Error::Forbidden(Rule::Extensions))
    }
}

fn has_foreign_content(node: Node<'_, '_>) -> bool {
    is(node, SAMLP, "Extensions") || is(node, SAML, "Advice")
}
