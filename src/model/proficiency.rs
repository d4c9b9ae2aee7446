//! What a Connect user is good at.

use std::fmt;

/// Connect lets a user have at most this many, unless AWS raised the quota.
/// <https://docs.aws.amazon.com/connect/latest/adminguide/amazon-connect-service-limits.html>
pub const MAX_PROFICIENCIES: usize = 10;

/// A value of a predefined attribute, such as `connect:Language` and `connect:English`.
/// <https://docs.aws.amazon.com/connect/latest/APIReference/API_UserProficiency.html>
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Proficiency {
    attribute: String,
    value: String,
}

/// How good: 1.0 to 5.0, in tenths. AWS documents whole levels only.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProficiencyLevel(u8);

/// Why something can't be a proficiency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadProficiency {
    /// The predefined attribute's name is too short or too long.
    #[error("a predefined attribute's name has 1 to 100 characters")]
    Attribute,
    /// Its value is too short or too long.
    #[error("a predefined attribute's value has 1 to 100 characters")]
    Value,
    /// Outside 1 to 5, or finer than a tenth.
    #[error("a level is between 1 and 5, in steps of 0.1")]
    Level,
}

impl Proficiency {
    /// `attribute` is the predefined attribute's name, `value` one of its values.
    ///
    /// # Errors
    /// See [`BadProficiency`].
    pub fn new(attribute: impl Into<String>, value: impl Into<String>) -> Result<Self, BadProficiency> {
        let (attribute, value) = (attribute.into(), value.into());
        let fits = |text: &str| (1..=100).contains(&text.chars().count());
        if !fits(&attribute) {
            return Err(BadProficiency::Attribute);
        }
        if !fits(&value) {
            return Err(BadProficiency::Value);
        }
        Ok(Self { attribute, value })
    }

    /// Name of the predefined attribute.
    #[must_use]
    pub fn attribute(&self) -> &str {
        &self.attribute
    }

    /// Its value.
    #[must_use]
    pub fn value(&self) -> &str {
        &self.value
    }
}

impl ProficiencyLevel {
    /// How far a binary fraction may be from the tenth that was meant.
    const TOLERANCE: f64 = 0.001;

    /// A level such as `3.0` or `4.5`.
    ///
    /// # Errors
    /// [`BadProficiency::Level`].
    pub fn new(level: f64) -> Result<Self, BadProficiency> {
        (10..=50)
            .map(Self)
            .find(|known| (known.as_f64() - level).abs() < Self::TOLERANCE)
            .ok_or(BadProficiency::Level)
    }

    /// The level, 1.0 to 5.0.
    #[must_use]
    pub fn as_f64(self) -> f64 {
        f64::from(self.0) / 10.0
    }

    /// The same, as the API has it.
    #[must_use]
    pub fn as_f32(self) -> f32 {
        f32::from(self.0) / 10.0
    }
}

impl fmt::Display for ProficiencyLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.1}", self.as_f64())
    }
}

impl fmt::Debug for ProficiencyLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_is_a_tenth_between_one_and_five() {
        for (given, shown) in [(1.0, "1.0"), (2.3, "2.3"), (f64::from(4.7_f32), "4.7"), (5.0, "5.0")] {
            let level = ProficiencyLevel::new(given).unwrap();
            assert_eq!(level.to_string(), shown);
            assert_eq!(ProficiencyLevel::new(f64::from(level.as_f32())), Ok(level));
        }
        for bad in [0.0, 0.9, 5.1, 2.55, -3.0, f64::NAN, f64::INFINITY] {
            assert_eq!(ProficiencyLevel::new(bad), Err(BadProficiency::Level), "{bad}");
        }
    }

    #[test]
    fn names_and_values_have_1_to_100_characters() {
        let long = "é".repeat(100);
        assert!(Proficiency::new(long.clone(), long.clone()).is_ok());
        let longer = format!("{long}é");
        assert_eq!(Proficiency::new("", "x"), Err(BadProficiency::Attribute));
        assert_eq!(Proficiency::new(longer.clone(), "x"), Err(BadProficiency::Attribute));
        assert_eq!(Proficiency::new("x", ""), Err(BadProficiency::Value));
        assert_eq!(Proficiency::new("x", longer), Err(BadProficiency::Value));
    }
}
