//! Hundreds of small damages to good answers: whatever happens, nobody else gets in and nothing breaks.

use connect_gateway::model::{Blame, Blamed as _};
use connect_gateway::saml::Error;

use crate::gateway::{Gateway, verdict};
use crate::idp::{Answer, Sign, encode};

/// A small generator of our own, so that every run damages alike.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit as u64).unwrap()
    }

    /// A place between two characters.
    fn place(&mut self, text: &str) -> usize {
        let start = self.below(text.len());
        (start..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap()
    }

    /// `text` with a piece cut out, doubled, moved, or replaced by something with a meaning in XML.
    fn damage(&mut self, text: &str) -> String {
        const PIECES: [&str; 12] =
            ["<", ">", "&", "\"", "'", "/", "=", "<!---->", " ID=\"_x\"", "\u{0}", "&#x0;", "xmlns:x=\"y\""];
        let (one, two) = (self.place(text), self.place(text));
        let (from, to) = (one.min(two), one.max(two).min(one.min(two) + 200));
        let to = (to..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap();
        let (before, piece, after) = (&text[..from], &text[from..to], &text[to..]);
        match self.below(4) {
            0 => format!("{before}{after}"),
            1 => format!("{before}{piece}{piece}{after}"),
            2 => format!("{before}{}{piece}{after}", PIECES[self.below(PIECES.len())]),
            _ => format!("{after}{before}{piece}"),
        }
    }
}

#[tokio::test]
async fn no_damage_lets_anybody_else_in_or_breaks_anything() {
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    for sign in [Sign::Assertion, Sign::Response, Sign::Both] {
        let xml = Answer { sign, ..Answer::default() }.xml();
        let alice = verdict(&xml).await.unwrap();
        for _ in 0..150 {
            let damaged = dice.damage(&xml);
            match verdict(&damaged).await {
                Ok(identity) => assert!(identity == alice, "{damaged}"),
                Err(error) => assert_ne!(error.code().blame, Blame::Gateway, "{error}: {damaged}"),
            }
        }
    }
}

#[tokio::test]
async fn no_damage_to_the_form_field_breaks_anything() {
    let gateway = Gateway::new();
    let mut dice = Dice(0x2545_f491_4f6c_dd1d);
    let field = encode(Answer::default().xml());
    for _ in 0..100 {
        let outcome = gateway.verify_field(dice.damage(&field), &crate::gateway::pending()).await;
        assert!(!matches!(outcome, Err(Error::Stopped | Error::EnginesDisagree | Error::Machinery(_))));
    }
}
