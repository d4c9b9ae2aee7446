//! What the configuration says, as the console shows it.

use std::sync::Arc;

/// A key with what is in force under it; nothing secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// Dotted path of the key, such as `instance.prod.role_arn`.
    pub key: String,
    /// As the file would have it.
    pub value: String,
    /// Where it comes from.
    pub origin: String,
}

impl Setting {
    /// The table that the key is in, which is empty for the file's own keys; and the key in it.
    #[must_use]
    pub fn place(&self) -> (&str, &str) {
        self.key.rsplit_once('.').unwrap_or(("", &self.key))
    }

    fn is_of_rules(&self) -> bool {
        self.key.starts_with("mapping.")
    }
}

/// The `settings` in force, those of the rules as they were `read`.
pub(super) fn with_rules_of(settings: &[Setting], read: Vec<Setting>) -> Arc<[Setting]> {
    let others = settings.iter().filter(|setting| !setting.is_of_rules()).cloned();
    others.chain(read.into_iter().filter(Setting::is_of_rules)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(key: &str, value: &str) -> Vec<Setting> {
        let setting =
            |key: &str| Setting { key: key.to_owned(), value: value.to_owned(), origin: String::new() };
        vec![setting(key), setting("mapping.on_no_match")]
    }

    #[test]
    fn what_waits_for_a_restart_is_shown_as_it_was() {
        let shown = with_rules_of(&settings("listen", "old"), settings("listen", "new"));
        let shown: Vec<_> = shown.iter().map(|setting| (&*setting.key, &*setting.value)).collect();
        assert_eq!(shown, [("listen", "old"), ("mapping.on_no_match", "new")]);
    }
}
