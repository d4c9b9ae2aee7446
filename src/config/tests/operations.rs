//! `[operations]`: where monitoring asks.

use super::{SHORT, assert_about, config, problems};

fn at(address: &str) -> String {
    format!("{SHORT}\n[operations]\nlisten = \"{address}\"\n")
}

#[test]
fn monitoring_has_an_address_of_its_own_or_none() {
    assert!(config(SHORT).operations.is_none(), "off by default");
    assert_eq!(config(&at("127.0.0.1:9090")).operations.unwrap().to_string(), "127.0.0.1:9090");
    assert_about(&problems(&at("127.0.0.1:8080")), "operations.listen", "where browsers come in");
    assert_about(&problems(&at("9090")), "operations.listen", "an IP address and a port");
}
