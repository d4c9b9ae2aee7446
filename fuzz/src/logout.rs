//! Logout requests of an identity provider, changed in every way, and then signed again or not.

use std::sync::LazyLock;

use arbitrary::{Result, Unstructured};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use connect_gateway::model::{Blame, Blamed as _};
use connect_gateway::saml::{Error, LogoutMessage};
use tokio::runtime::{Builder, Runtime};

use crate::acs::KEY;
use crate::gateway::{Gateway, Used, company, settings};
use crate::idp::metadata;
use crate::limits::quietly;
use crate::logout_idp::Message;
use crate::mutation::{bytewise, gently, wildly};
use crate::signer::sign_again;
use crate::tally::count;
use crate::tree::Element;

static GATEWAY: LazyLock<Gateway> = LazyLock::new(|| {
    let used = Used { forgetful: true, ..Used::default() };
    quietly(Gateway::build(settings(), company(metadata(&[&KEY])), used).unwrap())
});

static REQUEST: LazyLock<Element> =
    LazyLock::new(|| Element::parse(&Message::request(|m| m.key = &KEY).signed()));

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Builder::new_current_thread().build().unwrap());

/// Makes what every input needs.
pub fn prepare() {
    LazyLock::force(&GATEWAY);
    LazyLock::force(&REQUEST);
    LazyLock::force(&RUNTIME);
}

/// One input.
///
/// # Panics
/// When the gateway takes the blame for what was sent.
pub fn run(bytes: &[u8]) {
    let Ok(xml) = document(&mut Unstructured::new(bytes)) else { return };
    count("documents");
    let Ok(message) = LogoutMessage::from_form(Some(STANDARD.encode(xml)), None, None) else { return };
    match RUNTIME.block_on(GATEWAY.saml.verify_logout_request(message)) {
        Ok(request) => {
            count("accepted");
            assert_eq!(request.issuer, "https://idp.test/metadata");
        }
        Err(Error::Forbidden(_) | Error::NotXml | Error::NotUtf8 | Error::Algorithm(_)) => {
            count("stopped by the guard")
        }
        Err(Error::EnginesDisagree) => count("the engines disagree"),
        Err(error) => assert_ne!(error.code().blame, Blame::Gateway, "{error}"),
    }
}

fn document(u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let mut document = REQUEST.clone();
    let (signed_again, wild): (bool, bool) = (u.arbitrary()?, u.ratio(1, 4)?);
    for _ in 0..u.int_in_range(0..=4)? {
        if wild {
            wildly(&mut document, u)?;
        } else {
            gently(&mut document, u)?;
        }
    }
    if signed_again {
        sign_again(&mut document, &KEY.private);
    }
    let mut xml = document.write().into_bytes();
    if !signed_again && u.ratio(1, 8)? {
        bytewise(&mut xml, u)?;
    }
    Ok(xml)
}
