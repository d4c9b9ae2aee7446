//! Files that somebody mistyped: each loads, or is refused with a place.

use std::fs;
use std::path::Path;

use super::super::Drafts;
use super::super::files::Files;
use crate::admin::Drafts as _;
use crate::mapping::{Known, NamesConfig};
use crate::model::{Destination, IdpName, InstanceName};

/// A small generator: the same numbers in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % end
    }

    /// One to four bytes changed, taken out or put in.
    fn damage(&mut self, text: &str) -> String {
        let mut bytes = text.as_bytes().to_vec();
        for _ in 0..=self.below(4) {
            let at = self.below(bytes.len());
            match self.below(3) {
                0 => bytes[at] = u8::try_from(self.below(256)).expect("a byte"),
                1 => drop(bytes.remove(at)),
                _ => bytes.insert(at, b"\"[]{}=.#\n'\\,0()&|?"[self.below(18)]),
            }
        }
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

#[test]
fn ten_thousand_damaged_mappings_load_or_are_refused_with_a_place_and_never_panic() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("config");
    let text = fs::read_to_string(root.join("three-teams.toml")).expect("three-teams.toml");
    let text = &text[text.find("[mapping]").expect("a mapping")..];
    let known = Known {
        idps: [(IdpName::new("okta"), NamesConfig::default())].into(),
        instances: [(InstanceName::new("prod-emea"), [Destination::new("workspace")].into())].into(),
        ..Known::default()
    };
    let (mut numbers, mut loaded, mut refused) = (Numbers(42), 0, 0);
    let drafts = Drafts::new("", &Files::new(&root, None), None, &[]).knowing(known, None);
    assert!(drafts.compile(text).is_ok(), "three teams");
    for _ in 0..10_000 {
        let damaged = numbers.damage(text);
        let Err(problems) = drafts.compile(&damaged) else {
            loaded += 1;
            continue;
        };
        refused += 1;
        for problem in problems {
            let has_place = problem.message.contains("line ") || problem.key.starts_with("line ");
            assert!(has_place || problem.message.starts_with("is missing"), "{problem}\n{damaged}");
        }
    }
    assert!(loaded > 500 && refused > 500, "{loaded} loaded, {refused} refused");
}
