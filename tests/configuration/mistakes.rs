//! Documents with one mistake each, made from the schema: every key gets its turn.

use serde_json::{Value, json};

/// A document with one mistake.
pub(crate) struct Mistake {
    /// Of type, word, range or name, or something missing.
    pub(crate) kind: &'static str,
    /// The key that is wrong.
    pub(crate) key: String,
    pub(crate) document: Value,
}

/// A key of the schema: where an example of it is in a document, and what is said about it.
struct Place<'s> {
    path: Vec<String>,
    schema: &'s Value,
    is_required: bool,
}

/// Every key with every way to get it wrong.
pub(crate) fn mistakes(schema: &Value, document: &Value) -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    for place in places(schema, document) {
        let schema = place.schema;
        let mut wrong = vec![("type", if schema["type"] == "boolean" { json!("yes") } else { json!(true) })];
        if schema["enum"].is_array() {
            wrong.push(("word", json!("no-such-word")));
        }
        if let (Some(least), Some(most)) = (schema["minimum"].as_i64(), schema["maximum"].as_i64()) {
            wrong.extend([("range", json!(least - 1)), ("range", json!(most + 1)), ("type", json!("1"))]);
        }
        if schema["items"]["type"] == "string" {
            wrong.push(("type", json!([1])));
        }
        if let Some(least) = schema["exclusiveMinimum"].as_i64() {
            wrong.extend([("range", json!(least)), ("range", json!(1001))]);
        }
        let key = key(&place.path);
        let with = |value| with(document, &place.path, value);
        mistakes.extend(wrong.into_iter().map(|(kind, value)| Mistake {
            kind,
            key: key.clone(),
            document: with(Some(value)),
        }));
        if place.is_required {
            mistakes.push(Mistake { kind: "missing", key: key.clone(), document: with(None) });
        }
        if schema["additionalProperties"] == false && schema["properties"].is_object() {
            let path = [&place.path[..], &["colour".to_owned()]].concat();
            let document = self::with(document, &path, Some(json!(1)));
            mistakes.push(Mistake { kind: "name", key: format!("{key}.colour"), document });
        }
        if schema["propertyNames"].is_object() {
            let path = [&place.path[..], &["No such name".to_owned()]].concat();
            let document = self::with(document, &path, Some(json!({})));
            mistakes.push(Mistake { kind: "name", key: format!("{key}.No such name"), document });
        }
    }
    mistakes
}

/// Documents with what is just not a mistake: the ends of ranges, every word.
pub(crate) fn taken(schema: &Value, document: &Value) -> Vec<Value> {
    let mut documents = Vec::new();
    for place in places(schema, document) {
        let words = place.schema["enum"].as_array().into_iter().flatten();
        let ends = [&place.schema["minimum"], &place.schema["maximum"]].into_iter();
        let values = words.chain(ends.filter(|end| end.is_number()));
        documents.extend(values.map(|value| with(document, &place.path, Some(value.clone()))));
    }
    documents
}

/// Every key of the schema.
fn places<'s>(schema: &'s Value, document: &Value) -> Vec<Place<'s>> {
    let mut places = Vec::new();
    let mut below = vec![(Vec::<String>::new(), schema)];
    while let Some((path, schema)) = below.pop() {
        if schema["items"]["properties"].is_object() {
            below.push(([&path[..], &["[0]".to_owned()]].concat(), &schema["items"]));
        }
        if schema["propertyNames"].is_object() {
            let name = at(document, &path).and_then(|table| table.as_object()?.keys().next().cloned());
            below.push(([path, vec![name.unwrap()]].concat(), &schema["additionalProperties"]));
            continue;
        }
        for (name, schema_of) in schema["properties"].as_object().into_iter().flatten() {
            let path = [&path[..], std::slice::from_ref(name)].concat();
            let is_required = schema["required"].as_array().is_some_and(|keys| keys.contains(&json!(name)));
            places.push(Place { path: path.clone(), schema: schema_of, is_required });
            below.push((path, schema_of));
        }
    }
    places
}

fn key(path: &[String]) -> String {
    path.join(".").replace(".[0]", "[0]")
}

fn at<'d>(document: &'d Value, path: &[String]) -> Option<&'d Value> {
    path.iter().try_fold(document, |value, part| match part.as_str() {
        "[0]" => value.get(0),
        name => value.get(name),
    })
}

/// The document with `value` at `path`, or without what is there.
pub(crate) fn with(document: &Value, path: &[impl AsRef<str>], value: Option<Value>) -> Value {
    let mut document = document.clone();
    let Some((last, tables)) = path.split_last() else { return document };
    let mut inner = &mut document;
    for part in tables {
        inner = match part.as_ref() {
            "[0]" => {
                if !inner.is_array() {
                    *inner = json!([{}]);
                }
                &mut inner[0]
            }
            name => {
                if !inner.is_object() {
                    *inner = json!({});
                }
                &mut inner[name]
            }
        };
    }
    if !inner.is_object() {
        *inner = json!({});
    }
    match value {
        Some(value) => inner[last.as_ref()] = value,
        None => _ = inner.as_object_mut().map(|table| table.remove(last.as_ref())),
    }
    document
}
