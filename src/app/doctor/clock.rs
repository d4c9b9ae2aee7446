//! The machine's clock, beside that of STS: assertions and calls to AWS are refused when it is wrong.

use reqwest::header::DATE;
use time::format_description::well_known::Rfc2822;
use time::{Duration, OffsetDateTime};
use url::Url;

use super::super::healthcheck::reason;
use super::super::remark::Remark;
use crate::config::Config;
use crate::model::{Clock as _, SystemClock};

/// What the network and the full seconds of `Date` may make of a right clock.
const CLOSE: Duration = Duration::seconds(5);

pub(super) async fn examined(config: &Config) -> Remark {
    match difference(config).await {
        Ok(off) => remark(off, config.saml.clock_skew),
        Err(reason) => Remark::doubtful("clock", format!("could not be compared with that of STS: {reason}")),
    }
}

fn remark(off: Duration, tolerated: std::time::Duration) -> Remark {
    let seconds = off.whole_seconds();
    if off.abs() <= CLOSE {
        return Remark::well("clock", "agrees with that of STS");
    }
    let way = if off.is_positive() { "ahead of" } else { "behind" };
    let text = format!("is {} seconds {way} that of STS: let NTP set it", seconds.abs());
    if off.unsigned_abs() <= tolerated {
        Remark::doubtful("clock", text)
    } else {
        Remark::failing("clock", text)
    }
}

/// How far the machine's clock is ahead.
async fn difference(config: &Config) -> Result<Duration, String> {
    let told = |error: reqwest::Error| reason(&error);
    let client = reqwest::Client::builder()
        .timeout(std::time::Duration::from_secs(5))
        .redirect(reqwest::redirect::Policy::none());
    let client = config.outbound.client(client).map_err(told)?;
    let before = SystemClock.now();
    let answer = client.get(sts(config)?).send().await.map_err(told)?;
    let middle = before + (SystemClock.now() - before) / 2_i32;
    let date = answer.headers().get(DATE).and_then(|date| date.to_str().ok()).and_then(moment);
    Ok(middle - date.ok_or("its answer has no Date")?)
}

/// `Sat, 28 Nov 2026 01:48:01 GMT`. RFC 9110 5.6.7.
fn moment(date: &str) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(date, &Rfc2822).ok()
}

/// <https://docs.aws.amazon.com/general/latest/gr/sts.html>
fn sts(config: &Config) -> Result<Url, String> {
    if let Some(endpoint) = &config.endpoints.sts {
        return Ok(endpoint.clone());
    }
    let end = if config.aws_region.starts_with("cn-") { ".cn" } else { "" };
    Url::parse(&format!("https://sts.{}.amazonaws.com{end}/", config.aws_region))
        .map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::super::super::remark::Standing;
    use super::*;

    #[test]
    fn a_clock_that_is_off_is_looked_at_and_one_beyond_the_tolerance_fails() {
        let tolerated = std::time::Duration::from_mins(2);
        for (seconds, standing) in
            [(0, Standing::Well), (-5, Standing::Well), (20, Standing::Doubtful), (-121, Standing::Failing)]
        {
            assert_eq!(remark(Duration::seconds(seconds), tolerated).standing, standing, "{seconds}");
        }
        assert!(remark(Duration::seconds(-20), tolerated).text.contains("20 seconds behind"));
    }

    #[test]
    fn the_date_of_an_answer_is_read() {
        let date = moment("Sun, 06 Nov 1994 08:49:37 GMT").unwrap();
        assert_eq!(date.unix_timestamp(), 784_111_777);
    }
}
