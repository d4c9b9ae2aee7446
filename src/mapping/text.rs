//! Text as Connect takes it.

use unicode_normalization::UnicodeNormalization as _;

/// `text` without surrounding white space as XML has it (section 2.3), and no other: what somebody may choose
/// the name of must not become another name.
pub(super) fn trimmed(text: &str) -> &str {
    text.trim_matches([' ', '\t', '\r', '\n'])
}

/// `text` in NFC without surrounding white space.
///
/// # Errors
/// What is wrong with it, when it is empty, longer than `longest` characters or has control characters.
pub(super) fn connect_name(text: &str, longest: usize) -> Result<String, String> {
    let name: String = trimmed(text).nfc().collect();
    if name.trim().is_empty() {
        return Err("is empty".to_owned());
    }
    if name.chars().count() > longest {
        return Err(format!("is longer than {longest} characters"));
    }
    if name.chars().any(char::is_control) {
        return Err("has control characters".to_owned());
    }
    Ok(name)
}
