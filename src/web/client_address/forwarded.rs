//! `X-Forwarded-For` and `Forwarded` (RFC 7239), from the nearest proxy to the farthest client.

use std::net::{IpAddr, SocketAddr};

/// What a proxy says of whoever it got the request from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hop {
    /// From this address.
    From(IpAddr),
    /// It knows and does not say: `unknown`, or a name of its own. RFC 7239 6.2 and 6.3.
    Hidden,
    /// What it says can't be read.
    Malformed,
}

/// The hops of `X-Forwarded-For`, the nearest one first. Several lines are one list. RFC 9110 5.3.
pub(super) fn x_forwarded_for(lines: &[&str]) -> Vec<Hop> {
    let hops = lines.iter().flat_map(|line| line.split(',')).map(|text| node(text.trim(), false));
    let mut hops: Vec<Hop> = hops.collect();
    hops.reverse();
    hops
}

/// The hops of `Forwarded`, the nearest one first. RFC 7239 4.
pub(super) fn forwarded(lines: &[&str]) -> Vec<Hop> {
    lines.iter().rev().flat_map(|line| elements(line)).map(element).collect()
}

/// The elements of one line from its end, where the nearest proxy writes: a quote that a client leaves open hides nothing of
/// what stands behind it.
fn elements(line: &str) -> Vec<&str> {
    let (mut elements, mut end, mut is_quoted) = (Vec::new(), line.len(), false);
    for (at, character) in line.char_indices().rev() {
        match character {
            '"' => {
                let escapes = line[..at].bytes().rev().take_while(|b| *b == b'\\').count();
                is_quoted ^= escapes % 2 == 0;
            }
            ',' if !is_quoted => {
                elements.push(line[at + 1..end].trim());
                end = at;
            }
            _ => {}
        }
    }
    elements.push(line[..end].trim());
    elements
}

/// One `forwarded-element`: pairs, each name once.
fn element(text: &str) -> Hop {
    let Some(pairs) = split(text, ';') else { return Hop::Malformed };
    let mut found = None;
    for pair in pairs {
        let Some((name, value)) = pair.split_once('=') else { return Hop::Malformed };
        if !name.trim().eq_ignore_ascii_case("for") {
            continue;
        }
        let Some(value) = unquoted(value.trim()).filter(|_| found.is_none()) else { return Hop::Malformed };
        found = Some(node(&value, true));
    }
    found.unwrap_or(Hop::Malformed)
}

/// RFC 7239 6: an address, with or without a port, in brackets if it is IPv6. Without the brackets too where custom is
/// laxer.
fn node(text: &str, strict: bool) -> Hop {
    let bare = |text: &str| text.parse::<IpAddr>().ok().filter(|address| !strict || address.is_ipv4());
    let bracketed = |text: &str| {
        let inside = text.strip_prefix('[')?.strip_suffix(']')?;
        inside.parse::<IpAddr>().ok().filter(IpAddr::is_ipv6)
    };
    let with_port = |text: &str| text.parse::<SocketAddr>().ok().map(|address| address.ip());
    if let Some(address) = bare(text).or_else(|| bracketed(text)).or_else(|| with_port(text)) {
        return Hop::From(address.to_canonical());
    }
    let name = text.split(':').next().unwrap_or_default();
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
    let is_obfuscated = name.len() > 1 && name.starts_with('_') && name.bytes().all(plain);
    if name.eq_ignore_ascii_case("unknown") || (strict && is_obfuscated) {
        Hop::Hidden
    } else {
        Hop::Malformed
    }
}

