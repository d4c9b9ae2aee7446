//! Text as Connect takes it.

use unicode_normalization::UnicodeNormalization as _;

/// `text` in NFC without surrounding space.
///
/// # Errors
/// What is wrong with it, when it is empty, longer than `longest` characters or has control characters.
pub(super) fn connect_name(text: &str, longest: usize) -> Result<String, String> {
    let name: String = text.trim().nfc().collect();
    if name.is_empty() {
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
