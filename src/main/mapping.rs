//! `connect-gateway mapping …`: its arguments.

use std::path::PathBuf;

use clap::Subcommand;
use connect_gateway::app::{self, Explain, Outcome};

#[derive(Subcommand)]
pub(crate) enum Mapping {
    /// Say what was received, what each rule makes of it and why, and the result, by the code that a sign-in runs.
    /// Changes nothing. Exit status 0: would be let in; 3: refused; 4: something needed was not sent; 2: the
    /// configuration can't be used; 1: anything else. With --online, what Amazon Connect has would refuse counts too.
    Explain {
        /// The configuration file.
        #[arg(long, short, default_value = "config/gateway.toml")]
        config: PathBuf,
        /// The identity provider's name in the configuration.
        #[arg(long)]
        idp: Option<String>,
        /// The instance's name in the configuration.
        #[arg(long)]
        instance: Option<String>,
        /// A JSON file of what the identity provider would send, as docs/mapping.md shows it.
        #[arg(long, value_name = "FILE", required_unless_present_any = ["saml_response", "sign_in", "live"])]
        attributes: Option<PathBuf>,
        /// A captured answer: the XML, its base64, or the body of the browser's form.
        #[arg(long, value_name = "FILE", conflicts_with = "attributes")]
        saml_response: Option<PathBuf>,
        /// The moment to check the captured answer at, such as 2026-03-01T09:30:00Z; by default the present one.
        #[arg(long, requires = "saml_response")]
        at: Option<String>,
        /// The identity provider's metadata, where the configuration only has its URL.
        #[arg(long, requires = "saml_response", requires = "idp")]
        metadata: Option<PathBuf>,
        /// A recent sign-in by its support id, such as 4F7K-9Q2M-X0TB: the gateway that runs on this machine is asked
        /// at the configuration's admin.socket, and the rules of the configuration file explain it.
        #[arg(long, value_name = "SUPPORT_ID", conflicts_with_all = ["attributes", "saml_response", "idp"])]
        sign_in: Option<String>,
        /// A test sign-in that changes nothing: prints the address to open, waits for its end, explains it.
        #[arg(long, conflicts_with_all = ["attributes", "saml_response", "sign_in"])]
        live: bool,
        /// Authenticate anew in the test, to sign in with another account.
        #[arg(long, requires = "live", conflicts_with_all = ["attributes", "saml_response", "sign_in"])]
        again: bool,
        /// Also ask Amazon Connect what the user is like now, and say what a sign-in would change. Changes nothing.
        #[arg(long)]
        online: bool,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Run every [[mapping.test]] of the configuration. Exit status 0: all as expected; 1: not; 2: the configuration
    /// can't be used.
    Test {
        /// The configuration file.
        #[arg(long, short, default_value = "config/gateway.toml")]
        config: PathBuf,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}

impl Mapping {
    pub(crate) async fn run(self) -> Outcome {
        match self {
            Self::Explain {
                config,
                idp,
                instance,
                attributes,
                saml_response,
                at,
                metadata,
                sign_in,
                live,
                again,
                online,
                json,
            } => {
                app::explain_mapping(&Explain {
                    config,
                    idp,
                    instance,
                    attributes,
                    saml_response,
                    at,
                    metadata,
                    sign_in,
                    live,
                    again,
                    online,
                    json,
                })
                .await
            }
            Self::Test { config, json } => app::test_mapping(&config, json),
        }
    }
}
