//! A first configuration for a new gateway.

use std::path::PathBuf;

use toml::Value;

use crate::mapping::Preset;
use crate::model::InstanceArn;

/// With every place that something is written into.
const TEMPLATE: &str = include_str!("beginning.toml");
/// The role's name that `iam print` and the documentation take.
const ROLE: &str = "role/connect-gateway-federation";

/// What is known of the new gateway; the rest stays to be filled in.
#[derive(Debug, Default)]
pub struct Beginning {
    /// Where the files are written.
    pub folder: PathBuf,
    /// The identity provider's product.
    pub preset: Option<String>,
    /// Where its metadata is.
    pub metadata_url: Option<String>,
    /// The gateway's address as browsers see it.
    pub public_url: Option<String>,
    /// ARN of the instance.
    pub instance_arn: Option<String>,
    /// The instance's address.
    pub instance_url: Option<String>,
    /// ARN of the federation role; by default one of a usual name in the instance's account.
    pub role_arn: Option<String>,
}

impl Beginning {
    /// The file's text. What is not known is empty there, which no reader takes.
    ///
    /// # Errors
    /// When there is no such preset.
    pub fn text(&self) -> Result<String, String> {
        let preset = self.preset.as_deref().unwrap_or("generic");
        let known = Preset::ALL.map(|(word, _)| word);
        if !known.contains(&preset) {
            return Err(format!("--preset: must be one of {}", known.join(", ")));
        }
        let name = if preset == "generic" { "company".to_owned() } else { preset.replace('_', "-") };
        let role = self.role_arn.clone().or_else(|| self.usual_role());
        let written = |value: Option<&str>| Value::from(value.unwrap_or_default()).to_string();
        let places = [
            ("@IDP@", name),
            ("@PRESET@", written(Some(preset))),
            ("@METADATA_URL@", written(self.metadata_url.as_deref())),
            ("@PUBLIC_URL@", written(self.public_url.as_deref())),
            ("@INSTANCE_ARN@", written(self.instance_arn.as_deref())),
            ("@INSTANCE_URL@", written(self.instance_url.as_deref())),
            ("@ROLE_ARN@", written(role.as_deref())),
        ];
        Ok(filled(TEMPLATE, &places))
    }

    fn usual_role(&self) -> Option<String> {
        let arn: InstanceArn = self.instance_arn.as_deref()?.parse().ok()?;
        Some(format!("arn:{}:iam::{}:{ROLE}", arn.partition, arn.account))
    }
}

/// Each place once, from left to right: what is written into one is not looked at again.
fn filled(template: &str, places: &[(&str, String)]) -> String {
    let mut parts = template.split('@');
    let mut text = parts.next().unwrap_or_default().to_owned();
    while let (Some(place), Some(rest)) = (parts.next(), parts.next()) {
        let found = places.iter().find(|(name, _)| name.trim_matches('@') == place);
        text += found.map_or("", |(_, value)| value);
        text += rest;
    }
    text
}
