use axum::http::HeaderValue;

use super::*;
use crate::model::TrustedPeers;

fn settings(source: AddressSource) -> ClientAddressSettings {
    let networks = ["10.0.0.0/8", "fd00::/8"].map(|network| network.parse().unwrap()).to_vec();
    ClientAddressSettings { source, trusted: TrustedPeers::new(networks, true) }
}

fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
    lines.iter().fold(HeaderMap::new(), |mut headers, (name, value)| {
        headers.append(*name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        headers
    })
}

fn peer(text: &str) -> Peer {
    Peer(text.parse().ok())
}

/// The address, and the header or the fault.
fn found(
    source: AddressSource,
    from: &str,
    lines: &[(&'static str, &str)],
) -> (String, Option<&'static str>) {
    let client = find(&settings(source), peer(from), &headers(lines));
    let address = client.address.map_or("unix".to_owned(), |address| address.to_string());
    (address, client.header.or(client.fault.map(Fault::word)))
}

const XFF: &str = "x-forwarded-for";
const PROXY: &str = "10.0.0.1";

#[test]
fn the_client_is_the_nearest_hop_that_is_no_proxy_of_the_house() {
    for (from, header, address) in [
        (PROXY, "203.0.113.7", "203.0.113.7"),
        (PROXY, "198.51.100.1, 203.0.113.7", "203.0.113.7"),
        (PROXY, "203.0.113.7, 10.0.0.2", "203.0.113.7"),
        (PROXY, "198.51.100.1, 203.0.113.7, 10.0.0.3, 10.0.0.2", "203.0.113.7"),
        (PROXY, "rubbish, 203.0.113.7", "203.0.113.7"),
        (PROXY, "caf\u{e9}, 203.0.113.7, 10.0.0.2", "203.0.113.7"),
        (PROXY, "10.0.0.9, 10.0.0.2", "10.0.0.9"),
        ("::ffff:10.0.0.1", "203.0.113.7", "203.0.113.7"),
        ("fd00::1", "2001:db8::7", "2001:db8::7"),
        ("a socket", "203.0.113.7", "203.0.113.7"),
    ] {
        let expected = (address.to_owned(), Some("X-Forwarded-For"));
        assert_eq!(found(AddressSource::XForwardedFor, from, &[(XFF, header)]), expected, "{from} {header}");
    }
}

#[test]
fn a_stranger_can_say_what_he_likes() {
    for source in [AddressSource::XForwardedFor, AddressSource::Forwarded] {
        let forged = [(XFF, "10.0.0.1"), ("forwarded", "for=10.0.0.1")];
        assert_eq!(found(source, "198.51.100.66", &forged), ("198.51.100.66".to_owned(), None));
    }
}

#[test]
fn a_mode_reads_its_own_header_only() {
    let both = [(XFF, "203.0.113.1"), ("forwarded", "for=203.0.113.2")];
    for (source, address, header) in [
        (AddressSource::Direct, PROXY, None),
        (AddressSource::ProxyProtocol, PROXY, None),
        (AddressSource::XForwardedFor, "203.0.113.1", Some("X-Forwarded-For")),
        (AddressSource::Forwarded, "203.0.113.2", Some("Forwarded")),
    ] {
        assert_eq!(found(source, PROXY, &both), (address.to_owned(), header), "{source:?}");
    }
}

#[test]
fn a_proxy_whose_word_can_not_be_used_stands_for_its_clients() {
    for (lines, fault) in [
        (vec![], "missing"),
        (vec![(XFF, "")], "malformed"),
        (vec![(XFF, "203.0.113.7, rubbish")], "malformed"),
        (vec![(XFF, "rubbish, 10.0.0.2")], "malformed"),
        (vec![(XFF, "203.0.113.7"), (XFF, "caf\u{e9}")], "malformed"),
        (vec![(XFF, "unknown")], "hidden"),
    ] {
        let expected = (PROXY.to_owned(), Some(fault));
        assert_eq!(found(AddressSource::XForwardedFor, PROXY, &lines), expected, "{lines:?}");
    }
}

#[test]
fn only_what_a_trusted_proxy_calls_a_request_is_written_and_only_if_it_is_plain() {
    let ids = |from: &str, request_id: &str, trace_id: &str| {
        let headers =
            headers(&[(XFF, "203.0.113.7"), ("x-request-id", request_id), ("x-amzn-trace-id", trace_id)]);
        let client = find(&settings(AddressSource::XForwardedFor), peer(from), &headers);
        ProxyIds::of(&client, &headers).map(|ids| (ids.request_id, ids.trace_id))
    };
    let trace = "Root=1-67891233-abcdef012345678912345678";
    assert_eq!(ids(PROXY, "a1b2-c3", trace), Some((Some("a1b2-c3".to_owned()), Some(trace.to_owned()))));
    assert_eq!(ids("198.51.100.66", "a1b2-c3", trace), None);
    assert_eq!(ids(PROXY, "a b", "{\"x\":1}"), None);
    assert_eq!(ids(PROXY, &"a".repeat(129), ""), None);
}

#[test]
fn the_log_is_reminded_now_and_then_and_told_of_a_proxy_once() {
    let addresses = Addresses::new(settings(AddressSource::XForwardedFor));
    let start = OffsetDateTime::UNIX_EPOCH;
    let reminded = |seconds: i64| {
        addresses.of(peer(PROXY), &HeaderMap::new(), start + time::Duration::seconds(seconds));
        addresses.reminded.load(Ordering::Relaxed)
    };
    assert_eq!([0, 1, 599, 600, 700].map(reminded), [0, 0, 0, 600, 600]);

    let direct = Addresses::new(ClientAddressSettings::default());
    let seen = |from: &str, lines: &[(&'static str, &str)]| {
        direct.of(peer(from), &headers(lines), start);
        direct.told_of_proxy.load(Ordering::Relaxed)
    };
    assert!(!seen(PROXY, &[]) && !seen("203.0.113.7", &[(XFF, "203.0.113.8")]));
    assert!(seen(PROXY, &[(XFF, "203.0.113.8")]));
}
