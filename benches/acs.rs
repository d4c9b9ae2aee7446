//! What one verified response costs, in CPU, as a multiple of one raw RSA-2048 verification in the same run.
//!
//! `cargo bench --bench acs`. The message is the usual one: RSA-2048 and SHA-256, signed assertion, certificate in
//! `KeyInfo`, 20 groups. Without `--bench` (as `cargo test --bench acs` runs it) it only shows that it works.

#![expect(clippy::unwrap_used, reason = "a measurement stops at the first surprise")]

use std::collections::BTreeMap;
use std::fs;
use std::hint::black_box;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use openssl::hash::MessageDigest;
use openssl::sign::{Signer, Verifier};
use tracing::span::Id;
use tracing_subscriber::Registry;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::registry::LookupSpan;

#[expect(dead_code, unused_macros, unused_imports, reason = "shared with the tests, which use all of it")]
#[path = "../tests/acs/gateway.rs"]
mod gateway;
#[expect(dead_code, reason = "shared with the tests, which use all of it")]
#[path = "../tests/acs/idp.rs"]
mod idp;
#[path = "support/over_http.rs"]
mod over_http;

use gateway::{Gateway, Used, company, pending, settings};
use idp::{Answer, IDP, REQUEST_ID, attribute, encode, metadata};

/// How much to measure: rounds, and calls in a round.
#[derive(Clone, Copy)]
struct Effort {
    rounds: usize,
    calls: u32,
}

impl Effort {
    fn wanted() -> Self {
        let full = std::env::args().any(|argument| argument == "--bench");
        if full { Self { rounds: 9, calls: 300 } } else { Self { rounds: 1, calls: 5 } }
    }
}

const STAGES: [&str; 4] = ["guard", "bergshamra", "samael", "rules"];

fn main() {
    let field = encode(usual_answer(REQUEST_ID, "_assertion"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let gateway = forgetful();
    let effort = Effort::wanted();
    let raw = median(effort, || cpu_per_call(effort.calls * 10, raw_verification()));
    let whole = median(effort, || cpu_per_call(effort.calls, || verify(&runtime, &gateway, &field)));
    let over_http =
        middle((0..effort.rounds).map(|_| runtime.block_on(over_http::cpu_per_post(effort.calls))).collect());
    println!("message: {} bytes of base64, 20 groups", field.len());
    println!("raw RSA-2048 verification   {:>8.1} µs CPU", micros(raw));
    println!(
        "POST /saml/acs, everything  {:>8.1} µs CPU   {:>5.1} × raw",
        micros(over_http),
        ratio(over_http, raw)
    );
    println!("verify, everything          {:>8.1} µs CPU   {:>5.1} × raw", micros(whole), ratio(whole, raw));
    for (stage, time) in stages(effort, &runtime, &gateway, &field) {
        println!("  {stage:<24}  {:>8.1} µs wall  {:>5.1} × raw", micros(time), ratio(time, raw));
    }
}

/// The answer that most identity providers send.
fn usual_answer(request_id: &str, assertion_id: &str) -> String {
    let groups: Vec<String> =
        (0..20).map(|n| format!("CN=contact-centre-{n:02},OU=groups,DC=example")).collect();
    let groups: Vec<&str> = groups.iter().map(String::as_str).collect();
    let answer = Answer::with(|a| {
        a.in_response_to = Some(request_id.to_owned());
        a.confirmations[0].in_response_to = Some(request_id.to_owned());
        assertion_id.clone_into(&mut a.assertion_id);
        a.attributes = attribute("groups", &groups);
        for name in ["email", "givenName", "surname", "department", "employeeNumber"] {
            a.attributes += &attribute(name, &["some-value"]);
        }
        a.shape.key_info = format!(
            "<ds:KeyInfo><ds:X509Data><ds:X509Certificate>{}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>",
            IDP.certificate_base64()
        );
    });
    answer.xml()
}

/// A gateway that takes the same assertion again and again.
fn forgetful() -> Gateway {
    let used = Used { forgetful: true, ..Used::default() };
    Gateway::build(settings(), company(metadata(&[&IDP])), used).unwrap()
}

fn verify(runtime: &tokio::runtime::Runtime, gateway: &Gateway, field: &str) {
    let verified = runtime.block_on(gateway.verify_field(field.to_owned(), &pending()));
    black_box(verified.unwrap());
}

/// One verification with a key that was parsed once.
fn raw_verification() -> impl FnMut() {
    let message = [7_u8; 600];
    let signature =
        Signer::new(MessageDigest::sha256(), &IDP.private).unwrap().sign_oneshot_to_vec(&message).unwrap();
    let key = IDP.certificate.public_key().unwrap();
    move || {
        let mut verifier = Verifier::new(MessageDigest::sha256(), &key).unwrap();
        assert!(black_box(verifier.verify_oneshot(&signature, &message).unwrap()));
    }
}

/// CPU time of `work`, all threads, averaged over `calls`.
fn cpu_per_call(calls: u32, mut work: impl FnMut()) -> Duration {
    work();
    let before = cpu();
    for _ in 0..calls {
        work();
    }
    cpu().saturating_sub(before) / calls
}

/// CPU time of all threads of this process so far. The kernel brings it up to date at each tick, so a measurement
/// must be much longer than a few milliseconds.
fn cpu() -> Duration {
    let threads = fs::read_dir("/proc/self/task").unwrap();
    let spent = threads.filter_map(|thread| {
        let times = fs::read_to_string(thread.ok()?.path().join("schedstat")).ok()?;
        times.split(' ').next()?.parse::<u64>().ok()
    });
    Duration::from_nanos(spent.sum())
}

fn median(effort: Effort, mut measure: impl FnMut() -> Duration) -> Duration {
    middle((0..effort.rounds).map(|_| measure()).collect())
}

fn middle(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

/// Median time of each stage, by the spans that the gateway enters.
fn stages(
    effort: Effort,
    runtime: &tokio::runtime::Runtime,
    gateway: &Gateway,
    field: &str,
) -> Vec<(&'static str, Duration)> {
    let watch = Stopwatch::default();
    let times = watch.times.clone();
    tracing::subscriber::set_global_default(Registry::default().with(watch)).unwrap();
    (0..effort.calls).for_each(|_| verify(runtime, gateway, field));
    let mut times = times.lock().unwrap();
    STAGES.iter().map(|stage| (*stage, middle(times.remove(stage).unwrap_or_default()))).collect()
}

/// Notes how long each span was entered.
#[derive(Default)]
struct Stopwatch {
    times: Arc<Mutex<BTreeMap<&'static str, Vec<Duration>>>>,
}

struct Entered(Instant);

impl<S: tracing::Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Stopwatch {
    fn on_enter(&self, id: &Id, context: Context<'_, S>) {
        if let Some(span) = context.span(id) {
            span.extensions_mut().replace(Entered(Instant::now()));
        }
    }

    fn on_exit(&self, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        if let Some(Entered(start)) = span.extensions_mut().remove::<Entered>() {
            self.times.lock().unwrap().entry(span.name()).or_default().push(start.elapsed());
        }
    }
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

fn ratio(time: Duration, raw: Duration) -> f64 {
    time.as_secs_f64() / raw.as_secs_f64()
}
