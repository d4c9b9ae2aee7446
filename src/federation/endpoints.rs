//! Where AWS is asked, and by which way.

use url::Url;

use crate::outbound::Outbound;

/// Endpoints other than the AWS default ones, for the emulator, VPC endpoints and tests.
#[derive(Debug, Clone, Default)]
pub struct Endpoints {
    /// Amazon Connect.
    pub connect: Option<Url>,
    /// STS.
    pub sts: Option<Url>,
    /// The way to the AWS federation endpoint. The SDK has its own client.
    pub outbound: Outbound,
}
