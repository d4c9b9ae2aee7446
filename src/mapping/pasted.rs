//! Attributes as people paste them, and as they are given to people.

use serde_json::{Map, Value, json};

use crate::model::{Attributes, Identity, IdpName};

use super::example::person;

const SHAPE: &str = r#"write {"name_id": "…", "attributes": {"groups": ["…"], "email": "…"}}"#;

/// The person of a JSON object: names, each with a text or a list of texts. `name_id` is the subject's.
///
/// # Errors
/// What it should have been.
pub fn pasted(idp: IdpName, text: &str) -> Result<Identity, String> {
    let object: Map<String, Value> =
        serde_json::from_str(text).map_err(|error| format!("line {}: is no JSON: {SHAPE}", error.line()))?;
    pasted_object(idp, object)
}

/// The same, of an object that was read already.
pub(super) fn pasted_object(idp: IdpName, mut object: Map<String, Value>) -> Result<Identity, String> {
    let name_id = match object.remove("name_id") {
        None | Some(Value::Null) => None,
        Some(Value::String(name_id)) => Some(name_id),
        Some(_) => return Err(format!("name_id is no text: {SHAPE}")),
    };
    let attributes = match object.remove("attributes") {
        Some(Value::Object(attributes)) => attributes,
        Some(other) => object.into_iter().chain([("attributes".to_owned(), other)]).collect(),
        None => object,
    };
    let attributes: Option<Attributes> =
        attributes.into_iter().map(|(name, value)| Some((name, texts(&value)?))).collect();
    let attributes =
        attributes.ok_or_else(|| format!("a value is neither a text nor a list of texts: {SHAPE}"))?;
    Ok(person(idp, name_id, attributes))
}

/// What the identity provider said of this person, as [`pasted`] reads it. Personal data: for whoever asked for it.
#[must_use]
pub fn as_pasted(identity: &Identity) -> String {
    let name_id = identity.name_id.as_ref().map(|name_id| &name_id.value);
    format!("{:#}\n", json!({ "name_id": name_id, "attributes": identity.attributes }))
}

fn texts(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::String(text) => Some(vec![text.clone()]),
        Value::Array(list) => list.iter().map(|item| item.as_str().map(str::to_owned)).collect(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_read_as_people_paste_them() {
        let read = |text: &str| pasted(IdpName::new("okta"), text);
        let flat = read(r#"{"name_id": "ana", "groups": ["a", "b"], "email": "x"}"#).unwrap();
        let deep = read(r#"{"name_id": "ana", "attributes": {"groups": ["a", "b"], "email": "x"}}"#).unwrap();
        assert_eq!(flat, deep);
        assert_eq!(flat.name_id.unwrap().value, "ana");
        assert_eq!(flat.attributes["groups"], ["a", "b"]);
        assert_eq!(read(&as_pasted(&deep)).unwrap(), deep, "what is given to people can be pasted");
        for (text, words) in [
            ("{\n]", "line 2: is no JSON"),
            (r#"{"name_id": 1}"#, "name_id is no text"),
            (r#"{"groups": 1}"#, "neither a text nor"),
            ("[]", "is no JSON"),
        ] {
            assert!(read(text).unwrap_err().contains(words), "{text}");
        }
    }
}