/// The parts between separators that stand in no quotes; `None`: a quote has no end.
fn split(text: &str, separator: char) -> Option<Vec<&str>> {
    let (mut parts, mut start, mut is_quoted, mut is_escaped) = (Vec::new(), 0, false, false);
    for (at, character) in text.char_indices() {
        match character {
            _ if is_escaped => is_escaped = false,
            '\\' if is_quoted => is_escaped = true,
            '"' => is_quoted = !is_quoted,
            _ if character == separator && !is_quoted => {
                parts.push(text[start..at].trim());
                start = at + character.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(text[start..].trim());
    (!is_quoted).then_some(parts)
}

/// A token as it is, or what a quoted string says. RFC 9110 5.6.4.
fn unquoted(text: &str) -> Option<String> {
    let Some(rest) = text.strip_prefix('"') else { return (!text.contains('"')).then(|| text.to_owned()) };
    let (mut value, mut characters) = (String::new(), rest.chars());
    loop {
        match characters.next()? {
            '"' => return characters.next().is_none().then_some(value),
            '\\' => value.push(characters.next()?),
            character => value.push(character),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(text: &str) -> Hop {
        Hop::From(text.parse().unwrap())
    }

    #[test]
    fn x_forwarded_for_is_read_from_right_to_left_over_all_its_lines() {
        let hops = x_forwarded_for(&["203.0.113.7, 10.0.0.1", "10.0.0.2:4711"]);
        assert_eq!(hops, [from("10.0.0.2"), from("10.0.0.1"), from("203.0.113.7")]);
    }

    #[test]
    fn x_forwarded_for_has_addresses_as_proxies_write_them() {
        for (text, hop) in [
            ("203.0.113.7", from("203.0.113.7")),
            ("203.0.113.7:80", from("203.0.113.7")),
            ("2001:db8::7", from("2001:db8::7")),
            ("[2001:db8::7]", from("2001:db8::7")),
            ("[2001:db8::7]:443", from("2001:db8::7")),
            ("::ffff:203.0.113.7", from("203.0.113.7")),
            ("unknown", Hop::Hidden),
            ("_hidden", Hop::Malformed),
            ("", Hop::Malformed),
            ("-", Hop::Malformed),
            ("203.0.113.7 10.0.0.1", Hop::Malformed),
            ("203.0.113", Hop::Malformed),
            ("203.0.113.7:99999", Hop::Malformed),
            ("[203.0.113.7]", Hop::Malformed),
            ("203.0.113.7<script>", Hop::Malformed),
        ] {
            assert_eq!(x_forwarded_for(&[text]), [hop], "{text:?}");
        }
    }

    #[test]
    fn forwarded_is_read_as_rfc_7239_writes_it() {
        for (text, hops) in [
            ("for=192.0.2.60;proto=http;by=203.0.113.43", vec![from("192.0.2.60")]),
            ("For=\"[2001:db8:cafe::17]:4711\"", vec![from("2001:db8:cafe::17")]),
            ("for=192.0.2.43, for=198.51.100.17", vec![from("198.51.100.17"), from("192.0.2.43")]),
            (
                "for=192.0.2.43,for=\"[2001:db8:cafe::17]\",for=unknown",
                vec![Hop::Hidden, from("2001:db8:cafe::17"), from("192.0.2.43")],
            ),
            ("for=_hidden, for=_SEVKISEK", vec![Hop::Hidden, Hop::Hidden]),
            ("for=\"_gazonk\"", vec![Hop::Hidden]),
            ("for=\"192.0.2.43:47011\"", vec![from("192.0.2.43")]),
            ("for=\"192.0.2\\.43\"", vec![from("192.0.2.43")]),
            ("host=\"a,b;for=192.0.2.1\";for=192.0.2.2", vec![from("192.0.2.2")]),
            ("host=\"a\\\",for=192.0.2.1\";for=192.0.2.2", vec![from("192.0.2.2")]),
        ] {
            assert_eq!(forwarded(&[text]), hops, "{text}");
        }
    }

    #[test]
    fn what_a_client_leaves_open_or_broken_hides_nothing_of_what_proxies_write_behind_it() {
        for client in ["for=\"", "for=\"192.0.2.1", "\"", "\\\"", "for=\"\\", "a\\", "\"a\"\"", "caf\u{fffd}"]
        {
            for proxy in ["for=203.0.113.7", "for=\"203.0.113.7:4711\"", "host=\"a,b\";for=203.0.113.7"] {
                let both = format!("{client}, {proxy}");
                assert_eq!(forwarded(&[&both])[0], from("203.0.113.7"), "{both}");
                assert_eq!(forwarded(&[client, proxy])[0], from("203.0.113.7"), "{client} and {proxy}");
            }
        }
    }

    #[test]
    fn forwarded_that_is_broken_says_nothing() {
        for text in [
            "",
            "for",
            "for=",
            "proto=https",
            "for=2001:db8::1",
            "for=192.0.2.1;for=192.0.2.2",
            "for=\"192.0.2.1",
            "for=192.0.2.1\"",
            "for=\"192.0.2.1\"x",
            "for=\"\\",
            "for=192.0.2.1;;proto=https",
            "for=_",
            "for=_a b",
        ] {
            assert_eq!(forwarded(&[text])[0], Hop::Malformed, "{text}");
        }
    }
}
