//! Thousands of small damages to good answers: whatever happens, nobody else gets in and nothing breaks.

use connect_gateway::model::{Blame, Blamed as _};
use connect_gateway::saml::Error;

use crate::damage::{BYTE_KINDS, Damage, Damages};
use crate::gateway::{Gateway, Used, company, settings, verdict};
use crate::idp::{Answer, CURVE, Sign, attribute, encode, metadata};

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

/// A short answer, accepted: the same identity provider signs it with a key of short signatures.
fn short(sign: Sign) -> String {
    Answer { sign, key: &CURVE, attributes: attribute("groups", &["agents"]), ..Answer::default() }.xml()
}

/// Each damage is refused, or changes nothing that is read.
async fn survives(sign: Sign, damages: impl FnOnce(&Damages) -> Vec<Damage>) {
    let used = Used { forgetful: true, ..Used::default() };
    let gateway = Gateway::build(settings(), company(metadata(&[&CURVE])), used).unwrap();
    let xml = short(sign);
    let alice = gateway.verify(&xml).await.unwrap();
    let document = Damages::of(&xml);
    let mut refused = 0;
    for damage in damages(&document) {
        match gateway.verify(document.apply(damage)).await {
            Ok(identity) => assert!(identity == alice, "{damage:?} of {xml}"),
            Err(error) => {
                assert_ne!(error.code().blame, Blame::Gateway, "{error}: {damage:?} of {xml}");
                refused += 1;
            }
        }
    }
    assert!(refused > 1000, "{refused}");
}

/// One damage at every byte; all of them are done by the fuzz target `acs_damage`.
fn one_at_each_byte(document: &Damages) -> Vec<Damage> {
    let all = document.at_bytes();
    all.filter(|damage| matches!(damage, Damage::Byte(at, kind) if *kind == at % BYTE_KINDS)).collect()
}

#[tokio::test]
async fn no_damage_to_an_element_of_a_signed_assertion_says_anything_else() {
    survives(Sign::Assertion, Damages::at_elements).await;
}

#[tokio::test]
async fn no_damage_to_an_element_of_a_signed_response_says_anything_else() {
    survives(Sign::Response, Damages::at_elements).await;
}

#[tokio::test]
async fn no_damage_to_an_element_signed_twice_says_anything_else() {
    survives(Sign::Both, Damages::at_elements).await;
}

#[tokio::test]
async fn no_damage_to_a_byte_of_a_signed_assertion_says_anything_else() {
    survives(Sign::Assertion, one_at_each_byte).await;
}

#[tokio::test]
async fn no_damage_to_a_byte_of_a_signed_response_says_anything_else() {
    survives(Sign::Response, one_at_each_byte).await;
}

#[tokio::test]
async fn no_damage_to_a_byte_signed_twice_says_anything_else() {
    survives(Sign::Both, one_at_each_byte).await;
}
