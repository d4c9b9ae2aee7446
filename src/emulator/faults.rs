//! Occasional faults, the same ones for the same seed, and outages.

use super::options::Outage;

/// A small seeded generator (`SplitMix64`): quality does not matter here, repeating does.
#[derive(Debug)]
pub(super) struct Faults {
    state: u64,
    answered: usize,
}

impl Faults {
    pub(super) fn new(seed: u64) -> Self {
        Self { state: seed, answered: 0 }
    }

    /// Whether the next call falls into the outage.
    pub(super) fn is_out(&mut self, outage: Option<Outage>) -> bool {
        let is_out = outage.is_some_and(|outage| self.answered >= outage.after);
        self.answered += 1;
        is_out
    }

    /// The next outage counts from here.
    pub(super) fn count_anew(&mut self) {
        self.answered = 0;
    }

    /// Whether the next call fails, at `rate` between 0 and 1.
    pub(super) fn strikes(&mut self, rate: f64) -> bool {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        let thirty_two = u32::try_from((mixed ^ (mixed >> 31)) >> 32).unwrap_or(u32::MAX);
        f64::from(thirty_two) / 4_294_967_296.0 < rate
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_fails_the_same_calls_at_about_the_asked_rate() {
        let run = |seed| {
            let mut faults = Faults::new(seed);
            (0..10_000).map(|_| faults.strikes(0.03)).collect::<Vec<bool>>()
        };
        assert_eq!(run(7), run(7));
        assert_ne!(run(7), run(8));
        let struck = run(7).into_iter().filter(|struck| *struck).count();
        assert!((200..400).contains(&struck), "{struck} of 10000");
    }
}
